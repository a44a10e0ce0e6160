// SPDX-License-Identifier: Apache-2.0
// The answer to a send request: its bytes, what is stored before it, money, and repetition under a key.

import Accounts
import EngineTestSupport
import HTTPTypes
import HummingbirdTesting
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct AcceptanceTests {
    @Test(arguments: Engine.allCases)
    func `the answer is pinned, and the message is stored before it`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            let answer = try await api.send(["message": "Hello, dear customer, how are you?", "reference": "r1"])
            #expect(answer.status == 200)
            #expect(answer.headers[.contentType] == "application/json")
            let id = try #require(answer.string("requestId"))
            #expect(
                answer.text
                    == #"{"requestId":"\#(id)","href":"https://sms.example.com/messaging/v1/messages/\#(id)","#
                    + #""from":"Acme","to":"+491701234567","status":"ACCEPTED","size":1,"parts":[{"partId":"\#(id):1","#
                    + #""deliveryState":"ACCEPTED","price":0.0075,"currency":"EUR","#
                    + #""priceEffective":"2020-01-01T00:00:00Z","statusText":"Hello, dear customer"}],"#
                    + #""submitDate":"2026-01-15T12:00:00Z","reference":"r1","mccmnc":"26201","ttid":"77292","#
                    + #""priceEffective":"2020-01-01T00:00:00Z","overallPrice":"0.0075"}"#)
            let message = try await api.stored(answer)
            #expect(message.companyID == api.node.acme)
            #expect(message.surface == .sms && message.kind == .sms)
        }
    }

    @Test func `a long message has a price for each part and one for all`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.send(["message": .string(String(repeating: "x", count: 307))])
            #expect(answer.json["size"] == 3)
            #expect(answer.json["parts"]?.array?.count == 3)
            #expect(answer.json["parts"]?.array?[2]["price"] == 0.0075)
            #expect(answer.string("overallPrice") == "0.0225")
        }
    }

    @Test func `a number without a price has none in the answer`() async throws {
        try await APITester.run { api async throws in
            let answer = try await api.send(["to": "33612345678"])
            #expect(answer.status == 200)
            for name in ["mccmnc", "ttid", "priceEffective", "overallPrice"] { #expect(answer.json[name] == nil) }
        }
    }

    @Test func `without a configured address links begin with the one that was asked`() async throws {
        try await APITester.run(options: APIOptions()) { api async throws in
            let answer = try await api.send()
            let id = try #require(answer.string("requestId"))
            #expect(answer.string("href")?.hasSuffix("://localhost/messaging/v1/messages/\(id)") == true)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a prepaid company sends until its balance is used up`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.balance = Money("0.02")
        try await APITester.run(engine, setup: setup) { api async throws in
            let long = try await api.send(["message": .string(String(repeating: "x", count: 307))])
            #expect(long.status == 402)
            #expect(long.string("title") == "Payment Required")
            #expect(try await api.accepted(["message": .string(String(repeating: "x", count: 300))]).size == 2)
            #expect(try await api.send().status == 402)
            #expect(try await api.send(key: TestSetup.otherKey).status == 200)
            let acme = api.node.acme
            let left = try await api.node.database.read { try BalanceStore($0).balance(of: acme) }
            #expect(left == Money("0.005"))
        }
    }

    @Test func `a prepaid company does not send to a network without a price`() async throws {
        var setup = TestSetup()
        setup.balance = Money("5")
        try await APITester.run(.sqlite, setup: setup) { api async throws in
            let answer = try await api.send(["to": "33612345678"])
            #expect(answer.status == 400)
            #expect(answer.json["violations"]?.array?.first?["field"] == "to")
        }
    }

    @Test(arguments: Engine.allCases)
    func `the same request under a key gets the same bytes and sends once`(_ engine: Engine) async throws {
        let key = [("Idempotency-Key", "order-7")]
        try await APITester.run(engine) { api async throws in
            let first = try await api.send(["validity": 60], headers: key)
            let again = try await api.send(["validity": "60"], headers: key)
            #expect(first.status == 200 && again.status == 200)
            #expect(again.body == first.body)
            #expect(try await api.send(["validity": 61], headers: key).status == 409)
            #expect(try await api.send(["validity": 60], key: TestSetup.otherKey, headers: key).body != first.body)
            #expect(try await api.node.count("messages") == 2)
            api.node.clock.advance(by: 86_400_000)
            let nextDay = try await api.send(["validity": 60], headers: key)
            #expect(nextDay.status == 200 && nextDay.body != first.body)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a repetition is answered even when it would not be accepted any more`(_ engine: Engine) async throws {
        let key = [("Idempotency-Key", "late")]
        let request: [String: JSONValue] = ["sendDateTime": "2026-01-15T12:10:00Z"]
        try await APITester.run(engine) { api async throws in
            let first = try await api.send(request, headers: key)
            #expect(first.status == 200)
            api.node.clock.advance(by: 3_600_000)
            #expect(try await api.send(request, headers: key).body == first.body)
            #expect(try await api.send(request, headers: [("Idempotency-Key", "new")]).status == 400)
            let other: [String: JSONValue] = ["sendDateTime": "2026-01-15T12:10:01Z"]
            #expect(try await api.send(other, headers: key).status == 409)
        }
    }

    @Test func `a request that was refused for money leaves its key free`() async throws {
        var setup = TestSetup()
        setup.balance = Money("0.01")
        try await APITester.run(setup: setup) { api async throws in
            let key = [("Idempotency-Key", "k")]
            #expect(try await api.send(["to": "447700900123"], headers: key).status == 402)
            #expect(try await api.send(headers: key).status == 200)
        }
    }

    @Test func `an unusable key names the header`() async throws {
        try await APITester.run { api async throws in
            let long = String(repeating: "k", count: 256)
            #expect(try await api.send(headers: [("Idempotency-Key", long)]).refusedFields == ["Idempotency-Key"])
            #expect(try await api.send(headers: [("Idempotency-Key", "")]).refusedFields == ["Idempotency-Key"])
            #expect(try await api.send(headers: [("Idempotency-Key", "a b")]).refusedFields == ["Idempotency-Key"])
            #expect(try await api.send(headers: [("Idempotency-Key", String(long.dropLast()))]).status == 200)
        }
    }

    @Test func `a server that stops answers 503 with Retry-After`() async throws {
        try await APITester.run(over: .live) { api async throws in
            await api.node.engine.stop()
            let answer = try await api.send()
            #expect(answer.status == 503)
            #expect(answer.headers[.retryAfter] == "5")
            #expect(answer.string("type") == "https://httpstatuses.com/503")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a database that is gone is 503`(_ engine: Engine) async throws {
        try await APITester.run(engine, over: .live) { api async throws in
            await api.node.database.close()
            for answer in [
                try await api.send(), try await api.get("/messaging/v1/messages/01890000-0000-7000-8000-000000000000"),
                try await api.post(
                    "/messaging/v1/conversion", json: ["requestId": "01890000-0000-7000-8000-000000000000"]),
            ] {
                #expect(answer.status == 503)
                #expect(answer.headers[.retryAfter] != nil)
            }
        }
    }
}
