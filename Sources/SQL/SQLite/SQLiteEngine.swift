// SPDX-License-Identifier: Apache-2.0
// SQLite: one writing thread with group commit, and several reading threads.
//
// All write jobs that wait when the writer becomes free run in one transaction and share one COMMIT, which is one fsync
// (WAL, synchronous=FULL). Callers are resumed only after it. When a job throws, the group starts anew with a savepoint
// around each job, so that it loses only its own changes: savepoints cost a copy of every page that is changed, and
// most groups need none. Where the group as a whole is lost through one job's doing (SQLite gave up the transaction, or
// a deferred constraint fails at COMMIT), nothing is kept and the jobs run again one by one.

import GRDB
import GRDBSQLite
import Logging
import Synchronization

/// The embedded engine.
final class SQLiteEngine: StorageEngine {
    /// Bounds how long the first of a group waits for the last.
    static let groupLimit = 128

    let writes = JobQueue()
    private let reads = JobQueue()
    private let threads = ThreadGroup()
    private let observer: WriteObserver?

    var dialect: Dialect { .sqlite }
    var waiting: Int { writes.count + reads.count }

    private init(observer: WriteObserver?) { self.observer = observer }

    static func open(
        path: String, readers: Int, busySeconds: Double = 5, observer: WriteObserver? = nil, logger: Logger
    ) async throws -> SQLiteEngine {
        guard !path.isEmpty, !path.hasPrefix(":"), !path.hasPrefix("file:") else {
            throw DatabaseError.invalid("an SQLite database is a plain file path")
        }
        if !SQLiteSettings.areApplied { logger.debug("SQLite keeps its usual settings: it was in use before") }
        let engine = SQLiteEngine(observer: observer)
        // The writer goes first: it creates the file and puts it into WAL mode, which readers cannot.
        try await engine.start("sql-writer", path: path, access: .write, busySeconds: busySeconds) { session in
            engine.writeLoop(session, logger)
        }
        do {
            for number in 1...max(1, readers) {
                let name = "sql-reader-\(number)"
                try await engine.start(name, path: path, access: .read, busySeconds: busySeconds) { session in
                    engine.readLoop(session)
                }
            }
        } catch {
            engine.shutDown()
            await engine.waitUntilClosed()
            throw error
        }
        return engine
    }

    func submit(_ job: any Job) {
        switch job.access {
        case .read: reads.submit(job)
        case .write: writes.submit(job)
        }
    }

    func shutDown() {
        reads.close()
        writes.close()
    }

    func waitUntilClosed() async { await threads.waitUntilEnded() }

    // MARK: Threads

    /// Opens a connection on a new thread and runs `loop` there. Returns when the connection is open.
    private func start(
        _ name: String, path: String, access: Access, busySeconds: Double,
        loop: @escaping @Sendable (SQLiteSession) -> Void
    ) async throws {
        try await withCheckedThrowingContinuation { (opened: CheckedContinuation<Void, any Error>) in
            threads.start(name) {
                do throws(DatabaseError) {
                    let queue = try Self.connect(path: path, access: access, busySeconds: busySeconds)
                    queue.inDatabase { database in
                        do throws(DatabaseError) {
                            let session = try Self.prepare(database, access: access)
                            opened.resume()
                            loop(session)
                        } catch {
                            opened.resume(throwing: error)
                        }
                    }
                } catch {
                    opened.resume(throwing: error)
                }
            }
        }
    }

    private static func connect(
        path: String, access: Access, busySeconds: Double
    ) throws(DatabaseError) -> DatabaseQueue {
        var configuration = Configuration()
        configuration.readonly = access == .read
        configuration.busyMode = .timeout(busySeconds)
        configuration.journalMode = access == .write ? .wal : .default
        configuration.label = "sql"
        do {
            return try DatabaseQueue(path: path, configuration: configuration)
        } catch let error as GRDB.DatabaseError {
            throw .sqlite(error.extendedResultCode.rawValue, error.message ?? "cannot open", access: .write)
        } catch {
            throw .unavailable("\(error)")
        }
    }

    private static func prepare(_ database: GRDB.Database, access: Access) throws(DatabaseError) -> SQLiteSession {
        let session = try SQLiteSession(database, access: access)
        if access == .write {
            // GRDB chooses NORMAL for WAL, which may lose the last commits in a power failure.
            try session.run("PRAGMA synchronous = FULL")
            try session.run("PRAGMA journal_size_limit = 67108864")
            // Pages that many commits touch are copied from the log to the file once for all of them: 32 MiB of log
            // instead of 4 between checkpoints.
            try session.run("PRAGMA wal_autocheckpoint = 8192")
            // What a savepoint needs to be undone stays in memory; it would be a file of its own for each transaction.
            try session.run("PRAGMA temp_store = MEMORY")
        }
        try session.run("PRAGMA cache_size = -16384")
        return session
    }

    // MARK: Reading

    private func readLoop(_ session: SQLiteSession) {
        let seat = JobQueue.Seat()
        while let job = reads.next(seat) {
            job.complete(alone(job, in: session, begin: "BEGIN DEFERRED"))
        }
    }

    // MARK: Writing

    private func writeLoop(_ session: SQLiteSession, _ logger: Logger) {
        let seat = JobQueue.Seat()
        while true {
            let group = writes.nextGroup(seat, limit: Self.groupLimit)
            if group.isEmpty { return }
            if group.count > 1,
                let outcomes = together(group, in: session) ?? together(group, separately: true, in: session)
            {
                for (job, error) in zip(group, outcomes) { job.complete(error) }
            } else {
                if group.count > 1 { logger.debug("a group of \(group.count) writes runs again one by one") }
                for job in group { job.complete(alone(job, in: session, begin: "BEGIN IMMEDIATE")) }
            }
        }
    }

    /// Runs one job in its own transaction. Returns its error.
    private func alone(_ job: any Job, in session: SQLiteSession, begin: String) -> (any Error)? {
        let watch = WriteWatch(job.access == .write ? observer : nil, writes: 1)
        do throws(DatabaseError) {
            try session.control(begin)
        } catch {
            return error
        }
        if let error = run(job, in: session) {
            rollBack(session)
            return error
        }
        return watch.commit { commit(session) }
    }

    /// Runs all jobs in one transaction, `separately` each in a savepoint. Returns an error for each that failed, or
    /// `nil` when nothing was kept and they should run again, separately or one by one.
    private func together(
        _ group: [any Job], separately: Bool = false, in session: SQLiteSession
    ) -> [(any Error)?]? {
        let watch = WriteWatch(observer, writes: group.count)
        do throws(DatabaseError) {
            try session.control("BEGIN IMMEDIATE")
        } catch {
            return group.map { _ in error }
        }
        var outcomes: [(any Error)?] = []
        for job in group {
            guard separately else {
                if run(job, in: session) != nil {
                    rollBack(session)
                    return nil
                }
                outcomes.append(nil)
                continue
            }
            do throws(DatabaseError) {
                try session.control("SAVEPOINT job")
                let error = run(job, in: session)
                if error != nil { try session.control("ROLLBACK TO SAVEPOINT job") }
                try session.control("RELEASE SAVEPOINT job")
                outcomes.append(error)
            } catch {
                rollBack(session)
                return nil
            }
        }
        guard let error = watch.commit({ commit(session) }) else { return outcomes }
        if case .constraint = error { return nil }
        return group.map { _ in error }
    }

    private func run(_ job: any Job, in session: SQLiteSession) -> (any Error)? {
        let transaction = Transaction(dialect: .sqlite, session: session)
        defer { transaction.close() }
        do {
            try job.run(transaction)
            return transaction.failure
        } catch {
            return error
        }
    }

    private func commit(_ session: SQLiteSession) -> DatabaseError? {
        do throws(DatabaseError) {
            try session.control("COMMIT")
            return nil
        } catch {
            rollBack(session)
            // After a failed fsync the commit record may or may not survive in the log.
            if case .unavailable(let message) = error { return .commitUnknown(message) }
            return error
        }
    }

    private func rollBack(_ session: SQLiteSession) {
        guard session.hasTransaction else { return }
        try? session.control("ROLLBACK")
    }
}
