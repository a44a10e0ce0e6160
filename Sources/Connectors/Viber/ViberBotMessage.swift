// SPDX-License-Identifier: Apache-2.0
// A message as Viber's bot API takes it. Buttons become a keyboard; what each button of a keyboard answers is noted in
// the tracking data, which Viber sends back with the answer, so that a chosen button can be told from typed words.
//
//     POST /pa/send_message
//     {"receiver": "01234567890A=", "min_api_version": 1, "sender": {"name": "Demo", "avatar": "https://…"},
//      "tracking_data": "{\"id\":\"0198…\"}", "type": "text", "text": "Hello"}

internal import Messaging
internal import Wire

/// One message of a bot.
struct ViberBotMessage: Equatable {
    enum Body: Equatable {
        case text(String)
        case picture(url: String, text: String, thumbnail: String?)
        case video(url: String, size: Int64, duration: Int64?, thumbnail: String?, text: String?)
        case file(url: String, size: Int64, name: String)
        case url(String)
        case location(latitude: Double, longitude: Double)
        case contact(name: String, phone: String)
        case sticker(Int64)
    }

    struct Button: Equatable {
        enum Action: Equatable {
            case open(String)
            /// Answers with this text.
            case reply(String)
        }

        let caption: String
        let action: Action
    }

    private(set) var body: Body
    private(set) var buttons: [Button] = []

    /// Throws the reason why Viber has no such message.
    init(_ content: RichContent) throws(ViberRefusal) {
        switch content.body {
        case .text(let text): body = .text(text.text)
        case .image(let media): body = try Self.picture(media)
        case .video(let media): body = try Self.video(media, text: media.caption)
        case .document(let media), .audio(let media), .voice(let media): body = try Self.file(media)
        case .file(let file): body = Self.file(file)
        case .sticker(let media):
            guard let number = media.stickerId else { throw Self.refusal("a sticker of Viber's has a stickerId") }
            body = .sticker(Int64(number))
        case .location(let place): body = .location(latitude: place.latitude, longitude: place.longitude)
        case .contacts(let cards): body = try Self.contact(cards)
        case .components(let components): (body, buttons) = try Self.combined(components)
        case .interactive(let interactive): (body, buttons) = try Self.choice(interactive)
        case .reaction, .template, .postback, .order, .unknown:
            throw Self.refusal("\(content.body.contentType) is not for Viber")
        }
    }

    private static func refusal(_ reason: String) -> ViberRefusal { ViberRefusal(ViberBotStatus.badData, reason) }

    private static func url(of media: MediaBody) throws(ViberRefusal) -> String {
        guard let url = media.url, !url.isEmpty else {
            throw ViberRefusal(ViberBotStatus.missingData, "Viber fetches media itself and needs their URL")
        }
        return url
    }

    private static func picture(_ media: MediaBody, text: String? = nil) throws(ViberRefusal) -> Body {
        .picture(url: try url(of: media), text: text ?? media.caption ?? "", thumbnail: media.thumbnailUrl)
    }

    /// Viber wants to know how large videos and files are; where nobody said so the customer gets the link.
    private static func video(_ media: MediaBody, text: String?) throws(ViberRefusal) -> Body {
        let url = try url(of: media)
        guard let megabytes = media.filesize, let size = bytes(megabytes) else { return .url(url) }
        return .video(
            url: url, size: size, duration: media.duration.map { Int64($0) }, thumbnail: media.thumbnailUrl, text: text)
    }

    /// At least one byte: 0 MB is a small file.
    private static func bytes(_ megabytes: Int) -> Int64? {
        (0...100_000).contains(megabytes) ? max(1, Int64(megabytes) * 1_000_000) : nil
    }

    private static func file(_ media: MediaBody) throws(ViberRefusal) -> Body {
        let url = try url(of: media)
        guard let size = media.filesize.flatMap(bytes), let name = media.filename else { return .url(url) }
        return .file(url: url, size: size, name: name)
    }

    private static func file(_ file: FileBody) -> Body {
        guard let size = file.size, size > 0 else { return .url(file.url) }
        return .file(url: file.url, size: Int64(size), name: file.filename)
    }

    private static func contact(_ cards: [ContactCard]) throws(ViberRefusal) -> Body {
        guard cards.count == 1, let card = cards.first, let phone = card.phones?.lazy.compactMap(\.phone).first else {
            throw refusal("Viber takes one contact with one phone number")
        }
        let parts = [card.name?.firstName, card.name?.lastName].compactMap(\.self).joined(separator: " ")
        let name = card.name.map { $0.formattedName.isEmpty ? parts : $0.formattedName } ?? ""
        return .contact(name: name.isEmpty ? phone : name, phone: phone)
    }

    private static func combined(_ components: [RichComponent]) throws(ViberRefusal) -> (Body, [Button]) {
        var text: String?
        var medium: RichComponent?
        var buttons: [Button] = []
        for component in components {
            switch component {
            case .text(let words):
                guard text == nil else { throw refusal("two texts in one message") }
                text = words
            case .button(let caption, let url): buttons.append(Button(caption: caption, action: .open(url)))
            case .image, .video, .file:
                guard medium == nil else { throw refusal("two media in one message") }
                medium = component
            }
        }
        switch medium {
        case .image(let media): return (try picture(media, text: text ?? media.caption ?? ""), buttons)
        case .video(let media): return (try video(media, text: text ?? media.caption), buttons)
        case .file where text != nil: throw refusal("Viber's files have no text")
        case .file(let file): return (Self.file(file), buttons)
        default:
            guard let text else { throw refusal("a message of buttons needs a text") }
            return (.text(text), buttons)
        }
    }

    private static func choice(_ interactive: InteractiveBody) throws(ViberRefusal) -> (Body, [Button]) {
        let buttons: [Button]
        switch interactive.action {
        case .buttons(let replies):
            buttons = replies.map { Button(caption: $0.title, action: .reply($0.payload)) }
        case .list(_, let sections):
            buttons = sections.flatMap(\.rows).map { Button(caption: $0.title, action: .reply($0.payload)) }
        case .product, .productList, .locationRequest, .flow, .address:
            throw refusal("Viber's keyboards have buttons only")
        }
        var lines = [interactive.body, interactive.footer].compactMap(\.self)
        switch interactive.header {
        case nil: break
        case .text(let title): lines.insert(title, at: 0)
        case .image(let media): return (try picture(media, text: lines.joined(separator: "\n")), buttons)
        case .video(let media): return (try video(media, text: lines.joined(separator: "\n")), buttons)
        case .document, .location: throw refusal("Viber has no such header")
        }
        return (.text(lines.joined(separator: "\n")), buttons)
    }
}

// MARK: JSON

extension ViberBotMessage {
    /// Who sends, to whom, and what comes back with the answer.
    struct Envelope {
        /// Viber's id of the subscriber.
        var receiver: String
        /// At most 28 characters.
        var senderName: String
        var senderAvatar: String?
        /// Our id of the message.
        var messageID: String
    }

    /// The request's body.
    func json(_ envelope: Envelope) -> [UInt8] {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("receiver", envelope.receiver)
            // Opening a URL from a keyboard, and what else is used here, is older than any living client.
            writer.member("min_api_version", 1)
            writer.member(
                "sender",
                object: { writer in
                    writer.member("name", envelope.senderName)
                    writer.member("avatar", envelope.senderAvatar)
                })
            writer.member("tracking_data", ViberTracking(messageID: envelope.messageID, buttons: buttons).text)
            write(body, to: &writer)
            if !buttons.isEmpty { writeKeyboard(to: &writer) }
        }
        return writer.bytes
    }

    private func write(_ body: Body, to writer: inout JSONWriter) {
        switch body {
        case .text(let text):
            writer.member("type", "text")
            writer.member("text", text)
        case .picture(let url, let text, let thumbnail):
            writer.member("type", "picture")
            writer.member("text", text)
            writer.member("media", url)
            writer.member("thumbnail", thumbnail)
        case .video(let url, let size, let duration, let thumbnail, let text):
            writer.member("type", "video")
            writer.member("media", url)
            writer.member("thumbnail", thumbnail)
            writer.member("size", size)
            writer.member("duration", duration)
            writer.member("text", text)
        case .file(let url, let size, let name):
            writer.member("type", "file")
            writer.member("media", url)
            writer.member("size", size)
            writer.member("file_name", name)
        case .url(let url):
            writer.member("type", "url")
            writer.member("media", url)
        case .location(let latitude, let longitude):
            writer.member("type", "location")
            writer.member(
                "location",
                object: { writer in
                    writer.member("lat", number: "\(latitude)")
                    writer.member("lon", number: "\(longitude)")
                })
        case .contact(let name, let phone):
            writer.member("type", "contact")
            writer.member(
                "contact",
                object: { writer in
                    writer.member("name", name)
                    writer.member("phone_number", phone)
                })
        case .sticker(let number):
            writer.member("type", "sticker")
            writer.member("sticker_id", number)
        }
    }

    private func writeKeyboard(to writer: inout JSONWriter) {
        writer.member(
            "keyboard",
            object: { writer in
                writer.member("Type", "keyboard")
                writer.member(
                    "Buttons",
                    array: { writer in
                        for button in buttons {
                            writer.object { writer in
                                switch button.action {
                                case .open(let url):
                                    writer.member("ActionType", "open-url")
                                    writer.member("ActionBody", url)
                                case .reply(let payload):
                                    writer.member("ActionType", "reply")
                                    writer.member("ActionBody", payload)
                                }
                                writer.member("Text", button.caption)
                            }
                        }
                    })
            })
    }
}
