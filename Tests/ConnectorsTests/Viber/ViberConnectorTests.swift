// SPDX-License-Identifier: Apache-2.0
// The Viber connectors over HTTP: what is asked, what an answer or its absence means, the webhook in both directions,
// and media.

import Accounts
import AsyncHTTPClient
import Logging
import Messaging
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import Connectors

struct ViberConnectorTests {
    private struct NoMedia: MediaAccess {
        func open(_ mediaID: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
        func fetch(_ url: String, companyID: CompanyID) async throws -> (any ReadableMedia)? { nil }
    }

    private static let token = "t0ken-of-viber"
    private static let http = ProviderClient.makeHTTPClient(group: MultiThreadedEventLoopGroup.singleton)

    private static func settings(
        _ kind: String, _ options: [String: JSONValue], secret: String = token
    ) -> ConnectorSettings {
        ConnectorSettings(id: 6, name: "viber1", kind: kind, options: .object(options), secret: secret)
    }

    private static func connector(
        _ kind: String, _ options: [String: JSONValue], sink: ViberSink = ViberSink(), secret: String = token,
        clock: @escaping @Sendable () -> Milliseconds = { viberNow }
    ) throws -> ViberConnector {
        let environment = ConnectorEnvironment(
            sink: sink, group: MultiThreadedEventLoopGroup.singleton, logger: Logger(label: "test"), media: NoMedia(),
            httpClient: http, clock: clock)
        return try ViberConnector(settings: settings(kind, options, secret: secret), environment: environment)
    }

    private static func business(_ url: String, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        ["baseURL": .string(url)].merging(more) { $1 }
    }

    private static func bot(_ url: String, _ more: [String: JSONValue] = [:]) -> [String: JSONValue] {
        ["baseURL": .string(url), "account": .string("demo"), "senderName": .string("Demo")].merging(more) { $1 }
    }

    /// Sends one text to a server of this script and returns the outcome and what the server was asked.
    private static func send(
        _ kind: String, _ submission: Messaging.Submission, options: [String: JSONValue] = [:],
        _ script: @escaping ScriptedViber.Script
    ) async throws -> (SendOutcome?, [ScriptedRequest], LinkState) {
        let server = try await ScriptedViber(script)
        let sink = ViberSink()
        let options = kind == "viber" ? business(server.url, options) : bot(server.url, options)
        let connector = try connector(kind, options, sink: sink)
        connector.start()
        #expect(connector.reserve(1) == 1)
        connector.submit([submission])
        var outcomes = sink.outcomes.makeAsyncIterator()
        let outcome = await outcomes.next()
        let state = connector.linkState
        await connector.stop()
        try await server.stop()
        return (outcome, server.requests, state)
    }

    // MARK: Sending

    @Test
    func `a message of Business Messages is one request`() async throws {
        let id = UUIDv7.next(now: viberNow)
        let submission = viberSubmission(
            RichContent(.text(TextBody("Hi")), purpose: .transaction), validity: 60_000, id: id)
        let (outcome, requests, _) = try await Self.send("viber", submission) { _ in
            .ok(#"{"seq":7,"status":0,"message_token":"538"}"#)
        }
        #expect(outcome == .submitted(providerID: "538"))
        let request = try #require(requests.first)
        #expect(requests.count == 1)
        #expect(request.path == "/vibersrvc/1/send_message")
        #expect(request.headers["x-viber-auth-token"] == [Self.token])
        #expect(request.headers["content-type"] == ["application/json"])
        let body = try json(request.body)
        #expect(body["service_id"]?.int64 == 10001)
        #expect(body["dest"]?.string == "491701234567")
        #expect(body["ttl"]?.int64 == 60)
        #expect(body["seq"]?.int64 == Int64(id.low & 0x7FFF_FFFF))
        #expect(body["message"]?["#tracking_data"]?.string == #"{"id":"\#(id)"}"#)
    }

    @Test
    func `a bot's message is one request`() async throws {
        let submission = viberSubmission(RichContent(.text(TextBody("Hi"))), sender: "demo", recipient: "012=")
        let (outcome, requests, _) = try await Self.send("viber-bot", submission) { _ in
            .ok(#"{"status":0,"status_message":"ok","message_token":491}"#)
        }
        #expect(outcome == .submitted(providerID: "491"))
        let request = try #require(requests.first)
        #expect(request.path == "/pa/send_message")
        #expect(request.headers["x-viber-auth-token"] == [Self.token])
        #expect(try json(request.body)["receiver"]?.string == "012=")
    }

    @Test(arguments: [
        (ScriptedAnswer.hangUp, SendOutcome.uncertain(reason: "the connection was closed without an answer")),
        (.answer(500, "oops"), .retry(delay: 5000, reason: "Viber answers 500")),
        (.answer(429, "", headers: [("retry-after", "7")]), .retry(delay: 7000, reason: "Viber answers 429")),
        (.answer(404, ""), .rejected(code: "viber::error::404", reason: "Viber answers 404")),
        (.ok(#"{"status":9}"#), .rejected(code: "viber::error::9", reason: "not a Viber user")),
        (.ok("no JSON"), .uncertain(reason: "Viber's answer cannot be read")),
    ])
    func `an answer or its absence is an outcome`(_ answer: ScriptedAnswer, _ expected: SendOutcome) async throws {
        let (outcome, _, _) = try await Self.send("viber", viberSubmission(RichContent(.text(TextBody("Hi"))))) { _ in
            answer
        }
        #expect(outcome == expected)
    }

    @Test
    func `a message that found no server was surely not sent`() async throws {
        let server = try await ScriptedViber { _ in .hangUp }
        try await server.stop()
        let sink = ViberSink()
        let connector = try Self.connector("viber", Self.business(server.url), sink: sink)
        connector.start()
        #expect(connector.reserve(1) == 1)
        connector.submit([viberSubmission(RichContent(.text(TextBody("Hi"))))])
        var outcomes = sink.outcomes.makeAsyncIterator()
        guard case .retry = await outcomes.next() else {
            Issue.record("not a retry")
            return
        }
        await connector.stop()
    }

    @Test(arguments: [
        (RichContent(.template(TemplateBody(templateId: "t", templateLanguage: "en"))), "10001", "viber::error::5"),
        (RichContent(.text(TextBody("Hi"))), "acme", "viber::error::2"),
    ])
    func `what cannot be said to Viber is refused without asking it`(
        _ content: RichContent, _ sender: String, _ code: String
    ) async throws {
        let (outcome, requests, _) = try await Self.send("viber", viberSubmission(content, sender: sender)) { _ in
            .hangUp
        }
        guard case .rejected(code, _) = outcome else {
            Issue.record("\(String(describing: outcome)) is no refusal")
            return
        }
        #expect(requests.isEmpty)
    }

    @Test
    func `a refused token takes the connector down and shows it`() async throws {
        let content = RichContent(.text(TextBody("Hi")))
        let (outcome, _, state) = try await Self.send("viber-bot", viberSubmission(content)) { _ in
            .ok(#"{"status":2,"status_message":"invalidAuthToken"}"#)
        }
        #expect(outcome == .retry(delay: 30_000, reason: "invalidAuthToken"))
        #expect(state.phases == [.waiting])
        #expect(state.isPaused)
    }

    @Test
    func `after a request to slow down the core hears when there is room again`() async throws {
        let server = try await ScriptedViber { _ in .answer(429, "", headers: [("retry-after", "0")]) }
        let sink = ViberSink()
        let time = Mutex(viberNow)
        // The clock stands still; the timer's time is real and, at the least that a pause lasts, short.
        let connector = try Self.connector(
            "viber", Self.business(server.url), sink: sink, clock: { time.withLock { $0 } })
        connector.start()
        var capacity = sink.capacity.makeAsyncIterator()
        await capacity.next()
        #expect(connector.reserve(1) == 1)
        connector.submit([viberSubmission(RichContent(.text(TextBody("Hi"))))])
        await capacity.next()
        connector.settled(1)
        #expect(connector.reserve(1) == 0)
        await capacity.next()
        time.withLock { $0 += 100 }
        #expect(connector.reserve(1) == 1)
        connector.release(1)
        await connector.stop()
        try await server.stop()
    }

    @Test
    func `neither text nor token are in the exchange log`() async throws {
        let server = try await ScriptedViber { _ in .ok(#"{"status":0,"message_token":"538"}"#) }
        let sink = ViberSink()
        let connector = try Self.connector("viber", Self.business(server.url), sink: sink)
        connector.start()
        _ = connector.reserve(1)
        connector.submit([viberSubmission(RichContent(.text(TextBody("a private matter")), purpose: .session))])
        var outcomes = sink.outcomes.makeAsyncIterator()
        _ = await outcomes.next()
        await connector.stop()
        try await server.stop()
        let entries = try #require(connector.exchanges).entries()
        #expect(entries.map(\.text.what) == ["send_message", "send_message"])
        #expect(entries.last?.text.fields["message_token"] == .string("538"))
        var writer = JSONWriter()
        writer.array { writer in for entry in entries { entry.write(to: &writer) } }
        #expect(!writer.text.contains("private"))
        #expect(!writer.text.contains(Self.token))
    }

    // MARK: Callbacks

    private static let callback = Array(#"{"event":"seen","timestamp":1,"message_token":491,"message_status":1}"#.utf8)

    private static func request(
        _ body: [UInt8] = callback, signature: String?, method: String = "POST", asQuery: Bool = false
    ) -> ProviderRequest {
        let headers = asQuery ? [:] : signature.map { ["x-viber-content-signature": $0] } ?? [:]
        let query = asQuery ? signature.map { [(name: "sig", value: $0)] } ?? [] : []
        return ProviderRequest(method: method, query: query, headers: headers, body: body)
    }

    private static func status(_ reading: ProviderReading) -> (Int, Int) {
        switch reading {
        case .answer(let answer): (answer.status, 0)
        case .events(let events, let answer): (answer.status, events.count)
        }
    }

    @Test(arguments: ["viber", "viber-bot"], [true, false])
    func `only what the token has signed is read`(_ kind: String, _ asQuery: Bool) throws {
        let options = kind == "viber" ? Self.business("http://127.0.0.1:1") : Self.bot("http://127.0.0.1:1")
        let connector = try Self.connector(kind, options)
        let signature = ViberSignature.sign(Self.callback, token: Self.token)
        func read(_ request: ProviderRequest) -> (Int, Int) { Self.status(connector.read(request)) }
        #expect(read(Self.request(signature: signature, asQuery: asQuery)) == (200, 1))
        #expect(read(Self.request(Self.callback + [0x20], signature: signature, asQuery: asQuery)) == (403, 0))
        #expect(read(Self.request(signature: nil, asQuery: asQuery)) == (403, 0))
        #expect(read(Self.request(signature: "x", asQuery: asQuery)) == (403, 0))
        #expect(read(Self.request(signature: signature, method: "GET", asQuery: asQuery)) == (405, 0))
        let empty = Array(#"{"event":"webhook"}"#.utf8)
        #expect(read(Self.request(empty, signature: ViberSignature.sign(empty, token: Self.token))) == (200, 0))
    }

    @Test
    func `a provider without signatures is taken at its word only where that is set`() throws {
        let connector = try Self.connector(
            "viber", Self.business("http://127.0.0.1:1", ["unsignedCallbacks": .bool(true)]), secret: "")
        #expect(Self.status(connector.read(Self.request(signature: nil))) == (200, 1))
        #expect(Self.status(connector.read(Self.request(signature: "00"))) == (403, 0))
    }

    @Test
    func `a bot's webhook is set again and again until Viber takes it`() async throws {
        let tries = Mutex(0)
        let (seen, progress) = AsyncStream<Int>.makeStream()
        let server = try await ScriptedViber { _ in
            let number = tries.withLock { number in
                number += 1
                return number
            }
            progress.yield(number)
            return .ok(number == 1 ? #"{"status":1,"status_message":"invalidUrl"}"# : #"{"status":0}"#)
        }
        let options = Self.bot(server.url, ["publicURL": .string("https://parley.example/")])
        let connector = try Self.connector("viber-bot", options)
        connector.start()
        for await number in seen where number == 2 { break }
        await connector.stop()
        try await server.stop()
        let request = try #require(server.requests.last)
        #expect(request.path == "/pa/set_webhook")
        #expect(request.headers["x-viber-auth-token"] == [Self.token])
        let body = try json(request.body)
        #expect(body["url"]?.string == "https://parley.example/connectors/viber1")
        #expect(body["event_types"]?.array?.contains(.string("seen")) == true)
    }

    // MARK: Media

    private final class Bytes: MediaSink {
        struct Got: Equatable {
            var type: String?
            var filename: String?
            var bytes: [UInt8] = []
        }

        let got = Mutex(Got())

        func begin(contentType: String?, filename: String?) async throws {
            got.withLock { ($0.type, $0.filename) = (contentType, filename) }
        }

        func write(_ bytes: [UInt8]) async throws { got.withLock { $0.bytes += bytes } }
    }

    @Test
    func `a customer's medium is fetched from its link`() async throws {
        let server = try await ScriptedViber { request in
            switch request.path {
            case "/p.jpg": .answer(200, "picture", headers: [("content-type", "image/jpeg")])
            case "/away": .answer(302, "", headers: [("location", "http://127.0.0.1:1/p.jpg")])
            case "/gone": .answer(404, "")
            default: .hangUp
            }
        }
        let connector = try Self.connector("viber-bot", Self.bot(server.url))
        let sink = Bytes()
        try await connector.download(
            ProviderMedia(reference: server.url + "/p.jpg", filename: "p.jpg"), into: sink)
        #expect(
            sink.got.withLock { $0 } == Bytes.Got(type: "image/jpeg", filename: "p.jpg", bytes: Array("picture".utf8)))
        for (path, isGone) in [("/gone", true), ("/away", false), ("/nothing", false)] {
            let error = await #expect(throws: MediaFetchError.self) {
                try await connector.download(ProviderMedia(reference: server.url + path), into: Bytes())
            }
            #expect(error?.isGone == isGone)
        }
        try await server.stop()
    }

    // MARK: Settings

    @Test(arguments: [
        ("viber", [:], "t", "baseURL"),
        ("viber", ["baseURL": JSONValue.string("ftp://x")], "t", "baseURL"),
        ("viber", ["baseURL": .string("https://x")], "", "password"),
        ("viber", ["baseURL": .string("https://x"), "serviceID": .string("acme")], "t", "serviceID"),
        ("viber", ["baseURL": .string("https://x"), "senderName": .string("acme")], "t", "senderName"),
        ("viber", ["baseURL": .string("https://x"), "window": .integer(0)], "t", "window"),
        ("viber", ["baseURL": .string("https://x"), "uncertain": .string("maybe")], "t", "uncertain"),
        ("viber-bot", ["senderName": .string("Demo")], "t", "account"),
        ("viber-bot", ["account": .string("a")], "t", "senderName"),
        ("viber-bot", ["account": .string("a"), "senderName": .string("Demo")], "", "password"),
        (
            "viber-bot", ["account": .string("a"), "senderName": .string(String(repeating: "x", count: 29))], "t",
            "senderName"
        ),
        (
            "viber-bot", ["account": .string("a"), "senderName": .string("Demo"), "publicURL": .string("parley")], "t",
            "publicURL"
        ),
    ])
    func `a wrong setting is refused by its name`(
        _ kind: String, _ options: [String: JSONValue], _ secret: String, _ name: String
    ) {
        let error = #expect(throws: ConnectorOptionError.self) {
            try ViberOptions(Self.settings(kind, options, secret: secret))
        }
        #expect(error?.option == name)
    }

    @Test
    func `settings have their defaults`() throws {
        let bot = try ViberOptions(
            Self.settings("viber-bot", ["account": .string("a"), "senderName": .string("Demo")]))
        #expect(bot.messagesURL == "https://chatapi.viber.com/pa/send_message")
        #expect(bot.window == 20)
        #expect(bot.timeout == .seconds(30))
        let business = try ViberOptions(
            Self.settings("viber", ["baseURL": .string("https://x/"), "serviceID": .integer(7)]))
        #expect(business.messagesURL == "https://x/vibersrvc/1/send_message")
        #expect(business.service == .business(.init(serviceID: "7", takesUnsignedCallbacks: false)))
    }

    @Test(arguments: [(0, 30), (29_999, 30), (31_000, 31), (9_999_999_999, 1_209_600), (-5, 30)])
    func `the time to live keeps Viber's limits`(_ rest: Milliseconds, _ seconds: Int64) {
        #expect(ViberConnector.timeToLive(until: viberNow + rest, now: viberNow) == seconds)
    }
}
