// SPDX-License-Identifier: Apache-2.0
// The stored form of a body: its kind under `contentType`, the rest under the kind's own name.

extension RichBody: Codable {
    /// The kind's name; the API families share these words.
    public var contentType: String {
        switch self {
        case .text: "text"
        case .image: "image"
        case .document: "document"
        case .video: "video"
        case .audio: "audio"
        case .sticker: "sticker"
        case .file: "file"
        case .location: "location"
        case .reaction: "reaction"
        case .contacts: "contacts"
        case .template: "template"
        case .interactive: "interactive"
        case .components: "components"
        case .voice: "voice"
        case .postback: "postback"
        case .order: "order"
        case .unknown: "unknown"
        }
    }

    private struct Key: CodingKey {
        let stringValue: String
        let intValue: Int? = nil

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }

        static let contentType = Key(stringValue: "contentType")
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        try container.encode(contentType, forKey: .contentType)
        let key = Key(stringValue: contentType)
        switch self {
        case .text(let body): try container.encode(body, forKey: key)
        case .image(let body), .document(let body), .video(let body), .audio(let body), .sticker(let body),
            .voice(let body):
            try container.encode(body, forKey: key)
        case .file(let body): try container.encode(body, forKey: key)
        case .location(let body): try container.encode(body, forKey: key)
        case .reaction(let body): try container.encode(body, forKey: key)
        case .contacts(let body): try container.encode(body, forKey: key)
        case .template(let body): try container.encode(body, forKey: key)
        case .interactive(let body): try container.encode(body, forKey: key)
        case .components(let body): try container.encode(body, forKey: key)
        case .postback(let body): try container.encode(body, forKey: key)
        case .order(let body): try container.encode(body, forKey: key)
        case .unknown(let type): try container.encode(type, forKey: key)
        }
    }

    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        let type = try container.decode(String.self, forKey: .contentType)
        let key = Key(stringValue: type)
        switch type {
        case "text": self = .text(try container.decode(TextBody.self, forKey: key))
        case "image": self = .image(try container.decode(MediaBody.self, forKey: key))
        case "document": self = .document(try container.decode(MediaBody.self, forKey: key))
        case "video": self = .video(try container.decode(MediaBody.self, forKey: key))
        case "audio": self = .audio(try container.decode(MediaBody.self, forKey: key))
        case "sticker": self = .sticker(try container.decode(MediaBody.self, forKey: key))
        case "voice": self = .voice(try container.decode(MediaBody.self, forKey: key))
        case "file": self = .file(try container.decode(FileBody.self, forKey: key))
        case "location": self = .location(try container.decode(Location.self, forKey: key))
        case "reaction": self = .reaction(try container.decode(Reaction.self, forKey: key))
        case "contacts": self = .contacts(try container.decode([ContactCard].self, forKey: key))
        case "template": self = .template(try container.decode(TemplateBody.self, forKey: key))
        case "interactive": self = .interactive(try container.decode(InteractiveBody.self, forKey: key))
        case "components": self = .components(try container.decode([RichComponent].self, forKey: key))
        case "postback": self = .postback(try container.decode(Postback.self, forKey: key))
        case "order": self = .order(try container.decode(Order.self, forKey: key))
        case "unknown": self = .unknown(type: try container.decode(String.self, forKey: key))
        default:
            throw DecodingError.dataCorruptedError(
                forKey: .contentType, in: container, debugDescription: "\(type) is no kind of content")
        }
    }
}
