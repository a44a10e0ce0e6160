// SPDX-License-Identifier: Apache-2.0

// Tries against a real server on loopback, one per way in which an endpoint can behave.

import NIOCore
import NIOHTTP1
import NIOPosix
import Testing
import Wire

@testable import Webhooks

/// Runs a test with a client that is shut down with it.
func withClient<Result>(
    policy: AddressGuard.Policy = .init(allowsPrivateAddresses: true, allowsPlainHTTP: true),
    resolver: HostResolver = .system(threads: 1), configure: (inout WebhookClient.Configuration) -> Void = { _ in },
    run: (WebhookClient) async throws -> Result
) async throws -> Result {
    var configuration = WebhookClient.Configuration(version: "1.2.3")
    configuration.policy = policy
    configure(&configuration)
    let client = try WebhookClient(configuration: configuration, resolver: resolver)
    do {
        let result = try await run(client)
        await client.shutdown()
        return result
    } catch {
        await client.shutdown()
        throw error
    }
}

extension WebhookResult {
    var answer: WebhookAnswer? { if case .answered(let answer) = self { answer } else { nil } }
    var failure: WebhookFailure? { if case .failed(let failure, _) = self { failure } else { nil } }
}

@Suite("Webhook client")
struct WebhookClientTests {
    @Test func `a delivery arrives as it was given`() async throws {
        try await LoopbackServer.with { _ in
            .answer(204)
        } run: { server in
            let request = WebhookRequest(
                id: "1", url: server.url("/a/b?c=d"),
                headers: ["Content-Type": "application/json", "webhook-id": "1", "host": "evil", "User-Agent": "x"],
                body: Array(#"{"a":1}"#.utf8))
            let result = try await withClient { await $0.send(request) }
            #expect(result.answer?.status == 204)
            #expect(result.isSuccess)
            #expect(result.gateOutcome == .success)
            let received = try #require(server.received.first)
            #expect(received.head.method == .POST)
            #expect(received.head.uri == "/a/b?c=d")
            #expect(received.body == request.body)
            #expect(received.head.headers["host"] == ["127.0.0.1:\(server.port)"])
            #expect(received.head.headers["user-agent"] == ["Parley/1.2.3"])
            #expect(received.head.headers["content-length"] == ["7"])
            #expect(received.head.headers["webhook-id"] == ["1"])
            #expect(!received.head.headers.contains(name: "accept-encoding"))
        }
    }

    @Test func `GET carries its query and no body`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            let request = WebhookRequest(
                id: "1", url: server.url("/dlr?text=a%20b+c&x=ü"), method: .get, body: [1, 2, 3])
            #expect(try await withClient { await $0.send(request) }.isSuccess)
            let received = try #require(server.received.first)
            #expect(received.head.method == .GET)
            #expect(received.head.uri == "/dlr?text=a%20b+c&x=%C3%BC")
            #expect(received.body.isEmpty)
            #expect(!received.head.headers.contains(name: "content-length"))
        }
    }

    @Test(arguments: [
        (200, EndpointGate.Outcome.success), (299, .success), (301, .refused), (302, .refused), (307, .refused),
        (400, .refused), (404, .refused), (408, .failure), (410, .gone), (429, .failure), (500, .failure),
        (503, .failure),
    ])
    func `every status is an answer and redirects are not followed`(
        status: Int, outcome: EndpointGate.Outcome
    ) async throws {
        try await LoopbackServer.with { _ in
            .answer(status, ["Location": "/elsewhere"], Array("why".utf8))
        } run: { server in
            let result = try await withClient { await $0.send(WebhookRequest(id: "1", url: server.url())) }
            #expect(result.answer?.status == status)
            #expect(result.answer?.bodyPrefix == Array("why".utf8))
            #expect(result.gateOutcome == outcome)
            #expect(server.received.count == 1)
        }
    }

    @Test func `a body that never ends is cut off and the connection closed`() async throws {
        try await LoopbackServer.with { _ in
            .endless
        } run: { server in
            let result = try await withClient { await $0.send(WebhookRequest(id: "1", url: server.url())) }
            #expect(result.answer?.status == 200)
            #expect(result.answer?.bodyPrefix == Array(repeating: UInt8(ascii: "x"), count: 1024))
            #expect(try #require(result.answer).elapsed < 5000)
        }
    }

    @Test func `a body that stalls does not undo the answer`() async throws {
        try await LoopbackServer.with { _ in
            .unfinished(202)
        } run: { server in
            let result = try await withClient {
                await $0.send(WebhookRequest(id: "1", url: server.url(), timeout: 3000))
            }
            let answer = try #require(result.answer)
            #expect(answer.status == 202)
            #expect(answer.bodyPrefix == Array("begin".utf8))
            #expect(answer.elapsed >= 2900)
        }
    }

    @Test func `an endpoint that hangs times out`() async throws {
        try await LoopbackServer.with { _ in
            .hang
        } run: { server in
            let start = NIODeadline.now()
            let result = try await withClient {
                await $0.send(WebhookRequest(id: "1", url: server.url(), timeout: 200))
            }
            #expect(result.failure == .timeout)
            #expect(result.gateOutcome == .failure)
            #expect(NIODeadline.now() - start < .seconds(60))
        }
    }

    @Test(arguments: [ServerAction.close, .raw("220 smtp.example ESMTP\r\n\r\n"), .raw("HTTP/1.1 2x0\r\n\r\n")])
    func `what is not an HTTP answer is a protocol failure`(action: ServerAction) async throws {
        try await LoopbackServer.with { _ in
            action
        } run: { server in
            let result = try await withClient { await $0.send(WebhookRequest(id: "1", url: server.url())) }
            #expect(result.failure == .protocolViolation)
        }
    }

    @Test func `a header cannot smuggle another one in`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            let smuggling: [HTTPHeaders] = [["X-A": "b\r\nX-C: d"], ["X-A: b\r\nX-C": "d"], ["X-A": "b\0"]]
            try await withClient { client in
                for headers in smuggling {
                    let result = await client.send(WebhookRequest(id: "1", url: server.url(), headers: headers))
                    #expect(result.failure == .protocolViolation)
                }
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test func `a refused connection fails at once`() async throws {
        let port = try await LoopbackServer.with { _ in
            .hang
        } run: {
            $0.port
        }
        let start = NIODeadline.now()
        let result = try await withClient {
            await $0.send(WebhookRequest(id: "1", url: "http://127.0.0.1:\(port)/"))
        }
        #expect(result.failure == .connect)
        #expect(NIODeadline.now() - start < .seconds(60))
    }

    @Test func `nothing is sent where the guard says no`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(policy: .init(allowsPlainHTTP: true)) { client in
                for url in [server.url(), server.url(host: "localhost"), "ftp://x/", server.url(host: "[::1]")] {
                    let result = await client.send(WebhookRequest(id: "1", url: url))
                    #expect(result.failure == .refusedByGuard)
                }
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test func `Retry-After comes with the answer`() async throws {
        try await LoopbackServer.with { _ in
            .answer(503, ["Retry-After": "7"])
        } run: { server in
            let result = try await withClient { await $0.send(WebhookRequest(id: "1", url: server.url())) }
            #expect(result.retryAfter == 7000)
        }
    }

    @Test func `connections are kept and not made anew`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(resolver: HostResolver { _ in [.v4(0x7F00_0001)] }) { client in
                for _ in 0..<200 {
                    let url = server.url(host: "hook.example")
                    #expect(await client.send(WebhookRequest(id: "1", url: url, body: [1])).isSuccess)
                }
                #expect(client.keptEndpoints == 1)
            }
            #expect(server.received.count == 200)
            // A connection is back in the pool before its caller goes on.
            #expect(Set(server.received.map(\.connection)).count == 1)
            #expect(server.received.last?.head.headers["host"] == ["hook.example:\(server.port)"])
        }
    }

    @Test func `more endpoints than fit are served, and the least used make room`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(
                resolver: HostResolver { _ in [.v4(0x7F00_0001)] }, configure: { $0.maximumEndpoints = 3 }
            ) { client in
                for round in 0..<20 {
                    let url = server.url(host: "h\(round % 7).example")
                    #expect(await client.send(WebhookRequest(id: "1", url: url)).isSuccess)
                    #expect(client.keptEndpoints <= 3)
                }
            }
        }
    }

    @Test func `shutting down ends deliveries under way without blaming the endpoint`() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        try await LoopbackServer.with { _ in
            arrival.yield()
            return .hang
        } run: { server in
            let client = try WebhookClient(
                configuration: {
                    var configuration = WebhookClient.Configuration(version: "1")
                    configuration.policy = .init(allowsPrivateAddresses: true, allowsPlainHTTP: true)
                    return configuration
                }())
            async let result = client.send(WebhookRequest(id: "1", url: server.url()))
            for await _ in arrived { break }
            await client.shutdown()
            #expect(await result.failure == .cancelled)
            #expect(await result.gateOutcome == .abandoned)
            #expect(await client.send(WebhookRequest(id: "2", url: server.url())).failure == .cancelled)
        }
    }

    @Test func `a cancelled task ends its delivery`() async throws {
        let (arrived, arrival) = AsyncStream.makeStream(of: Void.self)
        try await LoopbackServer.with { _ in
            arrival.yield()
            return .hang
        } run: { server in
            try await withClient { client in
                let task = Task { await client.send(WebhookRequest(id: "1", url: server.url())) }
                for await _ in arrived { break }
                task.cancel()
                #expect(await task.value.failure == .cancelled)
            }
        }
    }
}
