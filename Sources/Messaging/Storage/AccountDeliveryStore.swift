// SPDX-License-Identifier: Apache-2.0
// The deliveries that wait for the receiving sessions of SMPP accounts. They are the rows of `DeliveryStore` that name an
// account; each is claimed by a node that holds a session of that account.

public import SQL
public import Wire

public struct AccountDeliveryStore {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Takes up to `limit` deliveries of the account that are due and nobody's, the oldest first.
    public func claim(accountID: Int64, limit: Int, now: Milliseconds, lease: Lease) throws -> [Delivery] {
        try transaction.query(
            """
            UPDATE deliveries SET lease = $1 WHERE id IN (
                SELECT id FROM deliveries
                WHERE state = 0 AND lease = 0 AND smpp_account_id = $2 AND due_at <= $3 ORDER BY id LIMIT $4
                \(transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE SKIP LOCKED"))
            ) RETURNING \(DeliveryStore.columns)
            """, [.integer(lease), .integer(accountID), .integer(now), SQLValue(limit)]
        ).map(DeliveryStore.delivery(from:)).sorted { $0.id < $1.id }
    }

    /// Gives up what has waited since before `instant`, and what is for accounts that are gone, a slice of each account's
    /// oldest rows at a time. Returns how many.
    public func giveUp(createdBefore instant: Milliseconds, slice: Int, now: Milliseconds) throws -> Int {
        var count = 0
        for accountID in try waitingAccounts() {
            let isKnown =
                try transaction.queryOne("SELECT id FROM smpp_accounts WHERE id = $1", [.integer(accountID)]) != nil
            let oldest = try transaction.query(
                """
                SELECT id, created_at FROM deliveries
                WHERE state = 0 AND lease = 0 AND smpp_account_id = $1 ORDER BY id LIMIT $2
                """, [.integer(accountID), SQLValue(slice)])
            let ended = try oldest.filter { try !isKnown || $0.int64("created_at") < instant }
            let reason = isKnown ? "no session of the account took it in time" : "the account is gone"
            count += try transaction.executeBatch(
                """
                UPDATE deliveries SET state = \(DeliveryState.undelivered.rawValue), done_at = $2, last_error = $3
                WHERE id = $1 AND state = 0 AND lease = 0
                """, ended.map { [$0["id"], .integer(now), .text(reason)] }
            ).reduce(0, +)
        }
        return count
    }

    /// The accounts that something waits for; one look into the index for each.
    public func waitingAccounts() throws -> [Int64] {
        var accounts: [Int64] = []
        while let row = try transaction.queryOne(
            """
            SELECT smpp_account_id AS id FROM deliveries
            WHERE state = 0 AND lease = 0 AND smpp_account_id IS NOT NULL AND smpp_account_id > $1
            ORDER BY smpp_account_id LIMIT 1
            """, [.integer(accounts.last ?? 0)])
        {
            accounts.append(try row.int64("id"))
        }
        return accounts
    }
}

/// The node's part that sends deliveries to SMPP accounts.
public protocol AccountDeliveryInbox: AnyObject, Sendable {
    /// Deliveries for these accounts were stored.
    func stored(forAccounts accountIDs: Set<Int64>)
    /// The lease is lost: what waits is another node's now.
    func forgetAll()
}
