// SPDX-License-Identifier: Apache-2.0
// How the endpoints of webhooks do, from their deliveries: what waits, what was given up, what arrived lately. Each part
// is read through an index or from the newest rows, and bounded: a table of millions is never read as a whole.

public import Accounts
public import SQL
public import Wire

/// One company's URL without its query, and what became of its deliveries.
public struct EndpointStatistics: Sendable, Equatable {
    public let companyID: CompanyID
    public let url: String
    public let pending: Int
    public let undelivered: Int
    /// Of the newest deliveries.
    public let delivered: Int
    /// The HTTP status of the newest delivery that was tried, and what was wrong with it.
    public let lastStatus: Int?
    public let lastError: String?
    /// When the newest delivery that has ended did so.
    public let lastEndedAt: Milliseconds?

    /// How many rows of each kind are looked at.
    public static let bound = 20_000

    /// The endpoints of some companies, or of all.
    public static func list(_ transaction: Transaction, companyIDs: [CompanyID]?) throws -> [EndpointStatistics] {
        if let companyIDs, companyIDs.isEmpty { return [] }
        let companies = companyIDs.map { " AND company_id IN (\($0.map(String.init).joined(separator: ", ")))" } ?? ""
        let columns = "id, company_id, url, state, attempts, done_at"
        let rows = try transaction.query(
            """
            SELECT company_id, \(base(transaction.dialect)) AS base,
                SUM(CASE WHEN state = 0 THEN 1 ELSE 0 END) AS pending,
                SUM(CASE WHEN state = 1 THEN 1 ELSE 0 END) AS delivered,
                SUM(CASE WHEN state = 2 THEN 1 ELSE 0 END) AS undelivered,
                MAX(CASE WHEN attempts > 0 OR state <> 0 THEN id END) AS last_id, MAX(done_at) AS last_done
            FROM (
                SELECT * FROM (SELECT \(columns) FROM deliveries
                    WHERE state = 0 AND lease = 0 AND smpp_account_id IS NULL\(companies) LIMIT $1) AS waiting
                UNION ALL SELECT * FROM (SELECT \(columns) FROM deliveries
                    WHERE lease <> 0 AND state = 0 AND smpp_account_id IS NULL\(companies) LIMIT $1) AS held
                UNION ALL SELECT * FROM (SELECT \(columns) FROM deliveries
                    WHERE state = 2 AND smpp_account_id IS NULL\(companies) LIMIT $1) AS ended
                UNION ALL SELECT \(columns) FROM deliveries
                    WHERE id > (SELECT COALESCE(MAX(id), 0) FROM deliveries) - $1
                        AND state = 1 AND smpp_account_id IS NULL\(companies)
            ) AS found
            GROUP BY company_id, \(base(transaction.dialect)) ORDER BY company_id, base
            """, [SQLValue(bound)])
        let last = try transaction.queryBatch(
            "SELECT last_status, last_error FROM deliveries WHERE id = $1", rows.map { [$0["last_id"]] })
        return try zip(rows, last).map { row, last in
            EndpointStatistics(
                companyID: try row.int64("company_id"), url: try row.text("base"), pending: try row.int("pending"),
                undelivered: try row.int("undelivered"), delivered: try row.int("delivered"),
                lastStatus: try last.first?.intOrNil("last_status"),
                lastError: try last.first?.textOrNil("last_error"), lastEndedAt: try row.int64OrNil("last_done"))
        }
    }

    /// The URL without its query.
    private static func base(_ dialect: Dialect) -> String {
        dialect.pick(
            sqlite: "CASE WHEN instr(url, '?') > 0 THEN substr(url, 1, instr(url, '?') - 1) ELSE url END",
            postgres: "split_part(url, '?', 1)")
    }
}

/// How much waits, over all nodes. Numbers are counted up to a bound, so that looking costs the same however much it is.
public struct QueueStatistics: Sendable, Equatable {
    /// Messages with something left to send.
    public let depth: Int
    /// When the oldest of them was due.
    public let oldestDueAt: Milliseconds?
    public let pendingDeliveries: Int
    public let undelivered: Int

    /// Beyond this the numbers stay as they are.
    public static let bound = 1_000_000

    public init(_ transaction: Transaction, bound: Int = Self.bound) throws {
        func count(_ rows: String) throws -> Int {
            try transaction.queryOne(
                "SELECT COUNT(*) AS n FROM (SELECT 1 AS one FROM \(rows) LIMIT $1) AS counted", [SQLValue(bound)]
            )?.int("n") ?? 0
        }
        depth = try count("jobs")
        pendingDeliveries =
            try count("deliveries WHERE state = 0 AND lease = 0 AND smpp_account_id IS NULL")
            + count("deliveries WHERE lease <> 0 AND state = 0")
            + count("deliveries WHERE state = 0 AND lease = 0 AND smpp_account_id IS NOT NULL")
        undelivered = try count("deliveries WHERE state = 2")
        let oldest = try ["lease = 0", "lease <> 0"].compactMap { condition in
            try transaction.queryOne("SELECT MIN(due_at) AS due_at FROM jobs WHERE \(condition)")?.int64OrNil("due_at")
        }
        oldestDueAt = oldest.min()
    }
}
