// SPDX-License-Identifier: Apache-2.0
// The generated tables of number prefixes, read: disjoint ranges of numbers in ascending order, each with the line of
// the table that it came from. A look-up is one binary search and allocates nothing but the name it answers with.

/// A table of lines "name<TAB>ranges", where a range is a prefix or two of one length with a hyphen ("49155-49157"),
/// and where "=49" names what holds for a country code as such. The ranges of a table do not overlap.
struct PrefixTable: Sendable {
    /// Numbers are compared by their first 15 digits, shorter ones filled up with zeros.
    private static let width = 15

    private struct Range {
        var low: UInt64
        var high: UInt64
        var name: Int
    }

    private let text: StaticString
    /// Where in the text the name of a line stands.
    private let names: [Swift.Range<Int>]
    private let ranges: [Range]
    private let countryCodes: [Int: Int]

    init(_ text: StaticString) {
        self.text = text
        var reader = Reader()
        text.withUTF8Buffer { bytes in
            for (index, byte) in bytes.enumerated() { reader.take(byte, at: index) }
            reader.take(UInt8(ascii: "\n"), at: bytes.count)
        }
        names = reader.names
        ranges = reader.ranges.sorted { $0.low < $1.low }
        countryCodes = reader.countryCodes
    }

    /// How many ranges the table holds.
    var count: Int { ranges.count }

    /// Whether no two ranges overlap, without which a look-up would miss.
    var isDisjoint: Bool { zip(ranges, ranges.dropFirst()).allSatisfy { $0.high < $1.low } }

    /// The name over a number's range; nil where the table has none.
    func name(of digits: String) -> String? {
        guard let key = Self.key(digits) else { return nil }
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].low <= key { low = middle + 1 } else { high = middle }
        }
        guard low > 0, key <= ranges[low - 1].high else { return nil }
        return name(at: ranges[low - 1].name)
    }

    /// The name that holds for a country code as such.
    func name(ofCountryCode code: Int) -> String? {
        countryCodes[code].map { name(at: $0) }
    }

    private func name(at index: Int) -> String {
        text.withUTF8Buffer { String(decoding: $0[names[index]], as: UTF8.self) }
    }

    private static func key(_ digits: String) -> UInt64? {
        var (value, count) = (UInt64(0), 0)
        for byte in digits.utf8.prefix(width) {
            guard (0x30...0x39).contains(byte) else { return nil }
            value = value * 10 + UInt64(byte - 0x30)
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in count..<width { value *= 10 }
        return value
    }

    /// Goes over the text once, byte by byte.
    private struct Reader {
        var names: [Swift.Range<Int>] = []
        var ranges: [Range] = []
        var countryCodes: [Int: Int] = [:]

        private var lineStart = 0
        private var inName = true
        private var isCountryCode = false
        private var first: (value: UInt64, digits: Int)?
        private var value: UInt64 = 0
        private var digits = 0

        mutating func take(_ byte: UInt8, at index: Int) {
            if inName {
                if byte == UInt8(ascii: "\t") {
                    names.append(lineStart..<index)
                    inName = false
                } else if byte == UInt8(ascii: "\n") {
                    lineStart = index + 1
                }
                return
            }
            switch byte {
            case 0x30...0x39:
                value = value * 10 + UInt64(byte - 0x30)
                digits += 1
            case UInt8(ascii: "="):
                isCountryCode = true
            case UInt8(ascii: "-"):
                first = (value, digits)
                (value, digits) = (0, 0)
            case UInt8(ascii: "\n"):
                endRange()
                lineStart = index + 1
                inName = true
            default:
                endRange()
            }
        }

        private mutating func endRange() {
            defer { (first, value, digits, isCountryCode) = (nil, 0, 0, false) }
            guard digits > 0, digits <= PrefixTable.width else { return }
            if isCountryCode {
                countryCodes[Int(value)] = names.count - 1
                return
            }
            let start = first ?? (value, digits)
            guard start.digits == digits else { return }
            let low = Self.fill(start.value, start.digits, with: 0)
            ranges.append(Range(low: low, high: Self.fill(value, digits, with: 9), name: names.count - 1))
        }

        private static func fill(_ value: UInt64, _ digits: Int, with digit: UInt64) -> UInt64 {
            var value = value
            for _ in digits..<PrefixTable.width { value = value * 10 + digit }
            return value
        }
    }
}
