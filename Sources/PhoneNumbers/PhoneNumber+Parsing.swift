// SPDX-License-Identifier: Apache-2.0
// How a text becomes a number. A text that names its country keeps it; bare digits with a region can be read as a
// national number or as an international one, and which it was is decided by what is valid.

import CPhoneNumber

extension PhoneNumber {
    /// Reads "+49 30 …", "0049 30 …", bare international digits, or with `region` (ISO 3166-1 alpha-2, any case) also a
    /// national number, with or without its national prefix.
    ///
    /// Bare digits with a region are, in this order:
    /// 1. international, if they begin with the region's country code and are then a valid number of that region:
    ///    "491701234567" with "DE" is +49 170 1234567;
    /// 2. national, if that is valid: "16012345678" with "DE" is +49 160 12345678, though +1 601 234 5678 exists too;
    /// 3. international, if that is valid, which then contradicts the region;
    /// 4. national.
    ///
    /// "00" is the prefix of an international number unless only the national reading is valid.
    ///
    /// - Throws: `regionMismatch` where the number is valid but not in `region`, or has another country code;
    ///   `unknownRegion` where no number plan is known for it; else why the text is no number. What is merely not
    ///   valid is no error.
    public init(parsing text: String, region: String? = nil) throws(PhoneNumberError) {
        let dialled = try Dialled(text)
        guard let region else {
            self = try Self.read(dialled.international, region: "").get()
            return
        }
        guard let home = Region.known(region) else { throw .unknownRegion }
        let number = try Self.choose(dialled, home: home)
        guard number.fits(home) else { throw .regionMismatch }
        self = number
    }

    private static func choose(_ dialled: Dialled, home: String) throws(PhoneNumberError) -> PhoneNumber {
        let international = read(dialled.international, region: "")
        guard dialled.form != .plus else { return try international.get() }
        if case .success(let number) = international, number.isValid {
            if dialled.form == .doubleZero || number.isValid(in: home) { return number }
        }
        let national = read(dialled.digits, region: home)
        if case .success(let number) = national, number.isValid { return number }
        if case .success(let number) = international, number.isValid { return number }
        return try (dialled.form == .doubleZero ? international : national).get()
    }

    /// Whether the number can be one of the region. One that is not valid can as long as it has the region's code.
    private func fits(_ home: String) -> Bool {
        guard countryCode == Region.countryCode(home) else { return false }
        return !isValid || isValid(in: home)
    }

    /// Reads digits with an optional "+" as dialled in a region ("" for none).
    private static func read(_ text: String, region: String) -> Result<PhoneNumber, PhoneNumberError> {
        var number = CPhoneParts()
        return switch cphone_parse(text, text.utf8.count, region, &number) {
        case CPHONE_OK: .success(PhoneNumber(number))
        case CPHONE_UNKNOWN_COUNTRY_CODE: .failure(.unknownCountryCode)
        case CPHONE_TOO_SHORT: .failure(.tooShort)
        case CPHONE_TOO_LONG: .failure(.tooLong)
        default: .failure(.notANumber)
        }
    }
}
