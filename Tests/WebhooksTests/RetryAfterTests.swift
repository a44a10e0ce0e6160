// SPDX-License-Identifier: Apache-2.0

// `Retry-After` in all its forms, and mutated into none of them.

import Testing

@testable import Webhooks

@Suite("Retry-After")
struct RetryAfterTests {
    @Test(
        arguments: [
            ("0", 0), ("120", 120_000), (" 5", 5000), ("Sun, 06 Nov 1994 08:49:37 GMT", 37_000),
            ("Sunday, 06-Nov-94 08:49:37 GMT", 37_000), ("Sun Nov  6 08:49:37 1994", 37_000),
            ("Sun, 06 Nov 1994 08:48:00 GMT", 0), ("Mon, 07 Nov 1994 08:49:00 GMT", 86_400_000), ("", nil), ("-1", nil),
            ("1.5", nil), ("99999999999", nil), ("soon", nil), ("Sun, 06 Nov 1994 08:49:37", nil),
            ("Sun, 06 Nov 1994 25:49:37 GMT", nil), ("Sun, 32 Nov 1994 08:49:37 GMT", nil),
            ("Sun, 06 Foo 1994 08:49:37 GMT", nil), ("Sun, 06 Nov 1994 08:49 GMT", nil),
        ] as [(String, Int64?)])
    func `seconds and dates are read`(value: String, delay: Int64?) {
        #expect(RetryAfterHeader.delay(value, date: "Sun, 06 Nov 1994 08:49:00 GMT", now: 0) == delay)
        // Without a Date, or with one that cannot be read, the own clock counts.
        #expect(RetryAfterHeader.delay(value, date: "x", now: 784_111_740_000) == delay)
    }

    @Test func `dates far and near come out right`() {
        #expect(RetryAfterHeader.seconds(httpDate: "Thu, 01 Jan 1970 00:00:00 GMT") == 0)
        #expect(RetryAfterHeader.seconds(httpDate: "Tue, 29 Feb 2000 12:00:00 GMT") == 951_825_600)
        #expect(RetryAfterHeader.seconds(httpDate: "Fri, 31 Dec 9999 23:59:59 GMT") == 253_402_300_799)
        #expect(RetryAfterHeader.seconds(httpDate: "Wed, 31 Dec 1969 23:59:59 GMT") == nil)
    }

    @Test func `no mutation of a header value crashes`() {
        let seeds = [
            "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "120",
        ]
        var generator = SeededGenerator(seed: 21)
        for round in 0..<5000 {
            var bytes = Array(seeds[round % seeds.count].utf8)
            for _ in 0..<3 {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let text = String(decoding: bytes, as: UTF8.self)
            if let delay = RetryAfterHeader.delay(text, date: text, now: 0) { #expect(delay >= 0) }
        }
    }
}
