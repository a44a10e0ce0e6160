// SPDX-License-Identifier: Apache-2.0

import SMSText
import Testing

@Suite struct GSM7AlphabetTests {
    private static let escape: UInt8 = 0x1B

    @Test(arguments: AlphabetRow.locking)
    func `a row of a locking table decodes to its characters and back`(row: AlphabetRow) throws {
        let alphabet = GSM7Alphabet(locking: row.language)
        let scalars = Array(row.text.unicodeScalars)
        try #require(scalars.count == 16)
        for (offset, scalar) in scalars.enumerated() {
            let septet = row.row * 16 + UInt8(offset)
            if septet == Self.escape { continue }
            #expect(Array(alphabet.decode([septet]).unicodeScalars) == [scalar], "septet \(septet)")
            if scalar != "\u{FFFD}" { #expect(alphabet.code(for: scalar) == .plain(septet), "septet \(septet)") }
        }
    }

    @Test(arguments: AlphabetRow.extended)
    func `a row of an extension table decodes to its characters and back`(row: AlphabetRow) throws {
        let alphabet = GSM7Alphabet(single: row.language)
        let scalars = Array(row.text.unicodeScalars)
        try #require(scalars.count == 16)
        for (offset, scalar) in scalars.enumerated() where scalar != "\u{FFFD}" {
            let septet = row.row * 16 + UInt8(offset)
            #expect(Array(alphabet.decode([Self.escape, septet]).unicodeScalars) == [scalar], "septet \(septet)")
            let code = try #require(alphabet.code(for: scalar))
            #expect(alphabet.decode(alphabet.septets(for: Character(scalar)) ?? []) == String(Character(scalar)))
            if case .extended = code { #expect(GSM7Alphabet.standard.code(for: scalar)?.septetCount != 1) }
        }
    }

    @Test func `every language has its extension table and all but Spanish a locking table`() {
        let locking = Set(AlphabetRow.locking.compactMap(\.language))
        let extended = Set(AlphabetRow.extended.compactMap(\.language))
        #expect(extended == Set(NationalLanguage.allCases))
        #expect(locking == Set(NationalLanguage.allCases.filter(\.hasLockingShiftTable)))
        #expect(GSM7Alphabet(locking: .spanish) == .standard)
    }

    @Test(
        arguments: [
            ([0x1B, 0x65], "€"), ([0x1B, 0x41], "A"), ([0x1B, 0x1B], " "), ([0x41, 0x1B], "A\u{FFFD}"),
            ([0x80, 0x41], "\u{FFFD}A"), ([0x1B, 0xFF, 0x65], "\u{FFFD}e"), ([0x1B, 0x0A], "\u{C}"), ([], ""),
        ] as [([UInt8], String)])
    func `an escape follows the rules of the standard`(septets: [UInt8], text: String) {
        #expect(GSM7Alphabet.standard.decode(septets) == text)
    }

    @Test(
        arguments: [
            ("a{b}", [0x61, 0x1B, 0x28, 0x62, 0x1B, 0x29]), ("@\u{E0}", [0x00, 0x7F]), ("e\u{301}", [0x05]),
            ("\r\n", [0x0D, 0x0A]),
        ] as [(String, [UInt8])])
    func `a text is coded in its septets`(text: String, septets: [UInt8]) {
        #expect(GSM7Alphabet.standard.septets(for: text) == septets)
    }

    @Test(arguments: ["á", "ç", "`", "\t", "😀", "Ж", "a\u{301}"])
    func `a character outside the alphabet has no septets`(text: String) {
        #expect(GSM7Alphabet.standard.septets(for: text) == nil)
        #expect(text.first.flatMap { GSM7Alphabet.standard.septets(for: $0) } == nil)
    }

    @Test func `a composition that Unicode excludes is found in a single-shift table`() {
        // U+0958 in two scalars, neither of which the default alphabet has.
        #expect(GSM7Alphabet(single: .hindi).septets(for: "\u{915}\u{93C}") == [0x1B, 0x2C])
    }
}

@Suite struct SeptetPackingTests {
    @Test(
        arguments: [
            ("hellohello", 0, [0xE8, 0x32, 0x9B, 0xFD, 0x46, 0x97, 0xD9, 0xEC, 0x37]),
            ("A", 0, [0x41]), ("A", 1, [0x82]), ("A", 6, [0x40, 0x10]), ("", 3, []),
            ("12345678", 0, [0x31, 0xD9, 0x8C, 0x56, 0xB3, 0xDD, 0x70]),
        ] as [(String, Int, [UInt8])])
    func `septets are packed behind the fill bits`(text: String, fillBits: Int, octets: [UInt8]) {
        let septets = Array(text.utf8)
        #expect(SeptetPacking.packed(septets, fillBits: fillBits) == octets)
        #expect(SeptetPacking.unpacked(octets, fillBits: fillBits, count: septets.count) == septets)
    }

    @Test(arguments: [(6, 1), (7, 0), (0, 0), (4, 3), (9, 5), (12, 2)])
    func `fill bits reach the next septet boundary`(headerOctets: Int, fillBits: Int) {
        #expect(SeptetPacking.fillBits(headerOctets: headerOctets) == fillBits)
        #expect((headerOctets * 8 + fillBits).isMultiple(of: 7))
    }

    @Test func `unpacking inverts packing for every length and fill`() {
        var generator = SeededGenerator(seed: 7)
        for length in 0...170 {
            for fillBits in 0...6 {
                let septets = (0..<length).map { _ in UInt8.random(in: 0...127, using: &generator) }
                let octets = SeptetPacking.packed(septets, fillBits: fillBits)
                #expect(octets.count == (length == 0 ? 0 : (length * 7 + fillBits + 7) / 8))
                #expect(SeptetPacking.unpacked(octets, fillBits: fillBits, count: length) == septets)
            }
        }
    }

    @Test func `unpacking asks for no more than there is`() {
        #expect(SeptetPacking.unpacked([0x41], count: 99) == [0x41])
        #expect(SeptetPacking.unpacked([], fillBits: 6, count: 1) == [])
        #expect(SeptetPacking.unpacked([0xFF], fillBits: -3, count: -1) == [])
    }
}
