// SPDX-License-Identifier: Apache-2.0
// The prefixes under which a number is watched: its country's calling code, then one digit more each, down to blocks of
// a thousand numbers. Invariant: at most eight, each the beginning of the next.

/// The prefixes of an international number.
public struct NumberPrefixes: Sendable, Equatable {
    /// How many prefixes of a number are looked at.
    public static let limit = 8
    /// A prefix leaves at least this many digits open: below a thousand numbers there is nothing to learn.
    static let openDigits = 3

    /// From the calling code to the longest; empty for what is no international number.
    public let all: [String]
    /// The digits of the whole number.
    let length: Int

    /// - Parameter number: digits only, beginning with the calling code (E.164 without `+`)
    public init(_ number: some StringProtocol) {
        let digits = Array(number.utf8)
        length = digits.count
        guard digits.count <= 15, digits.first != UInt8(ascii: "0"),
            digits.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) })
        else {
            all = []
            return
        }
        let first = Self.callingCodeLength(digits)
        let last = min(first + Self.limit - 1, digits.count - Self.openDigits)
        all = first <= last ? (first...last).map { String(decoding: digits[..<$0], as: UTF8.self) } : []
    }

    /// How many digits a prefix leaves open.
    func openDigits(of prefix: String) -> Int { length - prefix.utf8.count }

    /// The length of an assigned calling code (ITU-T E.164 Annex): one digit in zones 1 and 7, two where the list
    /// says so, three everywhere else.
    private static func callingCodeLength(_ digits: [UInt8]) -> Int {
        guard digits.count >= 2 else { return digits.count }
        switch (digits[0] - UInt8(ascii: "0"), digits[1] - UInt8(ascii: "0")) {
        case (1, _), (7, _): return 1
        case (2, 0), (2, 7), (3, 0...4), (3, 6), (3, 9), (4, 0), (4, 1), (4, 3...9), (5, 1...8), (6, 0...6), (8, 1),
            (8, 2), (8, 4), (8, 6), (9, 0...5), (9, 8):
            return 2
        default: return 3
        }
    }
}
