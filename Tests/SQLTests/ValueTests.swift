// SPDX-License-Identifier: Apache-2.0
// Values in and out of both engines.

import SQL
import SQLTestSupport
import Testing

@Suite struct ValueTests {
    static let values: [SQLValue] = [
        .null, .integer(0), .integer(-1), .integer(.min), .integer(.max), .text(""), .text("plain"),
        .text("Grüße, 世界 👩‍👩‍👧 'quoted' $1 ?2 \\ \u{1}\n"), .bytes([]), .bytes([0, 1, 255, 0]), .real(0.035),
        .real(-1e300),
        .real(3), .bytes([UInt8](repeating: 0x5a, count: 100_000)), .text(String(repeating: "ä", count: 50_000)),
    ]

    static func column(for value: SQLValue) -> String {
        switch value {
        case .null, .integer: "BIGINT"
        case .real: "DOUBLE PRECISION"
        case .text: "TEXT"
        case .bytes, .block: "BYTEA"
        }
    }

    @Test(arguments: Engine.allCases)
    func `every value comes back as it went in`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let columns = Self.values.enumerated().map { "c\($0) \(Self.column(for: $1))" }.joined(separator: ", ")
            let places = (1...Self.values.count).map { "$\($0)" }.joined(separator: ", ")
            try await database.write { transaction in
                try transaction.execute("CREATE TABLE t (\(columns))")
                try transaction.execute("INSERT INTO t VALUES (\(places))", Self.values)
            }
            let row = try #require(try await database.read { try $0.queryOne("SELECT * FROM t") })
            for (index, value) in Self.values.enumerated() { #expect(row["c\(index)"] == value) }
            #expect(row.columnNames.count == Self.values.count)
        }
    }

    @Test(arguments: Engine.allCases)
    func `NULL goes into columns of every type, before and after values`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let rows: [[SQLValue]] = [
                [1, nil, nil, nil, nil], [2, 5, "a", .bytes([1]), 1.5], [3, nil, "b", nil, nil],
                [4, 6, nil, .bytes([]), 2.5],
            ]
            let read = try await database.write { transaction in
                try transaction.execute(
                    "CREATE TABLE t (id BIGINT, i INT, t TEXT, b BYTEA, d DOUBLE PRECISION)")
                try transaction.executeBatch("INSERT INTO t (id, i, t, b, d) VALUES ($1, $2, $3, $4, $5)", rows)
                return try transaction.query("SELECT * FROM t ORDER BY id")
            }
            #expect(read.map { row in ["id", "i", "t", "b", "d"].map { row[$0] } } == rows)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an integer fits narrow columns, comparisons and arithmetic beyond 32 bits`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let row = try await database.write { transaction in
                try transaction.execute("CREATE TABLE t (s SMALLINT, i INT, b BIGINT)")
                try transaction.execute("INSERT INTO t VALUES ($1, $2, $3)", [7, 8, .integer(1 << 40)])
                return try transaction.queryOne(
                    """
                    SELECT s, i, b, $1 + 1 AS later, b > $2 AS beyond, SUM(b) AS total FROM t
                    WHERE s = $3 AND i = $4 AND b >= $1 GROUP BY s, i, b LIMIT $5
                    """, [.integer(1 << 40), 5, 7, 8, 10])
            }
            let found = try #require(row)
            #expect(try found.int("s") == 7)
            #expect(try found.int("i") == 8)
            #expect(try found.int64("later") == 1 << 40 + 1)
            #expect(try found.bool("beyond"))
            #expect(try found.int64("total") == 1 << 40)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a placeholder is a number, not a position`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let row = try await database.read {
                try $0.queryOne("SELECT $2 AS b, $1 AS a, $2 AS c, '$1' AS literal", ["one", "two"])
            }
            #expect(try row?.text("a") == "one")
            #expect(try row?.text("b") == "two")
            #expect(try row?.text("c") == "two")
            #expect(try row?.text("literal") == "$1")
        }
    }

    @Test(arguments: Engine.allCases)
    func `text with a NUL byte is refused and costs nothing else`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            try await database.write { try $0.execute("CREATE TABLE t (a TEXT)") }
            let kept = try await database.write { transaction in
                #expect(throws: DatabaseError.invalid("parameter 1: text with a NUL byte")) {
                    try transaction.attempt { try transaction.execute("INSERT INTO t VALUES ($1)", ["a\0b"]) }
                }
                #expect(throws: DatabaseError.invalid("parameter 1: text with a NUL byte")) {
                    try transaction.attempt {
                        try transaction.executeBatch("INSERT INTO t VALUES ($1)", [["x"], ["\0"], ["y"]])
                    }
                }
                try transaction.execute("INSERT INTO t VALUES ($1)", ["kept"])
                return try transaction.query("SELECT a FROM t").map { try $0.text("a") }
            }
            #expect(kept == ["kept"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a column of another type is a decoding error that hides the value`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let row = try #require(
                try await database.read { try $0.queryOne("SELECT $1 AS a, $2 AS b", ["secret", 5]) })
            #expect(throws: DatabaseError.decoding("column a holds text, not an integer")) { try row.int64("a") }
            #expect(throws: DatabaseError.decoding("column b holds an integer, not bytes")) { try row.bytes("b") }
            #expect(throws: DatabaseError.decoding("no column z")) { try row.textOrNil("z") }
            #expect(try row.double("b") == 5)
            #expect(row["z"] == .null)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the database's clock is in milliseconds and near ours`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let before = ContinuousClock.now
            let sql = "SELECT \(database.dialect.nowMilliseconds) AS now"
            let first = try #require(try await database.read { try $0.queryOne(sql)?.int64("now") })
            let second = try #require(try await database.read { try $0.queryOne(sql)?.int64("now") })
            #expect(first > 1_700_000_000_000 && first < 10_000_000_000_000)
            #expect(Duration.milliseconds(second - first) <= before.duration(to: .now) + .milliseconds(1))
            #expect(second >= first)
        }
    }
}
