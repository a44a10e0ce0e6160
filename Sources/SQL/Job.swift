// SPDX-License-Identifier: Apache-2.0
// A closure on its way to a database thread, and the queue it waits in.
// Invariant: every job that enters a queue is completed exactly once, with its value or with an error.

import DequeModule
import Dispatch
import Foundation
import Synchronization

/// Whether a job may write.
enum Access: Sendable { case read, write }

/// One engine: threads that run jobs in transactions.
protocol StorageEngine: Sendable {
    var dialect: Dialect { get }
    func submit(_ job: any Job)
    /// How many jobs wait for a thread.
    var waiting: Int { get }
    /// Takes no more jobs; those that wait are still run. Returns at once.
    func shutDown()
    /// Returns when the last thread has closed its connection.
    func waitUntilClosed() async
}

/// A closure with whom to tell of its end, its result type hidden.
protocol Job: AnyObject, Sendable {
    var access: Access { get }
    /// Whether nobody waits for it with impatience: it may wait for others to share its commit.
    var isPatient: Bool { get }
    /// Runs the closure and keeps its value until `complete`; may be called again for a retry.
    func run(_ transaction: Transaction) throws
    /// Tells the caller the kept value, or `error`.
    func complete(_ error: (any Error)?)
}

/// The job behind one call of `Database.write` or `read`.
final class TypedJob<Value: Sendable>: Job {
    let access: Access
    let isPatient: Bool
    private let body: @Sendable (Transaction) throws -> Value
    private let completion: @Sendable (Result<Value, any Error>) -> Void
    private let value = Mutex<Value?>(nil)

    init(
        access: Access, isPatient: Bool, body: @escaping @Sendable (Transaction) throws -> Value,
        completion: @escaping @Sendable (Result<Value, any Error>) -> Void
    ) {
        self.access = access
        self.isPatient = isPatient
        self.body = body
        self.completion = completion
    }

    func run(_ transaction: Transaction) throws {
        let result = try body(transaction)
        value.withLock { $0 = result }
    }

    func complete(_ error: (any Error)?) {
        if let error { return completion(.failure(error)) }
        guard let result = value.withLock({ $0 }) else {
            preconditionFailure("a job was completed without an error before it ran")
        }
        completion(.success(result))
    }
}

/// First in, first out for jobs; last in, first out for the threads that wait for them, so that a quiet system keeps
/// using the same warm connection.
final class JobQueue: Sendable {
    /// Where one thread waits.
    final class Seat: Sendable {
        fileprivate let wake = DispatchSemaphore(value: 0)
    }

    /// How long somebody waits for a job.
    enum Patience {
        case none, endless
        case until(DispatchTime)
    }

    private struct State {
        var pending = Deque<any Job>()
        /// Those that wait for a job; `isBound` when only as long as their patience lasts.
        var idle: [(seat: Seat, isBound: Bool)] = []
        var isClosed = false
    }

    private let state = Mutex(State())

    /// How many jobs wait.
    var count: Int { state.withLock { $0.pending.count } }

    /// Queues a job, or completes it with `.unavailable` when the queue has been closed.
    func submit(_ job: any Job) {
        let (accepted, seat) = state.withLock { state -> (Bool, Seat?) in
            guard !state.isClosed else { return (false, nil) }
            state.pending.append(job)
            return (true, state.idle.popLast()?.seat)
        }
        seat?.wake.signal()
        if !accepted { job.complete(DatabaseError.unavailable("the database has been closed")) }
    }

    /// The next job, waiting for one; `nil` once the queue is closed and empty.
    func next(_ seat: Seat) -> (any Job)? { nextGroup(seat, limit: 1).first }

    /// The next job and those that wait behind it, at most `limit` in all; empty once the queue is closed and empty, or
    /// where there is none and nothing to wait for any more, as `patience` says whenever it is asked. Who makes it say
    /// something else calls `patienceChanged`.
    func nextGroup(_ seat: Seat, limit: Int, patience: (() -> Patience)? = nil) -> [any Job] {
        while true {
            let (group, wait) = state.withLock { state -> ([any Job], Patience) in
                if !state.pending.isEmpty {
                    let count = min(limit, state.pending.count)
                    defer { state.pending.removeFirst(count) }
                    return (Array(state.pending.prefix(count)), .none)
                }
                let wait = state.isClosed ? .none : patience?() ?? .endless
                if case .none = wait { return ([], wait) }
                state.idle.append((seat, patience != nil))
                return ([], wait)
            }
            switch wait {
            case .none: return group
            case .endless: seat.wake.wait()
            case .until(let instant):
                if seat.wake.wait(timeout: instant) == .timedOut, !leave(seat) { seat.wake.wait() }
            }
        }
    }

    /// Waits no longer; false when somebody is about to wake the seat all the same.
    private func leave(_ seat: Seat) -> Bool {
        state.withLock { state in
            guard let index = state.idle.firstIndex(where: { $0.seat === seat }) else { return false }
            state.idle.remove(at: index)
            return true
        }
    }

    /// Asks those again that wait with `patience`.
    func patienceChanged() {
        let seats = state.withLock { state in
            let bound = state.idle.filter(\.isBound)
            if !bound.isEmpty { state.idle.removeAll(where: \.isBound) }
            return bound
        }
        for (seat, _) in seats { seat.wake.signal() }
    }

    func close() {
        let seats = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for (seat, _) in seats { seat.wake.signal() }
    }
}

/// Counts database threads and tells when the last one has ended.
final class ThreadGroup: Sendable {
    private struct State {
        var running = 0
        var waiters: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    /// Runs `body` on a thread of its own.
    func start(_ name: String, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.running += 1 }
        let thread = Thread {
            body()
            self.ended()
        }
        thread.name = name
        thread.start()
    }

    func waitUntilEnded() async {
        await withCheckedContinuation { continuation in
            let isDone = state.withLock { state in
                if state.running > 0 { state.waiters.append(continuation) }
                return state.running == 0
            }
            if isDone { continuation.resume() }
        }
    }

    private func ended() {
        let waiters = state.withLock { state -> [CheckedContinuation<Void, Never>] in
            state.running -= 1
            guard state.running == 0 else { return [] }
            defer { state.waiters = [] }
            return state.waiters
        }
        for waiter in waiters { waiter.resume() }
    }
}
