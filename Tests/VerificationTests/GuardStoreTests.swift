// SPDX-License-Identifier: Apache-2.0
// The guard on both databases: what it knows outlives a restart, operators overrule it, concurrency loses nothing.

import Accounts
import EngineTestSupport
import Prometheus
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Verification

@Suite struct GuardStoreTests {
    private static let start: Milliseconds = 1_700_000_000_000
    private static let gate = VerificationGate(limits: VerificationLimits([:]))

    /// Sends codes that nobody types until one is refused; returns its number and when.
    private static func pump(
        _ database: Database, _ prefix: String = "22177", from start: Milliseconds = Self.start
    ) async throws -> (number: String, at: Milliseconds) {
        for index in 0..<200 {
            let (number, now) = (prefix + String(1_000_000 + index * 4_999), start + Int64(index) * 15_000)
            if case .blocked = try await Gates.send(number, gate, database, at: now) { return (number, now) }
        }
        throw NotBlocked()
    }

    private struct NotBlocked: Error {}

    private static func entries(
        _ database: Database, _ change: @Sendable (inout PrefixRegister.Filter) -> Void = { _ in }
    ) async throws -> [PrefixRegister.Entry] {
        var filter = PrefixRegister.Filter()
        change(&filter)
        let wanted = filter
        return try await database.read { try PrefixRegister($0).list(wanted, limit: 100) }
    }

    @Test(arguments: Engine.allCases)
    func `a block is stored with its reasons and outlives a restart`(_ engine: Engine) async throws {
        let configuration = try TestDatabase.configuration(engine)
        var database = try await Database.open(configuration, logger: TestDatabase.quiet)
        try await database.migrate(Gates.migrations)
        let (number, now) = try await Self.pump(database)
        await database.close()
        database = try await Database.open(configuration, logger: TestDatabase.quiet)
        guard case .blocked(let prefix) = try await Gates.send(number, Self.gate, database, at: now + 1) else {
            Issue.record("the block is gone")
            return
        }
        let entry = try #require(try await Self.entries(database) { $0.exactly = prefix }.first)
        #expect(entry.state(now: now) == .blocked && entry.companyID == 1)
        #expect(entry.watch.map { $0.totals.refused == 2 && $0.totals.stopped == 100_000 } == true)
        let audit = try await database.read { try AuditLog($0).list(AuditLog.Filter(), limit: 10) }
        #expect(audit.map(\.action) == [.blocked] && audit.first?.objectID == prefix)
        #expect(audit.first?.actor == "guard" && audit.first?.companyID == 1)
        let changes = audit.first?.changes
        for name in ["sent", "verified", "honestShare", "evidence", "threshold", "price", "until"] {
            #expect(changes?[name]?["to"] != nil, "\(name)")
        }
        // Another company's numbers there are not concerned.
        #expect(try await Gates.send(number, Self.gate, database, at: now + 1, company: 2) == .admitted)
        await database.close()
        try TestDatabase.remove(configuration)
    }

    @Test(arguments: Engine.allCases)
    func `operators overrule the guard`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let (number, now) = try await Self.pump(database)
            guard case .blocked(let prefix) = try await Gates.send(number, Self.gate, database, at: now) else { return }
            let actor = Actor(name: "key:operator", origin: .admin)
            func change(_ body: @escaping @Sendable (PrefixRegister) throws -> Void) async throws {
                try await database.write { try body(PrefixRegister($0)) }
            }
            try await change { try $0.unblock(prefix, of: nil, as: actor, now: now) }
            #expect(try await Gates.send(number, Self.gate, database, at: now) == .admitted)
            try await change { try $0.set(.denied, for: "22", of: nil, as: actor, now: now) }
            #expect(try await Gates.send(number, Self.gate, database, at: now) == .blocked(prefix: "22"))
            #expect(try await Gates.send(number, Self.gate, database, at: now, company: 2) == .blocked(prefix: "22"))
            try await change { try $0.set(.allowed, for: "22", of: 1, as: actor, now: now) }
            #expect(try await Gates.send(number, Self.gate, database, at: now) == .admitted)
            #expect(try await Gates.send(number, Self.gate, database, at: now, company: 2) == .blocked(prefix: "22"))
            try await change { try $0.set(.denied, for: number, of: 1, as: actor, now: now) }
            #expect(try await Gates.send(number, Self.gate, database, at: now) == .blocked(prefix: number))
            let rules = try await Self.entries(database) { $0.isNotable = true }
            #expect(rules.filter { $0.rule != nil }.map(\.companyID) == [nil, 1, 1])
            try await change { try $0.unblock("22", of: nil, as: actor, now: now) }
            #expect(try await Gates.send(number, Self.gate, database, at: now, company: 2) == .admitted)
            let actions = try await database.read { try AuditLog($0).list(AuditLog.Filter(), limit: 10).map(\.action) }
            #expect(actions == [.unblocked, .blocked, .allowed, .blocked, .unblocked, .blocked])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a number that has verified passes a block, but not without end`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let friend = "221771000001"
            _ = try await Gates.send(friend, Self.gate, database, at: Self.start - 1000)
            try await Gates.verify(friend, Self.gate, database, at: Self.start)
            let (number, now) = try await Self.pump(database)
            #expect(try await Gates.send(number, Self.gate, database, at: now) != .admitted)
            for _ in 0..<3 { #expect(try await Gates.send(friend, Self.gate, database, at: now) == .admitted) }
            #expect(try await Gates.send(friend, Self.gate, database, at: now) != .admitted)
            let stored = try await database.read { try $0.query("SELECT number FROM guard_numbers") }
            #expect(try stored.map { try $0.bytes("number").count } == [16])
        }
    }

    @Test(arguments: Engine.allCases)
    func `concurrent sendings and verifications are all counted`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for index in 0..<40 {
                    group.addTask {
                        let number = "4915\(index % 8)1234\(1000 + index)"
                        _ = try await Gates.send(number, Self.gate, database, at: Self.start)
                        if index % 2 == 0 { try await Gates.verify(number, Self.gate, database, at: Self.start + 9000) }
                    }
                }
                try await group.waitForAll()
            }
            let entry = try #require(try await Self.entries(database) { $0.exactly = "49" }.first)
            #expect(entry.watch?.totals.sent == 40 && entry.watch?.totals.verified == 20)
            #expect(entry.watch?.recent.open == 20 && entry.watch?.totals.spent == 40 * 50_000)
            let open = try await database.read { try $0.queryOne("SELECT COUNT(*) AS n FROM guard_codes")?.int("n") }
            #expect(open == 20)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a sending that did not take place leaves no trace`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let attempt = Gates.attempt("4915112345678")
            for _ in 0..<2 {
                _ = try await database.write { try Self.gate.admit(attempt, in: $0, now: Self.start) }
                try await database.write { try Self.gate.withdrawn(attempt, in: $0, now: Self.start) }
            }
            let watches = try await Self.entries(database).compactMap(\.watch)
            #expect(watches.count == 8)
            #expect(watches.allSatisfy { $0.totals == PrefixWatch.Totals() && $0.recent.open == 0 })
        }
    }

    @Test(arguments: Engine.allCases)
    func `pages follow one another, and what is old is removed`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            for index in 0..<10 {
                _ = try await Gates.send("4915\(index)12345678", Self.gate, database, at: Self.start)
            }
            let all = try await Self.entries(database)
            var paged: [PrefixRegister.Entry] = []
            while true {
                var filter = PrefixRegister.Filter()
                filter.after = paged.last.map { ($0.companyID ?? 0, $0.prefix) }
                let wanted = filter
                let page = try await database.read { try PrefixRegister($0).list(wanted, limit: 7) }
                paged += page
                if page.count < 7 { break }
            }
            #expect(paged == all && all.count == 53)
            #expect(try await Self.entries(database) { $0.prefix = "49153" }.count == 5)
            #expect(try await Self.entries(database) { $0.companyIDs = [2] }.isEmpty)
            let later = Self.start + 100 * 86_400_000
            while try await database.write({ try Self.gate.sweep(in: $0, now: later, limit: 20) }) {}
            #expect(try await Self.entries(database).isEmpty)
        }
    }

    @Test func `what the gate says is counted, what is blocked is shown`() async throws {
        try await TestDatabase.with(.sqlite, migrations: Gates.migrations) { database async throws in
            let registry = Registry()
            let metrics = GuardMetrics(registry, database: database, clock: { Self.start + 600_000 })
            let (number, now) = try await Self.pump(database)
            metrics.record(try await Gates.send(number, Self.gate, database, at: now), on: .sms)
            metrics.record(.admitted, on: .voice)
            metrics.record(.limited(rule: "number: 5 per 10m", retryAfter: 1), on: .sms)
            metrics.recordVerified()
            let text = String(decoding: await registry.scrape(), as: UTF8.self)
            for line in [
                #"parley_verification_sent_total{channel="voice"} 1"#, "parley_verification_verified_total 1",
                #"parley_verification_refused_total{by="guard"} 1"#,
                #"parley_verification_refused_total{by="number"} 1"#, "parley_verification_blocked_prefixes 1",
                "parley_verification_spend_stopped 0.1",
            ] {
                #expect(text.contains(line + "\n"), "\(line)\n\(text)")
            }
        }
    }
}
