// SPDX-License-Identifier: Apache-2.0
// HTTP/1.1 on the wire: requests one after the other, in pieces, in bulk and in all the forms that the standard allows.

import EngineTestSupport
import NIOCore
import NIOPosix
import Prometheus
import SQLTestSupport
import Testing

@testable import API

@Suite struct ConnectionTests {
    private static let last = LiveServer.get("/health")

    private static func sms(_ fields: String, _ body: String) -> String {
        "POST /messaging/v1/sms HTTP/1.1\r\nHost: a\r\napikey: \(TestSetup.acmeKey)\r\n"
            + "Content-Type: application/json\r\n\(fields)\r\n\(body)"
    }

    private static let message = #"{"to":"491701234567","from":"Acme","message":"Hello"}"#

    /// The status codes of all answers in what a connection said.
    private static func statuses(_ text: String) -> [String] {
        text.split(separator: "HTTP/1.1 ").map { String($0.prefix(3)) }.filter { Int($0) != nil }
    }

    @Test func `requests that come at once are answered one after the other`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let text = try await server.exchange(
                "GET /nothing HTTP/1.1\r\nHost: a\r\n\r\n"
                    + Self.sms("Content-Length: \(Self.message.utf8.count)\r\n", Self.message)
                    + "PUT /health HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc" + Self.last)
            #expect(Self.statuses(text) == ["404", "200", "405", "200"], "\(text)")
        }
    }

    @Test func `a hundred requests in one packet are all answered after the client has closed its side`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let text = try await server.exchange(
                String(repeating: "GET /health HTTP/1.1\r\nHost: a\r\n\r\n", count: 100), isFinished: true)
            #expect(Self.statuses(text) == Array(repeating: "200", count: 100))
        }
    }

    @Test func `garbage after requests is refused when they are answered`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let text = try await server.exchange(
                "GET /health HTTP/1.1\r\nHost: a\r\n\r\nGET /nothing HTTP/1.1\r\nHost: a\r\n\r\nNONSENSE\r\n\r\n")
            #expect(Self.statuses(text) == ["200", "404", "400"], "\(text)")
        }
    }

    @Test func `a body in chunks is one body`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let (start, rest) = (Self.message.prefix(10), Self.message.dropFirst(10))
            let text = try await server.exchange(
                Self.sms(
                    "Transfer-Encoding: chunked\r\n",
                    "a\r\n\(start)\r\n\(String(rest.utf8.count, radix: 16))\r\n\(rest)\r\n0\r\n\r\n") + Self.last)
            #expect(Self.statuses(text) == ["200", "200"], "\(text)")
        }
    }

    @Test(arguments: [true, false])
    func `a body that is too long is refused, and the connection goes on behind it`(_ isChunked: Bool) async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let body = String(repeating: "x", count: 1_000_000)
            let request =
                isChunked
                ? Self.sms("Transfer-Encoding: chunked\r\n", "f4240\r\n\(body)\r\n0\r\n\r\n")
                : Self.sms("Content-Length: 1000000\r\n", body)
            let text = try await server.exchange(request + Self.last)
            #expect(Self.statuses(text) == ["413", "200"], "\(text.prefix(500))")
        }
    }

    @Test func `a client that waits for leave to send its body gets it`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            try await server.connect().executeThenClose { inbound, outbound in
                var answers = inbound.makeAsyncIterator()
                try await outbound.write(
                    ByteBuffer(
                        string: Self.sms(
                            "Expect: 100-continue\r\nContent-Length: \(Self.message.utf8.count)\r\n", "")))
                let leave = try #require(try await answers.next())
                #expect(String(buffer: leave) == "HTTP/1.1 100 Continue\r\n\r\n")
                try await outbound.write(ByteBuffer(string: Self.message))
                let answer = try #require(try await answers.next())
                #expect(String(buffer: answer).hasPrefix("HTTP/1.1 200"))
            }
        }
    }

    @Test(arguments: [
        ("GET /health HTTP/1.0\r\n\r\n", "close"),
        ("GET /health HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", "keep-alive"),
        ("GET /health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", "close"),
    ])
    func `an answer says what becomes of the connection`(_ request: String, _ fate: String) async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let text = try await server.exchange(request, isFinished: true)
            #expect(text.hasPrefix("HTTP/1.1 200"))
            #expect(text.contains("\r\nconnection: \(fate)\r\n"), "\(text)")
        }
    }

    @Test func `a long document comes whole, to several readers at once`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            try await withThrowingTaskGroup(of: String.self) { group in
                for _ in 0..<8 {
                    group.addTask { try await server.exchange(LiveServer.get("/openapi/admin.yaml")) }
                }
                for try await text in group {
                    let body = try #require(text.firstRange(of: "\r\n\r\n")).upperBound
                    let bytes = OpenAPIDocument.all.first { $0.key == "admin" }?.value
                    #expect(ByteBuffer(string: String(text[body...])) == bytes)
                }
            }
        }
    }

    @Test func `a client that takes nothing of a long answer loses the connection`() async throws {
        var options = APIOptions()
        options.idleTimeout = .seconds(2)
        try await LiveServer.run(options) { server async throws in
            let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .channelOption(.autoRead, value: false).channelOption(.socketOption(.so_rcvbuf), value: 4096)
                .connect(host: "localhost", port: server.port).get()
            let requests = String(repeating: "GET /openapi/admin.yaml HTTP/1.1\r\nHost: a\r\n\r\n", count: 60)
            try await channel.writeAndFlush(ByteBuffer(string: requests))
            _ = try await eventually("the end of the connection") {
                // The test's own client, which asks nothing, loses its connection, too.
                let open = String(decoding: server.registry.text(), as: UTF8.self)
                return open.contains("\nparley_http_connections 0\n") ? true : nil
            }
            try? await channel.close()
        }
    }

    @Test func `an address in absolute form is its path`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let text = try await server.exchange(
                "GET http://a/health?x=1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 200"), "\(text)")
        }
    }

    @Test func `whatever comes, the connection ends and the server stays`() async throws {
        let seeds = [
            Self.sms("Content-Length: \(Self.message.utf8.count)\r\n", Self.message),
            Self.sms("Transfer-Encoding: chunked\r\n", "5\r\n{\"to\"\r\n0\r\n\r\n"), Self.last,
            "GET /health HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\nhello",
        ].map { Array($0.utf8) }
        var options = APIOptions()
        options.requestDeadline = .milliseconds(500)
        try await LiveServer.run(options) { server async throws in
            var random = Dice(state: 20_261_121)
            for _ in 0..<300 {
                var bytes = seeds[Int.random(in: 0..<seeds.count, using: &random)]
                for _ in 0..<Int.random(in: 1...6, using: &random) {
                    let place = Int.random(in: 0..<bytes.count, using: &random)
                    switch Int.random(in: 0..<3, using: &random) {
                    case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                    case 1: bytes.insert(contentsOf: bytes[place...].prefix(40), at: place)
                    default: bytes.remove(at: place)
                    }
                }
                _ = try await server.exchange(bytes, isFinished: true)
            }
            #expect(try await server.exchange(Self.last).hasPrefix("HTTP/1.1 200"))
        }
    }
}

/// SplitMix64: the same throws in every run.
private struct Dice: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}
