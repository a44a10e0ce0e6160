// SPDX-License-Identifier: Apache-2.0
// Look-ups on a whole node: what they cost, what is kept, what survives a crash, and what is sent to callback URLs.

import Accounts
import EngineTestSupport
import Messaging
import Prometheus
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import NumberInfo

@Suite struct NumberDeskTests {
    private static let one = Money("1") ?? .zero
    private static let url = "https://acme.example/numbers"

    // MARK: Money

    @Test(arguments: Engine.allCases)
    func `an answer is charged, in one ledger with messages`(_ engine: Engine) async throws {
        try await DeskTester.run(engine, balance: Self.one, sources: [FakeSource("enum", .ported)]) { tester in
            try await tester.setPrice("0.4")
            let information = try #require(try await tester.desk.ask(tester.request()).information)
            #expect(information.facts.ported == .yes)
            #expect(information.price == Money("0.4"))
            #expect(information.currency == "EUR")
            #expect(information.priceEffective == 1_577_836_800_000)
            #expect(information.isSynchronous)
            #expect(try await tester.balance() == Money("0.6"))
            #expect(try await tester.ledger() == ["reserved", "settled"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a failed look-up is given back`(_ engine: Engine) async throws {
        let source = FakeSource("enum", .failed(reason: "down"))
        try await DeskTester.run(engine, balance: Self.one, sources: [source]) { tester in
            try await tester.setPrice("0.4")
            let information = try #require(try await tester.desk.ask(tester.request()).information)
            #expect(information.facts.errorCode == "22")
            #expect(information.price == .zero)
            #expect(try await tester.balance() == Self.one)
            #expect(try await tester.ledger() == ["reserved", "released", "settled"])
        }
    }

    @Test func `a number that no plan can have is asked of nobody and costs nothing`() async throws {
        let source = FakeSource("enum", .ported)
        try await DeskTester.run(balance: Self.one, sources: [source]) { tester in
            try await tester.node.provision { provisioner in
                try provisioner.create([
                    Price(
                        id: 0, companyID: nil, direction: .gnp, prefix: "", mcc: "", mnc: "", ttid: "", currency: "EUR",
                        amount: Self.one, effectiveFrom: 0)
                ])
            }
            let information = try #require(try await tester.desk.ask(tester.request("999123456789")).information)
            #expect(information.facts.errorCode == "1")
            #expect(source.numbers.isEmpty)
            #expect(try await tester.balance() == Self.one)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a balance is never spent twice`(_ engine: Engine) async throws {
        let source = FakeSource("enum", .ported)
        try await DeskTester.run(engine, balance: Self.one, sources: [source]) { tester in
            try await tester.setPrice("0.3")
            let replies = try await withThrowingTaskGroup(of: NumberReply.self) { group in
                for index in 0..<20 {
                    group.addTask { try await tester.desk.ask(tester.request("4917012345\(10 + index)")) }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(replies.count { $0.information != nil } == 3)
            #expect(replies.count { $0 == .insufficientBalance } == 17)
            #expect(try await tester.balance() == Money("0.1"))
            #expect(source.numbers.count == 3)
        }
    }

    @Test func `without a price a prepaid company is refused, and another pays nothing`() async throws {
        try await DeskTester.run(balance: Self.one, sources: [FakeSource("enum", .ported)]) { tester in
            let reply = try await tester.desk.ask(tester.request())
            #expect(reply == .noPrice)
        }
        try await DeskTester.run(sources: [FakeSource("enum", .ported)]) { tester in
            let information = try #require(try await tester.desk.ask(tester.request()).information)
            #expect(information.price == .zero)
            #expect(information.priceEffective == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `GNV has a price of its own, and every look-up leaves a record`(_ engine: Engine) async throws {
        try await DeskTester.run(engine, sources: [FakeSource("hlr", .present)]) { tester in
            try await tester.setPrice("0.4")
            try await tester.setPrice("2", .gnv)
            let request = tester.request(DeskTester.mobile, .subscriber)
            let information = try #require(try await tester.desk.ask(request).information)
            #expect(information.price == Money("2"))
            #expect(information.facts.presence == .yes)
            let record = try await tester.node.database.read { transaction in
                try transaction.queryOne("SELECT question, price, state FROM lookups")
            }
            #expect(try record?.text("question") == "subscriber")
            #expect(try record?.int64("price") == 2_000_000)
            #expect(try record?.int64("state") == 1)
        }
    }

    // MARK: Keeping answers

    @Test(arguments: Engine.allCases)
    func `an answer is kept for its time and asked anew afterwards`(_ engine: Engine) async throws {
        let source = FakeSource("enum", .ported)
        try await DeskTester.run(engine, sources: [source]) { tester in
            for _ in 0..<3 { _ = try await tester.desk.ask(tester.request()) }
            #expect(source.numbers.count == 1)
            tester.node.clock.advance(by: 3_600_000)
            _ = try await tester.desk.ask(tester.request())
            #expect(source.numbers.count == 2)
        }
    }

    @Test func `an answer is kept no longer than its source vouches for it`() async throws {
        let source = FakeSource("enum", .facts(validFor: 60_000) { $0.ported = .no })
        try await DeskTester.run(sources: [source]) { tester in
            _ = try await tester.desk.ask(tester.request())
            tester.node.clock.advance(by: 60_000)
            _ = try await tester.desk.ask(tester.request())
            #expect(source.numbers.count == 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an import makes kept answers count no more`(_ engine: Engine) async throws {
        let source = FakeSource("enum", .facts { $0.ported = .no })
        try await DeskTester.run(engine, sources: [source]) { tester in
            _ = try await tester.desk.ask(tester.request())
            try await tester.importTable("\(DeskTester.mobile),262,02")
            let information = try #require(try await tester.desk.ask(tester.request()).information)
            #expect(information.facts.ported == .yes)
            #expect(information.facts.current?.mnc == "02")
        }
    }

    @Test func `failures are not kept`() async throws {
        let source = FakeSource("enum", .failed(reason: "down"))
        try await DeskTester.run(sources: [source]) { tester in
            for _ in 0..<2 { _ = try await tester.desk.ask(tester.request()) }
            #expect(source.numbers.count == 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func `no more answers are kept than there may be`(_ engine: Engine) async throws {
        var options = NumberInfoOptions()
        options.cacheCapacity = 3
        try await DeskTester.run(engine, sources: [FakeSource("enum", .ported)], options: options) { tester in
            for index in 0..<6 {
                _ = try await tester.desk.ask(tester.request("49170123456\(index)"))
                tester.node.clock.advance(by: 1000)
            }
            try await tester.desk.clearUp()
            let kept = try await tester.node.database.read { transaction in
                try transaction.query("SELECT number FROM number_answers ORDER BY number").map {
                    try $0.int64("number")
                }
            }
            #expect(kept == [491_701_234_563, 491_701_234_564, 491_701_234_565])
        }
    }

    @Test func `requests for one number at the same time share one query`() async throws {
        let gate = Gate()
        let source = FakeSource("enum") { _ in
            await gate.pass()
            return .ported
        }
        try await DeskTester.run(sources: [source]) { tester in
            try await withThrowingTaskGroup(of: NumberReply.self) { group in
                for _ in 0..<20 { group.addTask { try await tester.desk.ask(tester.request()) } }
                while source.numbers.isEmpty { await Task.yield() }
                gate.open()
                for try await reply in group { #expect(reply.information?.facts.ported == .yes) }
            }
            #expect(source.numbers.count == 1)
        }
    }

    @Test func `a table that is complete for a prefix says what is not ported`() async throws {
        var options = NumberInfoOptions()
        options.completePrefixes = ["49170"]
        try await DeskTester.run(options: options) { tester in
            #expect(try await tester.desk.ask(tester.request()).information?.facts.ported == .unknown)
            try await tester.importTable("491701111111,262,02")
            #expect(try await tester.desk.ask(tester.request()).information?.facts.ported == .no)
            let elsewhere = tester.request("491711234567")
            #expect(try await tester.desk.ask(elsewhere).information?.facts.ported == .unknown)
        }
    }

    // MARK: Callbacks

    private func running(_ desk: NumberDesk, _ body: () async throws -> Void) async throws {
        let task = Task { await desk.run() }
        do {
            try await body()
        } catch {
            desk.stop()
            await task.value
            throw error
        }
        desk.stop()
        await task.value
    }

    @Test(arguments: Engine.allCases)
    func `a promised look-up is charged and sent`(_ engine: Engine) async throws {
        try await DeskTester.run(engine, balance: Self.one, sources: [FakeSource("enum", .ported)]) { tester in
            try await tester.setPrice("0.4")
            try await running(tester.desk) {
                let reply = try await tester.desk.ask(tester.request(callback: Self.url))
                guard case .promised(let id) = reply else {
                    Issue.record("no promise: \(reply)")
                    return
                }
                let delivery = try #require(try await tester.node.inbox.deliveries(count: 1).first)
                #expect(delivery.messageID == id)
                #expect(delivery.companyID == tester.node.acme)
                #expect(delivery.rendered.url == Self.url)
                #expect(delivery.rendered.promise == .numberInformation)
                #expect(tester.node.inbox.bodies == ["\(DeskTester.mobile) true 0.4"])
                #expect(try await tester.balance() == Money("0.6"))
                #expect(try await tester.ledger() == ["reserved", "settled"])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a promise survives its node and is kept once`(_ engine: Engine) async throws {
        let source = FakeSource("enum", .ported)
        try await DeskTester.run(engine, balance: Self.one, sources: [source]) { tester in
            try await tester.setPrice("0.4")
            // This desk does not run: what it promised stays undone, as after a crash.
            _ = try await tester.desk.ask(tester.request(callback: Self.url))
            #expect(try await tester.balance() == Money("0.6"))
            try await tester.node.engine.enter()
            let next = try DeskTester.desk(of: tester.node, [source])
            try await running(next) {
                _ = try await tester.node.inbox.deliveries(count: 1)
                // The first one wakes up, with a lease that is over.
                try await running(tester.desk) {
                    _ = try await tester.desk.ask(tester.request("491701234568", callback: Self.url))
                    _ = try await tester.node.inbox.deliveries(count: 2)
                }
            }
            #expect(tester.node.inbox.deliveries.count == 2)
            #expect(try await tester.ledger() == ["reserved", "settled", "reserved", "settled"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what was reserved for an answer that nobody got is given back`(_ engine: Engine) async throws {
        let gate = Gate()
        let source = FakeSource("enum") { _ in
            await gate.pass()
            return .ported
        }
        try await DeskTester.run(engine, balance: Self.one, sources: [source]) { tester in
            try await tester.setPrice("0.4")
            let first = Task { try await tester.desk.ask(tester.request()) }
            while source.numbers.isEmpty { await Task.yield() }
            // The node goes away in the middle, and comes back.
            try await tester.node.engine.enter()
            let next = try DeskTester.desk(of: tester.node, [])
            try await running(next) {
                while try await tester.balance() != Self.one { await next.lookAtTime() }
            }
            gate.open()
            _ = try await first.value
            #expect(try await tester.balance() == Self.one)
            #expect(try await tester.ledger() == ["reserved", "released", "settled"])
        }
    }

    @Test func `more promises than fit into memory wait in the database`() async throws {
        var options = NumberInfoOptions()
        options.capacity = 2
        options.concurrency = 1
        try await DeskTester.run(sources: [FakeSource("enum", .ported)], options: options) { tester in
            for index in 0..<8 {
                _ = try await tester.desk.ask(tester.request("49170123456\(index)", callback: Self.url))
            }
            try await running(tester.desk) {
                while tester.node.inbox.deliveries.count < 8 { await tester.desk.lookAtTime() }
            }
            #expect(Set(tester.node.inbox.bodies).count == 8)
        }
    }

    @Test func `old records go`() async throws {
        try await DeskTester.run(sources: [FakeSource("enum", .ported)]) { tester in
            _ = try await tester.desk.ask(tester.request())
            tester.node.clock.advance(by: 93 * 86_400_000)
            try await tester.desk.clearUp()
            let left = try await tester.node.database.read { try $0.query("SELECT 1 FROM lookups").count }
            #expect(left == 0)
        }
    }

    @Test func `the metrics tell sources, answers and what was kept`() async throws {
        try await DeskTester.run(sources: [FakeSource("enum", .ported)]) { tester in
            for _ in 0..<2 { _ = try await tester.desk.ask(tester.request()) }
            let text = String(decoding: tester.node.context.metrics.registry.text(), as: UTF8.self)
            #expect(text.contains(#"parley_number_lookups_total{question="gnp",result="answered"} 2"#))
            #expect(text.contains(#"parley_number_source_lookups_total{source="enum",result="answer"} 1"#))
            #expect(text.contains(#"parley_number_cache_total{question="gnp",result="hit"} 1"#))
        }
    }
}
