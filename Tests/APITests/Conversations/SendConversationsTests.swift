// SPDX-License-Identifier: Apache-2.0
// POST /messages and /bulks: what is stored, what is answered, who may send from where, and repetition under a key.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct SendConversationsTests {
    @Test(arguments: Engine.allCases)
    func `a WhatsApp message is stored before it is answered`(_ engine: Engine) async throws {
        try await ConversationsTester.run(engine) { tester async throws in
            let overrides = JSONValue.object(["notificationCallbackUrl": "https://acme.example/s"])
            let answer = try await tester.send(.whatsapp, ["context": "c1", "overrides": overrides])
            #expect(answer.status == 202)
            #expect(answer.headers[.contentType] == "application/json")
            let id = try #require(answer.string("messageId"))
            #expect(answer.text == #"{"messageId":"\#(id)","timestamp":"2026-01-15T12:00:00Z"}"#)
            let message = try await tester.stored(id)
            #expect(message.surface == .conversations && message.kind == .whatsapp)
            #expect(message.sender == "4915200000001" && message.recipient == "491701234567")
            #expect(message.content == .rich(RichContent(.text(TextBody("Hello")))))
            #expect(message.reference == "c1" && message.size == 1 && message.gateway == "")
            #expect(message.reporting == Reporting(url: "https://acme.example/s", method: .post))
            #expect(message.expiresAt - message.createdAt == 30 * 86_400_000)
        }
    }

    @Test func `a short message is composed and priced as the SMS API does it`() async throws {
        try await ConversationsTester.run { tester async throws in
            let text = String(repeating: "x", count: 307)
            let answer = try await tester.send(.sms, content: #"{"text": "\#(text)"}"#)
            let message = try await tester.stored(answer.string("messageId"))
            #expect(message.kind == .sms && message.surface == .conversations)
            #expect(message.size == 3 && message.gateway == "DEFAULT")
            #expect(message.quote?.amount == Money("0.0075") && message.quote?.mccmnc == "26201")
            #expect(message.sentText == text)
        }
    }

    @Test func `a short message may take more parts than the SMS API usually allows, and its text stays`() async throws
    {
        try await ConversationsTester.run { tester async throws in
            let text = String(repeating: "ω ", count: 1500)
            let answer = try await tester.send(.sms, content: #"{"text": "\#(text)"}"#)
            let message = try await tester.stored(answer.string("messageId"))
            #expect(message.size == 45)
            #expect(message.sentText == text)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a prepaid company pays for its short messages`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.balance = Money("0.01")
        try await ConversationsTester.run(engine, setup: setup) { tester async throws in
            #expect(try await tester.send(.sms).status == 202)
            #expect(try await tester.send(.sms).status == 402)
            #expect(try await tester.send(.whatsapp).status == 202)
            #expect(try await tester.send(.sms, ["to": "33612345678"]).refusedFields == ["to"])
            let bulk = try await tester.sendBulk(.sms, texts: ["a", "b"], ["to": "33612345678"])
            #expect(bulk.refusedFields == ["to"])
        }
    }

    // MARK: Senders

    @Test(arguments: ChannelKind.ofChannels)
    func `a sender of another company is refused`(_ kind: ChannelKind) async throws {
        try await ConversationsTester.run { tester async throws in
            let foreign = JSONValue.string(ConversationsTester.foreignAddress(of: kind))
            let members: [String: JSONValue] = ["rateType": "session"]
            let answer = try await tester.send(kind, members.merging(["from": foreign]) { $1 })
            #expect(answer.status == 403)
            #expect(answer.refusedFields == ["from"])
            #expect(answer.headers[.contentType] == "application/problem+json")
            #expect(answer.json["status"] == 403 && answer.string("type") == "https://httpstatuses.com/403")
            #expect(try await tester.send(kind, members).status == 202)
            let unknown = try await tester.send(kind, members.merging(["from": "4930999"]) { $1 })
            #expect(unknown.status == (kind == .sms ? 202 : 403))
        }
    }

    @Test func `a channel without the scope does not send`() async throws {
        try await ConversationsTester.run(scopes: ["callbacks:read"]) { tester async throws in
            let answer = try await tester.send()
            #expect(answer.status == 403)
            #expect(answer.string("detail")?.contains("messages:write") == true)
        }
        try await ConversationsTester.run(scopes: ["messages:write"]) { tester async throws in
            #expect(try await tester.send().status == 202)
        }
    }

    @Test func `a key for some channels sends from those alone, and knows no messages of others`() async throws {
        try await ConversationsTester.run { tester async throws in
            let acme = tester.node.acme
            try await tester.node.provision { provisioner in
                _ = try provisioner.createKey(
                    "viber-key", name: "viber", companyID: acme, limits: KeyLimits(objects: ["viber:10001"]))
            }
            try await tester.node.directory.reload()
            let rate: [String: JSONValue] = ["rateType": "session"]
            #expect(try await tester.send(.viber, rate, key: "viber-key").status == 202)
            #expect(try await tester.send(.whatsapp, key: "viber-key").refusedFields == ["from"])
            let id = try #require(try await tester.send(.whatsapp).string("messageId"))
            let path = "/conversations/v3/messages/\(id)/status"
            #expect(try await tester.api.get(path, key: "viber-key").status == 404)
            #expect(try await tester.api.get(path).status == 200)
        }
    }

    // MARK: Media and reactions

    @Test func `a medium must be one of the company's`() async throws {
        try await ConversationsTester.run { tester async throws in
            let good = #"{"contentType": "image", "image": {"mediaId": "\#(ConversationsTester.medium)"}}"#
            #expect(try await tester.send(content: good).status == 202)
            let bad = #"{"contentType": "image", "image": {"mediaId": "00000000-0000-0000-0000-000000000000"}}"#
            let answer = try await tester.send(content: bad)
            #expect(answer.status == 400)
            #expect(answer.refusedFields == ["content.image.mediaId"])
        }
    }

    @Test func `a reaction to a message of ours goes under the provider's id`() async throws {
        try await ConversationsTester.run { tester async throws in
            let id = try #require(
                try await tester.send(content: ConversationsTester.template).string("messageId").flatMap {
                    MessageID($0)
                })
            let key = MessageKey(companyID: tester.node.acme, id: id)
            let parts = try await tester.node.wait(for: .sent, of: key).parts
            let json = #"{"contentType": "reaction", "reaction": {"messageId": "\#(id)", "emoji": "👍"}}"#
            let reaction = try await tester.stored(try await tester.send(content: json).string("messageId"))
            let providerID = try #require(parts.first?.providerID)
            #expect(
                reaction.content == .rich(RichContent(.reaction(Reaction(messageId: providerID, emoji: "👍")))))
        }
    }

    // MARK: Bulks

    @Test(arguments: Engine.allCases)
    func `a bulk is stored as a chain in its order`(_ engine: Engine) async throws {
        try await ConversationsTester.run(engine) { tester async throws in
            let answer = try await tester.sendBulk(texts: ["a", "b", "c"], ["context": "c1"])
            #expect(answer.status == 202)
            let bulkID = try #require(answer.string("bulkId"))
            let ids = (answer.json["messageIds"]?.array ?? []).compactMap(\.string)
            #expect(ids.count == 3 && ids == ids.sorted())
            for (index, id) in ids.enumerated() {
                let message = try await tester.stored(id)
                #expect(message.content == .rich(RichContent(.text(TextBody(["a", "b", "c"][index])))))
                #expect(message.reference == "c1")
                #expect(message.extra?.bulkID == bulkID)
                #expect(message.extra?.waitsForBulk == (index > 0 ? true : nil))
                #expect(message.extra?.bulkNext?.description == (index < 2 ? ids[index + 1] : nil))
            }
        }
    }

    @Test func `of a bulk with one bad content nothing is stored`() async throws {
        try await ConversationsTester.run { tester async throws in
            let answer = try await tester.sendBulk(texts: ["a", "", "c"])
            #expect(answer.status == 400)
            #expect(answer.refusedFields == ["messages[1].text"])
            #expect(try await tester.node.count("messages") == 0)
        }
    }

    @Test func `a prepaid company's bulk is stored whole or not at all`() async throws {
        var setup = TestSetup()
        setup.balance = Money("0.02")
        try await ConversationsTester.run(setup: setup) { tester async throws in
            #expect(try await tester.sendBulk(.sms, texts: ["a", "b", "c"]).status == 402)
            #expect(try await tester.node.count("messages") == 0)
            #expect(try await tester.sendBulk(.sms, texts: ["a", "b"]).status == 202)
            #expect(try await tester.node.count("messages") == 2)
        }
    }

    // MARK: Repetition and form

    @Test(arguments: Engine.allCases)
    func `the same request under a key gets the same bytes and sends once`(_ engine: Engine) async throws {
        let key = [("Idempotency-Key", "order-7")]
        try await ConversationsTester.run(engine) { tester async throws in
            let first = try await tester.send(headers: key)
            tester.node.clock.advance(by: 5000)
            let again = try await tester.send(headers: key)
            #expect(first.status == 202 && again.status == 202 && again.body == first.body)
            #expect(try await tester.send(.whatsapp, ["context": "other"], headers: key).status == 409)
            #expect(try await tester.sendBulk(texts: ["a", "b"], headers: key).status == 409)
            let bulkKey = [("Idempotency-Key", "bulk-7")]
            let bulk = try await tester.sendBulk(texts: ["a", "b"], headers: bulkKey)
            #expect(try await tester.sendBulk(texts: ["a", "b"], headers: bulkKey).body == bulk.body)
            #expect(try await tester.node.count("messages") == 3)
        }
    }

    @Test func `a repetition is answered even when it would not be accepted any more`() async throws {
        let key = [("Idempotency-Key", "late")]
        try await ConversationsTester.run { tester async throws in
            let first = try await tester.send(headers: key)
            try await tester.node.provision { provisioner in
                for channel in try provisioner.channels() where channel.kind == .whatsapp {
                    try provisioner.remove(channelID: channel.id)
                }
            }
            try await tester.node.directory.reload()
            #expect(try await tester.send().status == 403)
            #expect(try await tester.send(headers: key).body == first.body)
        }
    }

    @Test func `problems have their own media type`() async throws {
        try await ConversationsTester.run { tester async throws in
            let path = "/conversations/v3/messages"
            let json = "application/json"
            let answers = [
                (try await tester.api.call(.post, path, body: Array("{".utf8), contentType: json), 400),
                (try await tester.api.call(.post, path, body: Array("[]".utf8), contentType: json), 400),
                (try await tester.api.call(.post, path, body: Array("a=b".utf8), contentType: "text/plain"), 415),
                (try await tester.api.call(.post, path, body: Array("{}".utf8), contentType: json, key: nil), 401),
                (try await tester.api.call(.get, path), 405),
                (try await tester.api.call(.post, path, body: Array("{}".utf8), contentType: json), 400),
            ]
            for (answer, status) in answers {
                #expect(answer.status == status)
                #expect(answer.headers[.contentType] == "application/problem+json")
                #expect(answer.json["status"]?.int64 == Int64(status))
            }
            #expect(answers.last?.0.string("title") == "Constraint Violation")
        }
    }
}
