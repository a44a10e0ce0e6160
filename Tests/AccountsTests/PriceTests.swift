// SPDX-License-Identifier: Apache-2.0
// Looking prices up.

import Accounts
import Testing

struct PriceTests {
    private static func price(
        _ id: Int64, _ prefix: String, company: CompanyID? = nil, from: Int64 = 0,
        _ direction: Price.Direction = .outbound
    ) -> Price {
        Price(
            id: id, companyID: company, direction: direction, prefix: prefix, mcc: "262", mnc: "01", ttid: "1",
            currency: "EUR", amount: Money(micros: id), effectiveFrom: from)
    }

    private let table = PriceTable([
        price(1, "49"), price(2, "491"), price(3, "49", company: 7), price(4, "4917", from: 1000),
        price(5, "4917", from: 2000), price(6, "", .inbound), price(7, "44"), price(8, "49170", company: 8),
    ])

    @Test(arguments: [
        ("4930123", CompanyID(1), Int64(0), Int64(1)), ("4930123", 7, 0, 3), ("491601234", 1, 0, 2),
        ("491601234", 7, 0, 2), ("491701234", 1, 999, 2), ("491701234", 1, 1000, 4), ("491701234", 1, 2000, 5),
        ("491701234", 8, 0, 8), ("491701234", 9, 5000, 5), ("44", 1, 0, 7), ("49", 1, 0, 1),
    ])
    func `the longest prefix, then the company's own, then the latest row counts`(
        _ number: String, _ company: CompanyID, _ now: Int64, _ id: Int64
    ) {
        #expect(table.price(for: number, direction: .outbound, companyID: company, now: now)?.id == id)
    }

    @Test(arguments: ["1", "4", "", "33", "94"])
    func `a number without a row has no price`(_ number: String) {
        #expect(table.price(for: number, direction: .outbound, companyID: 1, now: 0) == nil)
    }

    @Test
    func `directions have prices of their own, and an empty prefix fits every number`() {
        #expect(table.price(for: "33", direction: .inbound, companyID: 1, now: 0)?.id == 6)
        #expect(table.price(for: "", direction: .inbound, companyID: 1, now: 0)?.id == 6)
        #expect(PriceTable().price(for: "49", direction: .outbound, companyID: 1, now: 0) == nil)
    }
}
