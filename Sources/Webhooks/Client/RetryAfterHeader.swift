// SPDX-License-Identifier: Apache-2.0

// `Retry-After` (RFC 9110 §10.2.3): seconds or an HTTP date in any of its three forms (§5.6.7). What cannot be read
// counts as absent.

enum RetryAfterHeader {
    /// The delay in milliseconds, never negative. A date counts from the answer's own `Date`, where it can be read, so
    /// that the endpoint's clock may be wrong; else from `now` (milliseconds since 1970).
    static func delay(_ value: String, date: String?, now: Int64) -> Int64? {
        let text = value.utf8.drop { $0 == 0x20 || $0 == 0x09 }
        if let first = text.first, isDigit(first) {
            guard text.count <= 10, text.allSatisfy(isDigit), let seconds = Int64(Substring(text)) else { return nil }
            return seconds * 1000
        }
        guard let until = seconds(httpDate: value) else { return nil }
        let from = date.flatMap(seconds(httpDate:)).map { $0 * 1000 } ?? now
        return max(0, until * 1000 - from)
    }

    /// Seconds since 1970 of an HTTP date; the name of the weekday is not checked.
    static func seconds(httpDate text: String) -> Int64? {
        let separators: Set<UInt8> = [0x20, UInt8(ascii: ","), UInt8(ascii: "-")]
        guard text.utf8.count <= 40 else { return nil }
        let words = text.utf8.split { separators.contains($0) }.map { String(Substring($0)) }
        let fields: (day: String, month: String, year: String, time: String)
        switch words.count {
        case 6 where words[5] == "GMT": fields = (words[1], words[2], words[3], words[4])
        case 5: fields = (words[2], words[1], words[4], words[3])
        default: return nil
        }
        let clock = fields.time.split(separator: ":", omittingEmptySubsequences: false)
        guard clock.count == 3, let hour = number(clock[0], 0...23), let minute = number(clock[1], 0...59),
            let second = number(clock[2], 0...60), let day = number(fields.day, 1...31),
            let month = months.firstIndex(of: fields.month), var year = number(fields.year, 0...9999)
        else { return nil }
        // The obsolete form has two digits; nobody's Retry-After lies before 1970.
        if fields.year.utf8.count == 2 { year += year < 70 ? 2000 : 1900 }
        guard year >= 1970 else { return nil }
        let days = daysSince1970(year: year, month: Int64(month) + 1, day: day)
        return days * 86_400 + hour * 3600 + minute * 60 + second
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private static func isDigit(_ byte: UInt8) -> Bool { (0x30...0x39).contains(byte) }

    private static func number(_ text: some StringProtocol, _ range: ClosedRange<Int64>) -> Int64? {
        guard (1...4).contains(text.utf8.count), text.utf8.allSatisfy(isDigit), let value = Int64(text),
            range.contains(value)
        else { return nil }
        return value
    }

    /// Counts days in years that begin in March, so that the leap day comes last.
    private static func daysSince1970(year: Int64, month: Int64, day: Int64) -> Int64 {
        let y = month <= 2 ? year - 1 : year
        let dayOfYear = (153 * ((month + 9) % 12) + 2) / 5 + day - 1
        return 365 * y + y / 4 - y / 100 + y / 400 + dayOfYear - 719_468
    }
}
