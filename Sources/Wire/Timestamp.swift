// SPDX-License-Identifier: Apache-2.0
// Instants as the wire shows them. Parley keeps every time as milliseconds since 1970 in UTC and turns it into
// RFC 3339 text by arithmetic: a formatter object costs five hundred times as much.

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// Milliseconds since 1970-01-01T00:00:00Z.
public typealias Milliseconds = Int64

public enum Timestamp {
    /// The system's wall clock.
    public static func now() -> Milliseconds {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    // The years 0000 to 9999, which are all that four digits can show.
    private static let first: Milliseconds = -62_167_219_200_000
    private static let last: Milliseconds = 253_402_300_799_999

    /// `2026-01-31T08:05:09Z`, or with `.123` before the `Z` where milliseconds are asked for.
    /// An instant outside of the years 0000 to 9999 is shown as the nearest inside.
    public static func rfc3339(_ instant: Milliseconds, milliseconds: Bool = false) -> String {
        let instant = min(max(instant, first), last)
        var text = digits(of: instant, separators: (UInt8(ascii: "-"), UInt8(ascii: "T"), UInt8(ascii: ":")))
        if milliseconds {
            let rest = Int(((instant % 1000) + 1000) % 1000)
            text.append(UInt8(ascii: "."))
            append(rest, width: 3, to: &text)
        }
        text.append(UInt8(ascii: "Z"))
        return String(decoding: text, as: UTF8.self)
    }

    /// The date of HTTP headers, `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 §5.6.7), with the bounds of `rfc3339`.
    public static func httpDate(_ instant: Milliseconds) -> String {
        let (date, clock) = min(max(instant, first), last).flooredDivision(by: 86_400_000)
        let civil = CivilDate(daysSince1970: date)
        // 1970-01-01 was a Thursday.
        let weekday = Int((date % 7 + 7 + 4) % 7)
        var text = Array("\(weekdays[weekday]), ".utf8)
        append(civil.day, width: 2, to: &text)
        text.append(contentsOf: " \(months[civil.month - 1]) ".utf8)
        append(civil.year, width: 4, to: &text)
        text.append(UInt8(ascii: " "))
        let seconds = Int(clock / 1000)
        append(seconds / 3600, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        append(seconds / 60 % 60, width: 2, to: &text)
        text.append(UInt8(ascii: ":"))
        append(seconds % 60, width: 2, to: &text)
        return String(decoding: text, as: UTF8.self) + " GMT"
    }

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    private static func digits(of instant: Milliseconds, separators: (UInt8, UInt8, UInt8)) -> [UInt8] {
        let (date, clock) = instant.flooredDivision(by: 86_400_000)
        let civil = CivilDate(daysSince1970: date)
        var text: [UInt8] = []
        text.reserveCapacity(24)
        append(civil.year, width: 4, to: &text)
        text.append(separators.0)
        append(civil.month, width: 2, to: &text)
        text.append(separators.0)
        append(civil.day, width: 2, to: &text)
        text.append(separators.1)
        let seconds = Int(clock / 1000)
        append(seconds / 3600, width: 2, to: &text)
        text.append(separators.2)
        append(seconds / 60 % 60, width: 2, to: &text)
        text.append(separators.2)
        append(seconds % 60, width: 2, to: &text)
        return text
    }

    private static func append(_ value: Int, width: Int, to text: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            text.append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// Reads ISO 8601: `2026-01-31T08:05[:09[.123]]`, then `Z`, `±hh`, `±hh:mm`, `±hhmm` or nothing (UTC).
    ///
    /// A dash after the `T` (`…-31T-08:05:09`), which the SMS API's text shows, is read over. Nil for anything that is
    /// no date of the calendar.
    public static func parse(_ text: some StringProtocol) -> Milliseconds? {
        var reader = DigitReader(text: Array(text.utf8))
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2), reader.take("T") || reader.take("t") || reader.take(" ")
        else { return nil }
        _ = reader.take("-")
        guard let hour = reader.number(2), reader.take(":"), let minute = reader.number(2) else { return nil }
        var second = 0
        var fraction = 0
        if reader.take(":") {
            guard let value = reader.number(2) else { return nil }
            second = value
            if reader.take(".") || reader.take(",") {
                guard let value = reader.fraction() else { return nil }
                fraction = value
            }
        }
        guard let offset = reader.offset(), reader.isAtEnd else { return nil }
        guard let days = CivilDate(year: year, month: month, day: day)?.daysSince1970,
            hour < 24, minute < 60, second <= 60
        else { return nil }
        let seconds = days * 86_400 + Int64(hour * 3600 + minute * 60 + second) - Int64(offset * 60)
        return seconds * 1000 + Int64(fraction)
    }
}

/// A day of the proleptic Gregorian calendar (algorithms after Howard Hinnant's `days_from_civil`).
struct CivilDate {
    let year: Int
    let month: Int
    let day: Int

    init(daysSince1970: Int64) {
        let shifted = daysSince1970 + 719_468
        let (era, dayOfEra) = shifted.flooredDivision(by: 146_097)
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = Int(yearOfEra + era * 400) + (month <= 2 ? 1 : 0)
    }

    init?(year: Int, month: Int, day: Int) {
        guard (1...12).contains(month), day >= 1 else { return nil }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        guard day <= lengths[month - 1] else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    var daysSince1970: Int64 {
        let shiftedYear = Int64(month <= 2 ? year - 1 : year)
        let (era, yearOfEra) = shiftedYear.flooredDivision(by: 400)
        let dayOfYear = Int64((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1)
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }
}

private struct DigitReader {
    let text: [UInt8]
    var position = 0

    init(text: [UInt8]) { self.text = text }

    var isAtEnd: Bool { position == text.count }

    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard position < text.count, text[position] == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func number(_ width: Int) -> Int? {
        guard position + width <= text.count else { return nil }
        var value = 0
        for byte in text[position..<position + width] {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        position += width
        return value
    }

    /// Digits after the decimal point, as milliseconds; what is finer is cut off.
    mutating func fraction() -> Int? {
        var value = 0
        var count = 0
        while let digit = number(1) {
            if count < 3 { value = value * 10 + digit }
            count += 1
        }
        guard count > 0 else { return nil }
        for _ in min(count, 3)..<3 { value *= 10 }
        return value
    }

    /// Minutes east of UTC. A space stands for the `+` of a badly encoded query.
    mutating func offset() -> Int? {
        if isAtEnd || take("Z") || take("z") { return 0 }
        let sign: Int
        if take("+") || take(" ") { sign = 1 } else if take("-") { sign = -1 } else { return nil }
        guard let hours = number(2), hours < 24 else { return nil }
        let hasColon = take(":")
        if isAtEnd && !hasColon { return sign * hours * 60 }
        guard let minutes = number(2), minutes < 60 else { return nil }
        return sign * (hours * 60 + minutes)
    }
}

extension Int64 {
    /// Quotient and remainder of division towards negative infinity.
    func flooredDivision(by divisor: Int64) -> (Int64, Int64) {
        let quotient = self >= 0 ? self / divisor : (self - divisor + 1) / divisor
        return (quotient, self - quotient * divisor)
    }
}
