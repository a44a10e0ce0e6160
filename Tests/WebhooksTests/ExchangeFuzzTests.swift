// SPDX-License-Identifier: Apache-2.0

// Answers of every kind, and what is none, byte for byte into a connection without a socket: each exchange ends exactly
// once, and a connection is kept only after an answer that allows it.

import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOPosix
import Testing
import Wire

@testable import Webhooks

@Suite("Webhook connections: answers as bytes", .timeLimit(.minutes(2)))
struct ExchangeFuzzTests {
    struct Row: CustomTestStringConvertible {
        var answer: String
        /// Whether the server closes its end after that.
        var isClosed = false
        /// nil: no answer.
        var status: UInt?
        var body = ""
        var isKept = false

        var testDescription: String { String(answer.prefix(60)) }
    }

    private struct Ending {
        var outcome: ExchangeOutcome
        var isKept: Bool
        var written: String
        var connectionsLeft: Int
        /// Whether the pool would hand out the connection now that it is closed.
        var isInBook: Bool
    }

    static let rows: [Row] = [
        Row(answer: "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi", isKept: true),
        Row(answer: "HTTP/1.1 204 No Content\r\n\r\n", status: 204, isKept: true),
        Row(answer: "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n", status: 200),
        Row(answer: "HTTP/1.1 200 OK\r\n\r\nto the end", isClosed: true, status: 200, body: "to the end"),
        Row(answer: "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi"),
        Row(
            answer: "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nhi", status: 200, body: "hi",
            isKept: true),
        Row(
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n1\r\nd\r\n0\r\nT: 1\r\n\r\n",
            status: 200, body: "abcd", isKept: true),
        Row(
            answer: "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
                + "HTTP/1.1 202 Accepted\r\nContent-Length: 1\r\n\r\nx", status: 202, body: "x", isKept: true),
        Row(answer: "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n", status: 101),
        Row(answer: "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf", isClosed: true, status: 200, body: "half"),
        Row(
            answer: "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz", isClosed: true, status: 200,
            body: "abc"),
        Row(answer: "HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", status: 410),
        Row(answer: "", isClosed: true), Row(answer: "HTTP/1.1 200", isClosed: true),
        Row(answer: "HTTP/1.1 200 OK\r\nContent-Le", isClosed: true), Row(answer: "SSH-2.0-OpenSSH_9.6\r\n"),
        Row(answer: "HTTP/2.0 200 OK\r\n\r\n"), Row(answer: "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n"),
        Row(answer: "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
        Row(answer: "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 20_000))\r\n\r\n"),
        Row(answer: "HTTP/1.1 200 OK\r\n\(String(repeating: "a: b\r\n", count: 200))\r\n"),
        Row(
            answer: "HTTP/1.1 200 OK\r\n"
                + String(repeating: "a: \(String(repeating: "x", count: 1000))\r\n", count: 100) + "\r\n"),
    ]

    @Test(arguments: rows)
    func `an answer is read in whatever pieces it comes`(row: Row) async throws {
        let bytes = Array(row.answer.utf8)
        let pieces: [[[UInt8]]] = [
            [bytes], bytes.map { [$0] },
            [Array(bytes.prefix(bytes.count / 2)), Array(bytes.suffix((bytes.count + 1) / 2))],
        ]
        for (way, pieces) in pieces.enumerated() {
            let ending = try await run(pieces, isClosed: row.isClosed)
            switch ending.outcome {
            case .answered(let head, let prefix):
                #expect(head.status.code == row.status)
                #expect(String(decoding: prefix, as: UTF8.self) == row.body)
            case .failed(_, let requestSent):
                #expect(row.status == nil)
                #expect(requestSent)
            }
            // What comes after an answer, in a read of its own, meets a connection that is not in use.
            if way != 1 { #expect(ending.isKept == row.isKept) }
            #expect(ending.written == "the request")
            #expect(ending.connectionsLeft == 0 && !ending.isInBook)
        }
    }

    @Test func `no bytes bring it down, and each exchange has one end`() async throws {
        var random = SeededRandom(seed: 20_261_121)
        for round in 0..<2500 {
            var bytes =
                round % 4 == 0
                ? (0..<Int.random(in: 0..<200, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
                : Array((Self.rows.randomElement(using: &random)?.answer ?? "").utf8.prefix(2000))
            for _ in 0..<Int.random(in: 1...4, using: &random) { Self.change(&bytes, &random) }
            let ending = try await run(Self.pieces(of: bytes, &random), isClosed: Bool.random(using: &random))
            if case .answered(let head, let prefix) = ending.outcome {
                #expect(head.version.major == 1)
                #expect(prefix.count <= ConnectionState.prefixLength)
            }
            #expect(ending.connectionsLeft == 0 && !ending.isInBook)
        }
    }

    private static func change(_ bytes: inout [UInt8], _ random: inout SeededRandom) {
        let at = Int.random(in: 0...bytes.count, using: &random)
        let end = min(bytes.count, at + Int.random(in: 0...20, using: &random))
        switch Int.random(in: 0..<5, using: &random) {
        case 0: bytes.insert(UInt8.random(in: 0...255, using: &random), at: at)
        case 1: bytes.removeSubrange(at..<end)
        case 2: bytes.insert(contentsOf: bytes[at..<end], at: at)
        case 3: bytes.removeSubrange(at...)
        default: if at < bytes.count { bytes[at] = UInt8.random(in: 0...255, using: &random) }
        }
    }

    private static func pieces(of bytes: [UInt8], _ random: inout SeededRandom) -> [[UInt8]] {
        var pieces: [[UInt8]] = []
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Int.random(in: 1...max(1, bytes.count), using: &random))
            pieces.append(Array(piece))
            rest = rest.dropFirst(piece.count)
        }
        return pieces
    }

    // MARK: A connection without a socket

    private func run(_ pieces: [[UInt8]], isClosed: Bool) async throws -> Ending {
        let endpoint = Endpoint(scheme: .http, host: "h.example", address: .v4(0x7F00_0001), port: 80)
        let (wishes, wish) = AsyncStream.makeStream(of: Void.self)
        let pool = ConnectionPool(
            limits: .init(connectionsPerEndpoint: 1, endpoints: 1),
            eventLoop: MultiThreadedEventLoopGroup.singleton.any()
        ) { _, _ in wish.yield() }
        let exchange = Exchange(
            endpoint: endpoint, method: .POST, bytes: ByteBuffer(string: "the request"),
            deadline: .now() + .hours(1), pool: pool)
        async let outcome = exchange.outcome()
        for await _ in wishes { break }
        let (connection, isKept, written) = try serve(pool, endpoint, pieces, isClosed: isClosed)
        return Ending(
            outcome: await outcome, isKept: isKept, written: written, connectionsLeft: pool.connectionCount,
            isInBook: pool.retire(connection))
    }

    /// All of it on one thread, as an embedded channel demands.
    private func serve(
        _ pool: ConnectionPool, _ endpoint: Endpoint, _ pieces: [[UInt8]], isClosed: Bool
    ) throws -> (connection: WebhookConnection, isKept: Bool, written: String) {
        let channel = EmbeddedChannel()
        let state = ConnectionState(
            bounds: .init(keepAlive: .hours(1), longestAnswer: 10_000), openUntil: .now() + .hours(1))
        let handler = ExchangeHandler(pool: pool, isEncrypted: false, state: state)
        let connection = try handler.join(channel, to: endpoint)
        try pool.register(connection)
        try channel.connect(to: try endpoint.socketAddress()).wait()
        for piece in pieces where channel.isActive { try channel.writeInbound(ByteBuffer(bytes: piece)) }
        let written = try channel.readOutbound(as: ByteBuffer.self).map { String(buffer: $0) } ?? ""
        if isClosed, channel.isActive { try channel.close().wait() }
        let isKept = channel.isActive
        if isKept { try channel.close().wait() }
        channel.embeddedEventLoop.run()
        return (connection, isKept, written)
    }
}
