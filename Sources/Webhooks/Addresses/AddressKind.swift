// SPDX-License-Identifier: Apache-2.0

// What an address is for, from the special-purpose registries of IANA (RFC 6890 and its updates). Whatever is not
// known to be reachable on the public internet is not `global`.

public import Wire

/// The purpose of an address.
public enum AddressKind: String, Sendable, Hashable, CaseIterable {
    /// Public internet.
    case global
    /// The machine itself: 127.0.0.0/8, ::1.
    case loopback
    /// Private networks: RFC 1918, fc00::/7, fec0::/10.
    case privateUse = "private"
    /// Carrier-grade NAT: 100.64.0.0/10.
    case sharedCarrier = "shared"
    /// One link: 169.254.0.0/16 (cloud metadata services), fe80::/10.
    case linkLocal = "link-local"
    /// 224.0.0.0/4, ff00::/8.
    case multicast
    /// 0.0.0.0/8, ::.
    case unspecified
    /// 255.255.255.255.
    case broadcast
    /// 192.0.2.0/24, 198.51.100.0/24, 203.0.113.0/24, 2001:db8::/32, 3fff::/20.
    case documentation
    /// Everything else that is set aside, or not yet given to anybody.
    case reserved

    /// How a refusal names it, after "which is".
    var text: String {
        switch self {
        case .global: "a public address"
        case .loopback: "a loopback address"
        case .privateUse: "a private address"
        case .sharedCarrier: "a carrier-grade NAT address"
        case .linkLocal: "a link-local address"
        case .multicast: "a multicast address"
        case .unspecified: "the unspecified address"
        case .broadcast: "the broadcast address"
        case .documentation: "an address for documentation"
        case .reserved: "a reserved address"
        }
    }
}

extension IPAddress {
    /// The purpose of the address; an IPv6 address that leads to an IPv4 address which is not public has the purpose of
    /// that one.
    public var kind: AddressKind {
        if let entry = Self.registry.first(where: { $0.range.contains(self) }) { return entry.kind }
        guard case .v6(let bits) = self else { return .global }
        if let embedded = embeddedIPv4, embedded.kind != .global { return embedded.kind }
        let prefix = bits >> 32
        if prefix == 0xFFFF || prefix == 0x0064_FF9B << 64 { return .global }  // IPv4-mapped, NAT64
        return bits >> 125 == 0b001 ? .global : .reserved
    }

    private static let registry: [(range: AddressRange, kind: AddressKind)] = [
        // IPv4
        (v4(0, 0, 0, 0, 8), .unspecified), (v4(10, 0, 0, 0, 8), .privateUse), (v4(100, 64, 0, 0, 10), .sharedCarrier),
        (v4(127, 0, 0, 0, 8), .loopback), (v4(169, 254, 0, 0, 16), .linkLocal), (v4(172, 16, 0, 0, 12), .privateUse),
        (v4(192, 0, 0, 0, 24), .reserved), (v4(192, 0, 2, 0, 24), .documentation),
        (v4(192, 31, 196, 0, 24), .reserved), (v4(192, 52, 193, 0, 24), .reserved),
        (v4(192, 88, 99, 0, 24), .reserved), (v4(192, 168, 0, 0, 16), .privateUse),
        (v4(192, 175, 48, 0, 24), .reserved), (v4(198, 18, 0, 0, 15), .reserved),
        (v4(198, 51, 100, 0, 24), .documentation), (v4(203, 0, 113, 0, 24), .documentation),
        (v4(224, 0, 0, 0, 4), .multicast), (v4(255, 255, 255, 255, 32), .broadcast), (v4(240, 0, 0, 0, 4), .reserved),
        // IPv6
        (v6(0, 128), .unspecified), (v6(1, 128), .loopback), (v6(0x0064_FF9B_0001 << 80, 48), .reserved),
        (v6(0x0100 << 112, 64), .reserved), (v6(0x2001 << 112, 23), .reserved),
        (v6(0x2001_0DB8 << 96, 32), .documentation), (v6(0x3FFF << 112, 20), .documentation),
        (v6(0xFC00 << 112, 7), .privateUse), (v6(0xFE80 << 112, 10), .linkLocal), (v6(0xFEC0 << 112, 10), .privateUse),
        (v6(0xFF00 << 112, 8), .multicast),
    ]

    private static func v4(_ a: UInt32, _ b: UInt32, _ c: UInt32, _ d: UInt32, _ length: Int) -> AddressRange {
        AddressRange(.v4(a << 24 | b << 16 | c << 8 | d), length)
    }

    private static func v6(_ bits: UInt128, _ length: Int) -> AddressRange { AddressRange(.v6(bits), length) }
}
