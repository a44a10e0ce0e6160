// SPDX-License-Identifier: Apache-2.0
// What is known of one message besides its own row: its events, its movements on the balance and its deliveries.

public import Accounts
public import SQL
public import Wire

public struct MessageTrace: Sendable {
    /// A movement on the balance.
    public struct Movement: Sendable, Equatable {
        public let id: Int64
        public let kind: LedgerKind
        public let amount: Money
        public let at: Milliseconds
    }

    public let events: [Event]
    public let deliveries: [DeliverySummary]
    public let movements: [Movement]

    /// How many rows of each kind are read; a message with more has been replayed for years.
    private static let limit = 200

    public init(_ transaction: Transaction, _ key: MessageKey) throws {
        let values: [SQLValue] = [.integer(key.companyID), .id(key.id), SQLValue(Self.limit)]
        events = try transaction.query(
            """
            SELECT kind, at, detail FROM events WHERE company_id = $1 AND message_id = $2 ORDER BY id LIMIT $3
            """, values
        ).compactMap { row in
            guard let kind = EventKind(rawValue: try row.text("kind")) else { return nil }
            return Event(key: key, kind: kind, at: try row.int64("at"), detail: try row.textOrNil("detail"))
        }
        deliveries = try transaction.query(
            """
            SELECT \(DeliverySummary.columns) FROM deliveries
            WHERE company_id = $1 AND message_id = $2 ORDER BY id LIMIT $3
            """, values
        ).map(DeliverySummary.init(row:))
        movements = try transaction.query(
            """
            SELECT id, kind, amount, at FROM ledger WHERE company_id = $1 AND message_id = $2 ORDER BY id LIMIT $3
            """, values
        ).compactMap { row in
            guard let kind = LedgerKind(rawValue: try row.text("kind")) else { return nil }
            return Movement(
                id: try row.int64("id"), kind: kind, amount: Money(micros: try row.int64("amount")),
                at: try row.int64("at"))
        }
    }
}
