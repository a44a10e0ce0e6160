// SPDX-License-Identifier: Apache-2.0
// The counts of the limits. Each is one row, locked by the statement that reads it, so concurrent requests on any number
// of nodes are counted one after another; all take the rows in the same order, so none waits for another in a circle.

internal import Accounts
internal import SQL
internal import Wire

struct LimitStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// What is counted for one request.
    struct Key: Equatable {
        let scope: VerificationLimits.Scope
        let value: String
    }

    /// What a sending is counted under, in the order of locking: what many share comes last.
    static func keys(of attempt: SendAttempt) -> [Key] {
        var keys = [Key(scope: .number, value: attempt.number)]
        if let address = attempt.clientAddress?.unmapped {
            let width = if case .v4 = address { 32 } else { 64 }
            keys.append(Key(scope: .address, value: "\(AddressRange(address, width).base)"))
        }
        keys.append(Key(scope: .prefix, value: String(attempt.number.dropLast(4))))
        keys.append(Key(scope: .account, value: ""))
        return keys
    }

    /// Counts a sending. Returns the limit that has no room for it and in how many ms it will have; then what was counted
    /// has to be undone with the transaction or savepoint.
    func count(
        _ attempt: SendAttempt, limits: VerificationLimits, now: Milliseconds
    ) throws -> (scope: VerificationLimits.Scope, rule: LimitRule, delay: Milliseconds)? {
        for key in Self.keys(of: attempt) where !limits[key.scope].isEmpty {
            let stored = try lock(key, of: attempt.companyID, now: now)
            var counts: [RollingCount] = []
            var refusal: (VerificationLimits.Scope, LimitRule, Milliseconds)?
            for rule in limits[key.scope] {
                var count = stored.first { $0.span == rule.span } ?? RollingCount(span: rule.span)
                count.advance(to: now)
                if let delay = count.delay(limit: rule.count, now: now), delay > refusal?.2 ?? 0 {
                    refusal = (key.scope, rule, delay)
                }
                count.add(at: now)
                if !counts.contains(where: { $0.span == rule.span }) { counts.append(count) }
            }
            if let refusal { return refusal }
            try store(counts, key, of: attempt.companyID, until: now + (counts.map(\.span).max() ?? 0) * 2)
        }
        return nil
    }

    /// Takes back the counting of a sending that did not take place.
    func withdraw(_ attempt: SendAttempt, at time: Milliseconds, now: Milliseconds) throws {
        for key in Self.keys(of: attempt) {
            var counts = try lock(key, of: attempt.companyID, now: now)
            for index in counts.indices { counts[index].remove(addedAt: time) }
            try store(counts, key, of: attempt.companyID, until: now + (counts.map(\.span).max() ?? 0) * 2)
        }
    }

    private func lock(_ key: Key, of companyID: CompanyID, now: Milliseconds) throws -> [RollingCount] {
        let row = try transaction.queryOne(
            """
            INSERT INTO verification_counts (company_id, scope, item, counts, until) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (company_id, scope, item) DO UPDATE SET scope = excluded.scope RETURNING counts
            """,
            [.integer(companyID), .text(key.scope.rawValue), .text(key.value), .bytes([]), .integer(now)])
        return RollingCount.counts(try row?.bytes("counts") ?? [])
    }

    private func store(
        _ counts: [RollingCount], _ key: Key, of companyID: CompanyID, until: Milliseconds
    ) throws {
        try transaction.execute(
            "UPDATE verification_counts SET counts = $4, until = $5 WHERE company_id = $1 AND scope = $2 AND item = $3",
            [
                .integer(companyID), .text(key.scope.rawValue), .text(key.value),
                .bytes(RollingCount.bytes(of: counts)), .integer(until),
            ])
    }

    /// Removes a slice of counts of which nothing counts any more. Returns how many.
    func removeOld(now: Milliseconds, limit: Int) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM verification_counts WHERE (company_id, scope, item) IN (
                SELECT company_id, scope, item FROM verification_counts WHERE until < $1 ORDER BY until LIMIT $2)
            """, [.integer(now), SQLValue(limit)])
    }
}
