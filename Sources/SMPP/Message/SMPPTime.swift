// SPDX-License-Identifier: Apache-2.0
// The time format of schedule_delivery_time, validity_period and final_date (SMPP 3.4 §7.1.1): sixteen characters
// `YYMMDDhhmmsstnnp`, absolute with an offset from UTC (p is + or -) or relative (p is R).

/// A point in time or a span of time as SMPP writes it.
public enum SMPPTime: Hashable, Sendable {
    /// Milliseconds since 1970 (SMPP keeps tenths of a second) and the offset it is written in, in quarters of an hour
    /// from -48 to 48.
    case absolute(unixMilliseconds: Int64, quarterHours: Int)
    case relative(Relative)

    /// A span in calendar components, each 0 to 99.
    public struct Relative: Hashable, Sendable {
        public var years = 0
        public var months = 0
        public var days = 0
        public var hours = 0
        public var minutes = 0
        public var seconds = 0

        public init(
            years: Int = 0, months: Int = 0, days: Int = 0, hours: Int = 0, minutes: Int = 0, seconds: Int = 0
        ) {
            self.years = years
            self.months = months
            self.days = days
            self.hours = hours
            self.minutes = minutes
            self.seconds = seconds
        }

        /// A span of seconds; from 31 days on it is written in months of 30 days and years of 12 such months.
        public init(seconds total: Int64) {
            let total = min(max(total, 0), 99 * 360 * 86_400)
            let days = Int(total / 86_400)
            let rest = Int(total % 86_400)
            self.years = days < 31 ? 0 : days / 360
            self.months = days < 31 ? 0 : days % 360 / 30
            self.days = days < 31 ? days : days % 30
            self.hours = rest / 3600
            self.minutes = rest / 60 % 60
            self.seconds = rest % 60
        }

        /// The length, with months of 30 days and years of 12 such months.
        public var totalSeconds: Int64 {
            Int64(((years * 12 + months) * 30 + days) * 86_400 + hours * 3600 + minutes * 60 + seconds)
        }
    }

    /// A relative time.
    public static func after(seconds: Int64) -> SMPPTime { .relative(Relative(seconds: seconds)) }

    /// Reads the sixteen characters. Nil for anything else, the empty string included.
    public init?(_ text: String) {
        let octets = Array(text.utf8)
        guard octets.count == 16, let pairs = DigitPairs(octets[0..<12])?.values else { return nil }
        guard let tail = Self.number(octets[12..<15]) else { return nil }
        switch octets[15] {
        case UInt8(ascii: "R"):
            guard tail == 0 else { return nil }
            self = .relative(
                Relative(
                    years: pairs[0], months: pairs[1], days: pairs[2], hours: pairs[3], minutes: pairs[4],
                    seconds: pairs[5]))
        case UInt8(ascii: "+"), UInt8(ascii: "-"):
            guard let civil = CivilTime(digits: octets[0..<12]), tail % 100 <= 48 else { return nil }
            let quarterHours = octets[15] == UInt8(ascii: "-") ? -(tail % 100) : tail % 100
            let seconds = civil.unixSeconds - Int64(quarterHours) * 900
            self = .absolute(unixMilliseconds: seconds * 1000 + Int64(tail / 100) * 100, quarterHours: quarterHours)
        default:
            return nil
        }
    }

    /// The sixteen characters. An absolute time outside of 2000 to 2099 is clamped, since there are two digits of year.
    public var text: String {
        switch self {
        case .relative(let span):
            let parts = [span.years, span.months, span.days, span.hours, span.minutes, span.seconds]
            let digits = parts.map { min(max($0, 0), 99) }.flatMap { [UInt8($0 / 10), UInt8($0 % 10)] }
            return String(decoding: digits.map { $0 + 0x30 }, as: UTF8.self) + "000R"
        case .absolute(let milliseconds, let quarterHours):
            let offset = min(max(quarterHours, -48), 48)
            // The two digits are of the local year: the bounds hold after the offset is added.
            let (local, overflow) = (milliseconds / 100).addingReportingOverflow(Int64(offset) * 9000)
            let clamped = min(max(overflow ? milliseconds / 100 : local, Self.firstTenth), Self.lastTenth)
            let digits = CivilTime(unixSeconds: clamped / 10).digits(seconds: true)
            let tail = [UInt8(clamped % 10), UInt8(abs(offset) / 10), UInt8(abs(offset) % 10)].map { $0 + 0x30 }
            return String(decoding: digits + tail, as: UTF8.self) + (offset < 0 ? "-" : "+")
        }
    }

    /// When it is, in milliseconds since 1970, for a relative time counted from `now`.
    public func unixMilliseconds(now: Int64) -> Int64 {
        switch self {
        case .absolute(let milliseconds, _): milliseconds
        case .relative(let span): now + span.totalSeconds * 1000
        }
    }

    /// 2000-01-01 and the last tenth of 2099, in tenths of a second since 1970.
    private static let firstTenth: Int64 = 946_684_800 * 10
    private static let lastTenth: Int64 = 4_102_444_800 * 10 - 1

    private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
        digits.reduce(0 as Int?) { sum, digit in
            guard let sum, (0x30...0x39).contains(digit) else { return nil }
            return sum * 10 + Int(digit) - 0x30
        }
    }
}
