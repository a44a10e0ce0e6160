// SPDX-License-Identifier: Apache-2.0
// What a customer on WhatsApp can write, and the `messages` element of a webhook that Meta makes of it.

public import Wire

extension GraphSimulator {
    /// Who writes. Customers with a user name may come without a number.
    public struct Customer: Hashable, Sendable {
        /// Digits; nil when WhatsApp keeps it to itself.
        public var waID: String?
        /// The business-scoped id; nil takes one made of the number.
        public var userID: String?
        public var name: String
        public var username: String?

        public init(waID: String?, userID: String? = nil, name: String = "Customer", username: String? = nil) {
            self.waID = waID
            self.userID = userID
            self.name = name
            self.username = username
        }

        var effectiveUserID: String? { userID ?? waID.map(GraphCustomers.userID) }
    }

    public enum MediaKind: String, Hashable, Sendable, CaseIterable {
        case image, video, audio, voice, document, sticker
    }

    public struct OrderItem: Hashable, Sendable {
        public var productID: String
        public var quantity: Int
        public var price: Double
        public var currency: String

        public init(productID: String, quantity: Int = 1, price: Double, currency: String = "EUR") {
            self.productID = productID
            self.quantity = quantity
            self.price = price
            self.currency = currency
        }
    }

    public enum CustomerMessage: Sendable {
        case text(String)
        case media(MediaKind, bytes: [UInt8], mimeType: String, caption: String? = nil, filename: String? = nil)
        /// A quick reply of a template.
        case templateButton(text: String, payload: String)
        /// A button of an interactive message.
        case buttonReply(id: String, title: String)
        case listReply(id: String, title: String, description: String? = nil)
        /// What was filled into a flow or an address form: JSON text of an object.
        case flowReply(responseJSON: String, name: String = "flow", body: String = "Sent")
        case location(latitude: Double, longitude: Double, name: String? = nil, address: String? = nil)
        /// Elements in the form of Meta's `contacts`.
        case contacts([JSONValue])
        /// An empty emoji takes the reaction back.
        case reaction(messageID: String, emoji: String)
        case order(catalogID: String, text: String? = nil, items: [OrderItem])
        /// The customer has a new number.
        case numberChange(newWaID: String)
        case unsupported
        /// A type of Meta's that nobody knows yet, and its content.
        case other(type: String, JSONValue)
    }

    /// What comes with a message.
    public struct Extras: Sendable {
        /// The message answered.
        public var repliesTo: String?
        public var isForwarded = false
        public var isFrequentlyForwarded = false
        /// The product asked about.
        public var product: (catalogID: String, productID: String)?
        /// The advertisement that led here, in the form of Meta's `referral`.
        public var referral: JSONValue?

        public init() {}
    }
}

extension GraphSimulator.CustomerMessage {
    /// The type and the content; media by the id that `store` gives.
    func content(
        store: ([UInt8], _ mimeType: String, _ filename: String?) -> SimulatedMedium
    ) -> (type: String, content: JSONValue) {
        switch self {
        case .text(let text): ("text", .members(["body": .string(text)]))
        case .media(let kind, let bytes, let mimeType, let caption, let filename):
            medium(kind, store(bytes, mimeType, filename), caption: caption)
        case .templateButton(let text, let payload):
            ("button", .members(["text": .string(text), "payload": .string(payload)]))
        case .buttonReply(let id, let title):
            Self.interactive("button_reply", .members(["id": .string(id), "title": .string(title)]))
        case .listReply(let id, let title, let description):
            Self.interactive(
                "list_reply",
                .members(["id": .string(id), "title": .string(title), "description": .optional(description)]))
        case .flowReply(let response, let name, let body):
            Self.interactive(
                "nfm_reply",
                .members(["response_json": .string(response), "name": .string(name), "body": .string(body)]))
        case .location(let latitude, let longitude, let name, let address):
            (
                "location",
                .members([
                    "latitude": .number(latitude), "longitude": .number(longitude), "name": .optional(name),
                    "address": .optional(address),
                ])
            )
        case .contacts(let cards): ("contacts", .array(cards))
        case .reaction(let messageID, let emoji):
            (
                "reaction",
                .members(["message_id": .string(messageID), "emoji": emoji.isEmpty ? nil : .string(emoji)])
            )
        case .order(let catalogID, let text, let items): ("order", Self.order(catalogID, text, items))
        case .numberChange(let new):
            (
                "system",
                .members([
                    "body": .string("The customer has changed to +\(new)"), "wa_id": .string(new),
                    "type": .string("user_changed_number"),
                ])
            )
        case .unsupported: ("unsupported", .members(["type": .string("unknown")]))
        case .other(let type, let content): (type, content)
        }
    }

    private func medium(
        _ kind: GraphSimulator.MediaKind, _ medium: SimulatedMedium, caption: String?
    ) -> (type: String, content: JSONValue) {
        let type = kind == .voice ? "audio" : kind.rawValue
        let isAudio = type == "audio"
        return (
            type,
            .members([
                "id": .string(medium.id), "mime_type": .string(medium.mimeType), "sha256": .string(medium.sha256),
                "caption": .optional(caption), "filename": kind == .document ? .optional(medium.filename) : nil,
                "voice": isAudio ? .bool(kind == .voice) : nil, "animated": kind == .sticker ? .bool(false) : nil,
            ])
        )
    }

    private static func interactive(_ type: String, _ content: JSONValue) -> (type: String, content: JSONValue) {
        ("interactive", .object(["type": .string(type), type: content]))
    }

    private static func order(
        _ catalogID: String, _ text: String?, _ items: [GraphSimulator.OrderItem]
    ) -> JSONValue {
        .members([
            "catalog_id": .string(catalogID), "text": .optional(text),
            "product_items": .array(
                items.map {
                    .members([
                        "product_retailer_id": .string($0.productID), "quantity": .integer(Int64($0.quantity)),
                        "item_price": .number($0.price), "currency": .string($0.currency),
                    ])
                }),
        ])
    }
}
