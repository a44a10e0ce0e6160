// SPDX-License-Identifier: Apache-2.0
// A value that tests wait on: every change looks at what is waited for, so no test sleeps. A wait that is never
// fulfilled ends with an error that says what was missing.

import Synchronization

/// What a test waited for did not come.
public struct NeverHappened: Error, CustomStringConvertible {
    public let description: String
}

/// A value behind a lock, with waiting until it fulfils a condition.
public final class Watched<Value: Sendable>: Sendable {
    private struct Waiter {
        let condition: @Sendable (Value) -> Bool
        let continuation: CheckedContinuation<Value?, Never>
    }

    private struct State {
        var value: Value
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state: Mutex<State>

    public init(_ value: Value) { state = Mutex(State(value: value)) }

    public var current: Value { state.withLock { $0.value } }

    /// Changes the value and wakes whoever waited for what it is now.
    @discardableResult
    public func update<Result: Sendable>(_ body: (inout Value) -> Result) -> Result {
        let (result, value, fulfilled) = state.withLock { state -> (Result, Value, [Waiter]) in
            let result = body(&state.value)
            let value = state.value
            let ids = state.waiters.filter { $0.value.condition(value) }.map(\.key)
            return (result, value, ids.compactMap { state.waiters.removeValue(forKey: $0) })
        }
        for waiter in fulfilled { waiter.continuation.resume(returning: value) }
        return result
    }

    /// Waits until the value fulfils the condition and returns it; throws when it does not within `timeout`.
    public func wait(
        for what: String, timeout: Duration = .seconds(60), until condition: @escaping @Sendable (Value) -> Bool
    ) async throws -> Value {
        let id = state.withLock { state in
            state.nextWaiter += 1
            return state.nextWaiter
        }
        let deadline = Task {
            try await Task.sleep(for: timeout)
            self.giveUp(id)
        }
        defer { deadline.cancel() }
        let value = await withCheckedContinuation { (continuation: CheckedContinuation<Value?, Never>) in
            let ready = state.withLock { state -> Value? in
                if condition(state.value) { return state.value }
                state.waiters[id] = Waiter(condition: condition, continuation: continuation)
                return nil
            }
            if let ready { continuation.resume(returning: ready) }
        }
        guard let value else { throw NeverHappened(description: "\(what) never happened; there is \(current)") }
        return value
    }

    private func giveUp(_ id: Int) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: id) }
        waiter?.continuation.resume(returning: nil)
    }
}

/// Looks again and again, a millisecond apart, until `probe` gives a value: for facts that only the database tells.
public func eventually<Value: Sendable>(
    _ what: String, timeout: Duration = .seconds(60), _ probe: () async throws -> Value?
) async throws -> Value {
    let deadline = ContinuousClock.now + timeout
    while ContinuousClock.now < deadline {
        if let value = try await probe() { return value }
        try await Task.sleep(for: .milliseconds(1))
    }
    throw NeverHappened(description: "\(what) never happened")
}
