// SPDX-License-Identifier: Apache-2.0
// The pumping guard as traces: codes go out, are typed or not, and time passes. No database.

import EngineTestSupport
import Testing
import Wire

@testable import Verification

/// A guard, its states and its clock.
private struct Trace {
    let guarding = PumpingGuard()
    var watches: [String: PrefixWatch] = [:]
    var now: Milliseconds = 1_700_000_000_000
    var events: [GuardEvent] = []

    mutating func wait(_ seconds: Int64) { now += seconds * 1000 }

    mutating func send(
        _ number: String, price: Int64? = 50_000, isKnown: Bool = false, isRepeated: Bool = false,
        rule: GuardRule? = nil
    ) -> GuardVerdict {
        let prefixes = NumberPrefixes(number)
        var chain = self.chain(prefixes)
        let (verdict, events) = guarding.admit(
            prefixes, price: price, isKnown: isKnown, isRepeated: isRepeated, rule: rule, chain: &chain, now: now)
        keep(chain, events)
        return verdict
    }

    mutating func verify(_ number: String, sentAt: Milliseconds, counted: Bool = true) {
        var chain = self.chain(NumberPrefixes(number))
        keep(chain, guarding.verified(sentAt: sentAt, counted: counted, chain: &chain, now: now), after: chain)
    }

    private func chain(_ prefixes: NumberPrefixes) -> [PrefixWatch] {
        prefixes.all.map { watches[$0] ?? PrefixWatch(prefix: $0, now: now) }
    }

    private mutating func keep(_ chain: [PrefixWatch], _ events: [GuardEvent], after: [PrefixWatch]? = nil) {
        for watch in after ?? chain { watches[watch.prefix] = watch }
        self.events += events
    }

    /// Sends one code each `interval` seconds to fresh numbers behind `prefix`, of which every `nth` is typed after ten
    /// seconds. Returns how many were admitted.
    mutating func traffic(_ prefix: String, _ count: Int, every interval: Int64, verifying nth: Int?) -> Int {
        var admitted = 0
        var waiting: [(at: Milliseconds, number: String)] = []
        func type(_ trace: inout Trace) {
            while let first = waiting.first, trace.now - first.at >= 10_000 {
                trace.verify(first.number, sentAt: first.at)
                waiting.removeFirst()
            }
        }
        for index in 0..<count {
            let digits = String(1_000_000_000 + index * 7_919_993 % 1_000_000_000).dropFirst()
            let number = prefix + digits.suffix(12 - prefix.count)
            if send(number) == .admitted {
                admitted += 1
                if let nth, index % nth == 0 { waiting.append((now, number)) }
            }
            wait(interval)
            type(&self)
        }
        if nth != nil { wait(10) }
        type(&self)
        return admitted
    }

    /// Sends codes that nobody types until a prefix is blocked; returns it.
    mutating func pump(_ prefix: String) -> String? {
        for index in 0..<100 where blocked.isEmpty {
            _ = send(prefix + String(10_000_000 + index * 79_199))
            wait(20)
        }
        return blocked.first
    }

    var blocked: [String] { watches.values.filter(\.isBlocked).map(\.prefix).sorted() }
}

@Suite struct GuardTraceTests {
    @Test(arguments: [
        ("491511234567", ["49", "491", "4915", "49151", "491511", "4915112", "49151123", "491511234"]),
        ("12125550123", ["1", "12", "121", "1212", "12125", "121255", "1212555", "12125550"]),
        ("37121234567", ["371", "3712", "37121", "371212", "3712123", "37121234"]), ("4912", []), ("", []),
        ("0123456789", []), ("49151x234567", []), ("4915112345671234", []),
    ])
    func `a number is watched under at most eight prefixes`(_ number: String, _ prefixes: [String]) {
        #expect(NumberPrefixes(number).all == prefixes)
    }

    @Test func `codes that nobody types block the prefix`() {
        var trace = Trace()
        let admitted = trace.traffic("2217", 200, every: 10, verifying: nil)
        #expect(admitted < 50, "\(admitted)")
        #expect(!trace.blocked.isEmpty && trace.blocked.allSatisfy { $0.hasPrefix("221") })
        let event = trace.events.first
        #expect(event?.verified == 0 && event?.price == 50_000)
        #expect(event.map { $0.evidence >= $0.threshold && $0.sent >= 10 } == true)
    }

    @Test(arguments: [1, 2, 3])
    func `codes of which every nth is typed pass`(_ nth: Int) {
        var trace = Trace()
        #expect(trace.traffic("2217", 2000, every: 5, verifying: nth) == 2000)
        #expect(trace.events.isEmpty)
    }

    @Test func `a few typed codes do not hide pumping`() {
        var trace = Trace()
        let admitted = trace.traffic("2217", 1000, every: 5, verifying: 20)
        #expect(admitted < 150, "\(admitted)")
    }

    @Test func `a burst is held up before any code could have been typed`() {
        var trace = Trace()
        let admitted = trace.traffic("22177123", 5000, every: 0, verifying: nil)
        #expect(admitted <= 60, "\(admitted)")
        #expect(trace.events.isEmpty)
    }

    @Test func `the longest prefix that explains it is blocked, and the neighbours are not`() {
        var trace = Trace()
        _ = trace.traffic("49151", 1500, every: 2, verifying: 1)
        _ = trace.traffic("491609999", 60, every: 10, verifying: nil)
        #expect(!trace.blocked.isEmpty && trace.blocked.allSatisfy { $0.hasPrefix("4916") }, "\(trace.blocked)")
        #expect(trace.send("491511234999") == .admitted)
        #expect(trace.send("491609999123") != .admitted)
    }

    @Test func `many blocked neighbours block what they have in common`() {
        var trace = Trace()
        for block in 10..<40 { _ = trace.traffic("22176\(block)", 40, every: 10, verifying: nil) }
        let shortest = trace.blocked.map(\.count).min() ?? 99
        #expect(shortest <= 6, "\(trace.blocked)")
    }

    @Test func `a block ends in a probation, which verified codes end`() throws {
        var trace = Trace()
        let pumped = trace.pump("2217")
        let blocked = try #require(pumped)
        trace.wait(40 * 60)
        var admitted = 0
        for _ in 0..<40 {
            let number = "2217\(10_000_000 + admitted)"
            if trace.send(number) == .admitted {
                let sentAt = trace.now
                trace.wait(10)
                trace.verify(number, sentAt: sentAt)
                admitted += 1
            }
            trace.wait(20)
        }
        #expect(admitted >= 30, "\(admitted)")
        #expect(trace.watches[blocked]?.phase == .watching)
        #expect(trace.events.last?.kind == .unblocked)
    }

    @Test func `each further block lasts twice as long`() throws {
        var trace = Trace()
        var lengths: [String: [Milliseconds]] = [:]
        for index in 0..<400 {
            let before = trace.events.count
            _ = trace.send("2217\(10_000_000 + index * 79_199)")
            if trace.events.count > before, let event = trace.events.last, case .blocked(let until) = event.kind {
                lengths[event.prefix, default: []].append(until - trace.now)
                trace.now = until
            }
            trace.wait(20)
        }
        let longest = try #require(lengths.values.max { $0.count < $1.count })
        #expect(longest.count >= 6)
        let (first, bound) = (GuardSettings().firstBlock, GuardSettings().longestBlock)
        for (index, length) in longest.enumerated() { #expect(length == min(bound, first << Int64(index))) }
    }

    @Test func `a number that has verified passes a block, and a rule goes before everything`() throws {
        var trace = Trace()
        let pumped = trace.pump("2217")
        let prefix = try #require(pumped)
        let number = String((prefix + "000000000").prefix(12))
        #expect(trace.send(number) == .refused(prefix: prefix))
        #expect(trace.send(number, isKnown: true) == .admitted)
        #expect(trace.send(number, rule: GuardRule(prefix: "22", decision: .allowed)) == .admitted)
        let denied = GuardRule(prefix: "221", decision: .denied)
        #expect(trace.send(number, isKnown: true, rule: denied) == .refused(prefix: "221"))
        #expect(trace.watches[prefix].map { $0.totals.stopped >= 50_000 } == true)
    }

    @Test func `one person who tries again and again is no evidence`() {
        var trace = Trace()
        for attempt in 0..<200 {
            #expect(trace.send("221771234567", isRepeated: attempt > 0) == .admitted)
            trace.wait(20)
        }
        #expect(trace.events.isEmpty)
    }

    @Test func `expensive prefixes need less evidence`() {
        func admitted(price: Int64) -> Int {
            var trace = Trace()
            return (0..<100).count { index in
                trace.wait(20)
                return trace.send("2217\(10_000_000 + index)", price: price) == .admitted
            }
        }
        #expect(admitted(price: 1_000_000) < admitted(price: 5_000))
    }

    @Test func `the clock may go back`() {
        var trace = Trace()
        var generator = SeededGenerator(seed: 7)
        for _ in 0..<2000 {
            trace.now += Milliseconds.random(in: -100_000...120_000, using: &generator)
            let number = "2217\(Int.random(in: 10_000_000...99_999_999, using: &generator))"
            _ = trace.send(number)
            if Bool.random(using: &generator) {
                trace.verify(number, sentAt: trace.now - Milliseconds.random(in: -9_000...900_000, using: &generator))
            }
        }
        #expect(trace.watches.values.allSatisfy { $0.evidence >= 0 && $0.evidence.isFinite })
    }

    @Test func `recent codes survive being stored, and any bytes can be read`() {
        var recent = RecentCodes()
        for second in 0..<40 { recent.send(at: 1_700_000_000_000 + Int64(second) * 4000) }
        _ = recent.verify(sentAt: 1_700_000_000_000)
        #expect(RecentCodes(bytes: recent.bytes) == recent)
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<2000 {
            let bytes = (0..<Int.random(in: 0...300, using: &generator)).map { _ in
                UInt8.random(in: 0...255, using: &generator)
            }
            let read = RecentCodes(bytes: bytes)
            #expect(read.slots.allSatisfy { $0.verified <= $0.sent })
            #expect(RecentCodes(bytes: read.bytes) == read)
        }
    }
}
