// SPDX-License-Identifier: Apache-2.0

// Fetching customers' media from a real server on loopback: with which credentials, and what is refused.

import Messaging
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import Webhooks

@Suite("Customers' media")
struct MediaClientTests {
    /// Runs a test with a client that is shut down with it.
    private func withMediaClient(
        policy: AddressGuard.Policy = .init(allowsPrivateAddresses: true, allowsPlainHTTP: true),
        now: @escaping @Sendable () -> Int64 = { 1_000_000 },
        bounds: (inout CustomerMediaClient.Bounds) -> Void = { _ in },
        run: (CustomerMediaClient) async throws -> Void
    ) async throws {
        var configuration = WebhookClient.Configuration(version: "1.2.3")
        configuration.policy = policy
        var limits = CustomerMediaClient.Bounds()
        bounds(&limits)
        let client = try CustomerMediaClient(
            configuration: configuration, bounds: limits, eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            resolver: .system(threads: 1), now: now)
        do {
            try await run(client)
            await client.shutdown()
        } catch {
            await client.shutdown()
            throw error
        }
    }

    private static let basic = MediaCredentials.basic(username: "acme", password: "p:w")

    private func bytes(of medium: any ReadableMedia) async throws -> [UInt8] {
        var all: [UInt8] = []
        while let piece = try await medium.next() { all += piece }
        return all
    }

    @Test func `a medium comes with a name and a password`() async throws {
        let content = Array(repeating: UInt8(7), count: 300_000)
        try await LoopbackServer.with { request in
            request.head.headers["authorization"] == ["Basic YWNtZTpwOnc="]
                ? .answer(200, ["Content-Type": "image/png"], content) : .answer(401)
        } run: { server in
            try await withMediaClient { client in
                let medium = try await client.fetch(server.url("/a/photo.png?x=/y"), credentials: Self.basic)
                #expect((medium.contentType, medium.filename, medium.size) == ("image/png", "photo.png", 300_000))
                #expect(try await bytes(of: medium) == content)
                #expect(try await medium.next() == nil)
                let wrong = MediaCredentials.basic(username: "acme", password: "x")
                await #expect(throws: MediaFetchError.self) {
                    _ = try await client.fetch(server.url(), credentials: wrong)
                }
            }
            // A refused password is not tried again.
            #expect(server.received.count == 2)
            #expect(server.received[0].head.headers["user-agent"] == ["Parley/1.2.3"])
        }
    }

    /// A server that gives out tokens and takes the last one.
    private final class TokenServer: Sendable {
        private let state = Mutex((issued: 0, isRevoked: false))
        let takesHeader: Bool

        init(takesHeader: Bool = true) { self.takesHeader = takesHeader }

        var issued: Int { state.withLock { $0.issued } }

        /// The tokens that are out are worth nothing any more.
        func revoke() { state.withLock { $0.isRevoked = true } }

        @Sendable func answer(_ request: ReceivedRequest) -> ServerAction {
            request.head.uri.hasPrefix("/token") ? token(request) : medium(request)
        }

        private func token(_ request: ReceivedRequest) -> ServerAction {
            let body = String(decoding: request.body, as: UTF8.self)
            let header = request.head.headers.first(name: "authorization")
            let isGood =
                takesHeader
                ? header == "Basic aWQlMjAxOnMlMkZjcmV0" && body == "grant_type=client_credentials"
                : header == nil && body == "grant_type=client_credentials&client_id=id%201&client_secret=s%2Fcret"
            guard isGood, request.head.method == .POST else { return .answer(401) }
            let number = state.withLock { state in
                state.issued += 1
                state.isRevoked = false
                return state.issued
            }
            let answer = #"{"access_token":"t\#(number)","token_type":"Bearer","expires_in":3600}"#
            return .answer(200, ["Content-Type": "application/json"], Array(answer.utf8))
        }

        private func medium(_ request: ReceivedRequest) -> ServerAction {
            let (issued, isRevoked) = state.withLock { $0 }
            let isGood = request.head.headers["authorization"] == ["Bearer t\(issued)"] && !isRevoked
            return isGood ? .answer(200, [:], [1, 2, 3]) : .answer(401)
        }
    }

    @Test(arguments: [true, false])
    func `a token is got once, kept until it expires and renewed when it is refused`(_ takesHeader: Bool) async throws {
        let tokens = TokenServer(takesHeader: takesHeader)
        let now = Mutex<Int64>(1_000_000)
        try await LoopbackServer.with(tokens.answer) { server in
            let credentials = MediaCredentials.oauth2(
                clientID: "id 1", clientSecret: "s/cret", url: server.url("/token"))
            try await withMediaClient(now: { now.withLock { $0 } }) { client in
                func fetch() async throws -> [UInt8] {
                    try await bytes(of: try await client.fetch(server.url("/m"), credentials: credentials))
                }
                let first = try await fetch()
                #expect(first == [1, 2, 3])
                #expect(try await fetch() == [1, 2, 3])
                #expect(tokens.issued == 1)
                tokens.revoke()
                #expect(try await fetch() == [1, 2, 3])
                #expect(tokens.issued == 2)
                now.withLock { $0 += 3_569_999 }
                #expect(try await fetch() == [1, 2, 3])
                #expect(tokens.issued == 2)
                now.withLock { $0 += 1 }
                #expect(try await fetch() == [1, 2, 3])
                #expect(tokens.issued == 3)
            }
        }
    }

    @Test(arguments: [
        (404, true), (410, true), (401, false), (403, false), (302, false), (500, false), (204, false),
    ])
    func `a server's no is told, and redirects are not followed`(_ status: Int, isGone: Bool) async throws {
        try await LoopbackServer.with { _ in
            .answer(status, ["Location": "/elsewhere"])
        } run: { server in
            try await withMediaClient { client in
                let error = await #expect(throws: MediaFetchError.self) {
                    _ = try await client.fetch(server.url(), credentials: Self.basic)
                }
                #expect(error?.isGone == isGone)
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func `a token server's no is told`() async throws {
        for action in [ServerAction.answer(500), .answer(200, [:], Array("{}".utf8)), .close] {
            try await LoopbackServer.with { _ in
                action
            } run: { server in
                let credentials = MediaCredentials.oauth2(clientID: "a", clientSecret: "b", url: server.url("/token"))
                try await withMediaClient { client in
                    await #expect(throws: MediaFetchError.self) {
                        _ = try await client.fetch(server.url("/m"), credentials: credentials)
                    }
                }
                #expect(server.received.allSatisfy { $0.head.uri == "/token" })
            }
        }
    }

    @Test func `the operator's network stays out of reach`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withMediaClient(policy: .init(allowsPlainHTTP: true)) { client in
                for url in [server.url(), server.url(host: "localhost"), "ftp://x/y", "nonsense"] {
                    await #expect(throws: MediaFetchError.self) {
                        _ = try await client.fetch(url, credentials: Self.basic)
                    }
                }
                let credentials = MediaCredentials.oauth2(clientID: "a", clientSecret: "b", url: server.url())
                await #expect(throws: MediaFetchError.self) {
                    _ = try await client.fetch("https://93.184.215.14/", credentials: credentials)
                }
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test func `too large a medium is refused, announced or not`() async throws {
        try await LoopbackServer.with { request in
            request.head.uri == "/announced" ? .answer(200, [:], Array(repeating: 0, count: 10_001)) : .endless
        } run: { server in
            try await withMediaClient(bounds: { $0.maximumSize = 10_000 }) { client in
                await #expect(throws: CustomerMediaClient.tooLarge(10_000)) {
                    _ = try await client.fetch(server.url("/announced"), credentials: Self.basic)
                }
                let endless = try await client.fetch(server.url("/endless"), credentials: Self.basic)
                await #expect(throws: CustomerMediaClient.tooLarge(10_000)) { _ = try await bytes(of: endless) }
                #expect(try await endless.next() == nil)
            }
        }
    }

    @Test func `a server that stops in the middle does not hold anybody up`() async throws {
        try await LoopbackServer.with { request in
            request.head.uri == "/silent" ? .hang : .unfinished(200)
        } run: { server in
            try await withMediaClient(bounds: { $0.answerTimeout = 300 }) { client in
                await #expect(throws: MediaFetchError.self) {
                    _ = try await client.fetch(server.url("/silent"), credentials: Self.basic)
                }
            }
            // Long enough for a busy machine to get the head of the answer through.
            try await withMediaClient(bounds: { $0.readTimeout = 2_000 }) { client in
                let medium = try await client.fetch(server.url("/half"), credentials: Self.basic)
                await #expect(throws: MediaFetchError.self) { _ = try await bytes(of: medium) }
            }
        }
    }

    @Test(arguments: [
        (#"{"access_token":"t","token_type":"bearer","expires_in":3600}"#, "t", 3_570_000),
        (#"{"access_token":"t","expires_in":"3600"}"#, "t", 3_570_000),
        (#"{"access_token":"t"}"#, "t", 300_000),
        (#"{"access_token":"t","expires_in":20}"#, "t", 10_000),
        (#"{"access_token":"t","expires_in":1e300}"#, "t", 86_370_000),
        (#"{"access_token":"t","expires_in":-1}"#, "t", 300_000),
        (#"{"access_token":"t","token_type":"mac"}"#, nil, 0),
        (#"{"access_token":"a b"}"#, nil, 0),
        (#"{"access_token":""}"#, nil, 0),
        (#"{"error":"invalid_client"}"#, nil, 0),
        ("token", nil, 0),
    ])
    func `a token's answer is read`(_ body: String, token: String?, lifetime: Int64) {
        let read = TokenExchange.token(in: Array(body.utf8), now: 0)
        #expect(read?.token == token)
        if token != nil { #expect(read?.until == lifetime) }
    }

    @Test func `no answer of a token server is taken for what it is not`() {
        var state: UInt64 = 4711
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let valid = Array(#"{"access_token":"token","token_type":"Bearer","expires_in":3600}"#.utf8)
        for _ in 0..<5000 {
            var bytes = valid
            for _ in 0...random(4) { bytes[random(bytes.count)] = UInt8(random(256)) }
            let read = TokenExchange.token(in: Array(bytes.prefix(random(bytes.count) + 1)), now: 0)
            #expect(read?.token.utf8.allSatisfy { (0x21...0x7E).contains($0) } ?? true)
        }
    }

    @Test(arguments: [
        ("https://a.example/x/photo.png?y=/z", "photo.png"), ("https://a.example/x/", nil), ("https://a.example", nil),
        ("https://a.example/a%20b.pdf#c", "a%20b.pdf"), ("nonsense", nil),
    ])
    func `a medium has the name that its URL ends with`(_ url: String, name: String?) {
        #expect(CustomerMediaClient.filename(in: url) == name)
    }
}
