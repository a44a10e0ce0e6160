// SPDX-License-Identifier: Apache-2.0
// What Viber checks of a business message before it takes it: nothing is wrong, or one status code is answered. Pure.

internal import Wire

/// A business message that has passed.
struct ViberServiceMessage: Hashable, Sendable {
    var phone: String
    var isSession: Bool
    var trackingData: String
}

/// A status code other than 0.
struct ViberRefusal: Error, Hashable, Sendable {
    var code: Int

    init(_ code: Int) { self.code = code }

    static let badData = ViberRefusal(3)
    static let badType = ViberRefusal(5)
    static let badParameters = ViberRefusal(6)
}

struct ViberServiceCheck {
    /// What one message type may hold and is sent as.
    private struct Form {
        var labels: Set<String>
        var required: [String] = []
        var isFile = false
        var isVideo = false
    }

    private static let forms: [Int64: Form] = [
        206: Form(labels: ["transaction"], required: ["#txt"]),
        225: Form(labels: ["promotion"], required: ["#txt"]),
        306: Form(labels: ["session"], required: ["#txt"]),
        207: Form(labels: ["promotion"], required: ["#img"]),
        307: Form(labels: ["session"], required: ["#img"]),
        208: Form(labels: ["promotion"], required: ["#txt", "#img", "#caption", "#action"]),
        308: Form(labels: ["session"], required: ["#txt", "#img", "#caption", "#action"]),
        209: Form(labels: ["promotion"], required: ["#txt", "#caption", "#action"]),
        309: Form(labels: ["session"], required: ["#txt", "#caption", "#action"]),
        220: Form(labels: ["transaction", "promotion"], required: ["#action", "#fileName"], isFile: true),
        221: Form(labels: ["session"], required: ["#action", "#fileName"], isFile: true),
        230: Form(labels: ["promotion", "session"], required: ["#action", "#thumbnail"], isVideo: true),
        231: Form(labels: ["promotion", "session"], required: ["#action", "#thumbnail", "#txt"], isVideo: true),
        233: Form(
            labels: ["promotion", "session"], required: ["#media", "#thumbnail", "#txt", "#caption", "#action"],
            isVideo: true),
    ]

    static let fileTypes: Set = [
        "doc", "docx", "rtf", "dot", "dotx", "odt", "odf", "fodt", "txt", "info", "pdf", "xps", "pdax", "eps", "xls",
        "xlsx", "ods", "fods", "csv", "xlsm", "xltx",
    ]

    var json: JSONValue

    func message() throws(ViberRefusal) -> ViberServiceMessage {
        guard json["seq"]?.int64 != nil else { throw .badParameters }
        guard let phone = json["dest"]?.string, (5...20).contains(phone.utf8.count),
            phone.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        else { throw ViberRefusal(27) }
        guard let type = json["type"]?.int64, let form = Self.forms[type] else { throw .badType }
        guard let label = json["label"]?.string, form.labels.contains(label) else { throw ViberRefusal(18) }
        if let ttl = json["ttl"] {
            guard let seconds = ttl.int64, (30...1_209_600).contains(seconds) else { throw ViberRefusal(20) }
        }
        guard let message = json["message"], message.object != nil else { throw .badParameters }
        guard let tracking = message["#tracking_data"]?.string else { throw .badParameters }
        for name in form.required {
            guard let text = message[name]?.string else { throw .badParameters }
            // An empty button is hidden; nothing else may be empty.
            guard !text.isEmpty || name == "#caption" || name == "#action" && form.required.contains("#caption") else {
                throw .badParameters
            }
        }
        try lengths(message)
        if form.isFile { try file(message) }
        if form.isVideo { try video(message) }
        return ViberServiceMessage(phone: phone, isSession: label == "session", trackingData: tracking)
    }

    private func lengths(_ message: JSONValue) throws(ViberRefusal) {
        if let text = message["#txt"]?.string, text.count > 1000 { throw .badData }
        if let caption = message["#caption"]?.string, caption.count > 30 { throw .badData }
        for name in ["#img", "#action", "#media", "#thumbnail"] {
            guard let url = message[name]?.string, !url.isEmpty else { continue }
            guard url.hasPrefix("http://") || url.hasPrefix("https://") || url.hasPrefix("tel:") && name == "#action"
            else { throw .badParameters }
        }
    }

    private func file(_ message: JSONValue) throws(ViberRefusal) {
        guard let type = json["file_type"]?.string else { throw .badParameters }
        guard Self.fileTypes.contains(type.lowercased()) else { throw ViberRefusal(28) }
        if let name = message["#fileName"]?.string, name.count > 25 { throw ViberRefusal(29) }
    }

    private func video(_ message: JSONValue) throws(ViberRefusal) {
        guard let size = json["file_size"]?.double, let duration = json["duration"]?.double else {
            throw .badParameters
        }
        guard (0...200).contains(size) else { throw ViberRefusal(31) }
        guard (0...600).contains(duration) else { throw ViberRefusal(32) }
        if let thumbnail = message["#thumbnail"]?.string, thumbnail.utf8.count > 1000 { throw ViberRefusal(30) }
    }
}
