// SPDX-License-Identifier: Apache-2.0
// Dispatch jobs: one row per message that still has something to send. A job is held by the lease of one node's run; a
// lease counts while its node is alive, so one heartbeat row renews every job that a node holds, and the jobs of a node
// that stopped are free at once when it starts again, or when its time has run out.

public import SQL
public import Wire

/// The name of a running node in the `lease` columns; 0 is nobody.
public typealias Lease = Int64

public struct JobStore {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Makes jobs for the step at which their messages are.
    public func insert(_ jobs: [(key: MessageKey, dueAt: Milliseconds, lease: Lease)], step: Int = 0) throws {
        try transaction.insertBatch(
            "INSERT INTO jobs (company_id, message_id, due_at, lease, step) VALUES ($1, $2, $3, $4, $5)",
            jobs.map { job in
                [
                    .integer(job.key.companyID), .id(job.key.id), .integer(job.dueAt), .integer(job.lease),
                    SQLValue(step),
                ]
            })
    }

    /// Puts the jobs of messages that have gone on to another step of theirs into the place of the old ones: due at once
    /// and nobody's.
    func replace(_ jobs: [(key: MessageKey, step: Int)], dueAt: Milliseconds) throws {
        try transaction.executeBatch(
            """
            INSERT INTO jobs (company_id, message_id, due_at, lease, step) VALUES ($1, $2, $3, 0, $4)
            ON CONFLICT (company_id, message_id) DO UPDATE
            SET due_at = excluded.due_at, lease = 0, step = excluded.step
            """,
            jobs.map { [.integer($0.key.companyID), .id($0.key.id), .integer(dueAt), SQLValue($0.step)] })
    }

    /// Makes jobs of messages that have waited for others, unless they have ended.
    func insertWaiting(_ keys: [MessageKey], dueAt: Milliseconds) throws {
        try transaction.executeBatch(
            """
            INSERT INTO jobs (company_id, message_id, due_at, lease)
            SELECT company_id, id, $3, 0 FROM messages
            WHERE company_id = $1 AND id = $2 AND direction = 0 AND done_at IS NULL
            ON CONFLICT (company_id, message_id) DO NOTHING
            """, keys.map { [.integer($0.companyID), .id($0.id), .integer(dueAt)] })
    }

    /// Takes up to `limit` jobs that are due and nobody's.
    public func claim(limit: Int, now: Milliseconds, lease: Lease) throws -> [MessageKey] {
        try transaction.query(
            """
            UPDATE jobs SET lease = $1 WHERE (company_id, message_id) IN (
                SELECT company_id, message_id FROM jobs WHERE lease = 0 AND due_at <= $2 ORDER BY due_at LIMIT $3
                \(transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE SKIP LOCKED"))
            ) RETURNING company_id, message_id
            """, [.integer(lease), .integer(now), SQLValue(limit)]
        ).map { row in
            guard let id = UUIDv7(bytes: try row.bytes("message_id")) else { throw DatabaseError.decoding("jobs") }
            return MessageKey(companyID: try row.int64("company_id"), id: id)
        }
    }

    /// Gives jobs back, due at the given time.
    public func release(_ jobs: [(key: MessageKey, dueAt: Milliseconds)], lease: Lease) throws {
        try transaction.executeBatch(
            "UPDATE jobs SET lease = 0, due_at = $3 WHERE company_id = $1 AND message_id = $2 AND lease = $4",
            jobs.map { [.integer($0.key.companyID), .id($0.key.id), .integer($0.dueAt), .integer(lease)] })
    }

    /// Keeps the message's job from others until the transaction ends; false when it has none any more.
    func lock(_ key: MessageKey) throws -> Bool {
        try transaction.queryOne(
            """
            SELECT lease FROM jobs WHERE company_id = $1 AND message_id = $2
            \(transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE"))
            """, [.integer(key.companyID), .id(key.id)]) != nil
    }

    public func delete(_ keys: [MessageKey]) throws {
        guard !keys.isEmpty else { return }
        try transaction.executeBatch(
            "DELETE FROM jobs WHERE company_id = $1 AND message_id = $2",
            keys.map { [.integer($0.companyID), .id($0.id)] })
    }
}

/// The nodes of a deployment and the leases under which they hold work.
public struct NodeStore {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Enters the node under a new, random lease; the lease of its run before ends with it.
    public func enter(name: String, lease: Lease, lifetime: Milliseconds) throws {
        try transaction.execute(
            """
            INSERT INTO nodes (name, lease, alive_until) VALUES ($1, $2, \(transaction.dialect.nowMilliseconds) + $3)
            ON CONFLICT (name) DO UPDATE SET lease = excluded.lease, alive_until = excluded.alive_until
            """, [.text(name), .integer(lease), .integer(lifetime)])
    }

    /// Keeps the lease alive; false when it has run out, and with it every job that was held under it.
    public func renew(name: String, lease: Lease, lifetime: Milliseconds) throws -> Bool {
        let now = transaction.dialect.nowMilliseconds
        return try transaction.execute(
            "UPDATE nodes SET alive_until = \(now) + $3 WHERE name = $1 AND lease = $2 AND alive_until > \(now)",
            [.text(name), .integer(lease), .integer(lifetime)]) == 1
    }

    /// Frees the work of every node that is no longer alive. Returns how many rows that were.
    public func rescue() throws -> Int {
        let alive = "(SELECT lease FROM nodes WHERE alive_until > \(transaction.dialect.nowMilliseconds))"
        let jobs = try transaction.execute("UPDATE jobs SET lease = 0 WHERE lease <> 0 AND lease NOT IN \(alive)")
        let deliveries = try transaction.execute(
            "UPDATE deliveries SET lease = 0 WHERE lease <> 0 AND lease NOT IN \(alive)")
        return jobs + deliveries
    }

    /// Ends the lease in good order.
    public func leave(name: String, lease: Lease) throws {
        try transaction.execute(
            "UPDATE nodes SET alive_until = 0 WHERE name = $1 AND lease = $2", [.text(name), .integer(lease)])
    }
}
