// SPDX-License-Identifier: Apache-2.0
// Hands messages to the acceptor in groups: those whose requests an event loop reads in one go. One by one, the first of
// them would be a transaction of its own, and its commit would cost as much as that of all.

internal import Messaging
internal import NIOCore
internal import Synchronization

/// The messages of one event loop.
final class AcceptCollector {
    /// What is done on the event loop when a message is accepted or not.
    typealias Answer = @Sendable (AcceptResult) -> Void

    /// Small enough for the database and the other event loops to have something to do while a loop works on what a
    /// hundred clients have sent it in one go.
    private static let groupLimit = 16

    private let acceptor: Acceptor
    private let eventLoop: any EventLoop
    private var waiting: [(message: Message, answer: Answer)] = []

    init(_ acceptor: Acceptor, _ eventLoop: any EventLoop) {
        self.acceptor = acceptor
        self.eventLoop = eventLoop
    }

    func add(_ message: Message, answer: @escaping Answer) {
        waiting.append((message, answer))
        if waiting.count == Self.groupLimit {
            handOver()
        } else if waiting.count == 1 {
            // The event loop's tasks have their turn when it has read from all connections that had something.
            eventLoop.assumeIsolated().execute { [self] in handOver() }
        }
    }

    private func handOver() {
        if waiting.isEmpty { return }
        let group = AcceptGroup(waiting.map(\.answer), eventLoop)
        acceptor.accept(
            waiting.enumerated().map { index, submission in
                Acceptor.Submission(submission.message) { group.note($0, at: index) }
            })
        waiting.removeAll(keepingCapacity: true)
    }
}

/// Messages that were handed over together. They are answered together, too: an event loop that was woken for the first answer
/// would find the first of the next requests before it has the second.
private final class AcceptGroup: Sendable {
    private struct State {
        var results: [AcceptResult]
        var missing: Int
    }

    private let answers: [AcceptCollector.Answer]
    private let eventLoop: any EventLoop
    private let state: Mutex<State>

    init(_ answers: [AcceptCollector.Answer], _ eventLoop: any EventLoop) {
        self.answers = answers
        self.eventLoop = eventLoop
        state = Mutex(State(results: Array(repeating: .unavailable, count: answers.count), missing: answers.count))
    }

    func note(_ result: AcceptResult, at index: Int) {
        let results = state.withLock { state -> [AcceptResult]? in
            state.results[index] = result
            state.missing -= 1
            return state.missing == 0 ? state.results : nil
        }
        guard let results else { return }
        eventLoop.execute { [answers] in
            for (answer, result) in zip(answers, results) { answer(result) }
        }
    }
}

/// One for each event loop.
final class AcceptCollectors: Sendable {
    private let acceptor: Acceptor
    private let collectors = Mutex<[ObjectIdentifier: NIOLoopBound<AcceptCollector>]>([:])

    init(_ acceptor: Acceptor) { self.acceptor = acceptor }

    /// That of the event loop on which this is called.
    func collector(of eventLoop: any EventLoop) -> AcceptCollector {
        collectors.withLock { collectors in
            if let known = collectors[ObjectIdentifier(eventLoop)] { return known }
            let collector = NIOLoopBound(AcceptCollector(acceptor, eventLoop), eventLoop: eventLoop)
            collectors[ObjectIdentifier(eventLoop)] = collector
            return collector
        }.value
    }
}
