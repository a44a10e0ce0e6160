// SPDX-License-Identifier: Apache-2.0
// What the engine counts while messages go through it, and what it reads from the database at a scrape.

import Accounts
import EngineTestSupport
import Prometheus
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import Messaging

extension TestNode {
    /// The lines of a scrape.
    fileprivate func scrape() async -> Set<String> {
        let text = String(decoding: await context.metrics.registry.scrape(), as: UTF8.self)
        return Set(text.split(separator: "\n").map(String.init))
    }

    /// Waits until a scrape has the line.
    fileprivate func waitForLine(_ line: String) async throws {
        _ = try await eventually(line) { await scrape().contains(line) ? true : nil }
    }
}

@Suite struct EngineMetricsTests {
    @Test(arguments: Engine.allCases)
    func `a message is counted at each step of its way`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send()
            try await node.wait(for: .sent, of: key)
            node.clock.advance(by: 2000)
            await node.report(try #require(try await node.connector.submissions(count: 1).first))
            try await node.wait(for: .delivered, of: key)
            let lines = await node.scrape()
            for line in [
                #"parley_messages_accepted_total{surface="sms"} 1"#, "parley_accept_duration_seconds_count 1",
                "parley_accept_batch_size_count 1", #"parley_parts_dispatched_total{connector="fake"} 1"#,
                #"parley_submissions_total{connector="fake",outcome="submitted"} 1"#,
                #"parley_dispatch_duration_seconds_count{connector="fake"} 1"#,
                #"parley_receipts_total{result="matched"} 1"#,
                #"parley_messages_final_total{kind="sms",status="delivered"} 1"#,
                #"parley_messages_final_total{kind="sms",status="expired"} 0"#,
                #"parley_delivery_duration_seconds_sum{connector="fake"} 2"#,
                #"parley_delivery_duration_seconds_count{connector="fake"} 1"#,
                #"parley_connector_up{connector="fake"} 1"#,
                #"parley_connector_binds{connector="fake",state="bound"} 1"#, "parley_database_up 1",
            ] { #expect(lines.contains(line), "\(line)") }
        }
    }

    @Test func `what was not taken is counted by its reason`() async throws {
        var setup = TestSetup()
        setup.balance = Money.zero
        try await TestNode.run(.sqlite, setup) { node in
            #expect(await node.engine.acceptor.accept(node.message()) == .insufficientBalance)
            let lines = await node.scrape()
            #expect(
                lines.contains(#"parley_messages_not_accepted_total{surface="sms",reason="insufficient_balance"} 1"#))
            #expect(lines.contains(#"parley_messages_accepted_total{surface="sms"} 0"#))
        }
    }

    @Test func `a refusal is an outcome and a final status`() async throws {
        try await TestNode.run(.sqlite) { node in
            node.connector.answer { _ in .rejected(code: "000B", reason: "no") }
            try await node.wait(for: .rejected, of: try await node.send())
            try await node.waitForLine(#"parley_submissions_total{connector="fake",outcome="rejected"} 1"#)
            try await node.waitForLine(#"parley_messages_final_total{kind="sms",status="rejected"} 1"#)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a receipt about nothing is parked and shown`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            for state in [PartState.delivered, .sent] {
                let receipt = Receipt(
                    connectorID: node.connector.id, providerID: "nobody's", recipient: "", state: state,
                    errorCode: nil, at: node.clock.now)
                #expect(await node.receive(.receipt(receipt)) == .stored)
            }
            let lines = await node.scrape()
            #expect(lines.contains(#"parley_receipts_total{result="parked"} 1"#))
            #expect(lines.contains(#"parley_receipts_total{result="ignored"} 1"#))
            #expect(lines.contains("parley_receipts_unmatched 1"))
        }
    }

    @Test(arguments: Engine.allCases)
    func `the queues are counted with the age of their oldest`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.setUp(false)
            for _ in 0..<3 { try await node.send() }
            var later = node.message()
            later.sendAt = node.clock.now + 3_600_000
            later.status = .scheduled
            try await node.send(later)
            let now = node.clock.now + 90_000
            let figures = try await node.database.read { try QueueFigures($0, now: now) }
            #expect(figures.queued == 3 && figures.scheduled == 1)
            #expect(figures.oldestQueuedAt == node.clock.now && figures.queueAge == 90_000)
            #expect(figures.pendingDeliveries == 0 && figures.undeliveredDeliveries == 0)
            #expect(figures.oldestDeliveryDueAt == nil && figures.parkedReceipts == 0)
            let lines = await node.scrape()
            for line in [
                "parley_queue_messages 3", "parley_queue_scheduled_messages 1", "parley_queue_oldest_age_seconds 0",
                "parley_dispatch_held_messages 3", #"parley_connector_up{connector="fake"} 0"#,
                #"parley_connector_binds{connector="fake",state="waiting"} 1"#,
            ] { #expect(lines.contains(line), "\(line)") }
        }
    }

    @Test(arguments: Engine.allCases)
    func `deliveries are counted by their state`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let now = node.clock.now
            let (acme, lease) = (node.acme, node.context.lease)
            let ids = try await node.database.write { transaction in
                let rendered = RenderedDelivery(
                    event: "status", promise: .everyTenSeconds, url: "https://a.example", method: .post,
                    contentType: "text/plain", body: [1])
                let key = MessageKey(companyID: acme, id: UUIDv7.next(now: now))
                let store = DeliveryStore(transaction)
                let stored = try store.insert(
                    [(key, rendered), (key, rendered), (key, rendered)], leased: 2, lease: lease, now: now)
                try store.finish(
                    [
                        .init(
                            id: stored[0].id, state: .undelivered, dueAt: now, attempts: 1, status: 500, error: "no")
                    ], lease: lease, now: now)
                return stored.map(\.id)
            }
            #expect(ids.count == 2)
            let figures = try await node.database.read { try QueueFigures($0, now: now + 1000) }
            #expect(figures.pendingDeliveries == 2 && figures.undeliveredDeliveries == 1)
            #expect(figures.oldestDeliveryDueAt == now && figures.deliveryAge == 1000)
        }
    }

    @Test func `figures are not counted anew at every scrape`() async throws {
        try await TestNode.run(.sqlite) { node in
            node.connector.setUp(false)
            #expect(try await node.engine.queueFigures().queued == 0)
            try await node.send()
            #expect(try await node.engine.queueFigures().queued == 0)
        }
    }

    @Test func `connectors that are gone are not reported any more`() async throws {
        try await TestNode.run(.sqlite) { node in
            try await node.wait(for: .sent, of: try await node.send())
            await node.engine.setConnectors([])
            let lines = await node.scrape()
            #expect(!lines.contains { $0.contains(#"connector="fake""#) })
        }
    }

    @Test(arguments: Engine.allCases)
    func `commits are reported with what shared them`(_ engine: Engine) async throws {
        let metrics = EngineMetrics()
        try await TestDatabase.with(engine, observer: metrics.writeObserver) { database in
            try await database.write { _ = try $0.execute("CREATE TABLE x (n BIGINT NOT NULL)") }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<50 {
                    group.addTask { try await database.write { _ = try $0.execute("INSERT INTO x VALUES (1)") } }
                }
                try await group.waitForAll()
            }
            _ = try await database.read { try $0.query("SELECT n FROM x") }
            let text = String(decoding: metrics.registry.text(), as: UTF8.self)
            #expect(text.contains("\nparley_database_commit_batch_size_sum 51\n"))
            #expect(text.contains("\nparley_database_failed_commits_total 0\n"))
            #expect(text.contains("\nparley_database_commit_duration_seconds_bucket{le=\"+Inf\"} "))
        }
    }
}
