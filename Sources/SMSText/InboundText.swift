// SPDX-License-Identifier: Apache-2.0
// Decoding of what a carrier delivers, by its data_coding (SMPP 3.4 §5.2.19, and 3GPP TS 23.038 §4 for the forms with a
// message class). It never fails: octets that cannot be decoded become U+FFFD, and data that is not text stays binary.

/// The user data of an inbound message.
public enum DecodedText: Sendable, Hashable {
    case text(String)
    case binary([UInt8])
}

/// Decoding of inbound user data.
public enum InboundText {
    /// Decodes `octets`, the user data after its header. `header` chooses national tables and fill bits.
    public static func decode(
        octets: [UInt8], dataCoding: UInt8, defaultAlphabet: DefaultAlphabet, header: UserDataHeader? = nil
    ) -> DecodedText {
        switch InboundCoding(dataCoding: dataCoding) {
        case .defaultAlphabet: .text(decodeDefault(octets, defaultAlphabet: defaultAlphabet, header: header))
        case .ascii: .text(CharacterSets.ascii(octets))
        case .latin1: .text(CharacterSets.latin1(octets))
        case .cyrillic: .text(CharacterSets.cyrillic(octets))
        case .hebrew: .text(CharacterSets.hebrew(octets))
        case .ucs2: .text(CharacterSets.utf16BigEndian(octets))
        case .multibyte(let family): .text(MultibyteText.decode(octets, family: family))
        case .binary: .binary(octets)
        }
    }

    /// National tables exist in septets only, so a header that names one overrides an 8-bit default alphabet.
    private static func decodeDefault(
        _ octets: [UInt8], defaultAlphabet: DefaultAlphabet, header: UserDataHeader?
    ) -> String {
        let alphabet = GSM7Alphabet(locking: header?.lockingShift, single: header?.singleShift)
        let form = alphabet == .standard || defaultAlphabet.carriesSeptets ? defaultAlphabet : .gsm7
        return form.decode(octets, alphabet: alphabet, headerOctets: header?.octets.count ?? 0)
    }
}

/// The alphabet that a data_coding names.
enum InboundCoding: Equatable {
    case defaultAlphabet, ascii, latin1, cyrillic, hebrew, ucs2, binary
    case multibyte(MultibyteText.Family)

    init(dataCoding: UInt8) {
        switch dataCoding {
        case 0x01: self = .ascii
        case 0x02, 0x04: self = .binary
        case 0x03: self = .latin1
        case 0x05: self = .multibyte(.jis)
        case 0x06: self = .cyrillic
        case 0x07: self = .hebrew
        case 0x08: self = .ucs2
        case 0x09: self = .multibyte(.pictogram)
        case 0x0A: self = .multibyte(.musicCodes)
        case 0x0D: self = .multibyte(.extendedKanji)
        case 0x0E: self = .multibyte(.korean)
        case 0x10...0x7F: self = Self.general(dataCoding)
        case 0xE0...0xEF: self = .ucs2
        case 0xF0...0xFF: self = dataCoding & 0x04 == 0 ? .defaultAlphabet : .binary
        // 0, the message-waiting groups 0xC0 and 0xD0, and everything reserved: the default alphabet (23.038 §4).
        default: self = .defaultAlphabet
        }
    }

    /// General data coding and automatic deletion groups: bit 5 compression, bits 3-2 alphabet. Compressed text
    /// (3GPP TS 23.042) is handed on as binary.
    private static func general(_ dataCoding: UInt8) -> InboundCoding {
        guard dataCoding & 0x20 == 0 else { return .binary }
        switch dataCoding & 0x0C {
        case 0x04: return .binary
        case 0x08: return .ucs2
        default: return .defaultAlphabet
        }
    }
}
