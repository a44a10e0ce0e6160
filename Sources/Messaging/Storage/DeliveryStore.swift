// SPDX-License-Identifier: Apache-2.0
// Deliveries in the database: the queue of the webhooks, their log and the list of what was given up, in one table.

public import Accounts
public import SQL
public import Wire

public struct DeliveryStore {
    let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Stores rendered deliveries, due at once; of those to URLs up to `leased` already held by `lease`. Returns the held
    /// ones.
    public func insert(
        _ deliveries: [(key: MessageKey, rendered: RenderedDelivery)], leased: Int, lease: Lease, now: Milliseconds
    ) throws -> [Delivery] {
        guard !deliveries.isEmpty else { return [] }
        let webhookIDs = deliveries.map { _ in "msg_" + UUIDv7.next(now: now).description }
        let held = Array(deliveries.indices.filter { deliveries[$0].rendered.accountID == nil }.prefix(leased))
        var leases = [Lease](repeating: 0, count: deliveries.count)
        for index in held { leases[index] = lease }
        let ids = try transaction.insertBatchReturningIDs(
            """
            INSERT INTO deliveries (company_id, message_id, webhook_id, event, promise, url, method, content_type, body,
                state, due_at, lease, attempts, created_at, smpp_account_id, trace, account_headers)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0, $10, $11, 0, $10, $12, $13, $14)
            """,
            deliveries.enumerated().map { index, delivery in
                let rendered = delivery.rendered
                return [
                    .integer(delivery.key.companyID), .id(delivery.key.id), .text(webhookIDs[index]),
                    .text(rendered.event), .text(rendered.promise.rawValue), .text(rendered.url),
                    .text(rendered.method.rawValue), .text(rendered.contentType), .bytes(rendered.body),
                    .integer(now), .integer(leases[index]), SQLValue(rendered.accountID),
                    SQLValue(rendered.trace?.stored), SQLValue(rendered.carriesAccountHeaders),
                ]
            })
        return held.map { index in
            let (key, rendered) = deliveries[index]
            return Delivery(
                id: ids[index], companyID: key.companyID, messageID: key.id, webhookID: webhookIDs[index],
                rendered: rendered, attempts: 0, createdAt: now)
        }
    }

    /// Takes up to `limit` deliveries to URLs that are due and nobody's.
    public func claim(limit: Int, now: Milliseconds, lease: Lease) throws -> [Delivery] {
        try transaction.query(
            """
            UPDATE deliveries SET lease = $1 WHERE id IN (
                SELECT id FROM deliveries
                WHERE state = 0 AND lease = 0 AND smpp_account_id IS NULL AND due_at <= $2 ORDER BY due_at LIMIT $3
                \(transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE SKIP LOCKED"))
            ) RETURNING \(Self.columns)
            """, [.integer(lease), .integer(now), SQLValue(limit)]
        ).map(Self.delivery(from:))
    }

    /// What a try came to.
    public struct Outcome: Sendable {
        public let id: Int64
        public let state: DeliveryState
        /// The next try, for a delivery that stays pending.
        public let dueAt: Milliseconds
        /// How many tries were made by now.
        public let attempts: Int
        /// The receiver's HTTP status; nil when there was no answer.
        public let status: Int?
        public let error: String?

        public init(
            id: Int64, state: DeliveryState, dueAt: Milliseconds, attempts: Int, status: Int?, error: String?
        ) {
            self.id = id
            self.state = state
            self.dueAt = dueAt
            self.attempts = attempts
            self.status = status
            self.error = error
        }
    }

    /// Stores outcomes and gives the deliveries back; an outcome of a lease that was lost changes nothing.
    public func finish(_ outcomes: [Outcome], lease: Lease, now: Milliseconds) throws {
        guard !outcomes.isEmpty else { return }
        try transaction.executeBatch(
            """
            UPDATE deliveries SET state = $3, due_at = $4, attempts = $5, last_status = $6, last_error = $7,
                done_at = $8, lease = 0
            WHERE id = $1 AND lease = $2
            """,
            outcomes.map { outcome in
                [
                    .integer(outcome.id), .integer(lease), .integer(outcome.state.rawValue), .integer(outcome.dueAt),
                    SQLValue(outcome.attempts), SQLValue(outcome.status), SQLValue(outcome.error),
                    outcome.state == .pending ? .null : .integer(now),
                ]
            })
    }

    /// Makes given-up deliveries of a company due again; returns how many.
    public func replay(companyID: CompanyID, ids: [Int64], now: Milliseconds) throws -> Int {
        try transaction.executeBatch(
            """
            UPDATE deliveries SET state = 0, due_at = $3, attempts = 0, created_at = $3, done_at = NULL
            WHERE company_id = $1 AND id = $2 AND state <> 0
            """, ids.map { [.integer(companyID), .integer($0), .integer(now)] }
        ).reduce(0, +)
    }

    static let columns = """
        id, company_id, message_id, webhook_id, event, promise, url, method, content_type, body, attempts, created_at,
        smpp_account_id, trace, account_headers
        """

    static func delivery(from row: Row) throws -> Delivery {
        guard let messageID = UUIDv7(bytes: try row.bytes("message_id")),
            let promise = DeliveryPromise(rawValue: try row.text("promise")),
            let method = Reporting.Method(rawValue: try row.text("method"))
        else { throw DatabaseError.decoding("deliveries") }
        let target: RenderedDelivery.Target =
            if let accountID = try row.int64OrNil("smpp_account_id") {
                .smpp(accountID: accountID)
            } else {
                .url(try row.text("url"), method)
            }
        var rendered = RenderedDelivery(
            event: try row.text("event"), promise: promise, target: target,
            contentType: try row.text("content_type"), body: try row.bytes("body"))
        rendered.trace = try row.textOrNil("trace").flatMap(TraceContext.init(stored:))
        rendered.carriesAccountHeaders = try row.bool("account_headers")
        return Delivery(
            id: try row.int64("id"), companyID: try row.int64("company_id"), messageID: messageID,
            webhookID: try row.text("webhook_id"), rendered: rendered, attempts: try row.int("attempts"),
            createdAt: try row.int64("created_at"))
    }
}
