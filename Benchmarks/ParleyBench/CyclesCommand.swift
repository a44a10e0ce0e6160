// SPDX-License-Identifier: Apache-2.0
// `parley-bench cycles`: posts messages with async-http-client, receives their reports, and counts a cycle when the
// report is here. As many cycles are under way as asked for: each report that comes starts the next message, so that
// the rate is one that every stage of the server keeps up with.

import ArgumentParser
import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Wire

struct CyclesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cycles", abstract: "Run whole cycles: message, answer, report.")

    @Option(help: "The server's port.") var port: Int
    @Option(help: "The API key.") var key = ""
    @Option(help: "What a cycle is: sms or whatsapp.") var dialect = CycleDialect.sms
    @Option(help: "Connections to the server.") var connections = 64
    @Option(name: .customLong("in-flight"), help: "Cycles under way at a time.") var inFlight = 512
    @Option(help: "Seconds before the count begins.") var warmup = 2.0
    @Option(help: "Seconds that count.") var seconds = 5.0
    @Option(help: "Seconds that the last reports may take.") var drain = 15.0

    func run() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        var configuration = HTTPClient.Configuration()
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = connections
        configuration.httpVersion = .http1Only
        let client = HTTPClient(eventLoopGroupProvider: .shared(group), configuration: configuration)
        let start = NIODeadline.now() + .nanoseconds(Int64(warmup * 1e9))
        let run = CycleRun(
            dialect, client: client, port: port, key: key, from: start, for: .nanoseconds(Int64(seconds * 1e9)))
        let receiver = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(ReportReceiver(run: run))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        run.begin(inFlight, receiver: receiver.localAddress?.port ?? 0)
        let latest = NIODeadline.now() + .nanoseconds(Int64((warmup + seconds + drain) * 1e9))
        let waiting = group.any().scheduleTask(deadline: latest) { run.giveUp() }
        await run.finished()
        waiting.cancel()
        print(run.result(seconds: seconds))
        try await receiver.close()
        try await client.shutdown()
    }
}

/// The cycles under way, and what is known of those that ended.
private final class CycleRun: Sendable {
    private struct State {
        var receiver = 0
        var sent = 0
        var startedAt: [Int: NIODeadline] = [:]
        var latencies = Histogram()
        var failed = 0
        var isOver = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let dialect: CycleDialect
    private let client: HTTPClient
    private let url: String
    private let headers: HTTPHeaders
    private let countFrom: NIODeadline
    private let end: NIODeadline
    private let state = Mutex(State())

    init(
        _ dialect: CycleDialect, client: HTTPClient, port: Int, key: String, from: NIODeadline, for duration: TimeAmount
    ) {
        self.dialect = dialect
        self.client = client
        url = "http://127.0.0.1:\(port)\(dialect.path)"
        headers = ["apikey": key, "content-type": "application/json"]
        countFrom = from
        end = from + duration
    }

    func begin(_ count: Int, receiver: Int) {
        state.withLock { $0.receiver = receiver }
        for _ in 0..<count { startCycle() }
    }

    /// A report came.
    func reported(_ body: ByteBuffer) {
        guard let number = dialect.number(in: body) else { return }
        let now = NIODeadline.now()
        let isKnown = state.withLock { state in
            guard let startedAt = state.startedAt.removeValue(forKey: number) else { return false }
            if now >= countFrom, now < end { state.latencies.record((now - startedAt).nanoseconds / 1000) }
            return true
        }
        if isKnown { startCycle() }
    }

    private func startCycle() {
        let now = NIODeadline.now()
        guard now < end else { return endIfDone() }
        let (number, receiver) = state.withLock { state in
            state.sent += 1
            state.startedAt[state.sent] = now
            return (state.sent, state.receiver)
        }
        let body = dialect.request(number, callback: "http://127.0.0.1:\(receiver)/report")
        guard
            let request = try? HTTPClient.Request(
                url: url, method: .POST, headers: headers, body: .byteBuffer(body))
        else { return failed(number) }
        client.execute(request: request).whenComplete { result in
            guard case .success(let response) = result, response.status.code / 100 == 2 else {
                return self.failed(number)
            }
        }
    }

    /// The server did not take a message. Its cycle is not replaced at once: a server that is down is not to be
    /// flooded.
    private func failed(_ number: Int) {
        state.withLock { state in
            state.startedAt[number] = nil
            state.failed += 1
        }
        endIfDone()
    }

    private func endIfDone() {
        state.withLock { state in
            guard state.startedAt.isEmpty else { return nil as CheckedContinuation<Void, Never>? }
            state.isOver = true
            return state.waiter.take()
        }?.resume()
    }

    func giveUp() {
        state.withLock { state in
            state.isOver = true
            return state.waiter.take()
        }?.resume()
    }

    /// Returns when the time is over and every report is here, or after `giveUp`.
    func finished() async {
        await withCheckedContinuation { continuation in
            let isOver = state.withLock { state in
                if !state.isOver { state.waiter = continuation }
                return state.isOver
            }
            if isOver { continuation.resume() }
        }
    }

    /// One line of JSON.
    func result(seconds: Double) -> String {
        let (latencies, sent, failed, missing) = state.withLock {
            ($0.latencies, $0.sent, $0.failed, $0.startedAt.count)
        }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("messages", Int(latencies.count))
            writer.member("sent", sent)
            writer.member("refused", failed)
            writer.member("missing", missing)
            writer.member("seconds", number: "\(seconds)")
            writer.member("rate", number: "\(Double(latencies.count) / seconds)")
            writer.member("p50", number: "\(latencies.percentile(0.5))")
            writer.member("p99", number: "\(latencies.percentile(0.99))")
        }
        return writer.text
    }
}

/// Takes a report and answers 200.
private final class ReportReceiver: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private static let headers: HTTPHeaders = ["content-length": "0"]

    private let run: CycleRun
    private var body = ByteBuffer()

    init(run: CycleRun) { self.run = run }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head:
            body.clear()
        case .body(var part):
            if body.readableBytes == 0 { swap(&body, &part) } else { body.writeBuffer(&part) }
        case .end:
            let head = HTTPResponseHead(version: .http1_1, status: .ok, headers: Self.headers)
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            run.reported(body)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
}
