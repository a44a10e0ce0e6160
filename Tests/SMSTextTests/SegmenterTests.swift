// SPDX-License-Identifier: Apache-2.0

import SMSText
import Testing

@Suite struct SegmenterTests {
    private static func text(_ unit: String, _ count: Int) -> String { String(repeating: unit, count: count) }

    private static func segmented(
        _ text: String, _ options: SegmentationOptions = SegmentationOptions()
    ) throws -> SegmentedText {
        try Segmenter.segment(text, options: options).get()
    }

    @Test(
        arguments: [
            ("a", 0, [0]), ("a", 159, [159]), ("a", 160, [160]), ("a", 161, [153, 8]), ("a", 305, [153, 152]),
            ("a", 306, [153, 153]), ("a", 307, [153, 153, 1]), ("a", 459, [153, 153, 153]), ("€", 80, [160]),
            ("€", 81, [152, 10]), ("Ж", 69, [69]), ("Ж", 70, [70]), ("Ж", 71, [67, 4]), ("Ж", 133, [67, 66]),
            ("Ж", 134, [67, 67]), ("Ж", 135, [67, 67, 1]), ("😀", 35, [70]), ("😀", 36, [66, 6]), ("\r\n", 80, [160]),
            ("\r\n", 81, [153, 9]),
        ] as [(String, Int, [Int])])
    func `a text is cut at the limits of its encoding`(unit: String, count: Int, units: [Int]) throws {
        let text = Self.text(unit, count)
        let segmented = try Self.segmented(text)
        #expect(segmented.parts.map(\.units) == units)
        #expect(segmented.messageCount == units.count)
        #expect(segmented.parts.map(\.text).joined() == text)
    }

    @Test(
        arguments: [
            ("a", 160, [160]), ("a", 161, [152, 9]), ("a", 305, [152, 152, 1]), ("Ж", 70, [70]),
            ("Ж", 133, [66, 66, 1]),
        ] as [(String, Int, [Int])])
    func `a 16-bit reference costs one septet more`(unit: String, count: Int, units: [Int]) throws {
        let segmented = try Self.segmented(Self.text(unit, count), SegmentationOptions(referenceWidth: .sixteen))
        #expect(segmented.parts.map(\.units) == units)
        let header = segmented.header(forPart: 0, reference: 0x1234)?.octets
        let total = UInt8(units.count)
        #expect(header == (units.count == 1 ? nil : [6, 8, 4, 0x12, 0x34, total, 1]))
    }

    /// Each text has its tricky character over the first boundary; `first` is where the cut must be.
    @Test(
        arguments: [
            (152, "€", 152), (151, "€", 153), (66, "😀", 66), (65, "😀", 67),
            (60, "👨‍👩‍👧‍👦", 60), (56, "👨‍👩‍👧‍👦", 67), (65, "e\u{301}\u{323}", 65), (66, "🇩🇪", 66), (65, "🇩🇪", 65),
            (66, "नि", 66), (65, "नि", 67), (66, "\r\n", 67),
        ] as [(Int, String, Int)])
    func `what belongs together is never cut`(before: Int, character: String, first: Int) throws {
        let filler = character == "€" ? "a" : "Ж"
        let text = Self.text(filler, before) + character + Self.text(filler, 100)
        let segmented = try Self.segmented(text)
        #expect(segmented.parts.first?.units == first)
        #expect(segmented.parts.map(\.text).joined() == text)
    }

    @Test func `a grapheme longer than a part is cut between scalars`() throws {
        let text = "Ж" + Self.text("\u{301}", 30) + "a" + Self.text("\u{1D165}", 100)
        let segmented = try Self.segmented(text)
        #expect(segmented.parts.map(\.text).joined() == text)
        #expect(segmented.parts.allSatisfy { $0.units <= 67 })
        #expect(segmented.parts.map(\.units) == [31, 67, 66, 66, 2])
    }

    @Test func `headers number the parts and user data follows them`() throws {
        let segmented = try Self.segmented(Self.text("a", 200))
        #expect(segmented.header(forPart: 1, reference: 0x1234)?.octets == [5, 0, 3, 0x34, 2, 2])
        #expect(segmented.octets(forPart: 1, reference: 7) == [5, 0, 3, 7, 2, 2] + Array(Self.text("a", 47).utf8))
        #expect(segmented.dataCoding == 0)
        #expect(try Self.segmented("Ж").octets(forPart: 0, reference: 7) == [0x04, 0x16])
        #expect(try Self.segmented("Ж").dataCoding == 8)
    }

    @Test func `SAR parts are as long but have no header`() throws {
        let segmented = try Self.segmented(Self.text("a", 161), SegmentationOptions(concatenation: .sar))
        #expect(segmented.parts.map(\.units) == [153, 8])
        #expect(segmented.header(forPart: 0, reference: 1) == nil)
    }

    @Test func `a payload is whole and is charged by its messages`() throws {
        let options = SegmentationOptions(concatenation: .messagePayload)
        let segmented = try Self.segmented(Self.text("a", 307), options)
        #expect(segmented.parts.map(\.units) == [307])
        #expect(segmented.messageCount == 3)
        #expect(segmented.header(forPart: 0, reference: 1) == nil)
    }

    @Test(
        arguments: [
            (.auto, "plain", true), (.auto, "Ж", false), (.unicode, "plain", false), (.gsm7, "plain", true),
        ] as [(EncodingChoice, String, Bool)])
    func `the encoding is the one chosen`(encoding: EncodingChoice, text: String, isGSM7: Bool) throws {
        let segmented = try Self.segmented(text, SegmentationOptions(encoding: encoding))
        #expect(segmented.encoding == (isGSM7 ? .gsm7(.standard) : .ucs2))
    }

    @Test func `GSM-7 names the first character that it lacks`() {
        let result = Segmenter.segment("abá😀", options: SegmentationOptions(encoding: .gsm7))
        #expect(result == .failure(.notRepresentable(character: "á", offset: 2)))
    }

    @Test func `255 parts are the most`() throws {
        #expect(try Self.segmented(Self.text("a", 255 * 153)).parts.count == 255)
        let result = Segmenter.segment(Self.text("a", 255 * 153 + 1))
        #expect(result == .failure(.tooManyParts(count: 256, limit: 255)))
    }

    @Test func `national tables are used only where permitted and only if they save a message`() throws {
        let text = Self.text("ş", 71)
        #expect(try Self.segmented(text).encoding == .ucs2)
        let single = SegmentationOptions(permittedTables: [.singleShift(.turkish)])
        #expect(try Self.segmented(text, single).encoding == .gsm7(GSM7Alphabet(single: .turkish)))
        #expect(try Self.segmented(Self.text("ş", 70), single).encoding == .ucs2)
        let both = SegmentationOptions(permittedTables: NationalTable.all(of: .turkish))
        #expect(try Self.segmented(Self.text("ş", 155), both).encoding == .gsm7(GSM7Alphabet(locking: .turkish)))
        let demanded = SegmentationOptions(encoding: .gsm7, permittedTables: [.singleShift(.turkish)])
        #expect(try Self.segmented("ş", demanded).encoding == .gsm7(GSM7Alphabet(single: .turkish)))
        let latin1 = SegmentationOptions(permittedTables: [.singleShift(.turkish)], defaultAlphabet: .latin1)
        #expect(try Self.segmented(text, latin1).encoding == .ucs2)
    }

    /// 140 octets less the header; one IE is 4 octets alone and 3 beside the concatenation.
    @Test(
        arguments: [
            (154, .eight, [154]), (155, .eight, [155]), (156, .eight, [149, 7]), (299, .eight, [149, 149, 1]),
            (156, .sixteen, [148, 8]),
        ] as [(Int, ReferenceWidth, [Int])])
    func `a national table shortens the parts`(count: Int, width: ReferenceWidth, units: [Int]) throws {
        let options = SegmentationOptions(
            encoding: .gsm7, referenceWidth: width, permittedTables: [.lockingShift(.turkish)])
        let segmented = try Self.segmented(Self.text("ş", count), options)
        #expect(segmented.parts.map(\.units) == units)
        let element: [UInt8] = [0x25, 1, 1]
        #expect(segmented.header(forPart: 0, reference: 9)?.octets.suffix(3) == element[...])
    }

    @Test func `two national tables take two elements`() throws {
        let text = Self.text("ã", 140) + "Φã"
        let tables = NationalTable.all(of: .portuguese)
        let segmented = try Self.segmented(text, SegmentationOptions(encoding: .gsm7, permittedTables: tables))
        #expect(segmented.encoding == .gsm7(GSM7Alphabet(locking: .portuguese, single: .portuguese)))
        #expect(segmented.parts.map(\.units) == [143])
        #expect(segmented.header(forPart: 0, reference: 0)?.octets == [6, 0x24, 1, 3, 0x25, 1, 3])
    }

    @Test(
        arguments: [
            (.latin1, "ä", true), (.latin1, "Δ", false), (.latin1, "€", false), (.ascii, "ä", false),
            (.ascii, "{", true),
            (.utf8, "Δ", true), (.gsm7Packed, "Δ", true),
        ] as [(DefaultAlphabet, String, Bool)])
    func `a character outside the carrier's default alphabet goes as UCS-2`(
        alphabet: DefaultAlphabet, text: String, isGSM7: Bool
    ) throws {
        let segmented = try Self.segmented(text, SegmentationOptions(defaultAlphabet: alphabet))
        #expect((segmented.encoding == .gsm7(.standard)) == isGSM7)
        #expect(segmented.parts[0].userData == (isGSM7 ? alphabet.octets(for: text) : ucs2(text)))
    }

    private func ucs2(_ text: String) -> [UInt8] {
        text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    }

    @Test func `parts join to the text, decode to themselves and fit into 140 octets`() throws {
        var generator = SeededGenerator(seed: 17)
        let tables: [Set<NationalTable>] = [[], NationalTable.all(of: .portuguese), NationalTable.all(of: .hindi)]
        for round in 0..<1_500 {
            let characters = round.isMultiple(of: 2) ? Alphabets.plain + Alphabets.extended : Alphabets.mixed
            let text = generator.text(of: characters, upTo: 500)
            let alphabet: DefaultAlphabet = [.gsm7, .gsm7Packed][round / 2 % 2]
            let options = SegmentationOptions(
                referenceWidth: [.eight, .sixteen][round / 4 % 2],
                concatenation: [.userDataHeader, .sar][round / 8 % 2],
                permittedTables: tables[round % 3], defaultAlphabet: alphabet)
            let segmented = try Self.segmented(text, options)
            #expect(segmented.parts.map(\.text).joined() == text)
            for index in segmented.parts.indices {
                try check(segmented, index: index, alphabet: alphabet)
            }
        }
    }

    private func check(_ segmented: SegmentedText, index: Int, alphabet: DefaultAlphabet) throws {
        let part = segmented.parts[index]
        let header = segmented.header(forPart: index, reference: 0xABCD)
        let reserved = segmented.concatenation == .sar && segmented.parts.count > 1 ? 6 : 0
        let bits = segmented.encoding == .ucs2 ? 16 : 7
        let octets = (part.units * bits + 7) / 8 + (header?.octets.count ?? 0) + reserved
        #expect(octets <= 140)
        let decoded = InboundText.decode(
            octets: part.userData, dataCoding: segmented.dataCoding, defaultAlphabet: alphabet, header: header)
        #expect(decoded == .text(part.text))
    }
}
