// SPDX-License-Identifier: Apache-2.0
// Phone numbers of contacts as people write them, and as messages find them: the digits of the international number.
// Reading one takes some 30 µs, so this is for contacts that people make, never for the path of a message.

internal import PhoneNumbers

struct ContactNumber: Sendable {
    /// Whose national numbers are understood, ISO 3166-1 alpha-2; nil for international numbers alone.
    let region: String?

    /// Whether there are numbers of such a region.
    static func isRegion(_ text: String) -> Bool { text.utf8.count == 2 && Region.countryCode(text) != nil }

    /// Reads "+49 170 …", "0049 170 …", "49170…", and with a region "0170 …". A number of another country than the
    /// region's is as good as any, as long as it cannot be taken for a national one.
    func read(_ text: String) -> Result<String, Refusal> {
        do throws(PhoneNumberError) {
            let number = try parse(text)
            return number.isValid ? .success(number.digits) : .failure(Refusal("is a number that no number plan has"))
        } catch {
            return .failure(Refusal(reason(error)))
        }
    }

    /// What to look for: the digits of a number, or the text as it is, for short codes and names have no plan.
    func sought(_ text: String) -> String {
        switch read(text) {
        case .success(let digits): digits
        case .failure: text
        }
    }

    private func parse(_ text: String) throws(PhoneNumberError) -> PhoneNumber {
        do throws(PhoneNumberError) {
            return try PhoneNumber(parsing: text, region: region)
        } catch {
            guard error == .regionMismatch else { throw error }
            return try PhoneNumber(parsing: text)
        }
    }

    private func reason(_ error: PhoneNumberError) -> String {
        switch error {
        case .notANumber: "is no phone number"
        case .unknownCountryCode where region == nil:
            "has a country code that does not exist; a national number needs its region, such as DE"
        case .unknownCountryCode: "has a country code that does not exist"
        case .tooShort: "is too short for a phone number"
        case .tooLong: "is too long for a phone number"
        case .unknownRegion, .regionMismatch: "is no number of the region"
        }
    }

    /// Why a text is no number to write to.
    struct Refusal: Error, Equatable {
        let reason: String

        init(_ reason: String) { self.reason = reason }
    }
}
