// SPDX-License-Identifier: Apache-2.0
// Countries: their codes and languages.

import PhoneNumbers
import Testing

@Suite struct RegionTests {
    @Test(arguments: [
        ("DE", "DEU", 49, "de"), ("US", "USA", 1, "en"), ("CA", "CAN", 1, "en"), ("GB", "GBR", 44, "en"),
        ("FR", "FRA", 33, "fr"), ("IT", "ITA", 39, "it"), ("VA", "VAT", 39, "it"), ("ES", "ESP", 34, "es"),
        ("MX", "MEX", 52, "es"), ("BR", "BRA", 55, "pt"), ("PT", "PRT", 351, "pt"), ("NL", "NLD", 31, "nl"),
        ("CH", "CHE", 41, "de"), ("AT", "AUT", 43, "de"), ("PL", "POL", 48, "pl"), ("CZ", "CZE", 420, "cs"),
        ("GR", "GRC", 30, "el"), ("TR", "TUR", 90, "tr"), ("RU", "RUS", 7, "ru"), ("KZ", "KAZ", 7, "ru"),
        ("UA", "UKR", 380, "uk"), ("IL", "ISR", 972, "he"), ("SA", "SAU", 966, "ar"), ("IN", "IND", 91, "hi"),
        ("CN", "CHN", 86, "zh"), ("JP", "JPN", 81, "ja"), ("KR", "KOR", 82, "ko"), ("VN", "VNM", 84, "vi"),
        ("SE", "SWE", 46, "sv"), ("PH", "PHL", 63, "tl"), ("XK", "XKX", 383, "sq"), ("GG", "GGY", 44, "en"),
    ])
    func `a region has its codes and its language`(region: String, alpha3: String, code: Int, language: String) {
        for spelling in [region, region.lowercased()] {
            #expect(Region.alpha3(spelling) == alpha3)
            #expect(Region.countryCode(spelling) == code)
            #expect(Region.language(spelling) == language)
        }
    }

    @Test func `every region with numbers has three letters, and hardly any lacks a language`() {
        #expect(Region.all.count == 245)
        #expect(Region.all == Region.all.sorted())
        #expect(Region.all.filter { Region.alpha3($0) == nil }.isEmpty)
        #expect(Set(Region.all.compactMap(Region.alpha3)).count == 245)
        #expect(Region.all.filter { Region.countryCode($0) == nil }.isEmpty)
        #expect(Region.all.filter { Region.language($0) == nil }.count < 10)
    }

    @Test(arguments: ["", "D", "DEU", "ZZ", "001", "D\u{0}", "é"])
    func `what is no region has nothing`(region: String) {
        #expect(Region.alpha3(region) == nil)
        #expect(Region.countryCode(region) == nil)
        #expect(Region.language(region) == nil)
    }
}
