// SPDX-License-Identifier: Apache-2.0

// Remembers for some seconds what a host name resolved to, and asks once however many deliveries wait for the answer.
// Every waiter gets exactly one answer: the addresses, the failure, or its own deadline.

import NIOCore
import Synchronization
internal import Wire

final class ResolutionCache: Sendable {
    enum LookupError: Error, Hashable {
        case failed(String)
        case timedOut
        case cancelled
    }

    private typealias Answer = Result<[IPAddress], LookupError>
    private typealias Waiter = CheckedContinuation<[IPAddress], any Error>

    private enum Entry {
        case known(Answer, until: NIODeadline)
        case asking(waiters: [UInt64: Waiter])
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var nextWaiter: UInt64 = 0
        /// Waiters whose continuation does not exist yet, with the error that overtook it, if any: the deadline and a
        /// cancellation may come first.
        var unregistered: [UInt64: LookupError?] = [:]
    }

    private let resolver: HostResolver
    private let lifetime: TimeAmount
    private let failureLifetime: TimeAmount
    private let capacity: Int
    private let eventLoopGroup: any EventLoopGroup
    private let state = Mutex(State())

    init(
        resolver: HostResolver, lifetime: TimeAmount, failureLifetime: TimeAmount = .seconds(1),
        capacity: Int = 10_000, eventLoopGroup: any EventLoopGroup
    ) {
        self.resolver = resolver
        self.lifetime = lifetime
        self.failureLifetime = failureLifetime
        self.capacity = capacity
        self.eventLoopGroup = eventLoopGroup
    }

    /// The addresses of a host, from memory or from the resolver; throws `LookupError`.
    func addresses(of host: String, deadline: NIODeadline) async throws -> [IPAddress] {
        let known: Answer? = state.withLock { state in
            guard case .known(let answer, let until)? = state.entries[host], NIODeadline.now() < until else {
                return nil
            }
            return answer
        }
        if let known { return try known.get() }
        return try await wait(for: host, deadline: deadline)
    }

    private func wait(for host: String, deadline: NIODeadline) async throws -> [IPAddress] {
        let id = state.withLock { state in
            state.nextWaiter += 1
            state.unregistered.updateValue(nil, forKey: state.nextWaiter)
            return state.nextWaiter
        }
        let timer = eventLoopGroup.any().scheduleTask(deadline: deadline) {
            self.give(up: id, on: host, .timedOut)
        }
        defer { timer.cancel() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { register($0, id, for: host) }
        } onCancel: {
            give(up: id, on: host, .cancelled)
        }
    }

    private func register(_ waiter: Waiter, _ id: UInt64, for host: String) {
        enum Step { case wait, ask, answer(Answer) }
        let step: Step = state.withLock { state in
            if let error = state.unregistered.removeValue(forKey: id) ?? nil { return .answer(.failure(error)) }
            switch state.entries[host] {
            case .asking(var waiters)?:
                waiters[id] = waiter
                state.entries[host] = .asking(waiters: waiters)
                return .wait
            case .known(let answer, let until)? where NIODeadline.now() < until:
                return .answer(answer)
            default:
                makeRoom(&state)
                state.entries[host] = .asking(waiters: [id: waiter])
                return .ask
            }
        }
        switch step {
        case .wait: break
        case .answer(let answer): waiter.resume(with: answer.mapError { $0 })
        case .ask: Task { await ask(host) }
        }
    }

    private func ask(_ host: String) async {
        let answer: Answer
        do {
            answer = .success(try await resolver.resolve(host))
        } catch let failure as HostResolver.Failure {
            answer = .failure(.failed(failure.reason))
        } catch {
            answer = .failure(.failed("the resolver is not available"))
        }
        let waiters = state.withLock { state -> [UInt64: Waiter] in
            guard case .asking(let waiters)? = state.entries[host] else { return [:] }
            let lifetime = if case .success = answer { self.lifetime } else { failureLifetime }
            state.entries[host] = .known(answer, until: .now() + lifetime)
            return waiters
        }
        for waiter in waiters.values { waiter.resume(with: answer.mapError { $0 }) }
    }

    /// Answers one waiter ahead of the resolver.
    private func give(up id: UInt64, on host: String, _ error: LookupError) {
        let waiter = state.withLock { state -> Waiter? in
            guard case .asking(var waiters)? = state.entries[host], let waiter = waiters.removeValue(forKey: id) else {
                if state.unregistered.keys.contains(id) { state.unregistered.updateValue(error, forKey: id) }
                return nil
            }
            state.entries[host] = .asking(waiters: waiters)
            return waiter
        }
        waiter?.resume(throwing: error)
    }

    /// Forgets answers that are too old, or all of them when that is not enough; questions under way stay.
    private func makeRoom(_ state: inout State) {
        guard state.entries.count >= capacity else { return }
        let now = NIODeadline.now()
        func isKnown(_ entry: Entry, before limit: NIODeadline) -> Bool {
            if case .known(_, let until) = entry { until <= limit } else { false }
        }
        state.entries = state.entries.filter { !isKnown($0.value, before: now) }
        if state.entries.count >= capacity {
            state.entries = state.entries.filter { !isKnown($0.value, before: .distantFuture) }
        }
    }
}
