// SPDX-License-Identifier: Apache-2.0
// Webhook bytes → events: every type of message, statuses, senders without a number, and bytes that make no sense.

import Messaging
import Testing
import Wire

@testable import Connectors

@Suite struct WhatsAppWebhookTests {
    private typealias Samples = WhatsAppSamples

    private func messages(_ body: [UInt8]) -> [InboundMessage] {
        Samples.read(body).events.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }

    @Test(arguments: WhatsAppSamples.messages.map(\.name))
    func aMessageOfEveryTypeIsUnderstood(_ name: String) throws {
        let sample = try #require(Samples.messages.first { $0.name == name })
        let message = try #require(messages(Samples.webhook([sample.message])).first)
        let stored = try JSONValue(parsing: MessageContent.rich(message.content).json.utf8)
        #expect(stored == sample.content)
        #expect(message.media?.reference == sample.media?["reference"]?.string)
        #expect(message.media?.contentType == sample.media?["contentType"]?.string)
        #expect(message.media?.filename == sample.media?["filename"]?.string)
        #expect(message.providerID == sample.message["id"]?.string)
        #expect(message.recipient == "4915200000001")
        #expect(message.sender == [Identity(.phone, Samples.number), Identity(.businessScopedID, Samples.userID)])
        #expect(message.sentAt >= Samples.now && message.sentAt < Samples.now + 60_000)
    }

    @Test func theFixturesAreThere() { #expect(Samples.messages.count >= 29) }

    /// Whichever of the phone fields are missing, the message stays what it is and keeps a sender.
    @Test(arguments: 0..<10 as Range<UInt64>)
    func phoneFieldsMayBeMissing(seed: UInt64) throws {
        var random = SeededNumbers(seed)
        for sample in Samples.messages {
            var message = sample.message
            var contact = Samples.contact.object ?? [:]
            var expected = [Identity(.businessScopedID, Samples.userID)]
            if Bool.random(using: &random) { contact["wa_id"] = nil }
            if Bool.random(using: &random) {
                message["from"] = nil
                if contact["wa_id"] != nil { expected.insert(Identity(.whatsAppID, Samples.number), at: 0) }
            } else {
                expected.insert(Identity(.phone, Samples.number), at: 0)
            }
            if Bool.random(using: &random) { message["from_user_id"] = .string(Samples.userID) }
            let read = try #require(messages(Samples.webhook([message], contacts: [.object(contact)])).first)
            #expect(read.sender == expected)
            #expect(try JSONValue(parsing: MessageContent.rich(read.content).json.utf8) == sample.content)
        }
    }

    @Test func aSenderIsFoundAmongSeveralContacts() throws {
        let other = JSONValue.object([
            "profile": .object(["name": .string("Bob")]), "user_id": .string("DE.2"),
        ])
        let message: [String: JSONValue] = [
            "id": .string("wamid.1"), "from_user_id": .string("DE.2"), "type": .string("text"),
            "text": .object(["body": .string("x")]),
        ]
        let read = try #require(messages(Samples.webhook([message], contacts: [Samples.contact, other])).first)
        #expect(read.sender == [Identity(.businessScopedID, "DE.2")])
        #expect(read.content.inbound?.senderName == "Bob")
        #expect(read.sentAt == Samples.now)
    }

    @Test func whoChangesNumberOrIDIsKnownByBoth() throws {
        let number: [String: JSONValue] = [
            "id": .string("wamid.1"), "from": .string("4915212345678"), "type": .string("system"),
            "system": .object([
                "type": .string("user_changed_number"), "wa_id": .string("4915287654321"), "body": .string("moved"),
            ]),
        ]
        let user: [String: JSONValue] = [
            "id": .string("wamid.2"), "type": .string("system"),
            "system": .object([
                "type": .string("user_changed_user_id"), "user_id": .string("DE.2"),
                "previous_user_id": .string("DE.1"),
            ]),
        ]
        let read = messages(Samples.webhook([number, user], contacts: []))
        try #require(read.count == 2)
        #expect(read[0].sender == [Identity(.phone, "4915287654321"), Identity(.phone, "4915212345678")])
        #expect(read[1].sender == [Identity(.businessScopedID, "DE.2"), Identity(.businessScopedID, "DE.1")])
        #expect(read.allSatisfy { $0.content.body == .unknown(type: "system") })
    }

    @Test func aMessageThatItsSenderTakesBackIsDeleted() {
        let revoke: [String: JSONValue] = [
            "id": .string("wamid.2"), "from": .string(Samples.number), "timestamp": .string("1790000001"),
            "type": .string("revoke"), "revoke": .object(["original_message_id": .string("wamid.1")]),
        ]
        let status: JSONValue = .object([
            "id": .string("wamid.1"), "status": .string("deleted"), "recipient_id": .string(Samples.number),
        ])
        func deletion(_ sender: [Identity], at: Milliseconds) -> ConnectorEvent {
            .deleted(
                InboundDeletion(
                    connectorID: 7, kind: .whatsapp, recipient: "4915200000001", sender: sender,
                    providerID: "wamid.1", at: at))
        }
        let phone = Identity(.phone, Samples.number)
        #expect(
            Samples.read(Samples.webhook([revoke])).events == [
                deletion([phone, Identity(.businessScopedID, Samples.userID)], at: Samples.now + 1000)
            ])
        #expect(
            Samples.read(Samples.webhook(["statuses": .array([status])])).events == [
                deletion([phone], at: Samples.now)
            ])
    }

    // MARK: Statuses

    @Test(
        arguments: [
            (#""status":"sent""#, PartState.sent, nil, nil), (#""status":"delivered""#, .delivered, nil, nil),
            (#""status":"read""#, .seen, nil, nil), (#""status":"played""#, .seen, nil, nil),
            (
                #""status":"failed","errors":[{"code":131047,"title":"Re-engagement","error_data":{"details":"24 h"}}]"#,
                .failed, "whatsapp::error::131047", "24 h"
            ),
            (
                #""status":"failed","errors":[{"code":131026,"title":"Message undeliverable"}]"#, .undeliverable,
                "whatsapp::error::131026", "Message undeliverable"
            ),
            (#""status":"failed""#, .failed, nil, nil), (#""status":"failed","errors":[7]"#, .failed, nil, nil),
        ] as [(String, PartState, String?, String?)])
    func aStatusIsAReceipt(_ members: String, state: PartState, code: String?, reason: String?) throws {
        let status = """
            {"id":"wamid.1","timestamp":"1790000009","recipient_id":"4915212345678","recipient_user_id":"DE.1",
            "conversation":{"id":"c1","expiration_timestamp":"1","origin":{"type":"business_initiated"}},
            "pricing":{"billable":true,"pricing_model":"CBP","category":"utility"},\(members)}
            """
        let body = Samples.webhook(["statuses": .array([try JSONValue(parsing: status.utf8)])])
        #expect(
            Samples.read(body).events == [
                .receipt(
                    Receipt(
                        connectorID: 7, providerID: "wamid.1", recipient: "", state: state, errorCode: code,
                        reason: reason, at: Samples.now + 9000,
                        conversation: ProviderConversation(id: "c1", origin: "business_initiated")))
            ])
    }

    @Test(arguments: ["warning", "pending", ""])
    func aStatusThatNobodyAsksForIsNothing(_ word: String) {
        let status = JSONValue.object(["id": .string("wamid.1"), "status": .string(word)])
        let reading = Samples.read(Samples.webhook(["statuses": .array([status])]))
        #expect(reading.events.isEmpty && reading.unreadable == 0)
    }

    // MARK: Nonsense

    @Test func otherFieldsAndObjectsAreIgnored() {
        let change = #"{"field":"message_template_status_update","value":{"event":"APPROVED"}}"#
        for body in [
            #"{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[\#(change)]}]}"#,
            #"{"object":"page","entry":[{"changes":[{"field":"messages","value":{"messages":[{}]}}]}]}"#,
            #"{"object":"whatsapp_business_account"}"#,
        ] {
            let reading = Samples.read(Array(body.utf8))
            #expect(reading.events.isEmpty && reading.unreadable == 0)
        }
        for body in ["", "{", "[]", "7", "\"x\""] { #expect(Samples.read(Array(body.utf8)).unreadable == 1) }
    }

    /// Wherever one message is broken, its neighbours are read as if it were whole.
    @Test(arguments: 0..<8 as Range<UInt64>)
    func oneBrokenEntryNeverCostsTheOthers(seed: UInt64) throws {
        var random = SeededNumbers(seed)
        let elements = Samples.messages.map { JSONValue.object($0.message) }
        let whole = messages(Samples.webhook(Samples.messages.map(\.message)))
        try #require(whole.count == elements.count)
        for index in elements.indices {
            var broken = elements
            broken[index] = Self.broken(elements[index], using: &random)
            let body = Samples.webhook(["messages": .array(broken), "contacts": .array([Samples.contact])])
            var expected = whole
            let id = expected.remove(at: index).providerID
            #expect(messages(body).filter { $0.providerID != id } == expected)
        }
    }

    /// Replaces some member, at some depth, by a value of some other kind.
    private static func broken(_ json: JSONValue, using random: inout SeededNumbers) -> JSONValue {
        let others: [JSONValue] = [
            .null, .bool(true), .integer(-1), .number(1e300), .string("\u{0}"), .array([]), .object([:]),
            .array([.null, .object([:])]),
        ]
        guard Int.random(in: 0..<4, using: &random) > 0 else { return others[Int.random(in: 0..<8, using: &random)] }
        switch json {
        case .object(var members):
            // Ids stay apart from each other.
            guard let name = members.keys.sorted().filter({ $0 != "id" }).randomElement(using: &random) else {
                return .null
            }
            members[name] = members[name].map { broken($0, using: &random) }
            return .object(members)
        case .array(let values): return .array(values.map { broken($0, using: &random) })
        default: return others[Int.random(in: 0..<8, using: &random)]
        }
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func anyBytesAreSurvived(seed: UInt64) {
        var random = SeededNumbers(seed)
        let whole = Samples.webhook(Samples.messages.map(\.message))
        for _ in 0..<10 {
            var bytes = whole
            for _ in 0..<Int.random(in: 1...20, using: &random) {
                let place = Int.random(in: bytes.indices, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.removeSubrange(place..<min(bytes.count, place + 40))
                default: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
                }
            }
            let reading = Samples.read(bytes)
            #expect(reading.events.count <= Samples.messages.count + 20)
        }
    }
}
