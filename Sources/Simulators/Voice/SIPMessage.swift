// SPDX-License-Identifier: Apache-2.0
// A SIP message (RFC 3261 §7) as far as a simulated telephone needs it: a start line, headers in their order, a body.

struct SIPMessage: Sendable, Equatable {
    enum Start: Sendable, Equatable {
        case request(method: String, uri: String)
        case response(status: Int, phrase: String)
    }

    var start: Start
    var headers: [(name: String, value: String)]
    var body: [UInt8]

    /// The short forms of RFC 3261 §7.3.3.
    private static let shortNames = [
        "i": "call-id", "m": "contact", "l": "content-length", "c": "content-type", "f": "from", "t": "to", "v": "via",
    ]

    init(_ start: Start, headers: [(name: String, value: String)], body: [UInt8] = []) {
        self.start = start
        self.headers = headers
        self.body = body
    }

    /// Nil where it is no SIP message.
    init?(_ bytes: [UInt8]) {
        let end = Self.endOfHead(bytes)
        var lines = String(decoding: bytes[..<end.head], as: UTF8.self).split(
            omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        let words = lines.removeFirst().split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
        guard words.count == 3 else { return nil }
        if words[0] == "SIP/2.0" {
            guard let status = Int(words[1]), (100...699).contains(status) else { return nil }
            start = .response(status: status, phrase: String(words[2]))
        } else {
            guard words[2] == "SIP/2.0", !words[0].isEmpty, !words[1].isEmpty else { return nil }
            start = .request(method: String(words[0]), uri: String(words[1]))
        }
        headers = lines.compactMap { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            let name = Self.trimmed(parts[0])
            return (name: Self.shortNames[name.lowercased()] ?? name, value: Self.trimmed(parts[1]))
        }
        body = Array(bytes[end.body...])
    }

    private static func endOfHead(_ bytes: [UInt8]) -> (head: Int, body: Int) {
        let mark = Array("\r\n\r\n".utf8)
        guard bytes.count >= mark.count else { return (bytes.count, bytes.count) }
        for place in 0...bytes.count - mark.count where bytes[place] == mark[0] {
            if bytes[place..<place + mark.count].elementsEqual(mark) { return (place, place + mark.count) }
        }
        return (bytes.count, bytes.count)
    }

    static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " || $0 == "\t" }
        while text.last == " " || text.last == "\t" { text.removeLast() }
        return String(text)
    }

    static func == (left: SIPMessage, right: SIPMessage) -> Bool { left.bytes == right.bytes }

    /// The first header of that name.
    subscript(name: String) -> String? {
        headers.first { $0.name.lowercased() == name.lowercased() }?.value
    }

    func all(_ name: String) -> [(name: String, value: String)] {
        headers.filter { $0.name.lowercased() == name.lowercased() }
    }

    var method: String? { if case .request(let method, _) = start { method } else { nil } }
    var uri: String? { if case .request(_, let uri) = start { uri } else { nil } }

    /// On the wire.
    var bytes: [UInt8] {
        var text =
            switch start {
            case .request(let method, let uri): "\(method) \(uri) SIP/2.0\r\n"
            case .response(let status, let phrase): "SIP/2.0 \(status) \(phrase)\r\n"
            }
        for header in headers where header.name.lowercased() != "content-length" {
            text += "\(header.name): \(header.value)\r\n"
        }
        return Array((text + "Content-Length: \(body.count)\r\n\r\n").utf8) + body
    }

    /// The response to this request; `tag` is added to To where it has none (RFC 3261 §8.2.6).
    func response(
        _ status: Int, _ phrase: String, tag: String, headers more: [(name: String, value: String)] = [],
        body: [UInt8] = []
    ) -> SIPMessage {
        var to = self["to"] ?? ""
        if status > 100, !to.contains("tag=") { to += ";tag=\(tag)" }
        let copied = ["via", "record-route"].flatMap(all) + ["from", "call-id", "cseq"].flatMap { all($0).prefix(1) }
        return SIPMessage(
            .response(status: status, phrase: phrase), headers: copied + [(name: "To", value: to)] + more, body: body)
    }

    /// The user part of a URI, or of a header that holds one.
    static func user(of text: String) -> String {
        guard let scheme = text.range(of: "sip:") else { return "" }
        let rest = text[scheme.upperBound...]
        guard let end = rest.firstIndex(where: { "@;>".contains($0) }), rest[end] == "@" else { return "" }
        return String(rest[..<end])
    }

    /// The URI between angle brackets, or the whole text.
    static func uri(of text: String) -> String {
        guard let start = text.firstIndex(of: "<"), let end = text[start...].firstIndex(of: ">") else { return text }
        return String(text[text.index(after: start)..<end])
    }
}

extension String {
    /// Where `text` is, without Foundation.
    fileprivate func range(of text: String) -> Range<String.Index>? {
        var place = startIndex
        while place < endIndex {
            if self[place...].hasPrefix(text) { return place..<index(place, offsetBy: text.count) }
            place = index(after: place)
        }
        return nil
    }
}
