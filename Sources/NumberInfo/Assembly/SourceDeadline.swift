// SPDX-License-Identifier: Apache-2.0
// Bounds how long a source may take, also one that does not end when it is cancelled: whoever comes first, the source or
// the clock, has the word, and nobody waits for the other.

internal import PhoneNumbers
internal import Synchronization
internal import Wire

enum SourceDeadline {
    /// Resumes a continuation with the first outcome that it is given.
    private final class First: Sendable {
        private let continuation: Mutex<CheckedContinuation<SourceOutcome, Never>?>

        init(_ continuation: CheckedContinuation<SourceOutcome, Never>) { self.continuation = Mutex(continuation) }

        func resume(_ outcome: SourceOutcome) {
            let waiting = continuation.withLock { continuation in
                defer { continuation = nil }
                return continuation
            }
            waiting?.resume(returning: outcome)
        }
    }

    static func ask(
        _ source: any NumberSource, _ number: PhoneNumber, _ question: NumberQuestion, within limit: Milliseconds
    ) async -> SourceOutcome {
        if source is any LocalNumberSource { return await source.look(up: number, for: question) }
        return await withCheckedContinuation { continuation in
            let first = First(continuation)
            let work = Task { first.resume(await source.look(up: number, for: question)) }
            let clock = Task {
                guard (try? await Task.sleep(for: .milliseconds(limit))) != nil else { return }
                first.resume(.failed(reason: "no answer within \(limit) ms"))
                work.cancel()
            }
            Task {
                await work.value
                clock.cancel()
            }
        }
    }
}
