// SPDX-License-Identifier: Apache-2.0
// What kind of user data a data_coding announces, as far as its length and its alphabet matter to whoever passes it on.

/// The kinds of user data (SMPP 3.4 §5.2.19, 3GPP TS 23.038 §4).
public enum DataCodingKind: Sendable, Hashable {
    /// The default alphabet of whoever reads it, with or without a message class.
    case defaultAlphabet
    /// Two octets a unit.
    case ucs2
    /// Text, one octet or more a character.
    case octets
    /// Data that is no text.
    case binary

    /// Nil for values that the specification reserves.
    public init?(_ dataCoding: UInt8) {
        switch dataCoding {
        case 0x0B, 0x0C, 0x0F, 0x80...0xBF: return nil
        default: break
        }
        switch InboundCoding(dataCoding: dataCoding) {
        case .defaultAlphabet: self = .defaultAlphabet
        case .ucs2: self = .ucs2
        case .binary: self = .binary
        case .ascii, .latin1, .cyrillic, .hebrew, .multibyte: self = .octets
        }
    }
}
