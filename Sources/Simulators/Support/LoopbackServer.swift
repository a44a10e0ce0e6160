// SPDX-License-Identifier: Apache-2.0
// A small HTTP/1.1 server for simulators. Its handler gets whole requests and may answer from any thread, late, or by
// cutting the connection: what a provider's bad day looks like.

internal import Logging
internal import NIOCore
internal import NIOHTTP1
internal import NIOPosix
internal import Synchronization

final class LoopbackServer: Sendable {
    /// Called on the connection's event loop; must call back exactly once, from any thread, at any time.
    typealias Handler = @Sendable (LoopbackRequest, @escaping @Sendable (LoopbackReply) -> Void) -> Void

    /// A larger body is answered 413.
    static let bodyLimit = 110 << 20

    private struct State {
        var listener: (any Channel)?
        var connections: [ObjectIdentifier: any Channel] = [:]
        var isStopped = false
    }

    private let group: any EventLoopGroup
    private let handler: Handler
    private let state = Mutex(State())

    init(group: any EventLoopGroup, handler: @escaping Handler) {
        self.group = group
        self.handler = handler
    }

    /// Listens and returns the port; 0 takes a free one.
    func start(host: String, port: Int) async throws -> Int {
        let listener = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    guard adopt(channel) else { throw ChannelError.ioOnClosedChannel }
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.configureHTTPServerPipeline(withErrorHandling: true)
                    try pipeline.addHandler(LoopbackHandler(handler))
                }
            }
            .bind(host: host, port: port).get()
        state.withLock { $0.listener = listener }
        return listener.localAddress?.port ?? port
    }

    /// Closes the listener and every connection.
    func shutdown() async {
        let (listener, connections) = state.withLock { state in
            defer { state.listener = nil }
            state.isStopped = true
            return (state.listener, Array(state.connections.values))
        }
        try? await listener?.close()
        for connection in connections { try? await connection.close() }
    }

    /// Closes every connection; new ones are welcome.
    func cutConnections() {
        for connection in state.withLock({ Array($0.connections.values) }) { connection.close(promise: nil) }
    }

    private func adopt(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isWelcome = state.withLock { state in
            if !state.isStopped { state.connections[id] = channel }
            return !state.isStopped
        }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { $0.connections[id] = nil }
        }
        return isWelcome
    }
}

/// Collects requests and writes answers on one connection; NIO keeps pipelined requests apart.
private final class LoopbackHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let handler: LoopbackServer.Handler
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isTooLarge = false

    init(_ handler: @escaping LoopbackServer.Handler) {
        self.handler = handler
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            isTooLarge = false
        case .body(let part):
            if body.count + part.readableBytes > LoopbackServer.bodyLimit { isTooLarge = true }
            if !isTooLarge { body.append(contentsOf: part.readableBytesView) }
        case .end:
            guard let head else { return }
            self.head = nil
            let channel = context.channel
            guard !isTooLarge else {
                return Self.write(LoopbackResponse(.payloadTooLarge), to: channel, keepAlive: false)
            }
            let request = LoopbackRequest(method: head.method, uri: head.uri, headers: head.headers, body: body)
            body = []
            let keepAlive = head.isKeepAlive
            handler(request) { reply in Self.perform(reply, on: channel, keepAlive: keepAlive) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private static func perform(_ reply: LoopbackReply, on channel: any Channel, keepAlive: Bool) {
        switch reply {
        case .cut: channel.close(promise: nil)
        case .respond(let response, let delay) where delay > .zero:
            _ = channel.eventLoop.scheduleTask(in: delay) { write(response, to: channel, keepAlive: keepAlive) }
        case .respond(let response, _): write(response, to: channel, keepAlive: keepAlive)
        }
    }

    private static func write(_ response: LoopbackResponse, to channel: any Channel, keepAlive: Bool) {
        var headers = response.headers
        headers.replaceOrAdd(name: "Content-Length", value: String(response.body.count))
        if !keepAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        channel.write(HTTPServerResponsePart.head(head), promise: nil)
        if !response.body.isEmpty {
            channel.write(HTTPServerResponsePart.body(.byteBuffer(ByteBuffer(bytes: response.body))), promise: nil)
        }
        let written = channel.eventLoop.makePromise(of: Void.self)
        if !keepAlive { written.futureResult.whenComplete { _ in channel.close(promise: nil) } }
        channel.writeAndFlush(HTTPServerResponsePart.end(nil), promise: written)
    }
}
