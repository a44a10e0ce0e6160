// SPDX-License-Identifier: Apache-2.0
// The operator's look at the whole: status, exchanges with carriers, receipts that fit nothing, and the audit log.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct CarrierWatchTests {
    private struct Note: ExchangeRecord {
        let described: ExchangeText
    }

    @Test(arguments: Engine.allCases)
    func `the status tells what runs and what waits`(_ engine: Engine) async throws {
        var options = APITester.options
        options.admin.version = "1.2.3"
        options.admin.startedAt = TestClock.start
        try await APITester.run(engine, options: options) { api async throws in
            api.node.connector.setUp(false)
            api.node.connector.setWindow(0)
            #expect(try await api.send().status == 200)
            api.node.clock.advance(by: 42_500)
            let answer = try await api.watch("/status")
            #expect(
                answer.text
                    == #"{"version":"1.2.3","node":"parley","startedAt":"2026-01-15T12:00:00Z","database":"\#(engine)","#
                    + #""queue":{"depth":1,"oldestAgeSeconds":42},"deliveries":{"pending":0,"undelivered":0},"#
                    + #""connectors":[{"name":"fake","up":false}]}"#)
        }
    }

    @Test func `exchanges are the newest or those behind the last one seen`() async throws {
        try await APITester.run { api async throws in
            let connector = api.node.connector
            let log = try #require(connector.exchanges)
            let first = log.nextSequence
            for number in 0..<10 {
                let text = ExchangeText(what: "submit_sm", status: nil, fields: ["n": .integer(Int64(number))])
                log.record(Note(described: text), .sent, bind: 1, at: TestClock.start)
            }
            func numbers(_ query: String) async throws -> [Int64] {
                let answer = try await api.watch("/connectors/\(connector.id)/exchanges?" + query)
                #expect(answer.status == 200)
                return answer.items.compactMap { $0["fields"]?["n"]?.int64 }
            }
            #expect(try await numbers("") == Array(0..<10))
            #expect(try await numbers("limit=3") == [7, 8, 9])
            #expect(try await numbers("limit=3&after=\(first + 1)") == [2, 3, 4])
            #expect(try await numbers("after=\(first + 9)") == [])
            let entry = try #require(try await api.watch("/connectors/\(connector.id)/exchanges?limit=1").items.first)
            #expect(entry["sequence"]?.int64 == first + 9 && entry["direction"]?.string == "sent")
            #expect(entry["bind"]?.int64 == 1 && entry["what"]?.string == "submit_sm")
            #expect(try await api.watch("/connectors/4711/exchanges").status == 404)
            #expect(try await api.watch("/connectors/\(connector.id)/exchanges?after=x").refusedFields == ["after"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `receipts that fit no message are listed, the newest first`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let connector = api.node.connector.id
            for number in 1...3 {
                let receipt = Receipt(
                    connectorID: connector, providerID: "unknown-\(number)", recipient: "491701234567",
                    state: .undeliverable, errorCode: "0001", at: TestClock.start)
                #expect(await api.node.receive(.receipt(receipt)) == .stored)
            }
            let answer = try await api.watch("/receipts/unmatched?limit=2")
            #expect(answer.strings("providerId") == ["unknown-3", "unknown-2"])
            let first = try #require(answer.items.first)
            #expect(first["connector"]?.string == "fake" && first["state"]?.string == "undeliverable")
            #expect(first["errorCode"]?.string == "0001" && first["recipient"]?.string == "491701234567")
            let next = try #require(answer.string("next"))
            let rest = try await api.watch("/receipts/unmatched?limit=2&cursor=\(next)")
            #expect(rest.strings("providerId") == ["unknown-1"] && rest.string("next") == nil)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the audit log is filtered and paged`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let all = try await api.watch("/audit?limit=500")
            #expect(all.status == 200 && all.strings("actor").allSatisfy { $0 == "file" })
            let acmes = try await api.watch("/audit?companyId=\(api.node.acme)&kind=key&action=created")
            #expect(Set(acmes.strings("name")) == ["main", "operator"])
            #expect(try await api.watch("/audit?actor=nobody").items.isEmpty)
            #expect(try await api.watch("/audit?from=2027-01-01T00:00:00Z").items.isEmpty)
            let page = try await api.watch("/audit?limit=2")
            let next = try #require(page.string("next"))
            let second = try await api.watch("/audit?limit=2&cursor=\(next)")
            #expect(page.strings("name") + second.strings("name") == Array(all.strings("name").prefix(4)))
            for field in ["kind", "action", "from", "companyId", "limit"] {
                #expect(try await api.watch("/audit?\(field)=~").refusedFields == [field])
            }
            try await api.makeReseller()
            let seen = try await api.watch("/audit?limit=500", key: APITester.resellerKey)
            #expect(seen.items.allSatisfy { $0["companyId"]?.int64 != api.node.acme && $0["companyId"] != nil })
            #expect(!seen.items.isEmpty)
            #expect(try await api.watch("/audit?companyId=\(api.node.acme)", key: APITester.resellerKey).status == 404)
        }
    }

    @Test func `carriers and the server are nothing for resellers or customers`() async throws {
        try await APITester.run { api async throws in
            try await api.makeReseller()
            let connector = api.node.connector.id
            for path in ["/status", "/connectors/\(connector)/exchanges", "/receipts/unmatched"] {
                #expect(try await api.watch(path, key: APITester.resellerKey).status == 403)
                #expect(try await api.watch(path, key: TestSetup.acmeKey).status == 403)
                #expect(try await api.watch(path, key: nil).status == 401)
            }
        }
    }
}
