// SPDX-License-Identifier: Apache-2.0
// Applies migrations: one transaction, serialised between processes, refusing any history that is not ours.

/// An ordered, expanded list of migrations for one dialect.
struct MigrationPlan: Sendable {
    private struct Step: Sendable {
        let migration: Migration
        let statements: [String]
    }

    /// The key of the advisory lock on PostgreSQL ("Parley" in ASCII).
    private static let lockKey: Int64 = 0x5061_726c_6579

    private let steps: [Step]
    private let dialect: Dialect

    init(_ migrations: [Migration], dialect: Dialect) throws(DatabaseError) {
        var steps: [Step] = []
        for migration in migrations.sorted(by: { $0.number < $1.number }) {
            guard migration.number > 0, migration.number != steps.last?.migration.number else {
                throw .invalid("migration \(migration.number): numbers are positive and unique")
            }
            steps.append(Step(migration: migration, statements: try migration.statements(for: dialect)))
        }
        self.steps = steps
        self.dialect = dialect
    }

    func apply(in transaction: Transaction) throws {
        try lock(transaction)
        try transaction.run(
            """
            CREATE TABLE IF NOT EXISTS schema_migrations (number BIGINT NOT NULL PRIMARY KEY, name TEXT NOT NULL,
                checksum TEXT NOT NULL, applied_at BIGINT NOT NULL)
            """)
        let applied = try transaction.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
        try check(applied)
        let done = Set(try applied.map { try $0.int("number") })
        for step in steps where !done.contains(step.migration.number) {
            for statement in step.statements { try transaction.run(statement) }
            try transaction.execute(
                """
                INSERT INTO schema_migrations (number, name, checksum, applied_at)
                VALUES ($1, $2, $3, \(dialect.nowMilliseconds))
                """,
                [SQLValue(step.migration.number), .text(step.migration.name), .text(step.migration.checksum)])
        }
    }

    /// On SQLite the write transaction itself keeps other processes out.
    private func lock(_ transaction: Transaction) throws {
        guard dialect == .postgres else { return }
        // Another node may be building an index: wait for it as long as it takes.
        try transaction.run("SET LOCAL lock_timeout = 0")
        _ = try transaction.query("SELECT pg_advisory_xact_lock($1)", [.integer(Self.lockKey)])
    }

    private func check(_ applied: [Row]) throws {
        let known = Dictionary(uniqueKeysWithValues: steps.map { ($0.migration.number, $0.migration) })
        for row in applied {
            let number = try row.int("number")
            guard let migration = known[number] else {
                throw DatabaseError.invalid("the database has migration \(number), which this program does not know")
            }
            guard try row.text("checksum") == migration.checksum, try row.text("name") == migration.name else {
                throw DatabaseError.invalid("migration \(number) has been changed after it was applied")
            }
        }
    }
}
