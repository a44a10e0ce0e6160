// SPDX-License-Identifier: Apache-2.0
// What a customer's message says, by its type. A member that is missing or of another kind makes the content unknown, not
// the message unreadable.

internal import Messaging
internal import Wire

struct WhatsAppInboundBody {
    let body: RichBody
    /// What WhatsApp keeps of it.
    let media: ProviderMedia?

    init(json: JSONValue, type: String) {
        let content = json[type]
        switch type {
        case "image", "video", "audio", "document", "sticker", "voice":
            if let medium = content.flatMap({ Self.medium($0, type: type) }) {
                (body, media) = medium
                return
            }
            body = .unknown(type: type)
        default:
            body = content.flatMap { Self.body($0, type: type) } ?? .unknown(type: String(type.prefix(64)))
        }
        media = nil
    }

    private static func medium(_ json: JSONValue, type: String) -> (RichBody, ProviderMedia)? {
        guard let id = json["id"]?.string.nonEmpty else { return nil }
        let filename = json["filename"]?.string.nonEmpty
        let media = ProviderMedia(
            reference: id, contentType: json["mime_type"]?.string.nonEmpty, filename: filename,
            size: json["file_size"]?.int64.flatMap { Int(exactly: $0) })
        let body = MediaBody(caption: json["caption"]?.string.nonEmpty, filename: filename)
        switch type {
        case "image": return (.image(body), media)
        case "video": return (.video(body), media)
        case "document": return (.document(body), media)
        case "sticker": return (.sticker(body), media)
        default: return (type == "voice" || json["voice"]?.bool == true ? .voice(body) : .audio(body), media)
        }
    }

    private static func body(_ json: JSONValue, type: String) -> RichBody? {
        switch type {
        case "text": json["body"]?.string.map { .text(TextBody($0)) }
        case "location": location(json)
        case "contacts": contacts(json)
        case "reaction":
            json["message_id"]?.string.nonEmpty.map {
                // Without an emoji a reaction is taken back.
                .reaction(Reaction(messageId: $0, emoji: json["emoji"]?.string ?? ""))
            }
        case "button": templateButton(json)
        case "interactive": interactive(json)
        case "order": order(json)
        default: nil
        }
    }

    private static func location(_ json: JSONValue) -> RichBody? {
        guard let latitude = json["latitude"]?.double, let longitude = json["longitude"]?.double,
            abs(latitude) <= 90, abs(longitude) <= 180
        else { return nil }
        return .location(
            Location(
                longitude: longitude, latitude: latitude, name: json["name"]?.string.nonEmpty,
                address: json["address"]?.string.nonEmpty))
    }

    private static func contacts(_ json: JSONValue) -> RichBody? {
        guard let cards = json.array?.filter({ $0.object != nil }), !cards.isEmpty else { return nil }
        return .contacts(cards.map { ContactCard(graph: $0) })
    }

    private static func templateButton(_ json: JSONValue) -> RichBody? {
        let text = json["text"]?.string
        guard let data = json["payload"]?.string ?? text else { return nil }
        return .postback(Postback(origin: .templateButton, data: data, text: text))
    }

    private static func interactive(_ json: JSONValue) -> RichBody? {
        guard let type = json["type"]?.string, let reply = json[type] else { return nil }
        switch type {
        case "button_reply":
            return reply["id"]?.string.map {
                .postback(Postback(origin: .replyButton, data: $0, title: reply["title"]?.string))
            }
        case "list_reply":
            return reply["id"]?.string.map {
                .postback(
                    Postback(
                        origin: .listRow, data: $0, title: reply["title"]?.string,
                        description: reply["description"]?.string.nonEmpty))
            }
        case "nfm_reply":
            guard let answer = reply["response_json"] else { return nil }
            return .postback(Postback(origin: .form, data: answer.string ?? text(answer), title: reply["name"]?.string))
        default: return .unknown(type: String(type.prefix(64)))
        }
    }

    private static func order(_ json: JSONValue) -> RichBody? {
        let items = (json["product_items"]?.array ?? []).compactMap { item -> Order.Item? in
            guard let product = item["product_retailer_id"].flatMap(scalar) else { return nil }
            return Order.Item(
                productId: product, quantity: item["quantity"].flatMap(scalar) ?? "1",
                itemPrice: item["item_price"].flatMap(scalar), currency: item["currency"]?.string)
        }
        guard !items.isEmpty else { return nil }
        return .order(
            Order(catalogId: json["catalog_id"].flatMap(scalar), text: json["text"]?.string.nonEmpty, items: items))
    }

    /// A text or a number as text.
    private static func scalar(_ json: JSONValue) -> String? {
        switch json {
        case .string(let text): text
        case .integer(let number): String(number)
        case .number(let number): "\(number)"
        default: nil
        }
    }

    private static func text(_ json: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(json)
        return writer.text
    }
}
