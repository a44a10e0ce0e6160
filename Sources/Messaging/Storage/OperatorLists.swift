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
            SELECT id, company_id, message_id, event, method, url, state, attempts, created_at, due_at, last_status,
                last_error
            FROM deliveries WHERE ($1 = 0 OR company_id = $1) AND ($2 < 0 OR state = $2) ORDER BY id DESC LIMIT $3
            """, [.integer(companyID ?? 0), .integer(state?.rawValue ?? -1), SQLValue(limit)]
        ).map { row in
            guard let messageID = UUIDv7(bytes: try row.bytes("message_id")),
                let state = DeliveryState(rawValue: try row.int64("state"))
            else { throw DatabaseError.decoding("deliveries") }
            return DeliverySummary(
                id: try row.int64("id"), companyID: try row.int64("company_id"), messageID: messageID,
                event: try row.text("event"), method: try row.text("method"), url: try row.text("url"), state: state,
                attempts: try row.int("attempts"), createdAt: try row.int64("created_at"),
                dueAt: try row.int64("due_at"), lastStatus: try row.intOrNil("last_status"),
                lastError: try row.textOrNil("last_error"))
        }
    }
}

/// A receipt that no message is known for.
public struct UnmatchedReceipt: Sendable, Equatable {
    public let connector: String
    public let providerID: String
    public let recipient: String
    public let state: PartState
    public let errorCode: String?
    public let receivedAt: Milliseconds

    /// The newest ones, of all connectors.
    public static func list(_ transaction: Transaction, limit: Int) throws -> [UnmatchedReceipt] {
        try transaction.query(
            """
            SELECT c.name, r.provider_id, r.recipient, r.state, r.error_code, r.received_at
            FROM receipts r JOIN connectors c ON c.id = r.connector_id ORDER BY r.id DESC LIMIT $1
            """, [SQLValue(limit)]
        ).map { row in
            UnmatchedReceipt(
                connector: try row.text("name"), providerID: try row.text("provider_id"),
                recipient: try row.text("recipient"), state: PartState(rawValue: try row.int64("state")) ?? .failed,
                errorCode: try row.textOrNil("error_code"), receivedAt: try row.int64("received_at"))
        }
    }
}
