// SPDX-License-Identifier: Apache-2.0
// A phone number as the world's number plans have it. A `PhoneNumber` is a number somebody could have meant; whether
// its plan holds such a number is `isValid`. Reading one takes some 30 µs: not for the path of every message.

import CPhoneNumber

/// What a number's range is for, as libphonenumber tells them apart.
public enum LineType: String, Sendable, CaseIterable {
    case fixedLine, mobile, fixedLineOrMobile, tollFree, premiumRate, sharedCost, voIP, personalNumber, pager, uan
    case voicemail, unknown

    /// The library's number of the type: its enumeration has this order.
    var code: Int32 { Int32(Self.allCases.firstIndex(of: self) ?? Self.allCases.count - 1) }

    init(code: Int32) {
        self = Self.allCases.indices.contains(Int(code)) ? Self.allCases[Int(code)] : .unknown
    }
}

/// Why a text is no number, or not one of the region that was named with it.
public enum PhoneNumberError: Error, Equatable {
    case notANumber, unknownCountryCode, tooShort, tooLong, unknownRegion, regionMismatch
}

/// One phone number of the international plan (ITU-T E.164).
public struct PhoneNumber: Sendable, Hashable {
    /// E.164 without the "+".
    public let digits: String
    public let countryCode: Int
    /// The national significant number, with its leading zeros where they count (Italy).
    public let nationalNumber: String
    /// ISO 3166-1 alpha-2; nil where the number is of no country (+800, +883) or of none that is known.
    public let region: String?
    public let lineType: LineType
    /// Whether the number plan of its country holds such a number.
    public let isValid: Bool

    /// "+" and the digits.
    public var e164: String { "+" + digits }

    /// How a number is written.
    public enum Style: Sendable, CaseIterable {
        /// "+493012345678"
        case e164
        /// "+49 30 12345678"
        case international
        /// "030 12345678"
        case national
    }

    /// The number as people write it.
    public func formatted(_ style: Style) -> String {
        let code: Int32 =
            switch style {
            case .e164: CPHONE_E164
            case .international: CPHONE_INTERNATIONAL
            case .national: CPHONE_NATIONAL
            }
        let text = String(unsafeUninitializedCapacity: 128) { buffer in
            buffer.withMemoryRebound(to: CChar.self) {
                cphone_format(Int32(countryCode), nationalNumber, code, $0.baseAddress, $0.count)
            }
        }
        return text.isEmpty ? e164 : text
    }

    /// A valid number of this type in a region (alpha-2, any case), as the number plan's authors chose it; nil where
    /// the region has no such numbers.
    public static func example(region: String, type: LineType) -> PhoneNumber? {
        guard let region = Region.known(region) else { return nil }
        var number = CPhoneParts()
        guard cphone_example(region, type.code, &number) == 1 else { return nil }
        return PhoneNumber(number)
    }

    /// Whether the plan of a region (alpha-2, upper case) holds this number. One number can be of several regions:
    /// +1 800 is of all of North America.
    func isValid(in region: String) -> Bool {
        cphone_is_valid_in(Int32(countryCode), nationalNumber, region) == 1
    }

    /// Whether the number says where in its country it is, so that its area decides on the time zone.
    var isGeographic: Bool { cphone_is_geographic(Int32(countryCode), lineType.code) == 1 }

    init(_ number: CPhoneParts) {
        let national = withUnsafeBytes(of: number.national) { Self.text($0) }
        let region = withUnsafeBytes(of: number.region) { Self.text($0) }
        digits = String(number.country_code) + national
        countryCode = Int(number.country_code)
        nationalNumber = national
        self.region = region.utf8.count == 2 ? region : nil
        lineType = LineType(code: number.line_type)
        isValid = number.is_valid == 1
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
}
