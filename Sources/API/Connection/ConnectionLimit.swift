// SPDX-License-Identifier: Apache-2.0
// Bounds how many connections are served at once. One too many is told so, with 503 and `Retry-After`, and closed; it
// never reaches a handler, and one that asks nothing within two seconds is closed without a word.

internal import Synchronization

/// Counts the connections of a listener.
final class ConnectionLimit: Sendable {
    let maximum: Int
    private let open = Atomic<Int>(0)
    private let refusals = Atomic<Int>(0)

    init(maximum: Int) { self.maximum = maximum }

    /// How many connections are served.
    var count: Int { open.load(ordering: .relaxed) }
    /// How many were refused so far.
    var refused: Int { refusals.load(ordering: .relaxed) }

    /// Takes a place; false when there is none.
    func enter() -> Bool {
        if open.wrappingAdd(1, ordering: .relaxed).newValue <= maximum { return true }
        leave()
        refusals.wrappingAdd(1, ordering: .relaxed)
        return false
    }

    func leave() { open.wrappingSubtract(1, ordering: .relaxed) }
}
