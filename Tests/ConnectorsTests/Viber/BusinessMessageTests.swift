// SPDX-License-Identifier: Apache-2.0
// Messages for Viber Business Messages: what is in a message and what it is for decide its type, and everything has its
// place in the JSON.

import Messaging
import Testing
import Wire

@testable import Connectors

struct ViberBusinessMessageTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let body: RichBody
        /// By purpose: transaction, promotion, session; nil where Viber has no such message.
        let types: [Int64?]
        /// The members of `message` beside the tracking data.
        let message: String
        /// The members beside `service_id`, `dest`, `seq`, `type`, `label`, `ttl` and `message`.
        var extra = "{}"

        var testDescription: String { name }
    }

    static let picture = "https://a.example/p.png"
    static let clip = "https://a.example/v.mp4"
    static let button = RichComponent.button(caption: "Open", url: "https://a.example/")

    static let rows = [
        Row(name: "text", body: .text(TextBody("Hi")), types: [206, 225, 306], message: ##"{"#txt":"Hi"}"##),
        Row(
            name: "image", body: .image(image(picture)), types: [nil, 207, 307],
            message: ##"{"#img":"https://a.example/p.png"}"##),
        Row(
            name: "image with words", body: .image(image(picture, caption: "Look")), types: [nil, 208, 308],
            message: ##"{"#txt":"Look","#img":"https://a.example/p.png","#caption":"","#action":""}"##),
        Row(
            name: "text, image, button", body: .components([.text("Hi"), .image(image(picture)), button]),
            types: [nil, 208, 308],
            message:
                ##"{"#txt":"Hi","#img":"https://a.example/p.png","#caption":"Open","#action":"https://a.example/"}"##),
        Row(
            name: "image, button, text in another order",
            body: .components([.image(image(picture)), button, .text("Hi")]),
            types: [nil, 208, 308],
            message:
                ##"{"#txt":"Hi","#img":"https://a.example/p.png","#caption":"Open","#action":"https://a.example/"}"##),
        Row(
            name: "text, button", body: .components([.text("Hi"), button]), types: [nil, 209, 309],
            message: ##"{"#txt":"Hi","#caption":"Open","#action":"https://a.example/"}"##),
        Row(
            name: "file", body: .file(file("https://a.example/f", "bill.PDF")), types: [220, 220, 221],
            message: ##"{"#action":"https://a.example/f","#fileName":"bill.PDF"}"##, extra: #"{"file_type":"pdf"}"#),
        Row(
            name: "file of a type that its name hides", body: .file(file("https://a.example/f", "bill", type: "docx")),
            types: [220, 220, 221], message: ##"{"#action":"https://a.example/f","#fileName":"bill"}"##,
            extra: #"{"file_type":"docx"}"#),
        Row(
            name: "video", body: .video(video(clip)), types: [nil, 230, 230],
            message: ##"{"#action":"https://a.example/v.mp4","#thumbnail":"https://a.example/t.jpg"}"##,
            extra: #"{"file_size":12,"duration":30}"#),
        Row(
            name: "video, text", body: .components([.video(video(clip)), .text("Hi")]), types: [nil, 231, 231],
            message: ##"{"#txt":"Hi","#action":"https://a.example/v.mp4","#thumbnail":"https://a.example/t.jpg"}"##,
            extra: #"{"file_size":12,"duration":30}"#),
        Row(
            name: "video, text, button", body: .components([.text("Hi"), .video(video(clip)), button]),
            types: [nil, 233, 233],
            message:
                ##"""
                {"#txt":"Hi","#media":"https://a.example/v.mp4",\##
                "#thumbnail":"https://a.example/t.jpg","#caption":"Open",\##
                "#action":"https://a.example/"}
                """##,
            extra: #"{"file_size":12,"duration":30}"#),
        Row(name: "button alone", body: .components([button]), types: [nil, nil, nil], message: "{}"),
        Row(
            name: "file and text", body: .components([.text("Hi"), .file(file("https://a.example/f", "f.pdf"))]),
            types: [nil, nil, nil], message: "{}"),
        Row(name: "nothing", body: .components([]), types: [nil, nil, nil], message: "{}"),
    ]

    static let cases = rows.flatMap { row in
        zip([MessagePurpose.transaction, .promotion, .session], row.types).map { (row, $0, $1) }
    }

    @Test(arguments: cases)
    func `a message has the type of its content and purpose`(
        _ row: Row, _ purpose: MessagePurpose, _ type: Int64?
    ) throws {
        let content = RichContent(row.body, purpose: purpose)
        guard let type else {
            let refusal = #expect(throws: ViberRefusal.self) { try ViberBusinessMessage(content) }
            #expect(refusal?.outcome == .rejected(code: "viber::error::5", reason: refusal?.reason ?? ""))
            return
        }
        let envelope = ViberBusinessMessage.Envelope(
            serviceID: 10001, recipient: "491701234567", sequence: 7, timeToLive: 60, trackingData: "t")
        var expected = try #require(json(row.extra).object)
        var message = try #require(json(row.message).object)
        message["#tracking_data"] = .string("t")
        expected["message"] = .object(message)
        expected["service_id"] = .integer(10001)
        expected["dest"] = .string("491701234567")
        expected["seq"] = .integer(7)
        expected["ttl"] = .integer(60)
        expected["label"] = .string(purpose.rawValue)
        expected["type"] = .integer(type)
        #expect(try json(ViberBusinessMessage(content).json(envelope)) == .object(expected))
    }

    @Test
    func `a message without a purpose is a session's`() throws {
        #expect(try ViberBusinessMessage(RichContent(.text(TextBody("Hi")))).purpose == .session)
    }

    @Test(arguments: [
        RichBody.components([.text("a"), .text("b")]),
        .components([.text("a"), .image(image(picture)), .image(image(picture))]),
        .components([.text("a"), button, button]),
        .location(Location(longitude: 1, latitude: 2)), .sticker(MediaBody(url: "https://a.example/s")),
        .reaction(Reaction(messageId: "1", emoji: "x")), .contacts([]), .unknown(type: "x"),
        .template(TemplateBody(templateId: "t", templateLanguage: "en")),
    ])
    func `what Viber has no form for is refused`(_ body: RichBody) {
        #expect(throws: ViberRefusal.self) { try ViberBusinessMessage(RichContent(body, purpose: .session)) }
    }

    @Test(arguments: [RichBody.image(MediaBody(mediaId: "m1")), .video(MediaBody(mediaId: "m1")), .image(image(""))])
    func `media without a URL are refused`(_ body: RichBody) {
        let refusal = #expect(throws: ViberRefusal.self) {
            try ViberBusinessMessage(RichContent(body, purpose: .promotion))
        }
        #expect(refusal?.status == 6)
    }
}
