// SPDX-License-Identifier: Apache-2.0
// The walk through a zone's rules: which is tried first, which leads on, and that every walk ends.

import EngineTestSupport
import NumberInfo
import Testing

@testable import Connectors

@Suite struct ENUMWalkTests {
    static func rule(
        _ result: String, order: UInt16 = 100, preference: UInt16 = 10, flags: String = "u",
        services: String = "E2U+pstn:tel", to replacement: String? = nil, ttl: UInt32 = 300
    ) -> NAPTR {
        NAPTR(
            order: order, preference: preference, flags: flags, services: services,
            regexp: result.isEmpty ? [] : Array("!^.*$!\(result)!".utf8),
            replacement: replacement.flatMap(DNSName.init),
            ttl: ttl)
    }

    static func onward(_ order: UInt16 = 100, to domain: String, ttl: UInt32 = 300) -> NAPTR {
        rule("", order: order, flags: "", services: "", to: domain, ttl: ttl)
    }

    /// Walks through a zone; the domains asked for in order, and the end.
    static func walk(
        _ zone: [String: [NAPTR]], failing: Set<String> = []
    ) throws -> (asked: [String], end: ENUMWalk.Step) {
        var walk = ENUMWalk(digits: "4930") { _ in true }
        var asked: [String] = []
        var step = walk.begin(at: try #require(DNSName("start")))
        while case .ask(let domain) = step {
            asked.append(domain.text)
            step =
                failing.contains(domain.text)
                ? walk.failed("broken") : walk.received(NAPTRAnswer(records: zone[domain.text] ?? []))
        }
        return (asked, step)
    }

    static func found(_ uri: String, ttl: UInt32 = 300) throws -> ENUMWalk.Step {
        .found(ENUMWalk.Finding(uri: try #require(PortingURI(Array(uri.utf8))), validFor: ttl))
    }

    @Test func theLowestOrderComesFirstThenTheLowestPreference() throws {
        let rules = [
            Self.rule("tel:+1;rn=+3", order: 200, preference: 1), Self.rule("tel:+1;rn=+2", preference: 20),
            Self.rule("tel:+1;rn=+1"),
        ]
        #expect(try Self.walk(["start": rules]).end == Self.found("tel:+1;rn=+1"))
    }

    @Test func aRuleThatSaysNothingIsPassedOver() throws {
        let rules = [
            Self.rule("mailto:a@b.example", order: 1, services: "E2U+email:mailto"), Self.rule("tel:+1", order: 2),
            Self.rule("tel:+1;rn=+9", order: 3, flags: "s"), Self.rule("tel:+1;rn=+9", order: 4, services: "pstn:tel"),
            Self.rule("http://x;rn=+9", order: 5), Self.rule("tel:+1;rn=+6", order: 6, services: "tel+E2U"),
            Self.rule("tel:+1;rn=+7", order: 7),
        ]
        #expect(try Self.walk(["start": rules]).end == Self.found("tel:+1;rn=+6"))
    }

    @Test func rulesLeadToOtherDomainsAndBackToTheNextRule() throws {
        let zone = [
            "start": [
                Self.onward(1, to: "empty"), Self.onward(2, to: "a", ttl: 20), Self.rule("tel:+1;rn=+3", order: 3),
            ],
            "a": [Self.rule("b.example", flags: "", services: "")],
            "b.example": [Self.rule("tel:+1;rn=+5", ttl: 60)],
        ]
        let (asked, end) = try Self.walk(zone)
        #expect(asked == ["start", "empty", "a", "b.example"])
        #expect(try end == Self.found("tel:+1;rn=+5", ttl: 20))
    }

    @Test func circlesAndEndlessChainsEnd() throws {
        #expect(try Self.walk(["start": [Self.onward(to: "a")], "a": [Self.onward(to: "start")]]).end == .nothing)
        var zone = ["start": [Self.onward(to: "n0")]]
        for number in 0..<50 { zone["n\(number)"] = [Self.onward(to: "n\(number + 1)")] }
        let (asked, end) = try Self.walk(zone)
        #expect(asked.count == ENUMWalk.mostQuestions && end == .nothing)
    }

    @Test func aFailureIsToldUnlessAnotherRuleAnswers() throws {
        let zone = ["start": [Self.onward(1, to: "a"), Self.rule("tel:+1;rn=+3", order: 2)]]
        #expect(try Self.walk(zone, failing: ["a"]).end == Self.found("tel:+1;rn=+3"))
        #expect(try Self.walk(["start": [Self.onward(to: "a")]], failing: ["a"]).end == .failed("broken"))
        #expect(try Self.walk([:], failing: ["start"]).end == .failed("broken"))
        #expect(try Self.walk([:]).end == .nothing)
    }

    @Test func anAliasIsAskedFor() throws {
        var walk = ENUMWalk(digits: "4930") { _ in true }
        _ = walk.begin(at: try #require(DNSName("start")))
        let target = try #require(DNSName("alias.example"))
        #expect(walk.received(NAPTRAnswer(alias: target, aliasTTL: 7)) == .ask(target))
        let end = walk.received(NAPTRAnswer(records: [Self.rule("tel:+1;npdi")]))
        #expect(try end == Self.found("tel:+1;npdi", ttl: 7))
    }

    @Test(arguments: [
        ("E2U+pstn:tel", true), ("e2u+PSTN:TEL", true), ("E2U+sip+pstn:sip", true), ("tel+E2U", true),
        ("E2U+tel", true),
        ("E2U", false), ("", false), ("E2U+", false), ("E2U+unused:data", false), ("E2U+pstn", false), ("tel", false),
        ("E2U+web:http+ft:ftp", false),
    ])
    func servicesAreThoseThatCarryNumbers(_ field: String, _ isSupported: Bool) {
        #expect(ENUMWalk.isSupported(field) == isSupported)
    }
}

@Suite struct PortingURITests {
    static func uri(_ text: String) throws -> PortingURI { try #require(PortingURI(Array(text.utf8))) }

    @Test(arguments: [
        ("tel:+442079460148;npdi;rn=+44-7958", "+447958"), ("TEL:+1;NPDI;RN=+1.202.555.0199", "+12025550199"),
        ("tel:+1;rn=d010;rn-context=+49", "D010"), ("tel:+1;rn=+1;rn=+2", "+1"),
        ("sip:+44207;npdi;rn=+447958@ssp.example;user=phone", "+447958"), ("sips:a@b;rn=%2B44", "+44"),
        ("tel:+1;rn=x", nil), ("tel:+1;rn=", nil), ("tel:+1;rn", nil), ("tel:+1;rn=1+2", nil), ("sip:b;rn=+44", nil),
    ])
    func theRoutingNumberIsReadWithoutItsSeparators(_ text: String, _ expected: String?) {
        #expect(PortingURI(Array(text.utf8))?.routingNumber == expected)
    }

    @Test func theOtherParametersAreRead() throws {
        let uri = try Self.uri("tel:+1;cic=+1-2025;spn=Acme%20%C3%A9;mcc=234;mnc=15;npdi")
        #expect(uri.isDipped && uri.carrier == "+12025" && uri.provider == "Acme é")
        #expect(uri.mcc == "234" && uri.mnc == "15" && uri.isSaying)
        #expect(try !Self.uri("tel:+1;mcc=23;mnc=1;phone-context=+1").isSaying)
    }

    @Test(arguments: [
        ("sip:+44@mnc015.mcc234.3gppnetwork.org;user=phone", "234", "015"),
        ("sip:+44@ims.MNC02.mcc262.3GPPnetwork.org:5060", "262", "02"),
        ("sip:+44@mnc1.mcc234.3gppnetwork.org", nil, nil), ("sip:+44@mcc234.3gppnetwork.org", nil, nil),
        ("sip:+44@mnc015.mcc234.3gppnetwork.org.evil.example", nil, nil),
    ])
    func aMobileNetworksHostNamesIt(_ text: String, _ mcc: String?, _ mnc: String?) throws {
        let uri = try Self.uri(text)
        #expect(uri.mcc == mcc && uri.mnc == mnc)
    }

    @Test func noBytesDoHarm() {
        var random = SeededGenerator(seed: 3966)
        let alphabet = Array("tel:sip@;=+%;;rn=npdi;mcc=01239aD.-é".utf8) + [0, 0xFF, 0x80]
        for _ in 0..<20_000 {
            let length = Int.random(in: 0...70, using: &random)
            let noise = (0..<length).map { _ in alphabet[Int.random(in: alphabet.indices, using: &random)] }
            _ = PortingURI(noise)
            _ = PortingURI(Array("tel:+1;rn=".utf8) + noise)
            _ = PortingURI(Array("sip:+1@mnc01.".utf8) + noise + Array(".3gppnetwork.org".utf8))
        }
    }
}

@Suite struct RoutingTableTests {
    static let vodafone = NetworkFacts(mcc: "262", mnc: "02", operatorName: "Vodafone")
    static let telekom = NetworkFacts(mcc: "262", mnc: "01", operatorName: "Telekom")

    static var table: RoutingTable {
        var table = RoutingTable()
        table.routingNumbers = ["+4479": vodafone, "+44795": telekom, "D010": vodafone, "+49D0": telekom]
        table.carriers = ["+12025": telekom]
        table.providers = ["SPN1": vodafone]
        return table
    }

    /// URI, ported, MNC.
    @Test(
        arguments: [
            ("tel:+1;npdi", Known.no, nil), ("tel:+1;npdi;rn=+447958", .yes, "01"),
            ("tel:+1;npdi;rn=+447999", .yes, "02"),
            ("tel:+1;rn=+331", .yes, nil), ("tel:+1;rn=D010;rn-context=+49", .yes, "01"),
            ("tel:+1;rn=D010", .yes, "02"),
            ("tel:+1;npdi;rn=+4930", .no, nil), ("tel:+1;cic=+12025", .unknown, "01"),
            ("tel:+1;spn=SPN1", .unknown, "02"),
            ("tel:+1;rn=+331;spn=SPN1", .yes, "02"), ("tel:+1;npdi;mcc=262;mnc=02", .no, "02"),
        ] as [(String, Known, String?)])
    func portingAndNetworkAreWhatIsSaid(_ text: String, _ ported: Known, _ mnc: String?) throws {
        let facts = try #require(Self.table.facts(of: try PortingURITests.uri(text), for: "4930"))
        #expect(facts.ported == ported && facts.current?.mnc == mnc)
    }

    @Test(arguments: ["tel:+1", "tel:+1;cic=+1", "tel:+1;spn=other"]) func whatSaysNothingIsNothing(_ text: String)
        throws
    {
        #expect(Self.table.facts(of: try PortingURITests.uri(text), for: "4930") == nil)
    }
}
