// SPDX-License-Identifier: Apache-2.0
// Delegates that remember what they were told and let a test wait for it, and a peer that speaks in raw PDUs.

import Logging
import NIOCore
import NIOPosix
import Synchronization
import Testing

@testable import SMPP

/// State that tests wait on: every change looks at the waiting conditions again.
final class Watched<Value: Sendable>: Sendable {
    private struct Inner {
        var value: Value
        var waiters: [UInt64: (condition: @Sendable (Value) -> Bool, continuation: CheckedContinuation<Bool, Never>)] =
            [:]
        var next: UInt64 = 0
    }

    private let inner: Mutex<Inner>

    init(_ value: Value) {
        inner = Mutex(Inner(value: value))
    }

    var value: Value { inner.withLock { $0.value } }

    func change(_ body: (inout Value) -> Void) {
        let ready = inner.withLock { inner in
            body(&inner.value)
            let met = inner.waiters.filter { $0.value.condition(inner.value) }
            for id in met.keys { inner.waiters[id] = nil }
            return met.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume(returning: true) }
    }

    /// Waits for a condition; after ten seconds the test fails instead.
    func until(
        _ what: Comment, sourceLocation: SourceLocation = #_sourceLocation,
        _ condition: @escaping @Sendable (Value) -> Bool
    ) async {
        let group = MultiThreadedEventLoopGroup.singleton
        let isMet = await withCheckedContinuation { (continuation: CheckedContinuation<Bool, Never>) in
            let id: UInt64? = inner.withLock { inner in
                guard !condition(inner.value) else { return nil }
                inner.next += 1
                inner.waiters[inner.next] = (condition, continuation)
                return inner.next
            }
            guard let id else { return continuation.resume(returning: true) }
            group.next().scheduleTask(in: .seconds(10)) { [self] in
                inner.withLock { $0.waiters.removeValue(forKey: id) }?.continuation.resume(returning: false)
            }
        }
        #expect(isMet, what, sourceLocation: sourceLocation)
    }
}

final class ClientRecorder: SMPPClientDelegate {
    struct Log: Sendable {
        var results: [UInt64: SubmitResult] = [:]
        var resultCount = 0
        var received: [InboundRequest] = []
        var capacityEvents = 0
        /// What the client said right after it reported results.
        var capacities: [Int] = []
        var pauses: [Bool] = []
        var lost: [(bindID: UInt64, unanswered: [UInt32])] = []
        var states: [SMPPClient.State] = []
        var isUp: Bool { states.last?.isUp ?? false }
    }

    let log = Watched(Log())
    /// Whether inbound requests are answered at once.
    let answers: Bool

    init(answers: Bool = true) {
        self.answers = answers
    }

    func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)]) {
        let capacity = client.capacity
        let isPaused = client.state.isPaused
        log.change { log in
            log.capacities.append(capacity)
            log.pauses.append(isPaused)
            for (ticket, result) in results { log.results[ticket] = result }
            log.resultCount += results.count
        }
    }

    func smppClient(_ client: SMPPClient, received request: InboundRequest) {
        if answers { request.respond() }
        log.change { $0.received.append(request) }
    }

    func smppClientCapacityAvailable(_ client: SMPPClient) {
        log.change { $0.capacityEvents += 1 }
    }

    func smppClientStateChanged(_ client: SMPPClient) {
        let state = client.state
        log.change { $0.states.append(state) }
    }

    func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32]) {
        log.change { $0.lost.append((bindID, unanswered)) }
    }
}

final class ServerRecorder: SMPPServerDelegate {
    struct Log: Sendable {
        var requests: [ServerRequest] = []
        var bound: [SMPPServerSession] = []
        var closed = 0
    }

    let log = Watched(Log())
    /// Answers the n-th request, counted from 0; nil leaves it waiting.
    let answer: @Sendable (Int, ServerRequest) -> Void
    let allows: Bool

    init(allows: Bool = true, answer: @escaping @Sendable (Int, ServerRequest) -> Void = ServerRecorder.accept) {
        self.answer = answer
        self.allows = allows
    }

    static let accept: @Sendable (Int, ServerRequest) -> Void = { $1.respond(.ok, messageID: "id\($0)") }
    static let ignore: @Sendable (Int, ServerRequest) -> Void = { _, _ in }

    func smppServer(_ server: SMPPServer, allowsConnectionFrom address: SocketAddress) -> Bool { allows }

    func smppServer(_ server: SMPPServer, authenticate request: BindRequest) async -> BindDecision {
        guard request.bind.systemID == "esme" else { return .reject(.invalidSystemID) }
        return request.bind.password == "secret" ? .accept(account: "esme") : .reject(.invalidPassword)
    }

    func smppServer(_ server: SMPPServer, received request: ServerRequest) {
        let number = log.value.requests.count
        log.change { $0.requests.append(request) }
        answer(number, request)
    }

    func smppServer(_ server: SMPPServer, bound session: SMPPServerSession) {
        log.change { $0.bound.append(session) }
    }

    func smppServer(_ server: SMPPServer, closed session: SMPPServerSession) {
        log.change { $0.closed += 1 }
    }
}

let testLogger: Logger = {
    var logger = Logger(label: "smpp-tests") { _ in SwiftLogNoOpLogHandler() }
    logger.logLevel = .critical
    return logger
}()

let testGroup: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton

/// A server and a client bound to it.
struct Loopback {
    let server: SMPPServer
    let serverLog: ServerRecorder
    let client: SMPPClient
    let clientLog: ClientRecorder

    static func server(
        _ recorder: ServerRecorder, _ change: (inout SMPPServer.Configuration) -> Void = { _ in }
    ) async throws -> SMPPServer {
        var configuration = SMPPServer.Configuration()
        configuration.port = 0
        change(&configuration)
        let server = SMPPServer(
            configuration: configuration, group: testGroup, delegate: recorder, logger: testLogger)
        try await server.start()
        return server
    }

    static func client(
        _ recorder: ClientRecorder, port: Int, _ change: (inout SMPPClient.Configuration) -> Void = { _ in }
    ) -> SMPPClient {
        var configuration = SMPPClient.Configuration(
            host: "127.0.0.1", port: port, systemID: "esme", password: "secret")
        configuration.reconnectMinimum = .milliseconds(20)
        configuration.reconnectMaximum = .milliseconds(100)
        change(&configuration)
        return SMPPClient(configuration: configuration, group: testGroup, delegate: recorder, logger: testLogger)
    }

    /// Runs a test against both, everything bound, and shuts them down.
    static func run(
        server serverLog: ServerRecorder = ServerRecorder(), client clientLog: ClientRecorder = ClientRecorder(),
        serverChange: (inout SMPPServer.Configuration) -> Void = { _ in },
        clientChange: (inout SMPPClient.Configuration) -> Void = { _ in },
        _ body: (Loopback) async throws -> Void
    ) async throws {
        let server = try await Self.server(serverLog, serverChange)
        let client = Self.client(clientLog, port: try #require(server.port), clientChange)
        let binds = client.state.binds.count
        client.start()
        await clientLog.log.until("all binds are up") { log in
            log.states.last?.binds.allSatisfy { $0.phase == .bound } ?? false
        }
        await serverLog.log.until("all sessions are known") { $0.bound.count >= binds }
        try await body(Loopback(server: server, serverLog: serverLog, client: client, clientLog: clientLog))
        await client.shutdown()
        await server.shutdown()
    }
}

/// A connection that sends and receives whatever it is told.
final class RawPeer: Sendable {
    let frames = Watched<[PDUFrame]>([])
    let isClosed = Watched(false)
    private let channel: any Channel

    private init(_ channel: any Channel) {
        self.channel = channel
        channel.closeFuture.whenComplete { [isClosed] _ in isClosed.change { $0 = true } }
    }

    private final class Reader: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        var buffer = ByteBuffer()
        let report: @Sendable (PDUFrame) -> Void

        init(report: @escaping @Sendable (PDUFrame) -> Void) {
            self.report = report
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            var chunk = unwrapInboundIn(data)
            buffer.writeBuffer(&chunk)
            while let frame = PDU.next(from: &buffer, maximumLength: 70_000) { report(frame) }
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }

    static func connect(port: Int) async throws -> RawPeer {
        let created = Mutex<RawPeer?>(nil)
        _ = try await ClientBootstrap(group: testGroup)
            .channelInitializer { channel in
                let peer = RawPeer(channel)
                created.withLock { $0 = peer }
                return channel.eventLoop.makeCompletedFuture { try peer.listen() }
            }
            .connect(host: "127.0.0.1", port: port).get()
        return try #require(created.withLock { $0 })
    }

    /// On the event loop of the channel.
    private func listen() throws {
        try channel.pipeline.syncOperations.addHandler(Reader { [frames] frame in frames.change { $0.append(frame) } })
    }

    /// Listens for one client after the other; each connection goes to the handler.
    static func listen(_ accepted: @escaping @Sendable (RawPeer) -> Void) async throws -> any Channel {
        try await ServerBootstrap(group: testGroup)
            .childChannelInitializer { channel in
                let peer = RawPeer(channel)
                return channel.eventLoop.makeCompletedFuture {
                    try peer.listen()
                    accepted(peer)
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    func send(_ pdus: PDU...) throws {
        var buffer = ByteBuffer()
        for pdu in pdus { try pdu.write(to: &buffer) }
        send(buffer)
    }

    func send(_ buffer: ByteBuffer) {
        channel.writeAndFlush(buffer, promise: nil)
    }

    func close() {
        channel.close(promise: nil)
    }

    func received(_ what: Comment, _ condition: @escaping @Sendable (PDU) -> Bool) async {
        await frames.until(what) { frames in
            frames.contains { frame in if case .pdu(let pdu) = frame { condition(pdu) } else { false } }
        }
    }
}
