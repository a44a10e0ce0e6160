// SPDX-License-Identifier: Apache-2.0
// Instants as text.

import Testing
import Wire

struct TimestampTests {
    @Test(arguments: [
        (Int64(0), "1970-01-01T00:00:00Z"), (1_768_478_400_000, "2026-01-15T12:00:00Z"),
        (951_827_696_000, "2000-02-29T12:34:56Z"), (1_709_251_199_999, "2024-02-29T23:59:59Z"),
        (4_107_542_400_000, "2100-03-01T00:00:00Z"), (-1, "1969-12-31T23:59:59Z"),
        (-62_167_219_200_000, "0000-01-01T00:00:00Z"), (253_402_300_799_999, "9999-12-31T23:59:59Z"),
    ])
    func `an instant is written in UTC and read back`(_ instant: Int64, _ text: String) {
        #expect(Timestamp.rfc3339(instant) == text)
        #expect(Timestamp.parse(text) == instant.flooredToSecond)
        let fine = Timestamp.rfc3339(instant, milliseconds: true)
        #expect(Timestamp.parse(fine) == instant)
        #expect(fine.count == 24)
    }

    @Test(arguments: [
        (Int64(784_111_777_000), "Sun, 06 Nov 1994 08:49:37 GMT"), (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        (1_709_251_199_999, "Thu, 29 Feb 2024 23:59:59 GMT"), (-1, "Wed, 31 Dec 1969 23:59:59 GMT"),
        (Int64.max, "Fri, 31 Dec 9999 23:59:59 GMT"),
    ])
    func `an instant is written as HTTP headers show it`(_ instant: Int64, _ text: String) {
        #expect(Timestamp.httpDate(instant) == text)
    }

    @Test(arguments: [
        (Int64.min, "0000-01-01T00:00:00.000Z"), (Int64.max, "9999-12-31T23:59:59.999Z"),
        (-62_167_219_200_001, "0000-01-01T00:00:00.000Z"), (253_402_300_800_000, "9999-12-31T23:59:59.999Z"),
    ])
    func `what four digits cannot show is shown as the nearest they can`(_ instant: Int64, _ text: String) {
        #expect(Timestamp.rfc3339(instant, milliseconds: true) == text)
        #expect(Timestamp.rfc3339(instant).count == 20)
    }

    @Test(arguments: [
        ("2026-01-15T12:00:00Z", Int64(0)), ("2026-01-15t12:00:00z", 0), ("2026-01-15 12:00:00", 0),
        ("2026-01-15T12:00", 0), ("2026-01-15T12:00Z", 0), ("2026-01-15T12:00:00", 0),
        ("2026-01-15T13:00:00+01:00", 0), ("2026-01-15T13:00:00+0100", 0), ("2026-01-15T13:00:00+01", 0),
        ("2026-01-15T06:30:00-05:30", 0), ("2026-01-15T13:00:00 01:00", 0), ("2026-01-15T-12:00:00Z", 0),
        ("2026-01-15T12:00:00.5Z", 500), ("2026-01-15T12:00:00,25Z", 250), ("2026-01-15T12:00:00.123456789Z", 123),
        ("2026-01-16T00:00:00+12:00", 0), ("2026-01-15T12:00:00.000-00:00", 0), ("2026-01-15T11:59:60Z", 0),
        ("2026-01-14T22:00:00-14:00", 0),
    ])
    func `every usual form is read`(_ text: String, _ milliseconds: Int64) {
        #expect(Timestamp.parse(text) == 1_768_478_400_000 + milliseconds)
    }

    @Test(arguments: [
        "", "2026", "2026-01-15", "2026-01-15T", "2026-01-15T12", "2026-1-15T12:00", "26-01-15T12:00:00Z",
        "2026-00-15T12:00", "2026-13-15T12:00", "2026-01-00T12:00", "2026-01-32T12:00", "2026-02-29T12:00",
        "2100-02-29T12:00", "2026-04-31T12:00", "2026-01-15T24:00:00Z", "2026-01-15T12:60:00Z",
        "2026-01-15T12:00:61Z", "2026-01-15T12:00:00.Z", "2026-01-15T12:00:00ZZ", "2026-01-15T12:00:00+",
        "2026-01-15T12:00:00+1", "2026-01-15T12:00:00+24:00", "2026-01-15T12:00:00+01:60", "2026-01-15T12:00:00+01:",
        "2026-01-15T12:00:00+01:0", "2026-01-15T--12:00:00Z", "2026-01-15T12:00:00 UTC", "+2026-01-15T12:00:00Z",
        "2026/01/15T12:00:00Z", "٢٠٢٦-01-15T12:00:00Z", " 2026-01-15T12:00:00Z",
    ])
    func `what is no instant of the calendar is refused`(_ text: String) {
        #expect(Timestamp.parse(text) == nil)
    }

    @Test
    func `every day of four hundred years comes back`() {
        var day: Int64 = -62_167_219_200_000
        var wrong = 0
        for _ in 0..<146_097 * 2 {
            if Timestamp.parse(Timestamp.rfc3339(day)) != day { wrong += 1 }
            day += 86_400_000 * 12 + 3_661_000
        }
        #expect(wrong == 0)
    }

    @Test
    func `random text is read or refused, and what is read can be written`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<20_000 {
            var bytes = Array("2026-01-15T12:00:00.123+01:00".utf8)
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let index = Int.random(in: 0..<bytes.count, using: &generator)
                bytes[index] = Array("0123456789-+:.TZ ,\0é".utf8).randomElement(using: &generator) ?? 0
            }
            let text = String(decoding: bytes.prefix(Int.random(in: 0...29, using: &generator)), as: UTF8.self)
            if let instant = Timestamp.parse(text) { #expect(Timestamp.rfc3339(instant).count == 20) }
        }
    }
}

extension Int64 {
    fileprivate var flooredToSecond: Int64 { self - ((self % 1000) + 1000) % 1000 }
}
