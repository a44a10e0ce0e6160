// SPDX-License-Identifier: Apache-2.0
// IPv4 and IPv6 addresses and ranges as numbers, with strict parsing: what does not have the one usual textual form
// (RFC 4291 §2.2 for IPv6, four decimal numbers for IPv4) is not an address.

/// An IPv4 or IPv6 address.
public enum IPAddress: Sendable, Hashable {
    /// The 32 bits of an IPv4 address, most significant byte first.
    case v4(UInt32)
    /// The 128 bits of an IPv6 address.
    case v6(UInt128)

    /// Parses four decimal numbers without leading zeros, or IPv6 without brackets and zone.
    public init?(_ text: some StringProtocol) {
        if let value = Self.parseIPv4(text.utf8) {
            self = .v4(value)
        } else if let value = Self.parseIPv6(text.utf8) {
            self = .v6(value)
        } else {
            return nil
        }
    }

    /// The IPv4 address that an IPv4-mapped address (`::ffff:192.0.2.1`) is another spelling of; any other as it is.
    public var unmapped: IPAddress {
        guard case .v6(let bits) = self, bits >> 32 == 0xFFFF else { return self }
        return .v4(UInt32(truncatingIfNeeded: bits))
    }

    /// The IPv4 address that this IPv6 address stands for or leads to: IPv4-mapped, IPv4-compatible, NAT64 (RFC 6052),
    /// 6to4 (RFC 3056) and ISATAP (RFC 5214).
    public var embeddedIPv4: IPAddress? {
        guard case .v6(let bits) = self else { return nil }
        let low = UInt32(truncatingIfNeeded: bits)
        switch bits >> 32 {
        case 0 where low > 1: return .v4(low)
        case 0xFFFF, 0xFFFF_0000, 0x0064_FF9B << 64: return .v4(low)
        default: break
        }
        if bits >> 112 == 0x2002 { return .v4(UInt32(truncatingIfNeeded: bits >> 80)) }
        let interface = UInt32(truncatingIfNeeded: bits >> 32) & 0xFDFF_FFFF
        return interface == 0x0000_5EFE ? .v4(low) : nil
    }
}

extension IPAddress: CustomStringConvertible {
    /// The canonical form (RFC 5952 for IPv6, always in hexadecimal groups).
    public var description: String {
        switch self {
        case .v4(let bits):
            return "\(bits >> 24).\(bits >> 16 & 0xFF).\(bits >> 8 & 0xFF).\(bits & 0xFF)"
        case .v6(let bits):
            let groups = (0..<8).map { UInt16(truncatingIfNeeded: bits >> UInt128(112 - 16 * $0)) }
            guard let gap = Self.longestZeroRun(groups) else { return Self.text(groups[...]) }
            return Self.text(groups[..<gap.lowerBound]) + "::" + Self.text(groups[gap.upperBound...])
        }
    }

    private static func text(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func longestZeroRun(_ groups: [UInt16]) -> Range<Int>? {
        var best: Range<Int>?
        var start = 0
        while start < groups.count {
            var end = start
            while end < groups.count, groups[end] == 0 { end += 1 }
            if end - start >= 2, end - start > best?.count ?? 0 { best = start..<end }
            start = end + 1
        }
        return best
    }
}

extension IPAddress {
    /// The 32 bits of four decimal numbers; nil for anything else.
    public static func parseIPv4(_ text: some Collection<UInt8>) -> UInt32? {
        var value: UInt32 = 0
        var parts = 0
        for part in text.split(separator: UInt8(ascii: "."), maxSplits: 4, omittingEmptySubsequences: false) {
            guard (1...3).contains(part.count), part.count == 1 || part.first != UInt8(ascii: "0") else { return nil }
            var number: UInt32 = 0
            for byte in part {
                guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
                number = number * 10 + UInt32(byte - UInt8(ascii: "0"))
            }
            parts += 1
            guard number <= 255, parts <= 4 else { return nil }
            value = value << 8 | number
        }
        return parts == 4 ? value : nil
    }

    /// The 128 bits of an IPv6 address without brackets and zone; nil for anything else.
    public static func parseIPv6(_ text: some Collection<UInt8>) -> UInt128? {
        let bytes = Array(text)
        guard (2...45).contains(bytes.count) else { return nil }
        let colon = UInt8(ascii: ":")
        guard let gap = bytes.indices.dropLast().first(where: { bytes[$0] == colon && bytes[$0 + 1] == colon }) else {
            guard let groups = parseGroups(bytes[...]), groups.count == 8 else { return nil }
            return number(groups)
        }
        guard let head = parseGroups(bytes[..<gap]), let tail = parseGroups(bytes[(gap + 2)...]),
            head.count + tail.count <= 7, !endsInIPv4(bytes[..<gap])
        else { return nil }
        return number(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    private static func endsInIPv4(_ bytes: ArraySlice<UInt8>) -> Bool { bytes.contains(UInt8(ascii: ".")) }

    private static func number(_ groups: [UInt16]) -> UInt128 {
        groups.reduce(0) { $0 << 16 | UInt128($1) }
    }

    /// Groups of one to four hexadecimal digits between single colons; the last may be an IPv4 address.
    private static func parseGroups(_ bytes: ArraySlice<UInt8>) -> [UInt16]? {
        if bytes.isEmpty { return [] }
        let parts = bytes.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
        var groups: [UInt16] = []
        for (index, part) in parts.enumerated() {
            if index == parts.count - 1, part.contains(UInt8(ascii: ".")) {
                guard let ipv4 = parseIPv4(part) else { return nil }
                groups += [UInt16(ipv4 >> 16), UInt16(ipv4 & 0xFFFF)]
                continue
            }
            guard (1...4).contains(part.count) else { return nil }
            var group: UInt16 = 0
            for byte in part {
                guard let digit = Character(UnicodeScalar(byte)).hexDigitValue else { return nil }
                group = group << 4 | UInt16(digit)
            }
            groups.append(group)
        }
        return groups
    }
}

/// A range of addresses in CIDR form, such as `10.0.0.0/8`.
public struct AddressRange: Sendable, Hashable, CustomStringConvertible {
    /// The first address of the range.
    public let base: IPAddress
    /// The number of leading bits that all its addresses share.
    public let prefixLength: Int

    /// Parses `address/length`, or a single address. Bits of the address behind the prefix are ignored.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        guard let base = parts.first.flatMap({ IPAddress($0) }) else { return nil }
        let width = if case .v4 = base { 32 } else { 128 }
        guard parts.count == 2 else {
            self.init(base, width)
            return
        }
        let digits = parts[1].utf8
        guard (1...3).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            let length = Int(parts[1]), length <= width
        else { return nil }
        self.init(base, length)
    }

    /// The addresses that share the first `prefixLength` bits with `address`.
    public init(_ address: IPAddress, _ prefixLength: Int) {
        self.prefixLength = prefixLength
        switch address {
        case .v4(let bits): self.base = .v4(bits & ~(prefixLength >= 32 ? 0 : UInt32.max >> UInt32(prefixLength)))
        case .v6(let bits): self.base = .v6(bits & ~(prefixLength >= 128 ? 0 : UInt128.max >> UInt128(prefixLength)))
        }
    }

    /// Whether the address lies in the range. An IPv4 range never contains an IPv6 address, whatever it embeds.
    public func contains(_ address: IPAddress) -> Bool {
        switch (base, address) {
        case (.v4(let base), .v4(let bits)): prefixLength == 0 || (base ^ bits) >> UInt32(32 - prefixLength) == 0
        case (.v6(let base), .v6(let bits)): prefixLength == 0 || (base ^ bits) >> UInt128(128 - prefixLength) == 0
        default: false
        }
    }

    public var description: String { "\(base)/\(prefixLength)" }
}
