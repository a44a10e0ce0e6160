// SPDX-License-Identifier: Apache-2.0
// What the 2FA API refuses and how: keys without a body, everything else with a code of its own; what belongs to another
// company does not exist; no answer shows a code; no request makes the server fail.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SQL
import Testing
import Verification
import Wire

@testable import API

@Suite struct TwoFactorRefusalTests {
    private static let nobody = TwoFactorTester.nobody
    /// Every operation, with an id that nobody has.
    private static let operations: [(method: HTTPRequest.Method, path: String)] = [
        (.get, "/application"), (.post, "/application"), (.get, "/application/\(nobody)"),
        (.post, "/application/\(nobody)"), (.delete, "/application/\(nobody)"),
        (.post, "/application/\(nobody)/language?language=de&text={{OTP}}"),
        (.delete, "/application/\(nobody)/language?language=de"), (.get, "/otp?number=491701234567"),
        (.post, "/otp?number=491701234567&applicationId=\(nobody)"), (.get, "/otp/\(nobody)"),
        (.post, "/otp/\(nobody)"), (.delete, "/otp/\(nobody)"), (.get, "/otp/\(nobody)/events"),
        (.post, "/otp/\(nobody)/check?otpCode=4711"),
    ]

    @Test func `a wrong key is 401 and the wrong scope 403, without a body`() async throws {
        try await TwoFactorTester.run { tester in
            for (method, path) in Self.operations {
                for (key, status) in [(nil, 401), ("wrong", 401), (TestSetup.adminKey, 403)] {
                    let answer = try await tester.api.call(method, TwoFactorTester.root + path, key: key)
                    #expect(answer.status == status && answer.body.isEmpty, "\(method) \(path)")
                    #expect(answer.headers[.wwwAuthenticate] != nil || status == 403)
                }
            }
        }
    }

    @Test func `what nobody has is 404, with a body where the document has one`() async throws {
        try await TwoFactorTester.run { tester in
            let silent: Set = [2, 6, 8, 11, 13]
            for (index, operation) in Self.operations.enumerated() where ![0, 1, 7].contains(index) {
                let answer = try await tester.api.call(operation.method, TwoFactorTester.root + operation.path)
                #expect(answer.status == 404, "\(operation)")
                #expect(answer.body.isEmpty == silent.contains(index), "\(operation): \(answer.text)")
            }
        }
    }

    /// Parameters of a send request that are not acceptable, and the code of the error.
    private static let refusals: [(parameters: [String: JSONValue], code: String)] = [
        (["number": .null], "1001"), (["number": ""], "1001"), (["number": "abc"], "1001"), (["number": "123"], "1001"),
        (["number": true], "1001"), (["number": "4917012345678901"], "1001"), (["number": "+999123456789"], "1001"),
        (["country": "GB"], "1002"), (["country": "XX"], "1002"), (["applicationId": "x"], "1003"),
        (["via": "FAX"], "1015"), (["language": "xx"], "1012"), (["text": "no place"], "1013"),
        (["text": .string(String(repeating: "x", count: 1001)), "otpCode": "1"], "1013"),
        (["otpCode": "a b"], "1016"), (["referenceId": "a\u{0}b"], "1018"),
        (["referenceId": .string(String(repeating: "x", count: 256))], "1018"), (["pinLength": 11], "1006"),
        (["sender": "TWELVE CHARS"], "1009"), (["caller": "Shop"], "1010"), (["clientIp": "here"], "1019"),
        (["number": "+447700900123"], "1040"), (["number": "+442079460123"], "1041"),
    ]

    @Test func `every parameter of a send request refuses what it cannot be`() async throws {
        try await TwoFactorTester.run { tester in
            for (parameters, code) in Self.refusals {
                let answer = try await tester.post("/otp", ["number": "+491701234567"].merging(parameters) { $1 })
                #expect(answer.status == 400 && answer.string("code") == code, "\(parameters): \(answer.text)")
            }
            #expect(try await tester.get("/otp?number=abc").string("code") == "1001")
            #expect(try await tester.get("/otp").string("code") == "1001")
            let id = try await tester.otp()
            #expect(try await tester.post("/otp/\(id)/check").string("code") == "1016")
            #expect(try await tester.post("/otp/\(id)", ["via": 7]).string("code") == "1015")
            #expect(try await tester.node.count("messages") == 1)
        }
    }

    @Test func `what HTTP itself has to say has the same form`() async throws {
        try await TwoFactorTester.run { tester in
            let method = try await tester.api.call(.put, "/2fa/v1/otp")
            #expect(method.status == 405 && method.string("code") == "1061")
            #expect(method.headers[.allow] == "GET, POST")
            let nothing = try await tester.get("/nothing")
            #expect(nothing.status == 404 && nothing.string("code") == "1060")
            let text = try await tester.api.call(.post, "/2fa/v1/otp", body: [0x61], contentType: "text/plain")
            #expect(text.status == 415 && text.string("code") == "1064")
            let broken = try await tester.api.call(.post, "/2fa/v1/otp", body: [0x7B], contentType: "application/json")
            #expect(broken.status == 400 && broken.string("code") == "1000")
            let large = try await tester.api.call(
                .post, "/2fa/v1/otp", body: Array(repeating: 0x20, count: 300_000), contentType: "application/json")
            #expect(large.status == 413 && large.string("code") == "1063")
        }
    }

    @Test func `a limit and a blocked prefix are 429 and say when to come back`() async throws {
        let gate = ScriptedGate()
        try await TwoFactorTester.run(gate: gate) { tester in
            gate.answer(.limited(rule: "number", retryAfter: 1500))
            let limited = try await tester.post("/otp", ["number": "491701234567", "clientIp": "192.0.2.7"])
            #expect(limited.status == 429 && limited.string("code") == "1050")
            #expect(limited.headers[.retryAfter] == "2")
            gate.answer(.blocked(prefix: "49170"))
            let blocked = try await tester.post("/otp", ["number": "491701234567"])
            #expect(blocked.status == 429 && blocked.string("code") == "1051")
            #expect(blocked.headers[.retryAfter] == "3600")
            #expect(gate.asked.map(\.clientAddress) == [IPAddress("192.0.2.7"), nil])
            #expect(try await tester.get("/otp?number=491701234567").status == 204)
        }
    }

    @Test func `an empty balance is 402, and nothing is left of the OTP`() async throws {
        var setup = TestSetup()
        setup.balance = Money("0.01")
        try await TwoFactorTester.run(setup: setup) { tester in
            #expect(try await tester.post("/otp", ["number": "491701234567"]).status == 200)
            let answer = try await tester.post("/otp", ["number": "491701234568"])
            #expect(answer.status == 402 && answer.string("code") == "1044")
            #expect(try await tester.get("/otp?number=491701234568").status == 204)
        }
    }

    @Test func `another company's applications and OTPs do not exist`() async throws {
        try await TwoFactorTester.run { tester in
            let application = try await tester.application(["name": "Shop"])
            let id = try await tester.otp(["applicationId": .string(application), "otpCode": "4711"])
            let key = TestSetup.otherKey
            for (method, path) in Self.operations {
                for identifier in [application, id] {
                    let own = path.replacing(TwoFactorTester.nobody, with: identifier)
                    let answer = try await tester.api.call(method, TwoFactorTester.root + own, key: key)
                    #expect([200, 204].contains(answer.status) == (own == path), "\(method) \(own): \(answer.text)")
                    #expect(!answer.text.contains("Shop") && !answer.text.contains(id))
                }
            }
            #expect(try await tester.get("/application", key: key).json.array?.count == 3)
            #expect(try await tester.get("/application/\(application)").string("name") == "Shop")
            #expect(try await tester.check(id, "4711").status == 202)
        }
    }

    @Test func `a key for one sender sends codes from no other`() async throws {
        try await TwoFactorTester.run { tester in
            let acme = tester.node.acme
            try await tester.node.provision { provisioner in
                _ = try provisioner.createKey(
                    TwoFactorTester.senderKey, name: "sender", companyID: acme,
                    limits: KeyLimits(objects: ["sms:SHOP"]))
            }
            let key = TwoFactorTester.senderKey
            let number: [String: JSONValue] = ["number": "491701234567"]
            for refused in [["sender": "OTHER"], [:], ["sender": "SHOP", "via": "VOICE"]] as [[String: JSONValue]] {
                let answer = try await tester.post("/otp", number.merging(refused) { $1 }, key: key)
                #expect(answer.status == 403 && answer.body.isEmpty, "\(refused)")
            }
            let sent = try await tester.post("/otp", number.merging(["sender": "SHOP"]) { $1 }, key: key)
            let id = try #require(sent.string("otpId"))
            #expect(try await tester.post("/otp/\(id)", key: key).status == 403)
            #expect(try await tester.post("/otp/\(id)?sender=SHOP", key: key).status == 200)
        }
    }

    @Test func `no answer shows a code`() async throws {
        try await TwoFactorTester.run { tester in
            let application = try await tester.application(["alphanumeric": true, "pinLength": 10])
            var answers = [
                try await tester.post("/otp", ["number": "491701234567", "applicationId": .string(application)])
            ]
            let code = try await tester.code()
            try #require(code.count == 10)
            let id = try #require(answers[0].string("otpId"))
            answers += [
                try await tester.post("/otp/\(id)"), try await tester.check(id, "wrong"),
                try await tester.check(id, code), try await tester.check(id, code), try await tester.post("/otp/\(id)"),
                try await tester.get("/otp/\(id)"), try await tester.get("/otp/\(id)/events"),
                try await tester.get("/otp?number=491701234567"), try await tester.get("/application"),
                try await tester.delete("/otp/\(id)"),
            ]
            #expect(answers.map(\.status) == [200, 200, 401, 202, 410, 401, 200, 200, 200, 200, 200])
            #expect(!answers.contains { $0.text.contains(code) })
        }
    }

    @Test func `the message belongs to the trace of its request`() async throws {
        try await TwoFactorTester.run { tester in
            let trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
            let answer = try await tester.api.post(
                "/2fa/v1/otp", json: ["number": "491701234567"], headers: [("traceparent", trace)])
            #expect(answer.status == 200)
            let key = try #require(try await tester.sms.submissions(count: 1).last?.ticket.key)
            #expect(try await tester.node.stored(key).message.trace?.traceID == "0af7651916cd43dd8448eb211c80319c")
        }
    }

    @Test func `made-up parameters never make the server fail`() async throws {
        try await TwoFactorTester.run { tester in
            var generator = SeededGenerator(seed: 7)
            let id = try await tester.otp()
            let names = [
                "number", "country", "applicationId", "via", "language", "text", "referenceId", "otpCode", "sender",
                "caller", "pinLength", "clientIp", "name", "alphanumeric", "attempts", "expire", "deleteCaller",
                "channel",
            ]
            let values: [JSONValue] = [
                .null, true, 0, -1, 4, 1.5, .integer(.max), "", "\u{0}", "{{OTP}}", "de", "SMS", "VOICE", "+4930123456",
                "491701234567", "\u{1F600}", .string(String(repeating: "9", count: 5000)), .array([]), .object([:]),
                "::1",
            ]
            let paths = [
                "/application", "/application/default", "/application/default/language", "/otp", "/otp/\(id)",
                "/otp/\(id)/check",
            ]
            for _ in 0..<400 {
                var body: [String: JSONValue] = [:]
                for _ in 0..<Int.random(in: 0...6, using: &generator) {
                    guard let name = names.randomElement(using: &generator),
                        let value = values.randomElement(using: &generator)
                    else { continue }
                    body[name] = value
                }
                let path = try #require(paths.randomElement(using: &generator))
                let answer = try await tester.post(path, body)
                #expect(answer.status < 500, "\(path) \(body): \(answer.text)")
            }
        }
    }
}
