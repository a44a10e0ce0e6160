// SPDX-License-Identifier: Apache-2.0
// Migrations: applied once, in order, by one process at a time, and never over a history that is not ours.

import SQL
import SQLTestSupport
import Testing

@Suite struct MigrationTests {
    static let first = Migration(
        number: 1, name: "things",
        statements: [
            "CREATE TABLE things (id {{id}}, made BIGINT NOT NULL DEFAULT ({{now}}), tx BIGINT NOT NULL {{xid}})",
            "CREATE TABLE pairs (a BYTEA NOT NULL, b BIGINT NOT NULL, PRIMARY KEY (a, b)) {{clustered}}",
            "--sqlite\nCREATE TABLE only_sqlite (a BIGINT)",
            "--postgres\nCREATE TABLE only_postgres (a BIGINT)",
        ])
    static let second = Migration(
        number: 2, name: "more", statements: ["ALTER TABLE things ADD COLUMN name TEXT NOT NULL DEFAULT ''"])

    @Test(arguments: Engine.allCases)
    func `a migration is applied once, whatever order the list has`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            try await database.migrate([Self.first])
            try await database.migrate([Self.second, Self.first])
            try await database.migrate([Self.first, Self.second])
            let row = try await database.write { transaction in
                try transaction.queryOne("INSERT INTO things (name) VALUES ('x') RETURNING id, made, tx")
            }
            #expect(try row?.int("id") == 1)
            let made = try row?.int64("made") ?? 0
            #expect(made > 1_700_000_000_000)
            let writer = try row?.int64("tx") ?? -1
            #expect(engine == .sqlite ? writer == 0 : writer >= 3)
            let own = database.dialect.pick(sqlite: "only_sqlite", postgres: "only_postgres")
            _ = try await database.read { try $0.query("SELECT * FROM \(own)") }
            let applied = try await database.read {
                try $0.query("SELECT number, name FROM schema_migrations ORDER BY number").map { try $0.text("name") }
            }
            #expect(applied == ["things", "more"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a changed, missing, unknown, repeated or unreadable migration is refused`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: [Self.first, Self.second]) { database in
            let changed = Migration(number: 2, name: "more", statements: ["SELECT 1"])
            let renamed = Migration(number: 2, name: "less", statements: Self.second.statements)
            let token = Migration(number: 3, name: "token", statements: ["CREATE TABLE x (id {{uuid}})"])
            for wrong in [
                [Self.first, changed], [Self.first, renamed], [Self.first], [Self.second], [Self.first, Self.first],
                [Self.first, Self.second, token],
            ] {
                let error = await #expect(throws: DatabaseError.self) { try await database.migrate(wrong) }
                #expect(error?.kind == .invalid)
            }
            try await database.migrate([Self.first, Self.second])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a migration that fails leaves nothing behind`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            let broken = Migration(number: 2, name: "broken", statements: ["CREATE TABLE half (a BIGINT)", "NONSENSE"])
            let error = await #expect(throws: DatabaseError.self) { try await database.migrate([Self.first, broken]) }
            #expect(error?.kind == .invalid)
            try await database.migrate([Self.first, Self.second])
            await #expect(throws: DatabaseError.self) { try await database.read { try $0.query("SELECT * FROM half") } }
        }
    }

    @Test(arguments: Engine.allCases)
    func `processes that start together apply each migration once`(_ engine: Engine) async throws {
        let configuration = try TestDatabase.configuration(engine)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<4 {
                group.addTask {
                    let database = try await Database.open(configuration, logger: TestDatabase.quiet)
                    try await database.migrate([Self.first, Self.second])
                    await database.close()
                }
            }
            try await group.waitForAll()
        }
        let database = try await Database.open(configuration, logger: TestDatabase.quiet)
        let count = try await database.read { try $0.queryOne("SELECT count(*) AS n FROM schema_migrations")?.int("n") }
        #expect(count == 2)
        await database.close()
        try TestDatabase.remove(configuration)
    }
}
