// SPDX-License-Identifier: Apache-2.0
// Statements, batches, savepoints and constraint errors: the same on both engines.

import SQL
import SQLTestSupport
import Testing

private struct Mine: Error, Equatable {}

@Suite struct TransactionTests {
    static let schema = [
        Migration(
            number: 1, name: "tables",
            statements: [
                "CREATE TABLE parents (id BIGINT NOT NULL PRIMARY KEY)",
                """
                CREATE TABLE items (id {{id}}, name TEXT NOT NULL UNIQUE, size BIGINT CHECK (size < 100),
                    parent BIGINT REFERENCES parents (id),
                    later BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)
                """,
            ])
    ]

    static func with(_ engine: Engine, _ body: (Database) async throws -> Void) async throws {
        try await TestDatabase.with(engine, migrations: schema, body)
    }

    static func names(_ database: Database) async throws -> [String] {
        try await database.read { try $0.query("SELECT name FROM items ORDER BY name").map { try $0.text("name") } }
    }

    @Test(arguments: Engine.allCases)
    func `execute counts the rows that changed and nothing else`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let counts = try await database.write { transaction in
                [
                    try transaction.execute("INSERT INTO items (name) VALUES ('a'), ('b'), ('c')"),
                    try transaction.execute("UPDATE items SET size = 1 WHERE name <> $1", ["a"]),
                    try transaction.execute("SELECT * FROM items"),
                    try transaction.execute("CREATE TABLE other (a BIGINT)"),
                    try transaction.execute("INSERT INTO items (name) VALUES ('a') ON CONFLICT DO NOTHING"),
                    try transaction.execute("WITH old AS (SELECT 1) DELETE FROM items WHERE name = 'c'"),
                    try transaction.execute("DELETE FROM items WHERE name = $1 RETURNING id", ["b"]),
                ]
            }
            #expect(counts == [3, 2, 0, 0, 0, 1, 1])
        }
    }

    @Test(arguments: [1, 2, 3, 15, 16, 17, 31, 45].flatMap { count in Engine.allCases.map { (count, $0) } })
    func `many rows are inserted in their order and each gets its id`(_ count: Int, _ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let (ids, rows) = try await database.write { transaction in
                try transaction.insertBatch("INSERT INTO parents (id) VALUES ($1)", (0..<count).map { [SQLValue($0)] })
                try transaction.execute("INSERT INTO items (name) VALUES ('first')")
                let ids = try transaction.insertBatchReturningIDs(
                    "INSERT INTO items (size, name, parent, later) VALUES ($3, $1, $2, $2)",
                    (0..<count).map { [.text("item \($0)"), SQLValue($0), SQLValue($0 % 7)] })
                return (ids, try transaction.query("SELECT id, name, size, parent, later FROM items ORDER BY id"))
            }
            #expect(ids.count == count)
            #expect(rows.count == count + 1)
            for (index, row) in rows.dropFirst().enumerated() {
                #expect(try row.int64("id") == ids[index])
                #expect(try row.text("name") == "item \(index)")
                #expect(try row.int("size") == index % 7)
                #expect(try (row.int("parent"), row.int("later")) == (index, index))
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `one bad row of many undoes them all, and none is nothing`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let insert = "INSERT INTO items (name, size) VALUES ($1, $2)"
            await #expect(throws: DatabaseError.self) {
                try await database.write { transaction in
                    try transaction.insertBatch(insert, [["a", 1], ["b", 100], ["c", 1]])
                }
            }
            await #expect(throws: DatabaseError.self) {
                try await database.write { try $0.insertBatch(insert, [["a", 1], ["b"]]) }
            }
            try await database.write { transaction in
                try transaction.insertBatch(insert, [])
                #expect(try transaction.insertBatchReturningIDs(insert, []) == [])
            }
            #expect(try await Self.names(database) == [])
        }
    }

    @Test(arguments: Engine.allCases)
    func `sixteen bytes come back as bytes, most significant first`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let row = try await database.write { transaction in
                try transaction.execute("CREATE TABLE ids (id BYTEA PRIMARY KEY, name TEXT)")
                try transaction.insertBatch(
                    "INSERT INTO ids (name, id) VALUES ($2, $1)",
                    [[.block(high: 0x0102_0304_0506_0708, low: 0xFFFE_FDFC_FBFA_F9F8), "x"]])
                return try transaction.queryOne(
                    "SELECT id, name, 7, NULL FROM ids WHERE id = $1",
                    [.bytes([1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8])])
            }
            var reader = RowReader(try #require(row))
            #expect(try reader.bytes() == [1, 2, 3, 4, 5, 6, 7, 8, 0xFF, 0xFE, 0xFD, 0xFC, 0xFB, 0xFA, 0xF9, 0xF8])
            #expect(try (reader.text(), reader.int()) == ("x", 7))
            #expect(try reader.textOrNil() == nil)
            #expect(throws: DatabaseError.self) { try reader.int64() }
        }
    }

    @Test(arguments: Engine.allCases)
    func `RETURNING yields the row that was written`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let row = try await database.write { transaction in
                try transaction.execute("INSERT INTO items (name, size) VALUES ($1, $2)", ["a", 1])
                return try transaction.queryOne(
                    """
                    INSERT INTO items (name, size) VALUES ($1, $2)
                    ON CONFLICT (name) DO UPDATE SET size = items.size + excluded.size RETURNING id, name, size
                    """, ["a", 41])
            }
            #expect(try row?.int("id") == 1)
            #expect(try row?.int("size") == 42)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a batch answers row by row, in order`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let (counts, results, none) = try await database.write { transaction in
                let counts = try transaction.executeBatch(
                    "INSERT INTO items (name, size) VALUES ($1, $2) ON CONFLICT DO NOTHING",
                    [["a", 1], ["b", nil], ["a", 2], ["c", 3]])
                let results = try transaction.queryBatch(
                    "SELECT name, size FROM items WHERE name >= $1 ORDER BY name", [["c"], ["x"], ["b"]])
                return (counts, results, try transaction.queryBatch("SELECT 1", []))
            }
            #expect(counts == [1, 1, 0, 1])
            #expect(try results.map { try $0.map { try $0.text("name") } } == [["c"], [], ["b", "c"]])
            #expect(results[2][0]["size"] == .null)
            #expect(none.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a batch larger than every socket buffer arrives whole`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let rows: [[SQLValue]] = (0..<600).map {
                [.bytes([UInt8](repeating: UInt8($0 % 256), count: 30_000)), .integer($0)]
            }
            let results = try await database.read { try $0.queryBatch("SELECT $1 AS data, $2 AS number", rows) }
            #expect(results.count == 600)
            for (result, row) in zip(results, rows) {
                #expect(result.count == 1 && result[0]["data"] == row[0] && result[0]["number"] == row[1])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a failed row fails its batch, and the connection stays in step`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            for failing in [0, 255, 256, 599] {
                let rows: [[SQLValue]] = (0..<600).map { [.text("r\($0)"), $0 == failing ? 100 : 1] }
                let count = try await database.write { transaction in
                    #expect(throws: DatabaseError.self) {
                        try transaction.attempt {
                            try transaction.executeBatch("INSERT INTO items (name, size) VALUES ($1, $2)", rows)
                        }
                    }
                    return try transaction.queryOne("SELECT count(*) AS n FROM items")?.int("n")
                }
                #expect(count == 0)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `attempt undoes only itself, also nested`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            try await database.write { transaction in
                try transaction.execute("INSERT INTO items (name) VALUES ('outer')")
                #expect(throws: Mine()) {
                    try transaction.attempt {
                        try transaction.execute("INSERT INTO items (name) VALUES ('undone')")
                        throw Mine()
                    }
                }
                let value = try transaction.attempt {
                    try transaction.execute("INSERT INTO items (name) VALUES ('kept')")
                    #expect(throws: DatabaseError.self) {
                        try transaction.attempt { try transaction.execute("INSERT INTO items (name) VALUES ('kept')") }
                    }
                    return 7
                }
                #expect(value == 7)
                // An error that the body swallows still fails its statement, so it fails the attempt.
                #expect(throws: DatabaseError.self) {
                    try transaction.attempt {
                        try transaction.execute("INSERT INTO items (name) VALUES ('swallowed')")
                        _ = try? transaction.execute("INSERT INTO items (name) VALUES ('outer')")
                    }
                }
            }
            #expect(try await Self.names(database) == ["kept", "outer"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a swallowed statement error still fails the transaction`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { transaction in
                    try transaction.execute("INSERT INTO items (name) VALUES ('a')")
                    _ = try? transaction.execute("INSERT INTO items (name) VALUES ('a')")
                    _ = try? transaction.execute("INSERT INTO items (name) VALUES ('b')")
                }
            }
            #expect(error?.kind == .constraint, "\(String(describing: error))")
            let names = try await Self.names(database)
            #expect(names == [])
        }
    }

    @Test(arguments: Engine.allCases)
    func `an error of the closure undoes the write and is passed on`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            await #expect(throws: Mine()) {
                try await database.write { transaction in
                    try transaction.execute("INSERT INTO items (name) VALUES ('a')")
                    throw Mine()
                }
            }
            let names = try await Self.names(database)
            #expect(names == [])
        }
    }

    static let violations: [(String, ConstraintKind)] = [
        ("INSERT INTO items (name) VALUES ('taken')", .unique),
        ("INSERT INTO parents (id) VALUES (1)", .unique),
        ("INSERT INTO items (name, parent) VALUES ('x', 99)", .foreignKey),
        ("INSERT INTO items (name, later) VALUES ('x', 99)", .foreignKey),
        ("INSERT INTO items (name) VALUES (NULL)", .notNull),
        ("INSERT INTO items (name, size) VALUES ('x', 100)", .check),
    ]

    @Test(arguments: Engine.allCases, violations)
    func `a violated constraint has its kind`(_ engine: Engine, _ violation: (String, ConstraintKind)) async throws {
        try await Self.with(engine) { database in
            try await database.write { transaction in
                try transaction.execute("INSERT INTO items (name) VALUES ('taken')")
                try transaction.execute("INSERT INTO parents (id) VALUES (1)")
            }
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { try $0.execute(violation.0) }
            }
            guard case .constraint(let kind, _) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(kind == violation.1)
            #expect(error?.isTransient == false)
        }
    }

    static let mistakes: [(String, [SQLValue])] = [
        ("SELEC 1", []), ("SELECT * FROM missing", []), ("SELECT $1 AS a", []), ("SELECT $1 AS a, $2 AS b", [1]),
        ("", []),
    ]

    @Test(arguments: Engine.allCases, mistakes)
    func `wrong SQL is invalid and leaves the database usable`(
        _ engine: Engine, _ mistake: (String, [SQLValue])
    ) async throws {
        try await TestDatabase.with(engine) { database in
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { try $0.query(mistake.0, mistake.1) }
            }
            #expect(error?.kind == .invalid, "\(String(describing: error))")
            try await database.ping()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a read transaction cannot write`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let error = await #expect(throws: DatabaseError.self) {
                try await database.read { try $0.execute("INSERT INTO items (name) VALUES ('a')") }
            }
            #expect(error?.kind == .invalid, "\(String(describing: error))")
            try await database.ping()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a statement survives a change of the schema`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            try await database.write { try $0.execute("CREATE TABLE t (a BIGINT)") }
            try await database.write { try $0.execute("INSERT INTO t VALUES (1)") }
            for _ in 0..<4 { _ = try await database.read { try $0.query("SELECT * FROM t") } }
            try await database.write { try $0.execute("ALTER TABLE t ADD COLUMN b BIGINT NOT NULL DEFAULT 5") }
            for _ in 0..<4 {
                #expect(try await database.read { try $0.queryOne("SELECT * FROM t")?.int("b") } == 5)
            }
        }
    }
}
