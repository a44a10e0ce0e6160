// SPDX-License-Identifier: Apache-2.0
// The Admin API's view of messages: searching, one message with all that belongs to it, and the word on held parts.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

extension APITester {
    static let resellerKey = "reseller-key"

    /// Makes a company with one customer, "Other", and gives it a key for the Admin API; Acme is out of its reach.
    func makeReseller() async throws {
        let other = node.other
        try await node.provision { provisioner in
            let reseller = try provisioner.create(CompanyDraft(name: "Reseller", isReseller: true))
            _ = try provisioner.createKey(
                Self.resellerKey, name: "reseller", companyID: reseller.id, limits: KeyLimits(scopes: [.reseller]))
            var draft = try provisioner.company(other).draft
            draft.resellerID = reseller.id
            _ = try provisioner.change(companyID: other, to: draft)
        }
    }

    func watch(_ path: String, key: String? = TestSetup.adminKey) async throws -> Answer {
        try await get("/admin/v1" + path, key: key)
    }

    func act(_ path: String, _ json: [String: JSONValue] = [:], key: String? = TestSetup.adminKey) async throws
        -> Answer
    {
        try await post("/admin/v1" + path, json: json, key: key)
    }
}

extension Answer {
    var items: [JSONValue] { json["items"]?.array ?? [] }
    func strings(_ member: String) -> [String] { items.compactMap { $0[member]?.string } }
}

@Suite struct MessageWatchTests {
    @Test(arguments: Engine.allCases)
    func `messages are found by what is known of them, the newest first`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            var ids: [String] = []
            for number in 1...5 {
                let answer = try await api.send([
                    "to": .string("49170123456\(number)"), "reference": .string("order-\(number % 2)"),
                ])
                ids.append(try #require(answer.string("requestId")))
                api.node.clock.advance(by: 1000)
            }
            _ = try await api.send(key: TestSetup.otherKey)
            let acme = api.node.acme
            func found(_ query: String) async throws -> [String] {
                let answer = try await api.watch("/messages?companyId=\(acme)" + query)
                #expect(answer.status == 200, "\(answer.text)")
                return answer.strings("id")
            }
            #expect(try await found("") == ids.reversed())
            #expect(try await found("&recipient=%2B491701234562") == [ids[1]])
            #expect(try await found("&recipient=+49+170+1234562") == [ids[1]])
            #expect(try await found("&party=491701234563") == [ids[2]])
            #expect(try await found("&sender=Acme&limit=2") == [ids[4], ids[3]])
            #expect(try await found("&sender=Nobody") == [])
            #expect(try await found("&reference=order-0") == [ids[3], ids[1]])
            #expect(try await found("&direction=inbound") == [])
            #expect(try await found("&id=\(ids[0])") == [ids[0]])
            #expect(try await found("&id=\(ids[0])&sender=Nobody") == [])
            // The ids of one process never go back, whatever clocks its tests have: ranges are another suite's.
            #expect(try await found("&from=2020-01-01T00:00:00Z&to=2100-01-01T00:00:00Z") == ids.reversed())
            #expect(try await found("&to=2020-01-01T00:00:00Z") == [])
            let all = try await api.watch("/messages")
            #expect(all.items.count == 6)
        }
    }

    @Test func `pages follow one another by their cursor`() async throws {
        try await APITester.run { api async throws in
            for _ in 1...7 { #expect(try await api.send().status == 200) }
            var ids: [String] = []
            var path = "/messages?limit=3"
            for expected in [3, 3, 1] {
                let answer = try await api.watch(path)
                #expect(answer.items.count == expected)
                ids += answer.strings("id")
                path = "/messages?limit=3&cursor=" + (answer.string("next") ?? "none")
            }
            #expect(Set(ids).count == 7 && ids == ids.sorted(by: >))
            #expect(path.hasSuffix("none"))
        }
    }

    @Test(arguments: [
        ("limit=0", "limit"), ("limit=501", "limit"), ("cursor=7", "cursor"), ("cursor=", "cursor"),
        ("id=7", "id"), ("status=ok", "status"), ("direction=out", "direction"), ("from=yesterday", "from"),
        ("companyId=x", "companyId"), ("sender=%00", "sender"),
    ])
    func `a filter that is not understood is refused by its name`(_ query: String, _ field: String) async throws {
        try await APITester.run { api async throws in
            let answer = try await api.watch("/messages?" + query)
            #expect(answer.status == 400 && answer.refusedFields == [field], "\(answer.text)")
        }
    }

    @Test(arguments: Engine.allCases)
    func `one message is shown with its parts, events, deliveries and movements`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.balance = Money("1")
        try await APITester.run(engine, setup: setup) { api async throws in
            let sent = try await api.send([
                "callbackUrl": "https://acme.example/r?token=x", "callbackMethod": "GET", "message": "A secret",
            ])
            let id = try #require(sent.string("requestId"))
            let submission = try await api.node.connector.submissions(count: 1)[0]
            try await api.node.wait(for: .sent, of: submission.ticket.key)
            await api.node.report(submission)
            try await api.node.wait(for: .delivered, of: submission.ticket.key)
            let answer = try await api.watch("/messages/\(id)")
            #expect(answer.status == 200)
            #expect(answer.string("status") == "delivered" && answer.string("direction") == "outbound")
            #expect(answer.string("price") == "0.0075" && answer.string("currency") == "EUR")
            let part = try #require(answer.json["parts"]?.array?.first)
            #expect(part["number"]?.int64 == 1 && part["state"]?.string == "delivered")
            #expect(part["connector"]?.string == "fake" && part["providerId"]?.string == "1001")
            let events = (answer.json["events"]?.array ?? []).compactMap { $0["kind"]?.string }
            #expect(events == ["accepted", "sent", "delivered"])
            let delivery = try #require(answer.json["deliveries"]?.array?.first)
            #expect(delivery["url"]?.string == "https://acme.example/r")
            let ledger = (answer.json["ledger"]?.array ?? []).compactMap { $0["kind"]?.string }
            #expect(ledger == ["reserved", "settled"])
            #expect(!answer.text.contains("secret") && !answer.text.contains("token"))
            #expect(try await api.watch("/messages/\(id)?direction=inbound").status == 404)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a held part is released once`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.uncertainPolicy = .hold
        try await APITester.run(engine, setup: setup) { api async throws in
            api.node.connector.answer { _ in .uncertain(reason: "cut") }
            let id = try #require(try await api.send().string("requestId"))
            let path = "/messages/\(id)/parts/1/release"
            _ = try await eventually("a held part") {
                let parts = try await api.watch("/messages/\(id)").json["parts"]?.array
                return parts?.first?["state"]?.string == "held" ? true : nil
            }
            for (json, field) in [([:], "as"), (["as": "lost"], "as"), (["as": 1], "as")]
                as [([String: JSONValue], String)]
            {
                let refused = try await api.act(path, json)
                #expect(refused.status == 400 && refused.refusedFields == [field])
            }
            for wrong in [
                "/messages/\(id)/parts/2/release", "/messages/\(id)/parts/x/release", "/messages/x/parts/1/release",
            ] {
                #expect(try await api.act(wrong, ["as": "sent"]).status == 404)
            }
            let answer = try await api.act(path, ["as": "sent"])
            #expect(answer.status == 200 && answer.string("status") == "sent", "\(answer.text)")
            #expect(try await api.act(path, ["as": "sent"]).status == 409)
            let audit = try await api.watch("/audit?action=released")
            #expect(audit.strings("objectId") == [id] && audit.strings("actor") == ["key:operator"])
            #expect(audit.items.first?["changes"]?["as"]?["to"]?.string == "sent")
        }
    }

    @Test func `a reseller sees the messages of its companies alone`() async throws {
        try await APITester.run { api async throws in
            try await api.makeReseller()
            let acmes = try #require(try await api.send().string("requestId"))
            let others = try #require(try await api.send(key: TestSetup.otherKey).string("requestId"))
            let key = APITester.resellerKey
            #expect(try await api.watch("/messages", key: key).strings("id") == [others])
            #expect(try await api.watch("/messages?id=\(acmes)", key: key).items.isEmpty)
            #expect(try await api.watch("/messages?companyId=\(api.node.acme)", key: key).status == 404)
            #expect(try await api.watch("/messages/\(acmes)", key: key).status == 404)
            #expect(try await api.watch("/messages/\(others)", key: key).status == 200)
            #expect(try await api.act("/messages/\(acmes)/parts/1/release", ["as": "sent"], key: key).status == 404)
            #expect(try await api.act("/messages/\(others)/parts/1/release", ["as": "sent"], key: key).status == 409)
        }
    }
}
