// SPDX-License-Identifier: Apache-2.0
// What an operator looks at: deliveries, above all those that were given up, and receipts that match no message.

public import Accounts
public import SQL
public import Wire

/// A delivery as lists show it; never its body.
public struct DeliverySummary: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    public let messageID: MessageID
    public let event: String
    public let method: String
    public let url: String
    public let state: DeliveryState
    public let attempts: Int
    public let createdAt: Milliseconds
    /// The next try of a pending one.
    public let dueAt: Milliseconds
    /// When it was made or given up; nil for a pending one.
    public let doneAt: Milliseconds?
    public let lastStatus: Int?
    public let lastError: String?
}

extension DeliveryStore {
    /// Whose delivery it is; nil when there is none of that id.
    public func companyID(of id: Int64) throws -> CompanyID? {
        try transaction.queryOne("SELECT company_id FROM deliveries WHERE id = $1", [.integer(id)])?.int64("company_id")
    }

    /// The newest deliveries, of one company or of all, in one state or in any.
    public func list(companyID: CompanyID?, state: DeliveryState?, limit: Int) throws -> [DeliverySummary] {
        try transaction.query(
            """
            SELECT \(DeliverySummary.columns)
            FROM deliveries WHERE ($1 = 0 OR company_id = $1) AND ($2 < 0 OR state = $2) ORDER BY id DESC LIMIT $3
            """, [.integer(companyID ?? 0), .integer(state?.rawValue ?? -1), SQLValue(limit)]
        ).map(DeliverySummary.init(row:))
    }
}

extension DeliverySummary {
    static let columns = """
        id, company_id, message_id, event, method, url, state, attempts, created_at, due_at, done_at, last_status,
        last_error
        """

    init(row: Row) throws {
        guard let messageID = UUIDv7(bytes: try row.bytes("message_id")),
            let state = DeliveryState(rawValue: try row.int64("state"))
        else { throw DatabaseError.decoding("deliveries") }
        self.init(
            id: try row.int64("id"), companyID: try row.int64("company_id"), messageID: messageID,
            event: try row.text("event"), method: try row.text("method"), url: try row.text("url"), state: state,
            attempts: try row.int("attempts"), createdAt: try row.int64("created_at"),
            dueAt: try row.int64("due_at"), doneAt: try row.int64OrNil("done_at"),
            lastStatus: try row.intOrNil("last_status"), lastError: try row.textOrNil("last_error"))
    }
}

/// A receipt that no message is known for.
public struct UnmatchedReceipt: Sendable, Equatable {
    public let id: Int64
    public let connector: String
    public let providerID: String
    public let recipient: String
    public let state: PartState
    public let errorCode: String?
    public let receivedAt: Milliseconds

    /// The newest ones, of all connectors; of smaller ids than `before`.
    public static func list(_ transaction: Transaction, before: Int64 = .max, limit: Int) throws -> [UnmatchedReceipt] {
        try transaction.query(
            """
            SELECT r.id, c.name, r.provider_id, r.recipient, r.state, r.error_code, r.received_at
            FROM receipts r JOIN connectors c ON c.id = r.connector_id
            WHERE r.id < $1 ORDER BY r.id DESC LIMIT $2
            """, [.integer(before), SQLValue(limit)]
        ).map { row in
            UnmatchedReceipt(
                id: try row.int64("id"), connector: try row.text("name"), providerID: try row.text("provider_id"),
                recipient: try row.text("recipient"), state: PartState(rawValue: try row.int64("state")) ?? .failed,
                errorCode: try row.textOrNil("error_code"), receivedAt: try row.int64("received_at"))
        }
    }
}
