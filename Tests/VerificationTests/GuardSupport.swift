// SPDX-License-Identifier: Apache-2.0
// Sendings as the verifier asks the gate about them.

import Accounts
import Messaging
import SQL
import Verification
import Wire

enum Gates {
    static let migrations = MessagingMigrations.all + VerificationGate.migrations

    static func attempt(
        _ number: String, price: Money? = Money(micros: 50_000), address: IPAddress? = nil, company: CompanyID = 1
    ) -> SendAttempt {
        SendAttempt(
            companyID: company, otpID: OTPID.next(now: 1_700_000_000_000), number: number, channel: .sms,
            clientAddress: address, price: price, isResend: false)
    }

    static func send(
        _ number: String, _ gate: VerificationGate, _ database: Database, at now: Milliseconds,
        address: IPAddress? = nil, company: CompanyID = 1
    ) async throws -> GateDecision {
        let attempt = attempt(number, address: address, company: company)
        return try await database.write { try gate.admit(attempt, in: $0, now: now) }
    }

    static func verify(
        _ number: String, _ gate: VerificationGate, _ database: Database, at now: Milliseconds, company: CompanyID = 1
    ) async throws {
        let attempt = attempt(number, company: company)
        try await database.write { try gate.verified(attempt, in: $0, now: now) }
    }
}
