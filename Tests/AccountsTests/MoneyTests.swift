// SPDX-License-Identifier: Apache-2.0
// Amounts of money as text and as numbers.

import Accounts
import Testing

struct MoneyTests {
    @Test(arguments: [
        ("0", 0), ("0.0075", 7500), ("-3", -3_000_000), ("-0.000001", -1), ("12.5", 12_500_000),
        ("000.10", 100_000), ("9223372036854.775807", Int64.max),
    ])
    func `a decimal is read exactly`(_ text: String, _ micros: Int64) {
        #expect(Money(text)?.micros == micros)
    }

    @Test(arguments: [
        "", "-", ".", "1.", ".5", "1.2.3", "1e3", "+1", " 1", "1,5", "0.0000001", "--1", "9223372036854.775808", "١",
    ])
    func `what is no plain decimal is refused`(_ text: String) {
        #expect(Money(text) == nil)
    }

    @Test(arguments: ["0", "0.0075", "-3", "-0.000001", "12.5", "1000000"])
    func `an amount is written as the shortest decimal and read back`(_ text: String) {
        #expect(Money(text)?.description == text)
    }

    @Test
    func `sums and products are exact`() {
        let price = Money(micros: 7500)
        #expect(price * 100_000 == Money(micros: 750_000_000))
        #expect(price + price - price == price)
        #expect(Money.zero - price < Money.zero)
        #expect(Money(micros: .min).description == "-9223372036854.775808")
    }
}
