// SPDX-License-Identifier: Apache-2.0
// Look-ups that this node holds and has yet to carry out: a bounded queue in memory, and those whose end could not be
// stored and is tried again.

internal import Messaging
internal import Synchronization

/// A look-up and the lease under which it is held.
struct HeldLookup: Sendable {
    let lookup: NumberLookup
    let lease: Lease
}

final class LookupQueue: Sendable {
    private struct State {
        var waiting: [HeldLookup] = []
        /// Set aside for look-ups that are being stored.
        var reserved = 0
        var running = 0
        var failed: [HeldLookup] = []
        var isClosed = false
    }

    private let capacity: Int
    private let state = Mutex(State())
    /// One element, at least, after every change that may let work begin.
    let wakes: AsyncStream<Void>
    private let waker: AsyncStream<Void>.Continuation

    init(capacity: Int) {
        self.capacity = capacity
        (wakes, waker) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    }

    /// Sets room aside for one look-up.
    func reserve() -> Bool { reserve(upTo: 1) == 1 }

    func reserve(upTo count: Int) -> Int {
        state.withLock { state in
            let room = max(0, min(count, capacity - state.waiting.count - state.reserved))
            guard !state.isClosed, room > 0 else { return 0 }
            state.reserved += room
            return room
        }
    }

    /// Uses the room of one, or gives it back.
    func fill(_ lookup: HeldLookup?) { fill(lookup.map { [$0] } ?? [], reserved: 1) }

    func fill(_ lookups: [HeldLookup], reserved: Int) {
        state.withLock { state in
            state.reserved -= reserved
            state.waiting += lookups
        }
        if !lookups.isEmpty { wake() }
    }

    /// Keeps a look-up whose end was not stored for the next look at the clock.
    func retry(_ lookup: HeldLookup) { state.withLock { $0.failed.append(lookup) } }

    /// Those that are to be tried again.
    func takeFailed() -> [HeldLookup] {
        state.withLock { state in
            defer { state.failed = [] }
            return state.failed
        }
    }

    /// Takes what may run beside what runs.
    func take(concurrency: Int) -> [HeldLookup] {
        state.withLock { state in
            guard !state.isClosed else { return [] }
            let taken = Array(state.waiting.prefix(max(0, concurrency - state.running)))
            state.waiting.removeFirst(taken.count)
            state.running += taken.count
            return taken
        }
    }

    /// One of those that were taken is done with.
    func finished() {
        state.withLock { $0.running -= 1 }
        wake()
    }

    func wake() { waker.yield() }

    var isClosed: Bool { state.withLock { $0.isClosed } }

    /// Nothing more is taken in or out: what waits is found by the next run.
    func close() {
        state.withLock { $0.isClosed = true }
        waker.finish()
    }
}
