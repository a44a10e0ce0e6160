// SPDX-License-Identifier: Apache-2.0
// What the Chat API shows of a message afterwards: the request, the status and the history, in the words of either
// edition; and media.

import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct ChatQueryTests {
    private static let chain = ChatTester.request([
        "channels": ["whatsapp", "sms"], "sms": ChatTester.shortMessage, "context": ["userContext": "ref"],
    ])

    @Test(arguments: Engine.allCases)
    func `the status follows the message in the words of each edition`(_ engine: Engine) async throws {
        try await ChatTester.run(engine) { chat in
            let message = try await chat.accepted(ChatTester.request(["context": ["userContext": "ref"]]))
            let key = message.key
            let submission = try await chat.whatsApp.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            #expect(
                try await chat.get(key, "/status").json == [
                    "event": "MessageStatus::accepted", "messageId": .string("\(key.id)"), "channel": "whatsapp",
                    "deliveryChannel": "whatsapp", "status": "accepted", "userContext": "ref",
                    "timestamp": "2026-01-15T12:00:00Z",
                ])
            chat.node.clock.advance(by: 2000)
            await chat.report(submission, by: chat.whatsApp, .delivered)
            try await chat.node.wait(for: .delivered, of: key)
            chat.node.clock.advance(by: 2000)
            await chat.report(submission, by: chat.whatsApp, .seen)
            try await chat.node.wait(for: .seen, of: key)
            #expect(
                try await chat.get(key, "/status").json == [
                    "event": "MessageStatus::seen", "messageId": .string("\(key.id)"), "channel": "whatsapp",
                    "deliveryChannel": "whatsapp", "status": "seen", "userContext": "ref",
                    "timestamp": "2026-01-15T12:00:04Z", "from": .string(ChatTester.customer),
                ])
            #expect(
                try await chat.get(key, "/status", .v2_3).json == [
                    "messageId": .string("\(key.id)"), "deliveryChannel": "whatsapp", "status": "seen",
                    "userContext": "ref", "timestamp": "2026-01-15T12:00:04Z",
                ])
            let history = try await chat.get(key, "/history")
            #expect(history.string("userContext") == "ref")
            #expect(
                history.json["history"]?.array?.map { $0["state"] } == ["accepted", "dispatched", "success", "success"])
            #expect(
                history.json["history"]?.array?.last == [
                    "deliveryChannel": "whatsapp", "channel": "whatsapp", "state": "success",
                    "happendAt": "2026-01-15T12:00:04Z",
                ])
        }
    }

    @Test func `a chain that ends without success says how each channel failed`() async throws {
        try await ChatTester.run { chat in
            chat.whatsApp.answer { _ in .rejected(code: "whatsapp::error::131026", reason: "not on WhatsApp") }
            let key = try await chat.accepted(Self.chain).key
            let submission = try await chat.sms.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            await chat.report(submission, by: chat.sms, .undeliverable, errorCode: "0001")
            try await chat.node.wait(for: .undeliverable, of: key)
            let none: JSONValue = [
                "code": "tyntec::error:noFurtherChannelAvailable",
                "message": "No further channel after Channel[sms] available",
            ]
            let status = try await chat.get(key, "/status")
            #expect(status.string("event") == "MessageStatus::failed")
            #expect(status.string("channel") == "sms")
            #expect(status.json["details"] == none)
            #expect(try await chat.get(key, "/status", .v2_3).json["details"] == nil)
            let history = try await chat.get(key, "/history", .v2_3).json["history"]?.array ?? []
            #expect(
                history.map { $0["state"] } == [
                    "accepted", "dispatching_failed", "dispatched", "dispatching_failed", "failed",
                ])
            #expect(history.map { $0["deliveryChannel"] } == ["whatsapp", "whatsapp", "sms", "sms", "sms"])
            #expect(history.allSatisfy { $0["channel"] == nil })
            #expect(history[1]["details"] == ["code": "whatsapp::error::131026", "message": "not on WhatsApp"])
            #expect(history[3]["details"] == ["code": "0001", "message": "unknownSubscriber"])
            #expect(history[4]["details"] == none)
        }
    }

    @Test func `a channel that arrives late is the one that the status names`() async throws {
        try await ChatTester.run { chat in
            var body = Self.chain
            body["whatsapp"] = [
                "from": .string(ChatTester.whatsApp), "contentType": "text", "text": "x", "fallbackAfter": 60,
            ]
            let key = try await chat.accepted(body).key
            let first = try await chat.whatsApp.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            chat.node.clock.advance(by: 61_000)
            _ = try await chat.sms.submissions(count: 1)
            await chat.report(first, by: chat.whatsApp, .delivered)
            try await chat.node.wait(for: .delivered, of: key)
            let status = try await chat.get(key, "/status")
            #expect(status.string("status") == "delivered" && status.string("channel") == "whatsapp")
            let history = try await chat.get(key, "/history").json["history"]?.array ?? []
            #expect(history.contains { $0["details"]?["code"] == "parley::error::noStatusInTime" })
            #expect(history.last?["state"] == "success")
        }
    }

    @Test(arguments: Engine.allCases)
    func `the message is shown until 48 hours after its end`(_ engine: Engine) async throws {
        try await ChatTester.run(engine) { chat in
            let key = try await chat.accepted([
                "to": 491_701_234_567, "channels": ["whatsapp", "sms"],
                "defaultContent": ["contentType": "text", "text": "For both", "unknown": 1],
                "whatsapp": ["from": 4_915_200_000_001, "urlPreviewDisplayed": .null], "sms": ["from": "Acme"],
                "tyntecEcho": ["from": "unused"],
            ]).key
            let shown: JSONValue = [
                "messageId": .string("\(key.id)"), "to": "+491701234567", "channels": ["whatsapp", "sms"],
                "whatsapp": ["from": "4915200000001", "contentType": "text", "text": "For both"],
                "sms": ["from": "Acme", "contentType": "text", "text": "For both"],
            ]
            for version in ChatVersion.allCases {
                let answer = try await chat.get(key, "", version)
                #expect(answer.status == 200 && answer.json == shown, "\(answer.text)")
            }
            let submission = try await chat.whatsApp.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            await chat.report(submission, by: chat.whatsApp, .delivered)
            try await chat.node.wait(for: .delivered, of: key)
            chat.node.clock.advance(by: 48 * 3_600_000 - 1)
            #expect(try await chat.get(key).json == shown)
            chat.node.clock.advance(by: 1)
            #expect(try await chat.get(key).status == 404)
            #expect(try await chat.get(key, "/status").string("status") == "delivered")
        }
    }

    @Test func `nobody sees the messages of another company or another API`() async throws {
        try await ChatTester.run { chat in
            let key = try await chat.accepted(ChatTester.minimal).key
            let short = try await chat.node.send()
            for what in ["", "/status", "/history"] {
                let path = "/chat-api/v2/messages/"
                #expect(try await chat.api.get(path + "\(key.id)" + what).status == 200)
                #expect(try await chat.api.get(path + "\(key.id)" + what, key: TestSetup.otherKey).status == 404)
                #expect(try await chat.api.get(path + "\(short.id)" + what).status == 404)
                #expect(try await chat.api.get(path + "\(MessageID.next(now: 1))" + what).status == 404)
                let unknown = try await chat.api.get(path + "x" + what)
                #expect(unknown.status == 404 && unknown.headers[.contentType] == "application/json")
            }
        }
    }

    @Test(arguments: ChatVersion.allCases) func `media are downloaded by their company`(_ version: ChatVersion)
        async throws
    {
        try await ChatTester.run { chat in
            let upload = try await chat.library.beginUpload(
                companyID: chat.node.acme, contentType: "image/png", filename: "cat.png", validity: nil)
            let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0) }
            try await upload.write(bytes)
            let id = try await upload.finish().id
            let answer = try await chat.api.get("/\(version.root)/media/\(id)")
            #expect(answer.status == 200 && answer.body == bytes)
            #expect(answer.headers[.contentType] == "image/png")
            for (path, key) in [("\(id)", TestSetup.otherKey), ("x", TestSetup.acmeKey)] {
                #expect(try await chat.api.get("/\(version.root)/media/\(path)", key: key).status == 404)
            }
        }
    }

    @Test func `every event has at most one word in each list`() {
        let table: [(EventKind, ChatStatus?, ChatHistoryState?)] = [
            (.accepted, .accepted, .accepted), (.scheduled, .accepted, .accepted), (.sent, nil, .dispatched),
            (.delivered, .delivered, .success), (.seen, .seen, .success),
            (.channelFailed, .channelFailed, .dispatchingFailed), (.expired, .failed, .failed),
            (.undeliverable, .failed, .failed), (.failed, .failed, .failed), (.rejected, .failed, .failed),
            (.deleted, .failed, .failed), (.uncertain, nil, .unknown), (.withdrawn, .deleted, nil), (.late, nil, nil),
            (.released, nil, nil), (.received, nil, nil), (.converted, nil, nil), (.read, nil, nil),
        ]
        for (event, status, state) in table {
            #expect(ChatStatus(event) == status, "\(event)")
            #expect(ChatHistoryState(event) == state, "\(event)")
        }
        #expect(
            MessageStatus.allCases.map { ChatStatus($0) } == [
                .accepted, .accepted, .accepted, .accepted, .delivered, .seen, .failed, .failed, .failed, .failed,
                .failed,
            ])
    }
}
