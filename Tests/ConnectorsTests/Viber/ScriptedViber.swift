// SPDX-License-Identifier: Apache-2.0
// An HTTP server that answers as a test tells it to and keeps what it was asked.

import AsyncHTTPClient
import Connectors
import Foundation
import Messaging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

/// What a server was asked.
struct ScriptedRequest: Sendable {
    var path: String
    var headers: HTTPHeaders
    var body: [UInt8] = []
}

enum ScriptedAnswer: Sendable {
    case answer(Int, String, headers: [(String, String)] = [])
    /// The connection ends without a word.
    case hangUp

    static func ok(_ body: String) -> ScriptedAnswer { .answer(200, body) }
}

/// A server on a port of its own.
final class ScriptedViber: Sendable {
    typealias Script = @Sendable (ScriptedRequest) -> ScriptedAnswer

    let port: Int
    private let channel: any Channel
    private let kept: Kept

    private final class Kept: Sendable {
        let requests = Mutex<[ScriptedRequest]>([])
    }

    init(_ script: @escaping Script) async throws {
        let kept = Kept()
        let bootstrap = ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        Handler { request in
                            kept.requests.withLock { $0.append(request) }
                            return script(request)
                        })
                }
            }
        channel = try await bootstrap.bind(host: "127.0.0.1", port: 0).get()
        port = channel.localAddress?.port ?? 0
        self.kept = kept
    }

    var url: String { "http://127.0.0.1:\(port)" }
    var requests: [ScriptedRequest] { kept.requests.withLock { $0 } }

    func stop() async throws { try await channel.close() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let script: Script
        private var request: ScriptedRequest?

        init(_ script: @escaping Script) { self.script = script }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head): request = ScriptedRequest(path: head.uri, headers: head.headers)
            case .body(let buffer): request?.body += buffer.readableBytesView
            case .end:
                guard let request else { return }
                answer(script(request), context: context)
            }
        }

        private func answer(_ answer: ScriptedAnswer, context: ChannelHandlerContext) {
            guard case .answer(let status, let body, let fields) = answer else {
                return context.close(promise: nil)
            }
            var headers = HTTPHeaders(fields)
            headers.add(name: "content-length", value: String(body.utf8.count))
            let head = HTTPResponseHead(
                version: .http1_1, status: HTTPResponseStatus(statusCode: status), headers: headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: body)))), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        }
    }
}

/// Hands over what a connector says, in order.
final class ViberSink: ConnectorSink {
    let outcomes: AsyncStream<SendOutcome>
    /// Once for each time that there may be room again.
    let capacity: AsyncStream<Void>
    private let outcome: AsyncStream<SendOutcome>.Continuation
    private let room: AsyncStream<Void>.Continuation

    init() {
        (outcomes, outcome) = AsyncStream.makeStream()
        (capacity, room) = AsyncStream.makeStream()
    }

    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        for outcome in outcomes { self.outcome.yield(outcome.outcome) }
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) { answer(.stored) }
    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {}
    func capacityChanged(_ connector: any Connector) { room.yield() }
}
