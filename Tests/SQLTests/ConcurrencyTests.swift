// SPDX-License-Identifier: Apache-2.0
// Many callers at once: exact totals, group commit, snapshots, deadlocks.

import Dispatch
import Foundation
import SQLTestSupport
import Synchronization
import Testing

@testable import SQL

@Suite struct ConcurrencyTests {
    @Test(arguments: Engine.allCases)
    func `64 tasks that increment one row lose no increment`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            try await database.write { transaction in
                try transaction.execute("CREATE TABLE counters (id BIGINT PRIMARY KEY, value BIGINT NOT NULL)")
                try transaction.execute("INSERT INTO counters VALUES (1, 0)")
            }
            let seen = try await withThrowingTaskGroup(of: [Int64].self) { group in
                for _ in 0..<64 {
                    group.addTask {
                        var seen: [Int64] = []
                        for _ in 0..<5 {
                            let value = try await database.write { transaction in
                                try transaction.queryOne(
                                    "UPDATE counters SET value = value + 1 WHERE id = $1 AND value < $2 RETURNING *",
                                    [1, 300])?.int64("value")
                            }
                            if let value { seen.append(value) }
                        }
                        return seen
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(seen.sorted() == Array(1...300))
            #expect(try await database.read { try $0.queryOne("SELECT value FROM counters")?.int("value") } == 300)
        }
    }

    @Test(arguments: Engine.allCases)
    func `readers see only what is committed, and one snapshot throughout`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine) { database in
            try await database.write { try $0.execute("CREATE TABLE t (a BIGINT)") }
            let count = "SELECT count(*) AS n FROM t"
            let inserted = Gate()
            let mayCommit = Gate()
            let mayReadAgain = Gate()
            let hasRead = Gate()
            async let write: Void = database.write { transaction in
                try transaction.execute("INSERT INTO t VALUES (1)")
                inserted.open()
                mayCommit.wait()
            }
            await inserted.opened()
            #expect(try await database.read { try $0.queryOne(count)?.int("n") } == 0)
            async let reads = database.read { transaction in
                let first = try transaction.queryOne(count)?.int("n")
                hasRead.open()
                mayReadAgain.wait()
                return [first, try transaction.queryOne(count)?.int("n")]
            }
            await hasRead.opened()
            mayCommit.open()
            try await write
            mayReadAgain.open()
            #expect(try await reads == [0, 0])
            #expect(try await database.read { try $0.queryOne(count)?.int("n") } == 1)
        }
    }

    @Test func `writes that wait together share a commit, and one that fails takes nobody with it`() async throws {
        let path = try TemporaryFolder.shared.get().newPath("db")
        let database = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        try await database.migrate(TransactionTests.schema)
        let engine = try #require(database.engine as? SQLiteEngine)
        let sizeBefore = try logSize(path)
        let started = Gate()
        let release = Gate()
        let blocker = Task {
            try await database.write { _ in
                started.open()
                release.wait()
            }
        }
        await started.opened()
        let outcomes = try await withThrowingTaskGroup(of: (Int, Bool).self) { group in
            for number in 0..<60 {
                group.addTask {
                    do {
                        try await database.write { transaction in
                            try transaction.execute("INSERT INTO items (name) VALUES ($1)", [.text("n\(number)")])
                            if number % 3 == 0 { throw CancellationError() }
                            if number % 3 == 1 { try transaction.execute("INSERT INTO items (name) VALUES (NULL)") }
                        }
                        return (number, true)
                    } catch {
                        return (number, false)
                    }
                }
            }
            while engine.writes.count < 60 { await Task.yield() }
            release.open()
            try await blocker.value
            return try await group.reduce(into: [Int: Bool]()) { $0[$1.0] = $1.1 }
        }
        for number in 0..<60 { #expect(outcomes[number] == (number % 3 == 2)) }
        #expect(try await TransactionTests.names(database).count == 20)
        // Each commit logs at least a page of the table and one of its index: apart, the twenty would make 40 frames.
        let frames = (try logSize(path) - sizeBefore) / (4096 + 24)
        #expect(frames > 0 && frames < 20)
        await database.close()
    }

    private func logSize(_ path: String) throws -> Int {
        try FileManager.default.attributesOfItem(atPath: path + "-wal")[.size] as? Int ?? 0
    }

    @Test(arguments: Engine.allCases)
    func `a constraint that is checked at COMMIT fails only its own write`(_ engine: Engine) async throws {
        try await TransactionTests.with(engine) { database in
            let kept = await withTaskGroup(of: Bool.self) { group in
                for number in 0..<40 {
                    group.addTask {
                        let result = try? await database.write { transaction in
                            try transaction.execute(
                                "INSERT INTO items (name, later) VALUES ($1, $2)",
                                [.text("n\(number)"), number == 20 ? 99 : nil])
                        }
                        return result != nil
                    }
                }
                return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
            }
            let names = try await TransactionTests.names(database)
            #expect(kept == 39)
            #expect(names.count == 39)
        }
    }

    @Test func `a deadlock is retried until both writes are kept`() async throws {
        let database = try await TestDatabase.postgres(migrations: TransactionTests.schema)
        try await database.write { try $0.execute("INSERT INTO items (name, size) VALUES ('a', 0), ('b', 0)") }
        let rivals = Rivals()
        async let one: Void = rivals.cross("a", "b", in: database)
        async let two: Void = rivals.cross("b", "a", in: database)
        _ = try await (one, two)
        let sizes = try await database.read { try $0.query("SELECT size FROM items").map { try $0.int("size") } }
        #expect(sizes == [2, 2])
        #expect(rivals.runs >= 3)
        await database.close()
    }

    @Test func `a race that is never won ends in an error after ten retries`() async throws {
        let database = try await TestDatabase.postgres()
        let runs = Mutex(0)
        let error = await #expect(throws: DatabaseError.self) {
            try await database.write { transaction in
                runs.withLock { $0 += 1 }
                try transaction.execute("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40001'; END $$")
            }
        }
        #expect(error == .serialization("lost (40001)"))
        #expect(error?.isTransient == true)
        #expect(runs.withLock { $0 } == 11)
        await database.close()
    }

    @Test(arguments: Engine.allCases)
    func `close finishes what was handed in and refuses what comes later`(_ engine: Engine) async throws {
        let database = try await TestDatabase.open(engine, TransactionTests.schema)
        let results = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<20 {
                group.addTask {
                    do {
                        try await database.write {
                            try $0.execute("INSERT INTO items (name) VALUES ($1)", [.text("n\(number)")])
                        }
                        return true
                    } catch {
                        #expect((error as? DatabaseError)?.isTransient == true)
                        return false
                    }
                }
            }
            await database.close()
            return await group.reduce(into: [Bool]()) { $0.append($1) }
        }
        #expect(results.count == 20)
        await #expect(throws: DatabaseError.unavailable("the database has been closed")) { try await database.ping() }
    }
}

/// Two transactions that hold what the other one wants.
private final class Rivals: Sendable {
    private let started = Mutex(0)
    private let bothHold = DispatchSemaphore(value: 0)

    var runs: Int { started.withLock { $0 } }

    func cross(_ first: String, _ second: String, in database: Database) async throws {
        try await database.write { transaction in
            try transaction.run("SET LOCAL deadlock_timeout = '20ms'")
            try transaction.execute("UPDATE items SET size = size + 1 WHERE name = $1", [.text(first)])
            let run = self.started.withLock { count in
                count += 1
                return count
            }
            if run == 1 { self.bothHold.wait() }
            if run == 2 { self.bothHold.signal() }
            // `attempt` must not hide a lost race from the retry.
            _ = try? transaction.attempt {
                try transaction.execute("UPDATE items SET size = size + 1 WHERE name = $1", [.text(second)])
            }
        }
    }
}

/// Something that happens once, for which both tasks and database threads can wait.
final class Gate: Sendable {
    private let semaphore = DispatchSemaphore(value: 0)
    private let stream = AsyncStream<Void>.makeStream()

    func open() {
        semaphore.signal()
        stream.continuation.finish()
    }

    /// Waits on a database thread; once open, the gate stays open, for a closure may run again.
    func wait() {
        semaphore.wait()
        semaphore.signal()
    }

    /// Waits in a task.
    func opened() async { for await _ in stream.stream {} }
}
