// SPDX-License-Identifier: Apache-2.0
// `$1` to `?1`: SQLite takes `$1` for a name and numbers names by their first appearance, which is not what we mean.
// Text inside quotes and comments is left alone.

/// Rewrites numbered placeholders for SQLite.
enum Placeholders {
    static func sqlite(_ sql: String) -> String {
        var scanner = Scanner(input: Array(sql.utf8))
        return String(decoding: scanner.rewritten(), as: UTF8.self)
    }

    private struct Scanner {
        let input: [UInt8]
        var position = 0
        var output: [UInt8] = []

        mutating func rewritten() -> [UInt8] {
            output.reserveCapacity(input.count)
            while position < input.count {
                switch input[position] {
                case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): copy(through: [input[position]])
                case UInt8(ascii: "["): copy(through: [UInt8(ascii: "]")])
                case UInt8(ascii: "-") where next == UInt8(ascii: "-"): copy(through: [UInt8(ascii: "\n")])
                case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
                    copyByte()
                    copy(through: Array("*/".utf8))
                case UInt8(ascii: "$") where isDigit(next) && !isIdentifier(output.last):
                    output.append(UInt8(ascii: "?"))
                    position += 1
                default: copyByte()
                }
            }
            return output
        }

        private var next: UInt8? { position + 1 < input.count ? input[position + 1] : nil }

        private mutating func copyByte() {
            output.append(input[position])
            position += 1
        }

        /// Copies the byte here and everything up to and including `end`. A doubled quote simply opens a new literal.
        private mutating func copy(through end: [UInt8]) {
            copyByte()
            while position < input.count {
                if input[position...].starts(with: end) {
                    for _ in end { copyByte() }
                    return
                }
                copyByte()
            }
        }

        private func isDigit(_ byte: UInt8?) -> Bool {
            guard let byte else { return false }
            return (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }

        /// Whether `byte` could be part of a name, in which `$` is an ordinary character.
        private func isIdentifier(_ byte: UInt8?) -> Bool {
            guard let byte else { return false }
            let letter = byte | 0x20
            return isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(letter)
                || byte == UInt8(ascii: "_") || byte == UInt8(ascii: "$") || byte >= 0x80
        }
    }
}
