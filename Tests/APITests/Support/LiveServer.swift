// SPDX-License-Identifier: Apache-2.0
// A listener on loopback with the whole router behind it, and connections that send bytes and read until the end.

import EngineTestSupport
import Hummingbird
import HummingbirdTesting
import Messaging
import NIOCore
import NIOPosix
import NIOSSL
import Prometheus
import SQLTestSupport
import Synchronization
import Testing

@testable import API

struct LiveServer: Sendable {
    let port: Int
    let registry: Registry

    /// Runs `body` with a server on a port of its own.
    static func run(
        _ options: APIOptions, _ engine: Engine = .sqlite, _ setup: TestSetup = TestSetup(),
        _ body: @escaping @Sendable (LiveServer) async throws -> Void
    ) async throws {
        try await TestNode.run(engine, setup) { node async throws in
            let registry = node.context.metrics.registry
            let surfaces = APIServer.surfaces(engine: node.engine, options: options)
            let server = APIServer.http1(
                answering: surfaces.responder(logger: TestDatabase.quiet), options: options,
                registry: registry)
            let application = Application(router: surfaces.router, server: server, logger: TestDatabase.quiet)
            try await application.test(.live) { client async throws in
                try await body(LiveServer(port: try #require(client.port), registry: registry))
            }
        }
    }

    /// What `/metrics` says.
    var metrics: String { String(decoding: registry.text(), as: UTF8.self) }

    /// Opens a connection, over TLS when there is a context.
    func connect(_ tls: NIOSSLContext? = nil) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
        try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(.allowRemoteHalfClosure, value: true).connect(host: "localhost", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if let tls {
                        try channel.pipeline.syncOperations.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: "localhost"))
                    }
                    return try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel,
                        configuration: .init(isOutboundHalfClosureEnabled: true))
                }
            }
    }

    /// Sends `bytes` on a new connection and returns all that came before its end. `isFinished` closes the sending side
    /// after them.
    func exchange(_ bytes: String, tls: NIOSSLContext? = nil, isFinished: Bool = false) async throws -> String {
        try await exchange(Array(bytes.utf8), tls: tls, isFinished: isFinished)
    }

    func exchange(_ bytes: [UInt8], tls: NIOSSLContext? = nil, isFinished: Bool = false) async throws -> String {
        let received = Mutex(ByteBuffer())
        try await connect(tls).executeThenClose { inbound, outbound in
            try await outbound.write(ByteBuffer(bytes: bytes))
            if isFinished { outbound.finish() }
            do {
                for try await buffer in inbound { received.withLock { $0.writeImmutableBuffer(buffer) } }
            } catch NIOSSLError.uncleanShutdown {
                // The server ends a connection without a farewell of TLS; what came is complete by its length.
            }
        }
        return received.withLock { String(buffer: $0) }
    }

    /// A GET after which the server closes the connection.
    static func get(_ path: String) -> String { "GET \(path) HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" }
}
