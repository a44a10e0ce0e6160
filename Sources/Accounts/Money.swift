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
        var (whole, fraction) = micros.magnitude.quotientAndRemainder(dividingBy: 1_000_000)
        var places = 6
        while places > 0, fraction % 10 == 0 {
            fraction /= 10
            places -= 1
        }
        // Written from its end: a sign, fourteen digits and a point at the most.
        return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { buffer in
            var start = buffer.count
            func prepend(_ byte: UInt8) {
                start -= 1
                buffer[start] = byte
            }
            for _ in 0..<places {
                prepend(UInt8(ascii: "0") + UInt8(fraction % 10))
                fraction /= 10
            }
            if places > 0 { prepend(UInt8(ascii: ".")) }
            repeat {
                prepend(UInt8(ascii: "0") + UInt8(whole % 10))
                whole /= 10
            } while whole > 0
            if micros < 0 { prepend(UInt8(ascii: "-")) }
            return String(decoding: UnsafeBufferPointer(rebasing: buffer[start...]), as: UTF8.self)
        }
    }

    public static func < (left: Money, right: Money) -> Bool { left.micros < right.micros }
    public static func + (left: Money, right: Money) -> Money { Money(micros: left.micros + right.micros) }
    public static func - (left: Money, right: Money) -> Money { Money(micros: left.micros - right.micros) }
    public static func * (left: Money, count: Int) -> Money { Money(micros: left.micros * Int64(count)) }
}
