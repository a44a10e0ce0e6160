// SPDX-License-Identifier: Apache-2.0
// A server on loopback that answers as a test says and keeps what it was asked.

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

/// What arrived.
struct Asked: Sendable, Equatable {
    var method: String
    /// Path and query below `/admin/v1`.
    var path: String
    var headers: [String: String]
    var body: String
    var bodySize: Int

    /// `POST /companies`
    var line: String { "\(method) \(path)" }
    var json: JSONValue? { try? JSONValue(parsing: body.utf8) }
}

/// What is answered. Pieces of a body go out one by one; without its end the connection is cut.
struct Told: Sendable {
    var status = 200
    var type = "application/json"
    var pieces: [String]
    var isWhole = true

    static func json(_ text: String, status: Int = 200) -> Told { Told(status: status, pieces: [text]) }
    static let nothing = Told(status: 204, pieces: [])
    static func problem(_ status: Int, _ detail: String) -> Told {
        json(#"{"type":"about:blank","title":"No","status":\#(status),"detail":"\#(detail)"}"#, status: status)
    }
}

final class AdminServer: Sendable {
    private let answer: @Sendable (Asked) -> Told
    private let record = Mutex<[Asked]>([])
    private let listener: any Channel

    var asked: [Asked] { record.withLock { $0 } }
    var lines: [String] { asked.map(\.line) }
    var url: String { "http://127.0.0.1:\(listener.localAddress?.port ?? 0)" }

    /// Runs `body` with a server that answers so, and stops it.
    static func with<T>(
        _ answer: @escaping @Sendable (Asked) -> Told, _ body: (AdminServer) async throws -> T
    ) async throws -> T {
        let holder = Holder()
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler { holder.server?.tell($0) })
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let server = AdminServer(answer: answer, listener: listener)
        holder.server = server
        do {
            let result = try await body(server)
            try await listener.close()
            return result
        } catch {
            try await listener.close()
            throw error
        }
    }

    private init(answer: @escaping @Sendable (Asked) -> Told, listener: any Channel) {
        self.answer = answer
        self.listener = listener
    }

    private func tell(_ asked: Asked) -> Told {
        record.withLock { $0.append(asked) }
        return answer(asked)
    }

    /// The listener is made before the server that knows it.
    private final class Holder: Sendable {
        private let state = Mutex<AdminServer?>(nil)
        var server: AdminServer? {
            get { state.withLock { $0 } }
            set { state.withLock { $0 = newValue } }
        }
    }
}

private final class Handler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let tell: (Asked) -> Told?
    private var head: HTTPRequestHead?
    private var body = ByteBuffer()

    init(tell: @escaping @Sendable (Asked) -> Told?) { self.tell = tell }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body.clear()
        case .body(var piece): body.writeBuffer(&piece)
        case .end: answer(context)
        }
    }

    private func answer(_ context: ChannelHandlerContext) {
        guard let head else { return }
        let root = "/admin/v1"
        let path = head.uri.hasPrefix(root) ? String(head.uri.dropFirst(root.count)) : head.uri
        let headers = Dictionary(head.headers.map { ($0.name.lowercased(), $0.value) }) { $1 }
        let text = String(buffer: body)
        let asked = Asked(
            method: head.method.rawValue, path: path, headers: headers, body: text, bodySize: body.readableBytes)
        guard let told = tell(asked) else { return context.close(promise: nil) }
        let response = HTTPResponseHead(
            version: .http1_1, status: .init(statusCode: told.status), headers: ["content-type": told.type])
        context.write(wrapOutboundOut(.head(response)), promise: nil)
        for piece in told.pieces {
            context.writeAndFlush(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(string: piece)))), promise: nil)
        }
        if told.isWhole {
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        } else {
            context.close(promise: nil)
        }
    }
}
