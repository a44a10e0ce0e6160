// SPDX-License-Identifier: Apache-2.0
// Checks, reads and deletes one-time passwords, and clears away old ones.

public import Accounts
internal import Messaging
internal import SQL
public import Wire

extension Verifier {
    /// Tries a code. Every attempt that is evaluated is counted first, in the transaction that stores what it brought.
    public func check(
        _ id: OTPID, code: String, of companyID: CompanyID
    ) async throws(VerificationError) -> CheckOutcome {
        let now = context.clock()
        let secrets = context.directory.secrets
        let gate = gate
        let outcome: CheckOutcome = try await write { transaction in
            let store = OTPStore(transaction)
            let taken = try store.takeAttempt(id, of: companyID, now: now)
            guard let record = try taken ?? store.find(id, of: companyID) else {
                throw VerificationError.notFound(.otp)
            }
            guard taken != nil else {
                // Notes what the refusal is about, if nobody has; `state` then says the same of the record as it was.
                try store.noticeExpiry(of: id, companyID: companyID, now: now)
                return Self.refusal(of: record, at: now)
            }
            let isCorrect = OTPSecret.matches(code, record, with: secrets)
            var state = record.stateBeforeAttempt
            let verdict = state.check(isCorrect: isCorrect, at: now)
            let otp = record.otp.with(state)
            try store.append(verdict.events, to: otp)
            if state.hasEnded { try store.end(otp, at: now) }
            if verdict.answer == .verified, let attempt = try store.lastAttempt(of: record) {
                try gate.verified(attempt, in: transaction, now: now)
            }
            return CheckOutcome(verdict.answer, otp)
        }
        if case .verified = outcome { metrics?.recordVerified() }
        return outcome
    }

    private static func refusal(of record: OTPRecord, at now: Milliseconds) -> CheckOutcome {
        var state = record.state
        // Whether the code is right is nobody's business any more.
        let answer = state.check(isCorrect: false, at: now).answer
        return CheckOutcome(answer, record.otp.with(state))
    }

    /// How a one-time password stands; one that was deleted has no status any more.
    public func otp(_ id: OTPID, of companyID: CompanyID) async throws(VerificationError) -> OneTimePassword {
        let now = context.clock()
        let record = try await read { try OTPStore($0).find(id, of: companyID) }
        guard let record, !record.otp.isDeleted else { throw .notFound(.otp) }
        return record.otp.seen(at: now)
    }

    /// How many one-time passwords `otps` returns at most.
    public static let listLimit = 500

    /// The latest one-time passwords for a number (digits), the newest first, without deleted ones.
    public func otps(number: String, of companyID: CompanyID) async throws(VerificationError) -> [OneTimePassword] {
        let now = context.clock()
        return try await read { transaction in
            try OTPStore(transaction).list(number: number, of: companyID, limit: Self.listLimit).map {
                $0.seen(at: now)
            }
        }
    }

    /// What happened to a one-time password and to its messages, in the order of time; of deleted ones too.
    public func events(_ id: OTPID, of companyID: CompanyID) async throws(VerificationError) -> [OTPEvent] {
        let now = context.clock()
        return try await read { transaction in
            let store = OTPStore(transaction)
            guard let record = try store.find(id, of: companyID) else { throw VerificationError.notFound(.otp) }
            let messages = MessageStore(transaction)
            let sends = try store.sends(of: record.otp).map { send in
                let key = MessageKey(companyID: companyID, id: send.messageID)
                return (channel: send.channel, events: try messages.events(of: key))
            }
            return OTPHistory.merged(record, own: try store.events(of: record.otp), sends: sends, now: now)
        }
    }

    /// Deletes a one-time password; doing so again changes nothing.
    @discardableResult
    public func delete(_ id: OTPID, of companyID: CompanyID) async throws(VerificationError) -> OneTimePassword {
        let now = context.clock()
        return try await write { transaction in
            let store = OTPStore(transaction)
            guard let record = try store.find(id, of: companyID, locking: true) else {
                throw VerificationError.notFound(.otp)
            }
            var state = record.state
            guard let events = state.delete(at: now) else { return record.otp }
            var otp = record.otp.with(state)
            otp.deletedAt = now
            try store.delete(otp, at: now)
            try store.append(events, to: otp)
            return otp
        }
    }

    /// How long a one-time password is kept after its end: as long as messages are.
    static let retention: Milliseconds = 92 * 86_400_000

    /// Ends what has expired, which erases its code, and removes what is older than the retention. Called every minute or
    /// so, on any node; works in small slices.
    public func sweep() async throws {
        let now = context.clock()
        let slice = 500
        while try await context.database.write({ try OTPStore($0).expire(now: now, limit: slice) }) == slice {}
        let limit = now - Self.retention
        while try await context.database.write({ try OTPStore($0).remove(before: limit, limit: slice) }) == slice {}
    }
}

extension CheckOutcome {
    init(_ answer: OTPState.Answer, _ otp: OneTimePassword) {
        switch answer {
        case .verified: self = .verified(otp)
        case .wrong: self = .wrong(otp)
        case .refused: self = .refused(otp)
        case .gone: self = .gone(otp)
        }
    }
}
