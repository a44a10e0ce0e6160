// SPDX-License-Identifier: Apache-2.0
// The GSM 7-bit alphabet of 3GPP TS 23.038 under a choice of national shift tables. Septets are held one per octet;
// `decode` accepts any octets, and whatever `septets(for:)` gives decodes to the same text.

/// A GSM 7-bit alphabet: a locking-shift table and an extension (single-shift) table, the default ones when nil.
public struct GSM7Alphabet: Sendable, Hashable {
    /// Nil for the default alphabet; ignored when the language has no locking table (Spanish).
    public let locking: NationalLanguage?
    /// Nil for the default extension table.
    public let single: NationalLanguage?

    public init(locking: NationalLanguage? = nil, single: NationalLanguage? = nil) {
        self.locking = locking?.hasLockingShiftTable == true ? locking : nil
        self.single = single
    }

    /// The default alphabet with the default extension table.
    public static let standard = GSM7Alphabet()

    /// The escape to the extension table.
    public static let escape: UInt8 = 0x1B

    /// The code of a scalar, nil when neither table has it.
    public func code(for scalar: Unicode.Scalar) -> GSM7Code? {
        tables.code(for: scalar)
    }

    /// The septets of one character, nil when it has none. A character that the tables hold in composed form only
    /// (`é` written as two scalars) is coded as that.
    public func septets(for character: Character) -> [UInt8]? {
        tables.septets(for: character)
    }

    /// The septets of a text, one per octet; nil when a character is not in the tables.
    public func septets(for text: String) -> [UInt8]? {
        let tables = tables
        var septets: [UInt8] = []
        septets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard let code = tables.code(for: scalar) else { return composedSeptets(for: text) }
            code.append(to: &septets)
        }
        return septets
    }

    /// The text of unpacked septets. An extension septet that the table leaves undefined is read in the locking table
    /// (§6.2.1.1), an escape after an escape is a space, and an octet above 0x7F or an escape at the end is U+FFFD.
    public func decode(_ septets: some Sequence<UInt8>) -> String {
        let tables = tables
        var scalars = String.UnicodeScalarView()
        var escaped = false
        for septet in septets {
            guard septet < 0x80 else {
                scalars.append(replacementScalar)
                escaped = false
                continue
            }
            if escaped {
                scalars.append(septet == Self.escape ? " " : tables.extended(septet) ?? tables.plain(septet))
                escaped = false
            } else if septet == Self.escape {
                escaped = true
            } else {
                scalars.append(tables.plain(septet))
            }
        }
        if escaped { scalars.append(replacementScalar) }
        return String(scalars)
    }

    /// The information elements that announce the national tables, none for the default ones.
    var headerElements: [UserDataHeader.Element] {
        var elements: [UserDataHeader.Element] = []
        if let single { elements.append(.singleShift(identifier: single.rawValue)) }
        if let locking { elements.append(.lockingShift(identifier: locking.rawValue)) }
        return elements
    }

    var tables: GSM7Tables { GSM7Tables.tables(for: self) }

    private func composedSeptets(for text: String) -> [UInt8]? {
        let tables = tables
        var septets: [UInt8] = []
        for character in text {
            guard let code = tables.septets(for: character) else { return nil }
            septets += code
        }
        return septets
    }
}

/// The code of one scalar in a GSM 7-bit alphabet.
public enum GSM7Code: Sendable, Hashable {
    /// One septet of the locking table.
    case plain(UInt8)
    /// The escape and a septet of the extension table.
    case extended(UInt8)

    /// 1 or 2.
    public var septetCount: Int {
        switch self {
        case .plain: 1
        case .extended: 2
        }
    }

    func append(to septets: inout [UInt8]) {
        switch self {
        case .plain(let septet):
            septets.append(septet)
        case .extended(let septet):
            septets.append(GSM7Alphabet.escape)
            septets.append(septet)
        }
    }
}

/// What stands for octets that cannot be decoded.
let replacementScalar: Unicode.Scalar = "\u{FFFD}"
