// SPDX-License-Identifier: Apache-2.0
// Every parameter of a send request has its effect. Each test compares a request with the parameter to one without.

import EngineTestSupport
import HTTPTypes
import Messaging
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct SendParameterTests {
    @Test(arguments: [
        "+491701234567", "00491701234567", "491701234567", " 491701234567", "+49 (170) 123-45.67", "0049/170/1234567",
    ])
    func `to is a number in any of its spellings, stored as digits`(_ to: String) async throws {
        try await APITester.run { api async throws in
            let message = try await api.accepted(["to": .string(to)])
            #expect(message.recipient == "491701234567")
            #expect(try await api.node.connector.submissions(count: 1)[0].recipient == "491701234567")
        }
    }

    @Test(arguments: [
        ("Acme", "Acme", "Acme"), ("+4930 123456", "4930123456", "+4930123456"), ("12345", "12345", "12345"),
        ("ACME 24/7 ä", "ACME 24/7 ä", "ACME 24/7 ä"), ("0049301234567", "49301234567", "+49301234567"),
    ])
    func `from is a number, a short code or a name`(_ from: String, _ stored: String, _ shown: String) async throws {
        try await APITester.run { api async throws in
            let answer = try await api.send(["from": .string(from)])
            #expect(answer.string("from") == shown)
            #expect(try await api.stored(answer).sender == stored)
            #expect(try await api.node.connector.submissions(count: 1)[0].sender == stored)
        }
    }

    @Test func `message is what is sent`() async throws {
        try await APITester.run { api async throws in
            let message = try await api.accepted(["message": "Grüße, 1 €"])
            #expect(message.sentText == "Grüße, 1 €")
            #expect(try await api.node.connector.submissions(count: 1)[0].content == message.content)
        }
    }

    @Test func `encoding chooses between GSM7, UNICODE and whichever fits`() async throws {
        try await APITester.run { api async throws in
            for (encoding, text, expected) in [
                ("AUTO", "Hello", EncodingChoice.gsm7), ("UNICODE", "Hello", .unicode), ("GSM7", "Hello", .gsm7),
                ("AUTO", "Привет", .unicode), ("GDM7", "Hello", .gsm7),
            ] {
                let message = try await api.accepted(["encoding": .string(encoding), "message": .string(text)])
                #expect(message.smsContent?.segmentation.encoding == expected, "\(encoding) \(text)")
            }
            #expect(try await api.send(["encoding": "GSM7", "message": "Привет"]).refusedFields == ["message"])
        }
    }

    @Test func `gateway chooses the route`() async throws {
        var setup = TestSetup()
        setup.connectors = ["usual", "premium"]
        try await APITester.run(setup: setup) { api async throws in
            try await api.setRoutes([("DEFAULT", "", [0]), ("PREMIUM", "", [1])])
            #expect(try await api.accepted().gateway == "DEFAULT")
            _ = try await api.node.connectors[0].submissions(count: 1)
            #expect(try await api.accepted(["gateway": "PREMIUM"]).gateway == "PREMIUM")
            _ = try await api.node.connectors[1].submissions(count: 1)
            #expect(try await api.send(["gateway": "NONE"]).refusedFields == ["gateway"])
        }
    }

    @Test func `conversion lets a conversion be reported`() async throws {
        try await APITester.run { api async throws in
            #expect(try await api.accepted().expectsConversion == false)
            #expect(try await api.accepted(["conversion": true]).expectsConversion)
        }
    }

    @Test func `sendDateTime lets the message wait`() async throws {
        try await APITester.run { api async throws in
            let message = try await api.accepted(["sendDateTime": "2026-01-15T14:00:05+01:00"])
            #expect(message.status == .scheduled)
            #expect(message.sendAt == TestClock.start + 3_605_000)
            #expect(message.expiresAt == TestClock.start + 3_605_000 + 2_880 * 60_000)
            let immediate = try await api.accepted(["sendDateTime": "2026-01-15T11:59:30"])
            #expect(immediate.sendAt == nil)
            let submissions = try await api.node.connector.submissions(count: 1)
            #expect(submissions.map(\.ticket.key) == [immediate.key])
            api.node.clock.advance(by: 3_605_000)
            let later = try await api.node.connector.submissions(count: 2)
            #expect(later[1].ticket.key == message.key)
        }
    }

    @Test(arguments: [
        ("2026-01-15T-12:30:00+00:00", Int64(1_800_000)), ("2026-01-15T12:30:00Z", 1_800_000),
        ("2026-01-15T12:30", 1_800_000), ("2026-01-15T12:30:00 00:00", 1_800_000),
    ])
    func `sendDateTime is read in every form of the document`(_ text: String, _ delay: Int64) async throws {
        try await APITester.run { api async throws in
            #expect(try await api.accepted(["sendDateTime": .string(text)]).sendAt == TestClock.start + delay)
        }
    }

    @Test func `validity says when the message expires`() async throws {
        try await APITester.run { api async throws in
            #expect(try await api.accepted().expiresAt == TestClock.start + 2_880 * 60_000)
            #expect(try await api.accepted(["validity": "60"]).expiresAt == TestClock.start + 3_600_000)
            #expect(try await api.accepted(["validity": 5]).expiresAt == TestClock.start + 300_000)
        }
    }

    @Test func `reference comes back`() async throws {
        try await APITester.run { api async throws in
            #expect(try await api.send().json["reference"] == nil)
            let answer = try await api.send(["reference": "order 7"])
            #expect(answer.string("reference") == "order 7")
            #expect(try await api.stored(answer).reference == "order 7")
        }
    }

    @Test func `callbackUrl and callbackMethod say where and how to report`() async throws {
        try await APITester.run { api async throws in
            #expect(try await api.accepted().reporting == nil)
            let post = try await api.accepted(["callbackUrl": "https://acme.example/r"])
            #expect(post.reporting == Reporting(url: "https://acme.example/r", method: .post))
            let get = try await api.accepted(["callbackUrl": "https://acme.example/r", "callbackMethod": "get"])
            #expect(get.reporting == Reporting(url: "https://acme.example/r", method: .get))
            let submissions = try await api.node.connector.submissions(count: 3)
            for message in [post, get] { try await api.node.wait(for: .sent, of: message.key) }
            for submission in submissions { await api.node.report(submission) }
            let deliveries = try await api.node.inbox.deliveries(count: 2)
            #expect(Set(deliveries.map(\.messageID)) == [post.id, get.id])
        }
    }

    @Test func `partLimit bounds the parts`() async throws {
        let long = String(repeating: "abcdefghi ", count: 17)
        try await APITester.run { api async throws in
            #expect(try await api.accepted(["message": .string(long)]).size == 2)
            #expect(try await api.send(["message": .string(long), "partLimit": 1]).refusedFields == ["partLimit"])
            let longer = JSONValue.string(String(repeating: long, count: 4))
            #expect(try await api.send(["message": longer]).refusedFields == ["partLimit"])
            #expect(try await api.accepted(["message": longer, "partLimit": "5"]).size == 5)
        }
    }

    @Test func `trate lets characters be replaced by similar ones`() async throws {
        let text = JSONValue.string("“Hello”" + String(repeating: "a", count: 100))
        try await APITester.run { api async throws in
            #expect(try await api.accepted(["message": text]).smsContent?.segmentation.encoding == .unicode)
            let replaced = try await api.accepted(["message": text, "trate": 1])
            #expect(replaced.smsContent?.segmentation.encoding == .gsm7)
            #expect(replaced.sentText?.hasPrefix("\"Hello\"a") == true)
            #expect(try await api.accepted(["message": text, "trate": 0.01]).size == 2)
            #expect(try await api.send(["message": text, "encoding": "GSM7"]).refusedFields == ["message"])
            #expect(try await api.accepted(["message": text, "encoding": "GSM7", "trate": "0.5"]).size == 1)
        }
    }

    @Test func `trate is 0 on POST and 1 on GET unless it is given`() async throws {
        let text = "%E2%80%9CHello%E2%80%9D" + String(repeating: "a", count: 100)
        try await APITester.run { api async throws in
            let usual = try await api.sendByGet("to=491701234567&from=Acme&message=\(text)")
            #expect(try await api.stored(usual).smsContent?.segmentation.encoding == .gsm7)
            let none = try await api.sendByGet("to=491701234567&from=Acme&trate=0&message=\(text)")
            #expect(try await api.stored(none).smsContent?.segmentation.encoding == .unicode)
            let posted = try await api.call(.post, "/messaging/v1/sms?to=491701234567&from=Acme&message=\(text)")
            #expect(try await api.stored(posted).smsContent?.segmentation.encoding == .unicode)
        }
    }

    @Test func `mrate lets characters be replaced by dots`() async throws {
        let text = JSONValue.string("Price 漢 1")
        try await APITester.run { api async throws in
            #expect(try await api.send(["message": text, "encoding": "GSM7"]).refusedFields == ["message"])
            let message = try await api.accepted(["message": text, "encoding": "GSM7", "mrate": 0.2])
            #expect(message.sentText == "Price . 1")
        }
    }

    @Test func `upperCased lets the text be put into upper case where that saves parts`() async throws {
        // Lower-case Greek is not in GSM-7; upper-case Greek is.
        let text = JSONValue.string(String(repeating: "καλημερα ", count: 10))
        try await APITester.run { api async throws in
            let allowed = try await api.accepted(["message": text, "trate": 1])
            let refused = try await api.accepted(["message": text, "trate": 1, "upperCased": false])
            let plain = try await api.accepted(["message": text, "upperCased": false])
            let upper = try await api.accepted(["message": text])
            #expect(upper.size == 1 && upper.smsContent?.segmentation.encoding == .gsm7)
            #expect(plain.size == 2 && plain.smsContent?.segmentation.encoding == .unicode)
            #expect(allowed.size <= refused.size)
        }
    }

    @Test func `keepEmojis false writes the names of emojis`() async throws {
        try await APITester.run { api async throws in
            #expect(try await api.accepted(["message": "Hi 😀"]).sentText == "Hi 😀")
            let named = try await api.accepted(["message": "Hi 😀", "keepEmojis": false])
            #expect(named.sentText == "Hi :grinning face:")
            #expect(named.smsContent?.segmentation.encoding == .gsm7)
        }
    }

    @Test func `flash is passed on`() async throws {
        try await APITester.run { api async throws in
            #expect(try await api.accepted().smsContent?.isFlash == false)
            #expect(try await api.accepted(["flash": "true"]).smsContent?.isFlash == true)
        }
    }

    @Test func `null and the empty text are no value`() async throws {
        try await APITester.run { api async throws in
            let names = [
                "encoding", "gateway", "conversion", "sendDateTime", "validity", "reference", "callbackUrl",
                "callbackMethod", "partLimit", "trate", "mrate", "upperCased", "keepEmojis", "flash",
            ]
            for empty in ["null", "\"\""] {
                let members = names.map { "\"\($0)\":\(empty)" }.joined(separator: ",")
                let body = "{\"to\":491701234567,\"from\":12345,\"message\":7,\"unknown\":[],\(members)}"
                let answer = try await api.call(
                    .post, "/messaging/v1/sms", body: Array(body.utf8), contentType: "application/json; charset=utf-8")
                let message = try await api.stored(answer)
                #expect(message.sentText == "7" && message.sender == "12345")
                #expect(message.expiresAt == TestClock.start + 2_880 * 60_000)
            }
        }
    }
}
