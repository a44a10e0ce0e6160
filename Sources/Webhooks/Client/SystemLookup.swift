// SPDX-License-Identifier: Apache-2.0

// `getaddrinfo`, blocking. The order of its answer is kept: it is that of RFC 6724, reachable families first.

import NIOCore
internal import Wire

#if canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#else
    import Darwin
#endif

enum SystemLookup {
    /// The distinct addresses of a host; throws `HostResolver.Failure`. Blocks, possibly for many seconds.
    static func addresses(of host: String) throws -> [IPAddress] {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_protocol = Int32(IPPROTO_TCP)
        hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let code = getaddrinfo(host, nil, &hints, &list)
        guard code == 0 else {
            throw HostResolver.Failure(reason: gai_strerror(code).map { String(cString: $0) } ?? "code \(code)")
        }
        defer { freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var entry = list
        while let current = entry {
            entry = current.pointee.ai_next
            if let address = address(current.pointee), !addresses.contains(address) { addresses.append(address) }
        }
        return addresses
    }

    private static func address(_ info: addrinfo) -> IPAddress? {
        guard let raw = info.ai_addr else { return nil }
        switch info.ai_family {
        case AF_INET:
            let value = raw.withMemoryRebound(to: sockaddr_in.self, capacity: 1) { $0.pointee }
            return IPAddress(SocketAddress(value))
        case AF_INET6:
            let value = raw.withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { $0.pointee }
            return IPAddress(SocketAddress(value))
        default:
            return nil
        }
    }
}
