// SPDX-License-Identifier: Apache-2.0
// The national languages that 3GPP TS 23.038 gives a shift table. Raw values are the language identifiers that the
// information elements 24 and 25 of a user data header carry.

/// A language with a national shift table (3GPP TS 23.038 §6.2.1.2.4).
public enum NationalLanguage: UInt8, Sendable, Hashable, CaseIterable {
    case turkish = 1
    case spanish = 2
    case portuguese = 3
    case bengali = 4
    case gujarati = 5
    case hindi = 6
    case kannada = 7
    case malayalam = 8
    case oriya = 9
    case punjabi = 10
    case tamil = 11
    case telugu = 12
    case urdu = 13

    /// True for every language but Spanish, which has a single-shift table only.
    public var hasLockingShiftTable: Bool { self != .spanish }
}

/// A national table that a carrier permits, named by its language and kind.
public enum NationalTable: Sendable, Hashable {
    /// Replaces the extension table; one IE 24 in the user data header.
    case singleShift(NationalLanguage)
    /// Replaces the default alphabet; one IE 25 in the user data header. Never true of Spanish: such a value is ignored.
    case lockingShift(NationalLanguage)

    /// Every table of one language.
    public static func all(of language: NationalLanguage) -> Set<NationalTable> {
        language.hasLockingShiftTable ? [.singleShift(language), .lockingShift(language)] : [.singleShift(language)]
    }
}
