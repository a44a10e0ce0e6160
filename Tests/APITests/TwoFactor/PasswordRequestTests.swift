// SPDX-License-Identifier: Apache-2.0
// /2fa/v1/otp: what is sent and how numbers are read, what a check answers, and what is told of an OTP.

import Accounts
import EngineTestSupport
import Messaging
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct PasswordRequestTests {
    @Test(arguments: Engine.allCases)
    func `a code is sent, and its answer has every member of an OTP`(_ engine: Engine) async throws {
        try await TwoFactorTester.run(engine) { tester in
            let answer = try await tester.post("/otp", ["number": "+491701234567"])
            #expect(answer.status == 200)
            var members = try #require(answer.json.object)
            let id = try #require(members.removeValue(forKey: "otpId")?.string)
            let applicationID = try #require(members.removeValue(forKey: "applicationId")?.string)
            #expect(try await tester.get("/application/default").string("applicationId") == applicationID)
            #expect(
                members == [
                    "accountId": .string(String(tester.node.acme)), "attemptCount": 0,
                    "created": .integer(TestClock.start), "expire": .integer(TestClock.start + 300_000),
                    "number": "+491701234567", "otpStatus": "ACTIVE", "referenceId": .null,
                    "timestampCreated": "2026-01-15T12:00:00.000Z", "timestampExpire": "2026-01-15T12:05:00.000Z",
                ])
            let code = try await tester.code()
            #expect(code.count == 4 && code.allSatisfy(\.isNumber))
            #expect(try await tester.text() == "OTP code: \(code). Valid for 300 seconds.")
            #expect(try await tester.get("/otp/\(id)").body == answer.body)
            let right = try await tester.check(id, code)
            #expect(right.status == 202)
            #expect(right.string("otpStatus") == "VERIFIED" && right.json["attemptCount"] == 1)
        }
    }

    @Test(arguments: [
        "number=+491701234567", "number=%2B491701234567", "number=491701234567", "number=00491701234567",
        "number=01701234567&country=DE", "number=0170%201234567&country=de", "number=%2B49%20170-1234567&country=DE",
    ])
    func `a number is international, or national with its country`(_ query: String) async throws {
        try await TwoFactorTester.run { tester in
            let inQuery = try await tester.post("/otp?" + query)
            #expect(inQuery.string("number") == "+491701234567", "\(inQuery.text)")
            let inForm = try await tester.postForm("/otp", query)
            #expect(inForm.string("number") == "+491701234567", "\(inForm.text)")
        }
    }

    @Test func `the query wins over the body, and whole numbers stand for texts`() async throws {
        try await TwoFactorTester.run { tester in
            let answer = try await tester.post(
                "/otp?referenceId=query&otpCode=1111",
                ["number": 491_701_234_567, "referenceId": "body", "otpCode": 2222, "pinLength": "6"])
            #expect(answer.string("referenceId") == "query", "\(answer.text)")
            #expect(try await tester.code() == "1111")
            let id = try #require(answer.string("otpId"))
            #expect(try await tester.post("/otp/\(id)/check?otpCode=1111", ["otpCode": "2222"]).status == 202)
        }
    }

    @Test func `a request overrides what its application says`() async throws {
        try await TwoFactorTester.run { tester in
            let application = try await tester.application(["sender": "SHOP", "pinLength": 8, "expire": 60])
            let plain = try await tester.otp(["applicationId": .string(application)])
            #expect(try await tester.get("/otp/\(plain)").json["expire"] == .integer(TestClock.start + 60_000))
            #expect(try await tester.code().count == 8)
            _ = try await tester.otp([
                "applicationId": .string(application), "sender": "OTHER", "pinLength": 5, "text": "{{OTP}}, {{SEC}}",
            ])
            let text = try await tester.text(count: 2)
            #expect(text.hasSuffix(", 60") && text.count == 9)
            #expect(tester.sms.submissions.map(\.sender) == ["SHOP", "OTHER"])
            _ = try await tester.otp(["applicationId": "default", "otpCode": "Zebra-7", "text": "No placeholder"])
            #expect(try await tester.text(count: 3) == "No placeholder")
        }
    }

    @Test func `a landline is called by itself, and everything by request`() async throws {
        try await TwoFactorTester.run { tester in
            let path = "/application/default/language"
            _ = try await tester.post(path, ["language": "de", "channel": "VOICE", "text": "Ihr Code: {{OTP}}"])
            _ = try await tester.otp(["number": .string(TwoFactorTester.landline), "otpCode": "123"])
            let speech = try #require(try await tester.speech())
            #expect(speech.text == "Ihr Code: 1, 2, 3" && speech.language == "de")
            _ = try await tester.otp(["via": "voice", "caller": "+493099", "otpCode": "7"])
            #expect(try await tester.voice.submissions(count: 2).last?.sender == "493099")
            _ = try await tester.otp(["number": .string(TwoFactorTester.landline), "via": "SMS"])
            #expect(try await tester.sms.submissions(count: 1).count == 1)
        }
    }

    @Test func `the same code is sent again, on another channel too`() async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.otp()
            let code = try await tester.code()
            let again = try await tester.post("/otp/\(id)", ["sender": "AGAIN"])
            #expect(again.status == 200 && again.string("otpStatus") == "ACTIVE")
            #expect(try await tester.code(count: 2) == code)
            #expect(tester.sms.submissions.last?.sender == "AGAIN")
            #expect(try await tester.post("/otp/\(id)?via=VOICE").status == 200)
            let spelled = code.map(String.init).joined(separator: ", ")
            #expect(try await tester.speech()?.text.contains(spelled) == true)
            #expect(try await tester.check(id, code).status == 202)
        }
    }

    @Test func `a check tells by its status what came of it`() async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.otp(["otpCode": "4711"])
            for (code, status, state, count) in [
                ("4712", 401, "ACTIVE", 1), (" 4711", 401, "ACTIVE", 2), ("0", 403, "TOO_MANY_ATTEMPTS", 3),
                ("4711", 403, "TOO_MANY_ATTEMPTS", 3),
            ] {
                let answer = try await tester.check(id, code)
                #expect(answer.status == status, "\(code): \(answer.text)")
                #expect(answer.string("otpStatus") == state && answer.json["attemptCount"] == .integer(Int64(count)))
                #expect(answer.string("otpId") == id)
            }
            let once = try await tester.otp(["otpCode": "4711"])
            #expect(try await tester.check(once, "4711").status == 202)
            let twice = try await tester.check(once, "4711")
            #expect(twice.status == 410 && twice.string("otpStatus") == "VERIFIED")
        }
    }

    @Test func `an expired code is refused to the millisecond`() async throws {
        try await TwoFactorTester.run { tester in
            let early = try await tester.otp(["otpCode": "4711"])
            let late = try await tester.otp(["otpCode": "4711"])
            tester.clock.advance(by: 299_999)
            #expect(try await tester.check(early, "4711").status == 202)
            tester.clock.advance(by: 1)
            let answer = try await tester.check(late, "4711")
            #expect(answer.status == 403 && answer.string("otpStatus") == "EXPIRED")
            #expect(try await tester.get("/otp/\(late)").string("otpStatus") == "EXPIRED")
        }
    }

    @Test func `what is over cannot be sent again, which is 401 with an error`() async throws {
        try await TwoFactorTester.run { tester in
            let verified = try await tester.otp(["otpCode": "4711"])
            _ = try await tester.check(verified, "4711")
            let deleted = try await tester.otp()
            _ = try await tester.delete("/otp/\(deleted)")
            let expired = try await tester.otp()
            tester.clock.advance(by: 300_000)
            for id in [verified, deleted, expired] {
                let answer = try await tester.post("/otp/\(id)")
                #expect(answer.status == 401 && answer.string("code") == "1036", "\(answer.text)")
            }
        }
    }

    @Test func `a deleted application leaves its OTPs readable and nothing more`() async throws {
        try await TwoFactorTester.run { tester in
            let application = try await tester.application()
            let id = try await tester.otp(["applicationId": .string(application), "otpCode": "4711"])
            _ = try await tester.delete("/application/\(application)")
            #expect(try await tester.get("/otp/\(id)").string("otpStatus") == "ACTIVE")
            let check = try await tester.check(id, "4711")
            #expect(check.status == 410 && check.string("otpId") == id)
            let resend = try await tester.post("/otp/\(id)")
            #expect(resend.status == 410 && resend.string("code") == "1037")
            let send = try await tester.post(
                "/otp", ["number": "+491701234567", "applicationId": .string(application)])
            #expect(send.status == 404 && send.body.isEmpty)
        }
    }

    @Test func `a deleted OTP is told once more and then of no status`() async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.otp(["otpCode": "4711"])
            for _ in 1...2 {
                let answer = try await tester.delete("/otp/\(id)")
                #expect(answer.status == 200 && answer.string("otpId") == id)
            }
            let missing = try await tester.get("/otp/\(id)")
            #expect(missing.status == 404 && missing.string("code") == "1031")
            #expect(try await tester.check(id, "4711").status == 410)
            #expect(try await tester.get("/otp?number=491701234567").status == 204)
        }
    }

    @Test func `the OTPs of a number are listed, the newest first`() async throws {
        try await TwoFactorTester.run { tester in
            let empty = try await tester.get("/otp?number=+491701234567")
            #expect(empty.status == 204 && empty.body.isEmpty)
            let first = try await tester.otp()
            tester.clock.advance(by: 1000)
            let second = try await tester.otp(["referenceId": "login-2"])
            _ = try await tester.otp(["number": .string(TwoFactorTester.landline)])
            let answer = try await tester.get("/otp?number=+491701234567")
            #expect(answer.json.array?.compactMap { $0["otpId"]?.string } == [second, first])
            #expect(answer.json.array?.first?["referenceId"] == "login-2")
        }
    }

    @Test func `events tell what was done and what the network said`() async throws {
        try await TwoFactorTester.run { tester in
            let id = try await tester.otp(["otpCode": "4711"])
            let submission = try #require(try await tester.sms.submissions(count: 1).last)
            try await tester.node.wait(for: .sent, of: submission.ticket.key)
            tester.clock.advance(by: 1512)
            await tester.node.report(submission)
            try await tester.node.wait(for: .delivered, of: submission.ticket.key)
            _ = try await tester.check(id, "0815")
            _ = try await tester.check(id, "4711")
            let events = try #require(try await tester.get("/otp/\(id)/events").json.array)
            let told = events.map { [$0["type"]?.string, $0["status"]?.string, $0["statusText"]?.string] }
            for expected in [
                ["CREATED", nil, nil], ["SMS_DELIVERED", "success", "DELIVERED"], ["CHECKED", "failed", nil],
                ["CHECKED", "success", nil], ["VERIFIED", nil, nil],
            ] {
                #expect(told.contains(expected), "\(told)")
            }
            let delivered = try #require(events.first { $0["type"] == "SMS_DELIVERED" })
            #expect(delivered["created"] == .integer(TestClock.start + 1512))
            #expect(delivered["timestampCreated"] == "2026-01-15T12:00:01.512Z")
            #expect(events.allSatisfy { $0.object?.count == 5 })
        }
    }
}
