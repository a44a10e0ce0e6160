// SPDX-License-Identifier: Apache-2.0
// PostgreSQL: a pool of threads, each with its own blocking connection, that run one transaction at a time.
//
// What happens to a job:
//   connect if needed ─ BEGIN ─ closure ─ COMMIT ─ resume the caller
//     BEGIN on a connection that has died meanwhile  → once more on a fresh one; nothing has run yet
//     connection lost inside the closure             → .unavailable; the server rolls back
//     deadlock or serialisation failure              → rolled back and run again, jittered, at most 10 times
//     connection lost during COMMIT                  → .commitUnknown

import Dispatch
import Foundation
import Logging
import Synchronization

/// The client-server engine.
final class PostgresEngine: StorageEngine {
    private let jobs = JobQueue()
    private let threads = ThreadGroup()
    private let url: String
    private let gate = ReconnectGate()
    private let observer: WriteObserver?
    private let logger: Logger

    var dialect: Dialect { .postgres }
    var waiting: Int { jobs.count }

    private init(url: String, observer: WriteObserver?, logger: Logger) {
        self.url = url
        self.observer = observer
        self.logger = logger
    }

    static func open(
        url: String, connections: Int, observer: WriteObserver? = nil, logger: Logger
    ) async throws -> PostgresEngine {
        guard !url.isEmpty, !url.utf8.contains(0) else {
            throw DatabaseError.invalid("an empty PostgreSQL connection string")
        }
        let engine = PostgresEngine(url: url, observer: observer, logger: logger)
        // The first connection shows that the server can be reached; the others are made when they are needed.
        try await withCheckedThrowingContinuation { (opened: CheckedContinuation<Void, any Error>) in
            engine.threads.start("sql-1") {
                do throws(DatabaseError) {
                    let session = PostgresSession(try PostgresConnection(url: url))
                    opened.resume()
                    engine.loop(session)
                } catch {
                    opened.resume(throwing: error)
                }
            }
        }
        for number in 1..<max(1, connections) {
            engine.threads.start("sql-\(number + 1)") { engine.loop(nil) }
        }
        return engine
    }

    func submit(_ job: any Job) { jobs.submit(job) }

    func shutDown() { jobs.close() }

    func waitUntilClosed() async { await threads.waitUntilEnded() }

    private func loop(_ session: PostgresSession?) {
        let seat = JobQueue.Seat()
        var worker = PostgresWorker(url: url, gate: gate, observer: observer, logger: logger, session: session)
        while let job = jobs.next(seat) {
            job.complete(worker.run(job))
        }
    }
}

/// One thread's view: its connection, and how a job is carried through on it.
private struct PostgresWorker {
    private static let retryLimit = 10

    let url: String
    let gate: ReconnectGate
    let observer: WriteObserver?
    let logger: Logger
    var session: PostgresSession?

    /// Runs the job to its end. Returns its error.
    mutating func run(_ job: any Job) -> (any Error)? {
        var retries = 0
        while true {
            let error = runOnce(job)
            guard case .serialization(let message)? = error as? DatabaseError, retries < Self.retryLimit else {
                return error
            }
            retries += 1
            logger.debug("a transaction is run again", metadata: ["retry": "\(retries)", "reason": "\(message)"])
            // Up to 2, 4, 8 … 256 ms; the jitter is what lets one of two rivals win.
            Thread.sleep(forTimeInterval: .random(in: 0...1) * 0.001 * Double(1 << min(retries, 8)))
        }
    }

    private mutating func runOnce(_ job: any Job) -> (any Error)? {
        do throws(DatabaseError) {
            let session = try begin(job.access)
            defer { if !session.connection.isIdle { self.session = nil } }
            let watch = WriteWatch(job.access == .write ? observer : nil)
            if let error = body(of: job, in: session) {
                _ = try? session.connection.command("ROLLBACK", access: job.access)
                return error
            }
            return watch.commit { commit(session, job.access) }
        } catch {
            return error
        }
    }

    private mutating func begin(_ access: Access) throws(DatabaseError) -> PostgresSession {
        if let session {
            do throws(DatabaseError) {
                try session.begin(access)
                return session
            } catch {
                self.session = nil
                // A server that is shut down says so on idle connections: the first answer is that farewell, and the
                // connection looks alive until the end of the stream is read.
                var isLost = !session.connection.isAlive
                if case .unavailable = error { isLost = true }
                guard isLost else { throw error }
                logger.info("a PostgreSQL connection was lost", metadata: ["reason": "\(error)"])
            }
        }
        let fresh = PostgresSession(try gate.connect(url))
        try fresh.begin(access)
        session = fresh
        return fresh
    }

    private func body(of job: any Job, in session: PostgresSession) -> (any Error)? {
        let transaction = Transaction(dialect: .postgres, session: session)
        defer { transaction.close() }
        do {
            try job.run(transaction)
            return transaction.failure
        } catch {
            // The closure may have dressed it up, but a lost race is still a reason to run again.
            if case .serialization? = transaction.failure { return transaction.failure }
            return error
        }
    }

    private func commit(_ session: PostgresSession, _ access: Access) -> DatabaseError? {
        do throws(DatabaseError) {
            let tag = try session.connection.command("COMMIT", access: access)
            // The server answers a COMMIT of a failed transaction with ROLLBACK.
            return tag == "COMMIT" ? nil : .invalid("COMMIT ended in \(tag)")
        } catch {
            // Nothing can have been lost by a read.
            if access == .read { return nil }
            // A backend that is told to quit may have written the commit before it said so.
            if case .unavailable(let reason) = error { return .commitUnknown(reason) }
            return session.connection.isAlive ? error : .commitUnknown("\(error)")
        }
    }
}

/// Lets the threads of a pool connect, and holds them back for a growing while after a failure.
final class ReconnectGate: Sendable {
    private let backoff = Mutex(ReconnectBackoff())

    func connect(_ url: String) throws(DatabaseError) -> PostgresConnection {
        if let reason = backoff.withLock({ $0.refusal(at: .now) }) { throw .unavailable(reason) }
        do throws(DatabaseError) {
            let connection = try PostgresConnection(url: url)
            backoff.withLock { $0.succeeded() }
            return connection
        } catch {
            backoff.withLock { $0.failed("\(error)", at: .now, jitter: .random(in: 0.5...1)) }
            throw error
        }
    }
}

/// When the next attempt to connect is due: 0.1 s after the first failure, doubling up to 5 s, shortened by jitter.
struct ReconnectBackoff {
    private var failures = 0
    private var notBefore: ContinuousClock.Instant?
    private var reason = ""

    /// Why no attempt is due yet, or `nil` when one is.
    func refusal(at now: ContinuousClock.Instant) -> String? {
        guard let notBefore, now < notBefore else { return nil }
        return reason
    }

    mutating func failed(_ reason: String, at now: ContinuousClock.Instant, jitter: Double) {
        failures += 1
        self.reason = reason
        notBefore = now.advanced(by: min(.seconds(5), .milliseconds(100) * (1 << min(failures - 1, 6))) * jitter)
    }

    mutating func succeeded() { self = ReconnectBackoff() }
}
