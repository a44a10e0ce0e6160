// SPDX-License-Identifier: Apache-2.0
// The ENUM zone's server on loopback, over UDP and TCP on one port.

public import Logging
public import NIOCore
internal import NIOPosix
internal import Synchronization

/// The simulated name server. `start` and `shutdown` are called once each.
public final class DNSSimulator: Sendable {
    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; `start` returns the one taken.
        public var port = 0
        public var zone = ENUMZone()

        public init() {}
    }

    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
        var port: Int?
        var datagrams = 0
        var streams = 0
    }

    /// How often a port free for UDP may be taken for TCP.
    private static let mostAttempts = 20

    public let configuration: Configuration
    private let group: any EventLoopGroup
    private let logger: Logger
    private let state = Mutex(State())

    public init(configuration: Configuration, group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
    }

    /// Listens, and returns the port.
    @discardableResult
    public func start() async throws -> Int {
        var attempts = 0
        while true {
            attempts += 1
            let datagrams = try await bindDatagrams()
            let port = datagrams.localAddress?.port ?? configuration.port
            do {
                let streams = try await bindStreams(port)
                state.withLock { state in
                    state.listeners = [datagrams, streams]
                    state.port = port
                }
                logger.info(
                    "simulated name server listens", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
                return port
            } catch {
                try? await datagrams.close()
                if configuration.port != 0 || attempts == Self.mostAttempts { throw error }
            }
        }
    }

    /// Closes everything.
    public func shutdown() async {
        let channels = state.withLock { state in
            state.port = nil
            defer { (state.listeners, state.connections) = ([], [:]) }
            return state.listeners + state.connections.values
        }
        for channel in channels { try? await channel.close() }
    }

    /// The port it listens on; nil before `start` and after `shutdown`.
    public var port: Int? { state.withLock { $0.port } }

    /// How many queries came over UDP and over TCP.
    public var queries: (datagrams: Int, streams: Int) { state.withLock { ($0.datagrams, $0.streams) } }

    private func bindDatagrams() async throws -> any Channel {
        try await DatagramBootstrap(group: group)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(DatagramHandler(self))
                }
            }
            .bind(host: configuration.host, port: configuration.port).get()
    }

    private func bindStreams(_ port: Int) async throws -> any Channel {
        try await ServerBootstrap(group: group)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { [self] channel in
                let id = ObjectIdentifier(channel)
                state.withLock { $0.connections[id] = channel }
                channel.closeFuture.whenComplete { [self] _ in
                    state.withLock { $0.connections[id] = nil }
                }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandlers(
                        [ByteToMessageHandler(StreamFrames()), StreamHandler(self)])
                }
            }
            .bind(host: configuration.host, port: port).get()
    }

    fileprivate func answer(_ query: ByteBuffer, isDatagram: Bool) -> [UInt8]? {
        state.withLock { state in
            if isDatagram { state.datagrams += 1 } else { state.streams += 1 }
        }
        return configuration.zone.answer(to: Array(query.readableBytesView), isDatagram: isDatagram)
    }
}

private final class DatagramHandler: ChannelInboundHandler {
    typealias InboundIn = AddressedEnvelope<ByteBuffer>
    typealias OutboundOut = AddressedEnvelope<ByteBuffer>

    private let server: DNSSimulator

    init(_ server: DNSSimulator) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let query = unwrapInboundIn(data)
        guard let answer = server.answer(query.data, isDatagram: true) else { return }
        let reply = AddressedEnvelope(remoteAddress: query.remoteAddress, data: ByteBuffer(bytes: answer))
        context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
    }

    /// An asker that went away, as ICMP tells; the others are still there.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}

/// Messages with their lengths in two bytes before them (RFC 1035 §4.2.2).
private struct StreamFrames: ByteToMessageDecoder {
    typealias InboundOut = ByteBuffer

    mutating func decode(context: ChannelHandlerContext, buffer: inout ByteBuffer) -> DecodingState {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt16.self),
            buffer.readableBytes >= 2 + Int(length)
        else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: 2)
        if let message = buffer.readSlice(length: Int(length)) { context.fireChannelRead(wrapInboundOut(message)) }
        return .continue
    }
}

private final class StreamHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let server: DNSSimulator

    init(_ server: DNSSimulator) { self.server = server }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let answer = server.answer(unwrapInboundIn(data), isDatagram: false)
        guard let answer, let length = UInt16(exactly: answer.count) else { return }
        var reply = ByteBuffer(integer: length)
        reply.writeBytes(answer)
        context.writeAndFlush(wrapOutboundOut(reply), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
