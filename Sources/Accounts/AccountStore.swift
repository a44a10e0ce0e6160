// SPDX-License-Identifier: Apache-2.0
// Companies, keys and prices as rows. What may be changed by whom, and what the audit log says of it, is decided above.

public import SQL
public import Wire

public struct AccountStore {
    private let transaction: Transaction
    private let secrets: SecretBox

    public init(_ transaction: Transaction, secrets: SecretBox) {
        self.transaction = transaction
        self.secrets = secrets
    }

    private static let webhookPurpose = "webhook-secret"

    // MARK: Companies

    public func companies() throws -> [Company] {
        try transaction.query(Self.companySelection + " ORDER BY id").map(company(from:))
    }

    public func company(_ id: CompanyID) throws -> Company? {
        try transaction.queryOne(Self.companySelection + " WHERE id = $1", [.integer(id)]).map(company(from:))
    }

    private static let companySelection = """
        SELECT id, name, prepaid, currency, webhook_secrets, reseller, reseller_id, created_at, closed_at, origin
        FROM companies
        """

    private func company(from row: Row) throws -> Company {
        let draft = CompanyDraft(
            name: try row.text("name"), isPrepaid: try row.bool("prepaid"), currency: try row.text("currency"),
            webhookSecrets: try row.text("webhook_secrets").split(separator: " ").map {
                try secrets.open(String($0), purpose: Self.webhookPurpose)
            }, isReseller: try row.bool("reseller"), resellerID: try row.int64OrNil("reseller_id"))
        return Company(
            id: try row.int64("id"), draft: draft, createdAt: try row.int64("created_at"),
            closedAt: try row.int64OrNil("closed_at"), origin: try Self.origin(of: row))
    }

    public func insert(_ draft: CompanyDraft, origin: Origin, now: Milliseconds) throws -> CompanyID {
        let row = try transaction.queryOne(
            """
            INSERT INTO companies
                (name, prepaid, currency, webhook_secrets, reseller, reseller_id, origin, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING id
            """, try values(of: draft) + [.text(origin.rawValue), .integer(now)])
        return try Self.id(row, "companies.id")
    }

    public func update(_ id: CompanyID, _ draft: CompanyDraft, origin: Origin) throws {
        try transaction.execute(
            """
            UPDATE companies SET name = $1, prepaid = $2, currency = $3, webhook_secrets = $4, reseller = $5,
                reseller_id = $6, origin = $7
            WHERE id = $8
            """, try values(of: draft) + [.text(origin.rawValue), .integer(id)])
    }

    private func values(of draft: CompanyDraft) throws -> [SQLValue] {
        let sealed = try draft.webhookSecrets.map { try secrets.seal($0, purpose: Self.webhookPurpose) }
        return [
            .text(draft.name), SQLValue(draft.isPrepaid), .text(draft.currency), .text(sealed.joined(separator: " ")),
            SQLValue(draft.isReseller), SQLValue(draft.resellerID),
        ]
    }

    /// Closes a company, or opens it again when `instant` is nil.
    public func setClosed(_ id: CompanyID, at instant: Milliseconds?) throws {
        try transaction.execute("UPDATE companies SET closed_at = $2 WHERE id = $1", [.integer(id), SQLValue(instant)])
    }

    // MARK: Keys

    public func keys() throws -> [APIKey] {
        try transaction.query(
            """
            SELECT id, company_id, name, hash, hint, scopes, objects, addresses, requests_per_second, expires_at,
                last_used_at, created_at, origin
            FROM api_keys ORDER BY id
            """
        ).map { row in
            let limits = KeyLimits(
                scopes: Set(try row.text("scopes").split(separator: " ").compactMap { KeyScope(rawValue: String($0)) }),
                objects: try row.text("objects").split(separator: "\n").map(String.init),
                addresses: try row.text("addresses").split(separator: " ").compactMap { AddressRange(String($0)) },
                requestsPerSecond: try row.intOrNil("requests_per_second"),
                expiresAt: try row.int64OrNil("expires_at"))
            return APIKey(
                id: try row.int64("id"), companyID: try row.int64("company_id"), name: try row.text("name"),
                hash: try row.bytes("hash"), hint: try row.text("hint"), limits: limits,
                lastUsedAt: try row.int64OrNil("last_used_at"), createdAt: try row.int64("created_at"),
                origin: try Self.origin(of: row))
        }
    }

    /// Stores a key; its `id` counts for nothing.
    public func insert(_ key: APIKey) throws -> Int64 {
        let row = try transaction.queryOne(
            """
            INSERT INTO api_keys (company_id, name, hash, hint, scopes, objects, addresses, requests_per_second,
                expires_at, origin, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id
            """, Self.values(of: key) + [.integer(key.createdAt)])
        return try Self.id(row, "api_keys.id")
    }

    /// Brings the row of `key.id` in line with it.
    public func update(_ key: APIKey) throws {
        try transaction.execute(
            """
            UPDATE api_keys SET company_id = $1, name = $2, hash = $3, hint = $4, scopes = $5, objects = $6,
                addresses = $7, requests_per_second = $8, expires_at = $9, origin = $10
            WHERE id = $11
            """, Self.values(of: key) + [.integer(key.id)])
    }

    private static func values(of key: APIKey) -> [SQLValue] {
        [
            .integer(key.companyID), .text(key.name), .bytes(key.hash), .text(key.hint),
            .text(key.limits.scopes.map(\.rawValue).sorted().joined(separator: " ")),
            .text(key.limits.objects.joined(separator: "\n")),
            .text(key.limits.addresses.map(\.description).joined(separator: " ")),
            SQLValue(key.limits.requestsPerSecond), SQLValue(key.limits.expiresAt), .text(key.origin.rawValue),
        ]
    }

    public func removeKey(_ id: Int64) throws {
        try transaction.execute("DELETE FROM api_keys WHERE id = $1", [.integer(id)])
    }

    /// Notes when keys were last used; never back in time.
    public func noteUse(_ uses: [Int64: Milliseconds]) throws {
        try transaction.executeBatch(
            """
            UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at < $2)
            """, uses.sorted { $0.key < $1.key }.map { [.integer($0.key), .integer($0.value)] })
    }

    // MARK: Prices

    public func prices() throws -> [Price] {
        try transaction.query(Self.priceSelection + " ORDER BY id").compactMap(Self.price(from:))
    }

    static let priceSelection = """
        SELECT id, company_id, direction, prefix, mcc, mnc, ttid, currency, amount, effective_from, origin FROM prices
        """

    static func price(from row: Row) throws -> Price? {
        guard let direction = Price.Direction(rawValue: try row.text("direction")) else { return nil }
        return Price(
            id: try row.int64("id"), companyID: try row.int64OrNil("company_id"), direction: direction,
            prefix: try row.text("prefix"), mcc: try row.text("mcc"), mnc: try row.text("mnc"),
            ttid: try row.text("ttid"), currency: try row.text("currency"),
            amount: Money(micros: try row.int64("amount")), effectiveFrom: try row.int64("effective_from"),
            origin: try origin(of: row))
    }

    /// Stores prices; their ids count for nothing.
    public func insert(_ prices: [Price]) throws {
        try transaction.executeBatch(
            """
            INSERT INTO prices
                (company_id, direction, prefix, mcc, mnc, ttid, currency, amount, effective_from, origin)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """, prices.map(Self.values(of:)))
    }

    /// Brings the rows of the prices' ids in line with them.
    public func update(_ prices: [Price]) throws {
        try transaction.executeBatch(
            """
            UPDATE prices SET company_id = $1, direction = $2, prefix = $3, mcc = $4, mnc = $5, ttid = $6,
                currency = $7, amount = $8, effective_from = $9, origin = $10
            WHERE id = $11
            """, prices.map { Self.values(of: $0) + [.integer($0.id)] })
    }

    private static func values(of price: Price) -> [SQLValue] {
        [
            SQLValue(price.companyID), .text(price.direction.rawValue), .text(price.prefix), .text(price.mcc),
            .text(price.mnc), .text(price.ttid), .text(price.currency), .integer(price.amount.micros),
            .integer(price.effectiveFrom), .text(price.origin.rawValue),
        ]
    }

    public func removePrices(_ ids: [Int64]) throws {
        try transaction.executeBatch("DELETE FROM prices WHERE id = $1", ids.map { [.integer($0)] })
    }

    // MARK: Rows

    private static func origin(of row: Row) throws -> Origin { Origin(rawValue: try row.text("origin")) ?? .file }

    private static func id(_ row: Row?, _ what: String) throws -> Int64 {
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding(what) }
        return id
    }
}
