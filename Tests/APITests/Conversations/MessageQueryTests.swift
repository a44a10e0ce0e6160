// SPDX-License-Identifier: Apache-2.0
// GET /messages/{id}/status and /events, and marking inbound messages as read.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import API

@Suite struct MessageQueryTests {
    @Test(arguments: Engine.allCases)
    func `status and events follow a message`(_ engine: Engine) async throws {
        try await ConversationsTester.run(engine) { tester async throws in
            let id = try #require(try await tester.send(content: ConversationsTester.template).string("messageId"))
            let key = MessageKey(companyID: tester.node.acme, id: try #require(MessageID(id)))
            try await tester.node.wait(for: .sent, of: key)
            let path = "/conversations/v3/messages/\(id)"
            let sent = try await tester.api.get(path + "/status")
            #expect(sent.status == 200)
            #expect(
                sent.text == #"{"messageId":"\#(id)","status":"dispatched","timestamp":"2026-01-15T12:00:00Z"}"#)
            tester.node.clock.advance(by: 1000)
            let submission = try #require(try await tester.node.connector.submissions(count: 1).first)
            await tester.node.report(submission)
            try await tester.node.wait(for: .delivered, of: key)
            #expect(
                try await tester.api.get(path + "/status").text
                    == #"{"messageId":"\#(id)","status":"delivered","timestamp":"2026-01-15T12:00:01Z"}"#)
            let events = try await tester.api.get(path + "/events")
            #expect(events.string("messageId") == id)
            let names = (events.json["events"]?.array ?? []).compactMap { $0["event"]?.string }
            #expect(
                names == ["MessageStatus::accepted", "MessageStatus::dispatched", "MessageStatus::delivered"])
            #expect((events.json["events"]?.array ?? []).allSatisfy { $0["channel"] == "whatsapp" })
        }
    }

    @Test func `a failure has its code and its reason`() async throws {
        try await ConversationsTester.run { tester async throws in
            tester.node.connector.answer(by: { _ in
                .rejected(code: "whatsapp::error::131026", reason: "It cannot be delivered.")
            })
            let id = try #require(try await tester.send(content: ConversationsTester.template).string("messageId"))
            let key = MessageKey(companyID: tester.node.acme, id: try #require(MessageID(id)))
            try await tester.node.wait(for: .rejected, of: key)
            let path = "/conversations/v3/messages/\(id)"
            #expect(try await tester.api.get(path + "/status").string("status") == "failed")
            let events = try await tester.api.get(path + "/events").json["events"]?.array ?? []
            let failure = try #require(events.last)
            #expect(failure["event"] == "MessageStatus::failed")
            #expect(failure["details"]?["code"] == "whatsapp::error::131026")
            #expect(failure["details"]?["message"] == "It cannot be delivered.")
        }
    }

    @Test(arguments: ["status", "events"])
    func `messages of others, of other APIs and of no one are not found`(_ what: String) async throws {
        try await ConversationsTester.run { tester async throws in
            let id = try #require(try await tester.send().string("messageId"))
            let sms = try await tester.node.send().id
            for (id, key) in [
                (id, TestSetup.otherKey), (sms.description, TestSetup.acmeKey), ("x", TestSetup.acmeKey),
                ("01890000-0000-7000-8000-000000000000", TestSetup.acmeKey),
            ] {
                let answer = try await tester.api.get("/conversations/v3/messages/\(id)/\(what)", key: key)
                #expect(answer.status == 404)
                #expect(answer.headers[.contentType] == "application/problem+json")
            }
        }
    }

    @Test func `reading what nobody sent is not found, and the body is checked first`() async throws {
        try await ConversationsTester.run { tester async throws in
            func mark(_ id: String, _ body: String) async throws -> Answer {
                try await tester.api.call(
                    .put, "/conversations/v3/channels/whatsapp/messages/\(id)", body: Array(body.utf8),
                    contentType: "application/json")
            }
            #expect(try await mark("wamid.X", #"{"status": "read"}"#).status == 404)
            #expect(try await mark("wamid.X%00", #"{"status": "read", "isTyping": true}"#).status == 404)
            #expect(try await mark("wamid.X", #"{"status": "seen"}"#).refusedFields == ["status"])
            #expect(try await mark("wamid.X", #"{"status": "read", "isTyping": 1}"#).refusedFields == ["isTyping"])
            #expect(try await mark("wamid.X", "{}").refusedFields == ["status"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `reading goes to the connector of the channel, whichever way the id is written`(
        _ engine: Engine
    ) async throws {
        try await ConversationsTester.run(engine) { tester async throws in
            let connectorID = tester.node.identities.connectors[0]
            let connector = ReadingConnector(id: connectorID)
            await tester.node.engine.setConnectors([connector])
            let inbound = InboundMessage(
                connectorID: connectorID, kind: .whatsapp, recipient: "4915200000001",
                sender: [Identity(.phone, "491701234567")], providerID: "wamid.a+/b==",
                content: RichContent(.text(TextBody("Hi"))), sentAt: tester.node.clock.now)
            #expect(await tester.node.receive(.message(inbound)) == .stored)
            func mark(_ id: String, _ body: String, key: String = TestSetup.acmeKey) async throws -> Answer {
                try await tester.api.call(
                    .put, "/conversations/v3/channels/whatsapp/messages/\(id)", body: Array(body.utf8),
                    contentType: "application/json", key: key)
            }
            let id = "wamid.a+%2Fb%3D%3D"
            let answer = try await mark(id, #"{"status": "read"}"#)
            #expect(answer.status == 200 && answer.body.isEmpty)
            #expect(try await mark("wamid.a%2B%2fb==", #"{"status": "read", "isTyping": true}"#).status == 200)
            #expect(try await mark(id, #"{"status": "read"}"#, key: TestSetup.otherKey).status == 404)
            #expect(connector.marks.withLock { $0 } == ["wamid.a+/b== false", "wamid.a+/b== true"])
            connector.failure.withLock { $0 = .refused(code: "whatsapp::error::100", reason: "no") }
            let refused = try await mark(id, #"{"status": "read"}"#)
            #expect(refused.status == 400)
            #expect(refused.string("detail") == "WhatsApp refuses it: no (whatsapp::error::100).")
            connector.failure.withLock { $0 = .unavailable(reason: "it is gone") }
            let unavailable = try await mark(id, #"{"status": "read"}"#)
            #expect(unavailable.status == 503)
            #expect(unavailable.headers[.retryAfter] != nil)
        }
    }
}

/// Takes marks, and nothing else.
private final class ReadingConnector: ReadMarkingConnector {
    let id: Int64
    let name = "reading"
    let isUp = true
    let uncertainPolicy = UncertainPolicy.resend
    let marks = Mutex<[String]>([])
    let failure = Mutex<ReadMarkFailure?>(nil)

    init(id: Int64) { self.id = id }

    func reserve(_ count: Int) -> Int { 0 }
    func release(_ count: Int) {}
    func submit(_ submissions: [Submission]) {}
    func start() {}
    func stop() async {}

    func markRead(providerID: String, channel: String, isTyping: Bool) async -> ReadMarkFailure? {
        if let failure = failure.withLock({ $0 }) { return failure }
        marks.withLock { $0.append("\(providerID) \(isTyping)") }
        return nil
    }
}
