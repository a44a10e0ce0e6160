// SPDX-License-Identifier: Apache-2.0
// What stands before every code: the limits first, then the pumping guard, both in the transaction that stores the
// one-time password. What the guard decides is in the audit log with its reasons.

internal import Accounts
public import SQL
public import Wire

public struct VerificationGate: SendingGate {
    public let limits: VerificationLimits
    public let settings: GuardSettings

    public init(limits: VerificationLimits = VerificationLimits(), settings: GuardSettings = GuardSettings()) {
        self.limits = limits
        self.settings = settings
    }

    /// The tables.
    public static let migrations: [Migration] = GuardMigrations.all

    private struct Limited: Error {
        let rule: String
        let delay: Milliseconds
    }

    public func admit(
        _ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds
    ) throws -> GateDecision {
        do {
            // What the first limits counted is undone when a later one, or the guard, refuses.
            try transaction.attempt {
                let refusal = try LimitStore(transaction).count(attempt, limits: limits, now: now)
                if let refusal { throw Limited(rule: "\(refusal.scope): \(refusal.rule)", delay: refusal.delay) }
            }
        } catch let limited as Limited {
            return .limited(rule: limited.rule, retryAfter: limited.delay)
        }
        let decision = try admitByGuard(attempt, in: transaction, now: now)
        if decision != .admitted { try LimitStore(transaction).withdraw(attempt, at: now, now: now) }
        return decision
    }

    private func admitByGuard(
        _ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds
    ) throws -> GateDecision {
        let store = GuardStore(transaction, companyID: attempt.companyID)
        let prefixes = NumberPrefixes(attempt.number)
        let before = try store.chain(prefixes, now: now)
        let number = store.hash(attempt.number)
        let standing = try store.standing(of: number, since: now - settings.repetition, now: now, settings)
        var chain = before
        let (verdict, events) = PumpingGuard(settings).admit(
            prefixes, price: attempt.price?.micros, isKnown: standing.isKnown, isRepeated: standing.isRepeated,
            rule: try store.rule(for: attempt.number), chain: &chain, now: now)
        try store.save(chain, before: before, now: now)
        try note(events, attempt.companyID, transaction, now)
        switch verdict {
        case .refused(let prefix): return .blocked(prefix: prefix)
        case .admitted:
            let isCounted = !standing.isKnown && !standing.isRepeated
            try store.insert(
                GuardStore.Code(otpID: attempt.otpID, sentAt: now, isCounted: isCounted), to: number)
            return .admitted
        }
    }

    /// A verified code speaks for every code its number was sent lately.
    public func verified(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {
        let store = GuardStore(transaction, companyID: attempt.companyID)
        let before = try store.chain(NumberPrefixes(attempt.number), now: now)
        var chain = before
        var events: [GuardEvent] = []
        for code in try store.prove(store.hash(attempt.number), now: now) {
            events += PumpingGuard(settings).verified(
                sentAt: code.sentAt, counted: code.isCounted, chain: &chain, now: now)
        }
        try store.save(chain, before: before, now: now)
        try note(events, attempt.companyID, transaction, now)
    }

    public func withdrawn(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {
        try LimitStore(transaction).withdraw(attempt, at: now, now: now)
        let store = GuardStore(transaction, companyID: attempt.companyID)
        let before = try store.chain(NumberPrefixes(attempt.number), now: now)
        let number = store.hash(attempt.number)
        guard let code = try store.withdraw(attempt.otpID, sentAt: now, to: number) else { return }
        var chain = before
        PumpingGuard(settings).withdrawn(
            sentAt: code.sentAt, price: attempt.price?.micros, counted: code.isCounted, chain: &chain)
        try store.save(chain, before: before, now: now)
    }

    private func note(
        _ events: [GuardEvent], _ companyID: CompanyID, _ transaction: Transaction, _ now: Milliseconds
    ) throws {
        for event in events {
            let action: AuditAction = if case .blocked = event.kind { .blocked } else { .unblocked }
            try AuditLog(transaction).record(
                action, .prefix, id: event.prefix, name: event.prefix, companyID: companyID, to: event.reasons,
                actor: Actor(name: "guard", origin: .admin), now: now)
        }
    }

    /// Removes a slice of what is of no use any more: counts of limits, codes that have long failed, numbers and prefixes
    /// that nobody asked about. Returns whether there may be more.
    public func sweep(in transaction: Transaction, now: Milliseconds, limit: Int = 500) throws -> Bool {
        let counts = try LimitStore(transaction).removeOld(now: now, limit: limit)
        let codes = try transaction.execute(
            """
            DELETE FROM guard_codes WHERE (company_id, number, otp_id, sent_at) IN (
                SELECT company_id, number, otp_id, sent_at FROM guard_codes WHERE sent_at < $1 ORDER BY sent_at LIMIT $2)
            """, [.integer(now - 2 * 3_600_000), SQLValue(limit)])
        let numbers = try transaction.execute(
            """
            DELETE FROM guard_numbers WHERE (company_id, number) IN (
                SELECT company_id, number FROM guard_numbers WHERE verified_at < $1 ORDER BY verified_at LIMIT $2)
            """, [.integer(now - settings.knownNumberMemory), SQLValue(limit)])
        let prefixes = try transaction.execute(
            """
            DELETE FROM guard_prefixes WHERE (company_id, prefix) IN (
                SELECT company_id, prefix FROM guard_prefixes WHERE changed_at < $1 ORDER BY changed_at LIMIT $2)
            """, [.integer(now - 4 * settings.halfLife), SQLValue(limit)])
        return max(counts, codes, numbers, prefixes) == limit
    }
}

extension GuardEvent {
    /// What the audit log has of it.
    var reasons: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "sent": .integer(Int64(sent)), "verified": .integer(Int64(verified)),
            "honestShare": .number(honestShare.thousandths), "collapsedShare": .number(collapsedShare.thousandths),
            "evidence": .number(evidence.thousandths), "threshold": .number(threshold.thousandths),
        ]
        members["price"] = price.map { .string(Money(micros: $0).description) }
        if case .blocked(let until) = kind { members["until"] = .string(Timestamp.rfc3339(until)) }
        return members
    }
}

extension Double {
    /// Rounded for people.
    var thousandths: Double { (self * 1000).rounded() / 1000 }
}
