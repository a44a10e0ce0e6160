// SPDX-License-Identifier: Apache-2.0
// The answers given under an `Idempotency-Key`, kept for 24 hours. The primary key decides between two requests that
// arrive at once.

internal import Accounts
internal import SQL
internal import Wire

struct IdempotencyStore {
    static let lifetime: Milliseconds = 86_400_000

    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    func claim(_ claim: IdempotencyClaim, companyID: CompanyID, now: Milliseconds) throws -> AcceptResult {
        try transaction.execute(
            "DELETE FROM idempotency_keys WHERE company_id = $1 AND key = $2 AND created_at <= $3",
            [.integer(companyID), .text(claim.key), .integer(now - Self.lifetime)])
        let inserted = try transaction.execute(
            """
            INSERT INTO idempotency_keys (company_id, key, request_hash, answer, created_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING
            """,
            [
                .integer(companyID), .text(claim.key), .bytes(claim.requestHash), .bytes(claim.answer), .integer(now),
            ])
        if inserted == 1 { return .accepted }
        return try find(key: claim.key, requestHash: claim.requestHash, companyID: companyID, now: now) ?? .keyReused
    }

    /// What a request under this key gets, or nil when the key is free.
    func find(key: String, requestHash: [UInt8], companyID: CompanyID, now: Milliseconds) throws -> AcceptResult? {
        let row = try transaction.queryOne(
            """
            SELECT request_hash, answer FROM idempotency_keys WHERE company_id = $1 AND key = $2 AND created_at > $3
            """, [.integer(companyID), .text(key), .integer(now - Self.lifetime)])
        guard let row else { return nil }
        guard try row.bytes("request_hash") == requestHash else { return .keyReused }
        return .repeated(answer: try row.bytes("answer"))
    }

    func forget(_ claim: IdempotencyClaim, companyID: CompanyID) throws {
        try transaction.execute(
            "DELETE FROM idempotency_keys WHERE company_id = $1 AND key = $2",
            [.integer(companyID), .text(claim.key)])
    }

    func removeExpired(now: Milliseconds) throws {
        try transaction.execute(
            "DELETE FROM idempotency_keys WHERE created_at <= $1", [.integer(now - Self.lifetime)])
    }
}
