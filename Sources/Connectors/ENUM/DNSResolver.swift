// SPDX-License-Identifier: Apache-2.0
// Asks DNS servers through c-ares. One thread of its own runs all look-ups at once; it sleeps in poll() until a server
// answers, a time limit ends or somebody asks. c-ares is touched by that thread alone.

internal import Synchronization
internal import Wire

import class Foundation.Thread

/// What came of a question.
enum DNSAnswer: Sendable, Equatable {
    /// A message with answers.
    case message([UInt8])
    /// There is no such name, or it has no records of the type.
    case nothing
    case failed(String)
}

/// A question, and who waits for its answer.
final class DNSInquiry: Sendable {
    let domain: DNSName
    /// After this it is not put to a server any more.
    let deadline: ContinuousClock.Instant
    private let continuation: CheckedContinuation<DNSAnswer, Never>

    init(
        _ domain: DNSName, deadline: ContinuousClock.Instant, _ continuation: CheckedContinuation<DNSAnswer, Never>
    ) {
        self.domain = domain
        self.deadline = deadline
        self.continuation = continuation
    }

    /// Called once.
    func answer(_ answer: DNSAnswer) { continuation.resume(returning: answer) }
}

/// A resolver with servers of its own. `start` and `stop` are called once each.
final class DNSResolver: Sendable {
    struct Configuration: Sendable, Equatable {
        /// "192.0.2.1:53" or "[2001:db8::1]:53"; empty for those of the system.
        var servers: [String] = []
        /// For the first answer of a server; each further round over the servers doubles it.
        var timeout: Milliseconds = 1000
        /// Rounds over the servers.
        var tries = 2
    }

    /// Questions under way and waiting; those above that fail.
    static let mostInquiries = 4096

    private struct State {
        var wakeUp: WakeUp?
        var isStopping = false
        var waiting: [DNSInquiry] = []
        var unanswered = 0
        var stopWaiters: [CheckedContinuation<Void, Never>] = []
    }

    let configuration: Configuration
    private let state = Mutex(State())

    init(_ configuration: Configuration) {
        self.configuration = configuration
    }

    /// Starts the thread; false when the machine has no room for one more.
    func start() -> Bool {
        guard let wakeUp = WakeUp() else { return false }
        state.withLock { $0.wakeUp = wakeUp }
        let thread = Thread { [self] in
            DNSLoop(self, wakeUp: wakeUp).run()
            let waiters = state.withLock { state in
                state.wakeUp = nil
                defer { state.stopWaiters = [] }
                return state.stopWaiters
            }
            for waiter in waiters { waiter.resume() }
        }
        thread.name = "parley-dns"
        thread.start()
        return true
    }

    /// Fails every question under way and ends the thread.
    func stop() async {
        await withCheckedContinuation { continuation in
            let isEnded = state.withLock { state in
                state.isStopping = true
                guard let wakeUp = state.wakeUp else { return true }
                state.stopWaiters.append(continuation)
                wakeUp.signal()
                return false
            }
            if isEnded { continuation.resume() }
        }
    }

    /// Asks for the NAPTR records of a name; fails when no server is free for it before the deadline.
    func ask(_ domain: DNSName, deadline: ContinuousClock.Instant) async -> DNSAnswer {
        await withCheckedContinuation { continuation in
            let inquiry = DNSInquiry(domain, deadline: deadline, continuation)
            let refusal: String? = state.withLock { state in
                guard let wakeUp = state.wakeUp, !state.isStopping else { return "the resolver is stopped" }
                guard state.unanswered < Self.mostInquiries else { return "too many look-ups at once" }
                state.unanswered += 1
                state.waiting.append(inquiry)
                if state.waiting.count == 1 { wakeUp.signal() }
                return nil
            }
            if let refusal { inquiry.answer(.failed(refusal)) }
        }
    }

    /// For the thread: the questions that came since it last asked; nil when it shall end.
    func take() -> [DNSInquiry]? {
        state.withLock { state in
            guard !state.isStopping else { return nil }
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// For the thread: the questions that it never took.
    func leftovers() -> [DNSInquiry] {
        state.withLock { state in
            defer { state.waiting = [] }
            return state.waiting
        }
    }

    /// For the thread: one question less.
    func settle(_ inquiry: DNSInquiry, _ answer: DNSAnswer) {
        state.withLock { $0.unanswered -= 1 }
        inquiry.answer(answer)
    }
}
