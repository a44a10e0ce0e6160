// SPDX-License-Identifier: Apache-2.0
// The ENUM source against the simulated name server: what it makes of each answer, of none, and of many at once.

import Connectors
import EngineTestSupport
import Messaging
import NIOPosix
import NumberInfo
import Simulators
import Testing
import Wire

@Suite struct ENUMSourceTests {
    @Test(
        arguments: [
            ("4915112345111", Known.no, nil), ("4915112345008", .yes, "02"), ("4915112345010", .yes, "02"),
            ("4915112345009", .no, nil),
        ] as [(String, Known, String?)])
    func aNumbersDomainSaysWhetherItWasPorted(_ digits: String, _ ported: Known, _ mnc: String?) async throws {
        try await SourceSupport.withENUM { source, _ in
            let outcome = try await SourceSupport.ask(source, digits, for: .portability)
            #expect(outcome.facts?.ported == ported && outcome.facts?.current?.mnc == mnc)
            guard case .answer(_, validFor: 300_000) = outcome else {
                Issue.record("\(outcome)")
                return
            }
        }
    }

    @Test func anAnswerTooLongForUDPComesOverTCP() async throws {
        try await SourceSupport.withENUM { source, simulator in
            _ = try await SourceSupport.ask(source, "4915112345009", for: .portability)
            #expect(simulator.queries == (1, 1))
        }
    }

    @Test func anUnknownNumberIsNothingAndABrokenServerAFailure() async throws {
        try await SourceSupport.withENUM { source, _ in
            let outcome = try await SourceSupport.ask(source, "4915112345002", for: .portability)
            #expect(outcome == .nothing)
            let broken = try await SourceSupport.ask(source, "4915112345005", for: .portability)
            #expect(broken.isFailure)
        }
        try await SourceSupport.withENUM(options: ["timeout": .number(0.2)]) { source, _ in
            let silent = try await SourceSupport.ask(source, "4915112345007", for: .portability)
            #expect(silent.isFailure)
        }
    }

    @Test func noServerIsAFailure() async throws {
        try await SourceSupport.withENUM(options: ["timeout": .number(0.2)]) { source, simulator in
            await simulator.shutdown()
            let outcome = try await SourceSupport.ask(source, "4915112345111", for: .portability)
            #expect(outcome.isFailure)
        }
    }

    @Test func manyLookUpsRunAtOnceAndNoneWaitsForASilentServer() async throws {
        try await SourceSupport.withENUM(options: ["timeout": .integer(20)]) { source, simulator in
            let silent = try SourceSupport.number("4915112345007")
            let start = ContinuousClock.now
            await withTaskGroup(of: SourceOutcome.self) { group in
                group.addTask { await source.look(up: silent, for: .portability) }
                for index in 0..<500 {
                    let number = try? SourceSupport.number("49151\(20_000 + index)111")
                    if let number { group.addTask { await source.look(up: number, for: .portability) } }
                }
                for _ in 0..<500 { #expect(await group.next()?.facts?.ported == .no) }
                #expect(ContinuousClock.now - start < .seconds(15))
                // The one that is left ends when the source does.
                await source.stop()
                #expect(await group.next() == .failed(reason: "the resolver is stopped"))
            }
            #expect(simulator.queries.datagrams >= 501)
        }
    }

    @Test func aSourceThatIsStoppedOrWasNeverStartedFails() async throws {
        let source = try ENUMSource(settings: SourceSupport.settings("enum", [:]))
        let before = try await SourceSupport.ask(source, "4915112345111", for: .portability)
        #expect(before.isFailure)
        await source.start()
        await source.stop()
        await source.stop()
        let after = try await SourceSupport.ask(source, "4915112345111", for: .portability)
        #expect(after.isFailure)
    }

    @Test func theExchangesShowQuestionsAndAnswers() async throws {
        let exchanges = ExchangeLog()
        try await SourceSupport.withENUM(exchanges: exchanges) { source, _ in
            _ = try await SourceSupport.ask(source, "4915112345010", for: .portability)
        }
        let entries = exchanges.entries(after: 0)
        #expect(entries.map(\.direction) == [.sent, .received, .sent, .received])
        #expect(entries[0].text.fields["domain"] == .string("0.1.0.5.4.3.2.1.1.5.1.9.4.e164.arpa"))
        #expect(entries[3].text.fields["records"]?.array?.count == 1)
    }

    @Test(arguments: [
        ("servers", JSONValue.string("127.0.0.1"), "servers"), ("servers", .array([.string("dns.example")]), "servers"),
        ("servers", .array([.string("127.0.0.1:0")]), "servers"), ("servers", .array([.integer(1)]), "servers"),
        ("servers", .array([.string("127.0.0.1,8.8.8.8")]), "servers"), ("suffix", .string("a b"), "suffix"),
        ("timeout", .integer(0), "timeout"), ("tries", .integer(11), "tries"), ("color", .null, "color"),
        ("networks", .object([:]), "networks"), ("networks", .array([.object([:])]), "networks[0].operator"),
        (
            "networks", .array([.object(["routingNumber": .string("x"), "operator": .string("A")])]),
            "networks[0].routingNumber"
        ),
        ("networks", .array([.object(["operator": .string("A")])]), "networks[0].routingNumber"),
        ("networks", .array([.object(["carrier": .string("1"), "mcc": .string("26")])]), "networks[0].mcc"),
    ])
    func wrongOptionsAreRefusedByName(_ name: String, _ value: JSONValue, _ option: String) {
        let error = #expect(throws: ConnectorOptionError.self) {
            try NumberSourceRegistry.check(SourceSupport.settings("enum", [name: value]))
        }
        #expect(error?.option == option)
    }

    @Test func serversMayHavePorts() throws {
        let servers = ["127.0.0.1", "127.0.0.1:5354", "[::1]", "[2001:db8::1]:53", "2001:db8::1"]
        let options = try ENUMOptions(
            SourceSupport.settings(
                "enum", ["servers": .array(servers.map(JSONValue.string)), "suffix": .string("E.X.")]))
        #expect(options.servers == servers && options.suffix == "e.x")
    }
}

@Suite struct ENUMZoneTests {
    @Test func noQueryDoesHarm() {
        var random = SeededGenerator(seed: 1035)
        let good: [UInt8] = [
            0, 1, 1, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0x31, 0, 0, 35, 0, 1, 0, 0, 41, 4, 208, 0, 0, 0, 0, 0, 0,
        ]
        for _ in 0..<20_000 {
            var query = good
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                query[Int.random(in: query.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            query.removeLast(Int.random(in: 0...query.count, using: &random))
            for isDatagram in [true, false] { _ = ENUMZone().answer(to: query, isDatagram: isDatagram) }
        }
    }
}
