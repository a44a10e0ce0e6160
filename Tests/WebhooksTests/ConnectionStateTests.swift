// SPDX-License-Identifier: Apache-2.0

// One connection's phases without a socket, and the bytes of a request.

import NIOCore
import NIOHTTP1
import NIOSSL
import Testing

@testable import Webhooks

@Suite("Webhook connections: one connection's state")
struct ConnectionStateTests {
    private let start = NIODeadline.uptimeNanoseconds(1_000_000_000)
    private var deadline: NIODeadline { start + .seconds(10) }

    private func state() -> ConnectionState {
        ConnectionState(
            bounds: .init(keepAlive: .seconds(4), longestAnswer: 2000), openUntil: start + .seconds(5))
    }

    /// A connection with an exchange under way.
    private func exchanging() -> ConnectionState {
        var state = state()
        _ = state.opened(now: start)
        state.start(deadline: deadline)
        return state
    }

    private func head(_ status: HTTPResponseStatus = .ok, _ headers: HTTPHeaders = [:]) -> HTTPClientResponsePart {
        .head(HTTPResponseHead(version: .http1_1, status: status, headers: headers))
    }

    private func body(_ count: Int) -> HTTPClientResponsePart { .body(ByteBuffer(repeating: 0x78, count: count)) }

    @Test func `an answer is complete when all of its read is decoded, and the connection is kept`() {
        var state = exchanging()
        #expect(!state.isIdle)
        #expect(state.received(head(.created)).isNothing)
        #expect(state.received(body(3)).isNothing)
        #expect(state.readComplete(now: start, isWritten: true).isNothing)
        #expect(state.received(.end(nil)).isNothing)
        #expect(state.isAnswerComplete)
        let done = state.readComplete(now: start + .seconds(1), isWritten: true)
        #expect(done.status == 201)
        #expect(done.keptUntil == start + .seconds(5))
        #expect(state.isIdle && !state.isAnswerComplete)
    }

    @Test(arguments: [("close", true), ("keep-alive", false)])
    func `a connection is not kept when the answer says so or the request has not left`(
        connection: String, isWritten: Bool
    ) {
        var state = exchanging()
        _ = state.received(head(.ok, ["connection": connection]))
        _ = state.received(.end(nil))
        let done = state.readComplete(now: start, isWritten: isWritten)
        #expect(done.status == 200 && done.keptUntil == nil)
        #expect(!state.isIdle)
    }

    @Test func `what follows an answer in the same read costs the connection, not the answer`() {
        var state = exchanging()
        _ = state.received(head())
        _ = state.received(.end(nil))
        let done = state.failed(NIOHTTPDecoderError.unsolicitedResponse)
        #expect(done.status == 200 && done.keptUntil == nil)
        #expect(state.readComplete(now: start, isWritten: true).isNothing)
    }

    @Test func `a long body is cut off, and one kibibyte of it kept`() {
        var state = exchanging()
        _ = state.received(head())
        #expect(state.received(body(600)).isNothing)
        #expect(state.received(body(1400)).isNothing)
        let done = state.received(body(1))
        #expect(done.status == 200 && done.keptUntil == nil)
        #expect(done.bodyPrefix?.count == 1024)
        #expect(state.received(body(1)).isNothing)
    }

    @Test func `switching protocols is an answer without an end`() {
        var state = exchanging()
        let done = state.received(head(.switchingProtocols))
        #expect(done.status == 101 && done.keptUntil == nil)
    }

    @Test func `before the head an error is the end, after it the answer is`() {
        let errors: [any Error] = [
            HTTPParserError.invalidVersion, NIOSSLError.uncleanShutdown, ExchangeFailure.cancelled,
            ExchangeFailure.closedWithoutAnswer,
        ]
        for error in errors {
            var before = exchanging()
            let failed = before.failed(error)
            #expect(failed.status == nil && failed.isFailure)
            #expect(before.failed(error).isNothing, "one end only")
            var after = exchanging()
            _ = after.received(head(.accepted))
            #expect(after.failed(error).status == 202)
            #expect(after.failed(error).isNothing)
        }
    }

    @Test func `the timer looks again until the deadline, and never sleeps longer than an unused connection is kept`() {
        var state = exchanging()
        #expect(state.timePassed(now: start).lookAt == start + .seconds(4))
        #expect(state.timePassed(now: start + .seconds(8)).lookAt == deadline)
        guard case .complete(.failed(let error, requestSent: true), keptUntil: nil) = state.timePassed(now: deadline)
        else {
            Issue.record("no end at the deadline")
            return
        }
        #expect(error as? ExchangeFailure == .timedOut)
        #expect(state.timePassed(now: deadline).isNothing)
    }

    @Test func `an answer that stalls is one at the deadline`() {
        var state = exchanging()
        _ = state.received(head(.accepted))
        #expect(state.timePassed(now: deadline).status == 202)
    }

    @Test func `an unused connection is retired in time, and at once when it breaks`() {
        var state = state()
        #expect(state.opened(now: start) == start + .seconds(4))
        #expect(state.timePassed(now: start + .seconds(3)).lookAt == start + .seconds(4))
        guard case .retire = state.timePassed(now: start + .seconds(4)) else {
            Issue.record("not retired")
            return
        }
        #expect(state.isIdle, "an exchange may be on its way to it")
        guard case .close = state.failed(ExchangeFailure.closedWithoutAnswer) else {
            Issue.record("not closed")
            return
        }
        #expect(!state.isIdle)
    }

    @Test func `a connection that never stands has one failure`() {
        var late = state()
        guard case .failedToOpen(let error) = late.timePassed(now: start + .seconds(5)) else {
            Issue.record("no failure")
            return
        }
        #expect(error as? ExchangeFailure == .handshakeTimedOut)
        #expect(late.failed(ExchangeFailure.closedWithoutAnswer).isNothing)
        #expect(late.opened(now: start) == nil)
    }

    // MARK: The request

    private func text(_ request: WebhookRequest) throws -> String {
        String(buffer: try RequestBytes.make(request, try CallbackURL(request.url), userAgent: "Parley/1"))
    }

    @Test func `a request is its head and its body`() throws {
        let request = WebhookRequest(
            id: "1", url: "http://[::1]:8080/a?b=ü", headers: ["X-A": "ä\tb", "webhook-id": "1"], body: Array("hi".utf8)
        )
        #expect(
            try text(request)
                == "POST /a?b=%C3%BC HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: Parley/1\r\nX-A: ä\tb\r\n"
                + "webhook-id: 1\r\nContent-Length: 2\r\n\r\nhi")
        var get = request
        get.method = .get
        get.headers = [:]
        #expect(
            try text(get) == "GET /a?b=%C3%BC HTTP/1.1\r\nHost: [::1]:8080\r\nUser-Agent: Parley/1\r\n\r\n")
        #expect(try text(WebhookRequest(id: "1", url: "https://h.example")).hasSuffix("Content-Length: 0\r\n\r\n"))
    }

    @Test(arguments: [
        "host", "Host", "CONTENT-LENGTH", "Transfer-Encoding", "Connection", "User-Agent", "Expect",
    ])
    func `what frames the request and says where it goes is the client's alone`(name: String) throws {
        let request = WebhookRequest(id: "1", url: "http://h.example/", headers: HTTPHeaders([(name, "evil")]))
        let text = try text(request)
        #expect(!text.contains("evil"))
    }

    @Test func `no header can hold a character that ends a line or a name`() {
        for byte: UInt8 in 0...0x7F {
            let character = String(UnicodeScalar(byte))
            let isToken =
                "!#$%&'*+-.^_`|~".utf8.contains(byte) || (0x30...0x39).contains(byte)
                || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            let inName = WebhookRequest(id: "1", url: "http://h/", headers: HTTPHeaders([("a\(character)", "b")]))
            #expect(((try? text(inName)) != nil) == isToken, "\(byte) in a name")
            let inValue = WebhookRequest(id: "1", url: "http://h/", headers: HTTPHeaders([("a", "b\(character)")]))
            #expect(((try? text(inValue)) != nil) == (byte >= 0x20 && byte != 0x7F || byte == 9), "\(byte) in a value")
        }
        #expect(throws: RequestBytes.ForbiddenHeader.self) {
            try text(WebhookRequest(id: "1", url: "http://h/", headers: HTTPHeaders([("", "b")])))
        }
    }
}

extension ConnectionState.Step {
    fileprivate var isNothing: Bool { if case .nothing = self { true } else { false } }
    fileprivate var isFailure: Bool { if case .complete(.failed, keptUntil: nil) = self { true } else { false } }
    fileprivate var lookAt: NIODeadline? { if case .look(let instant) = self { instant } else { nil } }
    fileprivate var keptUntil: NIODeadline? { if case .complete(_, let until) = self { until } else { nil } }
    fileprivate var status: UInt? {
        if case .complete(.answered(let head, _), _) = self { head.status.code } else { nil }
    }
    fileprivate var bodyPrefix: [UInt8]? {
        if case .complete(.answered(_, let prefix), _) = self { prefix } else { nil }
    }
}
