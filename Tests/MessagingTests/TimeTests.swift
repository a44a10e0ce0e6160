// SPDX-License-Identifier: Apache-2.0
// What time does: schedules, validity, retries, fail-over and retention, on a clock that the tests turn.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct TimeTests {
    @Test(arguments: Engine.allCases)
    func `a scheduled message leaves at its time and not before`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            var message = node.message()
            message.status = .scheduled
            message.sendAt = TestClock.start + 3_600_000
            message.expiresAt += 3_600_000
            let key = try await node.send(message)
            node.clock.advance(by: 3_599_999)
            await node.engine.lookAtTime()
            // A message of now is claimed and sent after the scheduled one would have been.
            let other = try await node.send()
            try await node.wait(for: .sent, of: other)
            #expect(node.connector.submissions.map(\.ticket.key) == [other])
            #expect(try await node.stored(key).message.status == .scheduled)
            node.clock.advance(by: 1)
            try await node.wait(for: .sent, of: key)
            #expect(try await node.events(of: key) == ["scheduled", "sent"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what was not sent within its validity expires at once and leaves memory`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.setUp(false)
            let key = try await node.send(node.message(validity: 60_000))
            node.clock.advance(by: 59_999)
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .accepted)
            node.clock.advance(by: 1)
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .expired)
            #expect(try await node.inbox.bodies(count: 1) == ["\(key.id) expired"])
            #expect(try await node.count("jobs") == 0)
            try await node.waitUntilIdle()
            node.connector.setUp(true)
            let other = try await node.send()
            try await node.wait(for: .sent, of: other)
            #expect(node.connector.submissions.map(\.ticket.key) == [other])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what was sent has a minute of grace for the carrier's own word`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send(node.message(validity: 60_000))
            let submission = try await node.connector.submissions(count: 1)[0]
            #expect(submission.expiresAt == TestClock.start + 60_000)
            try await node.wait(for: .sent, of: key)
            node.clock.advance(by: 60_000 + 59_999)
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .sent)
            node.clock.advance(by: 1)
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .expired)
            await node.report(submission)
            #expect(try await node.stored(key).message.status == .expired)
            #expect(try await node.events(of: key) == ["accepted", "sent", "expired", "late"])
            #expect(try await node.count("deliveries") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a retry waits for its delay and counts as the next try`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.answer {
                $0.ticket.attempt == 1 ? .retry(delay: 5000, reason: "throttled") : .submitted(providerID: "7")
            }
            let key = try await node.send()
            _ = try await node.connector.submissions(count: 1)
            _ = try await eventually("the retry is stored") {
                try await node.stored(key).parts.first?.state == .queued ? true : nil
            }
            node.clock.advance(by: 4999)
            await node.engine.lookAtTime()
            #expect(node.connector.submissions.count == 1)
            node.clock.advance(by: 1)
            let again = try await node.connector.submissions(count: 2)[1]
            #expect(again.ticket.attempt == 2)
            #expect(!again.isPossibleDuplicate)
            try await node.wait(for: .sent, of: key)
            #expect(try await node.events(of: key) == ["accepted", "sent"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `the next connector carries what comes while the first is down`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.connectors = ["fake", "backup"]
        try await TestNode.run(engine, setup) { node in
            try await node.wait(for: .sent, of: try await node.send())
            node.connector.setUp(false)
            #expect(node.engine.dispatcher.connectorsDown == ["fake"])
            let second = try await node.send()
            let sent = try await node.wait(for: .sent, of: second)
            #expect(sent.parts.map(\.connectorID) == [node.connectors[1].id])
            node.connector.setUp(true)
            try await node.wait(for: .sent, of: try await node.send())
            #expect(node.connectors.map(\.submissions.count) == [2, 1])
            node.connectors[1].setUp(false)
            node.connector.setUp(false)
            let waiting = try await node.send()
            await node.engine.lookAtTime()
            #expect(try await node.stored(waiting).message.status == .accepted)
            node.connectors[1].setUp(true)
            try await node.wait(for: .sent, of: waiting)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what retention no longer wants goes with all that belongs to it`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let ended = try await node.send()
            try await node.wait(for: .sent, of: ended)
            await node.report(node.connector.submissions[0])
            let open = try await node.send(node.message(validity: 200 * 86_400_000))
            try await node.wait(for: .sent, of: open)
            try await node.database.write { transaction in
                try transaction.execute("UPDATE deliveries SET state = 1, done_at = $1", [.integer(TestClock.start)])
            }
            node.clock.set(TestClock.start + 92 * 86_400_000)
            _ = try await node.engine.sweeper.removeOld()
            #expect(try await node.count("messages") == 2)
            node.clock.advance(by: 1)
            #expect(try await !node.engine.sweeper.removeOld())
            #expect(try await node.count("messages") == 1)
            #expect(try await node.stored(open).message.status == .sent)
            #expect(try await node.count("parts") == 1)
            #expect(try await node.count("events") == 2)
            #expect(try await node.count("deliveries") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a change of the configuration reaches every node`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            #expect(node.directory.current.routes.route(gateway: "DEFAULT", recipient: "49")?.prefix == "")
            let version = node.directory.current.version
            let id = node.connector.id
            await node.engine.lookAtTime()
            #expect(node.directory.current.version == version)
            // As another node would: this one has to find out.
            let elsewhere = DirectoryCache(database: node.database, secrets: try #require(TestSetup.secrets))
            try await elsewhere.provision(as: .file, now: 1) { provisioner in
                for route in try provisioner.routes() { try provisioner.remove(routeID: route.id) }
                try provisioner.create([
                    Route(id: 0, gateway: "DEFAULT", prefix: "49", connectorIDs: [id]),
                    Route(id: 0, gateway: "PREMIUM", prefix: "", connectorIDs: [id]),
                ])
            }
            #expect(node.directory.current.version == version)
            await node.engine.lookAtTime()
            #expect(node.directory.current.version == version + 1)
            #expect(node.directory.current.routes.hasGateway("PREMIUM"))
            #expect(node.directory.current.routes.route(gateway: "DEFAULT", recipient: "44") == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the look for overdue messages reads only the index of open ones up to now`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let plan = try await database.write { transaction in
                let prefix = transaction.dialect.pick(sqlite: "EXPLAIN QUERY PLAN ", postgres: "EXPLAIN ")
                // A planner with an empty table would not bother with an index.
                if engine == .postgres { try transaction.execute("SET LOCAL enable_seqscan = off") }
                let rows = try transaction.query(
                    prefix + RetentionStore.overdueSelection, [.integer(1), .integer(2), .integer(3)])
                return try rows.map { try $0.text(engine == .sqlite ? "detail" : "QUERY PLAN") }
            }
            let text = plan.joined(separator: "\n")
            #expect(text.contains("messages_open"))
            #expect(text.contains(engine == .sqlite ? "expires_at<?" : "Index Cond: (expires_at <= "))
        }
    }
}
