// SPDX-License-Identifier: Apache-2.0
// Limits: exact counts over rolling spans, rules as text, and concurrent requests on both databases.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Verification

@Suite struct LimitTests {
    private static let start: Milliseconds = 1_700_000_000_000

    @Test(arguments: [
        ("5 per 10m", LimitRule(5, per: 600_000)), ("1 per 1s", LimitRule(1, per: 1000)),
        ("20 per 24h", LimitRule(20, per: 86_400_000)), (" 3  per 7d ", LimitRule(3, per: 604_800_000)),
        ("0 per 1m", nil), ("5 per 0m", nil), ("5 per 10", nil), ("5 in 10m", nil), ("-5 per 10m", nil), ("", nil),
        ("5 per 32d", nil), ("5 per 10m 3", nil), ("99999999999999999999 per 1m", nil),
        ("5 per 9999999999d", nil), ("5 per m", nil), ("٥ per 1m", nil),
    ])
    func `a rule is read from a text`(_ text: String, _ rule: LimitRule?) {
        #expect(LimitRule(text) == rule)
        if let rule { #expect(LimitRule(rule.description) == rule) }
    }

    @Test func `the rules of a scope are set by a text or not at all`() {
        var limits = VerificationLimits()
        #expect(limits.set(.number, to: "3 per 1m, 9 per 1h") == nil)
        #expect(limits[.number] == [LimitRule(3, per: 60_000), LimitRule(9, per: 3_600_000)])
        #expect(limits.set(.number, to: "3 per 1m, nine per 1h") != nil)
        #expect(limits.set(.number, to: "1 per 1s,1 per 2s,1 per 3s,1 per 4s,1 per 5s") != nil)
        #expect(limits[.number].count == 2)
        #expect(limits.set(.number, to: "none") == nil)
        #expect(limits[.number].isEmpty)
        #expect(limits[.account] == VerificationLimits.standard[.account])
    }

    /// Whatever the times are: never more than the limit within any span, and there is room when it was promised.
    @Test(arguments: 1...20)
    func `within any span there are never more than the limit`(_ seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let span = Milliseconds.random(in: 1000...600_000, using: &generator)
        let limit = Int.random(in: 1...12, using: &generator)
        var count = RollingCount(span: span)
        var admitted: [Milliseconds] = []
        var now = Self.start
        for _ in 0..<500 {
            now += Milliseconds.random(in: 0...span / 4, using: &generator)
            count.advance(to: now)
            if let delay = count.delay(limit: limit, now: now) {
                #expect(delay > 0 && delay <= span + span / 15 + 1)
                now += delay
                count.advance(to: now)
                #expect(count.delay(limit: limit, now: now) == nil)
            }
            count.add(at: now)
            admitted.append(now)
            #expect(admitted.count { $0 > now - span } <= limit)
            #expect(RollingCount.counts(RollingCount.bytes(of: [count])) == [count])
        }
    }

    @Test func `any bytes can be read as counts`() {
        var generator = SeededGenerator(seed: 3)
        for _ in 0..<2000 {
            var bytes = RollingCount.bytes(of: [RollingCount(span: 1000), RollingCount(span: 2000)])
            bytes += (0..<Int.random(in: 0...200, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            for var count in RollingCount.counts(bytes) {
                count.advance(to: Self.start)
                _ = count.delay(limit: 1, now: Self.start)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `concurrent requests for one number pass as often as the limit says`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let gate = VerificationGate(limits: VerificationLimits([.number: [LimitRule(5, per: 600_000)]]))
            let decisions = try await withThrowingTaskGroup(of: GateDecision.self) { group in
                for _ in 0..<60 {
                    group.addTask { try await Gates.send("4915112345678", gate, database, at: Self.start) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(decisions.count { $0 == .admitted } == 5)
            let late = Self.start + 620_001
            #expect(try await Gates.send("4915112345678", gate, database, at: late) == .admitted)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a refused request counts for nothing, and the answer says when to come back`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let limits = VerificationLimits([
                .number: [LimitRule(3, per: 60_000)], .account: [LimitRule(2, per: 10_000)],
            ])
            let gate = VerificationGate(limits: limits)
            for _ in 0..<2 {
                #expect(try await Gates.send("4915112345678", gate, database, at: Self.start) == .admitted)
            }
            for _ in 0..<5 {
                let decision = try await Gates.send("4915112345678", gate, database, at: Self.start)
                guard case .limited(let rule, let delay) = decision else {
                    Issue.record("\(decision)")
                    return
                }
                #expect(rule == "account: 2 per 10s" && (10_000...10_700).contains(delay))
            }
            // Those five did not count for the number.
            let later = Self.start + 10_700
            #expect(try await Gates.send("4915112345678", gate, database, at: later) == .admitted)
            let decision = try await Gates.send("4915112345678", gate, database, at: later)
            #expect(decision.rule == "number: 3 per 1m")
            #expect(try await Gates.send("4915112345679", gate, database, at: later) == .admitted)
        }
    }

    @Test(arguments: Engine.allCases)
    func `addresses of IPv6 count by their first 64 bits`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let gate = VerificationGate(limits: VerificationLimits([.address: [LimitRule(1, per: 60_000)]]))
            func send(_ address: String, _ number: String) async throws -> GateDecision {
                try await Gates.send(number, gate, database, at: Self.start, address: IPAddress(address))
            }
            #expect(try await send("2001:db8:1:2::1", "4915112345001") == .admitted)
            #expect(try await send("2001:db8:1:2:ffff::9", "4915112345002").rule == "address: 1 per 1m")
            #expect(try await send("2001:db8:1:3::1", "4915112345003") == .admitted)
            #expect(try await send("192.0.2.1", "4915112345004") == .admitted)
            #expect(try await send("::ffff:192.0.2.1", "4915112345005").rule == "address: 1 per 1m")
            #expect(try await send("192.0.2.2", "4915112345006") == .admitted)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a withdrawn sending is not counted, and companies do not share counts`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let gate = VerificationGate(limits: VerificationLimits([.number: [LimitRule(1, per: 60_000)]]))
            let attempt = Gates.attempt("4915112345678")
            #expect(try await database.write { try gate.admit(attempt, in: $0, now: Self.start) } == .admitted)
            try await database.write { try gate.withdrawn(attempt, in: $0, now: Self.start) }
            #expect(try await Gates.send("4915112345678", gate, database, at: Self.start) == .admitted)
            #expect(try await Gates.send("4915112345678", gate, database, at: Self.start) != .admitted)
            #expect(try await Gates.send("4915112345678", gate, database, at: Self.start, company: 2) == .admitted)
        }
    }

    @Test(arguments: Engine.allCases)
    func `old counts are removed`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Gates.migrations) { database async throws in
            let gate = VerificationGate()
            for index in 0..<20 {
                _ = try await Gates.send("49151123\(10_000 + index)", gate, database, at: Self.start)
            }
            func rows() async throws -> Int? {
                try await database.read { try $0.queryOne("SELECT COUNT(*) AS n FROM verification_counts")?.int("n") }
            }
            #expect(try await rows() ?? 0 > 20)
            let later = Self.start + 100 * 86_400_000
            for _ in 0..<10 { _ = try await database.write { try gate.sweep(in: $0, now: later, limit: 10) } }
            #expect(try await rows() == 0)
        }
    }
}

extension GateDecision {
    var rule: String? { if case .limited(let rule, _) = self { rule } else { nil } }
}
