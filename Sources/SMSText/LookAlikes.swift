// SPDX-License-Identifier: Apache-2.0
// Characters that GSM-7 lacks and the GSM-7 text that a reader takes for them. A replacement is only ever offered when
// every scalar of it is in the alphabet in use.

enum LookAlikes {
    /// The replacement of a character that `alphabet` lacks; nil when there is none. Empty for invisible characters.
    static func replacement(for character: Character, fits: (String) -> Bool) -> String? {
        if let known = table[character], fits(known) { return known }
        if let base = accents[character], fits(base) { return base }
        guard let first = character.unicodeScalars.first else { return nil }
        if (0xFF01...0xFF5E).contains(first.value), let ascii = Unicode.Scalar(first.value - 0xFEE0) {
            let narrow = String(Character(ascii))
            return fits(narrow) ? narrow : nil
        }
        return withoutMarks(character, fits: fits)
    }

    /// Greek capitals without their accents, and as the Latin capital where GSM 03.38 relies on the same shape: it has
    /// ten Greek capitals only, those that no Latin letter looks like.
    static func greekCapital(_ character: Character) -> String? {
        guard let scalar = character.unicodeScalars.first, isGreek(scalar) else { return nil }
        let bare = greekAccents[character] ?? character
        return greekCapitals[bare] ?? (bare == character ? nil : String(bare))
    }

    private static func isGreek(_ scalar: Unicode.Scalar) -> Bool {
        (0x0370...0x03FF).contains(scalar.value) || (0x1F00...0x1FFF).contains(scalar.value)
    }

    /// Drops combining marks: the base alone, or its own look-alike.
    private static func withoutMarks(_ character: Character, fits: (String) -> Bool) -> String? {
        let scalars = character.unicodeScalars
        guard scalars.count > 1, let base = scalars.first, scalars.dropFirst().allSatisfy(isMark) else { return nil }
        let bare = String(Character(base))
        if fits(bare) { return bare }
        guard let known = table[Character(base)] ?? accents[Character(base)], fits(known) else { return nil }
        return known
    }

    private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark, .format: true
        default: false
        }
    }

    // MARK: Accents, found by canonical equivalence: a composed letter is the key that equals base and marks.

    private static let marks: [Unicode.Scalar] = [
        "\u{300}", "\u{301}", "\u{302}", "\u{303}", "\u{304}", "\u{306}", "\u{307}", "\u{308}", "\u{309}", "\u{30A}",
        "\u{30B}", "\u{30C}", "\u{30F}", "\u{311}", "\u{31B}", "\u{323}", "\u{324}", "\u{325}", "\u{326}", "\u{327}",
        "\u{328}", "\u{32D}", "\u{32E}", "\u{330}", "\u{331}",
    ]

    private static let accents: [Character: String] = {
        let letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".unicodeScalars
        let doublyMarked = Set("AEIOUaeiouLlRrSs".unicodeScalars)
        var accents: [Character: String] = [:]
        for letter in letters {
            let base = String(Character(letter))
            for mark in marks {
                accents[character(letter, mark)] = base
                guard doublyMarked.contains(letter) else { continue }
                for second in marks where second != mark { accents[character(letter, mark, second)] = base }
            }
        }
        return accents
    }()

    private static let greekAccents: [Character: Character] = {
        let marks: [Unicode.Scalar] = ["\u{300}", "\u{301}", "\u{308}", "\u{313}", "\u{314}", "\u{342}", "\u{345}"]
        var accents: [Character: Character] = [:]
        for letter in "ΑΕΗΙΟΥΩαεηιουω".unicodeScalars {
            for mark in marks {
                accents[character(letter, mark)] = Character(letter)
                for second in marks { accents[character(letter, mark, second)] = Character(letter) }
            }
        }
        return accents
    }()

    private static func character(_ scalars: Unicode.Scalar...) -> Character {
        var text = ""
        text.unicodeScalars.append(contentsOf: scalars)
        return text.first ?? " "
    }

    private static let greekCapitals: [Character: String] = [
        "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H", "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P",
        "Τ": "T", "Υ": "Y", "Χ": "X",
    ]

    private static let table: [Character: String] = {
        var table = punctuation
        table.merge(letters) { first, _ in first }
        table.merge(greekCapitals) { first, _ in first }
        for (accented, bare) in greekAccents where table[accented] == nil {
            table[accented] = table[bare] ?? String(bare)
        }
        return table
    }()

    private static let punctuation: [Character: String] = [
        "\u{2018}": "'", "\u{2019}": "'", "\u{201A}": "'", "\u{201B}": "'", "\u{2032}": "'", "\u{2035}": "'",
        "\u{02B9}": "'", "\u{02BB}": "'", "\u{02BC}": "'", "\u{00B4}": "'", "\u{0060}": "'", "\u{2039}": "<",
        "\u{203A}": ">", "\u{201C}": "\"", "\u{201D}": "\"", "\u{201E}": "\"", "\u{201F}": "\"", "\u{2033}": "\"",
        "\u{00AB}": "\"", "\u{00BB}": "\"", "\u{00A8}": "\"", "\u{300C}": "\"", "\u{300D}": "\"",
        "\u{2010}": "-", "\u{2011}": "-", "\u{2012}": "-", "\u{2013}": "-", "\u{2014}": "-", "\u{2015}": "-",
        "\u{2212}": "-", "\u{00AC}": "-", "\u{00AF}": "-", "\u{2026}": "...", "\u{2025}": "..", "\u{2022}": "*",
        "\u{00B7}": ".", "\u{2027}": ".", "\u{3002}": ".", "\u{30FB}": ".", "\u{3001}": ",", "\u{00B8}": ",",
        "\u{0009}": " ", "\u{00A0}": " ", "\u{1680}": " ", "\u{2002}": " ",
        "\u{2003}": " ", "\u{2004}": " ", "\u{2005}": " ", "\u{2006}": " ", "\u{2007}": " ", "\u{2008}": " ",
        "\u{2009}": " ", "\u{200A}": " ", "\u{202F}": " ", "\u{205F}": " ", "\u{3000}": " ", "\u{2028}": "\n",
        "\u{2029}": "\n", "\u{0085}": "\n", "\u{000B}": "\n", "\u{000C}": "\n", "\u{00AD}": "", "\u{200B}": "",
        "\u{200C}": "", "\u{200D}": "", "\u{200E}": "", "\u{200F}": "", "\u{2060}": "", "\u{FEFF}": "",
        "\u{2044}": "/", "\u{2215}": "/", "\u{00F7}": "/", "\u{00D7}": "x", "\u{00B1}": "+/-", "\u{2264}": "<=",
        "\u{2265}": ">=", "\u{2260}": "!=", "\u{2190}": "<-", "\u{2192}": "->", "\u{2122}": "TM", "\u{00A9}": "(c)",
        "\u{00AE}": "(R)", "\u{2116}": "No", "\u{00B9}": "1", "\u{00B2}": "2", "\u{00B3}": "3", "\u{00BD}": "1/2",
        "\u{00BC}": "1/4", "\u{00BE}": "3/4", "\u{00B0}": "o", "\u{00BA}": "o", "\u{00AA}": "a", "\u{00A2}": "c",
        "\u{00A6}": "|", "\u{20A4}": "£", "\u{20B9}": "Rs", "\u{20BA}": "TL",
    ]

    private static let letters: [Character: String] = [
        // Latin letters that are no accented forms, and ligatures.
        "œ": "oe", "Œ": "OE", "ĳ": "ij", "Ĳ": "IJ", "ŉ": "'n", "ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl",
        "ﬅ": "st", "ﬆ": "st", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D",
        "ħ": "h", "Ħ": "H", "ı": "i", "ĸ": "k", "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ſ": "s", "ƒ": "f", "ẞ": "ß",
        "ə": "e", "Ə": "E", "ŀ": "l", "Ŀ": "L", "ɓ": "b", "ɗ": "d", "ƙ": "k",
        // Letters of the national alphabets, for an alphabet that lacks them.
        "è": "e", "é": "e", "ù": "u", "ì": "i", "ò": "o", "à": "a", "Ø": "O", "ø": "o", "æ": "ae", "Æ": "AE",
        "ß": "ss", "¿": "?", "¡": "!",
        // Cyrillic.
        "А": "A", "В": "B", "Е": "E", "Ё": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T",
        "У": "Y", "Х": "X", "І": "I", "Ї": "I", "Ј": "J", "Ѕ": "S", "Ԛ": "Q", "Ԝ": "W", "Ү": "Y", "Һ": "h", "З": "3",
        "Г": "Γ", "Л": "Λ", "П": "Π", "Ф": "Φ", "а": "a", "в": "B", "е": "e", "ё": "e", "к": "k", "м": "M", "н": "H",
        "о": "o", "р": "p", "с": "c", "т": "T", "у": "y", "х": "x", "і": "i", "ї": "i", "ј": "j", "ѕ": "s", "һ": "h",
        "з": "3", "б": "6", "ь": "b", "Ь": "b", "г": "r", "л": "Λ", "п": "n", "ф": "Φ",
        // Greek lower case: the Latin letter of the same shape, else the capital that GSM-7 has.
        "α": "a", "β": "ß", "γ": "Γ", "δ": "Δ", "ε": "e", "ζ": "Z", "η": "n", "θ": "Θ", "ι": "i", "κ": "k", "λ": "Λ",
        "μ": "u", "µ": "u", "ν": "v", "ξ": "Ξ", "ο": "o", "π": "Π", "ρ": "p", "σ": "Σ", "ς": "Σ", "τ": "t", "υ": "u",
        "φ": "Φ", "χ": "x", "ψ": "Ψ", "ω": "Ω", "\u{2126}": "Ω", "\u{2206}": "Δ", "\u{2211}": "Σ", "\u{220F}": "Π",
    ]
}
