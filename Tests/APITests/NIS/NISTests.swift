// SPDX-License-Identifier: Apache-2.0
// GNP and GNV on the wire: every member, every form of a number, prices, refusals, and answers at callback URLs.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import NumberInfo
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct NISTests {
    private static let vodafone = NetworkFacts(
        mcc: "262", mnc: "02", ttid: "15", operatorName: "Vodafone", country: "DEU", timeZone: "+0100",
        technology: "GSM")

    private static let portability = StaticSource {
        $0.ported = .yes
        $0.current = vodafone
    }

    private static func price(
        _ amount: String, _ direction: Price.Direction, in tester: APITester
    ) async throws {
        try await tester.node.provision { provisioner in
            try provisioner.create([
                Price(
                    id: 0, companyID: nil, direction: direction, prefix: "49", mcc: "", mnc: "", ttid: "",
                    currency: "EUR", amount: Money(amount) ?? .zero, effectiveFrom: 1_288_569_600_000)
            ])
        }
    }

    @Test(arguments: Engine.allCases)
    func `GNP tells the network of a number`(_ engine: Engine) async throws {
        try await NISTester.run(engine, sources: [Self.portability]) { tester, _ in
            try await Self.price("0.001", .gnp, in: tester)
            let answer = try await tester.get("/nis/v1/gnp?msisdn=491622943176")
            #expect(answer.status == 200, "\(answer.text)")
            var members = try #require(answer.json.object)
            let id = try #require(members.removeValue(forKey: "requestId")?.string)
            #expect(UUIDv7(id) != nil)
            #expect(
                members == [
                    "msisdn": "+491622943176", "ported": "true", "price": 0.001, "currency": "EUR",
                    "priceEffective": "2010-11-01T00:00:00+0000", "errorCode": "0", "mcc": "262", "mnc": "02",
                    "ttid": "15", "operator": "Vodafone", "country": "DEU", "timezone": "+0100", "technology": "GSM",
                    "synchronous": true,
                ])
        }
    }

    @Test func `GNV tells all that an HLR knows under the names of the document`() async throws {
        let source = StaticSource { facts in
            facts.ported = .no
            facts.roaming = .yes
            facts.presence = .yes
            facts.rangeHolder = Self.vodafone
            facts.subscription = Self.vodafone
            facts.hlr = NetworkFacts(
                mcc: "262", mnc: "02", operatorName: "Vodafone", country: "DEU", countryCode: "49",
                nationalDestinationCode: "172")
            facts.msc = NetworkFacts(
                mcc: "208", mnc: "10", operatorName: "SFR", country: "FRA", countryCode: "33",
                nationalDestinationCode: "609")
            facts.imsi = "262021234567890"
            facts.hlrNumber = "491720000000"
            facts.mscNumber = "33609000000"
        }
        try await NISTester.run(sources: [source]) { tester, _ in
            let answer = try await tester.get("/nis/v1/gnv?msisdn=491622943176")
            let members = try #require(answer.json.object)
            let expected: [String: JSONValue] = [
                "ported": "false", "roaming": "true", "presence": "true", "price": 0, "nrhMCC": "262", "nrhTtId": "15",
                "nrhTimeZone": "+0100", "nrhOperator": "Vodafone", "imsiMCC": "262", "imsi": "262021234567890",
                "imsiTechnology": "GSM", "hlrCC": "49", "hlrNDC": "172", "hlr": "491720000000", "hlrTtId": "",
                "mscCC": "33", "mscNDC": "609", "msc": "33609000000", "mscMCC": "208", "mscCountry": "FRA",
                "synchronous": true,
            ]
            for (name, value) in expected { #expect(members[name] == value, "\(name)") }
            #expect(members.count == 44)
            #expect(members["mcc"] == nil)
        }
    }

    @Test func `what nobody knows is unknown or empty`() async throws {
        try await NISTester.run { tester, _ in
            let gnp = try await tester.get("/nis/v1/gnp?msisdn=491622943176")
            #expect(gnp.string("ported") == "unknown")
            #expect(gnp.string("country") == "DEU")
            #expect(gnp.string("ttid") == "")
            #expect(gnp.json["priceEffective"] == nil)
            let gnv = try await tester.get("/nis/v1/gnv?msisdn=491622943176")
            #expect(gnv.string("presence") == "unknown")
            #expect(gnv.string("imsi") == "")
            #expect(gnv.string("errorCode") == "0")
        }
    }

    @Test func `of a ported number whose network nobody knows only the country is told`() async throws {
        try await NISTester.run(sources: [StaticSource { $0.ported = .yes }]) { tester, _ in
            let answer = try await tester.get("/nis/v1/gnp?msisdn=491622943176")
            #expect(answer.string("operator") == "")
            #expect(answer.string("mnc") == "")
            #expect(answer.string("country") == "DEU")
        }
    }

    @Test(arguments: [
        "491622943176", "+491622943176", "%2B491622943176", "%20491622943176", "00491622943176", "49-162-2943176",
        "+49%20(162)%202943176",
    ])
    func `a number is read in every usual form`(_ form: String) async throws {
        try await NISTester.run(sources: [Self.portability]) { tester, _ in
            let answer = try await tester.get("/nis/v1/gnp?msisdn=\(form)")
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.string("msisdn") == "+491622943176")
        }
    }

    @Test(arguments: [
        ("", ["msisdn"]), ("?msisdn=", ["msisdn"]), ("?msisdn=0170123", ["msisdn"]), ("?msisdn=12345", ["msisdn"]),
        ("?msisdn=Vodafone", ["msisdn"]), ("?msisdn=1234567890123456", ["msisdn"]),
        ("?msisdn=491622943176&callbackUrl=ftp://example.com", ["callbackUrl"]),
        ("?callbackUrl=http://example.com", ["msisdn", "callbackUrl"]),
    ])
    func `what cannot be read is named`(_ query: String, _ fields: [String]) async throws {
        try await NISTester.run(sources: [Self.portability]) { tester, _ in
            for path in ["gnp", "gnv"] {
                let answer = try await tester.get("/nis/v1/\(path)\(query)")
                #expect(answer.status == 400)
                #expect(answer.refusedFields == fields)
                #expect(answer.json["status"] == 400)
                #expect(answer.string("type")?.hasPrefix("https://") == true)
            }
        }
    }

    @Test func `a key is needed, and one that is meant for it`() async throws {
        try await NISTester.run(sources: [Self.portability]) { tester, _ in
            let path = "/nis/v1/gnp?msisdn=491622943176"
            for (key, status) in [(nil, 401), ("wrong", 401), (TestSetup.adminKey, 403), (TestSetup.acmeKey, 200)] {
                let answer = try await tester.get(path, key: key)
                #expect(answer.status == status)
            }
            let posted = try await tester.call(.post, path)
            #expect(posted.status == 405)
        }
    }

    @Test func `a balance that is used up is 402, and a number without a price 400`() async throws {
        var setup = TestSetup()
        setup.balance = Money("0.0015")
        try await NISTester.run(setup: setup, sources: [Self.portability]) { tester, _ in
            try await Self.price("0.001", .gnp, in: tester)
            #expect(try await tester.get("/nis/v1/gnp?msisdn=491622943176").status == 200)
            let refused = try await tester.get("/nis/v1/gnp?msisdn=491622943177")
            #expect(refused.status == 402)
            #expect(refused.json["status"] == 402)
            let withCallback = "/nis/v1/gnp?msisdn=491622943177&callbackUrl=https://acme.example/numbers"
            #expect(try await tester.get(withCallback).status == 402)
            #expect(try await tester.get("/nis/v1/gnp?msisdn=447700900123").refusedFields == ["msisdn"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `with a callback URL the id comes at once and the rest there`(_ engine: Engine) async throws {
        try await NISTester.run(engine, sources: [Self.portability]) { tester, _ in
            try await Self.price("0.001", .gnp, in: tester)
            let answer = try await tester.get(
                "/nis/v1/gnp?msisdn=491622943176&callbackUrl=https://acme.example/numbers")
            #expect(answer.status == 200)
            let id = try #require(answer.string("requestId"))
            #expect(answer.json == ["requestId": .string(id), "synchronous": false])
            let delivery = try #require(try await tester.node.inbox.deliveries(count: 1).first)
            #expect(delivery.rendered.url == "https://acme.example/numbers")
            #expect(delivery.rendered.method == .post)
            #expect(delivery.rendered.promise == .numberInformation)
            let body = try JSONValue(parsing: delivery.rendered.body)
            #expect(body["requestId"]?.string == id)
            #expect(body["operator"] == "Vodafone")
            #expect(body["synchronous"] == false)
            #expect(body["price"] == 0.001)
        }
    }

    @Test func `a failure says systemFailure and costs nothing`() async throws {
        try await NISTester.run(sources: [StaticSource(.failed(reason: "down"))]) { tester, _ in
            try await Self.price("0.001", .gnv, in: tester)
            let answer = try await tester.get("/nis/v1/gnv?msisdn=491622943176")
            #expect(answer.status == 200)
            #expect(answer.string("errorCode") == "22")
            #expect(answer.json["price"] == 0)
        }
    }
}
