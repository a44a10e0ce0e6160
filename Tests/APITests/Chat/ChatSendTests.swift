// SPDX-License-Identifier: Apache-2.0
// Sending through both editions of the Chat API: the answer, what is refused and by which name, who may send as whom,
// and chains that go on to their next channel.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct ChatSendTests {
    @Test(arguments: ChatVersion.allCases) func `the answer names the message`(_ version: ChatVersion) async throws {
        try await ChatTester.run { chat in
            let answer = try await chat.send(
                ChatTester.request([
                    "context": ["userContext": "my-reference"],
                    "overrides": ["notificationCallbackUrl": "https://acme.example/status"],
                ]), version)
            #expect(answer.status == 202)
            #expect(answer.headers[.contentType] == "application/json")
            #expect(answer.json.object?.keys.sorted() == ["acceptedAt", "messageId"])
            #expect(answer.string("acceptedAt") == "2026-01-15T12:00:00Z")
            let message = try await chat.node.stored(try chat.key(answer)).message
            #expect(message.surface == version.surface)
            #expect(message.reference == "my-reference")
            #expect(message.reporting == Reporting(url: "https://acme.example/status", method: .post))
        }
    }

    private static let text = String(repeating: "x", count: 4097)
    private static func whatsApp(_ content: [String: JSONValue]) -> [String: JSONValue] {
        ["whatsapp": ChatTester.request(whatsApp: content)["whatsapp"] ?? .null]
    }
    private static func echo(_ content: [String: JSONValue]) -> [String: JSONValue] {
        ["channels": ["tyntecEcho"], "tyntecEcho": .object(["from": "echo"].merging(content) { _, new in new })]
    }
    private static func sms(_ content: [String: JSONValue]) -> [String: JSONValue] {
        ["channels": ["sms"], "sms": .object(["from": "Acme"].merging(content) { _, new in new })]
    }
    private static func template(_ changes: [String: JSONValue]) -> [String: JSONValue] {
        let template: [String: JSONValue] = ["templateId": "a", "language": ["code": "en"]]
        return whatsApp([
            "contentType": "template", "template": .object(template.merging(changes) { _, new in new }),
        ])
    }
    private static func media(_ changes: [String: JSONValue]) -> [String: JSONValue] {
        let media: [String: JSONValue] = ["type": "image", "url": "https://a.example/b"]
        return whatsApp(["contentType": "media", "media": .object(media.merging(changes) { _, new in new })])
    }
    private static func location(_ changes: [String: JSONValue]) -> [String: JSONValue] {
        let place: [String: JSONValue] = ["longitude": 1, "latitude": 1]
        return whatsApp(["contentType": "location", "location": .object(place.merging(changes) { _, new in new })])
    }

    /// What is changed in the minimal request, and which fields are refused.
    private static let refusals: [([String: JSONValue], [String])] = [
        (["to": .null], ["to"]), (["to": "abc"], ["to"]), (["to": "+49"], ["to"]), (["to": true], ["to"]),
        (["to": "+491701234567890123"], ["to"]), (["to": ["a"]], ["to"]),
        (["channels": .null], ["channels"]), (["channels": []], ["channels"]), (["channels": "sms"], ["channels"]),
        (["channels": ["fax"]], ["channels[0]"]), (["channels": [.null]], ["channels[0]"]),
        (["channels": ["whatsapp", "whatsapp"]], ["channels[1]"]), (["channels": [1]], ["channels[0]"]),
        (["channels": ["whatsapp", "sms"]], ["sms"]), (["sms": 1], ["sms"]), (["sms": [:]], ["sms.contentType"]),
        (["whatsapp": .null], ["whatsapp"]),
        (["whatsapp": "x"], ["whatsapp"]), (["defaultContent": []], ["defaultContent"]),
        (["context": "x"], ["context"]), (["context": ["userContext": 1]], ["context.userContext"]),
        (
            ["context": ["userContext": .string(String(repeating: "x", count: 256))]], ["context.userContext"]
        ),
        (["overrides": 1], ["overrides"]),
        (["overrides": ["notificationCallbackUrl": "x"]], ["overrides.notificationCallbackUrl"]),
        (
            ["overrides": ["notificationCallbackUrl": "http://acme.example/"]],
            ["overrides.notificationCallbackUrl"]
        ),
        (whatsApp(["from": .null, "contentType": "text", "text": "x"]), ["whatsapp.from"]),
        (whatsApp([:]), ["whatsapp.contentType"]), (whatsApp(["contentType": "fax"]), ["whatsapp.contentType"]),
        (whatsApp(["contentType": "text"]), ["whatsapp.text"]),
        (whatsApp(["contentType": "text", "text": ""]), ["whatsapp.text"]),
        (whatsApp(["contentType": "text", "text": .string(text)]), ["whatsapp.text"]),
        (whatsApp(["contentType": "text", "text": "x", "urlPreviewDisplayed": 1]), ["whatsapp.urlPreviewDisplayed"]),
        (whatsApp(["contentType": "url"]), ["whatsapp.url"]),
        (whatsApp(["contentType": "url", "url": "ftp://a.example"]), ["whatsapp.url"]),
        (whatsApp(["contentType": "media"]), ["whatsapp.media"]),
        (media(["type": .null]), ["whatsapp.media.type"]), (media(["type": "sticker"]), ["whatsapp.media.type"]),
        (media(["url": .null]), ["whatsapp.media.url"]), (media(["url": "x"]), ["whatsapp.media.url"]),
        (media(["caption": .string(text)]), ["whatsapp.media.caption"]),
        (whatsApp(["contentType": "template"]), ["whatsapp.template"]),
        (template(["templateId": .null]), ["whatsapp.template.templateId"]),
        (template(["language": .null]), ["whatsapp.template.language"]),
        (template(["language": [:]]), ["whatsapp.template.language.code"]),
        (template(["language": ["code": "en", "policy": "any"]]), ["whatsapp.template.language.policy"]),
        (template(["parameters": 1]), ["whatsapp.template.parameters"]),
        (template(["parameters": [.null]]), ["whatsapp.template.parameters[0]"]),
        (template(["parameters": [[:]]]), ["whatsapp.template.parameters[0].default"]),
        (
            template(["parameters": [["default": "a"], ["default": "a\nb"]]]),
            ["whatsapp.template.parameters[1].default"]
        ),
        (template(["parameters": [["default": "a\tb"]]]), ["whatsapp.template.parameters[0].default"]),
        (template(["parameters": [["default": "a     b"]]]), ["whatsapp.template.parameters[0].default"]),
        (whatsApp(["contentType": "location"]), ["whatsapp.location"]),
        (location(["longitude": 181]), ["whatsapp.location.longitude"]),
        (location(["latitude": .null]), ["whatsapp.location.latitude"]),
        (location(["name": .string(String(repeating: "x", count: 257))]), ["whatsapp.location.name"]),
        (location(["address": .string(String(repeating: "x", count: 257))]), ["whatsapp.location.address"]),
        (
            whatsApp(["contentType": "text", "text": "x", "fallbackAfter": 0, "successStatus": "read"]),
            ["whatsapp.fallbackAfter", "whatsapp.successStatus"]
        ),
        (whatsApp(["contentType": "text", "text": "x", "fallbackAfter": 172_801]), ["whatsapp.fallbackAfter"]),
        (sms([:]), ["sms.contentType"]), (sms(["contentType": "media"]), ["sms.contentType"]),
        (sms(["contentType": "text"]), ["sms.text"]),
        (sms(["contentType": "text", "text": .string(String(repeating: "x", count: 3001))]), ["sms.text"]),
        (sms(["contentType": "url", "url": "x"]), ["sms.url"]),
        (sms(["contentType": "text", "text": "x", "from": "longer than eleven"]), ["sms.from"]),
        (echo([:]), ["tyntecEcho.contentType"]), (echo(["contentType": "location"]), ["tyntecEcho.contentType"]),
        (
            echo(["contentType": "text", "text": .string(String(repeating: "x", count: 101))]),
            ["tyntecEcho.text"]
        ),
        (echo(["contentType": "text", "text": "x", "replyBack": "yes"]), ["tyntecEcho.replyBack"]),
        (echo(["contentType": "text", "text": "x", "from": .null]), ["tyntecEcho.from"]),
    ]

    @Test func `what is wrong is named by its place in the request`() async throws {
        try await ChatTester.run { chat in
            for (changes, fields) in Self.refusals {
                let answer = try await chat.send(ChatTester.request(changes))
                #expect(answer.status == 400, "\(changes)")
                #expect(answer.refusedFields == fields.map { "validate.request.\($0)" }, "\(changes): \(answer.text)")
                #expect(answer.string("title") == "Constraint Violation")
                #expect(answer.headers[.contentType] == "application/json")
            }
            #expect(chat.whatsApp.submissions.isEmpty && chat.sms.submissions.isEmpty && chat.echo.submissions.isEmpty)
        }
    }

    @Test func `the older edition knows no locations`() async throws {
        try await ChatTester.run { chat in
            let body = ChatTester.request(Self.location([:]))
            let answer = try await chat.send(body, .v2_3)
            #expect(answer.refusedFields == ["validate.request.whatsapp.contentType"])
            #expect(try await chat.send(body, .v2_6).status == 202)
        }
    }

    @Test func `bodies that are no JSON object are refused`() async throws {
        try await ChatTester.run { chat in
            for (text, type, status) in [
                ("{", "application/json", 400), ("[]", "application/json", 400), ("", "application/json", 400),
                ("{}", "application/json", 400), ("a=b", "application/x-www-form-urlencoded", 415),
            ] {
                let answer = try await chat.api.call(
                    .post, "/chat-api/v2/messages", body: Array(text.utf8), contentType: type)
                #expect(answer.status == status, "\(text)")
            }
            #expect(try await chat.send(ChatTester.minimal, key: nil).status == 401)
        }
    }

    @Test func `any JSON is read without harm`() {
        var generator = SeededGenerator(seed: 4)
        let names = [
            "to", "channels", "whatsapp", "sms", "tyntecEcho", "defaultContent", "context", "overrides", "from",
            "contentType", "text", "url", "media", "template", "location", "parameters", "language", "default",
        ]
        let words: [JSONValue] = [
            "whatsapp", "sms", "tyntecEcho", "text", "media", "template", "location", "url", "+491701234567", "en",
            "image", "", "\u{0}", .null, true, 1, -1.5, 60, "https://a.example",
        ]
        func value(_ depth: Int) -> JSONValue {
            switch Int.random(in: 0..<(depth > 4 ? 4 : 10), using: &generator) {
            case 0..<4: return words.randomElement(using: &generator) ?? .null
            case 4..<6: return .array((0..<Int.random(in: 0...3, using: &generator)).map { _ in value(depth + 1) })
            default:
                var members: [String: JSONValue] = [:]
                for _ in 0..<Int.random(in: 0...8, using: &generator) {
                    members[names.randomElement(using: &generator) ?? ""] = value(depth + 1)
                }
                return .object(members)
            }
        }
        for round in 0..<5000 {
            var members = value(0).object ?? [:]
            members["channels"] = round.isMultiple(of: 4) ? members["channels"] : ["whatsapp", "sms", "tyntecEcho"]
            let request = ChatRequest(.object(members), version: .v2_6, callbackRefusal: { _ in nil })
            // What was not refused can be sent.
            let isComplete = request.steps.allSatisfy { $0.recipient != nil && $0.content != nil }
            #expect(!request.body.violations.isEmpty || (isComplete && !request.steps.isEmpty))
            _ = ChatStoredMessage.json(request, id: MessageID.next(now: 0))
        }
    }

    @Test func `nobody sends as somebody else`() async throws {
        try await ChatTester.run { chat in
            for sender in ["4915200000002", "4915299999999", "Acme"] {
                let answer = try await chat.send(
                    ChatTester.request(whatsApp: ["from": .string(sender), "contentType": "text", "text": "x"]))
                #expect(answer.status == 403, "\(sender)")
                #expect(answer.refusedFields == ["validate.request.whatsapp.from"])
            }
            let number = try await chat.send(
                ChatTester.request([
                    "channels": ["sms"],
                    "sms": ["from": .string(TestSetup.number), "contentType": "text", "text": "x"],
                ]), key: TestSetup.otherKey)
            #expect(number.status == 403)
        }
    }

    @Test func `a channel sends only with the scope for it`() async throws {
        try await ChatTester.run { chat in
            for (scopes, status) in [(["messages:read"], 403), (["messages:read", "messages:write"], 202)] {
                try await chat.node.provision { provisioner in
                    guard let channel = try provisioner.channels().first(where: { $0.address == ChatTester.whatsApp })
                    else { return }
                    var details = ChannelDetails(connectorID: channel.connectorID)
                    details.settings.scopes = scopes
                    _ = try provisioner.change(
                        channelID: channel.id, companyID: channel.companyID,
                        address: ChannelAddress(kind: .whatsapp, address: channel.address), inbound: nil,
                        details: details)
                }
                #expect(try await chat.send(ChatTester.minimal).status == status)
            }
        }
    }

    @Test func `a repetition under the same key sends nothing`() async throws {
        try await ChatTester.run { chat in
            let headers = [("Idempotency-Key", "k1")]
            let first = try await chat.send(ChatTester.minimal, headers: headers)
            let again = try await chat.send(ChatTester.minimal, .v2_3, headers: headers)
            #expect(again.status == 202 && again.body == first.body)
            let other = try await chat.send(ChatTester.request(["to": "+491701234568"]), headers: headers)
            #expect(other.status == 409)
            #expect(try await chat.whatsApp.submissions(count: 1).count == 1)
        }
    }

    @Test(arguments: Engine.allCases) func `what WhatsApp refuses goes by SMS`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.balance = Money("1")
        try await ChatTester.run(engine, setup: setup) { chat in
            chat.whatsApp.answer { _ in .rejected(code: "whatsapp::error::131026", reason: "not on WhatsApp") }
            let answer = try await chat.send(
                ChatTester.request(["channels": ["whatsapp", "sms"], "sms": ChatTester.shortMessage]))
            let key = try chat.key(answer)
            let submission = try await chat.sms.submissions(count: 1)[0]
            await chat.report(submission, by: chat.sms, .delivered)
            let stored = try await chat.node.wait(for: .delivered, of: key)
            #expect(stored.message.kind == .sms && stored.message.sender == "Acme")
            #expect(stored.message.extra?.isPrepaid == true)
        }
    }

    @Test func `a channel from which nothing is heard in time is followed by the next`() async throws {
        try await ChatTester.run { chat in
            let message = try await chat.accepted(
                ChatTester.request([
                    "channels": ["whatsapp", "sms"], "sms": ChatTester.shortMessage,
                    "whatsapp": [
                        "from": .string(ChatTester.whatsApp), "contentType": "text", "text": "x", "fallbackAfter": 60,
                    ],
                ]))
            try await chat.node.wait(for: .sent, of: message.key)
            #expect(chat.sms.submissions.isEmpty)
            chat.node.clock.advance(by: 61_000)
            #expect(try await chat.sms.submissions(count: 1)[0].content.text == "Hello by SMS")
        }
    }
}

extension MessageContent {
    fileprivate var text: String? {
        if case .sms(let content) = self { content.text } else { nil }
    }
}
