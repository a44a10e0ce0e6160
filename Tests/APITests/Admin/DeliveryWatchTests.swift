// SPDX-License-Identifier: Apache-2.0
// The Admin API's view of deliveries and endpoints, and sending again.

import Accounts
import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

extension APITester {
    /// A delivery of a company that was given up, one second after the one before it.
    @discardableResult
    fileprivate func undelivered(_ company: CompanyID, url: String = "https://acme.example/r?text=secret") async throws
        -> Int64
    {
        node.clock.advance(by: 1000)
        let now = node.clock.now
        return try await node.database.write { transaction in
            let store = DeliveryStore(transaction)
            let rendered = RenderedDelivery(
                event: "sms.status", promise: .everyTenSeconds, url: url, method: .get, contentType: "", body: [])
            let key = MessageKey(companyID: company, id: UUIDv7.next(now: now))
            let id = try store.insert([(key, rendered)], leased: 1, lease: 99, now: now)[0].id
            try store.finish(
                [.init(id: id, state: .undelivered, dueAt: 0, attempts: 9, status: 503, error: "HTTP 503")], lease: 99,
                now: now)
            return id
        }
    }
}

@Suite struct DeliveryWatchTests {
    @Test(arguments: Engine.allCases)
    func `one is shown without its query and sent again with an audit row`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let id = try await api.undelivered(api.node.acme)
            let shown = try await api.watch("/deliveries/\(id)")
            #expect(shown.status == 200 && shown.string("state") == "undelivered")
            #expect(shown.string("url") == "https://acme.example/r" && !shown.text.contains("secret"))
            #expect(shown.json["lastStatus"]?.int64 == 503 && shown.json["attempts"]?.int64 == 9)
            #expect(shown.json["dueAt"] == nil && shown.json["doneAt"] != nil)
            let replayed = try await api.act("/deliveries/\(id)/replay")
            #expect(replayed.status == 200 && replayed.string("state") == "pending", "\(replayed.text)")
            #expect(replayed.json["dueAt"] != nil && replayed.json["doneAt"] == nil)
            #expect(try await api.act("/deliveries/\(id)/replay").status == 200)
            let audit = try await api.watch("/audit?kind=delivery&objectId=\(id)")
            #expect(audit.strings("action") == ["replayed"], "a pending one is not replayed again")
            #expect(try await api.watch("/deliveries/4711").status == 404)
            #expect(try await api.act("/deliveries/4711/replay").status == 404)
            #expect(try await api.watch("/deliveries/x").status == 404)
        }
    }

    @Test(arguments: Engine.allCases)
    func `lists are filtered and paged`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            var ids: [Int64] = []
            for index in 0..<5 {
                ids.append(try await api.undelivered(index.isMultiple(of: 2) ? api.node.acme : api.node.other))
            }
            func found(_ query: String) async throws -> [Int64] {
                let answer = try await api.watch("/deliveries?" + query)
                #expect(answer.status == 200, "\(answer.text)")
                return answer.items.compactMap { $0["id"]?.int64 }
            }
            #expect(try await found("") == ids.reversed())
            #expect(try await found("companyId=\(api.node.other)") == [ids[3], ids[1]])
            #expect(try await found("companyId=\(api.node.other)&state=undelivered") == [ids[3], ids[1]])
            #expect(try await found("state=pending") == [])
            #expect(try await found("event=sms.inbound") == [])
            #expect(try await found("from=2026-01-15T12:00:02Z&to=2026-01-15T12:00:04Z") == [ids[2], ids[1]])
            let first = try await api.watch("/deliveries?limit=2")
            let next = try #require(first.string("next"))
            #expect(try await found("limit=2&cursor=\(next)") == [ids[2], ids[1]])
            let message = try #require(first.items.first?["messageId"]?.string)
            #expect(try await found("messageId=\(message)") == [ids[4]])
            #expect(try await found("messageId=\(message)&state=pending") == [])
            for field in ["state", "messageId", "from", "cursor", "limit", "companyId"] {
                let refused = try await api.watch("/deliveries?\(field)=~")
                #expect(refused.status == 400 && refused.refusedFields == [field])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a range of time is sent again and counted`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            var ids: [Int64] = []
            for index in 0..<6 {
                ids.append(
                    try await api.undelivered(
                        index < 4 ? api.node.acme : api.node.other, url: "https://acme.example/\(index % 2)"))
            }
            func replay(_ members: [String: JSONValue], key: String = TestSetup.adminKey) async throws -> Answer {
                let range: [String: JSONValue] = ["from": "2026-01-15T12:00:00Z", "to": "2026-01-16T00:00:00Z"]
                return try await api.act("/deliveries/replay", range.merging(members) { $1 }, key: key)
            }
            let some = try await replay([
                "companyId": .integer(api.node.acme), "to": "2026-01-15T12:00:03Z", "url": "https://acme.example/1",
            ])
            #expect(some.status == 200 && some.text == #"{"replayed":1}"#, "\(some.text)")
            #expect(try await api.watch("/deliveries/\(ids[1])").string("state") == "pending")
            try await api.makeReseller()
            #expect(try await replay([:], key: APITester.resellerKey).text == #"{"replayed":2}"#)
            #expect(try await replay(["companyId": .integer(api.node.acme)], key: APITester.resellerKey).status == 404)
            #expect(try await replay([:]).text == #"{"replayed":3}"#)
            #expect(try await replay([:]).text == #"{"replayed":0}"#)
            let audit = try await api.watch("/audit?action=replayed")
            #expect(audit.items.compactMap { $0["changes"]?["count"]?["to"]?.int64 } == [3, 2, 1])
            for (members, field) in [
                (["from": .null], "from"), (["to": "soon"], "to"), (["to": "2026-01-15T11:59:59Z"], "to"),
                (["state": "pending"], "state"), (["companyId": "x"], "companyId"), (["url": 7], "url"),
            ] as [([String: JSONValue], String)] {
                let refused = try await replay(members)
                #expect(refused.status == 400 && refused.refusedFields == [field], "\(refused.text)")
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `endpoints are shown with what the node has seen of them`(_ engine: Engine) async throws {
        var options = APITester.options
        options.admin.endpoints = {
            [
                EndpointLiveState(companyID: 1, url: "https://acme.example/a", state: .healthy),
                EndpointLiveState(
                    companyID: 1, url: "https://acme.example/a", state: .paused,
                    pausedUntil: TestClock.start + 60_000, lastFailureAt: TestClock.start + 30_000),
            ]
        }
        try await APITester.run(engine, options: options) { api async throws in
            try #require(api.node.acme == 1)
            try await api.undelivered(api.node.acme, url: "https://acme.example/a?x=secret")
            try await api.undelivered(api.node.acme, url: "https://acme.example/a?x=other")
            try await api.undelivered(api.node.other, url: "https://other.example/b")
            let answer = try await api.watch("/webhooks")
            #expect(answer.strings("url") == ["https://acme.example/a", "https://other.example/b"])
            #expect(answer.strings("state") == ["paused", "failing"])
            let first = try #require(answer.items.first)
            #expect(first["undelivered"]?.int64 == 2 && first["until"]?.string == "2026-01-15T12:01:00Z")
            #expect(first["lastTryAt"]?.string == "2026-01-15T12:00:30Z" && first["lastStatus"]?.int64 == 503)
            let page = try await api.watch("/webhooks?limit=1")
            #expect(page.string("next") == "1")
            #expect(try await api.watch("/webhooks?limit=1&cursor=1").strings("url") == ["https://other.example/b"])
            #expect(try await api.watch("/webhooks?companyId=\(api.node.other)").items.count == 1)
            try await api.makeReseller()
            let seen = try await api.watch("/webhooks", key: APITester.resellerKey)
            #expect(seen.strings("url") == ["https://other.example/b"])
        }
    }

    @Test func `a reseller sees the deliveries of its companies alone`() async throws {
        try await APITester.run { api async throws in
            let acmes = try await api.undelivered(api.node.acme)
            let others = try await api.undelivered(api.node.other)
            try await api.makeReseller()
            let key = APITester.resellerKey
            #expect(try await api.watch("/deliveries", key: key).items.compactMap { $0["id"]?.int64 } == [others])
            #expect(try await api.watch("/deliveries?companyId=\(api.node.acme)", key: key).status == 404)
            for path in ["/deliveries/\(acmes)", "/deliveries/4711"] {
                #expect(try await api.watch(path, key: key).status == 404)
            }
            #expect(try await api.act("/deliveries/\(acmes)/replay", key: key).status == 404)
            #expect(try await api.act("/deliveries/\(others)/replay", key: key).status == 200)
        }
    }
}
