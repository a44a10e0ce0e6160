// SPDX-License-Identifier: Apache-2.0
// The look-up form of the shift tables: one immutable value per pair of tables, built once. Both directions come from
// the same two tables, so that they cannot disagree.

/// One locking table and one extension table, ready for look-ups in both directions.
final class GSM7Tables: Sendable {
    private let plainScalars: [Unicode.Scalar]
    private let extendedScalars: [Unicode.Scalar?]
    /// Septet by scalar value for ASCII; `extendedFlag` marks extension codes, `undefined` absent ones.
    private let asciiCodes: [UInt8]
    private let otherCodes: [Unicode.Scalar: GSM7Code]
    /// Codes of the scalars that have a canonical decomposition, found by canonical equivalence.
    private let composedCodes: [Character: GSM7Code]

    private static let extendedFlag: UInt8 = 0x80
    private static let undefined: UInt8 = 0xFF

    init(locking: [UInt16], single: SingleShiftTables.Entries) {
        var codes: [Unicode.Scalar: GSM7Code] = [:]
        var extended = [Unicode.Scalar?](repeating: nil, count: 128)
        for entry in single {
            guard let scalar = Unicode.Scalar(entry.scalar) else { continue }
            extended[Int(entry.septet & 0x7F)] = scalar
            if codes[scalar] == nil { codes[scalar] = .extended(entry.septet & 0x7F) }
        }
        var plain = [Unicode.Scalar](repeating: replacementScalar, count: 128)
        var seen: Set<Unicode.Scalar> = []
        for (septet, value) in locking.prefix(128).enumerated() where value != 0 && septet != GSM7Alphabet.escape {
            guard let scalar = Unicode.Scalar(value) else { continue }
            plain[septet] = scalar
            if seen.insert(scalar).inserted { codes[scalar] = .plain(UInt8(septet)) }
        }
        plainScalars = plain
        extendedScalars = extended
        asciiCodes = (0..<128).map { value in
            switch codes[Unicode.Scalar(UInt8(value))] {
            case .plain(let septet): septet
            case .extended(let septet): septet | Self.extendedFlag
            case nil: Self.undefined
            }
        }
        otherCodes = codes.filter { !$0.key.isASCII }
        composedCodes = Dictionary(otherCodes.map { (Character($0.key), $0.value) }) { first, _ in first }
    }

    /// U+FFFD for a septet that the locking table leaves undefined.
    func plain(_ septet: UInt8) -> Unicode.Scalar { plainScalars[Int(septet & 0x7F)] }

    func extended(_ septet: UInt8) -> Unicode.Scalar? { extendedScalars[Int(septet & 0x7F)] }

    @inline(__always)
    func code(for scalar: Unicode.Scalar) -> GSM7Code? {
        guard scalar.isASCII else { return otherCodes[scalar] }
        let code = asciiCodes[Int(scalar.value)]
        if code == Self.undefined { return nil }
        return code & Self.extendedFlag == 0 ? .plain(code) : .extended(code & 0x7F)
    }

    /// The code of a character that is canonically equivalent to one scalar of the tables.
    func composedCode(for character: Character) -> GSM7Code? { composedCodes[character] }

    func septets(for character: Character) -> [UInt8]? {
        var septets: [UInt8] = []
        for scalar in character.unicodeScalars {
            guard let code = code(for: scalar) else {
                septets.removeAll()
                break
            }
            code.append(to: &septets)
        }
        if septets.isEmpty { composedCodes[character]?.append(to: &septets) }
        return septets.isEmpty ? nil : septets
    }
}

extension GSM7Tables {
    private static let lockingTables: [[UInt16]] = [
        LockingShiftTables.defaultAlphabet, LockingShiftTables.turkish, LockingShiftTables.defaultAlphabet,
        LockingShiftTables.portuguese, LockingShiftTables.bengali, LockingShiftTables.gujarati,
        LockingShiftTables.hindi, LockingShiftTables.kannada, LockingShiftTables.malayalam, LockingShiftTables.oriya,
        LockingShiftTables.punjabi, LockingShiftTables.tamil, LockingShiftTables.telugu, LockingShiftTables.urdu,
    ]

    private static let singleTables: [SingleShiftTables.Entries] = [
        SingleShiftTables.defaultExtension, SingleShiftTables.turkish, SingleShiftTables.spanish,
        SingleShiftTables.portuguese, SingleShiftTables.bengali, SingleShiftTables.gujarati, SingleShiftTables.hindi,
        SingleShiftTables.kannada, SingleShiftTables.malayalam, SingleShiftTables.oriya, SingleShiftTables.punjabi,
        SingleShiftTables.tamil, SingleShiftTables.telugu, SingleShiftTables.urdu,
    ]

    static let standard = GSM7Tables(locking: lockingTables[0], single: singleTables[0])

    /// Every pair, by locking identifier × 14 + single identifier (0 = default).
    private static let all: [GSM7Tables] = lockingTables.flatMap { locking in
        singleTables.map { GSM7Tables(locking: locking, single: $0) }
    }

    static func tables(for alphabet: GSM7Alphabet) -> GSM7Tables {
        let locking = Int(alphabet.locking?.rawValue ?? 0)
        let single = Int(alphabet.single?.rawValue ?? 0)
        return locking == 0 && single == 0 ? standard : all[locking * singleTables.count + single]
    }
}
