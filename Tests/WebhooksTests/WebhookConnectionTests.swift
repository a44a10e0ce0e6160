// SPDX-License-Identifier: Apache-2.0

// How connections are opened, shared, kept and lost, against real sockets on loopback.

import EngineTestSupport
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import Webhooks

@Suite("Webhook connections: on sockets", .timeLimit(.minutes(2)))
struct WebhookConnectionTests {
    private static func request(_ url: String, timeout: Int64 = 20_000) -> WebhookRequest {
        WebhookRequest(id: "1", url: url, body: Array("body".utf8), timeout: timeout)
    }

    private static func noneOpen(_ client: WebhookClient) async throws {
        _ = try await eventually("the end of all connections") { client.openConnections == 0 ? true : nil }
    }

    @Test func `many deliveries share no more connections than the endpoint may have`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(configure: { $0.connectionsPerEndpoint = 2 }) { client in
                let successes = await withTaskGroup(of: Bool.self) { group in
                    for _ in 0..<100 { group.addTask { await client.send(Self.request(server.url())).isSuccess } }
                    return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
                }
                #expect(successes == 100)
                #expect(client.openConnections <= 2)
            }
            #expect(server.received.count == 100)
            #expect(Set(server.received.map(\.connection)).count <= 2)
        }
    }

    @Test func `who waits for a connection waits no longer than his deadline, and may be cancelled`() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        try await LoopbackServer.with { _ in
            arrival.yield()
            return .hang
        } run: { server in
            try await withClient(configure: { $0.connectionsPerEndpoint = 1 }) { client in
                let first = Task { await client.send(Self.request(server.url())) }
                for await _ in arrived { break }
                #expect(await client.send(Self.request(server.url(), timeout: 100)).failure == .timeout)
                let third = Task { await client.send(Self.request(server.url())) }
                third.cancel()
                #expect(await third.value.failure == .cancelled)
                let fourth = Task { await client.send(Self.request(server.url())) }
                await client.shutdown()
                #expect(await first.value.failure == .cancelled)
                #expect(await fourth.value.failure == .cancelled)
                #expect(client.openConnections == 0)
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func `the place of a delivery that timed out goes to the next in the queue`() async throws {
        let count = Mutex(0)
        try await LoopbackServer.with { _ in
            let isFirst = count.withLock { count in
                count += 1
                return count == 1
            }
            return isFirst ? .hang : .answer(200)
        } run: { server in
            try await withClient(configure: { $0.connectionsPerEndpoint = 1 }) { client in
                async let first = client.send(Self.request(server.url(), timeout: 200))
                async let second = client.send(Self.request(server.url()))
                let results = await [first, second]
                #expect(results.filter(\.isSuccess).count == 1)
                #expect(results.compactMap(\.failure) == [.timeout])
            }
        }
    }

    @Test func `an unused connection is closed after a while`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(configure: { $0.keepAlive = 50 }) { client in
                for _ in 0..<3 {
                    #expect(await client.send(Self.request(server.url())).isSuccess)
                    try await Self.noneOpen(client)
                }
            }
            #expect(Set(server.received.map(\.connection)).count == 3)
        }
    }

    @Test(arguments: [
        ServerAction.rawThenClose("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"),
        .answer(200, ["Connection": "close"]), .rawThenClose("HTTP/1.0 200 OK\r\n\r\nto the end"),
        .raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n"),
        .raw("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n\u{1}"),
    ])
    func `a connection that cannot be kept is not, and the next delivery has a new one`(
        action: ServerAction
    ) async throws {
        try await LoopbackServer.with { _ in
            action
        } run: { server in
            try await withClient { client in
                for _ in 0..<3 {
                    #expect(await client.send(Self.request(server.url())).answer?.status == 200)
                    try await Self.noneOpen(client)
                }
            }
            #expect(server.received.count == 3)
        }
    }

    @Test func `a kept connection that ends with the next request has sent it, and sends it no second time`()
        async throws
    {
        try await LoopbackServer.with { request in
            request.head.uri == "/first" ? .answer(200) : .close
        } run: { server in
            try await withClient { client in
                #expect(await client.send(Self.request(server.url("/first"))).isSuccess)
                let result = await client.send(Self.request(server.url("/second")))
                #expect(
                    result == .failed(.protocolViolation, message: "the connection was closed without an answer"))
                try await Self.noneOpen(client)
            }
            #expect(server.received.map(\.head.uri) == ["/first", "/second"])
        }
    }

    @Test(arguments: [
        "HTTP/1.1 200 OK\r\nX: \(String(repeating: "x", count: 200_000))\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\(String(repeating: "a: b\r\n", count: 10_000))\r\n",
    ])
    func `a flood of headers is no answer`(answer: String) async throws {
        try await LoopbackServer.with { _ in
            .raw(answer)
        } run: { server in
            try await withClient { client in
                #expect(await client.send(Self.request(server.url())).failure == .protocolViolation)
                try await Self.noneOpen(client)
            }
        }
    }

    @Test func `a long request arrives whole`() async throws {
        let body = (0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 8) }
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            let request = WebhookRequest(id: "1", url: server.url(), body: body)
            let result = try await withClient { await $0.send(request) }
            #expect(result.isSuccess)
            #expect(server.received.first?.body == body)
        }
    }

    @Test func `deliveries cancelled at any moment end, and leave nothing behind`() async throws {
        try await LoopbackServer.with { request in
            request.head.uri == "/hang" ? .hang : .answer(200)
        } run: { server in
            try await withClient(configure: { $0.connectionsPerEndpoint = 3 }) { client in
                var random = SeededRandom(seed: 3)
                for _ in 0..<300 {
                    let path = Bool.random(using: &random) ? "/hang" : "/"
                    let task = Task { await client.send(Self.request(server.url(path))) }
                    for _ in 0..<Int.random(in: 0..<40, using: &random) { await Task.yield() }
                    task.cancel()
                    let result = await task.value
                    #expect(result.isSuccess || result.failure == .cancelled)
                }
                #expect(await client.send(Self.request(server.url())).isSuccess)
                #expect(client.openConnections <= 4)
                await client.shutdown()
                #expect(client.openConnections == 0)
            }
        }
    }

    @Test func `a server that accepts and says nothing does not hold up the handshake`() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(silent.localAddress?.port)
        try await withClient(configure: { $0.connectTimeout = 100 }) { client in
            let result = await client.send(Self.request("https://127.0.0.1:\(port)/"))
            #expect(result == .failed(.tls, message: "the TLS handshake took too long"))
            #expect(await client.send(Self.request("https://127.0.0.1:\(port)/", timeout: 30)).failure == .timeout)
            try await Self.noneOpen(client)
        }
        try await silent.close()
    }

    @Test func `a server that does not accept costs the time to connect and no more`() async throws {
        let full = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.backlog, value: 0).serverChannelOption(.autoRead, value: false)
            .bind(host: "127.0.0.1", port: 0).get()
        let address = try #require(full.localAddress)
        var fillers: [any Channel] = []
        for _ in 0..<8 {
            let filler = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(.milliseconds(100)).connect(to: address)
            guard let filler = try? await filler.get() else { break }
            fillers.append(filler)
        }
        try await withClient(configure: { $0.connectTimeout = 100 }) { client in
            let port = try #require(address.port)
            let result = await client.send(Self.request("http://127.0.0.1:\(port)/"))
            #expect(result == .failed(.connect, message: "no connection in time"))
            try await Self.noneOpen(client)
        }
        for filler in fillers { try await filler.close() }
        try await full.close()
    }
}
