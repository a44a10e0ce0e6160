// SPDX-License-Identifier: Apache-2.0

// A real HTTP server on loopback that does what a test tells it to, down to not answering at all.

import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import Synchronization

/// What arrived.
struct ReceivedRequest: Sendable {
    var head: HTTPRequestHead
    var body: [UInt8]
    /// By their order.
    var connection: Int
}

/// What the server does with it.
enum ServerAction: Sendable {
    case answer(Int, HTTPHeaders = [:], [UInt8] = [])
    /// Raw bytes in place of an answer; the connection then stays open.
    case raw(String)
    /// Raw bytes, and then the end of the connection.
    case rawThenClose(String)
    /// Head and some bytes of a body that is announced longer and never comes.
    case unfinished(Int)
    /// A body without end, as fast as it is taken.
    case endless
    case hang
    case close
}

final class LoopbackServer: Sendable {
    typealias Behaviour = @Sendable (ReceivedRequest) -> ServerAction

    let port: Int
    private let channel: any Channel

    private init(channel: any Channel, recorder: Recorder) {
        self.channel = channel
        self.port = channel.localAddress?.port ?? 0
        self.recorder = recorder
    }

    private let recorder: Recorder

    var received: [ReceivedRequest] { recorder.requests.withLock { $0 } }
    var bytesOfEndlessBody: Int { recorder.endlessBytes.withLock { $0 } }

    func url(_ path: String = "/hook", host: String = "127.0.0.1", scheme: String = "http") -> String {
        "\(scheme)://\(host):\(port)\(path)"
    }

    /// Runs a test against a server that stops with it.
    static func with<Result>(
        address: String = "127.0.0.1", tls: NIOSSLContext? = nil, _ behaviour: @escaping Behaviour,
        run: (LoopbackServer) async throws -> Result
    ) async throws -> Result {
        let recorder = Recorder()
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
                    // No pipelining help: it would keep a test from writing raw bytes.
                    try pipeline.addHandler(ByteToMessageHandler(HTTPRequestDecoder()))
                    try pipeline.addHandler(Handler(behaviour: behaviour, recorder: recorder))
                }
            }
            .bind(host: address, port: 0).get()
        let server = LoopbackServer(channel: channel, recorder: recorder)
        do {
            let result = try await run(server)
            try await channel.close()
            return result
        } catch {
            try? await channel.close()
            throw error
        }
    }
}

private final class Recorder: Sendable {
    let requests = Mutex<[ReceivedRequest]>([])
    let endlessBytes = Mutex(0)
    let connections = Atomic(0)
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = ByteBuffer

    private let behaviour: LoopbackServer.Behaviour
    private let recorder: Recorder
    private let connection: Int
    private var head: HTTPRequestHead?
    private var body: [UInt8] = []
    private var isEndless = false

    init(behaviour: @escaping LoopbackServer.Behaviour, recorder: Recorder) {
        self.behaviour = behaviour
        self.recorder = recorder
        connection = recorder.connections.wrappingAdd(1, ordering: .relaxed).newValue
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let part): body += part.readableBytesView
        case .end:
            guard let head else { return }
            let request = ReceivedRequest(head: head, body: body, connection: connection)
            recorder.requests.withLock { $0.append(request) }
            perform(behaviour(request), context)
        }
    }

    private func perform(_ action: ServerAction, _ context: ChannelHandlerContext) {
        switch action {
        case .answer(let status, let headers, let body):
            var text = "HTTP/1.1 \(status) X\r\nContent-Length: \(body.count)\r\n"
            for (name, value) in headers { text += "\(name): \(value)\r\n" }
            write(Array("\(text)\r\n".utf8) + body, context)
        case .raw(let text): write(Array(text.utf8), context)
        case .rawThenClose(let text):
            write(Array(text.utf8), context)
            context.close(promise: nil)
        case .unfinished(let status):
            write(Array("HTTP/1.1 \(status) X\r\nContent-Length: 1000\r\n\r\nbegin".utf8), context)
        case .endless:
            write(Array("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".utf8), context)
            isEndless = true
            writeChunk(context)
        case .hang: break
        case .close: context.close(promise: nil)
        }
    }

    private func writeChunk(_ context: ChannelHandlerContext) {
        guard isEndless else { return }
        recorder.endlessBytes.withLock { $0 += 4096 }
        let chunk = Array("1000\r\n".utf8) + Array(repeating: UInt8(ascii: "x"), count: 4096) + Array("\r\n".utf8)
        let written = context.eventLoop.makePromise(of: Void.self)
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        written.futureResult.whenSuccess {
            let (handler, context) = bound.value
            handler.writeChunk(context)
        }
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: chunk)), promise: written)
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        isEndless = false
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) { isEndless = false }
}
