// SPDX-License-Identifier: Apache-2.0
// Optional parameters: a list that keeps the order, the repetitions and the unknown tags it was received with, so that
// decoding and encoding again gives the same octets.

/// The tag of an optional parameter (SMPP 3.4 §5.3.2).
public struct TLVTag: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    public var rawValue: UInt16

    public init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The name of the specification, or hexadecimal.
    public var description: String { Self.names[rawValue] ?? "0x" + String(rawValue, radix: 16) }
}

/// One optional parameter as it is on the wire: a tag and at most 65535 octets.
public struct TLV: Hashable, Sendable {
    public var tag: TLVTag
    public var value: [UInt8]

    public init(_ tag: TLVTag, _ value: [UInt8]) {
        self.tag = tag
        self.value = value
    }
}

/// The content of network_error_code (SMPP 3.4 §5.3.2.31).
public struct NetworkErrorCode: Hashable, Sendable {
    /// 1 ANSI-136, 2 IS-95, 3 GSM, 4 reserved.
    public var network: UInt8
    public var code: UInt16

    public init(network: UInt8, code: UInt16) {
        self.network = network
        self.code = code
    }
}

/// The optional parameters of one PDU, in order.
public struct TLVs: Hashable, Sendable, ExpressibleByArrayLiteral {
    /// Every parameter as received or as it will be sent.
    public var all: [TLV]

    public init(_ all: [TLV] = []) {
        self.all = all
    }

    public init(arrayLiteral elements: TLV...) {
        self.all = elements
    }

    public var isEmpty: Bool { all.isEmpty }

    /// The octets of the first parameter with this tag. Setting replaces the first one or appends; nil removes all.
    public subscript(tag: TLVTag) -> [UInt8]? {
        get { all.first { $0.tag == tag }?.value }
        set {
            guard let newValue else { return all.removeAll { $0.tag == tag } }
            if let index = all.firstIndex(where: { $0.tag == tag }) {
                all[index].value = newValue
            } else {
                all.append(TLV(tag, newValue))
            }
        }
    }
}

extension TLVs {
    func integer<I: FixedWidthInteger>(_ tag: TLVTag) -> I? {
        guard let value = self[tag], value.count == MemoryLayout<I>.size else { return nil }
        return value.reduce(0) { $0 << 8 | I($1) }
    }

    mutating func set<I: FixedWidthInteger>(_ tag: TLVTag, _ value: I?) {
        self[tag] = value.map { value in
            (0..<MemoryLayout<I>.size).reversed().map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
        }
    }

    /// A C-octet string; carriers leave the terminating NUL out often enough that it is not required.
    func text(_ tag: TLVTag) -> String? {
        self[tag].map { LatinText.string($0.prefix { $0 != 0 }) }
    }

    mutating func set(_ tag: TLVTag, _ value: String?) {
        self[tag] = value.map { LatinText.octets($0) + [0] }
    }

    func octets(_ tag: TLVTag) -> [UInt8]? { self[tag] }

    mutating func set(_ tag: TLVTag, _ value: [UInt8]?) {
        self[tag] = value
    }

    func flag(_ tag: TLVTag) -> Bool { self[tag] != nil }

    mutating func set(_ tag: TLVTag, _ value: Bool) {
        self[tag] = value ? [] : nil
    }

    func networkError(_ tag: TLVTag) -> NetworkErrorCode? {
        guard let value = self[tag], value.count == 3 else { return nil }
        return NetworkErrorCode(network: value[0], code: UInt16(value[1]) << 8 | UInt16(value[2]))
    }

    mutating func set(_ tag: TLVTag, _ value: NetworkErrorCode?) {
        self[tag] = value.map { [$0.network, UInt8($0.code >> 8), UInt8(truncatingIfNeeded: $0.code)] }
    }

    func state(_ tag: TLVTag) -> MessageState? {
        let raw: UInt8? = integer(tag)
        return raw.flatMap(MessageState.init(rawValue:))
    }

    mutating func set(_ tag: TLVTag, _ value: MessageState?) {
        set(tag, value?.rawValue)
    }
}

/// C-octet strings are octets that are nearly always ASCII: each octet is one scalar below U+0100, so nothing is lost.
enum LatinText {
    static func string(_ octets: some Collection<UInt8>) -> String {
        if octets.allSatisfy({ $0 < 0x80 }) { return String(decoding: octets, as: UTF8.self) }
        var scalars = String.UnicodeScalarView()
        for octet in octets { scalars.append(Unicode.Scalar(octet)) }
        return String(scalars)
    }

    /// Scalars above U+00FF become `?`; a codec that must refuse them checks with `isEncodable` first.
    static func octets(_ string: String) -> [UInt8] {
        string.unicodeScalars.map { UInt8(exactly: $0.value) ?? 0x3F }
    }
}
