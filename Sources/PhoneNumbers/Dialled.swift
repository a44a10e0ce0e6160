// SPDX-License-Identifier: Apache-2.0
// What somebody wrote as a number, reduced to digits and how they begin. The library behind this module reads letters
// as digits and cuts words off; a code must not go to a number made of a typing mistake, so here they are no number.

/// The digits of a text and what stands before them.
struct Dialled: Equatable {
    enum Form {
        /// "+" and the country code.
        case plus
        /// "00" and the country code, as in most of the world.
        case doubleZero
        /// Neither: international or national.
        case bare
    }

    /// Longer than any number with any prefix; what is longer is not worth reading.
    static let mostDigits = 40
    static let mostBytes = 250

    var form: Form
    /// ASCII digits as they were written, the "00" included.
    var digits: String

    init(_ text: some StringProtocol) throws(PhoneNumberError) {
        guard text.utf8.count <= Self.mostBytes else { throw .tooLong }
        var form = Form.bare
        var digits = ""
        for scalar in text.unicodeScalars {
            if let digit = Self.digit(scalar) {
                digits.append(digit)
            } else if scalar == "+" || scalar == "\u{FF0B}" {
                guard digits.isEmpty, form == .bare else { throw .notANumber }
                form = .plus
            } else if !Self.isPunctuation(scalar) {
                throw .notANumber
            }
        }
        guard !digits.isEmpty else { throw .notANumber }
        guard digits.utf8.count <= Self.mostDigits else { throw .tooLong }
        if form == .bare, digits.hasPrefix("00") { form = .doubleZero }
        self.form = form
        self.digits = digits
    }

    /// The text to read as an international number: "+" and all behind the prefix.
    var international: String {
        switch form {
        case .plus, .bare: "+" + digits
        case .doubleZero: "+" + digits.dropFirst(2)
        }
    }

    /// The digits of all scripts that have decimal ones: a keyboard in Arabic or a full-width one writes those.
    private static func digit(_ scalar: Unicode.Scalar) -> Character? {
        if scalar.isASCII { return scalar.value >= 0x30 && scalar.value <= 0x39 ? Character(scalar) : nil }
        guard scalar.properties.numericType == .decimal, let value = scalar.properties.numericValue else { return nil }
        return Character(Unicode.Scalar(0x30 + UInt8(value)))
    }

    /// What people put between digits, among it the invisible characters that come along when a number is copied. A
    /// tilde is not: some write it before an extension, which is no part of a number.
    private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar {
        case " ", "\t", "\n", "\r", "-", ".", "/", "(", ")", "[", "]": true
        case "\u{A0}", "\u{AD}", "\u{200B}"..."\u{200F}", "\u{202A}"..."\u{202F}", "\u{2060}", "\u{3000}": true
        case "\u{2010}"..."\u{2015}", "\u{2212}", "\u{30FC}": true
        case "\u{FF08}", "\u{FF09}", "\u{FF0D}"..."\u{FF0F}", "\u{FF3B}", "\u{FF3D}", "\u{FEFF}": true
        default: false
        }
    }
}
