// SPDX-License-Identifier: Apache-2.0
// The promises of the Conversations and Chat APIs, kept by the dispatcher on a clock that the test turns.

import EngineTestSupport
import Messaging
import SQLTestSupport
import Testing

@testable import Webhooks

@Suite(.serialized)
struct DeliveryPromiseTests {
    private static let day: Int64 = 86_400_000

    @Test(arguments: Engine.allCases)
    func `a status is tried twice more, after ten seconds and a minute, and then given up`(_ engine: Engine)
        async throws
    {
        try await LoopbackServer.with({ _ in .answer(503) }) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url(), promise: .twoMore)
                let first = try await node.wait(id, "failed once") { $0.attempts == 1 }
                #expect(first.state == .pending && first.dueAt == node.clock.now + 10_000)
                node.clock.advance(by: 10_000)
                let second = try await node.wait(id, "failed twice") { $0.attempts == 2 }
                #expect(second.state == .pending && second.dueAt == node.clock.now + 60_000)
                node.clock.advance(by: 60_000)
                let third = try await node.wait(id, for: .undelivered)
                #expect(third.attempts == 3 && third.status == 503)
                #expect(server.received.count == 3)
                try await node.waitUntilIdle()
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `an inbound WhatsApp message is tried for fourteen days, ever less often`(_ engine: Engine) async throws {
        try await LoopbackServer.with({ _ in .answer(503) }) { server in
            try await DispatcherNode.run(engine) { node in
                let start = node.clock.now
                let id = try await node.add(server.url(), promise: .fortnight)
                for attempt in 1...4 {
                    let stored = try await node.wait(id, "failed \(attempt) times") { $0.attempts == attempt }
                    let full = Int64(10_000) << (attempt - 1)
                    #expect((full * 4 / 5...full).contains(stored.dueAt - node.clock.now))
                    node.clock.set(stored.dueAt)
                }
                let fifth = try await node.wait(id, "failed five times") { $0.attempts == 5 }
                #expect(fifth.state == .pending)
                // The endpoint counts as failing by now; after its pause, shortly before the end,
                // there is one more try.
                node.clock.set(start + 14 * Self.day - 1000)
                let last = try await node.wait(id, for: .undelivered)
                #expect(last.attempts == 6)
                #expect(server.received.count == 6)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a status that waits for an endpoint that is down keeps its tries, and is given up after a day`(
        _ engine: Engine
    ) async throws {
        try await LoopbackServer.with({ _ in .answer(503) }) { server in
            try await DispatcherNode.run(engine) { node in
                let lease = node.context.lease
                let old = try await node.store(server.url(), promise: .twoMore, lease: lease)
                node.clock.advance(by: Self.day + 1)
                let young = try await node.store(server.url(), promise: .twoMore, lease: lease)
                for _ in 0..<5 {
                    try await node.wait(try await node.add(server.url()), "failed") { $0.attempts == 1 }
                }
                // The endpoint is failing by now: what comes is put off without a try.
                #expect(node.dispatcher.reserve(2) == 2)
                node.dispatcher.take([old, young], reserved: 2)
                let given = try await node.wait(old.id, for: .undelivered)
                #expect(given.attempts == 0 && given.error == "the endpoint is down")
                let waiting = try await node.wait(young.id, "put off") { $0.lease == 0 }
                #expect(waiting.state == .pending && waiting.attempts == 0)
                #expect(server.received.count == 5)
            }
        }
    }

    @Test(arguments: RetryPromise.allCases)
    func `nothing waits longer than its promise for an endpoint that is down`(_ promise: RetryPromise) {
        #expect(promise.patience == (promise == .statusTwoMore ? Self.day : promise.span))
    }
}
