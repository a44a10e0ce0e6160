// SPDX-License-Identifier: Apache-2.0
// The address of a socket as a number.

internal import NIOCore
internal import Wire

extension IPAddress {
    /// The address of a socket address; nil for Unix domain sockets.
    init?(_ address: SocketAddress) {
        guard let text = address.ipAddress else { return nil }
        // A link-local address may carry its zone ("fe80::1%eth0"), which says nothing about the address itself.
        self.init(text.prefix { $0 != "%" })
    }
}
