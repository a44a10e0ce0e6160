// SPDX-License-Identifier: Apache-2.0
// What data_coding 0, "SMSC default alphabet", means to a carrier: SMPP 3.4 §5.2.19 leaves it open. Encoding and
// decoding are each other's inverse over every text that `octets(for:)` accepts.

/// The alphabet and octet form behind data_coding 0 of one carrier, in both directions.
public enum DefaultAlphabet: String, Sendable, Hashable, CaseIterable {
    /// GSM 7-bit, one septet per octet: what most carriers mean.
    case gsm7
    /// GSM 7-bit, packed, with fill bits after a header.
    case gsm7Packed
    /// ISO-8859-1.
    case latin1
    /// US-ASCII.
    case ascii
    /// UTF-8.
    case utf8

    /// True when septets, and so national tables, are on the wire.
    public var carriesSeptets: Bool { self == .gsm7 || self == .gsm7Packed }

    /// The octets of a text in this form, nil when it has a character that the form cannot hold. `headerOctets` is the
    /// length of the user data header before it, needed for the fill bits of packed septets.
    public func octets(
        for text: String, alphabet: GSM7Alphabet = .standard, headerOctets: Int = 0
    ) -> [UInt8]? {
        switch self {
        case .gsm7:
            return alphabet.septets(for: text)
        case .gsm7Packed:
            let fillBits = SeptetPacking.fillBits(headerOctets: headerOctets)
            return alphabet.septets(for: text).map { SeptetPacking.packedWithPadding($0, fillBits: fillBits) }
        case .latin1:
            return narrow(text, limit: 0x100)
        case .ascii:
            return narrow(text, limit: 0x80)
        case .utf8:
            return Array(text.utf8)
        }
    }

    /// The text of octets in this form; whatever cannot be decoded is U+FFFD.
    public func decode(
        _ octets: [UInt8], alphabet: GSM7Alphabet = .standard, headerOctets: Int = 0
    ) -> String {
        switch self {
        case .gsm7:
            return alphabet.decode(octets)
        case .gsm7Packed:
            let fillBits = SeptetPacking.fillBits(headerOctets: headerOctets)
            return alphabet.decode(SeptetPacking.unpackedWithPadding(octets, fillBits: fillBits))
        case .latin1:
            return CharacterSets.latin1(octets)
        case .ascii:
            return CharacterSets.ascii(octets)
        case .utf8:
            return String(decoding: octets, as: UTF8.self)
        }
    }

    /// True when a scalar of the GSM 7-bit alphabet can also be written in this form.
    func holds(_ scalar: Unicode.Scalar) -> Bool {
        switch self {
        case .gsm7, .gsm7Packed, .utf8: true
        case .latin1: scalar.value < 0x100
        case .ascii: scalar.value < 0x80
        }
    }

    private func narrow(_ text: String, limit: UInt32) -> [UInt8]? {
        var octets: [UInt8] = []
        octets.reserveCapacity(text.utf8.count)
        for scalar in text.unicodeScalars {
            guard scalar.value < limit else { return nil }
            octets.append(UInt8(truncatingIfNeeded: scalar.value))
        }
        return octets
    }
}
