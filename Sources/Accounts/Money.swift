// SPDX-License-Identifier: Apache-2.0
// Amounts of money as whole millionths of a currency's unit, so that adding a hundred thousand prices is exact.

/// An amount in millionths of the unit of some currency; negative is a pay-out to the customer.
public struct Money: Sendable, Hashable, Comparable, CustomStringConvertible, Codable {
    public var micros: Int64

    public static let zero = Money(micros: 0)

    public init(micros: Int64) { self.micros = micros }

    /// Reads a plain decimal such as `0.0075` or `-3`: at most six decimals, no exponent.
    public init?(_ text: some StringProtocol) {
        let isNegative = text.hasPrefix("-")
        let halves = String(text).dropFirst(isNegative ? 1 : 0)
            .split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let whole = halves.first, !whole.isEmpty else { return nil }
        let fraction = halves.count == 2 ? halves[1] : ""
        let digits = whole + fraction
        guard fraction.utf8.count <= 6, halves.count == 1 || !fraction.isEmpty,
            digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }),
            let value = Int64(digits + String(repeating: "0", count: 6 - fraction.utf8.count))
        else { return nil }
        micros = isNegative ? -value : value
    }

    /// The shortest exact decimal: `0.0075`, `-3`.
    public var description: String {
        let (whole, rest) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        var text = (micros < 0 ? "-" : "") + String(whole)
        guard rest > 0 else { return text }
        var fraction = String(rest + 1_000_000).dropFirst()
        while fraction.hasSuffix("0") { fraction = fraction.dropLast() }
        text += "." + fraction
        return text
    }

    public static func < (left: Money, right: Money) -> Bool { left.micros < right.micros }
    public static func + (left: Money, right: Money) -> Money { Money(micros: left.micros + right.micros) }
    public static func - (left: Money, right: Money) -> Money { Money(micros: left.micros - right.micros) }
    public static func * (left: Money, count: Int) -> Money { Money(micros: left.micros * Int64(count)) }
}
