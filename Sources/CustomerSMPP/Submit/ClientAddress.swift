// SPDX-License-Identifier: Apache-2.0
// Addresses as clients write them, and as messages have them: digits of an international number, or a name.

internal import SMPP
internal import SMSText

enum ClientAddress {
    /// Digits of an international number (E.164).
    private static let numberLengths = 7...15
    /// Digits of a sender, short codes included.
    private static let senderLengths = 3...15
    private static let nameLengths = 1...11

    /// The digits of a recipient, whatever its type of number says; nil when it is no international number.
    static func recipient(_ address: Address) -> String? {
        guard let digits = digits(of: address.value), numberLengths.contains(digits.utf8.count), !digits.hasPrefix("0")
        else { return nil }
        return digits
    }

    /// A sender: digits, or a name of printable GSM-7 characters.
    static func sender(_ address: Address) -> String? {
        if let digits = digits(of: address.value) {
            return senderLengths.contains(digits.utf8.count) ? digits : nil
        }
        let name = address.value.unicodeScalars
        let isPrintable = name.allSatisfy { $0.value >= 0x20 && GSM7Alphabet.standard.code(for: $0) != nil }
        return isPrintable && nameLengths.contains(name.count) ? address.value : nil
    }

    private static func digits(of text: String) -> String? {
        var rest = text[...]
        if rest.hasPrefix("+") {
            rest = rest.dropFirst()
        } else if rest.hasPrefix("00") {
            rest = rest.dropFirst(2)
        }
        guard !rest.isEmpty, rest.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            return nil
        }
        return String(rest)
    }
}
