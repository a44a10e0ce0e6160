// SPDX-License-Identifier: Apache-2.0
// `application/x-www-form-urlencoded` text, which is also what queries are written in, to and from names and values.

internal import Wire

enum FormText {
    /// The fields in their order; nil when an escape is broken or the octets are not UTF-8. `+` is a space.
    static func fields(of text: some Sequence<UInt8>) -> [(name: String, value: String)]? {
        var fields: [(name: String, value: String)] = []
        for field in Array(text).split(separator: UInt8(ascii: "&")) {
            let halves = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = decoded(halves[0]), let value = halves.count == 2 ? decoded(halves[1]) : "" else {
                return nil
            }
            fields.append((name, value))
        }
        return fields
    }

    /// A segment of a path without its escapes; nil when one is broken or the octets are not UTF-8. `+` is itself.
    static func segment(_ text: String) -> String? { decoded(Array(text.utf8)[...], plusIsSpace: false) }

    private static func decoded(_ text: ArraySlice<UInt8>, plusIsSpace: Bool = true) -> String? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.count)
        var position = text.startIndex
        while position < text.endIndex {
            let byte = text[position]
            position += 1
            switch byte {
            case UInt8(ascii: "+") where plusIsSpace: octets.append(UInt8(ascii: " "))
            case UInt8(ascii: "%"):
                guard position + 2 <= text.endIndex, let high = Hex.value(of: text[position]),
                    let low = Hex.value(of: text[position + 1])
                else { return nil }
                octets.append(high << 4 | low)
                position += 2
            default: octets.append(byte)
            }
        }
        return String(validating: octets, as: UTF8.self)
    }

    /// The text with everything but the unreserved characters of RFC 3986 §2.3 escaped.
    static func encoded(_ text: String) -> String {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            if isUnreserved(byte) {
                octets.append(byte)
            } else {
                octets += [UInt8(ascii: "%"), upperHex[Int(byte >> 4)], upperHex[Int(byte & 15)]]
            }
        }
        return String(decoding: octets, as: UTF8.self)
    }

    /// The URL with fields added to its query; what the query holds already stays, and a fragment stays at the end.
    static func url(_ url: String, adding fields: [(name: String, value: String?)]) -> String {
        let query = fields.compactMap { field in field.value.map { "\(field.name)=\(encoded($0))" } }
            .joined(separator: "&")
        // Octets, not characters: a mark that an accent follows is a mark to whoever reads the URL.
        let fragmentStart = url.utf8.firstIndex(of: UInt8(ascii: "#")) ?? url.endIndex
        let base = url[..<fragmentStart]
        // Only the first question mark begins the query; a further one belongs to a value.
        let present = base.utf8.firstIndex(of: UInt8(ascii: "?")).map { base.utf8[base.utf8.index(after: $0)...] }
        let separator = present.map { $0.isEmpty || $0.last == UInt8(ascii: "&") ? "" : "&" } ?? "?"
        return base + separator + query + url[fragmentStart...]
    }

    private static let upperHex = Array("0123456789ABCDEF".utf8)

    private static func isUnreserved(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
            UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

extension String {
    /// The path of a request target: what stands before `?`.
    var pathText: Substring {
        guard let mark = utf8.firstIndex(of: UInt8(ascii: "?")) else { return self[...] }
        return self[..<mark]
    }

    /// The query of a request target: what stands between `?` and the end or `#`.
    var queryText: Substring.UTF8View? {
        guard let mark = utf8.firstIndex(of: UInt8(ascii: "?")) else { return nil }
        return utf8[utf8.index(after: mark)...].prefix { $0 != UInt8(ascii: "#") }
    }
}
