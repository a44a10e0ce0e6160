// SPDX-License-Identifier: Apache-2.0

// From host name to connection: what was checked is what is used, whatever the name service says next.

import AsyncHTTPClient
import NIOCore
import NIOPosix
import Synchronization
import Testing
import Wire

@testable import Webhooks

@Suite("Name resolution")
struct NameResolutionTests {
    /// Addresses of loopback by their last byte.
    private static func loopback(_ last: UInt32) -> IPAddress { .v4(0x7F00_0000 | last) }

    @Test func `the address that was checked is the one connected to`() async throws {
        // 127.0.0.1 plays the public address, 127.0.0.2 the private one that a hostile name leads to the second time.
        let policy = AddressGuard.Policy(allowsPlainHTTP: true, allowedRanges: [AddressRange(Self.loopback(1), 32)])
        let asked = Mutex(0)
        let resolver = HostResolver { _ in
            let count = asked.withLock { count in
                count += 1
                return count
            }
            return [Self.loopback(count == 1 ? 1 : 2)]
        }
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(policy: policy, resolver: resolver, configure: { $0.resolutionLifetime = 0 }) {
                client in
                let request = WebhookRequest(id: "1", url: server.url(host: "localhost"))
                #expect(await client.send(request).isSuccess)
                #expect(asked.withLock { $0 } == 1, "the name was resolved once for checking and connecting")
                #expect(await client.send(request).failure == .refusedByGuard)
                #expect(asked.withLock { $0 } == 2)
            }
            #expect(server.received.count == 1)
        }
    }

    @Test func `the system's answer plays no part in connecting`() async throws {
        // "localhost" is 127.0.0.1 to the system; the checked answer says 127.0.0.3, where another server listens.
        try await LoopbackServer.with(address: "127.0.0.3") { _ in
            .answer(200)
        } run: { server in
            try await withClient(resolver: HostResolver { _ in [Self.loopback(3)] }) { client in
                #expect(await client.send(WebhookRequest(id: "1", url: server.url(host: "localhost"))).isSuccess)
            }
        }
    }

    @Test func `a connection to another address than the pinned one is closed before it is used`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            let tls = try TrustStore.clientConfiguration(additionalFile: nil)
            let client = PinnedClient.make(
                .init(host: "hook.example", address: Self.loopback(2)), configuration: .init(version: "1"), tls: tls,
                eventLoopGroup: MultiThreadedEventLoopGroup.singleton)
            // Another host than the pinned one, as if two parsers had read the URL differently.
            await #expect(throws: PinnedClient.WrongAddress.self) {
                _ = try await client.get(url: server.url()).get()
            }
            try await client.shutdown()
            #expect(server.received.isEmpty)
        }
    }

    @Test func `one bad address among the answers refuses the delivery`() async throws {
        let policy = AddressGuard.Policy(allowsPlainHTTP: true, allowedRanges: [AddressRange(Self.loopback(1), 32)])
        let resolver = HostResolver { _ in [Self.loopback(1), .v4(0x0A00_0001)] }
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(policy: policy, resolver: resolver) { client in
                let result = await client.send(WebhookRequest(id: "1", url: server.url(host: "h.example")))
                #expect(
                    result
                        == .failed(
                            .refusedByGuard, message: "h.example leads to 10.0.0.1, which is a private address"))
            }
            #expect(server.received.isEmpty)
        }
    }

    @Test func `when the first address cannot be reached the second is tried, and kept`() async throws {
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            let resolver = HostResolver { _ in [Self.loopback(9), Self.loopback(1)] }
            try await withClient(resolver: resolver) { client in
                for _ in 0..<3 {
                    let result = await client.send(WebhookRequest(id: "1", url: server.url(host: "h.example")))
                    #expect(result.isSuccess)
                }
            }
            #expect(server.received.count == 3)
        }
    }

    @Test func `many deliveries ask once, and a failure is remembered shortly`() async throws {
        let asked = Mutex(0)
        let resolver = HostResolver { _ in
            asked.withLock { $0 += 1 }
            throw HostResolver.Failure(reason: "no such host")
        }
        try await withClient(resolver: resolver) { client in
            let results = await withTaskGroup(of: WebhookResult.self) { group in
                for _ in 0..<50 {
                    group.addTask { await client.send(WebhookRequest(id: "1", url: "http://h.example/")) }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
            #expect(results.allSatisfy { $0 == .failed(.dns, message: "no such host") })
            #expect(asked.withLock { $0 } == 1)
        }
    }

    @Test func `a name service that hangs costs a delivery its time and no more`() async throws {
        let (gate, open) = AsyncStream.makeStream(of: Void.self)
        let resolver = HostResolver { _ in
            for await _ in gate { break }
            return [Self.loopback(1)]
        }
        try await LoopbackServer.with { _ in
            .answer(200)
        } run: { server in
            try await withClient(resolver: resolver) { client in
                let url = server.url(host: "h.example")
                let early = await client.send(WebhookRequest(id: "1", url: url, timeout: 1))
                #expect(early.failure == .timeout)
                let task = Task { await client.send(WebhookRequest(id: "2", url: url, timeout: 60_000)) }
                task.cancel()
                #expect(await task.value.failure == .cancelled)
                async let late = client.send(WebhookRequest(id: "3", url: url))
                open.finish()
                #expect(await late.isSuccess)
            }
        }
    }

    @Test func `the system's resolver finds loopback and not what cannot be`() async throws {
        #expect(try SystemLookup.addresses(of: "localhost").contains { $0.kind == .loopback })
        #expect(throws: HostResolver.Failure.self) { try SystemLookup.addresses(of: "no-such-host.invalid") }
    }
}
