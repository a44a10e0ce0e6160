// SPDX-License-Identifier: Apache-2.0
// Acceptance: one commit for many requests, each with its own answer; requests that are repeated; balances that are spent
// side by side.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct AcceptanceTests {
    /// Hands in all messages at once, so that they share commits.
    private func acceptAll(
        _ messages: [Message], _ node: TestNode, idempotency: IdempotencyClaim? = nil
    ) async -> [AcceptResult] {
        await withTaskGroup(of: (Int, AcceptResult).self) { group in
            for (index, message) in messages.enumerated() {
                group.addTask { (index, await node.engine.acceptor.accept(message, idempotency: idempotency)) }
            }
            return await group.reduce(into: [(Int, AcceptResult)]()) { $0.append($1) }
                .sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a message that cannot be stored fails alone`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            let taken = node.message()
            try await node.send(taken)
            var messages = (0..<40).map { _ in node.message() }
            messages[17] = taken
            let results = await acceptAll(messages, node)
            for (index, result) in results.enumerated() {
                #expect(result == (index == 17 ? .unavailable : .accepted))
            }
            #expect(try await node.count("messages") == 40)
            #expect(try await node.count("events", where: "kind = 'accepted'") == 40)
            _ = try await node.connector.submissions(count: 40)
            for message in messages { try await node.wait(for: .sent, of: message.key) }
            try await node.waitUntilIdle()
            #expect(node.connector.submissions.count == 40)
        }
    }

    @Test(arguments: Engine.allCases)
    func `messages go to their connector in the order in which they came, however many commits that takes`(
        _ engine: Engine
    ) async throws {
        try await TestNode.run(engine) { node async throws in
            let messages = (0..<2000).map { _ in node.message() }
            let results = Watched<[AcceptResult]>([])
            for start in stride(from: 0, to: messages.count, by: 4) {
                node.engine.acceptor.accept(
                    messages[start..<start + 4].map { message in
                        Acceptor.Submission(message) { result in results.update { $0.append(result) } }
                    })
                await Task.yield()
            }
            let submissions = try await node.connector.submissions(count: messages.count)
            let misplaced = zip(submissions, messages).enumerated().filter { $1.0.ticket.key != $1.1.key }.map(\.offset)
            #expect(misplaced == [])
            #expect(results.current.filter { $0 == .accepted }.count == messages.count)
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `without a database nothing is accepted, and with it again all is`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            try await node.database.write { try $0.execute("ALTER TABLE jobs RENAME TO jobs_away") }
            let results = await acceptAll((0..<10).map { _ in node.message() }, node)
            #expect(results == Array(repeating: .unavailable, count: 10))
            try await node.database.write { try $0.execute("ALTER TABLE jobs_away RENAME TO jobs") }
            #expect(try await node.count("messages") == 0)
            try await node.wait(for: .sent, of: try await node.send())
            try await node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a closed database is unavailable, not an endless wait`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let node = try await TestNode.start(on: database)
            await database.close()
            #expect(await node.engine.acceptor.accept(node.message()) == .unavailable)
            #expect(
                await node.receive(
                    .receipt(
                        Receipt(
                            connectorID: 1, providerID: "1", recipient: "", state: .delivered, errorCode: nil, at: 0)))
                    == .unavailable)
            await node.stop()
            #expect(await node.engine.acceptor.accept(node.message()) == .unavailable)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a repeated request gets the first answer and sends nothing`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            let claim = IdempotencyClaim(key: "k", requestHash: [1, 2], answer: [9, 9])
            let acceptor = node.engine.acceptor
            #expect(await acceptor.accept(node.message(), idempotency: claim) == .accepted)
            let again = IdempotencyClaim(key: "k", requestHash: [1, 2], answer: [7])
            #expect(await acceptor.accept(node.message(), idempotency: again) == .repeated(answer: [9, 9]))
            let other = IdempotencyClaim(key: "k", requestHash: [3], answer: [7])
            #expect(await acceptor.accept(node.message(), idempotency: other) == .keyReused)
            #expect(
                await acceptor.accept(node.message(company: node.other), idempotency: other) == .accepted,
                "keys are each company's own")
            #expect(try await node.count("messages") == 2)
            node.clock.advance(by: 86_399_999)
            #expect(await acceptor.accept(node.message(), idempotency: again) == .repeated(answer: [9, 9]))
            node.clock.advance(by: 1)
            #expect(await acceptor.accept(node.message(), idempotency: other) == .accepted)
            #expect(try await node.count("messages") == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `of requests with one key that come together a single one is carried out`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            let claim = IdempotencyClaim(key: "same", requestHash: [1], answer: [5])
            let results = await acceptAll((0..<30).map { _ in node.message() }, node, idempotency: claim)
            #expect(results.filter { $0 == .accepted }.count == 1)
            #expect(results.filter { $0 == .repeated(answer: [5]) }.count == 29)
            #expect(try await node.count("messages") == 1)
        }
    }

    @Test
    func `two nodes agree on who carries a request out`() async throws {
        try await TestDatabase.with(.postgres, migrations: MessagingMigrations.all) { database in
            var setup = TestSetup()
            setup.balance = Money("1")
            let one = try await TestNode.start(on: database, setup)
            setup.options.nodeName = "two"
            let two = try await TestNode.start(on: database, setup)
            for round in 0..<20 {
                let claim = IdempotencyClaim(key: "key-\(round)", requestHash: [1], answer: [5])
                async let left = one.engine.acceptor.accept(one.message(), idempotency: claim)
                async let right = two.engine.acceptor.accept(two.message(), idempotency: claim)
                let results = await [left, right]
                #expect(results.contains(.accepted))
                #expect(results.contains(.repeated(answer: [5])))
            }
            #expect(try await one.count("messages") == 20)
            await one.stop()
            await two.stop()
        }
    }
}

struct PrepaidTests {
    private func balance(_ node: TestNode) async throws -> Money {
        let company = node.acme
        return try await node.database.read { try BalanceStore($0).balance(of: company) }
    }

    private func ledger(_ node: TestNode) async throws -> (sum: Money, kinds: [String]) {
        let rows = try await node.database.read {
            try $0.query("SELECT kind, amount FROM ledger ORDER BY id").map {
                (try $0.text("kind"), try $0.int64("amount"))
            }
        }
        return (Money(micros: rows.map(\.1).reduce(0, +)), rows.map(\.0))
    }

    private func prepaid(_ balance: String) -> TestSetup {
        var setup = TestSetup()
        setup.balance = Money(balance)
        return setup
    }

    @Test(arguments: Engine.allCases)
    func `a message that is sent is charged, part by part`(_ engine: Engine) async throws {
        try await TestNode.run(engine, prepaid("1")) { node async throws in
            let key = try await node.send(to: "491701234567", String(repeating: "a", count: 400))
            #expect(try await balance(node) == Money("0.9775"))
            try await node.wait(for: .sent, of: key)
            #expect(try await node.stored(key).message.reserved == .zero)
            let ledger = try await ledger(node)
            #expect(ledger.kinds == ["top_up", "reserved", "settled"])
            #expect(ledger.sum == Money("0.9775"))
            #expect(try await balance(node) == ledger.sum)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what never left is given back`(_ engine: Engine) async throws {
        try await TestNode.run(engine, prepaid("1")) { node async throws in
            node.connector.setUp(false)
            let expiring = try await node.send(node.message(validity: 1000))
            #expect(try await balance(node) == Money("0.9925"))
            node.clock.advance(by: 1000)
            await node.engine.lookAtTime()
            #expect(try await node.stored(expiring).message.status == .expired)
            #expect(try await balance(node) == Money("1"))
            node.connector.answer { _ in .rejected(code: "0001", reason: "no") }
            node.connector.setUp(true)
            let refused = try await node.send()
            try await node.wait(for: .rejected, of: refused)
            #expect(try await balance(node) == Money("1"))
            #expect(try await ledger(node).sum == Money("1"))
            node.clock.advance(by: 100 * 86_400_000)
            await node.engine.lookAtTime()
            #expect(try await balance(node) == Money("1"))
        }
    }

    @Test(arguments: Engine.allCases)
    func `requests that come together never spend more than there is`(_ engine: Engine) async throws {
        try await TestNode.run(engine, prepaid("0.0750")) { node async throws in
            let messages = (0..<40).map { _ in node.message() }
            let results = await withTaskGroup(of: AcceptResult.self) { group in
                for message in messages { group.addTask { await node.engine.acceptor.accept(message) } }
                return await group.reduce(into: [AcceptResult]()) { $0.append($1) }
            }
            #expect(results.filter { $0 == .accepted }.count == 10)
            #expect(results.filter { $0 == .insufficientBalance }.count == 30)
            #expect(try await balance(node) == .zero)
            #expect(try await ledger(node).sum == .zero)
            #expect(try await node.count("messages") == 10)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a request that the balance does not cover does not use up its key`(_ engine: Engine) async throws {
        try await TestNode.run(engine, prepaid("0.0074")) { node async throws in
            let claim = IdempotencyClaim(key: "k", requestHash: [1], answer: [5])
            let acceptor = node.engine.acceptor
            #expect(await acceptor.accept(node.message(), idempotency: claim) == .insufficientBalance)
            #expect(await acceptor.accept(node.message(), idempotency: claim) == .insufficientBalance)
            let company = node.acme
            try await node.database.write {
                try BalanceStore($0).add(
                    Money(micros: 100), kind: .topUp, companyID: company, messageID: nil, now: 0)
            }
            #expect(await acceptor.accept(node.message(), idempotency: claim) == .accepted)
            #expect(try await balance(node) == .zero)
        }
    }

    @Test
    func `two nodes never spend more than there is`() async throws {
        try await TestDatabase.with(.postgres, migrations: MessagingMigrations.all) { database in
            var setup = prepaid("0.0750")
            let one = try await TestNode.start(on: database, setup)
            setup.options.nodeName = "two"
            let two = try await TestNode.start(on: database, setup)
            let results = await withTaskGroup(of: AcceptResult.self) { group in
                for index in 0..<40 {
                    let node = index.isMultiple(of: 2) ? one : two
                    let message = node.message()
                    group.addTask { await node.engine.acceptor.accept(message) }
                }
                return await group.reduce(into: [AcceptResult]()) { $0.append($1) }
            }
            #expect(results.filter { $0 == .accepted }.count == 10)
            #expect(try await balance(one) == .zero)
            await one.stop()
            await two.stop()
        }
    }
}
