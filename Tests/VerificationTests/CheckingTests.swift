// SPDX-License-Identifier: Apache-2.0
// Checks, also a thousand at once, and what is read and cleared away afterwards.

import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Verification

struct CheckingTests {
    @Test(arguments: Engine.allCases)
    func `of a thousand wrong checks at once as many are evaluated as there are attempts`(_ engine: Engine) async throws
    {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.code = "right" }, of: node.acme)
            let outcomes = try await Self.check(otp, codes: Array(repeating: "wrong", count: 1000), verifier)
            #expect(outcomes.count { if case .wrong = $0 { true } else { false } } == 2)
            #expect(outcomes.count { if case .refused = $0 { true } else { false } } == 998)
            #expect(try await node.count("otp_events", where: "type = 'CHECKED'") == 3)
            #expect(try await node.count("otp_events", where: "type = 'TOO_MANY_ATTEMPTS'") == 1)
            let stored = try await verifier.otp(otp.id, of: node.acme)
            #expect(stored.status == .tooManyAttempts)
            #expect(stored.attemptCount == 3)
            let late = try await verifier.check(otp.id, code: "right", of: node.acme)
            #expect(late == .refused(stored))
        }
    }

    @Test(arguments: Engine.allCases)
    func `a right code is accepted once, however often it comes at once`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.code = "right" }, of: node.acme)
            let outcomes = try await Self.check(otp, codes: Array(repeating: "right", count: 1000), verifier)
            #expect(outcomes.count { if case .verified = $0 { true } else { false } } == 1)
            #expect(outcomes.count { if case .gone = $0 { true } else { false } } == 999)
            #expect(try await node.count("otp_events", where: "type = 'CHECKED'") == 1)
            #expect(try await verifier.otp(otp.id, of: node.acme).attemptCount == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `right and wrong codes at once use up no more than the attempts`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            for round in 0..<10 {
                let otp = try await verifier.send(try request { $0.code = "right" }, of: node.acme)
                var generator = SeededGenerator(seed: UInt64(round))
                let codes = (0..<40).map { _ in Bool.random(using: &generator) ? "right" : "wrong" }
                let outcomes = try await Self.check(otp, codes: codes, verifier)
                let stored = try await verifier.otp(otp.id, of: node.acme)
                let verified = outcomes.count { if case .verified = $0 { true } else { false } }
                #expect(verified == (stored.status == .verified ? 1 : 0))
                #expect(stored.attemptCount <= 3)
                let checks = try await verifier.events(otp.id, of: node.acme).count { $0.type == .checked }
                #expect(checks == stored.attemptCount)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `the database counts an attempt when the states would allow one`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let kept = try await verifier.application(nil, of: node.acme)
            let removed = try await verifier.create(ApplicationSettings(name: "Shop"), of: node.acme)
            _ = try await verifier.deleteApplication(removed.id, of: node.acme)
            let expiry = TestClock.start + 300_000
            for status in OTPStatus.allCases {
                for (attempts, now) in [
                    (0, expiry - 1), (2, expiry - 1), (3, expiry - 1), (0, expiry), (2, expiry + 1),
                ] {
                    for (application, isDeleted) in [(kept, false), (kept, true), (removed, false)] {
                        var otp = OneTimePassword(try request(), application: application, now: TestClock.start)
                        (otp.status, otp.attemptCount, otp.deletedAt) = (status, attempts, isDeleted ? 1 : nil)
                        let record = OTPRecord(otp: otp, isOrphaned: application.id == removed.id)
                        let taken = try await node.database.write { transaction in
                            let store = OTPStore(transaction)
                            try store.insert(record)
                            try transaction.execute(
                                "UPDATE otps SET deleted_at = $1 WHERE id = $2",
                                [SQLValue(record.otp.deletedAt), .bytes(record.otp.id.bytes)])
                            #expect(try store.find(record.otp.id, of: node.acme)?.state == record.state)
                            return try store.takeAttempt(record.otp.id, of: node.acme, now: now) != nil
                        }
                        #expect(taken == record.state.isOpen(at: now), "\(otp) at \(now)")
                    }
                }
            }
        }
    }

    private static func check(
        _ otp: OneTimePassword, codes: [String], _ verifier: Verifier
    ) async throws -> [CheckOutcome] {
        try await withThrowingTaskGroup(of: CheckOutcome.self) { group in
            for code in codes {
                group.addTask { try await verifier.check(otp.id, code: code, of: otp.companyID) }
            }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }

    @Test(arguments: Engine.allCases)
    func `the answers follow what has happened before`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.code = "1111" }, of: node.acme)
            let first = try await verifier.check(otp.id, code: "2222", of: node.acme)
            guard case .wrong(let after) = first else { throw Unexpected(description: "\(first)") }
            #expect(after.attemptCount == 1)
            #expect(after.status == .active)
            let second = try await verifier.check(otp.id, code: "1111", of: node.acme)
            guard case .verified(let verified) = second else { throw Unexpected(description: "\(second)") }
            #expect(verified.attemptCount == 2)
            #expect(try await verifier.check(otp.id, code: "1111", of: node.acme) == .gone(verified))
            await #expect(throws: VerificationError.notFound(.otp)) {
                try await verifier.check(otp.id, code: "1111", of: node.other)
            }
            #expect(
                try await verifier.events(otp.id, of: node.acme).map(\.summary).filter { !$0.hasPrefix("SMS") }
                    == ["CREATED", "CHECKED failed", "CHECKED success", "VERIFIED"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a code is valid to its last millisecond and no longer`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let (kept, late) = (
                try await verifier.send(try request { $0.code = "1111" }, of: node.acme),
                try await verifier.send(try request { $0.code = "2222" }, of: node.acme)
            )
            node.clock.set(kept.expiresAt - 1)
            guard case .verified = try await verifier.check(kept.id, code: "1111", of: node.acme) else {
                throw Unexpected(description: "a check in time")
            }
            node.clock.set(late.expiresAt)
            #expect(try await verifier.otp(late.id, of: node.acme).status == .expired)
            // Nobody has noted it yet; readers see it all the same.
            #expect(try await node.count("otps", where: "status = 'EXPIRED'") == 0)
            let seen = try await verifier.events(late.id, of: node.acme)
            #expect(seen.contains(OTPEvent(.expired, at: late.expiresAt)))
            node.clock.advance(by: 10_000)
            for _ in 0..<2 {
                guard case .refused(let otp) = try await verifier.check(late.id, code: "2222", of: node.acme) else {
                    throw Unexpected(description: "a late check")
                }
                #expect(otp.status == .expired)
                #expect(otp.attemptCount == 0)
            }
            let events = try await verifier.events(late.id, of: node.acme)
            #expect(events.filter { $0.type == .expired } == [OTPEvent(.expired, at: late.expiresAt)])
            #expect(try await verifier.otp(kept.id, of: node.acme).status == .verified)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what is deleted is gone for checks and lists, and its events stay`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.code = "1111" }, of: node.acme)
            let other = try await verifier.send(try request(), of: node.acme)
            let elsewhere = try await verifier.send(try request(to: Numbers.french), of: node.acme)
            #expect(try await verifier.otps(number: otp.number, of: node.acme).map(\.id) == [other.id, otp.id])
            #expect(try await verifier.otps(number: elsewhere.number, of: node.acme).map(\.id) == [elsewhere.id])
            #expect(try await verifier.otps(number: otp.number, of: node.other).isEmpty)
            node.clock.advance(by: 1)
            let deleted = try await verifier.delete(otp.id, of: node.acme)
            #expect(deleted.isDeleted)
            #expect(deleted.status == .active)
            node.clock.advance(by: 1)
            #expect(try await verifier.delete(otp.id, of: node.acme) == deleted)
            guard case .gone(let gone) = try await verifier.check(otp.id, code: "1111", of: node.acme) else {
                throw Unexpected(description: "a deleted one")
            }
            #expect(gone == deleted)
            await #expect(throws: VerificationError.notFound(.otp)) { try await verifier.otp(otp.id, of: node.acme) }
            await #expect(throws: VerificationError.notFound(.otp)) {
                try await verifier.delete(other.id, of: node.other)
            }
            #expect(try await verifier.otps(number: otp.number, of: node.acme).map(\.id) == [other.id])
            #expect(try await verifier.events(otp.id, of: node.acme).count { $0.type == .deleted } == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `with its application a password stays readable and is gone for checks`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let id = try await verifier.create(ApplicationSettings(name: "Shop"), of: node.acme).id
            let otp = try await verifier.send(
                try request { ($0.applicationID, $0.code) = (id, "1111") }, of: node.acme)
            _ = try await verifier.deleteApplication(id, of: node.acme)
            #expect(try await verifier.check(otp.id, code: "1111", of: node.acme) == .gone(otp))
            #expect(try await verifier.otp(otp.id, of: node.acme) == otp)
            #expect(try await node.count("otp_events", where: "type = 'CHECKED'") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what has expired is ended, and what is old is removed`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            for _ in 0..<3 { _ = try await verifier.send(try request { $0.code = "1111" }, of: node.acme) }
            let deleted = try await verifier.send(try request(), of: node.acme)
            try await verifier.delete(deleted.id, of: node.acme)
            try await verifier.sweep()
            #expect(try await node.count("otps", where: "secret IS NOT NULL") == 3)
            node.clock.set(deleted.expiresAt)
            try await verifier.sweep()
            try await verifier.sweep()
            #expect(try await node.count("otps", where: "status = 'EXPIRED' AND ended_at = expires_at") == 3)
            #expect(try await node.count("otps", where: "COALESCE(secret, client_address) IS NOT NULL") == 0)
            #expect(try await node.count("otps", where: "mark IS NOT NULL") == 0)
            #expect(try await node.count("otp_events", where: "type = 'EXPIRED'") == 3)
            node.clock.set(deleted.expiresAt + Verifier.retention)
            try await verifier.sweep()
            #expect(try await node.count("otps") == 3)
            node.clock.advance(by: 1)
            try await verifier.sweep()
            for table in ["otps", "otp_sends", "otp_events"] { #expect(try await node.count(table) == 0) }
        }
    }

    @Test(arguments: Engine.allCases)
    func `many that notice an expiry at once note it once`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let application = try await verifier.application(nil, of: node.acme)
            let passwords = try (0..<300).map { _ in
                OneTimePassword(try request(), application: application, now: node.clock.now)
            }
            try await node.database.write { transaction in
                for otp in passwords { try OTPStore(transaction).insert(OTPRecord(otp: otp)) }
            }
            node.clock.advance(by: 300_000)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<8 { group.addTask { try await verifier.sweep() } }
                for otp in passwords.prefix(50) {
                    group.addTask { _ = try await verifier.check(otp.id, code: "1111", of: otp.companyID) }
                    group.addTask { _ = try await verifier.delete(otp.id, of: otp.companyID) }
                }
                try await group.waitForAll()
            }
            #expect(try await node.count("otp_events", where: "type = 'EXPIRED'") == 300)
            #expect(try await node.count("otp_events", where: "type = 'DELETED'") == 50)
            #expect(try await node.count("otps", where: "status = 'EXPIRED' AND ended_at IS NOT NULL") == 300)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a password without a message is harmless`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let application = try await verifier.application(nil, of: node.acme)
            // As a crash leaves it between its transaction and the message's.
            let otp = OneTimePassword(try request(), application: application, now: node.clock.now)
            try await node.database.write { transaction in
                let store = OTPStore(transaction)
                try store.insert(OTPRecord(otp: otp))
                let send = OTPSend(
                    companyID: otp.companyID, otpID: otp.id, number: 1, messageID: UUIDv7.next(now: otp.createdAt),
                    channel: .sms, at: otp.createdAt, price: nil)
                try store.insert(send)
                try store.append([OTPEvent(.created, at: otp.createdAt)], to: otp)
            }
            #expect(try await verifier.events(otp.id, of: node.acme).map(\.summary) == ["CREATED"])
            guard case .wrong = try await verifier.check(otp.id, code: "", of: node.acme) else {
                throw Unexpected(description: "a wrong code")
            }
            node.clock.set(otp.expiresAt)
            try await verifier.sweep()
            #expect(try await verifier.otp(otp.id, of: node.acme).status == .expired)
        }
    }
}
