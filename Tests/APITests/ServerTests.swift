// SPDX-License-Identifier: Apache-2.0
// What the server does for every request, whichever surface it is for.

import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import NIOCore
import NIOPosix
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import API

@Suite struct ServerTests {
    @Test func `health is 200 and ready tells what is wrong`() async throws {
        try await APITester.run { api async throws in
            let health = try await api.get("/health", key: nil)
            #expect(health.status == 200 && health.text == #"{"status":"ok"}"#)
            let ready = try await api.get("/ready", key: nil)
            #expect(ready.status == 200)
            #expect(ready.text == #"{"status":"ready","checks":[{"name":"database","ok":true}]}"#)
        }
        let options = APIOptions(readiness: {
            [ReadinessCheck(name: "database", problem: "fsync is off"), ReadinessCheck(name: "engine")]
        })
        try await APITester.run(options: options) { api async throws in
            let ready = try await api.get("/ready", key: nil)
            #expect(ready.status == 503)
            #expect(
                ready.text
                    == #"{"status":"not ready","checks":[{"name":"database","ok":false,"problem":"fsync is off"},"#
                    + #"{"name":"engine","ok":true}]}"#)
        }
    }

    @Test func `the API document is served`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.get("/openapi/sms.yaml", key: nil)
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/yaml; charset=utf-8")
            #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
            for path in ["/messaging/v1/sms:", "/messaging/v1/messages/{requestId}:", "/messaging/v1/conversion:"] {
                #expect(answer.text.contains(path))
            }
            for name in SMSRequest.parameterNames { #expect(answer.text.contains("name: \(name),"), "\(name)") }
        }
    }

    @Test func `the Admin API's document is served and has every address of the router`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.get("/openapi/admin.yaml", key: nil)
            #expect(answer.status == 200)
            #expect(answer.text.hasPrefix("openapi: 3.1.0\n"))
            let routes = APIServer.surfaces(engine: api.node.engine, options: APITester.options).router.routes
            let paths = Set(routes.map { "\($0.path)" }.filter { $0.contains("admin/v1/") })
            #expect(paths.count >= 30)
            for path in paths {
                let place = path.split(separator: "/").joined(separator: "/")
                #expect(answer.text.contains("\n  /\(place):\n"), "\(path)")
            }
        }
    }

    @Test(arguments: [
        ("DELETE", "/messaging/v1/sms", "GET, POST"), ("HEAD", "/messaging/v1/sms", "GET, POST"),
        ("POST", "/messaging/v1/messages/x", "GET"), ("GET", "/messaging/v1/conversion", "POST"),
        ("TRACE", "/health", "GET"),
    ])
    func `another method is 405 with Allow`(_ method: String, _ path: String, _ allowed: String) async throws {
        try await APITester.run { api async throws in
            let method = try #require(HTTPRequest.Method(method))
            let answer = try await api.call(method, path)
            #expect(answer.status == 405)
            #expect(answer.headers[.allow] == allowed)
            if method != .head { #expect(answer.string("title") == "Method Not Allowed") }
            #expect(try await api.node.count("messages") == 0)
        }
    }

    @Test(arguments: ["/", "/nothing", "/messaging/v1", "/messaging/v1/messages", "/messaging/v2/sms"])
    func `nothing is 404`(_ path: String) async throws {
        try await APITester.run { api async throws in
            let answer = try await api.get(path)
            #expect(answer.status == 404)
            #expect(
                answer.text
                    == #"{"type":"https://httpstatuses.com/404","title":"Not Found","status":404,"#
                    + #""detail":"There is nothing at this address."}"#)
        }
    }

    @Test func `a sane request id is taken over and another one is replaced`() async throws {
        try await APITester.run { api async throws in
            let own = try await api.call(.get, "/health", headers: [("X-Request-ID", "abc-1.2_3:4")])
            #expect(own.headers[.requestID] == "abc-1.2_3:4")
            for bad in ["a b", "ä", String(repeating: "x", count: 129), "a\"b"] {
                let answer = try await api.call(.get, "/nothing", headers: [("X-Request-ID", bad)])
                let id = try #require(answer.headers[.requestID])
                #expect(UUIDv7(id) != nil)
            }
        }
    }

    @Test func `the log line names the request and the company, and neither key, query nor content`() async throws {
        let lines = Mutex<[String]>([])
        let recorder = LineRecorder { line in lines.withLock { $0.append(line) } }
        try await TestNode.run(.sqlite) { node async throws in
            let router = APIServer.surfaces(engine: node.engine, options: APIOptions()).router
            let logger = Logger(label: "test") { _ in recorder }
            try await Application(router: router, logger: logger).test(.router) { client async throws in
                let uri = "/messaging/v1/sms?apiKey=\(TestSetup.acmeKey)&to=491701234567&from=Acme&message=Confidential"
                _ = try await client.execute(
                    uri: uri, method: .get,
                    headers: [
                        .requestID: "trace-1",
                        .traceParent: "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                    ])
            }
            let line = try #require(lines.withLock { $0.first { $0.contains("request") && $0.contains("status") } })
            for word in [
                "GET", "/messaging/v1/sms", "200", "trace-1", "company=\(node.acme)",
                "trace=4bf92f3577b34da6a3ce929d0e0e4736",
            ] {
                #expect(line.contains(word), "\(line)")
            }
        }
        let all = lines.withLock { $0.joined(separator: "\n") }
        for secret in [TestSetup.acmeKey, "Confidential", "491701234567"] { #expect(!all.contains(secret)) }
    }

    @Test func `extra routes get the same errors and ids`() async throws {
        try await TestNode.run(.sqlite) { node async throws in
            let surfaces = APIServer.surfaces(engine: node.engine, options: APIOptions()) { router in
                router.get("/") { _, _ in "front page" }
            }
            try await Application(router: surfaces.router, logger: TestDatabase.quiet).test(.router) {
                client async throws in
                let page = try await client.execute(uri: "/", method: .get)
                #expect(page.status == .ok && page.headers[.requestID] != nil)
                #expect(try await client.execute(uri: "/", method: .put).status == .methodNotAllowed)
            }
        }
    }

    @Test func `a client that sends its body too slowly gets 408 and loses the connection`() async throws {
        var options = APIOptions()
        options.requestDeadline = .milliseconds(100)
        let head =
            "POST /messaging/v1/sms HTTP/1.1\r\nHost: a\r\napikey: \(TestSetup.acmeKey)\r\n"
            + "Content-Type: application/json\r\nContent-Length: 40\r\n\r\n{\"to\":"
        let answer = try await Self.exchange(head, options: options)
        #expect(answer.hasPrefix("HTTP/1.1 408"))
        #expect(answer.contains("\"status\":408"))
    }

    @Test(arguments: ["Content-Length: 40\r\n\r\n{\"to\":", "Transfer-Encoding: chunked\r\n\r\n8\r\n{\"to\":"])
    func `a body that ends early is 400`(_ rest: String) async throws {
        let head = "POST /messaging/v1/sms HTTP/1.1\r\nHost: a\r\napikey: \(TestSetup.acmeKey)\r\n"
        let answer = try await Self.exchange(
            head + "Content-Type: application/json\r\n" + rest, options: APIOptions(), isFinished: true)
        #expect(answer.hasPrefix("HTTP/1.1 400"))
        #expect(answer.contains("DataNotParseable"))
    }

    @Test func `a client that never sends a request loses the connection`() async throws {
        var options = APIOptions()
        options.idleTimeout = .milliseconds(100)
        #expect(try await Self.exchange("POST /mess", options: options) == "")
    }

    /// Sends bytes to a real server and returns all that came until it closed the connection. `isFinished` closes the
    /// sending side after them.
    private static func exchange(_ bytes: String, options: APIOptions, isFinished: Bool = false) async throws -> String
    {
        let answer = Mutex("")
        try await LiveServer.run(options) { server async throws in
            let text = try await server.exchange(bytes, isFinished: isFinished)
            answer.withLock { $0 = text }
        }
        return answer.withLock { $0 }
    }
}

/// Hands every log line on, its metadata in it.
struct LineRecorder: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.trace
    let record: @Sendable (String) -> Void

    init(record: @escaping @Sendable (String) -> Void) { self.record = record }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { $1 }
        record("\(event.message) " + all.map { "\($0.key)=\($0.value)" }.sorted().joined(separator: " "))
    }
}
