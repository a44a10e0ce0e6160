// SPDX-License-Identifier: Apache-2.0
// SQLite: one writing thread with group commit, one that brings its commits to disk, and several reading threads.
//
// All write jobs that wait when the writer becomes free run in one transaction and share one COMMIT, and so does whatever
// comes as long as the commit before is on its way to disk. The COMMIT writes the log, `LogSync` syncs it while the
// writer goes on, and callers are resumed only after that. When a job throws, the group starts anew with a savepoint
// around each job, so that it loses only its own changes: savepoints cost a copy of every page that is changed, and
// most groups need none. Where the group as a whole is lost through one job's doing (SQLite gave up the transaction, or
// a deferred constraint fails at COMMIT), nothing is kept and the jobs run again one by one.

import Dispatch
import Foundation
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
    private let log: LogSync

    var dialect: Dialect { .sqlite }
    var waiting: Int { writes.count + reads.count }

    private init(path: String, observer: WriteObserver?, synchronize: @escaping LogSync.Synchronize, logger: Logger) {
        self.observer = observer
        log = LogSync(path: SQLiteFile(path: path).logPath, synchronize: synchronize, logger: logger)
    }

    static func open(
        path: String, readers: Int, busySeconds: Double = 5, observer: WriteObserver? = nil,
        pace: CommitPace = CommitPace(), synchronize: @escaping LogSync.Synchronize = { fdatasync($0) },
        logger: Logger
    ) async throws -> SQLiteEngine {
        guard !path.isEmpty, !path.hasPrefix(":"), !path.hasPrefix("file:") else {
            throw DatabaseError.invalid("an SQLite database is a plain file path")
        }
        if !SQLiteSettings.areApplied { logger.debug("SQLite keeps its usual settings: it was in use before") }
        let engine = SQLiteEngine(path: path, observer: observer, synchronize: synchronize, logger: logger)
        // The writer goes first: it creates the file and puts it into WAL mode, which readers cannot.
        try await engine.start("sql-writer", path: path, access: .write, busySeconds: busySeconds) { session in
            engine.threads.start("sql-log") { engine.log.run { engine.writes.patienceChanged() } }
            engine.writeLoop(session, pace, logger)
            engine.log.close()
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
            // A checkpoint keeps to the order that survives a power failure, a COMMIT leaves the disk to `LogSync`.
            try session.run("PRAGMA synchronous = NORMAL")
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
            do throws(DatabaseError) {
                try session.control("BEGIN DEFERRED")
            } catch {
                job.complete(error)
                continue
            }
            let error = run(job, in: session)
            try? session.control("COMMIT")
            rollBack(session)
            // What it has read may be on its way to disk.
            log.complete(job, error)
        }
    }

    // MARK: Writing

    private func writeLoop(_ session: SQLiteSession, _ pace: CommitPace, _ logger: Logger) {
        let seat = JobQueue.Seat()
        var pace = pace
        while true {
            var group = writes.nextGroup(seat, limit: Self.groupLimit)
            if group.isEmpty { return }
            if let failure = log.failure {
                for job in group { job.complete(failure) }
            } else if !together(&group, in: session, joinedOn: seat, pace) && !together(&group, in: session) {
                if group.count > 1 { logger.debug("a group of \(group.count) writes runs again one by one") }
                for job in group { alone(job, in: session) }
            }
            pace.committed(at: .now(), hasPatient: group.contains(where: \.isPatient))
        }
    }

    /// Runs one job in its own transaction.
    private func alone(_ job: any Job, in session: SQLiteSession) {
        let watch = WriteWatch(observer)
        do throws(DatabaseError) {
            try session.control("BEGIN IMMEDIATE")
        } catch {
            return job.complete(error)
        }
        if let error = run(job, in: session) {
            rollBack(session)
            return job.complete(error)
        }
        if let error = commit([(job, nil)], watch, in: session) { job.complete(error) }
    }

    /// Runs all jobs in one transaction, and those that come until it is time to commit. False when nothing was kept and
    /// they should run again, separately or one by one.
    private func together(
        _ group: inout [any Job], in session: SQLiteSession, joinedOn seat: JobQueue.Seat, _ pace: CommitPace
    ) -> Bool {
        var loneError: (any Error)?
        let isDone = transact(&group, in: session) { group in
            var hasPatient = false
            var hasUrgent = false
            var done = 0
            while done < group.count {
                let job = group[done]
                if let error = run(job, in: session) {
                    if group.count == 1 { loneError = error }
                    return nil
                }
                if job.isPatient { hasPatient = true } else { hasUrgent = true }
                done += 1
                guard done == group.count, done < Self.groupLimit else { continue }
                let earliest = pace.earliest(hasPatient: hasPatient, hasUrgent: hasUrgent)
                group += writes.nextGroup(seat, limit: Self.groupLimit - done) {
                    // As long as the commit before is on its way to disk this one would only wait behind it.
                    if self.log.isBusy { return .endless }
                    return .now() < earliest ? .until(earliest) : .none
                }
            }
            return group.map { ($0, nil) }
        }
        guard let loneError else { return isDone }
        group[0].complete(loneError)
        return true
    }

    /// Runs all jobs in one transaction, each in a savepoint. False when nothing was kept and they should run one by one.
    private func together(_ group: inout [any Job], in session: SQLiteSession) -> Bool {
        guard group.count > 1 else { return false }
        return transact(&group, in: session) { runSeparately($0, in: session) }
    }

    /// Begins a transaction, in which `body` runs the jobs, and commits it. False when nothing was kept, by `body`'s
    /// decision or because of a constraint.
    private func transact(
        _ group: inout [any Job], in session: SQLiteSession, _ body: (inout [any Job]) -> [LogSync.Outcome]?
    ) -> Bool {
        let watch = WriteWatch(observer)
        do throws(DatabaseError) {
            try session.control("BEGIN IMMEDIATE")
        } catch {
            for job in group { job.complete(error) }
            return true
        }
        guard let outcomes = body(&group) else {
            rollBack(session)
            return false
        }
        guard let error = commit(outcomes, watch, in: session) else { return true }
        if case .constraint = error { return false }
        for job in group { job.complete(error) }
        return true
    }

    /// Nil when SQLite has given up the transaction.
    private func runSeparately(_ group: [any Job], in session: SQLiteSession) -> [LogSync.Outcome]? {
        var outcomes: [LogSync.Outcome] = []
        for job in group {
            do throws(DatabaseError) {
                try session.control("SAVEPOINT job")
                let error = run(job, in: session)
                if error != nil { try session.control("ROLLBACK TO SAVEPOINT job") }
                try session.control("RELEASE SAVEPOINT job")
                outcomes.append((job, error))
            } catch {
                return nil
            }
        }
        return outcomes
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

    /// Commits, and has the jobs completed once that is on disk; or returns why nothing was kept.
    private func commit(
        _ outcomes: [LogSync.Outcome], _ watch: WriteWatch, in session: SQLiteSession
    ) -> DatabaseError? {
        let committing = watch.committing(writes: outcomes.count)
        log.announce()
        do throws(DatabaseError) {
            try session.control("COMMIT")
            log.sync(LogSync.Commit(outcomes: outcomes, watch: committing))
            return nil
        } catch {
            rollBack(session)
            log.withdraw()
            committing.ended(succeeded: false)
            // After a failed write the commit record may or may not survive in the log.
            if case .unavailable(let message) = error { return .commitUnknown(message) }
            return error
        }
    }

    private func rollBack(_ session: SQLiteSession) {
        guard session.hasTransaction else { return }
        try? session.control("ROLLBACK")
    }
}
