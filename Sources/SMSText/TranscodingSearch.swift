// SPDX-License-Identifier: Apache-2.0
// One search of the transcoder: every plan that the options allow, and the choice among them. Work is done on pieces,
// one for each character of the original, so that shares and positions always refer to what the sender wrote.

/// One run of the search over one text.
struct TranscodingSearch {
    struct Candidate {
        let plan: SegmentationPlan
        let changes: TranscodingChanges

        /// Fewest messages, then fewest changes, then fewest dots among them, then the better understood encoding.
        var rank: (Int, Int, Int, Int) { (plan.messageCount, changes.total, changes.dots, plan.preference) }

        var transcoded: TranscodedText {
            TranscodedText(text: plan.coded.text, segmented: plan.segmented, changes: changes)
        }
    }

    let options: TranscodingOptions
    /// The characters of the original text.
    let characters: [Character]
    /// What each becomes before any further means: itself, or the name of the emoji.
    let pieces: [String]
    let namedEmojis: Int

    init(text: String, options: TranscodingOptions) {
        self.options = options
        characters = Array(text)
        var named = 0
        pieces = characters.map { character in
            guard !options.keepEmojis, let name = EmojiNames.name(of: character) else { return String(character) }
            named += 1
            return name
        }
        namedEmojis = named
    }

    /// Messages that the text takes at least, invisible characters aside.
    var leastMessages: Int { characters.count <= 160 ? 1 : (characters.count + 152) / 153 }

    /// True for a text so far above the limit that a search, whose time grows with the text, is not worth its while.
    func isHopeless(limit: Int) -> Bool { leastMessages > 2 * max(limit, 1) }

    func best() -> Candidate? {
        let unchanged = TranscodingChanges(emojis: namedEmojis)
        var candidates: [Candidate] = []
        if options.segmentation.encoding != .gsm7 {
            let coded = CodedText(ucs2: pieces.joined())
            let plan = SegmentationPlan(coded: coded, options: options.segmentation)
            candidates.append(Candidate(plan: plan, changes: unchanged))
        }
        guard options.segmentation.encoding != .unicode else { return candidates.first }
        candidates += septetCandidates(pieces, changes: unchanged)
        let best = candidates.min { $0.rank < $1.rank }
        guard options.upperCased, best.map({ $0.plan.messageCount > 1 }) ?? true else { return best }
        guard let bestUpper = bestUpperCased() else { return best }
        guard let best, best.plan.messageCount <= bestUpper.plan.messageCount else { return bestUpper }
        return best
    }

    /// The first character that has no code in the default alphabet and no replacement among the allowed means.
    var notRepresentable: TranscodingFailure {
        let form = SeptetForm(alphabet: .standard, defaultAlphabet: options.segmentation.defaultAlphabet)
        let missing = pieces.indices.filter { !form.fits(pieces[$0]) }
        let hopeless = missing.first { options.trate <= 0 || form.lookAlike(for: pieces[$0]) == nil }
        let offset = hopeless ?? missing.first ?? 0
        return .notRepresentable(character: offset < characters.count ? characters[offset] : " ", offset: offset)
    }

    private func bestUpperCased() -> Candidate? {
        let standard = SeptetForm(alphabet: .standard, defaultAlphabet: options.segmentation.defaultAlphabet)
        var changes = TranscodingChanges(emojis: namedEmojis)
        var upper: [String] = []
        upper.reserveCapacity(pieces.count)
        var missing = 0
        for piece in pieces {
            let raised = Self.upperCased(piece)
            if raised != piece { changes.upperCased += 1 }
            upper.append(raised)
            // Most texts that upper case cannot help show it within a few characters.
            if options.segmentation.permittedTables.isEmpty, !standard.fits(raised) { missing += 1 }
            if missing > replacementBudget { return nil }
        }
        return septetCandidates(upper, changes: changes).min { $0.rank < $1.rank }
    }

    private static func upperCased(_ piece: String) -> String {
        piece.uppercased().map { LookAlikes.greekCapital($0) ?? String($0) }.joined()
    }
}

extension TranscodingSearch {
    /// The GSM-7 plans of a text under every permitted pair of tables.
    private func septetCandidates(_ pieces: [String], changes: TranscodingChanges) -> [Candidate] {
        SegmentationPlan.candidateAlphabets(for: pieces.joined(), options: options.segmentation).flatMap {
            let form = SeptetForm(alphabet: $0, defaultAlphabet: options.segmentation.defaultAlphabet)
            return septetCandidates(pieces, changes: changes, form: form)
        }
    }

    /// The plan with the fewest dots, and, if it takes several messages, the one with a dot for each longer look-alike.
    private func septetCandidates(
        _ pieces: [String], changes: TranscodingChanges, form: SeptetForm
    ) -> [Candidate] {
        var replaced = pieces
        var lookAlikes: [(index: Int, cost: Int)] = []
        var dotted: [Int] = []
        for (index, piece) in pieces.enumerated() where !form.fits(piece) {
            if lookAlikes.count + dotted.count == replacementBudget { return [] }
            if let lookAlike = form.lookAlike(for: piece) {
                replaced[index] = lookAlike
                lookAlikes.append((index, form.cost(of: lookAlike)))
            } else {
                if isKept(characters[index]) { return [] }
                dotted.append(index)
            }
        }
        let dotsLeft = budget(options.mrate) - dotted.count
        let excess = max(0, lookAlikes.count - budget(options.trate))
        guard dotsLeft >= excess else { return [] }
        let byCost = lookAlikes.sorted { ($1.cost, $0.index) < ($0.cost, $1.index) }
        let longer = min(dotsLeft, max(excess, byCost.count { $0.cost > 1 }))
        return Set([excess, longer]).compactMap { count in
            var text = replaced
            for index in dotted + byCost.prefix(count).map(\.index) { text[index] = "." }
            var changes = changes
            changes.dots = dotted.count + count
            changes.lookAlikes = lookAlikes.count - count
            return form.coded(text.joined()).map {
                Candidate(plan: SegmentationPlan(coded: $0, options: options.segmentation), changes: changes)
            }
        }
    }

    /// An emoji stays what it is under `.auto`, even if that means UCS-2.
    private func isKept(_ character: Character) -> Bool {
        options.keepEmojis && options.segmentation.encoding == .auto && EmojiNames.isEmoji(character)
    }

    private var replacementBudget: Int { budget(options.trate) + budget(options.mrate) }

    /// How many of the characters a share stands for, rounded down.
    private func budget(_ share: Double) -> Int {
        guard share > 0 else { return 0 }
        // Decimal shares are not exact in binary: 0.29 × 100 must be 29.
        return Int((min(share, 1) * Double(characters.count) + 1e-9).rounded(.down))
    }
}

/// A GSM 7-bit alphabet in the form that the carrier takes it.
struct SeptetForm {
    let alphabet: GSM7Alphabet
    let defaultAlphabet: DefaultAlphabet
    private let tables: GSM7Tables

    init(alphabet: GSM7Alphabet, defaultAlphabet: DefaultAlphabet) {
        self.alphabet = alphabet
        self.defaultAlphabet = defaultAlphabet
        tables = alphabet.tables
    }

    func coded(_ text: String) -> CodedText? {
        CodedText(gsm7: text, alphabet: alphabet, defaultAlphabet: defaultAlphabet)
    }

    func fits(_ text: String) -> Bool {
        let scalars = text.unicodeScalars
        guard scalars.allSatisfy(defaultAlphabet.holds) else { return false }
        return scalars.allSatisfy { tables.code(for: $0) != nil } || text.allSatisfy { tables.septets(for: $0) != nil }
    }

    func cost(of text: String) -> Int { coded(text)?.codes.count ?? 0 }

    /// The look-alike of a piece that is one character; the name of an emoji has none.
    func lookAlike(for piece: String) -> String? {
        guard let character = piece.first, piece.count == 1 else { return nil }
        return LookAlikes.replacement(for: character, fits: fits)
    }
}
