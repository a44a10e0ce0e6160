// SPDX-License-Identifier: Apache-2.0
// One SMPP session as a pure state machine for both roles (SMPP 3.4 §2.2). Every event is a method, takes the time where
// it needs it and returns what to do, in order; nothing here touches a socket or a clock.
//
//            connected                bind ok                 unbind()            nothing unanswered
//     ──────────────────▶ open ──────────────────▶ bound(mode) ───────▶ draining ───────────────────▶ unbinding
//                          │ ▲                        │    ▲                                              │
//                  outbind │ │                        │    │ enquire_link, requests,                      │ unbind_resp
//                          ▼ │ bind                   │    └ responses: stay bound                        │ or time-out
//                       outbound                      │ unbind from the peer                              ▼
//                                                     └──────▶ leaving ── all inbound answered ─────▶  closed
//
//     Any phase goes to closed on a lost connection, broken framing, an unanswered enquire_link, inactivity, a refused
//     bind, or when the bind does not come in time.
//
// The standard leaves open, and here it is so: a request past its response time-out is `uncertain` and the session stays
// up, since only enquire_link judges the link; anything received after an enquire_link was sent counts as life; a request
// whose sequence number is still unanswered is refused with ESME_RSYSERR; an unbind from the peer is answered after
// everything it asked for before.

internal import NIOCore

/// Identifies one inbound request that waits for its response; sequence numbers alone may repeat.
struct InboundToken: Hashable, Sendable {
    var sequence: UInt32
    var serial: UInt64
}

/// `Context` is what the caller wants back with the outcome of a request.
struct SMPPSession<Context>: ~Copyable {
    enum Role: Sendable {
        case esme, smsc
    }

    struct Limits: Sendable {
        var window = 10
        var inboundWindow = 1000
        var responseTimeout: TimeAmount = .seconds(10)
        var enquireLinkInterval: TimeAmount = .seconds(30)
        var inactivityTimeout: TimeAmount?
        var bindTimeout: TimeAmount = .seconds(10)
    }

    enum Phase: Equatable {
        case open, outbound
        /// A bind was sent (ESME) or waits for a decision (SMSC).
        case binding(BindMode)
        case bound(BindMode)
        case draining(BindMode)
        case unbinding(BindMode)
        case leaving(BindMode)
        case closed
    }

    enum Action {
        case write(PDU)
        case bindRequested(Bind)
        case outbindReceived(Outbind)
        case bound(BindMode, BindResponse)
        /// A request to act on. The token is nil for alert_notification, which has no response.
        case received(PDU, InboundToken?)
        case completed(Context, RequestOutcome)
        /// A response that belongs to nothing, or a request that has no response and no meaning now.
        case unexpected(CommandID, sequence: UInt32)
        /// The last action of a session: write out what is pending, then close.
        case close(SessionEnd, unanswered: [UInt32])
    }

    struct Waiting {
        enum Purpose {
            case request(Context), bind, enquireLink, unbind
        }
        var command: CommandID
        var purpose: Purpose
        var deadline: NIODeadline
    }

    let role: Role
    var limits: Limits
    var phase = Phase.open

    var outstanding: [UInt32: Waiting] = [:]
    /// How many of `outstanding` are requests of the caller: what the window limits.
    var requestCount = 0
    /// Deadlines in the order of sending, which is their order in time; answered ones are dropped when they surface.
    var deadlines = CircularBuffer<(sequence: UInt32, deadline: NIODeadline)>()
    var nextSequence: UInt32

    var inbound: [UInt32: UInt64] = [:]
    var inboundSerial: UInt64 = 0
    var bindSequence: UInt32 = 0
    var peerUnbindSequence: UInt32 = 0

    var lastReceived: NIODeadline
    var lastMessage: NIODeadline
    var enquireLinkSent: NIODeadline?
    /// When the present phase (all but bound) must be over.
    var phaseDeadline: NIODeadline?

    init(role: Role, limits: Limits, now: NIODeadline, firstSequence: UInt32 = 1) {
        self.role = role
        self.limits = limits
        self.nextSequence = firstSequence
        self.lastReceived = now
        self.lastMessage = now
        self.phaseDeadline = now + limits.bindTimeout
    }

    /// The mode once bound, until closed.
    var boundMode: BindMode? {
        switch phase {
        case .bound(let mode), .draining(let mode), .unbinding(let mode), .leaving(let mode): mode
        case .open, .outbound, .binding, .closed: nil
        }
    }

    var isClosed: Bool { phase == .closed }

    var isTaking: Bool { if case .bound = phase { true } else { false } }

    // MARK: Binding

    /// ESME: asks to be bound.
    mutating func bind(_ bind: Bind, now: NIODeadline) -> [Action] {
        guard role == .esme, phase == .open else { return [] }
        phase = .binding(bind.mode)
        return [.write(request(.bind(bind), .bind, now: now))]
    }

    /// SMSC: asks the ESME at the other end to bind as a receiver.
    mutating func outbind(_ outbind: Outbind) -> [Action] {
        guard role == .smsc, phase == .open else { return [] }
        phase = .outbound
        return [.write(PDU(.outbind(outbind), sequence: takeSequence()))]
    }

    /// SMSC: answers the bind that waits.
    mutating func decideBind(_ response: BindResponse, status: CommandStatus, now: NIODeadline) -> [Action] {
        guard role == .smsc, case .binding(let mode) = phase else { return [] }
        let pdu = PDU(.bindResponse(response), sequence: bindSequence, status: status)
        guard status == .ok else { return [.write(pdu)] + close(.bindRefused(status)) }
        return [.write(pdu)] + enterBound(mode, response, now: now)
    }

    mutating func enterBound(_ mode: BindMode, _ response: BindResponse, now: NIODeadline) -> [Action] {
        phase = .bound(mode)
        phaseDeadline = nil
        lastMessage = now
        return [.bound(mode, response)]
    }

    // MARK: Sending

    /// Whether `send` would write a request with this command now.
    func canSend(_ command: CommandID) -> Bool {
        guard case .bound(let mode) = phase, requestCount < limits.window else { return false }
        return Self.isAllowed(command, from: role, mode: mode)
    }

    /// Writes a request, or completes it as not sent when the session or its window does not allow it.
    mutating func send(_ body: PDU.Body, context: Context, now: NIODeadline) -> [Action] {
        guard canSend(body.commandID) else { return [.completed(context, .notSent)] }
        lastMessage = now
        guard body.commandID.response != nil else {
            // alert_notification: on its way once written, and nothing more will be known.
            let pdu = PDU(body, sequence: takeSequence())
            let done = PDU(.genericNack, sequence: pdu.sequence)
            return [.write(pdu), .completed(context, .response(done))]
        }
        return [.write(request(body, .request(context), now: now))]
    }

    /// Takes back a request that could not be encoded.
    mutating func abandon(sequence: UInt32) -> Context? {
        guard case .request(let context)? = outstanding[sequence]?.purpose else { return nil }
        settle(sequence)
        return context
    }

    /// Answers an inbound request. Only the first answer to a request that is still waiting does anything.
    mutating func respond(
        _ token: InboundToken, _ body: PDU.Body, status: CommandStatus, now: NIODeadline
    ) -> [Action] {
        guard inbound[token.sequence] == token.serial else { return [] }
        inbound[token.sequence] = nil
        lastMessage = now
        return [.write(PDU(body, sequence: token.sequence, status: status))] + advanceEnding(now: now)
    }

    // MARK: Ending

    /// Ends the session in order: no new requests, wait for what is unanswered, unbind, close.
    mutating func unbind(now: NIODeadline) -> [Action] {
        switch phase {
        case .bound(let mode):
            phase = .draining(mode)
            phaseDeadline = now + limits.responseTimeout
            return advanceEnding(now: now)
        case .open, .outbound, .binding:
            return close(.unbound)
        case .draining, .unbinding, .leaving, .closed:
            return []
        }
    }

    /// The connection ended, or is to end without any courtesy.
    mutating func disconnected(_ reason: SessionEnd) -> [Action] {
        close(reason)
    }

    /// Goes on with an ending session when nothing is unanswered any more, or, `forced`, when it took too long.
    mutating func advanceEnding(now: NIODeadline, forced: Bool = false) -> [Action] {
        switch phase {
        case .draining(let mode) where forced || (requestCount == 0 && inbound.isEmpty):
            phase = .unbinding(mode)
            phaseDeadline = now + limits.responseTimeout
            return [.write(request(.unbind, .unbind, now: now))]
        case .leaving where forced || inbound.isEmpty:
            return [.write(PDU(.unbindResponse, sequence: peerUnbindSequence))] + close(.unboundByPeer)
        default:
            return []
        }
    }

    /// Everything without a response is uncertain now, in the order of sending.
    mutating func close(_ reason: SessionEnd) -> [Action] {
        guard phase != .closed else { return [] }
        phase = .closed
        phaseDeadline = nil
        var actions: [Action] = []
        for (sequence, deadline) in deadlines {
            guard let waiting = outstanding[sequence], waiting.deadline == deadline else { continue }
            outstanding[sequence] = nil
            guard case .request(let context) = waiting.purpose else { continue }
            actions.append(.completed(context, .uncertain(.sessionClosed)))
        }
        deadlines.removeAll()
        requestCount = 0
        actions.append(.close(reason, unanswered: inbound.keys.sorted()))
        inbound.removeAll()
        return actions
    }

    // MARK: Bookkeeping

    mutating func request(_ body: PDU.Body, _ purpose: Waiting.Purpose, now: NIODeadline) -> PDU {
        let sequence = takeSequence()
        let deadline = now + (body.isBind ? limits.bindTimeout : limits.responseTimeout)
        outstanding[sequence] = Waiting(command: body.commandID, purpose: purpose, deadline: deadline)
        deadlines.append((sequence, deadline))
        if case .request = purpose { requestCount += 1 }
        return PDU(body, sequence: sequence)
    }

    /// Forgets a request that has its outcome.
    mutating func settle(_ sequence: UInt32) {
        if case .request? = outstanding.removeValue(forKey: sequence)?.purpose { requestCount -= 1 }
        while let first = deadlines.first, outstanding[first.sequence]?.deadline != first.deadline {
            deadlines.removeFirst()
        }
    }

    /// 1 to 0x7FFFFFFF, round and round, never one that is outstanding.
    mutating func takeSequence() -> UInt32 {
        while outstanding[nextSequence] != nil { advanceSequence() }
        defer { advanceSequence() }
        return nextSequence
    }

    private mutating func advanceSequence() {
        nextSequence = nextSequence >= 0x7FFF_FFFF ? 1 : nextSequence + 1
    }

    /// Which requests a side may send on a session of this mode (SMPP 3.4 table 2-1).
    static func isAllowed(_ command: CommandID, from role: Role, mode: BindMode) -> Bool {
        switch (role, command) {
        case (.esme, .submitSM), (.esme, .submitMulti), (.esme, .dataSM), (.esme, .querySM), (.esme, .cancelSM),
            (.esme, .replaceSM):
            mode.canTransmit
        case (.smsc, .deliverSM), (.smsc, .dataSM), (.smsc, .alertNotification):
            mode.canReceive
        default:
            false
        }
    }
}

/// How a request of ours ended.
enum RequestOutcome: Hashable, Sendable {
    /// The response, whatever its status; a generic_nack counts.
    case response(PDU)
    case uncertain(LossReason)
    case notSent
    case invalid(PDUEncodingError)
}

/// Why a session ended.
enum SessionEnd: Hashable, Sendable, CustomStringConvertible {
    case connectionLost(String)
    case bindRefused(CommandStatus)
    case bindTimeout
    case enquireLinkTimeout
    case inactive
    case brokenFraming(commandLength: UInt32)
    case unbound
    case unboundByPeer
    case dropped

    var description: String {
        switch self {
        case .connectionLost(let detail): detail.isEmpty ? "connection lost" : "connection lost: \(detail)"
        case .bindRefused(let status): "bind refused: \(status)"
        case .bindTimeout: "no bind in time"
        case .enquireLinkTimeout: "enquire_link not answered"
        case .inactive: "inactive"
        case .brokenFraming(let length): "broken framing (command_length \(length))"
        case .unbound: "unbound"
        case .unboundByPeer: "unbound by the peer"
        case .dropped: "dropped"
        }
    }
}
