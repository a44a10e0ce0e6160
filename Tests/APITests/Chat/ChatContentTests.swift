// SPDX-License-Identifier: Apache-2.0
// What each content of a Chat API request becomes, and how the content for all channels lies under each channel's own.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct ChatContentTests {
    private static let media: JSONValue = ["type": "image", "url": "https://a.example/b.png", "caption": "C"]
    private static let template: JSONValue = [
        "templateId": "welcome", "language": ["policy": "fallback", "code": "en_US"],
        "parameters": [["default": "Mr. Doe"], ["default": "a    b"]],
    ]

    private static func medium(_ caption: String? = "C") -> MediaBody {
        MediaBody(url: "https://a.example/b.png", caption: caption)
    }

    private static func media(_ type: String) -> [String: JSONValue] {
        ["contentType": "media", "media": ["type": .string(type), "url": "https://a.example/b.png", "caption": "C"]]
    }

    private static var filled: TemplateBody {
        var body = TemplateBody(
            templateId: "welcome", templateLanguage: "en_US",
            components: TemplateComponents(body: [.text("Mr. Doe"), .text("a    b")]))
        body.languagePolicy = "fallback"
        return body
    }

    private static let whatsAppBodies: [([String: JSONValue], RichBody)] = [
        (["contentType": "text", "text": "Hi"], .text(TextBody("Hi"))),
        (
            ["contentType": "text", "text": "Hi", "urlPreviewDisplayed": true],
            .text(TextBody("Hi", renderUrlPreview: true))
        ),
        (
            ["contentType": "url", "url": "https://a.example"],
            .text(TextBody("https://a.example", renderUrlPreview: true))
        ),
        (media("image"), .image(medium())), (media("document"), .document(medium())),
        (media("video"), .video(medium())), (media("audio"), .audio(medium(nil))),
        (["contentType": "template", "template": template], .template(filled)),
        (
            ["contentType": "template", "template": ["templateId": "a", "language": ["example": "en"]]],
            .template(TemplateBody(templateId: "a", templateLanguage: "en"))
        ),
        (
            ["contentType": "location", "location": ["longitude": 7.5, "latitude": 51, "name": "N", "address": "A"]],
            .location(Location(longitude: 7.5, latitude: 51, name: "N", address: "A"))
        ),
    ]

    @Test func `every WhatsApp content is understood`() async throws {
        try await ChatTester.run { chat in
            for (content, body) in Self.whatsAppBodies {
                let message = try await chat.accepted(ChatTester.request(whatsApp: content))
                #expect(message.richContent == RichContent(body))
                #expect(message.kind == .whatsapp && message.surface == .chat)
                #expect(message.sender == ChatTester.whatsApp && message.recipient == ChatTester.customer)
                #expect(message.gateway.isEmpty && message.size == 1 && message.extra?.chain == [])
            }
        }
    }

    @Test(arguments: [nil, false, true]) func `an echo says whether it comes back`(_ replyBack: Bool?) async throws {
        try await ChatTester.run { chat in
            let message = try await chat.accepted(
                ChatTester.request([
                    "channels": ["tyntecEcho"],
                    "tyntecEcho": [
                        "from": "echo", "contentType": "text", "text": "Hi",
                        "replyBack": replyBack.map { .bool($0) } ?? .null,
                    ],
                ]))
            #expect(message.kind == .echo && message.sender == "echo")
            #expect(message.richContent == RichContent(.text(TextBody("Hi")), replyBack: replyBack ?? false))
            let submission = try await chat.echo.submissions(count: 1)[0]
            #expect(submission.content == .rich(RichContent(.text(TextBody("Hi")), replyBack: replyBack ?? false)))
        }
    }

    @Test func `a short message is composed and priced as the SMS API does it`() async throws {
        var setup = TestSetup()
        setup.balance = Money("1")
        try await ChatTester.run(setup: setup) { chat in
            let text = String(repeating: "x", count: 161)
            let message = try await chat.accepted(
                ChatTester.request([
                    "channels": ["sms"],
                    "sms": ["from": "Acme", "contentType": "text", "text": .string(text)],
                ]))
            #expect(message.kind == .sms && message.surface == .chat && message.sender == "Acme")
            #expect(message.sentText == text && message.size == 2 && message.gateway == Route.defaultGateway)
            #expect(message.quote?.amount.description == "0.0075")
            #expect(try await chat.sms.submissions(count: 2).count == 2)
            let link = try await chat.accepted(
                ChatTester.request([
                    "channels": ["sms"],
                    "sms": ["from": 49_151_234, "contentType": "url", "url": "https://a.example/?b=c"],
                ]))
            #expect(link.sentText == "https://a.example/?b=c" && link.sender == "49151234")
        }
    }

    @Test func `a short message without a sender comes from the company's own number`() async throws {
        try await ChatTester.run { chat in
            let body = ChatTester.request(["channels": ["sms"], "sms": ["contentType": "text", "text": "Hi"]])
            #expect(try await chat.accepted(body).sender == TestSetup.number)
            let refused = try await chat.send(body, key: TestSetup.otherKey)
            #expect(refused.refusedFields == ["validate.request.sms.from"], "\(refused.text)")
        }
    }

    @Test func `what is said for all channels lies under what is said for each`() async throws {
        try await ChatTester.run { chat in
            let message = try await chat.accepted([
                "to": "0049 170 1234567", "channels": ["whatsapp", "sms", "tyntecEcho"],
                "defaultContent": [
                    "from": .string(ChatTester.whatsApp), "contentType": "text", "text": "For all", "fallbackAfter": 60,
                ],
                "whatsapp": ["successStatus": "seen", "text": .null],
                "sms": ["from": "Acme", "text": "By SMS"],
                "tyntecEcho": ["from": "echo", "fallbackAfter": 5],
            ])
            #expect(message.richContent == RichContent(.text(TextBody("For all"))))
            let chain = try #require(message.extra?.chain)
            #expect(chain.map(\.kind) == [.whatsapp, .sms, .echo])
            #expect(chain.map(\.sender) == [ChatTester.whatsApp, "Acme", "echo"])
            #expect(chain.map(\.recipient) == Array(repeating: ChatTester.customer, count: 3))
            #expect(chain.map(\.fallbackAfter) == [60, 60, 5])
            #expect(chain.map(\.successStatus) == [.seen, nil, nil])
            #expect(chain.map(\.gateway) == ["", Route.defaultGateway, ""])
            #expect(MessageContent(json: chain[0].content, kind: .whatsapp) == message.content)
            guard case .sms(let short)? = MessageContent(json: chain[1].content, kind: .sms) else {
                Issue.record("the second step is no short message")
                return
            }
            #expect(short.text == "By SMS")
            #expect(chain[1].quote?.mccmnc == "26201")
        }
    }

    private static let layers: [(JSONValue?, JSONValue, JSONValue)] = [
        (nil, ["a": 1], ["a": 1]), (.null, ["a": 1], ["a": 1]), ("x", ["a": 1], "x"), ([1], [2, 3], [1]),
        (["a": 2], ["a": 1, "b": 1], ["a": 2, "b": 1]),
        (["a": ["x": 1]], ["a": ["x": 2, "y": 3]], ["a": ["x": 1, "y": 3]]),
        (["a": ["x": .null]], ["a": ["x": 2]], ["a": ["x": 2]]), (["a": "t"], ["a": ["x": 2]], ["a": "t"]),
    ]

    @Test(arguments: layers) func `layers mix member by member`(
        _ own: JSONValue?, _ usual: JSONValue, _ mixed: JSONValue
    ) {
        #expect(ChatDefaults.layer(own, over: usual) == mixed)
    }

    @Test(arguments: [
        ("4923147790717-1564131378", true), ("491701234567-156413137", true), ("4923147790717-1564131378-1", false),
        ("-1564131378", false), ("4923147790717-", false), ("Y2FwaV9ncm91cDoxNzA1NTU1MDEzOToxMjAzNjM=", true),
        ("Y2FwaV9ncm91cDo\u{0}", false), ("Y2FwaV9ncm91cDo ü", false), ("", false), ("-", false),
        (String(repeating: "4", count: 20) + "-1564131378", false),
    ])
    func `ids of groups are known by their form`(_ text: String, _ isGroup: Bool) {
        #expect(GroupID.isWhatsApp(text) == isGroup)
    }

    @Test func `a message may go to a group`() async throws {
        try await ChatTester.run { chat in
            let group = "4923147790717-1564131378"
            let message = try await chat.accepted(ChatTester.request(["to": .string(group)]))
            #expect(message.recipient == group)
            let refused = try await chat.send(
                ChatTester.request([
                    "to": .string(group), "channels": ["whatsapp", "sms"], "sms": ChatTester.shortMessage,
                ]))
            #expect(refused.refusedFields == ["validate.request.to"])
        }
    }
}
