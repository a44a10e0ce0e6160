// SPDX-License-Identifier: Apache-2.0
// The events of a one-time password, with those of its messages among them.

import EngineTestSupport
import Messaging
import SQLTestSupport
import Testing
import Wire

@testable import Verification

struct HistoryTests {
    @Test(arguments: Engine.allCases)
    func `what happened is told in order, with what the network said`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(try request { $0.code = "1111" }, of: node.acme)
            let first = try #require(try await node.connector.submissions(count: 1).first)
            try await node.wait(for: .sent, of: first.ticket.key)
            node.clock.advance(by: 1000)
            _ = await node.report(first, .undeliverable)
            try await node.wait(for: .undeliverable, of: first.ticket.key)
            node.clock.advance(by: 1000)
            let calls = try node.calls
            calls.answerByHand()
            _ = try await verifier.resend(otp.id, via: .voice, of: node.acme)
            let second = try await calls.submissions(count: 1)[0]
            calls.complete(second.ticket, .rejected(code: "voice::busy", reason: "486 Busy Here"))
            try await node.wait(for: .rejected, of: second.ticket.key)
            node.clock.advance(by: 1000)
            calls.answer { _ in .submitted(providerID: "call-2") }
            _ = try await verifier.resend(otp.id, via: .voice, of: node.acme)
            let third = try await calls.submissions(count: 2)[1]
            try await node.wait(for: .sent, of: third.ticket.key)
            node.clock.advance(by: 1000)
            _ = await node.receive(.receipt(calls.receipt(for: third, at: node.clock.now)))
            try await node.wait(for: .delivered, of: third.ticket.key)
            node.clock.advance(by: 1000)
            _ = try await verifier.check(otp.id, code: "1111", of: node.acme)
            let events = try await verifier.events(otp.id, of: node.acme)
            #expect(
                events.map(\.summary) == [
                    "CREATED", "SMS_SENT success", "SMS_FAILED failed UNDELIVERABLE", "RESENT",
                    "VOICE_FAILED failed busy",
                    "RESENT", "VOICE_SENT success", "VOICE_ANSWERED success answered", "CHECKED success", "VERIFIED",
                ])
            #expect(events.map(\.at) == events.map(\.at).sorted())
            await #expect(throws: VerificationError.notFound(.otp)) {
                try await verifier.events(otp.id, of: node.other)
            }
        }
    }

}
