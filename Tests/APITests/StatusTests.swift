// SPDX-License-Identifier: Apache-2.0
// The status query, and the words of the SMS API for the states of messages and parts.

import EngineTestSupport
import HTTPTypes
import Messaging
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct StatusTests {
    @Test(arguments: Engine.allCases)
    func `the status follows the message to its end`(_ engine: Engine) async throws {
        try await APITester.run(engine) { api async throws in
            api.node.connector.answerByHand()
            let answer = try await api.send(["message": .string(String(repeating: "x", count: 161))])
            let id = try #require(answer.string("requestId"))
            let path = "/messaging/v1/messages/" + id
            let key = MessageKey(companyID: api.node.acme, id: try #require(MessageID(id)))
            let submissions = try await api.node.connector.submissions(count: 2)
            #expect(try await api.get(path).string("status") == "BUFFERED")
            for submission in submissions { api.node.connector.take(submission.ticket) }
            try await api.node.wait(for: .sent, of: key)
            api.node.clock.advance(by: 3000)
            await api.node.report(submissions[0])
            let half = try await api.get(path)
            #expect(half.string("status") == "BUFFERED")
            #expect(half.json["parts"]?.array?.map { $0["deliveryState"] } == ["DELIVERED", "BUFFERED"])
            await api.node.report(submissions[1], .undeliverable, errorCode: "0001")
            let done = try await api.get(path)
            #expect(done.string("status") == "UNDELIVERABLE")
            #expect(done.string("errorCode") == "0001")
            #expect(done.string("errorReason") == "unknownSubscriber")
            #expect(done.string("submitDate") == "2026-01-15T12:00:00Z")
            #expect(done.string("sentDate") == "2026-01-15T12:00:00Z")
            #expect(done.string("doneDate") == "2026-01-15T12:00:03Z")
            #expect(done.json["parts"]?.array?[1]["errorCode"] == "0001")
            #expect(done.json["parts"]?.array?[0]["doneDate"] == "2026-01-15T12:00:03Z")
        }
    }

    @Test func `a message that was sent twice says so`() async throws {
        try await APITester.run { api async throws in
            api.node.connector.answer {
                $0.isPossibleDuplicate ? .submitted(providerID: "77") : .uncertain(reason: "link")
            }
            let answer = try await api.send()
            let id = try #require(answer.string("requestId"))
            #expect(answer.json["possibleDuplicate"] == nil)
            let key = MessageKey(companyID: api.node.acme, id: try #require(MessageID(id)))
            try await api.node.wait(for: .sent, of: key)
            #expect(try await api.get("/messaging/v1/messages/" + id).json["possibleDuplicate"] == true)
        }
    }

    @Test(arguments: ["01890000-0000-7000-8000-000000000000", "x", "%00", "..", "01890000-0000-7000-8000-00000000000"])
    func `an unknown id is 404`(_ id: String) async throws {
        try await APITester.run { api async throws in
            let answer = try await api.get("/messaging/v1/messages/" + id)
            #expect(answer.status == 404)
            #expect(answer.string("type") == "https://httpstatuses.com/404")
        }
    }

    @Test func `an inbound message is not to be had by the status query`() async throws {
        try await APITester.run { api async throws in
            _ = await api.node.receive(
                .inbound(
                    InboundPart(
                        connectorID: api.node.connector.id, kind: .sms, sender: "491701234567",
                        recipient: TestSetup.number,
                        content: ReceivedText(octets: Array("Hi".utf8), dataCoding: 0, header: nil, alphabet: .gsm7),
                        concatenation: nil, sentAt: nil, fingerprint: [1], bind: "a")))
            let delivery = try await api.node.inbox.deliveries(count: 1)[0]
            #expect(delivery.rendered.event == "sms.inbound")
            #expect(try await api.get("/messaging/v1/messages/\(delivery.messageID)").status == 404)
        }
    }

    @Test(arguments: [
        (MessageStatus.accepted, "ACCEPTED"), (.scheduled, "ACCEPTED"), (.dispatched, "BUFFERED"), (.sent, "BUFFERED"),
        (.delivered, "DELIVERED"), (.seen, "DELIVERED"), (.expired, "EXPIRED"), (.rejected, "REJECTED"),
        (.undeliverable, "UNDELIVERABLE"), (.failed, "UNDELIVERABLE"), (.deleted, "UNDELIVERABLE"),
    ])
    func `every status has its word`(_ status: MessageStatus, _ word: String) {
        #expect(status.smsName == word)
    }
}
