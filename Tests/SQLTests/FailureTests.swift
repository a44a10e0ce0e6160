// SPDX-License-Identifier: Apache-2.0
// Lost connections, locks, full disks and weak settings: typed errors, and a database that works again afterwards.

import SQLTestSupport
import Testing

@testable import SQL

@Suite struct FailureTests {
    static func open(_ path: String, busySeconds: Double = 0.05) async throws -> Database {
        Database(
            engine: try await SQLiteEngine.open(
                path: path, readers: 1, busySeconds: busySeconds, logger: TestDatabase.quiet))
    }

    static func terminate(_ transaction: Transaction) throws {
        let pid = try #require(try transaction.queryOne("SELECT pg_backend_pid() AS pid")).int("pid")
        // With a timeout it returns only once the backend is gone.
        try TestPostgres.shared().run("SELECT pg_terminate_backend(\(pid), 5000)")
    }

    @Test func `a connection lost inside a write is a typed error, and the next call reconnects`() async throws {
        let database = try await TestDatabase.postgres(migrations: TransactionTests.schema)
        for batch in [false, true] {
            let error = await #expect(throws: DatabaseError.self) {
                try await database.write { transaction in
                    try transaction.execute("INSERT INTO items (name) VALUES ('lost')")
                    try Self.terminate(transaction)
                    let rows: [[SQLValue]] = (0..<1000).map { [.text("n\($0)")] }
                    if batch {
                        try transaction.executeBatch("INSERT INTO items (name) VALUES ($1)", rows)
                    } else {
                        // Neither a savepoint nor a deaf closure can hide it.
                        _ = try? transaction.attempt {
                            try transaction.execute("INSERT INTO items (name) VALUES ('x')")
                        }
                    }
                }
            }
            #expect(error?.kind == .unavailable, "\(String(describing: error))")
            #expect(try await TransactionTests.names(database) == [])
        }
        await database.close()
    }

    @Test func `a connection lost before COMMIT is answered leaves the outcome unknown`() async throws {
        let database = try await TestDatabase.postgres(migrations: TransactionTests.schema)
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { transaction in
                try transaction.execute("INSERT INTO items (name) VALUES ('a')")
                try Self.terminate(transaction)
            }
        }
        #expect(error?.kind == .commitUnknown, "\(String(describing: error))")
        #expect(error?.isTransient == true)
        #expect(try await TransactionTests.names(database) == [])
        await database.close()
    }

    @Test func `connections that died while idle are replaced unnoticed`() async throws {
        let database = try await TestDatabase.postgres(migrations: TransactionTests.schema)
        try await database.write { transaction in
            try transaction.execute("INSERT INTO items (name) VALUES ('a')")
        }
        let name = try #require(
            try await database.read { try $0.queryOne("SELECT current_database() AS name")?.text("name") })
        try TestPostgres.shared().run(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '\(name)'")
        #expect(try await TransactionTests.names(database) == ["a"])
        try await database.write { try $0.execute("INSERT INTO items (name) VALUES ('b')") }
        #expect(try await TransactionTests.names(database) == ["a", "b"])
        await database.close()
    }

    @Test func `a database that goes away is unavailable until it is back`() async throws {
        let server = try TestPostgres.shared()
        let name = try server.createDatabase()
        let database = try await Database.open(
            .postgres(url: server.url(of: name), connections: 2), logger: TestDatabase.quiet)
        try server.dropDatabase(name)
        for _ in 0..<5 {
            let error = await #expect(throws: DatabaseError.self) { try await database.ping() }
            #expect(error?.kind == .unavailable, "\(String(describing: error))")
        }
        try server.run("CREATE DATABASE \(name)")
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        var isBack = false
        while !isBack, ContinuousClock.now < deadline {
            isBack = (try? await database.ping()) != nil
            // The pool holds back its attempts by the clock, so there is nothing to wait for but time.
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(isBack)
        await database.close()
    }

    @Test(arguments: [
        DatabaseConfiguration.sqlite(path: "/nonexistent/folder/file.db"),
        .postgres(url: "postgresql://postgres@/none?host=/nonexistent"),
        .postgres(url: "host=127.0.0.1 port=1 connect_timeout=2"),
    ])
    func `a database that cannot be opened is unavailable`(_ configuration: DatabaseConfiguration) async throws {
        let error = await #expect(throws: DatabaseError.self) {
            try await Database.open(configuration, logger: TestDatabase.quiet)
        }
        #expect(error?.kind == .unavailable, "\(String(describing: error))")
    }

    @Test func `an SQLite file that another process keeps locked is locked, then free`() async throws {
        let path = try TemporaryFolder.shared.get().newPath("db")
        let holder = try await Self.open(path)
        let database = try await Self.open(path)
        try await holder.write { try $0.execute("CREATE TABLE t (a BIGINT)") }
        let holds = Gate()
        let release = Gate()
        async let held: Void = holder.write { _ in
            holds.open()
            release.wait()
        }
        await holds.opened()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { try $0.execute("INSERT INTO t VALUES (1)") }
        }
        #expect(error?.kind == .locked, "\(String(describing: error))")
        #expect(error?.isTransient == true)
        #expect(try await database.read { try $0.query("SELECT * FROM t") }.isEmpty)
        release.open()
        try await held
        try await database.write { try $0.execute("INSERT INTO t VALUES (1)") }
        await database.close()
        await holder.close()
    }

    @Test func `a PostgreSQL lock that is not free is locked`() async throws {
        let database = try await TestDatabase.postgres(migrations: TransactionTests.schema)
        let holds = Gate()
        let release = Gate()
        async let held: Void = database.write { transaction in
            try transaction.run("LOCK TABLE items")
            holds.open()
            release.wait()
        }
        await holds.opened()
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { transaction in
                try transaction.run("SET LOCAL lock_timeout = '20ms'")
                try transaction.execute("DELETE FROM items")
            }
        }
        #expect(error?.kind == .locked, "\(String(describing: error))")
        release.open()
        try await held
        await database.close()
    }

    @Test func `a full disk fails the write that does not fit, and only that one`() async throws {
        let database = try await TestDatabase.sqlite()
        try await database.write { try $0.execute("CREATE TABLE t (a BYTEA)") }
        try await database.write { _ = try $0.query("PRAGMA max_page_count = 20") }
        let outcomes = await withTaskGroup(of: DatabaseError?.self) { group in
            for number in 0..<20 {
                group.addTask {
                    let size = number == 7 ? 1_000_000 : 10
                    do {
                        try await database.write {
                            try $0.execute("INSERT INTO t VALUES ($1)", [.bytes([UInt8](repeating: 1, count: size))])
                        }
                        return nil
                    } catch {
                        return error as? DatabaseError
                    }
                }
            }
            return await group.reduce(into: []) { $0.append($1) }
        }
        let failures = outcomes.compactMap { $0 }
        #expect(failures == [.full("database or disk is full")])
        #expect(failures.first?.isTransient == true)
        try await database.write { _ = try $0.query("PRAGMA max_page_count = 10000") }
        try await database.write {
            try $0.execute("INSERT INTO t VALUES ($1)", [.bytes([UInt8](repeating: 1, count: 90_000))])
        }
        #expect(try await database.read { try $0.queryOne("SELECT count(*) AS n FROM t")?.int("n") } == 20)
        await database.close()
    }

    @Test func `weak settings are named, sound ones are not`() async throws {
        let sqlite = try await TestDatabase.sqlite()
        #expect(try await sqlite.durabilityProblems() == [])
        await sqlite.close()

        let weak = try await TestDatabase.postgres()
        #expect(
            try await weak.durabilityProblems() == [
                "PostgreSQL: fsync is off", "PostgreSQL: synchronous_commit is off",
                "PostgreSQL: full_page_writes is off",
            ])
        await weak.close()

        let server = try TestPostgres(durable: true)
        let sound = try await Database.open(
            .postgres(url: server.url(of: "postgres"), connections: 1), logger: TestDatabase.quiet)
        #expect(try await sound.durabilityProblems() == [])
        await sound.close()
        server.stop()
    }

    @Test func `an SQLite writer without syncs or without a log is a problem`() {
        #expect(
            Durability.sqliteProblems(synchronous: 0, journalMode: "delete") == [
                "SQLite: synchronous is OFF", "SQLite: journal_mode is not WAL",
            ])
        #expect(Durability.sqliteProblems(synchronous: 1, journalMode: "wal") == [])
    }
}
