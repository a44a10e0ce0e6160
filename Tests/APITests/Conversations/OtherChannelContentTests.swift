// SPDX-License-Identifier: Apache-2.0
// Contents of Viber, SMS, MMS and echo, and what every request has beside its content.

import Messaging
import Testing
import Wire

@testable import API

@Suite struct OtherChannelContentTests {
    private static let file = "https://example.com/a"

    private static var video: MediaBody {
        var video = MediaBody(url: file)
        video.thumbnailUrl = "https://example.com/t"
        video.filesize = 200
        video.duration = 10
        video.type = "mp4"
        return video
    }

    static let viber: [(json: String, body: RichBody)] = [
        (#"{"contentType": "text", "text": "Hi"}"#, .text(TextBody("Hi"))),
        (#"{"text": "Hi"}"#, .text(TextBody("Hi"))),
        (#"{"contentType": "image", "image": {"url": "https://example.com/a"}}"#, .image(MediaBody(url: file))),
        (#"{"image": {"url": "https://example.com/a"}}"#, .image(MediaBody(url: file))),
        (
            #"{"contentType": "file", "file": {"url": "https://example.com/a", "filename": "a", "type": "pdf"}}"#,
            .file(FileBody(url: file, filename: "a", type: "pdf"))
        ),
        (
            #"{"contentType": "video", "video": {"url": "https://example.com/a", "thumbnailUrl": "https://example.com/t", "filesize": 200, "duration": 10, "type": "mp4"}}"#,
            .video(video)
        ),
        (
            #"{"contentType": "components", "components": {"body": [{"type": "text", "text": "t"}, {"type": "button", "button": {"caption": "c", "callback": "https://example.com/a"}}]}}"#,
            .components([.text("t"), .button(caption: "c", url: file)])
        ),
        (
            #"{"contentType": "components", "components": {"body": [{"contentType": "button", "button": {"caption": "c", "url": "https://example.com/a"}}, {"type": "image", "image": {"url": "https://example.com/a"}}, {"type": "text", "text": "t"}]}}"#,
            .components([.button(caption: "c", url: file), .image(MediaBody(url: file)), .text("t")])
        ),
        (
            #"{"contentType": "components", "components": {"body": [{"type": "text", "text": "t"}, {"type": "video", "video": {"url": "https://example.com/a", "thumbnailUrl": "https://example.com/t", "filesize": 200, "duration": 10, "type": "mp4"}}]}}"#,
            .components([.text("t"), .video(video)])
        ),
    ]

    @Test(arguments: viber)
    func `Viber contents are stored with their rate type`(_ json: String, _ body: RichBody) throws {
        for (name, purpose) in [("rateType", MessagePurpose.promotion), ("messagePurpose", .session)] {
            let read = try ReadRequest(.viber, content: json, further: [name: .string(purpose.rawValue)])
            #expect(read.violations == [])
            #expect(read.content == RichContent(body, purpose: purpose))
        }
    }

    @Test(arguments: viber.dropFirst(2))
    func `a Viber transaction is text alone`(_ json: String, _ body: RichBody) throws {
        let read = try ReadRequest(.viber, content: json, further: ["rateType": "transaction"])
        #expect(read.fields == ["content.contentType"])
    }

    static let badViber: [(json: String, fields: [String])] = [
        ("{}", ["text"]),
        (#"{"contentType": "sticker"}"#, ["contentType"]),
        (#"{"text": "\#(String(repeating: "x", count: 3001))"}"#, ["text"]),
        (#"{"image": {}}"#, ["image.url"]),
        (#"{"file": {"url": "x", "type": "exe"}}"#, ["file.url", "file.filename", "file.type"]),
        (
            #"{"video": {"url": "https://a", "filesize": 201, "duration": -1, "type": "avi"}}"#,
            ["video.thumbnailUrl", "video.filesize", "video.duration", "video.type"]
        ),
        (#"{"components": {}}"#, ["components.body", "components.body"]),
        (
            #"{"components": {"body": [{"type": "image", "image": {"url": "https://a"}}]}}"#, ["components.body"]
        ),
        (
            #"{"components": {"body": [{"type": "text", "text": "t"}, {"type": "image", "image": {"url": "https://a"}}]}}"#,
            ["components.body"]
        ),
        (
            #"{"components": {"body": [{"type": "text", "text": "t"}, {"type": "button", "button": {"url": "x"}}]}}"#,
            ["components.body[1].button.caption", "components.body[1].button.url"]
        ),
    ]

    @Test(arguments: badViber)
    func `a Viber content names what is wrong`(_ json: String, _ fields: [String]) throws {
        let read = try ReadRequest(.viber, content: json, further: ["rateType": "session"])
        #expect(read.fields == fields.map { "content." + $0 })
    }

    @Test func `a Viber message says once what it is for`() throws {
        let text = #"{"text": "Hi"}"#
        #expect(try ReadRequest(.viber, content: text).fields == ["rateType"])
        #expect(try ReadRequest(.viber, content: text, further: ["rateType": "spam"]).fields == ["rateType"])
        let two: [String: JSONValue] = ["rateType": "session", "messagePurpose": "promotion"]
        #expect(try ReadRequest(.viber, content: text, further: two).fields == ["messagePurpose"])
    }

    @Test func `an MMS is text or a picture`() throws {
        let text = try ReadRequest(.mms, content: #"{"contentType": "text", "text": "Hi"}"#)
        #expect(text.content?.body == .text(TextBody("Hi")))
        let image = try ReadRequest(.mms, content: #"{"image": {"url": "https://a", "caption": "c"}}"#)
        #expect(image.content?.body == .image(MediaBody(url: "https://a", caption: "c")))
        let long = String(repeating: "x", count: 1025)
        #expect(try ReadRequest(.mms, content: #"{"text": "\#(long.prefix(801))"}"#).fields == ["content.text"])
        let bad = try ReadRequest(.mms, content: #"{"image": {"caption": "\#(long)"}}"#)
        #expect(bad.fields == ["content.image.url", "content.image.caption"])
        #expect(try ReadRequest(.mms, content: #"{"contentType": "video"}"#).fields == ["content.contentType"])
    }

    @Test func `a short message is text`() throws {
        let long = String(repeating: "x", count: 3001)
        #expect(try ReadRequest(.sms, content: #"{"text": "Hi"}"#).violations.isEmpty)
        #expect(try ReadRequest(.sms, content: #"{"text": "\#(long)"}"#).fields == ["content.text"])
        #expect(
            try ReadRequest(.sms, content: #"{"contentType": "image"}"#).fields == [
                "content.contentType", "content.text",
            ])
    }

    // MARK: What is beside the content

    static let envelopes: [(kind: ChannelKind, members: [String: JSONValue], fields: [String])] = [
        (.whatsapp, ["channel": .null], ["channel"]),
        (.whatsapp, ["channel": "fax"], ["channel"]),
        (.whatsapp, ["to": .null, "from": .null], ["to", "from"]),
        (.whatsapp, ["to": "12"], ["to"]),
        (.whatsapp, ["to": "01701234567"], ["to"]),
        (.whatsapp, ["to": "us.123"], ["to"]),
        (.sms, ["to": "US.13491208655302741918"], ["to"]),
        (.sms, ["from": "a name that is too long"], ["from"]),
        (.whatsapp, ["context": .string(String(repeating: "x", count: 126))], ["context"]),
        (.whatsapp, ["overrides": "x"], ["overrides"]),
        (.whatsapp, ["overrides": .object(["notificationCallbackUrl": "x"])], ["overrides.notificationCallbackUrl"]),
        (.whatsapp, ["overrides": .object(["messageStatusUrl": "http://a"])], ["overrides.messageStatusUrl"]),
        (.whatsapp, ["content": .null], ["content"]),
    ]

    @Test(arguments: envelopes)
    func `a request names what is wrong beside its content`(
        _ kind: ChannelKind, _ members: [String: JSONValue], _ fields: [String]
    ) throws {
        #expect(
            try ReadRequest(kind, content: #"{"contentType": "text", "text": "Hi"}"#, further: members).fields == fields
        )
    }

    @Test(
        arguments: [
            (ChannelKind.whatsapp, "+49 (170) 123-4567", "491701234567"), (.whatsapp, "00491701234567", "491701234567"),
            (.whatsapp, "US.13491208655302741918", "US.13491208655302741918"),
            (.whatsapp, "US.ENT.11815799212886844830", "US.ENT.11815799212886844830"),
            (.viber, "01234567890A=", "01234567890A="), (.sms, "491701234567", "491701234567"),
        ])
    func `recipients are digits or the provider's id`(_ kind: ChannelKind, _ to: String, _ recipient: String) throws {
        let further: [String: JSONValue] = ["to": .string(to), "rateType": "session"]
        let read = try ReadRequest(kind, content: #"{"contentType": "text", "text": "Hi"}"#, further: further)
        #expect(read.violations == [])
        #expect(read.request.recipient == recipient)
    }

    @Test func `a bulk has 2 to 20 contents of the kinds that bulks may have`() throws {
        func bulk(_ contents: [JSONValue]) -> ReadRequest {
            ReadRequest(
                .object([
                    "to": "491701234567", "from": "4915200000001", "channel": "whatsapp", "messages": .array(contents),
                ]),
                form: .bulk)
        }
        let text = JSONValue.object(["contentType": "text", "text": "Hi"])
        #expect(bulk([text]).fields == ["messages"])
        #expect(bulk(Array(repeating: text, count: 21)).fields == ["messages"])
        #expect(bulk(Array(repeating: text, count: 20)).request.contents.count == 20)
        #expect(bulk([text, .object(["contentType": "reaction"])]).fields == ["messages[1].contentType"])
        #expect(bulk([text, .object(["contentType": "interactive"])]).fields == ["messages[1].contentType"])
        #expect(bulk([.object(["contentType": "text"]), 3]).fields == ["messages[1]", "messages[0].text"])
        let mms = ReadRequest(
            .object(["to": "491701234567", "from": "12025550123", "channel": "mms", "messages": []]), form: .bulk)
        #expect(mms.fields == ["channel", "messages"])
    }
}
