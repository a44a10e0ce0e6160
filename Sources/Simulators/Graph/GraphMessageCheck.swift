// SPDX-License-Identifier: Apache-2.0
// What Meta checks before it takes a message: types, lengths, and that each medium has one of link and id. A pure
// function from a body to what was asked for or the error that Meta gives.

internal import Wire

/// A request to send that has passed.
struct GraphMessage: Hashable, Sendable {
    /// Digits, or a business-scoped id.
    var recipient: String
    var isUserID: Bool
    var type: String
    /// What its price goes by: `service`, or the template's category.
    var category: String
    /// `biz_opaque_callback_data`, which comes back in every status.
    var callbackData: String?

    var isTemplate: Bool { type == "template" }
}

struct GraphMessageCheck {
    var json: JSONValue
    var templates: [GraphSimulator.Template]
    /// Whether a medium with that id was uploaded.
    var hasMedia: (String) -> Bool

    func message() throws(GraphError) -> GraphMessage {
        guard case .object = json else { throw .parameter("The request body is no JSON object") }
        try Self.product(json)
        let (recipient, isUserID) = try self.recipient()
        if let context = json["context"] { _ = try Self.text(context["message_id"], "context.message_id", 1...512) }
        let type = json["type"] == nil ? "text" : try Self.text(json["type"], "type", 1...64)
        guard json[type] != nil || !Self.types.contains(type) else { throw .missing(type) }
        let category = try check(type, json[type] ?? .null)
        guard !isUserID || category != "authentication" else {
            throw GraphError(
                131062, "Business-scoped User ID recipients are not supported for this message",
                "Authentication templates need a phone number")
        }
        let data = json["biz_opaque_callback_data"]
        return GraphMessage(
            recipient: recipient, isUserID: isUserID, type: type, category: category,
            callbackData: data == nil ? nil : try Self.text(data, "biz_opaque_callback_data", 0...512))
    }

    static func product(_ json: JSONValue) throws(GraphError) {
        guard json["messaging_product"]?.string == "whatsapp" else {
            throw .parameter("The parameter messaging_product is required and must be 'whatsapp'")
        }
    }

    /// `to` wins over `recipient`.
    private func recipient() throws(GraphError) -> (String, isUserID: Bool) {
        let kind = json["recipient_type"]?.string ?? "individual"
        guard kind == "individual" else { throw .value("recipient_type must be individual") }
        if let to = json["to"] {
            let digits = try Self.text(to, "to", 1...64).filter { $0.isASCII && $0.isNumber }
            guard (5...20).contains(digits.count) else { throw .value("to is not a valid phone number") }
            return (digits, false)
        }
        guard let recipient = json["recipient"] else { throw .parameter("The parameter to is required.") }
        let id = try Self.text(recipient, "recipient", 4...140)
        guard GraphCustomers.isUserID(id) else { throw .value("recipient is not a business-scoped user ID") }
        return (id, true)
    }

    private static let types: Set = [
        "text", "image", "video", "audio", "document", "sticker", "location", "reaction", "contacts", "template",
        "interactive",
    ]

    /// Checks the content and tells its price's category.
    private func check(_ type: String, _ content: JSONValue) throws(GraphError) -> String {
        switch type {
        case "text": _ = try Self.text(content["body"], "text.body", 1...4096)
        case "image", "video": try medium(content, type, hasCaption: true)
        case "document":
            try medium(content, type, hasCaption: true)
            if let name = content["filename"] { _ = try Self.text(name, "document.filename", 1...240) }
        case "audio", "sticker": try medium(content, type, hasCaption: false)
        case "location": try Self.location(content, "location")
        case "reaction":
            _ = try Self.text(content["message_id"], "reaction.message_id", 1...512)
            guard let emoji = content["emoji"]?.string else { throw .missing("reaction.emoji") }
            guard emoji.count <= 1 else { throw .value("reaction.emoji must be one emoji or empty") }
        case "contacts": try contacts(content)
        case "template": return try GraphTemplateCheck(content, templates, medium: medium).category()
        case "interactive": try GraphInteractiveCheck(content: content, medium: medium).check()
        default:
            throw GraphError(131051, "Unsupported message type", "Message type '\(type)' is unknown")
        }
        return "service"
    }

    /// One of `link` and `id`, and a caption only where there may be one.
    func medium(_ content: JSONValue, _ path: String, hasCaption: Bool) throws(GraphError) {
        switch (content["link"], content["id"]) {
        case (nil, nil): throw .parameter("\(path): one of link and id is required")
        case (.some, .some): throw .parameter("\(path): only one of link and id may be given")
        case (let link?, nil):
            let url = try Self.text(link, "\(path).link", 1...2048)
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw .value("\(path).link is not a valid URL")
            }
        case (nil, let id?):
            let id = try Self.text(id, "\(path).id", 1...128)
            guard hasMedia(id) else { throw .value("\(path).id: media '\(id)' does not exist") }
        }
        guard let caption = content["caption"] else { return }
        guard hasCaption else { throw .parameter("\(path).caption: unexpected key") }
        _ = try Self.text(caption, "\(path).caption", 0...1024)
    }

    private func contacts(_ content: JSONValue) throws(GraphError) {
        guard let cards = content.array, (1...257).contains(cards.count) else {
            throw .value("contacts must have 1 to 257 elements")
        }
        for (index, card) in cards.enumerated() {
            guard let name = card["name"] else { throw .missing("contacts[\(index)].name") }
            _ = try Self.text(name["formatted_name"], "contacts[\(index)].name.formatted_name", 1...1024)
            let parts = ["first_name", "last_name", "middle_name", "suffix", "prefix"]
            guard parts.contains(where: { name[$0]?.string?.isEmpty == false }) else {
                throw .parameter("contacts[\(index)].name: at least one more part of the name is required")
            }
        }
    }

    // MARK: Rules that all contents share

    static func location(_ content: JSONValue, _ path: String) throws(GraphError) {
        for (name, limit) in [("latitude", 90.0), ("longitude", 180.0)] {
            guard let value = content[name] else { throw .missing("\(path).\(name)") }
            guard let degrees = value.double ?? value.string.flatMap(Double.init), abs(degrees) <= limit else {
                throw .value("\(path).\(name) is out of range")
            }
        }
    }

    /// A string of so many characters.
    static func text(_ value: JSONValue?, _ path: String, _ length: ClosedRange<Int>) throws(GraphError) -> String {
        guard let value else { throw .missing(path) }
        guard let text = value.string else { throw .parameter("Param \(path) must be a string") }
        guard length.contains(text.count) else {
            throw length.lowerBound == 1 && text.isEmpty
                ? .missing(path) : .value("Param \(path) must be at most \(length.upperBound) characters long")
        }
        return text
    }
}
