// SPDX-License-Identifier: Apache-2.0
// Reads and writes companies, keys and prices. What a configuration file declares carries the origin `file` and is
// replaced as a whole when the file is applied again; what was made by other means stays.

public import SQL
public import Wire

/// Where a row of the configuration came from.
public enum Origin: String, Sendable {
    case file
    case admin
}

public struct AccountStore {
    private let transaction: Transaction
    private let secrets: SecretBox

    public init(_ transaction: Transaction, secrets: SecretBox) {
        self.transaction = transaction
        self.secrets = secrets
    }

    /// Creates the company or brings it up to date; a prepaid company starts with `initialBalance`.
    public func saveCompany(
        name: String, isPrepaid: Bool, currency: String, initialBalance: Money, webhookSecrets: [String],
        origin: Origin, now: Milliseconds
    ) throws -> CompanyID {
        let sealed = try webhookSecrets.map { try secrets.seal($0, purpose: Self.webhookPurpose) }
        let known = try transaction.queryOne("SELECT id FROM companies WHERE name = $1", [.text(name)])
        if let id = try known?.int64("id") {
            try transaction.execute(
                "UPDATE companies SET prepaid = $2, currency = $3, webhook_secrets = $4, origin = $5 WHERE id = $1",
                [
                    .integer(id), .integer(isPrepaid ? 1 : 0), .text(currency), .text(sealed.joined(separator: " ")),
                    .text(origin.rawValue),
                ])
            return id
        }
        let row = try transaction.queryOne(
            """
            INSERT INTO companies (name, prepaid, currency, webhook_secrets, origin, created_at)
            VALUES ($1, $2, $3, $4, $5, $6) RETURNING id
            """,
            [
                .text(name), .integer(isPrepaid ? 1 : 0), .text(currency), .text(sealed.joined(separator: " ")),
                .text(origin.rawValue), .integer(now),
            ])
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding("companies.id") }
        if initialBalance != .zero {
            try BalanceStore(transaction).add(
                initialBalance, kind: .topUp, companyID: id, messageID: nil, now: now)
        }
        return id
    }

    private static let webhookPurpose = "webhook-secret"

    public func companies() throws -> [Company] {
        try transaction.query("SELECT id, name, prepaid, currency, webhook_secrets FROM companies").map { row in
            Company(
                id: try row.int64("id"), name: try row.text("name"), isPrepaid: try row.int64("prepaid") == 1,
                currency: try row.text("currency"),
                webhookSecrets: try row.text("webhook_secrets").split(separator: " ").map {
                    try secrets.open(String($0), purpose: Self.webhookPurpose)
                })
        }
    }

    /// Removes every key that came from the file, whoever's.
    public func removeFileKeys() throws {
        try transaction.execute("DELETE FROM api_keys WHERE origin = 'file'")
    }

    /// Stores keys of the file.
    public func addFileKeys(
        _ keys: [(name: String, key: String, scopes: Set<KeyScope>)], companyID: CompanyID, now: Milliseconds
    ) throws {
        try transaction.executeBatch(
            """
            INSERT INTO api_keys (company_id, name, hash, scopes, origin, created_at)
            VALUES ($1, $2, $3, $4, 'file', $5)
            """,
            keys.map { key in
                [
                    .integer(companyID), .text(key.name), .bytes(APIKey.hash(of: key.key)),
                    .text(key.scopes.map(\.rawValue).sorted().joined(separator: " ")), .integer(now),
                ]
            })
    }

    public func keys() throws -> [APIKey] {
        try transaction.query("SELECT id, company_id, name, hash, scopes, expires_at FROM api_keys").map { row in
            APIKey(
                id: try row.int64("id"), companyID: try row.int64("company_id"), name: try row.text("name"),
                hash: try row.bytes("hash"),
                scopes: Set(try row.text("scopes").split(separator: " ").compactMap { KeyScope(rawValue: String($0)) }),
                expiresAt: try row.int64OrNil("expires_at"))
        }
    }

    /// Replaces every price that came from the file.
    public func replaceFilePrices(_ prices: [Price]) throws {
        try transaction.execute("DELETE FROM prices WHERE origin = 'file'")
        try transaction.executeBatch(
            """
            INSERT INTO prices
                (company_id, direction, prefix, mcc, mnc, ttid, currency, amount, effective_from, origin)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 'file')
            """,
            prices.map { price in
                [
                    price.companyID.map { .integer($0) } ?? .null, .text(price.direction.rawValue), .text(price.prefix),
                    .text(price.mcc), .text(price.mnc), .text(price.ttid), .text(price.currency),
                    .integer(price.amount.micros), .integer(price.effectiveFrom),
                ]
            })
    }

    public func prices() throws -> [Price] {
        try transaction.query(
            """
            SELECT id, company_id, direction, prefix, mcc, mnc, ttid, currency, amount, effective_from FROM prices
            """
        ).compactMap { row in
            guard let direction = Price.Direction(rawValue: try row.text("direction")) else { return nil }
            return Price(
                id: try row.int64("id"), companyID: try row.int64OrNil("company_id"), direction: direction,
                prefix: try row.text("prefix"), mcc: try row.text("mcc"), mnc: try row.text("mnc"),
                ttid: try row.text("ttid"), currency: try row.text("currency"),
                amount: Money(micros: try row.int64("amount")), effectiveFrom: try row.int64("effective_from"))
        }
    }
}
