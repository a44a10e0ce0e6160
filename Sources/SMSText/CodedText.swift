// SPDX-License-Identifier: Apache-2.0
// A whole text in the codes of one encoding, with the places where it may be cut. Every atom (a scalar: one septet, an
// escape pair, one UTF-16 unit or a surrogate pair) stays whole, and so does every grapheme cluster that fits in a part.

/// A text in septets or UTF-16 units.
struct CodedText {
    /// The smallest piece that is never cut.
    struct Atom {
        /// Offset in `codes` after this atom.
        let end: Int
        /// Position in the text after this atom.
        let index: String.Index
        /// True where a grapheme cluster ends. A line break of CR and LF counts as two.
        let endsCluster: Bool
    }

    let text: String
    let encoding: TextEncoding
    /// One septet or one UTF-16 unit each.
    private(set) var codes: [UInt16] = []
    /// Of a text in ASCII, none: they are found when it is cut.
    private var atoms: [Atom] = []

    /// Codes the text as UTF-16.
    init(ucs2 text: String) {
        self.text = text
        encoding = .ucs2
        reserve(text.utf8.count)
        var index = text.startIndex
        for character in text {
            let scalars = character.unicodeScalars
            var remaining = scalars.count
            let cutsEverywhere = character == "\r\n"
            for scalar in scalars {
                remaining -= 1
                appendUnits(of: scalar)
                index = text.unicodeScalars.index(after: index)
                append(endingAt: index, endsCluster: remaining == 0 || cutsEverywhere)
            }
        }
    }

    /// Codes the text in septets; nil when a character is outside the alphabet, or outside the form that the carrier
    /// takes data_coding 0 in.
    init?(gsm7 text: String, alphabet: GSM7Alphabet, defaultAlphabet: DefaultAlphabet = .gsm7) {
        self.text = text
        encoding = .gsm7(alphabet)
        let tables = alphabet.tables
        if text.utf8.allSatisfy({ $0 < 0x80 }) {
            guard appendASCII(of: text, tables: tables) else { return nil }
        } else {
            reserve(text.utf8.count)
            guard appendCharacters(of: text, tables: tables, defaultAlphabet: defaultAlphabet) else { return nil }
        }
    }

    private mutating func appendASCII(of text: String, tables: GSM7Tables) -> Bool {
        codes.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            guard let code = tables.code(for: Unicode.Scalar(byte)) else { return false }
            append(code)
        }
        return true
    }

    /// Every character is an atom, of one code or of an escape and a code.
    private var atomsOfASCII: [Atom] {
        var atoms: [Atom] = []
        atoms.reserveCapacity(codes.count)
        var (end, index) = (0, text.startIndex)
        while end < codes.count {
            end += codes[end] == UInt16(GSM7Alphabet.escape) ? 2 : 1
            text.utf8.formIndex(after: &index)
            atoms.append(Atom(end: end, index: index, endsCluster: true))
        }
        return atoms
    }

    private mutating func appendUnits(of scalar: Unicode.Scalar) {
        if let unit = UInt16(exactly: scalar.value) {
            codes.append(unit)
        } else {
            codes.append(UTF16.leadSurrogate(scalar))
            codes.append(UTF16.trailSurrogate(scalar))
        }
    }

    private mutating func reserve(_ count: Int) {
        codes.reserveCapacity(count)
        atoms.reserveCapacity(count)
    }

    private mutating func appendCharacters(
        of text: String, tables: GSM7Tables, defaultAlphabet: DefaultAlphabet
    ) -> Bool {
        var index = text.startIndex
        for character in text {
            let scalars = character.unicodeScalars
            guard scalars.allSatisfy(defaultAlphabet.holds) else { return false }
            var remaining = scalars.count
            if scalars.allSatisfy({ tables.code(for: $0) != nil }) {
                let cutsEverywhere = character == "\r\n"
                for scalar in scalars {
                    guard let code = tables.code(for: scalar) else { return false }
                    remaining -= 1
                    index = text.unicodeScalars.index(after: index)
                    append(code, endingAt: index, endsCluster: remaining == 0 || cutsEverywhere)
                }
            } else if let code = tables.composedCode(for: character) {
                index = text.index(after: index)
                append(code, endingAt: index, endsCluster: true)
            } else {
                return false
            }
        }
        return true
    }

    private mutating func append(_ code: GSM7Code) {
        switch code {
        case .plain(let septet):
            codes.append(UInt16(septet))
        case .extended(let septet):
            codes.append(UInt16(GSM7Alphabet.escape))
            codes.append(UInt16(septet))
        }
    }

    private mutating func append(_ code: GSM7Code, endingAt index: String.Index, endsCluster: Bool) {
        append(code)
        append(endingAt: index, endsCluster: endsCluster)
    }

    private mutating func append(endingAt index: String.Index, endsCluster: Bool) {
        atoms.append(Atom(end: codes.count, index: index, endsCluster: endsCluster))
    }
}

extension CodedText {
    /// One part of the text: its codes and its characters.
    struct Cut {
        let codes: ArraySlice<UInt16>
        let text: Substring
    }

    /// Cuts the text into parts of at most `concatenated` codes, or leaves it whole if it is no longer than `single`.
    /// Both must be at least 2.
    func cuts(single: Int, concatenated: Int) -> [Cut] {
        if codes.count <= single { return [Cut(codes: codes[...], text: text[...])] }
        let atoms = atoms.isEmpty ? atomsOfASCII : atoms
        var cuts: [Cut] = []
        var start = (atom: 0, code: 0, index: text.startIndex)
        while start.atom < atoms.count {
            let next = Self.endOfPart(of: atoms, from: start.atom, codeLimit: start.code + concatenated)
            let last = atoms[next - 1]
            cuts.append(Cut(codes: codes[start.code..<last.end], text: text[start.index..<last.index]))
            start = (next, last.end, last.index)
        }
        return cuts
    }

    /// The atom after the last one of the part that begins at atom `start` and ends at or before code `codeLimit`.
    private static func endOfPart(of atoms: [Atom], from start: Int, codeLimit: Int) -> Int {
        var end = start + 1
        while end < atoms.count, atoms[end].end <= codeLimit { end += 1 }
        if end == atoms.count { return end }
        var clusterEnd = end
        while clusterEnd > start, !atoms[clusterEnd - 1].endsCluster { clusterEnd -= 1 }
        return clusterEnd > start ? clusterEnd : end
    }
}
