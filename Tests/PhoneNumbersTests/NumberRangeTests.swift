// SPDX-License-Identifier: Apache-2.0
// What the generated tables say of known numbers, and what they must not say.

import Foundation
import Testing

@testable import PhoneNumbers

@Suite struct NumberRangeTests {
    /// 2026-01-15 and 2026-07-15, noon in UTC.
    static let winter = Date(timeIntervalSince1970: 1_768_478_400)
    static let summer = Date(timeIntervalSince1970: 1_784_116_800)

    @Test(
        arguments: [
            ("+491701234567", "DE", "T-Mobile", "262", "01", "+0100", "+0200"),
            ("+491622943176", "DE", "Vodafone", "262", "02", "+0100", "+0200"),
            ("+447912345678", "GB", "O2", "234", "02", "+0000", "+0100"),
            ("+33612345678", "FR", "SFR", "208", "10", "+0100", "+0200"),
            ("+919876543210", "IN", nil, nil, nil, "+0530", "+0530"),
            ("+493012345678", "DE", nil, nil, nil, "+0100", "+0200"),
            ("+12125550123", "US", nil, nil, nil, "-0500", "-0400"),
            ("+6493001234", "NZ", nil, nil, nil, "+1300", "+1200"),
            ("+9779812345678", "NP", nil, nil, nil, "+0545", "+0545"),
        ] as [(String, String, String?, String?, String?, String, String)])
    func `a number has the holder of its range and the time of its place`(
        text: String, region: String, name: String?, mcc: String?, mnc: String?, winter: String, summer: String
    ) throws {
        let number = try PhoneNumber(parsing: text)
        let range = NumberRange.find(number, at: Self.winter)
        #expect(range.region == region)
        #expect(range.timeZone == winter)
        #expect(NumberRange.find(number, at: Self.summer).timeZone == summer)
        if let name {
            #expect(range.operatorName == name)
            #expect(range.mcc == mcc)
            #expect(range.mnc == mnc)
        }
    }

    @Test(arguments: [
        "+18002345678",  // toll-free in six offsets
        "+79123456789",  // mobile in eleven
        "+80012345678",  // of no country
    ])
    func `the time is nil where the range has several`(text: String) throws {
        #expect(NumberRange.find(try PhoneNumber(parsing: text), at: Self.winter).timeZone == nil)
    }

    @Test func `a number that is not valid has a range without holder and time`() throws {
        let range = NumberRange.find(try PhoneNumber(parsing: "+491701"))
        #expect(range.operatorName == nil)
        #expect(range.timeZone == nil)
        #expect(range.mcc == nil && range.mnc == nil)
    }

    @Test(arguments: ["+49177991234567", "+50480021234567", "+601600123456"])
    func `a voicemail, a toll-free and a premium number among mobile ranges have no mobile operator`(
        text: String
    ) throws {
        let number = try PhoneNumber(parsing: text)
        #expect(number.isValid)
        #expect(NumberRange.find(number).operatorName == nil)
    }

    @Test func `fixed lines have no mobile operator`() throws {
        for region in Region.all {
            guard let fixed = PhoneNumber.example(region: region, type: .fixedLine), fixed.lineType == .fixedLine else {
                continue
            }
            #expect(NumberRange.find(fixed).operatorName == nil)
        }
    }

    @Test func `the holder's network lies in the number's region`() throws {
        var joined = 0
        for region in Region.all {
            guard let mobile = PhoneNumber.example(region: region, type: .mobile) else { continue }
            let range = NumberRange.find(mobile)
            #expect((range.mcc == nil) == (range.mnc == nil))
            guard let mcc = range.mcc, let mnc = range.mnc else { continue }
            joined += 1
            let network = try #require(MobileNetwork.find(mcc: mcc, mnc: mnc))
            #expect(network.region == range.region || network.region == nil)
            #expect(network.operatorName == range.operatorName)
        }
        #expect(joined > 40)
    }
}

@Suite struct MobileNetworkTests {
    @Test(arguments: [
        ("262", "01", "T-Mobile", "DE"), ("262", "02", "Vodafone", "DE"), ("234", "15", "Vodafone", "GB"),
        ("208", "01", "Orange France", "FR"), ("310", "410", "AT&T", "US"), ("310", "260", "T-Mobile", "US"),
    ])
    func `a code names its network`(mcc: String, mnc: String, name: String, region: String) {
        let network = MobileNetwork(mcc: mcc, mnc: mnc, operatorName: name, region: region)
        #expect(MobileNetwork.find(mcc: mcc, mnc: mnc) == network)
    }

    @Test(arguments: [("262", "1"), ("262", "001"), ("999", "99"), ("", ""), ("234", "50")])
    func `an unknown code and one of two operators name none`(mcc: String, mnc: String) {
        #expect(MobileNetwork.find(mcc: mcc, mnc: mnc) == nil)
    }

    @Test(arguments: [
        ("Vodafone", "DE", "26202"), ("vodafone", "de", "26202"), ("T-Mobile", "DE", "26201"),
        ("E-Plus", "DE", "26203"),
        ("t mobile (Telekom)", "DE", "26201"), ("Orange", "FR", "20801"), ("Orange France", "FR", "20801"),
        ("Vodafone", "GB", "23415"), ("AT&T", "US", "310410"), ("Sure", "GG", "23455"),
    ])
    func `a name in a region has its network`(name: String, region: String, code: String) throws {
        let network = try #require(MobileNetwork.find(named: name, region: region))
        #expect(network.mcc + network.mnc == code)
        #expect(network.region == region.uppercased())
    }

    @Test(arguments: [("Vodafone", "US"), ("", "DE"), ("Nobody", "DE"), ("Vodafone", "")])
    func `a name without a network has none`(name: String, region: String) {
        #expect(MobileNetwork.find(named: name, region: region) == nil)
    }

    @Test func `a name of two operators and a name without a code have no network`() {
        let lines = """
            N\t901\t01\tXX\tAlpha
            N\t901\t02\tXX\tBeta
            H\t901\t01\tXX\tAlpha One
            A\t901\t02\tXX\talpha-one
            A\t901\t02\tXX\tBeta
            A\t901\t03\tXX\tGamma
            broken
            """
        let index = MobileNetwork.Index(lines)
        #expect(index.network(named: "Alpha One", in: "XX") == nil)
        #expect(index.network(named: "BETA", in: "XX")?.mnc == "02")
        #expect(index.network(named: "Beta", in: "YY") == nil)
        #expect(index.network(named: "Gamma", in: "XX") == nil)
    }

    @Test func `a mobile country code has its region unless there are several`() {
        #expect(MobileNetwork.region(mcc: "262") == "DE")
        #expect(MobileNetwork.region(mcc: "310") == "US")
        #expect(MobileNetwork.region(mcc: "234") == nil)
        #expect(MobileNetwork.region(mcc: "999") == nil)
    }
}

@Suite struct PrefixTableTests {
    private let table = PrefixTable(
        "one\t491 4930-4933\nthe other\t492 =49\nlong\t123456789012345 7-8\n\nnone\t\nbroken\t-5 x 1234567890123456\n"
    )

    @Test(
        arguments: [
            ("491", "one"), ("49199999999", "one"), ("490", nil), ("492", "the other"), ("49305", "one"),
            ("4933999", "one"), ("4934", nil), ("4929999999999999999", "the other"), ("123456789012345", "long"),
            ("1234567890123456", "long"), ("123456789012346", nil), ("7", "long"), ("89", "long"), ("9", nil),
            ("", nil),
            ("49x", nil), ("0", nil),
        ] as [(String, String?)])
    func `a number is found in its range`(digits: String, name: String?) {
        #expect(table.name(of: digits) == name)
    }

    @Test func `a country code has what holds for it as such`() {
        #expect(table.name(ofCountryCode: 49) == "the other")
        #expect(table.name(ofCountryCode: 4) == nil)
        #expect(PrefixTable("").name(of: "1") == nil)
    }

    @Test func `the generated tables are whole and without overlap`() {
        #expect(PrefixTable(carrierTable).count > 10_000)
        #expect(PrefixTable(timeZoneTable).count > 1_000)
        #expect(PrefixTable(carrierTable).isDisjoint && PrefixTable(timeZoneTable).isDisjoint)
    }
}
