// SPDX-License-Identifier: Apache-2.0
// Cutting a text into short messages. A message holds 140 octets, header included: 160 septets or 70 UTF-16 units alone,
// 153 or 67 (152 or 66 with a 16-bit reference) as a part, fewer when the header also names national tables.

/// Cuts texts into parts without changing a character.
public enum Segmenter {
    /// Most parts that a concatenation element can number.
    public static let maximumParts = 255

    /// The parts of `text`. `.auto` takes the fewest parts, GSM-7 before UCS-2 before national tables where they are
    /// equal. Fails with `.notRepresentable` for `.gsm7` only, with `.tooManyParts` above 255.
    public static func segment(
        _ text: String, options: SegmentationOptions = SegmentationOptions()
    ) -> Result<SegmentedText, TranscodingFailure> {
        let plans = SegmentationPlan.all(for: text, options: options)
        guard let best = plans.min(by: { $0.rank < $1.rank }) else {
            return .failure(notRepresentable(in: text, options: options))
        }
        guard best.messageCount <= maximumParts else {
            return .failure(.tooManyParts(count: best.messageCount, limit: maximumParts))
        }
        return .success(best.segmented)
    }

    /// Septets or units that one message holds beside a header of `headerOctets` octets (length octet included).
    public static func capacity(of encoding: TextEncoding, headerOctets: Int) -> Int {
        let octets = max(0, 140 - headerOctets)
        return switch encoding {
        case .gsm7: octets * 8 / 7
        case .ucs2: octets / 2
        }
    }

    private static func notRepresentable(in text: String, options: SegmentationOptions) -> TranscodingFailure {
        for (offset, character) in text.enumerated()
        where CodedText(gsm7: String(character), alphabet: .standard, defaultAlphabet: options.defaultAlphabet) == nil {
            return .notRepresentable(character: character, offset: offset)
        }
        return .notRepresentable(character: text.first ?? " ", offset: 0)
    }
}

/// A text cut in one of the possible encodings, before its octets are made.
struct SegmentationPlan {
    let coded: CodedText
    let cuts: [CodedText.Cut]
    let options: SegmentationOptions

    init(coded: CodedText, options: SegmentationOptions) {
        self.coded = coded
        self.options = options
        let shiftOctets = Self.shiftOctets(of: coded.encoding)
        let concatenationOctets = options.referenceWidth == .eight ? 5 : 6
        cuts = coded.cuts(
            single: Segmenter.capacity(
                of: coded.encoding, headerOctets: shiftOctets == 0 ? 0 : 1 + shiftOctets),
            concatenated: Segmenter.capacity(
                of: coded.encoding, headerOctets: 1 + concatenationOctets + shiftOctets))
    }

    var messageCount: Int { cuts.count }

    /// Fewest messages first, then the better understood encoding.
    var rank: (Int, Int) { (messageCount, preference) }

    /// The order among equals: plain GSM-7, UCS-2, a national extension table, a national alphabet, because phones
    /// understand them in this order.
    var preference: Int {
        switch coded.encoding {
        case .gsm7(let alphabet) where alphabet == .standard: 0
        case .ucs2: 1
        case .gsm7(let alphabet): (alphabet.single == nil ? 0 : 1) + (alphabet.locking == nil ? 1 : 3)
        }
    }

    /// Every encoding that holds `text` unchanged under `options`.
    static func all(for text: String, options: SegmentationOptions) -> [SegmentationPlan] {
        var plans: [SegmentationPlan] = []
        if options.encoding != .unicode {
            for alphabet in candidateAlphabets(for: text, options: options) {
                let coded = CodedText(gsm7: text, alphabet: alphabet, defaultAlphabet: options.defaultAlphabet)
                guard let coded else { continue }
                let plan = SegmentationPlan(coded: coded, options: options)
                if alphabet == .standard, plan.messageCount == 1 { return [plan] }
                plans.append(plan)
            }
        }
        if options.encoding != .gsm7 {
            plans.append(SegmentationPlan(coded: CodedText(ucs2: text), options: options))
        }
        return plans
    }

    /// The default alphabet and every pair of permitted tables that helps with some scalar of `text`.
    static func candidateAlphabets(for text: String, options: SegmentationOptions) -> [GSM7Alphabet] {
        guard options.defaultAlphabet.carriesSeptets, !options.permittedTables.isEmpty else { return [.standard] }
        let costly = Set(text.unicodeScalars).filter { GSM7Alphabet.standard.code(for: $0)?.septetCount != 1 }
        var lockings: [NationalLanguage?] = [nil]
        var singles: [NationalLanguage?] = [nil]
        for language in NationalLanguage.allCases {
            let permitsLocking = options.permittedTables.contains(.lockingShift(language))
            if permitsLocking, language.hasLockingShiftTable, helps(GSM7Alphabet(locking: language), with: costly) {
                lockings.append(language)
            }
            let permitsSingle = options.permittedTables.contains(.singleShift(language))
            if permitsSingle, helps(GSM7Alphabet(single: language), with: costly) { singles.append(language) }
        }
        return lockings.flatMap { locking in singles.map { GSM7Alphabet(locking: locking, single: $0) } }
    }

    /// True when the alphabet codes one of the scalars in fewer septets than the default alphabet does.
    private static func helps(_ alphabet: GSM7Alphabet, with scalars: Set<Unicode.Scalar>) -> Bool {
        scalars.contains { scalar in
            guard let cost = alphabet.code(for: scalar)?.septetCount else { return false }
            return cost < GSM7Alphabet.standard.code(for: scalar)?.septetCount ?? 3
        }
    }

    private static func shiftOctets(of encoding: TextEncoding) -> Int {
        guard case .gsm7(let alphabet) = encoding else { return 0 }
        return 3 * alphabet.headerElements.count
    }
}

extension SegmentationPlan {
    /// The finished parts; a single one for `.messagePayload`.
    var segmented: SegmentedText {
        let whole = CodedText.Cut(codes: coded.codes[...], text: coded.text[...])
        let cuts = options.concatenation == .messagePayload ? [whole] : cuts
        let headerOctets = headerOctets(partCount: cuts.count)
        return SegmentedText(
            encoding: coded.encoding, parts: cuts.map { part(of: $0, headerOctets: headerOctets) },
            messageCount: messageCount, concatenation: options.concatenation, referenceWidth: options.referenceWidth)
    }

    private func headerOctets(partCount: Int) -> Int {
        var octets = Self.shiftOctets(of: coded.encoding)
        if partCount > 1, options.concatenation == .userDataHeader {
            octets += options.referenceWidth == .eight ? 5 : 6
        }
        return octets == 0 ? 0 : octets + 1
    }

    private func part(of cut: CodedText.Cut, headerOctets: Int) -> SegmentedText.Part {
        SegmentedText.Part(
            text: String(cut.text), userData: userData(of: cut, headerOctets: headerOctets), units: cut.codes.count)
    }

    private func userData(of cut: CodedText.Cut, headerOctets: Int) -> [UInt8] {
        guard case .gsm7 = coded.encoding else {
            return cut.codes.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
        }
        let septets = cut.codes.map { UInt8(truncatingIfNeeded: $0) }
        switch options.defaultAlphabet {
        case .gsm7:
            return septets
        case .gsm7Packed:
            let fillBits = SeptetPacking.fillBits(headerOctets: headerOctets)
            return SeptetPacking.packedWithPadding(septets, fillBits: fillBits)
        case .latin1, .ascii:
            // The code of such a plan was refused for every scalar outside the form.
            return cut.text.unicodeScalars.map { UInt8(truncatingIfNeeded: $0.value) }
        case .utf8:
            return Array(cut.text.utf8)
        }
    }
}
