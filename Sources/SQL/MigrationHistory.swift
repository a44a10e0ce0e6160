// SPDX-License-Identifier: Apache-2.0
// How a database stands to a program's migrations, found out without changing it: what a check or a restore asks before
// anything is applied.

/// The migrations of a database, compared with those of a program.
public struct MigrationHistory: Sendable, Equatable {
    /// Numbers that the program has and the database does not: they run at the next start.
    public let pending: [Int]
    /// Numbers that the database has and the program does not: it belongs to a newer program.
    public let unknown: [Int]
    /// Numbers whose text is another one than was applied.
    public let changed: [Int]

    /// Whether `Database.migrate` would accept the database.
    public var fits: Bool { unknown.isEmpty && changed.isEmpty }

    /// Compares; nil when the database has no table of migrations, and so is none of this product's.
    public init?(of migrations: [Migration], in transaction: Transaction) throws {
        let table = transaction.dialect.pick(
            sqlite: "SELECT 1 AS found FROM sqlite_master WHERE type = 'table' AND name = 'schema_migrations'",
            postgres: "SELECT 1 AS found WHERE to_regclass('schema_migrations') IS NOT NULL")
        guard try transaction.queryOne(table) != nil else { return nil }
        let applied = try transaction.query("SELECT number, name, checksum FROM schema_migrations ORDER BY number")
        let known = Dictionary(migrations.map { ($0.number, $0) }, uniquingKeysWith: { first, _ in first })
        var (unknown, changed, done): ([Int], [Int], Set<Int>) = ([], [], [])
        for row in applied {
            let number = try row.int("number")
            done.insert(number)
            guard let migration = known[number] else {
                unknown.append(number)
                continue
            }
            let isSame = try row.text("checksum") == migration.checksum && row.text("name") == migration.name
            if !isSame { changed.append(number) }
        }
        pending = known.keys.filter { !done.contains($0) }.sorted()
        self.unknown = unknown
        self.changed = changed
    }
}
