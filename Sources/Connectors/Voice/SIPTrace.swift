// SPDX-License-Identifier: Apache-2.0
// What the exchange log keeps of a SIP message: its method, its status and its Call-ID. Neither numbers nor bodies get
// into it, and of what came over the network only printable text.

internal import Messaging
internal import Wire

/// A request or a response.
struct SIPTrace: ExchangeRecord, Equatable {
    var method: String
    /// Nil for requests.
    var status: Int?
    var phrase = ""
    var callID: String

    /// Bytes that are looked at: the headers that matter stand at the beginning.
    private static let limit = 4096
    private static let fieldLimit = 128

    /// Nil where it is no SIP message.
    init?(_ bytes: some Sequence<UInt8>) {
        var lines = bytes.prefix(Self.limit).split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
            .makeIterator()
        guard let first = lines.next().map({ Self.text($0) }) else { return nil }
        var words = first.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false).makeIterator()
        guard let start = words.next(), let second = words.next(), let third = words.next() else { return nil }
        if start == "SIP/2.0" {
            guard let status = Int(second), (100...699).contains(status) else { return nil }
            self.status = status
            phrase = String(third)
        } else {
            guard third == "SIP/2.0" else { return nil }
        }
        var callID: String?
        var sequence: String?
        while let line = lines.next(), line.count > 1 {
            let (name, value) = Self.header(Self.text(line))
            switch name {
            case "call-id", "i": callID = callID ?? value
            case "cseq": sequence = sequence ?? value
            default: break
            }
        }
        guard let callID else { return nil }
        self.callID = callID
        method =
            status == nil ? String(start) : sequence?.split(separator: " ").last.map(String.init) ?? ""
    }

    private static func header(_ line: String) -> (name: String, value: String) {
        let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return ("", "") }
        return (trimmed(parts[0]).lowercased(), trimmed(parts[1]))
    }

    private static func trimmed(_ text: Substring) -> String {
        var text = text.drop { $0 == " " }
        while text.last == " " { text.removeLast() }
        return String(text)
    }

    private static func text(_ bytes: some Sequence<UInt8>) -> String {
        String(decoding: bytes.prefix(fieldLimit * 2).filter { (0x20...0x7E).contains($0) }, as: UTF8.self)
            .prefixed(fieldLimit)
    }

    var described: ExchangeText {
        ExchangeText(
            what: method, status: status.map { phrase.isEmpty ? "\($0)" : "\($0) \(phrase)" },
            fields: ["callID": .string(callID)])
    }
}

extension String {
    fileprivate func prefixed(_ count: Int) -> String { String(prefix(count)) }
}
