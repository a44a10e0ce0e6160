// SPDX-License-Identifier: Apache-2.0
// The balance of prepaid companies. An amount is taken off when a message is accepted (so that a balance cannot be spent
// twice), and given back for every part that never left; each step is a row of the ledger, whose sum is the balance.

public import SQL
public import Wire

/// A movement on a company's balance.
public enum LedgerKind: String, Sendable {
    case topUp = "top_up"
    /// Put right by an operator, in either direction.
    case correction
    /// Taken off at acceptance.
    case reserved
    /// Given back: the part never left.
    case released
    /// The reservation became a charge; amount 0.
    case settled
}

public struct BalanceStore {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Takes `amount` off, in one conditional update; false, and nothing changed, when the balance is too small.
    public func reserve(_ amount: Money, companyID: CompanyID, messageID: UUIDv7, now: Milliseconds) throws -> Bool {
        let changed = try transaction.execute(
            "UPDATE companies SET balance = balance - $2 WHERE id = $1 AND balance >= $2",
            [.integer(companyID), .integer(amount.micros)])
        guard changed == 1 else { return false }
        try record(.reserved, Money.zero - amount, companyID: companyID, messageID: messageID, now: now)
        return true
    }

    /// Puts `amount` back or on, or takes it off when it is negative; `actor` and `note` say who and why.
    public func add(
        _ amount: Money, kind: LedgerKind, companyID: CompanyID, messageID: UUIDv7?, actor: String? = nil,
        note: String? = nil, now: Milliseconds
    ) throws {
        try transaction.execute(
            "UPDATE companies SET balance = balance + $2 WHERE id = $1", [.integer(companyID), .integer(amount.micros)])
        try record(kind, amount, companyID: companyID, messageID: messageID, actor: actor, note: note, now: now)
    }

    /// Notes that a reservation became a charge.
    public func settle(companyID: CompanyID, messageID: UUIDv7, now: Milliseconds) throws {
        try record(.settled, .zero, companyID: companyID, messageID: messageID, now: now)
    }

    public func balance(of companyID: CompanyID) throws -> Money {
        let row = try transaction.queryOne("SELECT balance FROM companies WHERE id = $1", [.integer(companyID)])
        return Money(micros: try row?.int64("balance") ?? 0)
    }

    private func record(
        _ kind: LedgerKind, _ amount: Money, companyID: CompanyID, messageID: UUIDv7?, actor: String? = nil,
        note: String? = nil, now: Milliseconds
    ) throws {
        try transaction.execute(
            """
            INSERT INTO ledger (company_id, message_id, kind, amount, at, actor, note)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            [
                .integer(companyID), messageID.map { .bytes($0.bytes) } ?? .null, .text(kind.rawValue),
                .integer(amount.micros), .integer(now), SQLValue(actor), SQLValue(note),
            ])
    }
}
