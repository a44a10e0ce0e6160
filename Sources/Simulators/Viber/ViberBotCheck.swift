// SPDX-License-Identifier: Apache-2.0
// What Viber checks of a bot's message before it takes it (REST bot API, "Send message"). Pure.

internal import Wire

/// A status of the bot API other than `ok`.
struct ViberBotError: Error, Hashable, Sendable {
    var code: Int
    var name: String
    var message: String

    static func badData(_ message: String) -> Self { Self(code: 3, name: "badData", message: message) }
    static func missing(_ member: String) -> Self {
        Self(code: 4, name: "missingData", message: "'\(member)' is missing")
    }
    static let invalidURL = Self(code: 1, name: "invalidUrl", message: "The webhook URL is not valid")
    static let invalidToken = Self(code: 2, name: "invalidAuthToken", message: "The authentication token is not valid")
    static let unknownReceiver = Self(
        code: 5, name: "receiverNotRegistered", message: "The receiver is not registered to Viber")
    static let notSubscribed = Self(
        code: 6, name: "receiverNotSubscribed", message: "The receiver is not subscribed to the account")
    static let noWebhook = Self(
        code: 10, name: "webhookNotSet", message: "The account is blocked because the webhook is not set")
    static let tooManyRequests = Self(code: 12, name: "tooManyRequests", message: "Rate control breach")

    var answer: JSONValue {
        .members(["status": .integer(Int64(code)), "status_message": .string("\(name): \(message)")])
    }
}

struct ViberBotCheck {
    var json: JSONValue

    /// The receiver's Viber id.
    func receiver() throws(ViberBotError) -> String {
        guard json.object != nil else { throw .badData("The request body is no JSON object") }
        let receiver = try text("receiver", json["receiver"], 1...128)
        _ = try text("sender.name", json["sender"]?["name"], 1...28)
        if let avatar = json["sender"]?["avatar"], avatar != .null {
            _ = try text("sender.avatar", avatar, 0...2000)
        }
        if let tracking = json["tracking_data"] { _ = try text("tracking_data", tracking, 0...4096) }
        if let version = json["min_api_version"], version.int64 == nil {
            throw .badData("min_api_version is no integer")
        }
        try content(text("type", json["type"], 1...32))
        if let keyboard = json["keyboard"], keyboard != .null { try check(keyboard) }
        return receiver
    }

    private func content(_ type: String) throws(ViberBotError) {
        switch type {
        case "text": _ = try text("text", json["text"], 1...7000)
        case "picture":
            try url("media", json["media"])
            if let caption = json["text"] { _ = try text("text", caption, 0...768) }
        case "video":
            try url("media", json["media"])
            try integer("size", 0...27_262_976)
            if json["duration"] != nil { try integer("duration", 0...600) }
        case "file":
            try url("media", json["media"])
            try integer("size", 0...52_428_800)
            _ = try text("file_name", json["file_name"], 1...256)
        case "url": try url("media", json["media"])
        case "contact":
            _ = try text("contact.name", json["contact"]?["name"], 1...28)
            _ = try text("contact.phone_number", json["contact"]?["phone_number"], 1...18)
        case "location":
            guard let lat = json["location"]?["lat"]?.double, let lon = json["location"]?["lon"]?.double else {
                throw .missing("location")
            }
            guard abs(lat) <= 90, abs(lon) <= 180 else { throw .badData("location is out of range") }
        case "sticker": try integer("sticker_id", 0...Int64.max)
        case "rich_media":
            guard let media = json["rich_media"] else { throw .missing("rich_media") }
            try buttons(media)
        default: throw .badData("type '\(type)' is unknown")
        }
    }

    private func check(_ keyboard: JSONValue) throws(ViberBotError) {
        guard keyboard["Type"]?.string == "keyboard" else { throw .badData("keyboard.Type must be keyboard") }
        try buttons(keyboard)
    }

    private func buttons(_ holder: JSONValue) throws(ViberBotError) {
        guard let buttons = holder["Buttons"]?.array, !buttons.isEmpty, buttons.count <= 24 * 6 else {
            throw .missing("Buttons")
        }
        for button in buttons {
            guard button["ActionBody"]?.string != nil else { throw .missing("ActionBody") }
            let kind = button["ActionType"]?.string ?? "reply"
            guard ["reply", "open-url", "location-picker", "share-phone", "none"].contains(kind) else {
                throw .badData("ActionType '\(kind)' is unknown")
            }
        }
    }

    private func text(
        _ name: String, _ value: JSONValue?, _ length: ClosedRange<Int>
    ) throws(ViberBotError) -> String {
        guard let value else { throw .missing(name) }
        guard let text = value.string else { throw .badData("\(name) is no string") }
        guard length.contains(text.count) else { throw .badData("\(name) has a bad length") }
        return text
    }

    private func url(_ name: String, _ value: JSONValue?) throws(ViberBotError) {
        let url = try text(name, value, 1...2000)
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { throw .badData("\(name) is no URL") }
    }

    private func integer(_ name: String, _ range: ClosedRange<Int64>) throws(ViberBotError) {
        guard let value = json[name] else { throw .missing(name) }
        guard let number = value.int64, range.contains(number) else { throw .badData("\(name) is out of range") }
    }
}
