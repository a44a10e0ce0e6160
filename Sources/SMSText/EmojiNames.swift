// SPDX-License-Identifier: Apache-2.0
// Emojis as text. The one documented form is the short name in lower-case ASCII between colons, `:grinning face:`; a
// flag is its letters, `:DE:`; a keycap is its bare character. A sequence (skin tone, joiners, variation selectors) is
// one emoji: tones are dropped and joined emojis are named one after the other.

enum EmojiNames {
    /// True when a phone shows the character as an emoji.
    static func isEmoji(_ character: Character) -> Bool {
        let scalars = character.unicodeScalars
        guard let first = scalars.first, !character.isASCII else { return false }
        if first.isASCII { return scalars.contains(keycap) }
        if isRegionalIndicator(first) { return true }
        if scalars.contains(textSelector) { return false }
        let properties = first.properties
        if properties.isEmojiPresentation { return true }
        return properties.isEmoji && (scalars.contains(emojiSelector) || isPictograph(first))
    }

    /// The text that replaces an emoji; nil when the character is none.
    static func name(of character: Character) -> String? {
        guard isEmoji(character) else { return nil }
        let scalars = Array(character.unicodeScalars)
        if let first = scalars.first, first.isASCII { return String(Character(first)) }
        if let letters = flagLetters(scalars) { return ":\(letters):" }
        if let name = sequenceNames[scalars.filter { $0 != emojiSelector && !isSkinTone($0) }] { return ":\(name):" }
        let names = scalars.filter(isNamed).compactMap(name)
        // A skin tone by itself is all that is there to name.
        return names.isEmpty ? scalars.first.flatMap(name).map { ":\($0):" } : ":\(names.joined(separator: " ")):"
    }

    private static let joiner: Unicode.Scalar = "\u{200D}"
    private static let textSelector: Unicode.Scalar = "\u{FE0E}"
    private static let emojiSelector: Unicode.Scalar = "\u{FE0F}"
    private static let keycap: Unicode.Scalar = "\u{20E3}"
    private static let blackFlag: Unicode.Scalar = "\u{1F3F4}"

    private static func isRegionalIndicator(_ scalar: Unicode.Scalar) -> Bool {
        (0x1F1E6...0x1F1FF).contains(scalar.value)
    }

    private static func isSkinTone(_ scalar: Unicode.Scalar) -> Bool {
        (0x1F3FB...0x1F3FF).contains(scalar.value)
    }

    private static func isTag(_ scalar: Unicode.Scalar) -> Bool {
        (0xE0020...0xE007F).contains(scalar.value)
    }

    /// Symbols that phones draw in colour even without a variation selector (hearts, weather signs, hands).
    private static func isPictograph(_ scalar: Unicode.Scalar) -> Bool {
        (0x2600...0x27BF).contains(scalar.value) || scalar.value >= 0x1F000
    }

    private static func isNamed(_ scalar: Unicode.Scalar) -> Bool {
        scalar != joiner && scalar != emojiSelector && !isSkinTone(scalar) && !isTag(scalar)
    }

    /// The letters of a country flag, or of a region flag (a black flag with tags); nil for anything else.
    private static func flagLetters(_ scalars: [Unicode.Scalar]) -> String? {
        let offsets: [UInt32]
        if let first = scalars.first, isRegionalIndicator(first) {
            offsets = scalars.filter(isRegionalIndicator).map { $0.value - 0x1F1E6 + 0x41 }
        } else if scalars.first == blackFlag, scalars.contains(where: isTag) {
            offsets = scalars.filter { isTag($0) && $0.value < 0xE007F }.map { $0.value - 0xE0000 }
        } else {
            return nil
        }
        var letters = ""
        letters.unicodeScalars.append(contentsOf: offsets.compactMap(Unicode.Scalar.init))
        return letters.uppercased()
    }

    private static func name(_ scalar: Unicode.Scalar) -> String? {
        shortNames[scalar] ?? scalar.properties.name?.lowercased()
    }

    /// Where the short name in use (Unicode CLDR) is not the formal character name.
    private static let shortNames: [Unicode.Scalar: String] = [
        "\u{2764}": "red heart", "\u{1F44D}": "thumbs up", "\u{1F44E}": "thumbs down", "\u{1F602}": "tears of joy",
        "\u{263A}": "smiling face", "\u{1F600}": "grinning face", "\u{1F60A}": "smiling face with smiling eyes",
        "\u{1F60D}": "smiling face with heart-eyes", "\u{1F618}": "face blowing a kiss",
        "\u{1F62D}": "loudly crying face", "\u{1F622}": "crying face", "\u{1F609}": "winking face",
        "\u{1F64F}": "folded hands", "\u{1F44F}": "clapping hands", "\u{1F4AA}": "flexed biceps",
        "\u{1F44C}": "ok hand", "\u{1F44B}": "waving hand", "\u{1F44A}": "oncoming fist", "\u{270C}": "victory hand",
        "\u{1F91D}": "handshake", "\u{1F525}": "fire", "\u{1F389}": "party popper", "\u{1F38A}": "confetti ball",
        "\u{1F382}": "birthday cake", "\u{2705}": "check mark", "\u{2714}": "check mark", "\u{274C}": "cross mark",
        "\u{26A0}": "warning", "\u{2B50}": "star", "\u{1F31F}": "glowing star", "\u{2600}": "sun",
        "\u{1F4F1}": "mobile phone", "\u{260E}": "telephone", "\u{1F4DE}": "telephone receiver",
        "\u{2709}": "envelope", "\u{1F4E7}": "e-mail", "\u{23F0}": "alarm clock", "\u{1F4C5}": "calendar",
        "\u{2708}": "airplane", "\u{1F697}": "car", "\u{1F69A}": "delivery truck", "\u{1F6D2}": "shopping cart",
        "\u{1F381}": "gift", "\u{1F4E6}": "package", "\u{1F494}": "broken heart", "\u{1F495}": "two hearts",
        "\u{1F914}": "thinking face", "\u{1F62E}": "surprised face", "\u{1F621}": "angry face",
        "\u{1F4AF}": "100", "\u{1F680}": "rocket", "\u{1F440}": "eyes",
    ]

    /// Joined sequences with a name of their own; skin tones and variation selectors are taken out before the look-up.
    private static let sequenceNames: [[Unicode.Scalar]: String] = [
        ["\u{1F3F3}", joiner, "\u{1F308}"]: "rainbow flag",
        ["\u{1F3F4}", joiner, "\u{2620}"]: "pirate flag",
        ["\u{2764}", joiner, "\u{1F525}"]: "heart on fire",
        ["\u{2764}", joiner, "\u{1FA79}"]: "mending heart",
        ["\u{1F468}", joiner, "\u{1F469}", joiner, "\u{1F467}"]: "family",
        ["\u{1F468}", joiner, "\u{1F469}", joiner, "\u{1F466}"]: "family",
        ["\u{1F468}", joiner, "\u{1F469}", joiner, "\u{1F467}", joiner, "\u{1F466}"]: "family",
        ["\u{1F937}", joiner, "\u{2640}"]: "woman shrugging",
        ["\u{1F937}", joiner, "\u{2642}"]: "man shrugging",
        ["\u{1F926}", joiner, "\u{2640}"]: "woman facepalming",
        ["\u{1F926}", joiner, "\u{2642}"]: "man facepalming",
        ["\u{1F468}", joiner, "\u{1F4BB}"]: "man technologist",
        ["\u{1F469}", joiner, "\u{1F4BB}"]: "woman technologist",
    ]
}
