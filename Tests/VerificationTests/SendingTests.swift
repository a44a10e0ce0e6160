// SPDX-License-Identifier: Apache-2.0
// From a request to the carrier: what the message says, when it goes where, what it costs, and what stays when it does not
// go.

import Accounts
import EngineTestSupport
import Messaging
import SQLTestSupport
import Testing
import Wire

@testable import Verification

struct SendingTests {
    @Test(arguments: Engine.allCases)
    func `a code arrives by short message and can be checked`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.referenceID = "order 7" }, of: node.acme)
            #expect(otp.status == .active)
            #expect(otp.number == "491701234567")
            #expect(otp.referenceID == "order 7")
            #expect(otp.language == "de")
            #expect(otp.expiresAt == otp.createdAt + 300_000)
            #expect(try await verifier.otp(otp.id, of: node.acme) == otp)
            let submission = try #require(try await node.connector.submissions(count: 1).first)
            #expect(submission.sender == "VERIFY")
            #expect(submission.recipient == "491701234567")
            #expect(submission.expiresAt == otp.expiresAt)
            let text = try #require(try await node.connector.texts(count: 1).first)
            let code = String(text.dropFirst("OTP code: ".count).prefix(4))
            #expect(text == "OTP code: \(code). Valid for 300 seconds.")
            #expect(code.utf8.allSatisfy { (0x30...0x39).contains($0) })
            let outcome = try await verifier.check(otp.id, code: code, of: node.acme)
            guard case .verified(let verified) = outcome else {
                Issue.record("\(outcome)")
                return
            }
            #expect(verified.attemptCount == 1)
        }
    }

    @Test
    func `everything that a request says goes before the application`() async throws {
        try await withVerifier(.sqlite) { node, verifier in
            var settings = ApplicationSettings(name: "Shop")
            (settings.pinLength, settings.isAlphanumeric, settings.expire) = (10, true, 90)
            let id = try await verifier.create(settings, of: node.acme).id
            _ = try await verifier.setTemplate(
                TemplateKey(language: "fr"), text: "Code {{OTP}} ({{SEC}})", of: id, companyID: node.acme)
            let plain = try await verifier.send(try request { $0.applicationID = id }, of: node.acme)
            #expect(plain.expiresAt == plain.createdAt + 90_000)
            _ = try await verifier.send(
                try request {
                    $0.applicationID = id
                    $0.language = "FR"
                    $0.pinLength = 5
                    $0.sender = "+49 170".replacing(" ", with: "")
                }, of: node.acme)
            _ = try await verifier.send(
                try request {
                    $0.text = "Hallo {{OTP}}, {{SEC}}"
                    $0.code = "{{SEC}}"
                }, of: node.acme)
            let texts = try await node.connector.texts(count: 3)
            #expect(texts[0].wholeMatch(of: /OTP code: [0-9a-z]{10}\. Valid for 90 seconds\./) != nil)
            #expect(texts[1].wholeMatch(of: /Code [0-9a-z]{5} \(90\)/) != nil)
            #expect(texts[2] == "Hallo {{SEC}}, 300")
            #expect(node.connector.submissions[1].sender == "49170")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a landline is called, in the language of its country`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            _ = try await verifier.setTemplate(
                TemplateKey(language: "de", channel: .voice), text: "Ihr Code: {{OTP}}", of: nil, companyID: node.acme)
            let otp = try await verifier.send(
                try request(to: Numbers.landline) { ($0.code, $0.caller) = ("12ab", "+49301234567") }, of: node.acme)
            let submission = try #require(try await node.calls.submissions(count: 1).first)
            #expect(submission.content == .speech(SpeechContent(text: "Ihr Code: 1, 2, a, b", language: "de")))
            #expect(submission.sender == "49301234567")
            let stored = try await node.stored(submission.ticket.key)
            #expect(stored.message.kind == .voice)
            #expect(stored.message.surface == .verification)
            #expect(stored.message.reference == nil)
            #expect(stored.message.quote?.amount == Money("0.05"))
            _ = try await verifier.resend(otp.id, via: .sms, of: node.acme)
            #expect(try await node.connector.texts(count: 1)[0] == "OTP code: 12ab. Valid for 300 seconds.")
        }
    }

    @Test
    func `without a route for calls there are none`() async throws {
        try await withVerifier(.sqlite, hasVoice: false) { node, verifier in
            await #expect(throws: VerificationError.noVoice) {
                try await verifier.send(try request(to: Numbers.landline), of: node.acme)
            }
            _ = try await verifier.send(try request(to: Numbers.landline) { $0.via = .sms }, of: node.acme)
            #expect(try await node.count("otps") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a prepaid company pays, and nothing stays of what it cannot pay`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.balance = Money("0.02")
        let gate = TestGate()
        try await withVerifier(engine, setup, gate: gate) { node, verifier in
            let otp = try await verifier.send(try request(), of: node.acme)
            #expect(gate.lastAttempt?.price == Money("0.0075"))
            await #expect(throws: VerificationError.insufficientBalance) {
                try await verifier.resend(otp.id, via: .voice, of: node.acme)
            }
            #expect(gate.lastAttempt?.price == Money("0.05"))
            await #expect(throws: VerificationError.insufficientBalance) {
                try await verifier.send(try request { $0.via = .voice }, of: node.acme)
            }
            await #expect(throws: VerificationError.refused(.noPrice)) {
                try await verifier.send(try request(to: Numbers.french), of: node.acme)
            }
            await #expect(throws: VerificationError.refused(.noPrice)) {
                try await verifier.send(try request(to: Numbers.french) { $0.via = .voice }, of: node.acme)
            }
            #expect(gate.heard == ["admit", "admit", "withdrawn", "admit", "withdrawn"])
            #expect(try await node.count("otps") == 1)
            #expect(try await node.count("otp_sends") == 1)
            #expect(try await node.count("otp_events") == 1)
            #expect(try await verifier.otp(otp.id, of: node.acme).sendCount == 1)
            _ = try await verifier.resend(otp.id, of: node.acme)
            #expect(try await verifier.otp(otp.id, of: node.acme).sendCount == 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a gate decides before anything is stored or sent`(_ engine: Engine) async throws {
        let gate = TestGate()
        try await withVerifier(engine, gate: gate) { node, verifier in
            gate.answer(.limited(rule: "number: 5 in 10 min", retryAfter: 1234))
            await #expect(throws: VerificationError.limited(reason: "number: 5 in 10 min", retryAfter: 1234)) {
                try await verifier.send(try request(), of: node.acme)
            }
            #expect(try await node.count("settings", where: "name LIKE 'gate %'") == 0)
            gate.answer(.blocked(prefix: "4917"))
            await #expect(throws: VerificationError.blocked(prefix: "4917")) {
                try await verifier.send(try request(), of: node.acme)
            }
            #expect(try await node.count("settings", where: "name LIKE 'gate %'") == 1)
            #expect(try await node.count("otps") == 0)
            #expect(try await node.count("messages") == 0)
            gate.answer(.admitted)
            let address = IPAddress("2001:db8::1")
            let otp = try await verifier.send(
                try request { ($0.code, $0.clientAddress) = ("4711", address) }, of: node.acme)
            gate.answer(.limited(rule: "ip", retryAfter: 1))
            await #expect(throws: VerificationError.limited(reason: "ip", retryAfter: 1)) {
                try await verifier.resend(otp.id, of: node.acme)
            }
            #expect(gate.lastAttempt?.isResend == true)
            #expect(try await verifier.otp(otp.id, of: node.acme).sendCount == 1)
            gate.answer(.admitted)
            _ = try await verifier.check(otp.id, code: "0000", of: node.acme)
            _ = try await verifier.check(otp.id, code: "4711", of: node.acme)
            #expect(gate.heard.last == "verified")
            #expect(
                gate.lastAttempt
                    == SendAttempt(
                        companyID: node.acme, otpID: otp.id, number: "491701234567", channel: .sms,
                        clientAddress: address, price: Money("0.0075"), isResend: false))
        }
    }

    @Test(arguments: Engine.allCases)
    func `a resend brings the same code and no more time`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.text = "It is {{OTP}}" }, of: node.acme)
            node.clock.advance(by: 299_999)
            let resent = try await verifier.resend(otp.id, sender: "Shop", of: node.acme)
            #expect(resent.expiresAt == otp.expiresAt)
            #expect(resent.sendCount == 2)
            let texts = try await node.connector.texts(count: 2)
            #expect(texts[0] == texts[1])
            #expect(node.connector.submissions.map(\.sender) == ["VERIFY", "Shop"])
            node.clock.advance(by: 1)
            let expected = resent.with(
                OTPState(status: .expired, attempts: 0, limit: 3, expiresAt: otp.expiresAt))
            await #expect(throws: VerificationError.noLongerValid(expected)) {
                try await verifier.resend(otp.id, of: node.acme)
            }
            #expect(try await node.count("otps", where: "status = 'EXPIRED' AND secret IS NULL AND mark IS NULL") == 1)
            #expect(try await node.count("otp_events", where: "type = 'EXPIRED' AND at = \(otp.expiresAt)") == 1)
        }
    }

    @Test
    func `what has ended is not sent again`() async throws {
        try await withVerifier(.sqlite) { node, verifier in
            let verified = try await verifier.send(try request { $0.code = "1111" }, of: node.acme)
            _ = try await verifier.check(verified.id, code: "1111", of: node.acme)
            let deleted = try await verifier.send(try request(), of: node.acme)
            try await verifier.delete(deleted.id, of: node.acme)
            let id = try await verifier.create(ApplicationSettings(name: "Shop"), of: node.acme).id
            let orphan = try await verifier.send(try request { $0.applicationID = id }, of: node.acme)
            _ = try await verifier.deleteApplication(id, of: node.acme)
            for otp in [verified, deleted] {
                do throws(VerificationError) {
                    _ = try await verifier.resend(otp.id, of: node.acme)
                    Issue.record("it was sent")
                } catch {
                    guard case .noLongerValid(let told) = error else { throw error }
                    #expect(told.id == otp.id)
                }
            }
            await #expect(throws: VerificationError.gone(orphan)) {
                try await verifier.resend(orphan.id, of: node.acme)
            }
            await #expect(throws: VerificationError.notFound(.otp)) {
                try await verifier.resend(verified.id, of: node.other)
            }
            #expect(try await node.connector.submissions(count: 3).count == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `resends at once are all counted`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request(), of: node.acme)
            let counts = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 0..<20 { group.addTask { try await verifier.resend(otp.id, of: node.acme).sendCount } }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(counts == Set(2...21))
            #expect(Set(try await node.connector.texts(count: 21)).count == 1)
            #expect(try await node.count("otp_sends") == 21)
            #expect(try await node.count("otp_events", where: "type = 'RESENT'") == 20)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what cannot be handed in leaves nothing`(_ engine: Engine) async throws {
        let migrations = MessagingMigrations.all + Verifier.migrations
        try await TestDatabase.with(engine, migrations: migrations) { database in
            let node = try await TestNode.start(on: database)
            let verifier = Verifier(engine: node.engine)
            let otp = try await verifier.send(try request(), of: node.acme)
            await node.stop()
            await #expect(throws: VerificationError.unavailable) {
                try await verifier.send(try request(), of: node.acme)
            }
            await #expect(throws: VerificationError.unavailable) {
                try await verifier.resend(otp.id, of: node.acme)
            }
            #expect(try await verifier.otps(number: otp.number, of: node.acme) == [otp])
            #expect(try await node.count("otp_sends") == 1)
        }
    }
}
