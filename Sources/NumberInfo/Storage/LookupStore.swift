// SPDX-License-Identifier: Apache-2.0
// Look-ups in the database: those under way, held by a node's lease so that none is lost with its node, and afterwards
// the record of what was asked and charged.

internal import Accounts
internal import Messaging
internal import SQL
internal import Wire

struct LookupStore {
    enum State: Int64 { case underWay = 0, answered = 1, unanswered = 2 }

    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// Stores a look-up that is under way, held by `lease`.
    func insert(_ lookup: NumberLookup, lease: Lease) throws {
        try insert(lookup, state: .underWay, lease: lease, errorCode: nil, doneAt: nil)
    }

    /// Stores one that has ended and was not stored before.
    func insertEnded(_ lookup: NumberLookup, isAnswered: Bool, errorCode: String, now: Milliseconds) throws {
        try insert(lookup, state: isAnswered ? .answered : .unanswered, lease: 0, errorCode: errorCode, doneAt: now)
    }

    private func insert(
        _ lookup: NumberLookup, state: State, lease: Lease, errorCode: String?, doneAt: Milliseconds?
    ) throws {
        try transaction.execute(
            """
            INSERT INTO lookups (company_id, id, question, number, state, price, currency, price_effective, reserved,
                callback_url, trace, lease, error_code, created_at, done_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
            """,
            [
                .integer(lookup.companyID), .bytes(lookup.id.bytes), .text(lookup.question.rawValue),
                .text(lookup.number), .integer(state.rawValue), SQLValue(lookup.quote.amount?.micros),
                .text(lookup.quote.currency), SQLValue(lookup.quote.effectiveFrom),
                .integer(lookup.quote.reserved.micros), SQLValue(lookup.callbackURL), SQLValue(lookup.trace?.stored),
                .integer(lease), SQLValue(errorCode), .integer(lookup.createdAt), SQLValue(doneAt),
            ])
    }

    /// Ends a look-up that this lease holds; false when it is somebody else's by now, or has ended.
    func end(
        _ lookup: NumberLookup, lease: Lease, isAnswered: Bool, errorCode: String, now: Milliseconds
    ) throws -> Bool {
        let state = isAnswered ? State.answered : .unanswered
        return try transaction.execute(
            """
            UPDATE lookups SET state = $4, lease = 0, error_code = $5, done_at = $6
            WHERE company_id = $1 AND id = $2 AND state = 0 AND lease = $3
            """,
            [
                .integer(lookup.companyID), .bytes(lookup.id.bytes), .integer(lease), .integer(state.rawValue),
                .text(errorCode), .integer(now),
            ]) == 1
    }

    /// Whether anything waits that no living node holds.
    func hasOrphans() throws -> Bool {
        try transaction.queryOne(
            """
            SELECT 1 AS found FROM lookups WHERE state = 0 AND (lease = 0 OR lease NOT IN
                (SELECT lease FROM nodes WHERE alive_until > \(transaction.dialect.nowMilliseconds))) LIMIT 1
            """) != nil
    }

    /// Frees what nodes held that are no longer alive.
    func rescue() throws {
        try transaction.execute(
            """
            UPDATE lookups SET lease = 0 WHERE state = 0 AND lease <> 0 AND lease NOT IN
                (SELECT lease FROM nodes WHERE alive_until > \(transaction.dialect.nowMilliseconds))
            """)
    }

    /// Takes up to `limit` look-ups that are nobody's.
    func claim(limit: Int, lease: Lease) throws -> [NumberLookup] {
        try transaction.query(
            """
            UPDATE lookups SET lease = $1 WHERE (company_id, id) IN (
                SELECT company_id, id FROM lookups WHERE state = 0 AND lease = 0 ORDER BY created_at LIMIT $2
                \(transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE SKIP LOCKED"))
            ) RETURNING company_id, id, question, number, price, currency, price_effective, reserved, callback_url,
                trace, created_at
            """, [.integer(lease), SQLValue(limit)]
        ).map(Self.lookup(from:))
    }

    private static func lookup(from row: Row) throws -> NumberLookup {
        guard let id = UUIDv7(bytes: try row.bytes("id")),
            let question = NumberQuestion(rawValue: try row.text("question"))
        else { throw DatabaseError.decoding("lookups") }
        let quote = NumberQuote(
            amount: try row.int64OrNil("price").map { Money(micros: $0) }, currency: try row.text("currency"),
            effectiveFrom: try row.int64OrNil("price_effective"), reserved: Money(micros: try row.int64("reserved")))
        var lookup = NumberLookup(
            companyID: try row.int64("company_id"), id: id, question: question, number: try row.text("number"),
            quote: quote, createdAt: try row.int64("created_at"))
        lookup.callbackURL = try row.textOrNil("callback_url")
        lookup.trace = try row.textOrNil("trace").flatMap(TraceContext.init(stored:))
        return lookup
    }

    /// Removes up to `limit` records of look-ups that ended before `instant`; returns how many.
    func removeEnded(before instant: Milliseconds, limit: Int) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM lookups WHERE (company_id, id) IN
                (SELECT company_id, id FROM lookups WHERE done_at <= $1 ORDER BY done_at LIMIT $2)
            """, [.integer(instant), SQLValue(limit)])
    }
}
