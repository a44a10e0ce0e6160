// SPDX-License-Identifier: Apache-2.0

// Where connections lead. Host and address stand together, so that no connection made for one name or one checked
// address ever serves another.

import NIOCore
internal import Wire

/// One scheme, host, checked address and port.
struct Endpoint: Hashable, Sendable {
    var scheme: CallbackURL.Scheme
    /// The host as the certificate must name it; an address as text where the URL holds one.
    var host: String
    /// The address that was judged; nothing else is connected to.
    var address: IPAddress
    var port: Int

    /// For SNI and the certificate; nil where the host is an address (RFC 6066 §3), which is then what is verified.
    var serverName: String? { IPAddress(host) == nil ? host : nil }

    /// Throws only for what is no address or port.
    func socketAddress() throws -> SocketAddress {
        try SocketAddress(ipAddress: address.description, port: port)
    }
}
