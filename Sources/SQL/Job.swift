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

/// A closure with its continuation, its result type hidden.
protocol Job: AnyObject, Sendable {
    var access: Access { get }
    /// Runs the closure and keeps its value until `complete`; may be called again for a retry.
    func run(_ transaction: Transaction) throws
    /// Resumes the caller with the kept value, or with `error`.
    func complete(_ error: (any Error)?)
}

/// The job behind one call of `Database.write` or `read`.
final class TypedJob<Value: Sendable>: Job {
    let access: Access
    private let body: @Sendable (Transaction) throws -> Value
    private let continuation: CheckedContinuation<Value, any Error>
    private let value = Mutex<Value?>(nil)

    init(
        access: Access, body: @escaping @Sendable (Transaction) throws -> Value,
        continuation: CheckedContinuation<Value, any Error>
    ) {
        self.access = access
        self.body = body
        self.continuation = continuation
    }

    func run(_ transaction: Transaction) throws {
        let result = try body(transaction)
        value.withLock { $0 = result }
    }

    func complete(_ error: (any Error)?) {
        if let error { return continuation.resume(throwing: error) }
        guard let result = value.withLock({ $0 }) else {
            preconditionFailure("a job was completed without an error before it ran")
        }
        continuation.resume(returning: result)
    }
}

/// First in, first out for jobs; last in, first out for the threads that wait for them, so that a quiet system keeps
/// using the same warm connection.
final class JobQueue: Sendable {
    /// Where one thread waits.
    final class Seat: Sendable {
        fileprivate let wake = DispatchSemaphore(value: 0)
    }

    private struct State {
        var pending = Deque<any Job>()
        var idle: [Seat] = []
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
            return (true, state.idle.popLast())
        }
        seat?.wake.signal()
        if !accepted { job.complete(DatabaseError.unavailable("the database has been closed")) }
    }

    /// The next job, waiting for one; `nil` once the queue is closed and empty.
    func next(_ seat: Seat) -> (any Job)? {
        while true {
            let (job, mustWait) = state.withLock { state -> ((any Job)?, Bool) in
                if let job = state.pending.popFirst() { return (job, false) }
                if state.isClosed { return (nil, false) }
                state.idle.append(seat)
                return (nil, true)
            }
            guard mustWait else { return job }
            seat.wake.wait()
        }
    }

    /// The next job and those that wait behind it, at most `limit` in all; empty once the queue is closed and empty.
    func nextGroup(_ seat: Seat, limit: Int) -> [any Job] {
        guard let first = next(seat) else { return [] }
        return state.withLock { state in
            let more = min(limit - 1, state.pending.count)
            let group = [first] + state.pending.prefix(more)
            state.pending.removeFirst(more)
            return group
        }
    }

    func close() {
        let seats = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for seat in seats { seat.wake.signal() }
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
