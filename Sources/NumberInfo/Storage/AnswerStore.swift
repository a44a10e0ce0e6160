// SPDX-License-Identifier: Apache-2.0
// Answers that are kept for a while, so that a number that is asked about again costs no query. An answer counts only
// with the ported numbers with which it was put together.

internal import Foundation
internal import SQL
internal import Wire

struct AnswerStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    func find(_ key: NumberKey, now: Milliseconds) throws -> NumberFacts? {
        let row = try transaction.queryOne(
            "SELECT facts, revision FROM number_answers WHERE number = $1 AND question = $2 AND expires_at > $3",
            [.integer(key.number), .text(key.question.rawValue), .integer(now)])
        guard let row, try row.int64("revision") == PortedNumberStore(transaction).revision() else { return nil }
        return try? JSONDecoder().decode(NumberFacts.self, from: Data(try row.text("facts").utf8))
    }

    func keep(_ facts: NumberFacts, of key: NumberKey, until expiry: Milliseconds) throws {
        let json = String(decoding: try JSONEncoder().encode(facts), as: UTF8.self)
        try transaction.execute(
            """
            INSERT INTO number_answers (number, question, facts, revision, expires_at) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (number, question) DO UPDATE
            SET facts = excluded.facts, revision = excluded.revision, expires_at = excluded.expires_at
            """,
            [
                .integer(key.number), .text(key.question.rawValue), .text(json),
                .integer(try PortedNumberStore(transaction).revision()), .integer(expiry),
            ])
    }

    func count() throws -> Int { try transaction.queryOne("SELECT COUNT(*) AS n FROM number_answers")?.int("n") ?? 0 }

    /// Removes up to `limit` answers that have expired before `now`, or those that expire first; returns how many.
    func remove(expiredAt now: Milliseconds, limit: Int) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM number_answers WHERE (number, question) IN (SELECT number, question FROM number_answers
                WHERE expires_at <= $1 ORDER BY expires_at LIMIT $2)
            """, [.integer(now), SQLValue(limit)])
    }
}

/// What is asked about which number.
struct NumberKey: Sendable, Hashable {
    let number: Int64
    let question: NumberQuestion
}
