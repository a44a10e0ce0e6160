// SPDX-License-Identifier: Apache-2.0
// How an answer is put together: who is asked after whom, whose word counts, and what is said when somebody fails.

import EngineTestSupport
import Logging
import PhoneNumbers
import Prometheus
import SQLTestSupport
import Testing
import Wire

@testable import NumberInfo

@Suite struct SourceChainTests {
    private static let mobile = "491701234567"

    private func ask(
        _ sources: [any NumberSource], _ question: NumberQuestion = .portability, number: String = Self.mobile,
        timeout: Milliseconds = 5000, networks: [NetworkFacts] = []
    ) async throws -> AssembledFacts {
        let chain = SourceChain(
            order: try SourceOrder(sources), timeout: timeout, networks: networks, metrics: NumberMetrics(Registry()),
            logger: TestDatabase.quiet)
        return await chain.ask(about: try PhoneNumber(parsing: "+" + number), question)
    }

    @Test func `field by field the first source that knows has the word`() async throws {
        let first = FakeSource(
            "first",
            .facts {
                $0.roaming = .no; $0.imsi = "262011"
            })
        let second = FakeSource(
            "second",
            .facts {
                $0.roaming = .yes; $0.presence = .yes; $0.mscNumber = "49171"
            })
        let facts = try await ask([first, second], .subscriber).facts
        #expect(facts.roaming == .no)
        #expect(facts.presence == .yes)
        #expect(facts.imsi == "262011")
        #expect(facts.mscNumber == "49171")
        #expect(facts.ported == .unknown)
        #expect(facts.errorCode == "0")
    }

    @Test func `a source that costs something is not asked for what is known already`() async throws {
        let later = FakeSource("later", .nothing)
        let found = try await ask([FakeSource("first", .ported), later, RangeSource()])
        #expect(later.numbers.isEmpty)
        #expect(found.reports.map(\.source) == ["first", "ranges"])
        #expect(found.facts.rangeHolder?.country == "DEU")
    }

    @Test func `a source that fails is left out as long as others answer`() async throws {
        let found = try await ask([FakeSource("broken", .failed(reason: "down")), FakeSource("second", .ported)])
        #expect(found.facts.ported == .yes)
        #expect(found.facts.errorCode == "0")
        #expect(found.isAnswer)
    }

    @Test(arguments: NumberQuestion.allCases)
    func `a question that a failure leaves open is answered with systemFailure`(
        _ question: NumberQuestion
    ) async throws {
        let found = try await ask([FakeSource("broken", .failed(reason: "down")), RangeSource()], question)
        #expect(found.facts.errorCode == "22")
        #expect(found.hasFailed)
        #expect(!found.isAnswer)
        #expect(found.facts.rangeHolder?.country == "DEU")
    }

    @Test func `what a source says of an error stays, and is an answer`() async throws {
        let hlr = FakeSource("hlr", .facts { $0.errorCode = "1b" })
        let found = try await ask([hlr, FakeSource("broken", .failed(reason: "down"))], .subscriber)
        #expect(found.facts.errorCode == "1b")
        #expect(found.isAnswer)
    }

    @Test func `nothing is invented where nobody knows`() async throws {
        let found = try await ask([FakeSource("first", .nothing)])
        #expect(found.facts.isEmpty)
        #expect(!found.isAnswer)
    }

    @Test func `a source that does not end is given up in time`() async throws {
        let gate = Gate()
        let stuck = FakeSource("stuck") { _ in
            await gate.pass()
            return .ported
        }
        let found = try await ask([stuck, RangeSource()], timeout: 20)
        #expect(found.facts.errorCode == "22")
        #expect(found.reports.first?.outcome == .failed(reason: "no answer within 20 ms"))
        gate.open()
    }

    @Test func `a number that is not ported is served by the holder of its range`() async throws {
        let found = try await ask([FakeSource("first", .facts { $0.ported = .no }), RangeSource()])
        let (current, holder) = (try #require(found.facts.current), try #require(found.facts.rangeHolder))
        #expect(current == holder)
        #expect(current.country == "DEU")
        #expect(!current.operatorName.isEmpty)
    }

    @Test func `a ported number stays in its country, and its network is its own`() async throws {
        let found = try await ask([
            FakeSource(
                "first",
                .facts {
                    $0.ported = .yes; $0.current = NetworkFacts(operatorName: "Somebody")
                }),
            RangeSource(),
        ])
        #expect(found.facts.current?.operatorName == "Somebody")
        #expect(found.facts.current?.country == "DEU")
        #expect(found.facts.current?.mnc == "")
    }

    @Test func `what the installation knows of a network is added, never put over what a source said`() async throws {
        let known = NetworkFacts(mcc: "262", mnc: "01", ttid: "77292", operatorName: "T", technology: "GSM")
        let network = try #require(try await ask([FakeSource("first", .ported)], networks: [known]).facts.current)
        #expect(network.ttid == "77292")
        #expect(network.technology == "GSM")
        #expect(network.operatorName == "Telekom")
    }

    @Test func `a fixed line's technology is known, a mobile's is not`() async throws {
        let fixed = try await ask([RangeSource()], number: "493012345678")
        #expect(fixed.facts.rangeHolder?.technology == "Fixed")
        #expect(try await ask([RangeSource()]).facts.rangeHolder?.technology == "")
    }

    @Test func `the shortest promise of the sources counts`() async throws {
        let found = try await ask([
            FakeSource("first", .facts(validFor: 60_000) { $0.roaming = .no }),
            FakeSource("second", .facts(validFor: 5000) { $0.ported = .no }),
        ])
        #expect(found.validFor == 5000)
        #expect(found.isWorthKeeping)
    }

    // MARK: Order

    private func names(_ question: NumberQuestion, _ order: [NumberQuestion: [String]] = [:]) throws -> [String] {
        let sources: [any NumberSource] = [
            FakeSource("enum", .nothing), FakeSource("hlr", for: [.subscriber], .nothing),
            FakeSource("ported", .nothing), RangeSource(),
        ]
        return try SourceOrder(sources, named: order).sources(for: question).map(\.name)
    }

    @Test func `GNP asks the ported numbers first, GNV what is there for it alone`() throws {
        #expect(try names(.portability) == ["ported", "enum", "ranges"])
        #expect(try names(.subscriber) == ["hlr", "ported", "enum", "ranges"])
    }

    @Test func `a configured order counts, with the ranges behind it unless they are named`() throws {
        #expect(try names(.portability, [.portability: ["enum"]]) == ["enum", "ranges"])
        #expect(try names(.portability, [.portability: ["ranges", "ported"]]) == ["ranges", "ported"])
        #expect(throws: UnknownNumberSource(name: "dns")) { try names(.portability, [.portability: ["dns"]]) }
    }
}
