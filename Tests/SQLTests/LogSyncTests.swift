// SPDX-License-Identifier: Apache-2.0
// Commits on their way to disk: who is told of them when, and what a disk that fails leads to.

import Dispatch
import Foundation
import SQLTestSupport
import Synchronization
import Testing

@testable import SQL

@Suite struct LogSyncTests {
    /// A database whose log is synced when the test says so.
    private func open(
        observer: WriteObserver? = nil, pace: CommitPace = CommitPace(),
        _ synchronize: @escaping LogSync.Synchronize
    ) async throws -> Database {
        let path = try TemporaryFolder.shared.get().newPath("db")
        return Database(
            engine: try await SQLiteEngine.open(
                path: path, readers: 1, observer: observer, pace: pace, synchronize: synchronize,
                logger: TestDatabase.quiet))
    }

    private static let count = "SELECT count(*) AS n FROM t"

    @Test func `neither who wrote nor who has read hears of a commit before it is on disk`() async throws {
        let disk = SlowDisk()
        let database = try await open { _ in disk.sync() }
        try await database.write { try $0.execute("CREATE TABLE t (a BIGINT)") }
        disk.hold()
        let told = Notes()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                _ = try await database.write { try $0.execute("INSERT INTO t VALUES (1)") }
                told.add("writer")
            }
            await disk.held()
            let hasRead = Gate()
            group.addTask {
                let seen = try await database.read { transaction in
                    let seen = try transaction.queryOne(Self.count)?.int("n")
                    hasRead.open()
                    return seen
                }
                told.add("reader")
                #expect(seen == 1)
            }
            await hasRead.opened()
            // The only reading thread takes the next read once it has handed on the first.
            let readsAgain = Gate()
            let another = Task {
                try await database.read { transaction in
                    readsAgain.open()
                    return try transaction.queryOne(Self.count)?.int("n")
                }
            }
            await readsAgain.opened()
            #expect(told.all == [])
            disk.release()
            try await group.waitForAll()
            #expect(try await another.value == 1)
        }
        #expect(told.all.sorted() == ["reader", "writer"])
        await database.close()
    }

    @Test func `what comes while a commit is on its way to disk shares the next`() async throws {
        let disk = SlowDisk()
        let database = try await open { _ in disk.sync() }
        try await database.write { try $0.execute("CREATE TABLE t (a BIGINT)") }
        let engine = try #require(database.engine as? SQLiteEngine)
        let before = disk.syncs
        disk.hold()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { _ = try await database.write { try $0.execute("INSERT INTO t VALUES (1)") } }
            await disk.held()
            let run = Notes()
            for _ in 0..<20 {
                group.addTask {
                    try await database.write { transaction in
                        _ = try transaction.execute("INSERT INTO t VALUES (2)")
                        run.add("run")
                    }
                }
            }
            while run.all.count < 20 { await Task.yield() }
            #expect(engine.waiting == 0)
            disk.release()
            try await group.waitForAll()
        }
        #expect(disk.syncs == before + 2)
        await database.close()
    }

    @Test func `after a sync that failed nothing is taken for granted until the database is opened anew`() async throws
    {
        let disk = SlowDisk()
        let database = try await open { _ in disk.sync() }
        try await database.write { try $0.execute("CREATE TABLE t (a BIGINT)") }
        disk.fail()
        await #expect(throws: DatabaseError.self) {
            do {
                try await database.write { try $0.execute("INSERT INTO t VALUES (1)") }
            } catch DatabaseError.commitUnknown(let reason) {
                #expect(reason.contains("Input/output error"), "\(reason)")
                throw DatabaseError.commitUnknown(reason)
            }
        }
        for access in [Access.read, .write] {
            do {
                if access == .read {
                    _ = try await database.read { try $0.queryOne(Self.count) }
                } else {
                    try await database.write { try $0.execute("INSERT INTO t VALUES (2)") }
                }
                Issue.record("\(access) went on")
            } catch DatabaseError.unavailable(let reason) {
                #expect(reason.contains("started again"), "\(reason)")
            }
        }
        await database.close()
    }

    @Test func `a patient write waits for one that is not, and shares its commit`() async throws {
        let groups = Mutex<[Int]>([])
        let minute = DispatchTimeInterval.seconds(60)
        let database = try await open(
            observer: { report in groups.withLock { $0.append(report.writes) } },
            pace: CommitPace(patientGap: minute, mixedGap: .milliseconds(0), quietGap: minute)
        ) { _ in 0 }
        for statement in ["CREATE TABLE t (a BIGINT)", "INSERT INTO t VALUES (1)"] {
            try await database.write { try $0.execute(statement) }
        }
        groups.withLock { $0 = [] }
        let hasRun = Gate()
        async let patient = database.write(isPatient: true) { transaction in
            _ = try transaction.execute("INSERT INTO t VALUES (2)")
            hasRun.open()
        }
        await hasRun.opened()
        try await database.write { try $0.execute("INSERT INTO t VALUES (3)") }
        _ = try await patient
        #expect(groups.withLock { $0 } == [2])
        await database.close()
    }

    @Test func `commits that come thick and fast keep a distance where nobody is in a hurry`() {
        func time(_ milliseconds: UInt64) -> DispatchTime { DispatchTime(uptimeNanoseconds: 1_000_000 * milliseconds) }
        var pace = CommitPace()
        #expect(pace.earliest(hasPatient: true, hasUrgent: false) <= time(0))
        pace.committed(at: time(100), hasPatient: false)
        // The first after a while has nobody wait.
        #expect(pace.earliest(hasPatient: true, hasUrgent: false) <= time(100))
        pace.committed(at: time(101), hasPatient: false)
        #expect(pace.earliest(hasPatient: true, hasUrgent: false) == time(109))
        #expect(pace.earliest(hasPatient: true, hasUrgent: true) == time(105))
        #expect(pace.earliest(hasPatient: false, hasUrgent: true) <= time(101))
        // More that is patient is to be expected soon.
        pace.committed(at: time(103), hasPatient: true)
        #expect(pace.earliest(hasPatient: false, hasUrgent: true) == time(107))
        pace.committed(at: time(117), hasPatient: true)
        #expect(pace.earliest(hasPatient: true, hasUrgent: false) == time(125))
        pace.committed(at: time(134), hasPatient: true)
        #expect(pace.earliest(hasPatient: true, hasUrgent: false) <= time(134))
    }
}

/// What has happened, in order.
private final class Notes: Sendable {
    private let notes = Mutex<[String]>([])

    var all: [String] { notes.withLock { $0 } }

    func add(_ note: String) { notes.withLock { $0.append(note) } }
}

/// Stands for `fdatasync`: goes through at once, or when the test lets it.
private final class SlowDisk: Sendable {
    private struct State {
        var syncs = 0
        var isBroken = false
        var gates: (held: Gate, released: Gate)?
    }

    private let state = Mutex(State())

    var syncs: Int { state.withLock { $0.syncs } }

    func hold() { state.withLock { $0.gates = (Gate(), Gate()) } }

    func fail() { state.withLock { $0.isBroken = true } }

    /// Returns when a sync is under way.
    func held() async { await state.withLock { $0.gates?.held }?.opened() }

    func release() {
        let gates = state.withLock { $0.gates.take() }
        gates?.released.open()
    }

    func sync() -> Int32 {
        let (gates, isBroken) = state.withLock { state in
            state.syncs += 1
            return (state.gates, state.isBroken)
        }
        gates?.held.open()
        gates?.released.wait()
        if isBroken { errno = EIO }
        return isBroken ? -1 : 0
    }
}
