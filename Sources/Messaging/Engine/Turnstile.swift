// SPDX-License-Identifier: Apache-2.0
// Keeps an order through work whose ends come in any order.

internal import Synchronization

/// Runs what comes under the numbers 0, 1, 2 … one after the other in that order, whichever comes first.
final class Turnstile: Sendable {
    private struct State {
        var next = 0
        var waiting: [Int: @Sendable () -> Void] = [:]
        var isPassing = false
    }

    private let state = Mutex(State())

    /// Runs `body` as soon as those of all smaller numbers have run: at once on this thread, or on the one of the number
    /// that is missing. Each number comes once.
    func pass(_ number: Int, _ body: @escaping @Sendable () -> Void) {
        state.withLock { $0.waiting[number] = body }
        while let body = take() {
            body()
            state.withLock { state in
                state.next += 1
                state.isPassing = false
            }
        }
    }

    /// The next one's, unless another thread is running one; that thread will look again.
    private func take() -> (@Sendable () -> Void)? {
        state.withLock { state in
            guard !state.isPassing, let body = state.waiting.removeValue(forKey: state.next) else { return nil }
            state.isPassing = true
            return body
        }
    }
}
