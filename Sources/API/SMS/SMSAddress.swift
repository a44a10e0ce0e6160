// SPDX-License-Identifier: Apache-2.0
// Phone numbers and sender names as customers write them, as they are stored (digits, or the name), and as the SMS API
// shows them.

internal import SMSText

enum SMSAddress {
    /// Digits of an international number (E.164).
    static let numberLengths = 7...15
    /// Digits of a sender, short codes included.
    static let senderNumberLengths = 3...15
    static let nameLengths = 1...11

    /// The digits of a recipient: `+49…`, `0049…`, `49…`, with white space where a `+` was decoded, and with spaces,
    /// dashes, dots, slashes or parentheses between them. Nil when it is no international number: none begins with 0.
    static func recipient(_ text: String) -> String? {
        guard let digits = number(text, lengths: numberLengths), !digits.hasPrefix("0") else { return nil }
        return digits
    }

    /// The digits of a number of one of the lengths, written as a recipient may be; nil for any other text.
    static func number(_ text: String, lengths: ClosedRange<Int>) -> String? {
        digits(of: text).flatMap { lengths.contains($0.utf8.count) ? $0 : nil }
    }

    /// A sender as it is stored: digits, or an alphanumeric name of printable GSM-7 characters. A text of nothing but
    /// what numbers are written with is never a name.
    static func sender(_ text: String) -> String? {
        if senderNumberLengths.contains(text.utf8.count), text.utf8.allSatisfy(isDigit), !text.hasPrefix("00") {
            return text
        }
        let scalars = text.unicodeScalars
        guard !scalars.allSatisfy({ $0 == "+" || ("0"..."9").contains($0) || isSeparator($0) }) else {
            return number(text, lengths: senderNumberLengths)
        }
        let isPrintable = scalars.allSatisfy { $0.value >= 0x20 && GSM7Alphabet.standard.code(for: $0) != nil }
        return isPrintable && nameLengths.contains(scalars.count) ? text : nil
    }

    /// A stored address as the API shows it: international numbers with `+`; names and short codes as they are.
    static func shown(_ address: String) -> String {
        let isNumber = numberLengths.contains(address.utf8.count) && address.utf8.allSatisfy(isDigit)
        return isNumber ? "+" + address : address
    }

    /// The digits of a text that holds nothing but a number and what people put between its digits; nil for another
    /// text. An international prefix, `+` or `00`, is left out.
    private static func digits(of text: String) -> String? {
        if text.utf8.allSatisfy(isDigit), !text.hasPrefix("00") { return text }
        var rest = Substring(text).drop(while: \.isWhitespace)
        let hasPlus = rest.hasPrefix("+")
        if hasPlus { rest = rest.dropFirst() }
        var digits = ""
        for scalar in rest.unicodeScalars {
            if ("0"..."9").contains(scalar) {
                digits.unicodeScalars.append(scalar)
            } else if !isSeparator(scalar) {
                return nil
            }
        }
        if !hasPlus, digits.hasPrefix("00") { digits = String(digits.dropFirst(2)) }
        return digits
    }

    /// What people put between the digits of a number.
    private static func isSeparator(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case "-", ".", "/", "(", ")": true
        default: scalar.properties.isWhitespace
        }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
}
