// SPDX-License-Identifier: Apache-2.0

// One connection's life, without I/O. From the moment an answer's head is there the exchange is answered, whatever
// becomes of the rest; every exchange ends exactly once.
//
//   opening ──opened──▶ idle ──start──▶ exchanging ──end of the answer──▶ idle
//      └──failed──▶ closed ◀── error, closed, deadline, too long, abandoned ──┘

import NIOCore
import NIOHTTP1

struct ConnectionState {
    /// What bounds the connection; times as amounts.
    struct Bounds: Sendable {
        /// How long an unused connection stays open.
        var keepAlive: TimeAmount
        /// Bytes of an answer's body that are read.
        var longestAnswer: Int
    }

    /// What is to be done after an event.
    enum Step {
        case nothing
        /// The exchange is over; with `keptUntil` the connection can serve another one, without it is closed.
        case complete(ExchangeOutcome, keptUntil: NIODeadline?)
        /// The connection never stood; it is closed.
        case failedToOpen(any Error)
        /// The connection is of no more use.
        case close
        /// The connection was unused for long enough: it is closed, unless an exchange is on its way to it.
        case retire
        /// Nothing is due before this instant.
        case look(at: NIODeadline)
    }

    private enum Phase {
        case opening(until: NIODeadline)
        case idle(until: NIODeadline)
        case exchanging(until: NIODeadline)
        case closed
    }

    static let prefixLength = 1024

    private let bounds: Bounds
    private var phase: Phase
    private var head: HTTPResponseHead?
    private var bodyPrefix: [UInt8] = []
    private var bodyLength = 0
    private var isComplete = false

    /// A connection that has this long to stand, the TLS handshake included.
    init(bounds: Bounds, openUntil: NIODeadline) {
        self.bounds = bounds
        phase = .opening(until: openUntil)
    }

    /// Whether an exchange can start.
    var isIdle: Bool { if case .idle = phase { true } else { false } }

    /// Whether an answer has come to its end, and the exchange has not.
    var isAnswerComplete: Bool { if case .exchanging = phase { isComplete } else { false } }

    /// When something is due; nil on a closed connection.
    var due: NIODeadline? {
        switch phase {
        case .opening(let until), .idle(let until), .exchanging(let until): until
        case .closed: nil
        }
    }

    /// The connection stands; returns until when it is kept unused, or nil when it was given up before.
    mutating func opened(now: NIODeadline) -> NIODeadline? {
        guard case .opening = phase else { return nil }
        phase = .idle(until: now + bounds.keepAlive)
        return now + bounds.keepAlive
    }

    /// A request is about to be written.
    mutating func start(deadline: NIODeadline) {
        phase = .exchanging(until: deadline)
        head = nil
        bodyPrefix = []
        bodyLength = 0
        isComplete = false
    }

    mutating func received(_ part: HTTPClientResponsePart) -> Step {
        guard case .exchanging = phase else { return .nothing }
        switch part {
        case .head(let head):
            self.head = head
            // Nobody asked for another protocol, so this answer has no end.
            return head.status == .switchingProtocols ? end(.closed) : .nothing
        case .body(let part):
            let room = Self.prefixLength - bodyPrefix.count
            if room > 0 { bodyPrefix += part.readableBytesView.prefix(room) }
            bodyLength += part.readableBytes
            return bodyLength > bounds.longestAnswer ? end(.closed) : .nothing
        case .end:
            isComplete = true
            return .nothing
        }
    }

    /// All that was read is decoded. Only now is a complete answer the end: what follows it in the same read belongs to
    /// no request, and the connection must not be used again (RFC 9112 §9.3).
    mutating func readComplete(now: NIODeadline, isWritten: Bool) -> Step {
        guard isAnswerComplete, let head else { return .nothing }
        return end(head.isKeepAlive && isWritten ? .idle(until: now + bounds.keepAlive) : .closed)
    }

    /// The connection broke or what came is not HTTP.
    mutating func failed(_ error: any Error) -> Step {
        switch phase {
        case .opening:
            phase = .closed
            return .failedToOpen(error)
        case .idle:
            phase = .closed
            return .close
        case .exchanging: return end(.closed, error)
        case .closed: return .nothing
        }
    }

    /// Time went by.
    mutating func timePassed(now: NIODeadline) -> Step {
        guard let due else { return .nothing }
        // Never a longer pause than that, so that a connection that becomes idle finds its timer early enough.
        if now < due { return .look(at: min(due, now + bounds.keepAlive)) }
        switch phase {
        case .idle: return .retire
        case .opening: return failed(ExchangeFailure.handshakeTimedOut)
        default: return failed(ExchangeFailure.timedOut)
        }
    }

    /// The pool let go of the connection.
    mutating func retired() { phase = .closed }

    private mutating func end(_ next: Phase, _ error: (any Error)? = nil) -> Step {
        phase = next
        let outcome: ExchangeOutcome =
            if let head { .answered(head, bodyPrefix: bodyPrefix) } else {
                .failed(error ?? ExchangeFailure.closedWithoutAnswer, requestSent: true)
            }
        head = nil
        if case .idle(let until) = next { return .complete(outcome, keptUntil: until) }
        return .complete(outcome, keptUntil: nil)
    }
}
