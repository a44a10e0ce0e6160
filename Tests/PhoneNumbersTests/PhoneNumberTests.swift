// SPDX-License-Identifier: Apache-2.0
// What a text becomes: by its form, with and without a region. That the library's answers are the ones of its Python
// port is another test's matter (Tests/Peers/phone_numbers.py).

import PhoneNumbers
import Testing

@Suite struct PhoneNumberTests {
    @Test(
        arguments: [
            // In every form without a region.
            ("+491701234567", nil, "491701234567"), ("+49 (170) 123-45.67", nil, "491701234567"),
            ("00491701234567", nil, "491701234567"), ("491701234567", nil, "491701234567"),
            ("\u{202A}+49 170\u{A0}1234567\u{202C}", nil, "491701234567"),
            ("\u{FF0B}49１７０1234567", nil, "491701234567"),
            // National with a region, which may be in any case.
            ("0170 1234567", "DE", "491701234567"), ("170 1234567", "de", "491701234567"),
            ("02 1234 5678", "IT", "390212345678"), ("(201) 555-0123", "US", "12015550123"),
            ("8 912 345 67 89", "RU", "79123456789"), ("612345678", "ES", "34612345678"),
            // International with its own region.
            ("+49 170 1234567", "DE", "491701234567"), ("0049 170 1234567", "DE", "491701234567"),
            ("491701234567", "DE", "491701234567"),
            // Toll-free numbers of North America are of all its countries.
            ("+1 800 234 5678", "CA", "18002345678"), ("800 234 5678", "US", "18002345678"),
            // Valid as a number of Germany and, read internationally, as one of the United States.
            ("16012345678", "DE", "4916012345678"),
        ] as [(String, String?, String)])
    func `a number is read in every form`(text: String, region: String?, digits: String) throws {
        let number = try PhoneNumber(parsing: text, region: region)
        #expect(number.digits == digits)
        #expect(number.e164 == "+" + digits)
        #expect(number.isValid)
    }

    @Test(
        arguments: [
            ("", nil, .notANumber), (" ", nil, .notANumber), ("+", nil, .notANumber), ("5", nil, .notANumber),
            ("hello", nil, .notANumber), ("+49 170 CALLME1", nil, .notANumber), ("+49170+1234567", nil, .notANumber),
            ("++491701234567", nil, .notANumber), ("+491701234567 ext. 5", nil, .notANumber),
            ("+491701234567~5", nil, .notANumber), ("tel:+491701234567", nil, .notANumber),
            ("+491701234567\u{0}", nil, .notANumber), ("٪+491701234567", nil, .notANumber),
            ("0170 1234567", nil, .unknownCountryCode), ("+999 1234567", nil, .unknownCountryCode),
            ("+49 1", nil, .tooShort), ("+49" + String(repeating: "1", count: 18), nil, .tooLong),
            (String(repeating: "1", count: 41), nil, .tooLong), (String(repeating: " ", count: 300), nil, .tooLong),
            ("0170 1234567", "XX", .unknownRegion), ("0170 1234567", "", .unknownRegion),
            ("0170 1234567", "001", .unknownRegion), ("0170 1234567", "DEU", .unknownRegion),
            ("+491701234567", "AT", .regionMismatch), ("00491701234567", "AT", .regionMismatch),
            ("+12015550123", "CA", .regionMismatch), ("+16132345678", "US", .regionMismatch),
            ("2015550123", "CA", .regionMismatch), ("12015550123", "ES", .regionMismatch),
            ("+80012345678", "DE", .regionMismatch), ("+49170", "AT", .regionMismatch),
            ("+447781123456", "GB", .regionMismatch), ("06 698 12345", "IT", .regionMismatch),
            ("011 44 7400 123456", "US", .regionMismatch),
        ] as [(String, String?, PhoneNumberError)])
    func `what is no number, or none of the region, has its reason`(
        text: String, region: String?, reason: PhoneNumberError
    ) {
        #expect(throws: reason) { try PhoneNumber(parsing: text, region: region) }
    }

    @Test func `a number that no plan holds is read and not valid`() throws {
        let number = try PhoneNumber(parsing: "+1 200 555 0123")
        #expect(!number.isValid)
        #expect(number.lineType == .unknown)
        #expect(number.region == nil)
        #expect(try PhoneNumber(parsing: "0170", region: "DE").isValid == false)
    }

    @Test(
        arguments: [
            ("+491701234567", "DE", .mobile, "1701234567"), ("+493012345678", "DE", .fixedLine, "3012345678"),
            ("+12015550123", "US", .fixedLineOrMobile, "2015550123"), ("+448001234567", "GB", .tollFree, "8001234567"),
            ("+390669812345", "VA", .fixedLine, "0669812345"), ("+390212345678", "IT", .fixedLine, "0212345678"),
            ("+80012345678", nil, .tollFree, "12345678"), ("+883510012345", nil, .voIP, "510012345"),
        ] as [(String, String?, LineType, String)])
    func `region, line type and national number are told`(
        text: String, region: String?, type: LineType, national: String
    ) throws {
        let number = try PhoneNumber(parsing: text)
        #expect(number.region == region)
        #expect(number.lineType == type)
        #expect(number.nationalNumber == national)
        #expect(number.digits == String(number.countryCode) + national)
    }

    @Test func `a number is written in three styles`() throws {
        let rome = try PhoneNumber(parsing: "+390212345678")
        #expect(rome.formatted(.e164) == "+390212345678")
        #expect(rome.formatted(.international) == "+39 02 1234 5678")
        #expect(rome.formatted(.national) == "02 1234 5678")
    }

    @Test func `examples are valid, of their region and type, and read back in every style`() throws {
        var found = 0
        for region in Region.all {
            for type in LineType.allCases {
                guard let example = PhoneNumber.example(region: region, type: type) else { continue }
                found += 1
                #expect(example.isValid)
                #expect(example.countryCode == Region.countryCode(region))
                #expect(try PhoneNumber(parsing: example.e164, region: region) == example)
                #expect(try PhoneNumber(parsing: example.formatted(.international)) == example)
                #expect(try PhoneNumber(parsing: example.formatted(.national), region: region) == example)
                #expect(try PhoneNumber(parsing: example.digits, region: region) == example)
            }
        }
        #expect(found > 1_000)
        #expect(PhoneNumber.example(region: "de", type: .mobile)?.region == "DE")
        #expect(PhoneNumber.example(region: "XX", type: .mobile) == nil)
        #expect(PhoneNumber.example(region: "DE", type: .unknown) == nil)
    }
}
