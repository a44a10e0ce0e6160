// SPDX-License-Identifier: Apache-2.0
// What a customer wrote, which both of Viber's APIs put in the same members of `message`. Media are links: of a signed
// callback the core fetches them, of one that anybody may have sent it gets the link alone.
//
//     {"type": "picture", "media": "https://…/p.jpg", "text": "Look", "thumbnail": "https://…", "file_name": "p.jpg"}

internal import Messaging
internal import Wire

struct ViberInboundBody: Equatable {
    let content: RichContent
    let media: ProviderMedia?

    init(_ message: JSONValue, senderName: String?, isTrusted: Bool) {
        let tracking = ViberTracking(message["tracking_data"]?.string)
        let type = message["type"]?.string ?? "text"
        let link = message["media"]?.string.flatMap { Self.isLink($0) ? $0 : nil }
        var facts = InboundFacts()
        facts.repliesTo = tracking.messageID
        facts.senderName = senderName.flatMap { $0.isEmpty ? nil : $0 }
        var medium = MediaBody(url: isTrusted ? nil : link, filename: message["file_name"]?.string)
        medium.caption = message["text"]?.string.flatMap { $0.isEmpty ? nil : $0 }
        var hasMedia = false
        let body: RichBody
        switch type {
        case "text":
            let words = message["text"]?.string ?? ""
            body = tracking.postback(for: words).map { .postback($0) } ?? .text(TextBody(words))
        case "url": body = .text(TextBody(message["media"]?.string ?? message["text"]?.string ?? ""))
        case "picture" where link != nil: (body, hasMedia) = (.image(medium), true)
        case "video" where link != nil:
            medium.duration = message["duration"]?.int64.flatMap { Int(exactly: $0) }
            (body, hasMedia) = (.video(medium), true)
        case "audio" where link != nil, "voice" where link != nil: (body, hasMedia) = (.voice(medium), true)
        case "file" where link != nil: (body, hasMedia) = (.document(medium), true)
        case "sticker":
            medium.stickerId = message["sticker_id"]?.int64.flatMap { Int(exactly: $0) }
            (body, hasMedia) = (.sticker(medium), link != nil)
        case "location": body = Self.location(message["location"]).map { .location($0) } ?? .unknown(type: type)
        case "contact": body = Self.contact(message["contact"]).map { .contacts([$0]) } ?? .unknown(type: type)
        case "button": body = .postback(Self.button(message))
        default: body = .unknown(type: String(type.prefix(40)))
        }
        content = RichContent(body, inbound: facts == InboundFacts() ? nil : facts)
        media =
            hasMedia && isTrusted
            ? link.map { ProviderMedia(reference: $0, filename: medium.filename, size: Self.size(message)) } : nil
    }

    private static func isLink(_ text: String) -> Bool {
        let lowered = text.prefix(8).lowercased()
        return lowered.hasPrefix("https://") || lowered.hasPrefix("http://")
    }

    private static func size(_ message: JSONValue) -> Int? {
        (message["file_size"] ?? message["size"])?.int64.flatMap { $0 > 0 ? Int(exactly: $0) : nil }
    }

    private static func location(_ value: JSONValue?) -> Location? {
        guard let latitude = value?["lat"]?.double, let longitude = value?["lon"]?.double,
            (-90...90).contains(latitude), (-180...180).contains(longitude)
        else { return nil }
        return Location(longitude: longitude, latitude: latitude, address: value?["address"]?.string)
    }

    private static func contact(_ value: JSONValue?) -> ContactCard? {
        guard let phone = value?["phone_number"]?.string else { return nil }
        var card = ContactCard()
        card.name = ContactCard.Name(formattedName: value?["name"]?.string ?? phone)
        card.phones = [ContactCard.Phone(phone: phone)]
        return card
    }

    private static func button(_ message: JSONValue) -> Postback {
        let caption = message["text"]?.string
        return Postback(origin: .button, data: message["payload"]?.string ?? caption ?? "", text: caption)
    }
}
