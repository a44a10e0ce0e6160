// SPDX-License-Identifier: Apache-2.0
// What is answered on the event loop is answered as the router would: an `Idempotency-Key` sends the same request there.

import Accounts
import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import NIOCore
import Prometheus
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import API

@Suite struct DirectRouteTests {
    private static let path = "/messaging/v1/sms"

    /// What a request carries; nil parts are left out.
    private struct Sent {
        var query = ""
        var key: String? = TestSetup.acmeKey
        var type: String? = "application/json"
        var body = #"{"to":"491701234567","from":"Acme","message":"Hello","reference":"r"}"#
        var headers: [(String, String)] = []
    }

    private static let requests: [Sent] = [
        Sent(),
        Sent(query: "?from=Other&reference=a%20b"),
        Sent(query: "?apiKey=\(TestSetup.acmeKey)", key: nil),
        Sent(type: "application/x-www-form-urlencoded", body: "to=491701234567&from=Acme&message=Hello"),
        Sent(type: "application/json; charset=utf-8"),
        Sent(body: #"{"to":"491701234567","from":"Acme","message":"\#(String(repeating: "long ", count: 100))"}"#),
        Sent(headers: [
            ("x-request-id", "mine"), ("traceparent", "00-\(String(repeating: "ab", count: 16))-00f067aa0ba902b7-01"),
        ]),
        Sent(headers: [("x-forwarded-proto", "https")]),
        Sent(key: nil),
        Sent(key: "wrong"),
        Sent(key: TestSetup.adminKey),
        Sent(type: nil),
        Sent(type: "text/plain"),
        Sent(body: ""),
        Sent(body: "{"),
        Sent(body: "[1]"),
        Sent(body: #"{"to":"x","message":""}"#),
        Sent(query: "?from=%FF"),
        Sent(body: #"{"to":"491701234567","from":"Acme","message":"Hello","gateway":"NONE"}"#),
        Sent(body: #"{"to":"331701234567","from":"Acme","message":"Hello","sendDateTime":"2020-01-01T00:00:00Z"}"#),
    ]

    /// The answer without what differs from one message to the next.
    private static func comparable(_ answer: Answer) -> String {
        let names = answer.headers.map(\.name.canonicalName).sorted().joined(separator: " ")
        let type = answer.headers[.contentType] ?? "none"
        var text = answer.text
        if let id = answer.string("requestId") { text = text.replacing(id, with: "id") }
        if let date = answer.string("submitDate") { text = text.replacing(date, with: "date") }
        return "\(answer.status) \(type) [\(names)] \(text)"
    }

    @Test func `the event loop answers every request as the router does`() async throws {
        try await APITester.run(over: .live) { api async throws in
            for (number, sent) in Self.requests.enumerated() {
                var answers: [String] = []
                for headers in [sent.headers, sent.headers + [("idempotency-key", "key-\(number)")]] {
                    answers.append(
                        Self.comparable(
                            try await api.call(
                                .post, Self.path + sent.query, body: Array(sent.body.utf8), contentType: sent.type,
                                key: sent.key, headers: headers)))
                }
                #expect(answers[0] == answers[1], "request \(number)")
            }
        }
    }

    @Test func `both ways are one route in the metrics`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            for fields in ["", "Idempotency-Key: a\r\n"] {
                _ = try await server.exchange(Self.raw(fields + "Connection: close\r\n"))
            }
            _ = try await server.exchange(Self.raw("Connection: close\r\n", body: "{}"))
            let text = server.metrics
            #expect(
                text.contains(#"parley_http_requests_total{method="POST",route="/messaging/v1/sms",status="2xx"} 2"#))
            #expect(
                text.contains(#"parley_http_requests_total{method="POST",route="/messaging/v1/sms",status="4xx"} 1"#))
        }
    }

    @Test func `the log line of a request that the router never sees is like any other`() async throws {
        let lines = Mutex<[String]>([])
        let recorder = LineRecorder { line in lines.withLock { $0.append(line) } }
        try await TestNode.run(.sqlite) { node async throws in
            let surfaces = APIServer.surfaces(engine: node.engine, options: APIOptions())
            let server = APIServer.http1(
                answering: surfaces.responder(logger: Logger(label: "test") { _ in recorder }), options: APIOptions())
            try await Application(router: surfaces.router, server: server, logger: TestDatabase.quiet).test(.live) {
                client async throws in
                let api = APITester(node: node, client: client)
                _ = try await api.send(["message": "Confidential"], headers: [("x-request-id", "trace-1")])
            }
            let line = try #require(lines.withLock { $0.first { $0.contains("status") } })
            for word in ["POST", Self.path, "200", "trace-1", "company=\(node.acme)"] {
                #expect(line.contains(word), "\(line)")
            }
        }
        let all = lines.withLock { $0.joined(separator: "\n") }
        for secret in [TestSetup.acmeKey, "Confidential", "491701234567"] { #expect(!all.contains(secret)) }
    }

    @Test(arguments: Engine.allCases)
    func `of many messages at once each is answered by itself, and no more are sent than are paid for`(
        _ engine: Engine
    ) async throws {
        var setup = TestSetup()
        setup.balance = Money("0.15")
        try await LiveServer.run(APIOptions(), engine, setup) { server async throws in
            let statuses = try await withThrowingTaskGroup(of: String.self) { group in
                for number in 0..<80 {
                    group.addTask {
                        let body =
                            number % 4 == 0
                            ? #"{"to":"49170","from":"Acme","message":"wrong"}"#
                            : #"{"to":"491701234567","from":"Acme","message":"number \#(number)"}"#
                        let text = try await server.exchange(Self.raw("Connection: close\r\n", body: body))
                        #expect(text.hasPrefix("HTTP/1.1 4") || text.contains("number \(number)\""), "\(text)")
                        return String(text.dropFirst(9).prefix(3))
                    }
                }
                return try await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
            }
            // Sixty could be sent; the balance covers twenty at 0.0075 each.
            #expect(statuses == ["200": 20, "402": 40, "400": 20])
        }
    }

    @Test(arguments: ["HTTP/1.0", "HTTP/1.1"])
    func `the connection is kept or closed as the client asks`(_ version: String) async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            let kept = try await server.exchange(
                Self.raw("Connection: keep-alive\r\n", version: version)
                    + Self.raw("Connection: close\r\n", version: version))
            #expect(kept.ranges(of: "HTTP/1.1 200 OK").count == 2, "\(kept)")
            #expect(kept.contains("connection: close"))
            #expect(kept.contains("connection: keep-alive") == (version == "HTTP/1.0"))
        }
    }

    @Test(.timeLimit(.minutes(1)))
    func `a message whose sender hangs up before the answer is sent like any other`() async throws {
        try await LiveServer.run(APIOptions()) { server async throws in
            try await server.connect().executeThenClose { _, outbound in
                try await outbound.write(ByteBuffer(string: Self.raw("")))
            }
            // The connections behind it are served, and sooner or later it is counted.
            var text = ""
            repeat {
                #expect(try await server.exchange(LiveServer.get("/health")).hasPrefix("HTTP/1.1 200"))
                text = server.metrics
            } while !text.contains(#"parley_messages_accepted_total{surface="sms"} 1"#)
        }
    }

    private static func raw(
        _ fields: String, body: String = #"{"to":"491701234567","from":"Acme","message":"Hello"}"#,
        version: String = "HTTP/1.1"
    ) -> String {
        "POST \(path) \(version)\r\nHost: a\r\napikey: \(TestSetup.acmeKey)\r\nContent-Type: application/json\r\n"
            + "Content-Length: \(body.utf8.count)\r\n\(fields)\r\n\(body)"
    }
}
