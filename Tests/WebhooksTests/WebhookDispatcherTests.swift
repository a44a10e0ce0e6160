// SPDX-License-Identifier: Apache-2.0
// The dispatcher against a real receiver on loopback and both databases: what is promised is kept, on a clock that the
// tests turn, and memory holds nothing when the work is done.

import Accounts
import EngineTestSupport
import Messaging
import NIOHTTP1
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import Webhooks

@Suite(.serialized)
struct WebhookDispatcherTests {
    /// Answers by turns, the last one for ever.
    private static func script(_ actions: [ServerAction]) -> LoopbackServer.Behaviour {
        let left = Mutex(actions)
        return { _ in left.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
    }

    @Test(arguments: Engine.allCases)
    func `a delivery is posted, signed with every secret of the company, and recorded`(_ engine: Engine) async throws {
        let secrets = [TestSetup.webhookSecret, "another-secret-of-the-company"]
        try await LoopbackServer.with(Self.script([.answer(204)])) { server in
            try await DispatcherNode.run(engine) { node in
                try await Self.save(secrets, node)
                let delivery = try await node.store(server.url(), body: "{\"a\":1}", lease: nil)
                let stored = try await node.wait(delivery.id, for: .delivered)
                #expect(stored.attempts == 1)
                #expect(stored.status == 204)
                #expect(stored.error == nil)
                #expect(stored.lease == 0)
                let request = try #require(server.received.first)
                #expect(request.body == Array("{\"a\":1}".utf8))
                #expect(request.head.method == .POST)
                #expect(request.head.headers["content-type"] == ["application/json"])
                #expect(request.head.headers["webhook-id"] == [delivery.webhookID])
                #expect(request.head.headers["webhook-timestamp"] == [String(node.clock.now / 1000)])
                for secret in secrets {
                    try StandardWebhooks.verify(
                        headers: request.head.headers, body: request.body,
                        secrets: [try #require(WebhookSecret(secret))], now: node.clock.now / 1000)
                }
                try await node.waitUntilIdle()
            }
        }
    }

    private static func save(_ webhookSecrets: [String], _ node: DispatcherNode) async throws {
        try await node.context.directory.provision(as: .file, now: 0) { provisioner in
            var draft = try provisioner.company(node.company).draft
            draft.webhookSecrets = webhookSecrets
            _ = try provisioner.change(companyID: node.company, to: draft)
        }
    }

    @Test(arguments: Engine.allCases)
    func `GET carries everything in the query`(_ engine: Engine) async throws {
        try await LoopbackServer.with(Self.script([.answer(200)])) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url("/hook?status=DELIVERED&n=1"), method: .get, body: "")
                try await node.wait(id, for: .delivered)
                let request = try #require(server.received.first)
                #expect(request.head.method == .GET)
                #expect(request.head.uri == "/hook?status=DELIVERED&n=1")
                #expect(request.body.isEmpty)
                #expect(!request.head.headers["webhook-signature"].isEmpty)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a failed delivery is tried again after ten seconds of the clock and not before`(_ engine: Engine) async throws
    {
        try await LoopbackServer.with(Self.script([.answer(500), .answer(200)])) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url())
                let failed = try await node.wait(id, "failed once") { $0.attempts == 1 }
                #expect(failed.state == .pending)
                #expect(failed.status == 500)
                #expect(failed.error == "answered 500")
                #expect(failed.lease == 0)
                #expect(failed.dueAt == node.clock.now + 10_000)
                node.clock.advance(by: 9999)
                // Another delivery goes through: the first had its chance to go too early.
                try await node.wait(try await node.add(server.url("/other")), for: .delivered)
                #expect(server.received.count == 2)
                node.clock.advance(by: 1)
                let done = try await node.wait(id, for: .delivered)
                #expect(done.attempts == 2)
                let tries = server.received.filter { $0.head.uri == "/hook" }
                #expect(tries.count == 2)
                #expect(Set(tries.map { $0.head.headers["webhook-id"] }).count == 1)
                #expect(Set(tries.map { $0.head.headers["webhook-timestamp"] }).count == 2)
                try await node.waitUntilIdle()
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `after 48 hours a delivery is given up, kept, listed, and delivered when it is replayed`(
        _ engine: Engine
    ) async throws {
        try await LoopbackServer.with(Self.script([.answer(503), .answer(503), .answer(200)])) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url(), body: "kept")
                try await node.wait(id, "failed once") { $0.attempts == 1 }
                node.clock.advance(by: 48 * 3_600_000 - 5000)
                let given = try await node.wait(id, for: .undelivered)
                #expect(given.attempts == 2)
                #expect(given.status == 503)
                let company = node.company
                let listed = try await node.database.read {
                    try DeliveryStore($0).list(companyID: company, state: .undelivered, limit: 10)
                }
                #expect(listed.map(\.id) == [id])
                #expect(listed.first?.lastError == "answered 503")
                let now = node.clock.now
                let count = try await node.database.write {
                    try DeliveryStore($0).replay(companyID: company, ids: [id], now: now)
                }
                #expect(count == 1)
                #expect(try await node.wait(id, for: .delivered).attempts == 1)
                #expect(server.received.last?.body == Array("kept".utf8))
                try await node.waitUntilIdle()
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `410 gives up at once and stops that endpoint, not its neighbour`(_ engine: Engine) async throws {
        try await LoopbackServer.with({ $0.head.uri == "/gone" ? .answer(410) : .answer(200) }) { server in
            try await DispatcherNode.run(engine) { node in
                let first = try await node.wait(try await node.add(server.url("/gone")), for: .undelivered)
                #expect(first.status == 410)
                #expect(first.attempts == 1)
                let second = try await node.wait(try await node.add(server.url("/gone")), for: .undelivered)
                #expect(second.attempts == 0)
                #expect(second.error == "the endpoint is gone")
                try await node.wait(try await node.add(server.url("/here")), for: .delivered)
                #expect(server.received.filter { $0.head.uri == "/gone" }.count == 1)
                try await node.waitUntilIdle()
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `Retry-After is honoured`(_ engine: Engine) async throws {
        let busy = ServerAction.answer(503, ["Retry-After": "120"])
        try await LoopbackServer.with(Self.script([busy, .answer(200)])) { server in
            try await DispatcherNode.run(engine) { node in
                let id = try await node.add(server.url())
                let failed = try await node.wait(id, "failed once") { $0.attempts == 1 }
                #expect(failed.dueAt == node.clock.now + 120_000)
                node.clock.advance(by: 120_000)
                try await node.wait(id, for: .delivered)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `the outcome of a delivery that is another's by now is ignored`(_ engine: Engine) async throws {
        try await LoopbackServer.with(Self.script([.answer(200)])) { server in
            try await DispatcherNode.run(engine) { node in
                let other = node.context.lease &+ 1
                let delivery = try await node.store(server.url(), lease: other)
                #expect(node.dispatcher.reserve(1) == 1)
                node.dispatcher.take([delivery], reserved: 1)
                _ = try await eventually("the request") { server.received.count == 1 ? true : nil }
                // Outcomes are stored in order: once a later one is, the first was looked at.
                try await node.wait(try await node.add(server.url("/later")), for: .delivered)
                try await node.waitUntilIdle()
                let stored = try await node.stored(delivery.id)
                #expect(stored.state == .pending)
                #expect(stored.lease == other)
                #expect(stored.attempts == 0)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a node that comes back takes up what it held`(_ engine: Engine) async throws {
        try await LoopbackServer.with(Self.script([.answer(200)])) { server in
            try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
                let id = Mutex<Int64>(0)
                try await DispatcherNode.run(on: database) { node in
                    // Held by this run and in nobody's memory, as after a crash.
                    let held = try await node.store(server.url(), lease: node.context.lease).id
                    id.withLock { $0 = held }
                }
                #expect(server.received.isEmpty)
                try await DispatcherNode.run(on: database) { node in
                    try await node.wait(id.withLock { $0 }, for: .delivered)
                }
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `what is under way at the stop is finished and recorded`(_ engine: Engine) async throws {
        try await PatientServer.with { server in
            try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
                let id = Mutex<Int64>(0)
                try await DispatcherNode.run(on: database) { node in
                    let delivery = try await node.add(server.url)
                    id.withLock { $0 = delivery }
                    _ = try await server.arrived.wait(for: "the request") { $0 == 1 }
                    node.dispatcher.stop()
                    #expect(node.dispatcher.reserve(10) == 0)
                    server.answer(200)
                }
                let state = try await database.read { transaction in
                    try transaction.queryOne(
                        "SELECT state FROM deliveries WHERE id = $1", [.integer(id.withLock { $0 })])?.int64("state")
                }
                #expect(state == DeliveryState.delivered.rawValue)
            }
        }
    }

    @Test
    func `a receiver that does not answer holds up nobody else`() async throws {
        try await LoopbackServer.with(Self.script([.answer(200)])) { server in
            try await PatientServer.with { slow in
                try await DispatcherNode.run(.sqlite) { node in
                    for _ in 0..<30 { try await node.add(slow.url) }
                    _ = try await slow.arrived.wait(for: "as many as the gate allows") { $0 == 16 }
                    for number in 0..<20 {
                        try await node.wait(try await node.add(server.url("/\(number)")), for: .delivered)
                    }
                    #expect(slow.arrived.current == 16)
                    slow.answer(200)
                    _ = try await slow.arrived.wait(for: "the rest") { $0 == 30 }
                    slow.answer(200)
                    try await node.waitUntilIdle()
                }
            }
        }
    }

    @Test
    func `while the database is away outcomes wait, those that were put off too`() async throws {
        try await LoopbackServer.with({ $0.head.uri == "/bad" ? .answer(500) : .answer(200) }) { server in
            try await DispatcherNode.run(.sqlite) { node in
                for _ in 0..<5 {
                    let id = try await node.add(server.url("/bad"))
                    try await node.wait(id, "failed") { $0.attempts == 1 }
                }
                // The endpoint is failing by now: what comes is put off without a request.
                let lease = node.context.lease
                let postponed = try await node.store(server.url("/bad"), lease: lease)
                let good = try await node.store(server.url("/good"), lease: lease)
                try await node.database.write { try $0.execute("ALTER TABLE deliveries RENAME TO deliveries_away") }
                #expect(node.dispatcher.reserve(2) == 2)
                node.dispatcher.take([postponed, good], reserved: 2)
                _ = try await eventually("the request") {
                    server.received.contains { $0.head.uri == "/good" } ? true : nil
                }
                #expect(node.dispatcher.held >= 2)
                try await node.database.write { try $0.execute("ALTER TABLE deliveries_away RENAME TO deliveries") }
                try await node.wait(good.id, for: .delivered)
                let stored = try await node.wait(postponed.id, "given back") { $0.lease == 0 }
                #expect(stored.state == .pending)
                #expect(stored.attempts == 0)
                #expect(stored.error == "the endpoint is failing")
                #expect(server.received.filter { $0.head.uri == "/bad" }.count == 5)
                try await node.waitUntilIdle()
            }
        }
    }

    @Test
    func `what waits is forgotten with the lease, and the room is free again`() async throws {
        try await PatientServer.with { server in
            try await DispatcherNode.run(.sqlite) { node in
                for _ in 0..<20 { try await node.add(server.url) }
                _ = try await server.arrived.wait(for: "sixteen requests") { $0 == 16 }
                _ = try await eventually("twenty in memory") { node.dispatcher.held == 20 ? true : nil }
                node.dispatcher.forgetAll()
                server.answer(200)
                try await node.waitUntilIdle()
                #expect(server.arrived.current == 16)
            }
        }
    }
}
