// SPDX-License-Identifier: Apache-2.0

import SMSText
import Testing

@Suite struct InboundTextTests {
    private static let coded: [(UInt8, [UInt8], String)] = [
        (0x00, [0x00, 0x1B, 0x65, 0x7F], "@€à"),
        (0x01, [0x40, 0x24, 0x80], "@$\u{FFFD}"),
        (0x03, [0x40, 0xE9, 0xFF], "@éÿ"),
        (0x05, [0x93, 0xFA, 0x96, 0x7B, 0x41], "日本A"),
        (0x05, [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x4B, 0x5C, 0x1B, 0x28, 0x42, 0x41], "日本A"),
        (0x05, [0x24, 0x22, 0x24, 0x24], "あい"),
        (0x05, Array("Hello 12".utf8), "Hello 12"),
        (0x06, [0x41, 0xB0, 0xD0, 0xF0, 0xA1, 0xFD], "AАа№Ё§"),
        (0x07, [0x41, 0xE0, 0xFA, 0xAA, 0xA1], "Aאת×\u{FFFD}"),
        (0x08, [0x00, 0x41, 0x04, 0x16, 0xD8, 0x3D, 0xDE, 0x00], "AЖ😀"),
        (0x08, [0x00, 0x41, 0x04], "A\u{FFFD}"),
        (0x08, [0xD8, 0x3D, 0x00, 0x41], "\u{FFFD}A"),
        (0x08, [0xFF, 0xFE, 0x41, 0x00], "A"),
        (0x08, [0xFE, 0xFF, 0x00, 0x41], "A"),
        (0x09, [0x93, 0xFA], "日"),
        (0x0A, [0x1B, 0x24, 0x42, 0x46, 0x7C, 0x1B, 0x28, 0x42], "日"),
        (0x0D, [0x1B, 0x24, 0x28, 0x44, 0x30, 0x21], "丂"),
        (0x0D, [0x30, 0x21], "丂"),
        (0x0D, [0x8F, 0xB0, 0xA1], "丂"),
        (0x0E, [0xC7, 0xD1, 0xB1, 0xDB, 0x41], "한글A"),
        (0x0E, [0xC7, 0xD1, 0xFF, 0x41], "한\u{FFFD}A"),
        (0x10, [0x00], "@"), (0x18, [0x04, 0x16], "Ж"), (0x11, [0x02], "$"), (0x48, [0x04, 0x16], "Ж"),
        (0xF0, [0x02], "$"), (0xF1, [0x02], "$"), (0xC8, [0x02], "$"), (0xD0, [0x02], "$"),
        (0xE0, [0x04, 0x16], "Ж"), (0x0B, [0x02], "$"), (0x80, [0x02], "$"),
    ]

    @Test(arguments: coded)
    func `octets are read by their data coding`(dataCoding: UInt8, octets: [UInt8], text: String) {
        let decoded = InboundText.decode(octets: octets, dataCoding: dataCoding, defaultAlphabet: .gsm7)
        #expect(decoded == .text(text))
    }

    @Test(arguments: [0x02, 0x04, 0x14, 0x15, 0x20, 0x54, 0xF4, 0xF5, 0xF7] as [UInt8])
    func `data that is no text stays binary`(dataCoding: UInt8) {
        let decoded = InboundText.decode(octets: [1, 2, 3], dataCoding: dataCoding, defaultAlphabet: .gsm7)
        #expect(decoded == .binary([1, 2, 3]))
    }

    @Test(
        arguments: [
            (.gsm7, [0x24, 0x00], "¤@"), (.latin1, [0x24, 0xE4], "$ä"), (.ascii, [0x24, 0xE4], "$\u{FFFD}"),
            (.utf8, [0x24, 0xC3, 0xA4, 0xFF], "$ä\u{FFFD}"), (.gsm7Packed, [0xE8, 0x32, 0x9B, 0xFD, 0x06], "hello"),
        ] as [(DefaultAlphabet, [UInt8], String)])
    func `data coding 0 is what the carrier makes of it`(alphabet: DefaultAlphabet, octets: [UInt8], text: String) {
        #expect(InboundText.decode(octets: octets, dataCoding: 0, defaultAlphabet: alphabet) == .text(text))
        #expect(InboundText.decode(octets: octets, dataCoding: 0xF1, defaultAlphabet: alphabet) == .text(text))
    }

    @Test(arguments: DefaultAlphabet.allCases)
    func `a header with a national table overrides an alphabet that has no septets`(alphabet: DefaultAlphabet) {
        let header = UserDataHeader(elements: [.lockingShift(identifier: 1), .singleShift(identifier: 1)])
        let septets: [UInt8] = [0x07, 0x0B, 0x1B, 0x63]
        let octets = alphabet == .gsm7Packed ? SeptetPacking.packed(septets, fillBits: 0) : septets
        let decoded = InboundText.decode(octets: octets, dataCoding: 0, defaultAlphabet: alphabet, header: header)
        #expect(decoded == .text("ıĞç"))
    }

    @Test func `packed septets begin behind the fill bits of their header`() {
        let header = UserDataHeader(elements: [.concatenation8(reference: 1, total: 2, sequence: 1)])
        let octets = SeptetPacking.packed(Array("hello".utf8), fillBits: 1)
        let decoded = InboundText.decode(octets: octets, dataCoding: 0, defaultAlphabet: .gsm7Packed, header: header)
        #expect(decoded == .text("hello"))
    }

    @Test(arguments: 0...12)
    func `the padding of packed septets never shows`(length: Int) {
        let text = String(repeating: "a", count: length)
        let octets = DefaultAlphabet.gsm7Packed.octets(for: text) ?? []
        #expect(octets.count == (length * 7 + 7) / 8)
        #expect(DefaultAlphabet.gsm7Packed.decode(octets) == text)
    }

    @Test(arguments: [(.latin1, "Δ"), (.ascii, "ä"), (.gsm7, "á")] as [(DefaultAlphabet, String)])
    func `a character outside the form has no octets`(alphabet: DefaultAlphabet, text: String) {
        #expect(alphabet.octets(for: text) == nil)
    }

    @Test(arguments: DefaultAlphabet.allCases)
    func `decoding inverts encoding`(alphabet: DefaultAlphabet) {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<500 {
            let text = generator.text(of: Alphabets.plain + Alphabets.extended, upTo: 170)
            guard let octets = alphabet.octets(for: text, headerOctets: 6) else { continue }
            #expect(alphabet.decode(octets, headerOctets: 6) == text)
        }
        #expect(alphabet.octets(for: "plain") != nil)
    }

    @Test func `any octets under any data coding are survived`() {
        var generator = SeededGenerator(seed: 5)
        for round in 0..<20_000 {
            let dataCoding = UInt8(round & 0xFF)
            let seed = Self.coded[round % Self.coded.count]
            let octets = round.isMultiple(of: 2) ? generator.mutated(seed.1) : generator.octets(upTo: 20)
            let header = UserDataHeader.split(generator.octets(upTo: 8))?.header
            let alphabet = DefaultAlphabet.allCases.randomElement(using: &generator) ?? .gsm7
            let coding = round.isMultiple(of: 2) ? seed.0 : dataCoding
            let decoded = InboundText.decode(
                octets: octets, dataCoding: coding, defaultAlphabet: alphabet, header: header)
            if case .text(let text) = decoded { #expect(text.unicodeScalars.count <= octets.count * 2 + 1) }
        }
    }
}
