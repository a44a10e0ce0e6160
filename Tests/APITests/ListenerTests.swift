// SPDX-License-Identifier: Apache-2.0
// What happens before a request reaches the router: bytes that are no HTTP, and connections that are one too many.

import EngineTestSupport
import NIOCore
import Prometheus
import Testing

@testable import API

@Suite struct ListenerTests {
    @Test(arguments: [
        ("NONSENSE\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n", 400),
        ("\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\u{0}\u{1}\u{FC}", 400),
        ("GET / HTTP/1.1\r\nHost: a\r\nX: \(String(repeating: "x", count: 100_000))\r\n\r\n", 431),
        ("GET / HTTP/1.1\r\n" + (0..<1100).map { "H\($0): x\r\n" }.joined() + "\r\n", 431),
    ])
    func `what is not HTTP is answered with a problem document`(_ bytes: String, _ status: Int) async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let answer = try await server.exchange(bytes)
            #expect(answer.hasPrefix("HTTP/1.1 \(status) "), "\(answer)")
            #expect(answer.contains("\"status\":\(status),"))
            #expect(answer.lowercased().contains("\r\nconnection: close\r\n"))
        }
    }

    @Test func `one connection too many is told to come back, and there is room again afterwards`() async throws {
        var options = APIOptions()
        // The test's own client has one.
        options.maximumConnections = 2
        try await LiveServer.run(options) { server async throws in
            try await server.connect().executeThenClose { inbound, outbound in
                var first = inbound.makeAsyncIterator()
                try await outbound.write(ByteBuffer(string: "GET /health HTTP/1.1\r\nHost: a\r\n\r\n"))
                #expect(try await first.next().map { String(buffer: $0) }?.hasPrefix("HTTP/1.1 200") == true)
                let refused = try await server.exchange(LiveServer.get("/health"))
                #expect(refused.hasPrefix("HTTP/1.1 503"), "\(refused)")
                #expect(refused.lowercased().contains("\r\nretry-after: 1\r\n") && refused.contains("\"status\":503,"))
                let text = String(decoding: server.registry.text(), as: UTF8.self)
                #expect(text.contains("\nparley_http_connections 2\n"))
                #expect(text.contains("\nparley_http_connections_refused_total 1\n"))
            }
            let served = try await eventually("a free place") {
                let answer = try await server.exchange(LiveServer.get("/health"))
                return answer.hasPrefix("HTTP/1.1 200") ? answer : nil
            }
            #expect(served.contains("ok"))
        }
    }

    @Test func `a connection too many that asks nothing is closed`() async throws {
        var options = APIOptions()
        options.maximumConnections = 0
        try await LiveServer.run(options) { server async throws in
            #expect(try await server.exchange("GET /hea") == "")
        }
    }
}
