// SPDX-License-Identifier: Apache-2.0
// The user data header of 3GPP TS 23.040 §9.2.3.24: a length octet and information elements. Whatever the octets are,
// parsing keeps every well-formed element (unknown ones as they are) and building it again gives the same elements.

/// A parsed or to-be-built user data header.
public struct UserDataHeader: Sendable, Hashable {
    /// One information element.
    public enum Element: Sendable, Hashable {
        /// IEI 00: concatenated short messages, 8-bit reference.
        case concatenation8(reference: UInt8, total: UInt8, sequence: UInt8)
        /// IEI 08: concatenated short messages, 16-bit reference.
        case concatenation16(reference: UInt16, total: UInt8, sequence: UInt8)
        /// IEI 04: application ports, 8-bit.
        case ports8(destination: UInt8, originator: UInt8)
        /// IEI 05: application ports, 16-bit.
        case ports16(destination: UInt16, originator: UInt16)
        /// IEI 24: national language single shift; the identifier is kept even if no such language is defined.
        case singleShift(identifier: UInt8)
        /// IEI 25: national language locking shift; the identifier is kept even if no such language is defined.
        case lockingShift(identifier: UInt8)
        /// Anything else, and a known identifier with a length that the standard does not give it.
        case other(identifier: UInt8, data: [UInt8])
    }

    /// In wire order.
    public var elements: [Element]

    public init(elements: [Element] = []) {
        self.elements = elements
    }

    /// Splits the octets of a short message with UDHI into header and user data. Nil when the length octet is missing
    /// or reaches past the end; an element cut off by the end of the header is dropped with what follows it.
    public static func split(_ octets: [UInt8]) -> (header: UserDataHeader, userData: [UInt8])? {
        guard let length = octets.first, Int(length) < octets.count else { return nil }
        let end = 1 + Int(length)
        return (UserDataHeader(elements: parseElements(octets[1..<end])), Array(octets[end...]))
    }

    /// The header with its length octet. Elements that would take it past 255 octets are left out.
    public var octets: [UInt8] {
        var body: [UInt8] = []
        for element in elements {
            let encoded = element.octets
            guard encoded.count - 2 <= 255, body.count + encoded.count <= 255 else { continue }
            body += encoded
        }
        return [UInt8(body.count)] + body
    }

    /// What the first valid concatenation element says: reference, number of parts, and sequence from 1. Nil when there
    /// is none, or when its total or sequence is out of range (which makes the receiver ignore the element).
    public var concatenation: (reference: UInt16, total: Int, sequence: Int)? {
        for element in elements {
            switch element {
            case .concatenation8(let reference, let total, let sequence)
            where total > 0 && (1...total).contains(sequence):
                return (UInt16(reference), Int(total), Int(sequence))
            case .concatenation16(let reference, let total, let sequence)
            where total > 0 && (1...total).contains(sequence):
                return (reference, Int(total), Int(sequence))
            default:
                continue
            }
        }
        return nil
    }

    /// The last single-shift language that is defined.
    public var singleShift: NationalLanguage? {
        elements.reversed().lazy.compactMap {
            if case .singleShift(let identifier) = $0 { NationalLanguage(rawValue: identifier) } else { nil }
        }.first
    }

    /// The last locking-shift language that is defined and has a locking table.
    public var lockingShift: NationalLanguage? {
        elements.reversed().lazy.compactMap {
            guard case .lockingShift(let identifier) = $0, let language = NationalLanguage(rawValue: identifier),
                language.hasLockingShiftTable
            else { return nil }
            return language
        }.first
    }

    private static func parseElements(_ octets: ArraySlice<UInt8>) -> [Element] {
        var elements: [Element] = []
        var rest = octets
        while let identifier = rest.popFirst(), let length = rest.popFirst(), Int(length) <= rest.count {
            elements.append(Element(identifier: identifier, data: Array(rest.prefix(Int(length)))))
            rest = rest.dropFirst(Int(length))
        }
        return elements
    }
}

extension UserDataHeader.Element {
    init(identifier: UInt8, data: [UInt8]) {
        switch (identifier, data.count) {
        case (0x00, 3):
            self = .concatenation8(reference: data[0], total: data[1], sequence: data[2])
        case (0x08, 4):
            self = .concatenation16(reference: Self.word(data[0], data[1]), total: data[2], sequence: data[3])
        case (0x04, 2):
            self = .ports8(destination: data[0], originator: data[1])
        case (0x05, 4):
            self = .ports16(destination: Self.word(data[0], data[1]), originator: Self.word(data[2], data[3]))
        case (0x24, 1):
            self = .singleShift(identifier: data[0])
        case (0x25, 1):
            self = .lockingShift(identifier: data[0])
        default:
            self = .other(identifier: identifier, data: data)
        }
    }

    /// Identifier, length, data. Data past 255 octets cannot be expressed and makes the header leave the element out.
    var octets: [UInt8] {
        switch self {
        case .concatenation8(let reference, let total, let sequence):
            [0x00, 3, reference, total, sequence]
        case .concatenation16(let reference, let total, let sequence):
            [0x08, 4, UInt8(reference >> 8), UInt8(reference & 0xFF), total, sequence]
        case .ports8(let destination, let originator):
            [0x04, 2, destination, originator]
        case .ports16(let destination, let originator):
            [
                0x05, 4, UInt8(destination >> 8), UInt8(destination & 0xFF), UInt8(originator >> 8),
                UInt8(originator & 0xFF),
            ]
        case .singleShift(let identifier):
            [0x24, 1, identifier]
        case .lockingShift(let identifier):
            [0x25, 1, identifier]
        case .other(let identifier, let data):
            [identifier, UInt8(truncatingIfNeeded: data.count)] + data
        }
    }

    private static func word(_ high: UInt8, _ low: UInt8) -> UInt16 {
        UInt16(high) << 8 | UInt16(low)
    }
}
