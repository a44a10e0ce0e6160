// SPDX-License-Identifier: Apache-2.0
// Where a request comes from. The word of a proxy counts only if the operator named the proxy, and only for the hop that
// it saw itself: everything further to the left of X-Forwarded-For may be the client's own invention.

internal import NIOCore
internal import Wire

enum ClientAddress {
    /// More hops than this are nobody's honest chain of proxies.
    private static let maximumHops = 32

    /// The peer, or behind trusted proxies the last hop that is none of them; nil when it is not known.
    static func find(peer: IPAddress?, forwardedFor: [String], trustedProxies: [AddressRange]) -> IPAddress? {
        guard let peer else { return nil }
        func isTrusted(_ address: IPAddress) -> Bool { trustedProxies.contains { $0.contains(address) } }
        guard !trustedProxies.isEmpty, isTrusted(peer) else { return peer }
        let hops = forwardedFor.flatMap { $0.utf8.split(separator: UInt8(ascii: ",")) }.suffix(maximumHops)
        var nearest = peer
        for hop in hops.reversed() {
            guard let address = parse(Substring(hop)) else { return nil }
            nearest = address
            if !isTrusted(address) { break }
        }
        return nearest
    }

    /// An address as proxies write it: alone, with a port, IPv6 in brackets.
    static func parse(_ hop: Substring) -> IPAddress? {
        let text = hop.drop { $0 == " " || $0 == "\t" }.prefix { $0 != " " && $0 != "\t" }
        if let address = IPAddress(text) { return address.unmapped }
        if text.first == "[" {
            let inside = text.dropFirst().prefix { $0 != "]" }
            return IPAddress(inside)?.unmapped
        }
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        return parts.count == 2 ? IPAddress(parts[0]) : nil
    }
}

extension IPAddress {
    /// The address of a socket; nil for Unix domain sockets.
    init?(peer: SocketAddress) {
        // In `sockaddr_in` and `sockaddr_in6` the address stands at a fixed place, its most significant byte first.
        switch peer {
        case .v4(let address):
            self = .v4(UInt32(withUnsafeBytes(of: address.address) { Self.number($0[4..<8]) }))
        case .v6(let address):
            self = IPAddress.v6(withUnsafeBytes(of: address.address) { Self.number($0[8..<24]) }).unmapped
        case .unixDomainSocket:
            return nil
        }
    }

    private static func number(_ bytes: Slice<UnsafeRawBufferPointer>) -> UInt128 {
        bytes.reduce(0) { $0 << 8 | UInt128($1) }
    }
}
