// SPDX-License-Identifier: Apache-2.0

import SMSText
import Testing

@Suite struct TranscoderTests {
    private static func options(
        _ encoding: EncodingChoice = .auto, trate: Double = 0, mrate: Double = 0, upperCased: Bool = false,
        keepEmojis: Bool = true, partLimit: Int = 10, tables: Set<NationalTable> = []
    ) -> TranscodingOptions {
        TranscodingOptions(
            segmentation: SegmentationOptions(encoding: encoding, permittedTables: tables), trate: trate,
            mrate: mrate, upperCased: upperCased, keepEmojis: keepEmojis, partLimit: partLimit)
    }

    private static func plan(_ text: String, _ options: TranscodingOptions) throws -> TranscodedText {
        try Transcoder.plan(text, options: options).get()
    }

    private static func long(_ text: String, _ count: Int = 100) -> String {
        text + String(repeating: "a", count: count)
    }

    @Test func `the defaults are those of a POST`() {
        let options = TranscodingOptions()
        #expect(options.trate == 0 && options.mrate == 0 && options.upperCased && options.keepEmojis)
        #expect(options.partLimit == 4 && options.segmentation.encoding == .auto)
    }

    @Test(arguments: ["", "Hello {World} ß", String(repeating: "hello ß€", count: 40), "Привет", "garçon", "Hi 😀"])
    func `with nothing to gain nothing is changed`(text: String) throws {
        let plan = try Self.plan(text, Self.options(upperCased: true))
        #expect(plan.text == text)
        #expect(plan.changes.total == 0)
        #expect(plan.segmented == (try Segmenter.segment(text).get()))
    }

    // MARK: encoding

    @Test func `AUTO takes GSM-7 where it holds the text and UCS-2 elsewhere`() throws {
        #expect(try Self.plan("abc", Self.options()).segmented.encoding == .gsm7(.standard))
        #expect(try Self.plan("abç", Self.options()).segmented.encoding == .ucs2)
    }

    @Test func `UNICODE is UCS-2 whatever the text`() throws {
        let plan = try Self.plan("abc", Self.options(.unicode, trate: 1, mrate: 1, upperCased: true))
        #expect(plan.segmented.encoding == .ucs2)
        #expect(plan.text == "abc")
    }

    @Test(
        arguments: [
            ("ab“Ж", 1, "Ж", 3), ("ab“Ж", 0, "“", 2), ("a😀", 1, "😀", 1),
        ] as [(String, Double, Character, Int)])
    func `GSM7 out of reach names the character`(text: String, trate: Double, character: Character, offset: Int) {
        let result = Transcoder.plan(text, options: Self.options(.gsm7, trate: trate))
        #expect(result == .failure(.notRepresentable(character: character, offset: offset)))
    }

    // MARK: trate

    @Test(
        arguments: [
            ("“Ola”", "\"Ola\"", 2), ("it’s – so…", "it's - so...", 3), ("señor João", "señor Joao", 1),
            ("áâăạấ", "aaaaa", 5), ("e\u{302}\u{301}x", "ex", 1), ("МОСКВА", "MOCKBA", 6), ("ΑΒΓΔ", "ABΓΔ", 2),
            ("Ｈｅｌｌｏ！", "Hello!", 6), ("ﬁn œuf", "fin oeuf", 2), ("1\u{A0}000\u{202F}€", "1 000 €", 2),
            ("Łódź", "Lodz", 3),
            ("tab\there", "tab here", 1), ("`code`", "'code'", 2), ("zero\u{200B}width", "zerowidth", 1),
            ("ΓΛΠΦ", "ΓΛΠΦ", 0),
            ("καλός", "kaΛoΣ", 5), ("Z̷̢a", "Za", 1), ("ГЛПФ", "ΓΛΠΦ", 4), ("½ ™ ®", "1/2 TM (R)", 3),
        ] as [(String, String, Int)])
    func `trate replaces by look-alikes`(text: String, expected: String, changes: Int) throws {
        let plan = try Self.plan(text, Self.options(.gsm7, trate: 1))
        #expect(plan.text == expected)
        #expect(plan.changes == TranscodingChanges(lookAlikes: changes))
        #expect(plan.segmented.encoding == .gsm7(.standard))
    }

    @Test(arguments: [(0.02, true), (0.0199, false), (0, false), (1, true), (7, true), (-1, false), (.nan, false)])
    func `trate bounds the share of the characters`(trate: Double, isReached: Bool) throws {
        let plan = try Self.plan("“" + Self.long("”", 98), Self.options(trate: trate))
        #expect((plan.segmented.encoding == .gsm7(.standard)) == isReached)
        #expect(plan.changes.lookAlikes == (isReached ? 2 : 0))
        #expect(plan.segmented.parts.count == (isReached ? 1 : 2))
    }

    @Test func `a decimal share is not cut short by its binary form`() throws {
        let text = String(repeating: "“", count: 29) + String(repeating: "a", count: 71)
        #expect(try Self.plan(text, Self.options(trate: 0.29)).changes.lookAlikes == 29)
    }

    @Test func `look-alikes that save no message are not used`() throws {
        let plan = try Self.plan("“short”", Self.options(trate: 1))
        #expect(plan.text == "“short”")
        #expect(plan.segmented.encoding == .ucs2)
    }

    // MARK: mrate

    @Test(arguments: [(0.02, true), (0.0199, false), (0, false), (1, true)])
    func `mrate bounds the dots`(mrate: Double, isReached: Bool) throws {
        let plan = try Self.plan("中" + Self.long("文", 98), Self.options(mrate: mrate))
        #expect(plan.text.hasPrefix("..") == isReached)
        #expect(plan.changes.dots == (isReached ? 2 : 0))
    }

    @Test func `trate is used before mrate, and mrate for the rest`() throws {
        let text = Self.long("“”…", 97)
        let plan = try Self.plan(text, Self.options(trate: 0.02, mrate: 0.01))
        #expect(plan.text.hasPrefix("\"\"."))
        #expect(plan.changes == TranscodingChanges(lookAlikes: 2, dots: 1))
        #expect(try Self.plan(text, Self.options(trate: 0.02)).segmented.encoding == .ucs2)
    }

    @Test func `dots take the place of longer look-alikes where that saves a message`() throws {
        let text = Self.long("…", 158)
        #expect(try Self.plan(text, Self.options(trate: 1)).segmented.parts.count == 2)
        let plan = try Self.plan(text, Self.options(trate: 1, mrate: 1))
        #expect(plan.segmented.parts.count == 1)
        #expect(plan.text.hasPrefix(".a"))
    }

    @Test func `an emoji to be kept is dotted only if GSM7 is demanded`() throws {
        let text = Self.long("😀")
        #expect(try Self.plan(text, Self.options(mrate: 1)).text == text)
        #expect(try Self.plan(text, Self.options(.gsm7, mrate: 1)).text == Self.long("."))
    }

    // MARK: upperCased

    @Test(arguments: [
        ("garçon", "GARÇON"), ("καλημέρα", "KAΛHMEPA"), ("Ώρα ΰψος", "ΩPA YΨOΣ"), ("ça {va}", "ÇA {VA}"),
    ])
    func `upper case reaches GSM-7 where lower case cannot`(text: String, expected: String) throws {
        let plan = try Self.plan(text, Self.options(.gsm7, upperCased: true))
        #expect(plan.text == expected)
        #expect(plan.changes.upperCased > 0)
        let without = Transcoder.plan(text, options: Self.options(.gsm7))
        #expect(throws: TranscodingFailure.self) { try without.get() }
    }

    @Test func `upper case is used only if it saves a message`() throws {
        #expect(try Self.plan(Self.long("ç", 69), Self.options(upperCased: true)).text == Self.long("ç", 69))
        let plan = try Self.plan(Self.long("ç", 70), Self.options(upperCased: true))
        #expect(plan.text == "Ç" + String(repeating: "A", count: 70))
        #expect(plan.changes == TranscodingChanges(upperCased: 71))
        #expect(try Self.plan(Self.long("ç", 70), Self.options()).segmented.parts.count == 2)
    }

    @Test func `upper case that takes as many messages is not used`() throws {
        let text = "ç" + String(repeating: "€", count: 85)
        let plan = try Self.plan(text, Self.options(upperCased: true))
        #expect(plan.text == text)
        #expect(plan.segmented.parts.count == 2)
        #expect(try Self.plan(text, Self.options(.gsm7, upperCased: true)).segmented.parts.count == 2)
    }

    @Test func `a look-alike that saves as much is preferred to upper case`() throws {
        let plan = try Self.plan(Self.long("ç"), Self.options(trate: 1, upperCased: true))
        #expect(plan.text == Self.long("c"))
    }

    @Test func `upper case and look-alikes join forces`() throws {
        let plan = try Self.plan(Self.long("çø“"), Self.options(trate: 0.01, upperCased: true))
        #expect(plan.text.hasPrefix("ÇØ\""))
        #expect(plan.changes.lookAlikes == 1)
    }

    // MARK: keepEmojis

    @Test(
        arguments: [
            ("Hi 😀", "Hi :grinning face:", 1), ("👍🏽!", ":thumbs up:!", 1), ("❤️❤", ":red heart::red heart:", 2),
            ("👨‍👩‍👧‍👦", ":family:", 1), ("🇩🇪🇫🇷", ":DE::FR:", 2), ("🏴󠁧󠁢󠁥󠁮󠁧󠁿", ":GBENG:", 1), ("1️⃣#️⃣", "1#", 2),
            ("👩‍🚀", ":woman rocket:", 1), ("🦄", ":unicorn face:", 1), ("©️", ":copyright sign:", 1),
            ("🤷🏻‍♀️", ":woman shrugging:", 1), ("☺︎", "☺︎", 0), ("12 #*", "12 #*", 0), ("© ™ Ж", "© ™ Ж", 0),
            ("🏽", ":emoji modifier fitzpatrick type-4:", 1),
        ] as [(String, String, Int)])
    func `emojis that need not be kept become their names`(text: String, expected: String, count: Int) throws {
        let plan = try Self.plan(text, Self.options(keepEmojis: false))
        #expect(plan.text == expected)
        #expect(plan.changes.emojis == count)
        #expect(try Self.plan(text, Self.options()).text == text)
    }

    @Test func `emojis are named in UCS-2 too`() throws {
        let plan = try Self.plan("😀", Self.options(.unicode, keepEmojis: false))
        #expect(plan.text == ":grinning face:")
        #expect(plan.segmented.encoding == .ucs2)
    }

    // MARK: tables and limits

    @Test func `a permitted national table comes before any change`() throws {
        let text = Self.long("ş")
        let with = try Self.plan(text, Self.options(trate: 1, tables: [.singleShift(.turkish)]))
        #expect(with.segmented.encoding == .gsm7(GSM7Alphabet(single: .turkish)))
        #expect(with.text == text)
        #expect(try Self.plan(text, Self.options(trate: 1)).text == Self.long("s"))
    }

    @Test func `a table and a look-alike are combined`() throws {
        let plan = try Self.plan(Self.long("ş“"), Self.options(trate: 0.01, tables: [.singleShift(.turkish)]))
        #expect(plan.text == Self.long("ş\""))
    }

    @Test func `a national alphabet without doubled characters can save a message of plain text`() throws {
        let text = String(repeating: "|", count: 100)
        let plan = try Self.plan(text, Self.options(tables: [.lockingShift(.portuguese)]))
        #expect(plan.segmented.parts.count == 1)
        #expect(try Self.plan(text, Self.options()).segmented.parts.count == 2)
    }

    @Test(arguments: [
        ("a", 4 * 153, 4, nil), ("a", 4 * 153 + 1, 4, 5), ("a", 1, 0, 1), ("Ж", 4 * 67 + 1, 4, 5), ("a", 161, 1, 2),
    ])
    func `more messages than allowed fail`(unit: String, length: Int, limit: Int, count: Int?) {
        let text = String(repeating: unit, count: length)
        let result = Transcoder.plan(text, options: Self.options(partLimit: limit))
        let failure: TranscodingFailure? = if case .failure(let failure) = result { failure } else { nil }
        #expect(failure == count.map { .tooManyParts(count: $0, limit: limit) })
    }

    @Test(arguments: ["a", "Ж", "😀", "ş“"])
    func `a text far above the limit is refused without a search`(unit: String) {
        let text = String(repeating: unit, count: 50_000)
        let tables = Set(NationalLanguage.allCases.flatMap(NationalTable.all))
        let started = ContinuousClock.now
        let options = Self.options(trate: 1, mrate: 1, upperCased: true, partLimit: 4, tables: tables)
        let result = Transcoder.plan(text, options: options)
        guard case .failure(.tooManyParts(let count, 4)) = result else {
            Issue.record("\(result)")
            return
        }
        #expect(count >= 50_000 / 153)
        #expect(started.duration(to: .now) < .seconds(60))
    }

    @Test func `the limit counts messages, not the one payload`() {
        var options = Self.options(partLimit: 1)
        options.segmentation.concatenation = .messagePayload
        let result = Transcoder.plan(String(repeating: "a", count: 161), options: options)
        #expect(result == .failure(.tooManyParts(count: 2, limit: 1)))
    }

    @Test func `whatever is allowed, parts join to the text and shares are kept`() throws {
        var generator = SeededGenerator(seed: 23)
        for round in 0..<1_000 {
            let text = generator.text(of: Alphabets.mixed, upTo: 200)
            let trate = Double.random(in: 0...1, using: &generator)
            let mrate = Double.random(in: 0...1, using: &generator)
            let options = Self.options(
                trate: trate, mrate: mrate, upperCased: Bool.random(using: &generator),
                keepEmojis: round.isMultiple(of: 2), partLimit: 255, tables: NationalTable.all(of: .turkish))
            let plan = try Self.plan(text, options)
            #expect(plan.segmented.parts.map(\.text).joined() == plan.text)
            #expect(Double(plan.changes.lookAlikes) <= trate * Double(text.count) + 1e-6)
            #expect(Double(plan.changes.dots) <= mrate * Double(text.count) + 1e-6)
            if plan.changes.total == 0 { #expect(plan.text == text) }
            var segmentation = options.segmentation
            segmentation.permittedTables = []
            let plain = try Segmenter.segment(text, options: segmentation).get().messageCount
            #expect(!options.keepEmojis || plan.segmented.messageCount <= plain)
        }
    }
}
