// SPDX-License-Identifier: Apache-2.0
// The ledger as operators read it: the newest movements first, page by page.

public import SQL
public import Wire

/// One movement on a company's balance.
public struct LedgerEntry: Sendable, Equatable {
    public let id: Int64
    public let kind: LedgerKind
    /// What was put on the balance; negative for what was taken off.
    public let amount: Money
    public let at: Milliseconds
    public let messageID: UUIDv7?
    public let note: String?
    /// Who moved it, where it was somebody.
    public let actor: String?
}

public struct LedgerList {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Up to `limit` entries of a company, the newest first; those before the entry `before`.
    public func entries(of companyID: CompanyID, before: Int64? = nil, limit: Int) throws -> [LedgerEntry] {
        try transaction.query(
            """
            SELECT id, message_id, kind, amount, at, note, actor FROM ledger
            WHERE company_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3
            """, [.integer(companyID), .integer(before ?? .max), SQLValue(limit)]
        ).map(Self.entry(from:))
    }

    private static func entry(from row: Row) throws -> LedgerEntry {
        guard let kind = LedgerKind(rawValue: try row.text("kind")) else { throw DatabaseError.decoding("kind") }
        return LedgerEntry(
            id: try row.int64("id"), kind: kind, amount: Money(micros: try row.int64("amount")),
            at: try row.int64("at"), messageID: try row.bytesOrNil("message_id").flatMap { UUIDv7(bytes: $0) },
            note: try row.textOrNil("note"), actor: try row.textOrNil("actor"))
    }
}
