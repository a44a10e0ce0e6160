// SPDX-License-Identifier: Apache-2.0
// Hands work from many tasks to one consumer in batches: while the consumer commits one batch, the next one collects.
// Crossing a task costs microseconds, so it is paid once per batch. Order is kept; nothing is dropped silently.

internal import Synchronization

/// A queue with many producers and one consumer that takes everything that is there.
public final class BatchQueue<Element: Sendable>: Sendable {
    private struct State {
        var waiting: [Element] = []
        var consumer: CheckedContinuation<Void, Never>?
        var isClosed = false
    }

    private let state = Mutex(State())
    private let capacity: Int

    /// `capacity` bounds what waits; a push beyond it is refused.
    public init(capacity: Int = .max) { self.capacity = capacity }

    /// Appends the elements, all or none; false when there is no room or the queue is closed.
    public func push(_ elements: [Element]) -> Bool {
        push(elements.count) { $0.append(contentsOf: elements) }
    }

    /// The same for one element.
    public func push(_ element: Element) -> Bool {
        push(1) { $0.append(element) }
    }

    private func push(_ count: Int, _ append: (inout [Element]) -> Void) -> Bool {
        let (accepted, consumer) = state.withLock { state -> (Bool, CheckedContinuation<Void, Never>?) in
            guard !state.isClosed, count <= capacity - state.waiting.count else { return (false, nil) }
            append(&state.waiting)
            return (true, state.consumer.take())
        }
        consumer?.resume()
        return accepted
    }

    /// Waits for elements and takes up to `limit`; empty once the queue is closed and used up.
    public func next(limit: Int) async -> [Element] {
        while true {
            let batch = state.withLock { state -> [Element]? in
                if state.waiting.isEmpty { return state.isClosed ? [] : nil }
                return state.waiting.takeFirst(limit)
            }
            if let batch { return batch }
            await withCheckedContinuation { continuation in
                let isReady = state.withLock { state in
                    if state.waiting.isEmpty && !state.isClosed {
                        state.consumer = continuation
                        return false
                    }
                    return true
                }
                if isReady { continuation.resume() }
            }
        }
    }

    /// Refuses further elements; the consumer still gets what waits.
    public func close() {
        let consumer = state.withLock { state in
            state.isClosed = true
            return state.consumer.take()
        }
        consumer?.resume()
    }
}

extension Array {
    /// Removes the first `limit` elements, or all that there are, and returns them.
    mutating func takeFirst(_ limit: Int) -> Self {
        if count <= limit {
            var taken = Self()
            taken.reserveCapacity(count)
            swap(&taken, &self)
            return taken
        }
        defer { removeFirst(limit) }
        return Self(prefix(limit))
    }
}

/// Wakes one waiting task; a wake-up while nobody waits is kept, and several are one.
public final class Signal: Sendable {
    private struct State {
        var isRaised = false
        var waiter: CheckedContinuation<Void, Never>?
    }

    private let state = Mutex(State())

    public init() {}

    public func raise() {
        let waiter = state.withLock { state in
            guard let waiter = state.waiter.take() else {
                state.isRaised = true
                return nil as CheckedContinuation<Void, Never>?
            }
            return waiter
        }
        waiter?.resume()
    }

    /// Returns when the signal is raised, at once if it already was.
    public func wait() async {
        await withCheckedContinuation { continuation in
            let isRaised = state.withLock { state in
                if state.isRaised {
                    state.isRaised = false
                    return true
                }
                state.waiter = continuation
                return false
            }
            if isRaised { continuation.resume() }
        }
    }
}
