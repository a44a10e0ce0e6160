// SPDX-License-Identifier: Apache-2.0
// Messages for Viber's bot API: every content in its JSON, buttons as a keyboard, and what comes back when a button is
// chosen.

import Messaging
import Testing
import Wire

@testable import Connectors

struct ViberBotMessageTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let body: RichBody
        /// The members beside `receiver`, `min_api_version`, `sender` and `tracking_data`.
        let json: String
        var tracking = #"{"id":"m1"}"#

        var testDescription: String { name }
    }

    static let picture = "https://a.example/p.png"
    static let openButton = RichComponent.button(caption: "Open", url: "https://a.example/")
    static let replies = InteractiveBody.Action.buttons([
        .init(payload: "y", title: "Yes"), .init(payload: "n", title: "No"),
    ])
    static let replyKeyboard =
        #"""
        {"Type":"keyboard","Buttons":[{"ActionType":"reply","ActionBody":"y","Text":"Yes"},\#
        {"ActionType":"reply","ActionBody":"n","Text":"No"}]}
        """#
    static let openKeyboard =
        #"{"Type":"keyboard","Buttons":[{"ActionType":"open-url","ActionBody":"https://a.example/","Text":"Open"}]}"#
    static let replyTracking = #"{"buttons":{"n":"No","y":"Yes"},"id":"m1"}"#

    static func sticker(_ number: Int) -> MediaBody {
        var body = MediaBody()
        body.stickerId = number
        return body
    }

    static func card(_ name: String, _ phone: String) -> ContactCard {
        var card = ContactCard()
        card.name = ContactCard.Name(formattedName: name)
        card.phones = [ContactCard.Phone(phone: phone)]
        return card
    }

    static func document(_ url: String, _ name: String?, megabytes: Int?) -> MediaBody {
        var body = MediaBody(url: url, filename: name)
        body.filesize = megabytes
        return body
    }

    static let rows = [
        Row(name: "text", body: .text(TextBody("Hi")), json: #"{"type":"text","text":"Hi"}"#),
        Row(
            name: "picture", body: .image(image(picture, caption: "Look")),
            json: #"{"type":"picture","text":"Look","media":"https://a.example/p.png"}"#),
        Row(
            name: "picture without words", body: .image(image(picture)),
            json: #"{"type":"picture","text":"","media":"https://a.example/p.png"}"#),
        Row(
            name: "video", body: .video(video("https://a.example/v.mp4")),
            json:
                #"""
                {"type":"video","media":"https://a.example/v.mp4",\#
                "thumbnail":"https://a.example/t.jpg","size":12000000,"duration":30}
                """#
        ),
        Row(
            name: "video of unknown size", body: .video(video("https://a.example/v.mp4", size: nil)),
            json: #"{"type":"url","media":"https://a.example/v.mp4"}"#),
        Row(
            name: "file", body: .file(file("https://a.example/f", "f.pdf", size: 4711)),
            json: #"{"type":"file","media":"https://a.example/f","size":4711,"file_name":"f.pdf"}"#),
        Row(
            name: "file of unknown size", body: .file(file("https://a.example/f", "f.pdf")),
            json: #"{"type":"url","media":"https://a.example/f"}"#),
        Row(
            name: "document", body: .document(document("https://a.example/f", "f.pdf", megabytes: 0)),
            json: #"{"type":"file","media":"https://a.example/f","size":1,"file_name":"f.pdf"}"#),
        Row(
            name: "document without a name", body: .document(document("https://a.example/f", nil, megabytes: 3)),
            json: #"{"type":"url","media":"https://a.example/f"}"#),
        Row(name: "sticker", body: .sticker(sticker(46105)), json: #"{"type":"sticker","sticker_id":46105}"#),
        Row(
            name: "location", body: .location(Location(longitude: 13.25, latitude: -52.5)),
            json: #"{"type":"location","location":{"lat":-52.5,"lon":13.25}}"#),
        Row(
            name: "contact", body: .contacts([card("John", "+972511123123")]),
            json: #"{"type":"contact","contact":{"name":"John","phone_number":"+972511123123"}}"#),
        Row(
            name: "text and a button that opens a page", body: .components([.text("Hi"), openButton]),
            json: #"{"type":"text","text":"Hi","keyboard":\#(openKeyboard)}"#),
        Row(
            name: "text, picture, button", body: .components([openButton, .image(image(picture)), .text("Hi")]),
            json:
                #"{"type":"picture","text":"Hi","media":"https://a.example/p.png","keyboard":\#(openKeyboard)}"#),
        Row(
            name: "reply buttons",
            body: .interactive(InteractiveBody(header: .text("T"), body: "Sure?", footer: "F", action: replies)),
            json: #"{"type":"text","text":"T\nSure?\nF","keyboard":\#(replyKeyboard)}"#, tracking: replyTracking),
        Row(
            name: "a list under a picture",
            body: .interactive(
                InteractiveBody(
                    header: .image(image(picture)), body: "Sure?",
                    action: .list(
                        title: "Choose",
                        sections: [
                            .init(title: "A", rows: [.init(payload: "y", title: "Yes")]),
                            .init(title: "B", rows: [.init(payload: "n", title: "No")]),
                        ]))),
            json:
                #"{"type":"picture","text":"Sure?","media":"https://a.example/p.png","keyboard":\#(replyKeyboard)}"#,
            tracking: replyTracking),
    ]

    @Test(arguments: rows)
    func `every content has its form`(_ row: Row) throws {
        let message = try ViberBotMessage(RichContent(row.body))
        let envelope = ViberBotMessage.Envelope(
            receiver: "01234567890A=", senderName: "Demo", senderAvatar: "https://a.example/me.png", messageID: "m1")
        var expected = try #require(json(row.json).object)
        expected["receiver"] = .string("01234567890A=")
        expected["min_api_version"] = .integer(1)
        expected["sender"] = .object(["name": .string("Demo"), "avatar": .string("https://a.example/me.png")])
        expected["tracking_data"] = .string(row.tracking)
        #expect(try json(message.json(envelope)) == .object(expected))
    }

    @Test(arguments: [
        RichBody.reaction(Reaction(messageId: "1", emoji: "x")), .unknown(type: "x"), .contacts([]),
        .contacts([card("A", "1"), card("B", "2")]), .contacts([ContactCard()]), .sticker(MediaBody()),
        .template(TemplateBody(templateId: "t", templateLanguage: "en")), .components([]),
        .components([openButton]), .components([.text("a"), .text("b")]),
        .components([.text("a"), .file(file("https://a.example/f", "f"))]),
        .components([.image(image(picture)), .image(image(picture))]), .image(MediaBody(mediaId: "m1")),
        .interactive(InteractiveBody(body: "Where?", action: .locationRequest)),
    ])
    func `what Viber has no form for is refused`(_ body: RichBody) {
        #expect(throws: ViberRefusal.self) { try ViberBotMessage(RichContent(body)) }
    }

    @Test
    func `a chosen button comes back with its payload and its caption`() throws {
        let buttons = [ViberBotMessage.Button(caption: "Yes", action: .reply("y"))]
        let tracking = ViberTracking(ViberTracking(messageID: "m1", buttons: buttons).text)
        #expect(tracking.messageID == "m1")
        #expect(tracking.postback(for: "y") == Postback(origin: .button, data: "y", text: "Yes"))
        #expect(tracking.postback(for: "Yes") == nil)
    }

    @Test
    func `buttons that do not fit the tracking data are left out of it`() {
        let buttons = (0..<300).map { ViberBotMessage.Button(caption: "Caption \($0)", action: .reply("payload\($0)")) }
        let tracking = ViberTracking(messageID: "m1", buttons: buttons)
        #expect(tracking.text.utf8.count <= ViberTracking.limit)
        #expect(tracking.buttons.count > 100)
        #expect(ViberTracking(tracking.text) == tracking)
    }

    @Test(arguments: [nil, "", "free words", "[1]", "{\"id\":7}", "{\"buttons\":3}", String(repeating: "[", count: 9)])
    func `somebody else's tracking data say nothing`(_ text: String?) {
        let tracking = ViberTracking(text)
        #expect(tracking.messageID == nil)
        #expect(tracking.buttons.isEmpty)
    }
}
