// SPDX-License-Identifier: Apache-2.0
// Days and seconds of the proleptic Gregorian calendar in plain integers: SMPP writes dates as digits, and a calendar
// library costs more than everything else about a PDU.

/// A date and time of day without a zone.
public struct CivilTime: Hashable, Sendable {
    public var year: Int
    public var month: Int
    public var day: Int
    public var hour: Int
    public var minute: Int
    public var second: Int

    /// Nil when a component is out of range, the day of a short month included.
    public init?(year: Int, month: Int, day: Int, hour: Int, minute: Int, second: Int = 0) {
        guard (1...9999).contains(year), (1...12).contains(month), (1...Self.days(in: month, year)).contains(day),
            (0...23).contains(hour), (0...59).contains(minute), (0...59).contains(second)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
        self.hour = hour
        self.minute = minute
        self.second = second
    }

    /// The civil time at a Unix time, in UTC.
    public init(unixSeconds: Int64) {
        let days = Int((unixSeconds >= 0 ? unixSeconds : unixSeconds - 86_399) / 86_400)
        let rest = Int(unixSeconds - Int64(days) * 86_400)
        // Days since 0000-03-01 in eras of 400 years, so that the leap day ends a year.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let marchMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * marchMonth + 2) / 5 + 1
        month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        hour = rest / 3600
        minute = rest / 60 % 60
        second = rest % 60
    }

    /// Seconds since 1970, the components taken as UTC.
    public var unixSeconds: Int64 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        let days = era * 146_097 + dayOfEra - 719_468
        return Int64(days) * 86_400 + Int64(hour * 3600 + minute * 60 + second)
    }

    static func days(in month: Int, _ year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// `YYMMDDhhmm`, with `ss` when wanted.
    func digits(seconds: Bool) -> [UInt8] {
        let parts = [year % 100, month, day, hour, minute] + (seconds ? [second] : [])
        return parts.flatMap { [0x30 + UInt8($0 / 10), 0x30 + UInt8($0 % 10)] }
    }

    /// Reads `YYMMDDhhmm` or `YYMMDDhhmmss` in this century, or `YYYYMMDDhhmm[ss]`. Nil for anything else.
    init?(digits: some Collection<UInt8>) {
        guard let pairs = DigitPairs(digits) else { return nil }
        switch pairs.values.count {
        case 5, 6: self.init(century: 20, pairs.values[...])
        case 7: self.init(century: pairs.values[0], pairs.values[1...])
        default: return nil
        }
    }

    private init?(century: Int, _ pairs: ArraySlice<Int>) {
        let parts = Array(pairs)
        self.init(
            year: century * 100 + parts[0], month: parts[1], day: parts[2], hour: parts[3], minute: parts[4],
            second: parts.count > 5 ? parts[5] : 0)
    }
}

/// ASCII digits two by two.
struct DigitPairs {
    var values: [Int] = []

    init?(_ digits: some Collection<UInt8>) {
        guard digits.count.isMultiple(of: 2), digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
        var tens: Int?
        for digit in digits {
            let value = Int(digit) - 0x30
            if let first = tens {
                values.append(first * 10 + value)
                tens = nil
            } else {
                tens = value
            }
        }
    }
}
