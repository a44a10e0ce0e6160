// SPDX-License-Identifier: Apache-2.0
// What a customer on Viber can write, to a service or to a bot.

internal import Wire

extension ViberSimulator {
    public enum CustomerMessage: Hashable, Sendable {
        case text(String)
        /// Media by URL; `hosting` makes one of bytes.
        case picture(url: String, text: String? = nil)
        case video(url: String, size: Int, duration: Int? = nil, text: String? = nil)
        case file(url: String, name: String, size: Int)
        case contact(name: String, phoneNumber: String)
        case location(latitude: Double, longitude: Double)
        case sticker(id: Int)
        /// A button: its caption, and what it stands for. A bot gets the latter as a text.
        case button(text: String, payload: String)
    }

    /// A user of a bot.
    public struct User: Hashable, Sendable {
        /// The Viber id, 24 characters of Base64 in the wild.
        public var id: String
        public var name: String
        public var avatar: String?
        public var country: String
        public var language: String

        public init(
            id: String, name: String = "Customer", avatar: String? = nil, country: String = "DE",
            language: String = "en"
        ) {
            self.id = id
            self.name = name
            self.avatar = avatar
            self.country = country
            self.language = language
        }

        var json: JSONValue {
            .members([
                "id": .string(id), "name": .string(name), "avatar": .optional(avatar), "country": .string(country),
                "language": .string(language), "api_version": .integer(10),
            ])
        }
    }
}

extension ViberSimulator.CustomerMessage {
    /// The `message` of a callback.
    func json(forBot: Bool, trackingData: String?) -> JSONValue {
        var members: [String: JSONValue]
        switch self {
        case .text(let text): members = ["type": .string("text"), "text": .string(text)]
        case .picture(let url, let text):
            members = ["type": .string("picture"), "media": .string(url)]
            members["text"] = .optional(text)
            if forBot { members["file_name"] = .string(Self.fileName(of: url)) }
        case .video(let url, let size, let duration, let text):
            members = ["type": .string("video"), "media": .string(url), "size": .integer(Int64(size))]
            members["duration"] = duration.map { .integer(Int64($0)) }
            members["text"] = .optional(text)
        case .file(let url, let name, let size):
            members = [
                "type": .string("file"), "media": .string(url), "file_name": .string(name),
                "size": .integer(Int64(size)),
            ]
        case .contact(let name, let number):
            members = [
                "type": .string("contact"),
                "contact": .members(["name": .string(name), "phone_number": .string(number)]),
            ]
        case .location(let latitude, let longitude):
            members = [
                "type": .string("location"),
                "location": .members(["lat": .number(latitude), "lon": .number(longitude)]),
            ]
        case .sticker(let id): members = ["type": .string("sticker"), "sticker_id": .integer(Int64(id))]
        case .button(let text, let payload):
            members =
                forBot
                ? ["type": .string("text"), "text": .string(payload)]
                : ["type": .string("button"), "text": .string(text), "payload": .string(payload)]
        }
        members["tracking_data"] = .optional(trackingData)
        return .object(members)
    }

    private static func fileName(of url: String) -> String {
        url.split(separator: "/").last.map { String($0.prefix { $0 != "?" }) } ?? "picture.jpg"
    }
}
