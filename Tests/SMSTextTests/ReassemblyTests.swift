// SPDX-License-Identifier: Apache-2.0

import SMSText
import Testing

@Suite struct ReassemblyTests {
    private static func part(
        _ sequence: Int, _ octets: [UInt8], dataCoding: UInt8 = 0, header: UserDataHeader? = nil
    ) -> Reassembly.Part {
        Reassembly.Part(sequence: sequence, content: .octets(octets, dataCoding: dataCoding, header: header))
    }

    private static func text(_ sequence: Int, _ text: String) -> Reassembly.Part {
        Reassembly.Part(sequence: sequence, content: .text(text))
    }

    @Test(
        arguments: [
            ([text(2, "b"), text(1, "a")], 2, "ab"), ([text(2, "b")], 3, "<...>b<...>"), ([], 2, "<...><...>"),
            ([text(1, "a"), text(1, "x"), text(9, "y"), text(0, "z")], 1, "a"), ([text(1, "a")], 0, ""),
            ([text(1, "a"), part(2, [0x1B, 0x65]), text(3, "c")], 3, "a€c"),
            ([part(1, [1, 2], dataCoding: 4), text(2, "b")], 2, "<...>b"),
        ] as [([Reassembly.Part], Int, String)])
    func `parts are joined in order, with a mark for each that is missing`(
        parts: [Reassembly.Part], total: Int, text: String
    ) {
        #expect(Reassembly.text(of: parts, total: total) == text)
    }

    @Test func `a surrogate pair cut in two is joined`() {
        let parts = [
            Self.part(1, [0x00, 0x41, 0xD8, 0x3D], dataCoding: 8), Self.part(2, [0xDE, 0x00], dataCoding: 8),
        ]
        #expect(Reassembly.text(of: parts, total: 2) == "A😀")
        #expect(Reassembly.text(of: [parts[0]], total: 2) == "A\u{FFFD}<...>")
    }

    @Test func `half a unit at the end of a part does not shift the next`() {
        let parts = [Self.part(1, [0x00, 0x41, 0x00], dataCoding: 8), Self.part(2, [0x00, 0x42], dataCoding: 8)]
        #expect(Reassembly.text(of: parts, total: 2) == "A\u{FFFD}B")
    }

    @Test func `an escape pair cut in two is joined`() {
        let parts = [Self.part(1, [0x41, 0x1B]), Self.part(2, [0x65])]
        #expect(Reassembly.text(of: parts, total: 2) == "A€")
    }

    @Test func `a UTF-8 sequence cut in two is joined`() {
        let parts = [Self.part(1, [0xC3]), Self.part(2, [0xA4])]
        #expect(Reassembly.text(of: parts, total: 2, defaultAlphabet: .utf8) == "ä")
    }

    @Test func `each part is read with its own national tables`() {
        let turkish = UserDataHeader(elements: [.lockingShift(identifier: 1)])
        let parts = [Self.part(1, [0x07], header: turkish), Self.part(2, [0x07])]
        #expect(Reassembly.text(of: parts, total: 2) == "ıì")
    }

    @Test func `missing sequences are listed`() {
        #expect(Reassembly.missing(received: [3, 1, 9], total: 4) == [2, 4])
        #expect(Reassembly.missing(received: [1], total: 0).isEmpty)
    }

    @Test(arguments: [DefaultAlphabet.gsm7, .gsm7Packed])
    func `what was segmented is reassembled`(alphabet: DefaultAlphabet) throws {
        var generator = SeededGenerator(seed: 29)
        for round in 0..<400 {
            let characters = round.isMultiple(of: 2) ? Alphabets.plain + Alphabets.extended : Alphabets.mixed
            let text = generator.text(of: characters, upTo: 600)
            let options = SegmentationOptions(
                permittedTables: NationalTable.all(of: .portuguese), defaultAlphabet: alphabet)
            let segmented = try Segmenter.segment(text, options: options).get()
            let parts = try segmented.parts.indices.shuffled(using: &generator).map { index in
                let header = segmented.header(forPart: index, reference: 77)
                let split = header.map { UserDataHeader.split($0.octets + segmented.parts[index].userData) }
                let received = try split.map { try #require($0) } ?? (nil, segmented.parts[index].userData)
                return Self.part(
                    received.0?.concatenation?.sequence ?? 1, received.1, dataCoding: segmented.dataCoding,
                    header: received.0)
            }
            let joined = Reassembly.text(of: parts, total: segmented.parts.count, defaultAlphabet: alphabet)
            #expect(joined == text)
        }
    }
}
