// SPDX-License-Identifier: Apache-2.0

// Opens the connections of a pool: a socket to exactly the address that was judged, and TLS for exactly the host name
// of the URL. No name is resolved here, and no other protocol offered than HTTP/1.1.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL

struct ConnectionOpener: Sendable {
    private let tls: NIOSSLContext
    private let eventLoopGroup: any EventLoopGroup
    private let bounds: ConnectionState.Bounds
    /// For the connection and the TLS handshake together.
    private let timeout: TimeAmount

    /// Throws when the TLS configuration is of no use.
    init(
        tls: TLSConfiguration, eventLoopGroup: any EventLoopGroup, bounds: ConnectionState.Bounds, timeout: TimeAmount
    ) throws {
        var tls = tls
        tls.applicationProtocols = ["http/1.1"]
        // How long a peer may take to say goodbye; nothing waits for it but the shutdown.
        tls.shutdownTimeout = .seconds(1)
        self.tls = try NIOSSLContext(configuration: tls)
        self.eventLoopGroup = eventLoopGroup
        self.bounds = bounds
        self.timeout = timeout
    }

    /// Opens a connection on one of the event loops, each in its turn.
    func open(_ endpoint: Endpoint, for pool: ConnectionPool) {
        let address: SocketAddress
        do {
            address = try endpoint.socketAddress()
        } catch {
            return pool.openFailed(endpoint, error)
        }
        ClientBootstrap(group: eventLoopGroup.next())
            .connectTimeout(timeout)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try prepare(channel, for: endpoint, of: pool) }
            }
            .connect(to: address)
            // Once the socket is connected, the connection itself reports.
            .whenFailure { pool.openFailed(endpoint, $0) }
    }

    private func prepare(_ channel: any Channel, for endpoint: Endpoint, of pool: ConnectionPool) throws {
        if endpoint.scheme == .https {
            let handler = try NIOSSLClientHandler(context: tls, serverHostname: endpoint.serverName)
            try channel.pipeline.syncOperations.addHandler(handler)
        }
        let handler = ExchangeHandler(
            pool: pool, isEncrypted: endpoint.scheme == .https,
            state: ConnectionState(bounds: bounds, openUntil: .now() + timeout))
        try pool.register(try handler.join(channel, to: endpoint))
    }
}
