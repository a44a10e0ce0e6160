// SPDX-License-Identifier: Apache-2.0
// Webhooks, submissions and settings as the tests of the WhatsApp connector write them. `Fixtures/messages.json` has a
// message of every type with the content that it is; `Tests/Peers/whatsapp_pywa.py` reads the same file.

import Foundation
import Messaging
import Wire

@testable import Connectors

enum WhatsAppSamples {
    /// 2026-09-21T14:13:20Z.
    static let now: Milliseconds = 1_790_000_000_000
    static let number = "4915212345678"
    static let userID = "DE.13491208655302741918"
    static let contact = JSONValue.object([
        "profile": .object(["name": .string("Ada")]), "wa_id": .string(number), "user_id": .string(userID),
    ])

    struct Message: Sendable {
        let name: String
        var message: [String: JSONValue]
        /// As it is stored.
        let content: JSONValue
        let media: JSONValue?
    }

    static let messages: [Message] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures/messages.json")
        guard let data = try? Data(contentsOf: file), let samples = try? JSONValue(parsing: data).object else {
            return []
        }
        return samples.sorted { $0.key < $1.key }.map { name, sample in
            Message(
                name: name, message: sample["message"]?.object ?? [:], content: sample["content"] ?? .null,
                media: sample["media"])
        }
    }()

    /// The bytes of a notification with this value.
    static func webhook(_ value: [String: JSONValue]) -> [UInt8] {
        let metadata = JSONValue.object([
            "display_phone_number": .string("+49 1520 0000001"), "phone_number_id": .string("106540352242922"),
        ])
        let value = value.merging(["messaging_product": .string("whatsapp"), "metadata": metadata]) { $1 }
        let change = JSONValue.object(["field": .string("messages"), "value": .object(value)])
        let entry = JSONValue.object(["id": .string("102290129340398"), "changes": .array([change])])
        return bytes(.object(["object": .string("whatsapp_business_account"), "entry": .array([entry])]))
    }

    static func webhook(_ messages: [[String: JSONValue]], contacts: [JSONValue] = [contact]) -> [UInt8] {
        webhook(["messages": .array(messages.map { .object($0) }), "contacts": .array(contacts)])
    }

    static func bytes(_ json: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.value(json)
        return writer.bytes
    }

    static func read(_ body: [UInt8]) -> WhatsAppWebhook.Reading {
        WhatsAppWebhook(connectorID: 7, now: now).events(in: body)
    }

    static let secret = #"{"accessToken": "EAAtoken", "appSecret": "s3cret", "verifyToken": "verify-me"}"#

    static func settings(_ members: [String: JSONValue] = [:], secret: String = secret) -> ConnectorSettings {
        let required: [String: JSONValue] = ["phoneNumberID": .string("106540352242922")]
        return ConnectorSettings(
            id: 7, name: "demo-waba", kind: "whatsapp", options: .object(required.merging(members) { $1 }),
            secret: secret)
    }

    static func submission(
        _ body: RichBody, recipient: String = number, attempt: Int = 1
    ) -> Submission {
        let key = MessageKey(companyID: 1, id: UUIDv7.next(now: now))
        return Submission(
            ticket: PartTicket(key: key, step: 0, number: 1, attempt: attempt), sender: "4915200000001",
            recipient: recipient, content: .rich(RichContent(body)), size: 1, expiresAt: now + 3_600_000,
            isPossibleDuplicate: false)
    }
}

/// A sequence of pseudo-random numbers that a seed repeats (SplitMix64).
struct SeededNumbers: RandomNumberGenerator {
    private var state: UInt64

    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var number = state
        number = (number ^ (number >> 30)) &* 0xBF58_476D_1CE4_E5B9
        number = (number ^ (number >> 27)) &* 0x94D0_49BB_1331_11EB
        return number ^ (number >> 31)
    }
}
