// SPDX-License-Identifier: Apache-2.0
// What a message on a chat channel says, in either direction and for every provider: the union of what the channels
// know. Surfaces make it of their requests, connectors translate it for their provider; which channel allows what is the
// surfaces' to check. Its JSON has the member names of the Conversations API.

internal import Foundation

/// The content of a message on any channel but SMS.
public struct RichContent: Sendable, Equatable, Codable {
    public var body: RichBody
    /// Viber: what the message is for, which decides its rate and what it may hold.
    public var purpose: MessagePurpose?
    /// What an inbound message says beside its body.
    public var inbound: InboundFacts?
    /// Echo: whether the channel sends the message back, as if its recipient had written it.
    public var replyBack: Bool?

    public init(
        _ body: RichBody, purpose: MessagePurpose? = nil, inbound: InboundFacts? = nil, replyBack: Bool? = nil
    ) {
        self.body = body
        self.purpose = purpose
        self.inbound = inbound
        self.replyBack = replyBack
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("content is made of JSON's own types") }
        return String(decoding: data, as: UTF8.self)
    }

    init?(json: String) {
        guard let content = try? JSONDecoder().decode(RichContent.self, from: Data(json.utf8)) else { return nil }
        self = content
    }
}

/// Viber's `messagePurpose`, also called `rateType`.
public enum MessagePurpose: String, Sendable, Codable, CaseIterable {
    case promotion, transaction, session
}

/// The body of a message. Cases after `components` are inbound only.
public enum RichBody: Sendable, Equatable {
    case text(TextBody)
    case image(MediaBody)
    case document(MediaBody)
    case video(MediaBody)
    case audio(MediaBody)
    case sticker(MediaBody)
    /// Viber: a file with its name.
    case file(FileBody)
    case location(Location)
    case reaction(Reaction)
    case contacts([ContactCard])
    case template(TemplateBody)
    case interactive(InteractiveBody)
    /// Viber: text, media and a button in one message.
    case components([RichComponent])
    /// Audio recorded by its sender.
    case voice(MediaBody)
    /// The answer to a button, a list or a form.
    case postback(Postback)
    case order(Order)
    /// A kind of content that nobody here knows; `type` is the provider's word for it.
    case unknown(type: String)
}

extension RichBody {
    /// Gives the medium that it consists of an id of ours.
    mutating func setMedia(_ id: String) {
        switch self {
        case .image(var body): body.mediaId = id; self = .image(body)
        case .document(var body): body.mediaId = id; self = .document(body)
        case .video(var body): body.mediaId = id; self = .video(body)
        case .audio(var body): body.mediaId = id; self = .audio(body)
        case .voice(var body): body.mediaId = id; self = .voice(body)
        case .sticker(var body): body.mediaId = id; self = .sticker(body)
        default: return
        }
    }
}

public struct TextBody: Sendable, Equatable, Codable {
    public var text: String
    /// WhatsApp: whether the first link is shown with a preview.
    public var renderUrlPreview: Bool?

    public init(_ text: String, renderUrlPreview: Bool? = nil) {
        self.text = text
        self.renderUrlPreview = renderUrlPreview
    }
}

/// A medium: where it is, and what is said about it. Of `url` and `mediaId` exactly one is there on the way out.
public struct MediaBody: Sendable, Equatable, Codable {
    public var url: String?
    /// Ours: a row of `media`.
    public var mediaId: String?
    public var caption: String?
    public var filename: String?
    /// Viber video: the picture that stands for it, its size in MB and its length in seconds.
    public var thumbnailUrl: String?
    public var filesize: Int?
    public var duration: Int?
    /// Viber video: the ending that the URL does not show.
    public var type: String?
    /// Viber: the number of a sticker.
    public var stickerId: Int?

    public init(url: String? = nil, mediaId: String? = nil, caption: String? = nil, filename: String? = nil) {
        self.url = url
        self.mediaId = mediaId
        self.caption = caption
        self.filename = filename
    }
}

public struct FileBody: Sendable, Equatable, Codable {
    public var url: String
    public var filename: String
    /// The ending, where the URL does not show it.
    public var type: String?
    /// Bytes, where they are known.
    public var size: Int?

    public init(url: String, filename: String, type: String? = nil) {
        self.url = url
        self.filename = filename
        self.type = type
    }
}

public struct Location: Sendable, Equatable, Codable {
    /// Degrees.
    public var longitude: Double
    public var latitude: Double
    public var name: String?
    public var address: String?

    public init(longitude: Double, latitude: Double, name: String? = nil, address: String? = nil) {
        self.longitude = longitude
        self.latitude = latitude
        self.name = name
        self.address = address
    }
}

public struct Reaction: Sendable, Equatable, Codable {
    /// The message reacted to, by its provider's id.
    public var messageId: String
    /// Empty to take a reaction back.
    public var emoji: String

    public init(messageId: String, emoji: String) {
        self.messageId = messageId
        self.emoji = emoji
    }
}

/// One element of a Viber message of several.
public enum RichComponent: Sendable, Equatable, Codable {
    case text(String)
    case image(MediaBody)
    case file(FileBody)
    case video(MediaBody)
    case button(caption: String, url: String)
}

/// What a customer chose. `data` is the payload that came with the choice.
public struct Postback: Sendable, Equatable, Codable {
    public enum Origin: String, Sendable, Codable {
        /// A template's quick-reply button: `text` is its caption.
        case templateButton
        case replyButton
        case listRow
        /// A flow or an address form: `data` is the answer in JSON, `title` its name.
        case form
        /// A keyboard's button on Viber.
        case button
    }

    public var origin: Origin
    public var data: String
    public var text: String?
    public var title: String?
    public var description: String?

    public init(
        origin: Origin, data: String, text: String? = nil, title: String? = nil, description: String? = nil
    ) {
        self.origin = origin
        self.data = data
        self.text = text
        self.title = title
        self.description = description
    }
}

public struct Order: Sendable, Equatable, Codable {
    public struct Item: Sendable, Equatable, Codable {
        public var productId: String
        /// Numbers as their text.
        public var quantity: String
        public var itemPrice: String?
        public var currency: String?

        public init(productId: String, quantity: String, itemPrice: String? = nil, currency: String? = nil) {
            self.productId = productId
            self.quantity = quantity
            self.itemPrice = itemPrice
            self.currency = currency
        }
    }

    public var catalogId: String?
    public var text: String?
    public var items: [Item]

    public init(catalogId: String? = nil, text: String? = nil, items: [Item]) {
        self.catalogId = catalogId
        self.text = text
        self.items = items
    }
}

/// What comes with an inbound message.
public struct InboundFacts: Sendable, Equatable, Codable {
    /// The message answered to, by its provider's id (our own id where it was ours and is known).
    public var repliesTo: String?
    public var isForwarded: Bool?
    public var isFrequentlyForwarded: Bool?
    /// The product asked about.
    public var product: Product?
    /// The sender's name as the provider gives it.
    public var senderName: String?
    /// The group it was written in.
    public var groupId: String?
    /// The advertisement or post through which the customer came.
    public var referral: Referral?

    public struct Referral: Sendable, Equatable, Codable {
        /// `ad` or `post`.
        public var sourceType: String?
        public var sourceId: String?
        public var sourceUrl: String?
        public var headline: String?
        public var body: String?
        /// The provider's id of the click.
        public var clickId: String?

        public init() {}
    }

    public struct Product: Sendable, Equatable, Codable {
        public var catalogId: String
        public var productId: String

        public init(catalogId: String, productId: String) {
            self.catalogId = catalogId
            self.productId = productId
        }
    }

    public init() {}
}
