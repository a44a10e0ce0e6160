// SPDX-License-Identifier: Apache-2.0
// The single-byte character sets and UTF-16 that a data_coding can name. Total functions: any octets give a text.

enum CharacterSets {
    static func ascii(_ octets: [UInt8]) -> String {
        map(octets) { $0 < 0x80 ? UInt32($0) : nil }
    }

    static func latin1(_ octets: [UInt8]) -> String {
        map(octets) { UInt32($0) }
    }

    /// ISO-8859-5: 0xA1 upwards runs parallel to U+0401, with three exceptions.
    static func cyrillic(_ octets: [UInt8]) -> String {
        map(octets) { octet in
            switch octet {
            case ...0xA0, 0xAD: UInt32(octet)
            case 0xF0: 0x2116
            case 0xFD: 0x00A7
            default: UInt32(octet) - 0xA0 + 0x0400
            }
        }
    }

    /// ISO-8859-8: Latin-1 punctuation, then the letters alef to tav at 0xE0.
    static func hebrew(_ octets: [UInt8]) -> String {
        map(octets) { octet in
            switch octet {
            case ...0xA0, 0xA2...0xA9, 0xAB...0xB9, 0xBB...0xBE: UInt32(octet)
            case 0xAA: 0x00D7
            case 0xBA: 0x00F7
            case 0xDF: 0x2017
            case 0xE0...0xFA: UInt32(octet) - 0xE0 + 0x05D0
            case 0xFD: 0x200E
            case 0xFE: 0x200F
            default: nil
            }
        }
    }

    /// UTF-16BE, which is what handsets send as UCS-2; a byte-order mark in front chooses the order and is dropped, a
    /// lone surrogate and an odd last octet become U+FFFD.
    static func utf16BigEndian(_ octets: [UInt8]) -> String {
        var units: [UInt16] = []
        units.reserveCapacity(octets.count / 2)
        var index = 0
        while index + 1 < octets.count {
            units.append(UInt16(octets[index]) << 8 | UInt16(octets[index + 1]))
            index += 2
        }
        if units.first == 0xFFFE {
            units = units.dropFirst().map(\.byteSwapped)
        } else if units.first == 0xFEFF {
            units.removeFirst()
        }
        var text = String(decoding: units, as: UTF16.self)
        if index < octets.count { text.unicodeScalars.append(replacementScalar) }
        return text
    }

    private static func map(_ octets: [UInt8], _ scalar: (UInt8) -> UInt32?) -> String {
        var scalars = String.UnicodeScalarView()
        for octet in octets {
            scalars.append(scalar(octet).flatMap(Unicode.Scalar.init) ?? replacementScalar)
        }
        return String(scalars)
    }
}
