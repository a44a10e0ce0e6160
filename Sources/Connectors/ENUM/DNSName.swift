// SPDX-License-Identifier: Apache-2.0
// A domain name (RFC 1035 §3.1): what stands in DNS messages may be any bytes, what Parley asks for is letters, digits,
// hyphens and underscores only.

/// A domain name, in lower case since DNS compares without case (RFC 4343).
struct DNSName: Hashable, Sendable {
    static let longestLabel = 63
    /// With the lengths of its labels and the root's.
    static let longest = 255

    let labels: [[UInt8]]

    init(labels: [[UInt8]]) {
        self.labels = labels.map { $0.map { (0x41...0x5A).contains($0) ? $0 | 0x20 : $0 } }
    }

    /// A name that can be asked for; nil for anything else. A dot at its end changes nothing.
    init?(_ text: String) {
        let text = text.hasSuffix(".") ? text.dropLast() : text[...]
        self.init(labels: text.split(separator: ".", omittingEmptySubsequences: false).map { Array($0.utf8) })
        guard isAskable else { return nil }
    }

    /// Under which ENUM keeps a number: its digits backwards, each a label (RFC 6116 §3.2).
    init?(enumNumber digits: String, under suffix: DNSName) {
        self.init(labels: digits.utf8.reversed().map { [$0] } + suffix.labels)
        guard isAskable else { return nil }
    }

    /// Whether it is a name that hosts and services have, so that nobody reads it as something else.
    var isAskable: Bool {
        let isPlain = labels.allSatisfy { label in
            (1...Self.longestLabel).contains(label.count)
                && label.allSatisfy { byte in
                    switch byte {
                    case 0x30...0x39, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
                    default: false
                    }
                }
        }
        return !labels.isEmpty && isPlain && labels.reduce(1) { $0 + $1.count + 1 } <= Self.longest
    }

    /// Its labels with dots between them; other bytes than ASCII's are replaced.
    var text: String { labels.map { String(decoding: $0, as: UTF8.self) }.joined(separator: ".") }
}
