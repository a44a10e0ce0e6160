// SPDX-License-Identifier: Apache-2.0
// The HLR source against the simulated provider and against answers in other forms.

import Connectors
import EngineTestSupport
import Messaging
import NumberInfo
import Simulators
import Testing
import Wire

@testable import struct Connectors.HLRAnswer

@Suite struct HLRSourceTests {
    /// Digits, presence, roaming, ported, error.
    @Test(
        arguments: [
            ("4915112345111", .yes, .no, .no, "0"), ("4915112345002", .unknown, .unknown, .unknown, "1"),
            ("4915112345003", .no, .unknown, .no, "1b"), ("4915112345004", .yes, .no, .no, "d"),
            ("4915112345006", .yes, .yes, .no, "0"), ("4915112345008", .yes, .no, .yes, "0"),
        ] as [(String, Known, Known, Known, String)])
    func theNumbersFactsAreTheProviders(
        _ digits: String, _ presence: Known, _ roaming: Known, _ ported: Known, _ error: String
    ) async throws {
        try await SourceSupport.withHLR { source, _ in
            let outcome = try await SourceSupport.ask(source, digits, for: .subscriber)
            let facts = try #require(outcome.facts)
            #expect(facts.presence == presence && facts.roaming == roaming && facts.ported == ported)
            #expect(facts.errorCode == error)
        }
    }

    @Test func registersAndIMSINameTheirNetworks() async throws {
        try await SourceSupport.withHLR { source, _ in
            let outcome = try await SourceSupport.ask(source, "4915112345006", for: .subscriber)
            let facts = try #require(outcome.facts)
            #expect(facts.imsi.hasPrefix("26201") && facts.imsi.utf8.count == 15)
            #expect(facts.subscription?.mcc == "262" && facts.subscription?.mnc == "01")
            #expect(facts.subscription?.country == "DEU" && facts.current?.technology == "GSM")
            #expect(facts.hlrNumber == "491710760000" && facts.hlr?.countryCode == "49")
            #expect(facts.hlr?.nationalDestinationCode == "171" && facts.hlr?.country == "DEU")
            #expect(facts.msc?.countryCode == "33" && facts.msc?.country == "FRA")
        }
    }

    @Test func aProviderThatFailsIsAFailure() async throws {
        try await SourceSupport.withHLR(options: ["timeout": .number(0.5)]) { source, simulator in
            for digits in ["4915112345005", "4915112345007", "4915112345009"] {
                let outcome = try await SourceSupport.ask(source, digits, for: .subscriber)
                #expect(outcome.isFailure)
            }
            await simulator.shutdown()
            let outcome = try await SourceSupport.ask(source, "4915112345111", for: .subscriber)
            #expect(outcome.isFailure)
        }
    }

    @Test func aWrongTokenIsAFailureAndNeverSeen() async throws {
        let exchanges = ExchangeLog()
        try await SourceSupport.withHLR(secret: "other-secret", exchanges: exchanges) { source, _ in
            let outcome = try await SourceSupport.ask(source, "4915112345111", for: .subscriber)
            #expect(outcome == .failed(reason: "HTTP 401"))
        }
        #expect(!"\(exchanges.entries(after: 0))".contains("other-secret"))
    }

    @Test func theExchangesShowOnlyTheBeginningOfWhoAndWhere() async throws {
        let exchanges = ExchangeLog()
        try await SourceSupport.withHLR(exchanges: exchanges) { source, _ in
            _ = try await SourceSupport.ask(source, "4915112345111", for: .subscriber)
        }
        let received = try #require(exchanges.entries(after: 0).last)
        #expect(received.text.fields["imsi"] == .string("26201…") && received.text.fields["hlr"] == .string("49171…"))
        #expect(received.text.fields["presence"] == .string("true") && received.text.status == "200")
    }

    @Test func otherFormsAreReadByTheMap() throws {
        let options = try HLROptions(
            SourceSupport.settings(
                "hlr",
                [
                    "url": .string("https://hlr.example"), "yes": .array([.string("REACHABLE")]),
                    "no": .array([.string("absent")]), "errors": .string("decimal"),
                    "map": .object([
                        "imsi": .string("data.sim.imsi"), "presence": .string("data.status"),
                        "error": .string("data.error.code"), "msc": .string("data.location"),
                    ]), "errorCodes": .object(["OK": .string("0")]),
                ], secret: "token"))
        let body = """
            {"data": {"sim": {"imsi": 262021234567890}, "status": "Reachable", "error": {"code": 27},
            "location": "+33689004000"}, "roaming": 1, "ported": "maybe", "mcc": "26"}
            """
        let facts = try #require(HLRAnswer(Array(body.utf8), options)).facts
        #expect(facts.imsi == "262021234567890" && facts.presence == .yes && facts.errorCode == "1b")
        #expect(facts.mscNumber == "33689004000" && facts.roaming == .yes && facts.ported == .unknown)
        #expect(facts.current?.mnc == "02")
        let ok = try #require(HLRAnswer(Array(#"{"data":{"error":{"code":"ok"}}}"#.utf8), options))
        #expect(ok.facts.isEmpty)
        #expect(HLRAnswer(Array("[]".utf8), options) == nil)
    }

    @Test func noAnswerDoesHarm() throws {
        let options = try HLROptions(
            SourceSupport.settings("hlr", ["url": .string("https://hlr.example")], secret: "token"))
        let good = Array(#"{"imsi":"262021234567890","hlr":"491720000000","msc":"33689004000","error":"1b"}"#.utf8)
        var random = SeededGenerator(seed: 29_002)
        for _ in 0..<5000 {
            var body = good
            for _ in 0..<Int.random(in: 0...4, using: &random) {
                body[Int.random(in: body.indices, using: &random)] = .random(in: 0...255, using: &random)
            }
            _ = HLRAnswer(body, options)?.facts
        }
    }

    @Test(
        arguments: [
            (["url": .string("ftp://x")], "url"), ([:], "url"),
            (["url": .string("https://x"), "map": .array([])], "map"),
            (["url": .string("https://x"), "map": .object(["imsi": .string("a..b")])], "map.imsi"),
            (["url": .string("https://x"), "map": .object(["name": .string("a")])], "map.name"),
            (["url": .string("https://x"), "authorization": .string("digest")], "authorization"),
            (["url": .string("https://x"), "authorization": .string("basic")], "user"),
            (["url": .string("https://x"), "authorization": .string("header")], "header"),
            (["url": .string("https://x"), "parameter": .string("a&b")], "parameter"),
            (["url": .string("https://x"), "errorCodes": .object(["a": .string("xyz")])], "errorCodes.a"),
            (["url": .string("https://x"), "token": .string("t")], "token"),
        ] as [([String: JSONValue], String)])
    func wrongOptionsAreRefusedByName(_ options: [String: JSONValue], _ option: String) {
        let error = #expect(throws: ConnectorOptionError.self) {
            try NumberSourceRegistry.check(SourceSupport.settings("hlr", options, secret: "s"))
        }
        #expect(error?.option == option)
    }

    @Test func aMissingTokenIsRefused() {
        let error = #expect(throws: ConnectorOptionError.self) {
            try NumberSourceRegistry.check(SourceSupport.settings("hlr", ["url": .string("https://x")]))
        }
        #expect(error?.option == "password")
    }
}

@Suite struct NumberFactsTests {
    @Test func whatWasSaidFirstStaysAndTheRestIsFilled() {
        var facts = NumberFacts()
        facts.ported = .yes
        facts.current = NetworkFacts(mcc: "262", mnc: "02")
        var other = NumberFacts()
        other.ported = .no
        other.presence = .yes
        other.current = NetworkFacts(mcc: "262", mnc: "02", operatorName: "Vodafone")
        other.rangeHolder = NetworkFacts(mcc: "262", mnc: "01")
        other.errorCode = "1b"
        facts.fill(from: other)
        #expect(facts.ported == .yes && facts.presence == .yes && facts.errorCode == "1b")
        #expect(facts.current?.operatorName == "Vodafone" && facts.rangeHolder?.mnc == "01")
    }

    @Test func oneNetworksNameIsNeverGivenToAnother() {
        var facts = NetworkFacts(mcc: "262", mnc: "02", country: "DEU")
        facts.fill(from: NetworkFacts(mcc: "262", mnc: "01", operatorName: "Telekom", timeZone: "+0100"))
        #expect(facts == NetworkFacts(mcc: "262", mnc: "02", country: "DEU"))
        var named = NetworkFacts(operatorName: "Vodafone")
        named.fill(from: NetworkFacts(mcc: "262", mnc: "01", operatorName: "Telekom"))
        #expect(named.mcc.isEmpty)
    }

    @Test(arguments: [
        ("310260123456789", "310", "260"), ("262021234567890", "262", "02"), ("999991234567890", "999", ""),
    ])
    func anIMSIsNetworkHasAsManyDigitsAsTheTablesSay(_ imsi: String, _ mcc: String, _ mnc: String) {
        let network = NetworkFacts.subscription(imsi: imsi)
        #expect(network?.mcc == mcc && network?.mnc == mnc)
    }

    @Test func aPaddedNetworkCodeLosesItsZeroWhereTheTablesHaveItWithout() {
        #expect(NetworkFacts.mobile(mcc: "234", paddedMNC: "015").mnc == "15")
        #expect(NetworkFacts.mobile(mcc: "262", paddedMNC: "02").mnc == "02")
        #expect(NetworkFacts.mobile(mcc: "999", paddedMNC: "099").mnc.isEmpty)
    }
}
