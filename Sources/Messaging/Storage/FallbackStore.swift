// SPDX-License-Identifier: Apache-2.0
// Until when a message waits for a status on one of its channels before it goes on to the next.

internal import SQL
internal import Wire

struct FallbackStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// One row a message: its current step's.
    func set(_ fallbacks: [(key: MessageKey, step: Int, dueAt: Milliseconds)]) throws {
        try transaction.executeBatch(
            """
            INSERT INTO fallbacks (company_id, message_id, step, due_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (company_id, message_id) DO UPDATE SET step = excluded.step, due_at = excluded.due_at
            """,
            fallbacks.map { item in
                [
                    .integer(item.key.companyID), .id(item.key.id), SQLValue(item.step),
                    .integer(item.dueAt),
                ]
            })
    }

    func remove(_ keys: [MessageKey]) throws {
        try transaction.executeBatch(
            "DELETE FROM fallbacks WHERE company_id = $1 AND message_id = $2",
            keys.map { [.integer($0.companyID), .id($0.id)] })
    }

    func due(now: Milliseconds, limit: Int) throws -> [(key: MessageKey, step: Int)] {
        try transaction.query(
            "SELECT company_id, message_id, step FROM fallbacks WHERE due_at <= $1 ORDER BY due_at LIMIT $2",
            [.integer(now), SQLValue(limit)]
        ).map { row in
            guard let id = UUIDv7(bytes: try row.bytes("message_id")) else { throw DatabaseError.decoding("fallbacks") }
            return (MessageKey(companyID: try row.int64("company_id"), id: id), try row.int("step"))
        }
    }
}
