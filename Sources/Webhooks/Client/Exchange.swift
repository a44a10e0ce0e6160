// SPDX-License-Identifier: Apache-2.0

// One request on its way to one answer. Caller, pool, connection and timer share it, and whoever comes first ends it:
// the caller is resumed exactly once.
//
//   prepared ──begin──▶ waiting ──claim──▶ running ──finish──▶ over
//      └─cancel: begin ends it   └─cancel, deadline, no connection: over

import NIOCore
import NIOHTTP1
import Synchronization

/// How an exchange ended.
enum ExchangeOutcome: Sendable {
    /// The answer's head came, and as much of its body as fits.
    case answered(HTTPResponseHead, bodyPrefix: [UInt8])
    /// No head came; `requestSent` once the request was given to a connection that stood.
    case failed(any Error, requestSent: Bool)
}

/// Why there is no answer, where no layer below has an error for it.
enum ExchangeFailure: Error, Hashable {
    case timedOut, handshakeTimedOut, cancelled, closedWithoutAnswer
}

final class Exchange: Sendable {
    private typealias Caller = CheckedContinuation<ExchangeOutcome, Never>

    private enum Phase {
        case prepared(isCancelled: Bool)
        case waiting(Caller, limit: Scheduled<Void>?)
        case running(Caller, on: WebhookConnection)
        case over
    }

    let endpoint: Endpoint
    let method: HTTPMethod
    let bytes: ByteBuffer
    let deadline: NIODeadline
    private let pool: ConnectionPool
    private let phase = Mutex(Phase.prepared(isCancelled: false))

    init(endpoint: Endpoint, method: HTTPMethod, bytes: ByteBuffer, deadline: NIODeadline, pool: ConnectionPool) {
        self.endpoint = endpoint
        self.method = method
        self.bytes = bytes
        self.deadline = deadline
        self.pool = pool
    }

    /// Runs the exchange; a cancelled task ends it. Called once.
    func outcome() async -> ExchangeOutcome {
        await withTaskCancellationHandler {
            await withCheckedContinuation { caller in
                if begin(caller) { pool.run(self) }
            }
        } onCancel: {
            cancel()
        }
    }

    /// Takes the exchange for a connection; false when it is over, and the connection is free for another.
    func claim(_ connection: WebhookConnection) -> Bool {
        let (isClaimed, limit) = phase.withLock { phase -> (Bool, Scheduled<Void>?) in
            guard case .waiting(let caller, let limit) = phase else { return (false, nil) }
            phase = .running(caller, on: connection)
            return (true, limit)
        }
        limit?.cancel()
        return isClaimed
    }

    /// Ends the exchange; later calls are without effect.
    func finish(_ outcome: ExchangeOutcome) {
        let (caller, limit) = phase.withLock { phase -> (Caller?, Scheduled<Void>?) in
            switch phase {
            case .waiting(let caller, let limit):
                phase = .over
                return (caller, limit)
            case .running(let caller, _):
                phase = .over
                return (caller, nil)
            case .prepared, .over: return (nil, nil)
            }
        }
        limit?.cancel()
        caller?.resume(returning: outcome)
    }

    /// Sees to the deadline as long as no connection does.
    func limitWaiting(on eventLoop: any EventLoop) {
        let limit = eventLoop.scheduleTask(deadline: deadline) { self.stopWaiting(.timedOut) }
        let isWaiting = phase.withLock { phase in
            guard case .waiting(let caller, _) = phase else { return false }
            phase = .waiting(caller, limit: limit)
            return true
        }
        if !isWaiting { limit.cancel() }
    }

    private func begin(_ caller: Caller) -> Bool {
        let isCancelled = phase.withLock { phase in
            if case .prepared(true) = phase {
                phase = .over
                return true
            }
            phase = .waiting(caller, limit: nil)
            return false
        }
        if isCancelled { caller.resume(returning: .failed(ExchangeFailure.cancelled, requestSent: false)) }
        return !isCancelled
    }

    private func cancel() {
        let connection = phase.withLock { phase -> WebhookConnection? in
            if case .prepared = phase { phase = .prepared(isCancelled: true) }
            if case .running(_, let connection) = phase { return connection }
            return nil
        }
        if let connection { connection.abandon(self) } else { stopWaiting(.cancelled) }
    }

    private func stopWaiting(_ failure: ExchangeFailure) {
        let (caller, limit) = phase.withLock { phase -> (Caller?, Scheduled<Void>?) in
            guard case .waiting(let caller, let limit) = phase else { return (nil, nil) }
            phase = .over
            return (caller, limit)
        }
        guard let caller else { return }
        limit?.cancel()
        pool.withdraw(self)
        caller.resume(returning: .failed(failure, requestSent: false))
    }
}
