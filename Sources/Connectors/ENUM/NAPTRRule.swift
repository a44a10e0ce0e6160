// SPDX-License-Identifier: Apache-2.0
// The regexp field of a NAPTR record (RFC 3402 §3.2): a POSIX extended regular expression and what its match becomes.
// The expression is a stranger's. The C library's matcher is fast on what numbers need, but can be made to take
// gigabytes and hours by others: `ExpressionCost` refuses those before it sees them.

#if canImport(Glibc)
    internal import Glibc
#else
    internal import Darwin
#endif

struct NAPTRRule {
    private enum Piece: Equatable {
        case text([UInt8])
        /// A group of the match, from 1.
        case group(Int)
    }

    static let longestResult = 1024

    private let expression: [UInt8]
    private let pieces: [Piece]
    private let ignoresCase: Bool

    /// Nil for a field that breaks the rules.
    init?(_ field: [UInt8]) {
        guard let delimiter = field.first, !(0x30...0x39).contains(delimiter), !field.contains(0),
            delimiter != UInt8(ascii: "i"), delimiter != UInt8(ascii: "\\"),
            let parts = Self.split(field.dropFirst(), at: delimiter), parts[2].allSatisfy({ $0 == UInt8(ascii: "i") })
        else { return nil }
        expression = Self.unescaped(parts[0], delimiter: delimiter)
        ignoresCase = !parts[2].isEmpty
        guard !expression.isEmpty, ExpressionCost(expression) != nil,
            let pieces = Self.pieces(of: parts[1], delimiter: delimiter)
        else { return nil }
        self.pieces = pieces
    }

    /// What a text that matches becomes; nil for one that does not, and when the expression is none.
    func apply(to text: String) -> [UInt8]? {
        let subject = Array(text.utf8)
        guard let groups = matches(in: subject) else { return nil }
        var result: [UInt8] = []
        for piece in pieces {
            switch piece {
            case .text(let bytes): result += bytes
            case .group(let number):
                guard number < groups.count else { return nil }
                if let range = groups[number] { result += subject[range] }
            }
            guard result.count <= Self.longestResult else { return nil }
        }
        return result
    }

    /// The whole match and the groups of the expression; a group that took no part is nil.
    private func matches(in subject: [UInt8]) -> [Range<Int>?]? {
        var compiled = regex_t()
        let flags = REG_EXTENDED | (ignoresCase ? REG_ICASE : 0)
        let pattern = expression.map { CChar(bitPattern: $0) } + [0]
        guard regcomp(&compiled, pattern, flags) == 0 else { return nil }
        defer { regfree(&compiled) }
        var found = Array(repeating: regmatch_t(), count: compiled.re_nsub + 1)
        let text = subject.map { CChar(bitPattern: $0) } + [0]
        guard regexec(&compiled, text, found.count, &found, 0) == 0 else { return nil }
        return found.map { $0.rm_so < 0 ? nil : Int($0.rm_so)..<Int($0.rm_eo) }
    }

    /// The three parts of what follows the first delimiter. One behind a backslash does not count.
    private static func split(_ bytes: ArraySlice<UInt8>, at delimiter: UInt8) -> [[UInt8]]? {
        var parts: [[UInt8]] = [[]]
        var isEscaped = false
        for byte in bytes {
            if byte == delimiter, !isEscaped {
                parts.append([])
                continue
            }
            parts[parts.count - 1].append(byte)
            isEscaped = byte == UInt8(ascii: "\\") && !isEscaped
        }
        return parts.count == 3 ? parts : nil
    }

    /// The expression with escaped delimiters as themselves, but for those that mean something else without their
    /// backslash.
    private static func unescaped(_ bytes: [UInt8], delimiter: UInt8) -> [UInt8] {
        guard !".[]()*+?{}|^$".utf8.contains(delimiter) else { return bytes }
        var result: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\"), let next = rest.popFirst() else {
                result.append(byte)
                continue
            }
            result += next == delimiter ? [next] : [byte, next]
        }
        return result
    }

    private static func pieces(of bytes: [UInt8], delimiter: UInt8) -> [Piece]? {
        var pieces: [Piece] = []
        var text: [UInt8] = []
        var rest = bytes[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            switch rest.popFirst() {
            case let digit? where (0x31...0x39).contains(digit):
                pieces += [.text(text), .group(Int(digit - 0x30))]
                text = []
            case let next? where next == delimiter || next == UInt8(ascii: "\\"): text.append(next)
            default: return nil
            }
        }
        return pieces + [.text(text)]
    }
}
