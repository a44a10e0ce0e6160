// SPDX-License-Identifier: Apache-2.0
// What the number plan says of a number: to whom its range was given and what time it is there. It knows nothing of the
// numbers that were ported since, and what the tables do not say for certain is nil.

public import Foundation

/// The holder and the place of a number's range. Original allocation, never portability.
public struct NumberRange: Sendable, Equatable {
    /// ISO 3166-1 alpha-2.
    public let region: String?
    /// To whom the range was given; nil but for ranges of mobile numbers and pagers.
    public let operatorName: String?
    /// A network of that operator in that region.
    public let mcc: String?
    public let mnc: String?
    /// The offset from UTC where the number is, "+0100"; nil where its range spans several offsets.
    public let timeZone: String?

    /// The range of a number, with the offset that holds at `date`.
    public static func find(_ number: PhoneNumber, at date: Date = Date()) -> NumberRange {
        let name = operatorName(of: number)
        let network = number.region.flatMap { region in name.flatMap { MobileNetwork.holder($0, in: region) } }
        return NumberRange(
            region: number.region, operatorName: name, mcc: network?.mcc, mnc: network?.mnc,
            timeZone: timeZone(of: number, at: date))
    }

    private static let carriers = PrefixTable(carrierTable)
    private static let zones = PrefixTable(timeZoneTable)

    private static func operatorName(of number: PhoneNumber) -> String? {
        switch number.lineType {
        case .mobile, .fixedLineOrMobile, .pager: carriers.name(of: number.digits)
        default: nil
        }
    }

    private static func timeZone(of number: PhoneNumber, at date: Date) -> String? {
        guard number.lineType != .unknown else { return nil }
        let names =
            number.isGeographic
            ? zones.name(of: number.digits) : zones.name(ofCountryCode: number.countryCode)
        var offset: Int?
        for name in names?.split(separator: " ") ?? [] {
            guard let zone = TimeZone(identifier: String(name)) else { return nil }
            let seconds = zone.secondsFromGMT(for: date)
            guard offset == nil || offset == seconds else { return nil }
            offset = seconds
        }
        return offset.map(text)
    }

    /// "+0100" for 3,600 seconds.
    private static func text(_ offset: Int) -> String {
        let minutes = abs(offset) / 60
        let digits = String(10_000 + minutes / 60 * 100 + minutes % 60).dropFirst()
        return (offset < 0 ? "-" : "+") + digits
    }
}
