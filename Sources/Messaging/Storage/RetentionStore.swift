// SPDX-License-Identifier: Apache-2.0
// Finds what has run out of time, and removes what is kept no longer.

internal import SQL
internal import Wire

struct RetentionStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// `$1` ends what was sent, `$2` what was not; the index of open messages is read up to `$2` and no further.
    static let overdueSelection = """
        SELECT company_id, id FROM messages
        WHERE done_at IS NULL AND direction = 0 AND expires_at <= $2
            AND (expires_at <= $1 OR (status < \(MessageStatus.dispatched.rawValue)
                AND NOT EXISTS (SELECT 1 FROM parts p WHERE p.company_id = messages.company_id
                    AND p.message_id = messages.id AND p.state <> 0)))
        ORDER BY expires_at LIMIT $3
        """

    /// Messages whose validity is over: at once where nothing was sent, after the carrier's grace where it was.
    func overdue(now: Milliseconds, grace: Milliseconds, limit: Int) throws -> [MessageKey] {
        try transaction.query(
            Self.overdueSelection, [.integer(now - grace), .integer(now), SQLValue(limit)]
        ).map { row in
            guard let id = UUIDv7(bytes: try row.bytes("id")) else { throw DatabaseError.decoding("messages.id") }
            return MessageKey(companyID: try row.int64("company_id"), id: id)
        }
    }

    /// Erases the contents of messages whose time for it has come; returns how many. What the chain and the request said
    /// goes with them.
    func eraseContents(before instant: Milliseconds, limit: Int) throws -> Int {
        let rows = try transaction.query(
            "SELECT company_id, id, direction FROM messages WHERE erase_at <= $1 ORDER BY erase_at LIMIT $2",
            [.integer(instant), SQLValue(limit)])
        try transaction.executeBatch(
            """
            UPDATE messages SET content = NULL, extra = NULL, erase_at = NULL
            WHERE company_id = $1 AND id = $2 AND direction = $3
            """, rows.map { [$0["company_id"], $0["id"], $0["direction"]] })
        return rows.count
    }

    /// Removes deliveries that were made before `instant`; returns how many.
    func removeDelivered(before instant: Milliseconds, limit: Int) throws -> Int {
        try transaction.execute(
            """
            DELETE FROM deliveries WHERE id IN (
                SELECT id FROM deliveries
                WHERE done_at IS NOT NULL AND done_at < $1 AND state = \(DeliveryState.delivered.rawValue)
                ORDER BY done_at LIMIT $2)
            """, [.integer(instant), SQLValue(limit)])
    }

    /// Removes messages that ended before `instant` with all that belongs to them, and old deliveries and receipts.
    /// Returns how many rows the largest slice had: fewer than `limit` when nothing is left.
    func removeEnded(before instant: Milliseconds, limit: Int) throws -> Int {
        let rows = try transaction.query(
            """
            SELECT company_id, id, direction FROM messages
            WHERE done_at IS NOT NULL AND done_at < $1 ORDER BY done_at LIMIT $2
            """, [.integer(instant), SQLValue(limit)])
        let keys = rows.map { [$0["company_id"], $0["id"]] }
        try transaction.executeBatch("DELETE FROM parts WHERE company_id = $1 AND message_id = $2", keys)
        try transaction.executeBatch("DELETE FROM events WHERE company_id = $1 AND message_id = $2", keys)
        try transaction.executeBatch("DELETE FROM inbound_contents WHERE company_id = $1 AND message_id = $2", keys)
        try transaction.executeBatch("DELETE FROM inbound_ids WHERE company_id = $1 AND message_id = $2", keys)
        try transaction.executeBatch(
            "DELETE FROM messages WHERE company_id = $1 AND id = $2 AND direction = $3",
            rows.map { [$0["company_id"], $0["id"], $0["direction"]] })
        let deliveries = try transaction.execute(
            """
            DELETE FROM deliveries WHERE id IN (
                SELECT id FROM deliveries WHERE done_at IS NOT NULL AND done_at < $1 ORDER BY done_at LIMIT $2)
            """, [.integer(instant), SQLValue(limit)])
        let receipts = try transaction.execute(
            "DELETE FROM receipts WHERE id IN (SELECT id FROM receipts WHERE received_at < $1 LIMIT $2)",
            [.integer(instant), SQLValue(limit)])
        return max(rows.count, deliveries, receipts)
    }
}
