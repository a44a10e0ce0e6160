// SPDX-License-Identifier: Apache-2.0
// What survives a crash, a lost lease and a second node: nothing is lost, only what was on its way is in doubt, and what
// is sent again says so.

import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct RecoveryTests {
    @Test(arguments: Engine.allCases)
    func `after a crash the marked parts are sent again as possible duplicates and nothing is lost`(
        _ engine: Engine
    ) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            var setup = TestSetup()
            setup.window = 5
            let first = try await TestNode.start(on: database, setup)
            first.connector.answerByHand()
            var keys: [MessageKey] = []
            for _ in 0..<20 { keys.append(try await first.send()) }
            let submitted = try await first.connector.submissions(count: 5)
            await first.abandon()
            #expect(try await first.count("parts", where: "state = 1") == 5)
            setup.window = 100
            try await TestNode.run(on: database, setup) { second in
                let again = try await second.connector.submissions(count: 20)
                #expect(Set(again.map(\.ticket.key)) == Set(keys))
                let doubtful = again.filter(\.isPossibleDuplicate)
                #expect(Set(doubtful.map(\.ticket.key)) == Set(submitted.map(\.ticket.key)))
                #expect(doubtful.map(\.ticket.attempt) == [2, 2, 2, 2, 2])
                for key in keys { try await second.wait(for: .sent, of: key) }
                for submission in again { await second.report(submission) }
                for key in keys {
                    let isDuplicate = submitted.contains { $0.ticket.key == key }
                    let message = try await second.stored(key).message
                    #expect(message.status == .delivered)
                    #expect(message.isPossibleDuplicate == isDuplicate)
                }
                try await second.waitUntilIdle()
                #expect(try await second.count("jobs") == 0)
                #expect(try await second.count("deliveries") == 20)
                #expect(second.connector.submissions.count == 20)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a part of unknown fate is held where the connector says so, until it expires`(
        _ engine: Engine
    ) async throws {
        var setup = TestSetup()
        setup.uncertainPolicy = .hold
        try await TestNode.run(engine, setup) { node in
            node.connector.answer { _ in .uncertain(reason: "link cut") }
            let key = try await node.send()
            try await node.wait(for: .dispatched, of: key)
            #expect(try await node.stored(key).parts.map(\.state) == [.held])
            #expect(try await node.events(of: key) == ["accepted", "uncertain"])
            #expect(try await node.count("jobs") == 0)
            try await node.waitUntilIdle()
            node.clock.advance(by: 2_881 * 60_000)
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .expired)
            #expect(node.connector.submissions.count == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a part of unknown fate fails where the connector says so`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.uncertainPolicy = .fail
        try await TestNode.run(engine, setup) { node in
            node.connector.answer { _ in .uncertain(reason: "link cut") }
            let key = try await node.send()
            let done = try await node.wait(for: .failed, of: key)
            #expect(done.message.errorCode == GSMError.systemFailure.code)
            #expect(try await node.events(of: key) == ["accepted", "uncertain", "failed"])
            #expect(node.connector.submissions.count == 1)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a part of unknown fate is sent again at once where the connector says so`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.answer { $0.ticket.attempt == 1 ? .uncertain(reason: "cut") : .submitted(providerID: "9") }
            let key = try await node.send()
            let sent = try await node.wait(for: .sent, of: key)
            #expect(sent.message.isPossibleDuplicate)
            #expect(node.connector.submissions.map(\.isPossibleDuplicate) == [false, true])
            #expect(try await node.events(of: key) == ["accepted", "uncertain", "sent"])
        }
    }

    @Test(
        arguments: Engine.allCases,
        [SendOutcome.rejected(code: "0001", reason: "late"), .submitted(providerID: "A1"), .uncertain(reason: "cut")])
    func `the outcome of a lease that was lost changes nothing`(
        _ engine: Engine, _ outcome: SendOutcome
    ) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            var setup = TestSetup()
            setup.options.nodeName = "old"
            // It does not notice that its lease is gone before the test is over.
            setup.options.leaseLifetime = 3_600_000
            let old = try await TestNode.start(on: database, setup)
            old.connector.answerByHand()
            let key = try await old.send()
            let submission = try await old.connector.submissions(count: 1)[0]
            // The database's clock passes the end of the lease.
            try await database.write { try $0.execute("UPDATE nodes SET alive_until = 0 WHERE name = 'old'") }
            setup.options.nodeName = "new"
            try await TestNode.run(on: database, setup) { new in
                new.connector.answerByHand()
                let again = try await new.connector.submissions(count: 1)[0]
                #expect(again.ticket.attempt == 2)
                #expect(again.isPossibleDuplicate)
                let receipt = Receipt(
                    connectorID: old.connector.id, providerID: "A1", recipient: "", state: .undeliverable,
                    errorCode: nil, at: 1)
                #expect(await new.receive(.receipt(receipt)) == .stored)
                let before = try await new.stored(key)
                old.connector.complete(submission.ticket, outcome)
                await old.stop()
                let after = try await new.stored(key)
                #expect(after.parts == before.parts)
                #expect(after.message.status == .dispatched)
                #expect(try await new.count("receipts") == 1)
                new.connector.complete(again.ticket, .submitted(providerID: "B2"))
                try await new.wait(for: .sent, of: key)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a node whose lease ran out enters again and goes on`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.options.leaseLifetime = 4000
        try await TestNode.run(engine, setup) { node in
            let lease = node.context.lease
            node.connector.setUp(false)
            let key = try await node.send()
            try await node.database.write { try $0.execute("UPDATE nodes SET alive_until = 0") }
            _ = try await eventually("a new lease") { node.context.lease != lease ? true : nil }
            node.connector.setUp(true)
            try await node.wait(for: .sent, of: key)
            #expect(node.inbox.timesForgotten == 1)
            #expect(node.connector.submissions.count == 1)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `work that is held under a lease in doubt is found again`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let message = node.message()
            let lease = node.context.lease
            // What a commit leaves that took place although its answer never came.
            try await node.database.write { transaction in
                try MessageStore(transaction).insert([message])
                try JobStore(transaction).insert([(message.key, message.createdAt, lease)])
            }
            node.context.doubtLease()
            try await node.wait(for: .sent, of: message.key)
            #expect(node.context.lease != lease)
            #expect(node.context.doubts == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the work of a node that stopped in good order is another's at once`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            var setup = TestSetup()
            let first = try await TestNode.start(on: database, setup)
            first.connector.setUp(false)
            let key = try await first.send()
            await first.stop()
            setup.options.nodeName = "second"
            try await TestNode.run(on: database, setup) { second in
                let submission = try await second.connector.submissions(count: 1)[0]
                #expect(submission.ticket == PartTicket(key: key, step: 0, number: 1, attempt: 1))
                #expect(!submission.isPossibleDuplicate)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `stopping under load stores every outcome and answers every request`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let node = try await TestNode.start(on: database)
            let messages = (0..<200).map { _ in node.message() }
            let accepted = await withTaskGroup(of: MessageKey?.self) { group in
                for (index, message) in messages.enumerated() {
                    group.addTask {
                        if index == 100 { await node.stop() }
                        return await node.engine.acceptor.accept(message) == .accepted ? message.key : nil
                    }
                }
                return await group.reduce(into: Set<MessageKey>()) { if let key = $1 { $0.insert(key) } }
            }
            #expect(try await node.count("messages") == accepted.count)
            #expect(try await node.count("parts", where: "state = 1") == 0)
            #expect(try await node.count("jobs", where: "lease <> 0") == 0)
            let sent = try await node.count("parts", where: "state = 3")
            #expect(sent == node.connector.submissions.count)
            let waiting = try await node.count("jobs")
            #expect(sent + waiting == accepted.count)
        }
    }

    @Test(arguments: Engine.allCases)
    func `rescue frees the work of dead nodes only, and of all where there is none`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let leases = try await database.write { transaction in
                let nodes = NodeStore(transaction)
                let jobs = JobStore(transaction)
                for (number, lease) in [Lease(11), 22, 33].enumerated() {
                    let key = MessageKey(companyID: 1, id: MessageID(high: 0, low: UInt64(number)))
                    try jobs.insert([(key, 0, lease)])
                }
                #expect(try nodes.rescue() == 3)
                try transaction.execute(
                    "UPDATE jobs SET lease = 11 WHERE message_id = $1",
                    [
                        .bytes(MessageID(high: 0, low: 0).bytes)
                    ])
                try transaction.execute(
                    "UPDATE jobs SET lease = 22 WHERE message_id = $1",
                    [
                        .bytes(MessageID(high: 0, low: 1).bytes)
                    ])
                try nodes.enter(name: "a", lease: 11, lifetime: 60_000)
                try nodes.enter(name: "b", lease: 22, lifetime: -1)
                #expect(try nodes.rescue() == 1)
                #expect(try nodes.renew(name: "a", lease: 11, lifetime: 60_000))
                #expect(try !nodes.renew(name: "a", lease: 12, lifetime: 60_000))
                #expect(try !nodes.renew(name: "b", lease: 22, lifetime: 60_000))
                return try transaction.query("SELECT lease FROM jobs ORDER BY lease").map { try $0.int64("lease") }
            }
            #expect(leases == [0, 0, 11])
        }
    }

    @Test
    func `two nodes on one PostgreSQL share the work without doing anything twice`() async throws {
        try await TestDatabase.with(.postgres, migrations: MessagingMigrations.all) { database in
            var setup = TestSetup()
            setup.connectors = ["left", "right"]
            // Nothing stays in memory of the node that accepts: both have to claim.
            setup.options.dispatchCapacity = 0
            setup.options.nodeName = "acceptor"
            let acceptor = try await TestNode.start(on: database, setup)
            var keys: Set<MessageKey> = []
            for _ in 0..<200 { keys.insert(try await acceptor.send()) }
            await acceptor.stop()
            setup.options = TestSetup.fastOptions
            setup.options.nodeName = "one"
            let one = try await TestNode.start(on: database, setup)
            setup.options.nodeName = "two"
            let two = try await TestNode.start(on: database, setup)
            for key in keys { try await one.wait(for: .sent, of: key) }
            let submitted = (one.connector.submissions + two.connector.submissions).map(\.ticket.key)
            #expect(submitted.count == 200)
            #expect(Set(submitted) == keys)
            await one.stop()
            await two.stop()
        }
    }

    @Test
    func `concurrent claims on PostgreSQL are disjoint and keep to their limit`() async throws {
        try await TestDatabase.with(.postgres, migrations: MessagingMigrations.all) { database in
            let keys = (0..<400).map { MessageKey(companyID: 1, id: MessageID(high: 0, low: UInt64($0))) }
            try await database.write { try JobStore($0).insert(keys.map { ($0, 0, 0) }) }
            let claimed = try await withThrowingTaskGroup(of: [MessageKey].self) { group in
                for lease in 1...16 {
                    group.addTask {
                        try await database.write { try JobStore($0).claim(limit: 30, now: 1, lease: Lease(lease)) }
                    }
                }
                return try await group.reduce(into: [[MessageKey]]()) { $0.append($1) }
            }
            let all = claimed.flatMap { $0 }
            let largest = claimed.map(\.count).max() ?? 0
            #expect(all.count == Set(all).count)
            #expect(largest <= 30)
            #expect(all.count == 400)
        }
    }
}
