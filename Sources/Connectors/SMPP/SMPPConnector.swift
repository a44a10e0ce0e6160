// SPDX-License-Identifier: Apache-2.0
// Carries messages over SMPP: room in the client's windows is what the core may mark, responses are outcomes, and nothing
// that a carrier delivers is answered before the core has stored it.

public import Logging
public import Messaging
public import NIOCore
public import SMPP
internal import Synchronization
internal import Wire

/// A connector to one carrier.
public final class SMPPConnector: Connector, SMPPClientDelegate {
    private struct Arrival {
        let fingerprint: [UInt8]
        var answeredAt: Milliseconds?
    }

    private struct State {
        var lastTicket: UInt64 = 0
        var tickets: [UInt64: PartTicket] = [:]
        /// Set aside and not handed over yet.
        var reserved = 0
        /// Set aside or handed over, and their outcome not on disk yet.
        var unsettled = 0
        /// Inbound messages by bind and sequence number, until their answer is surely with the carrier.
        var arrivals: [UInt64: [UInt32: Arrival]] = [:]
        var lastSettled: Milliseconds = 0
        /// How often the carrier refused for coming too fast.
        var throttled = 0

        /// Takes out the arrivals of a bind whose answers have surely reached the carrier; once a second at the most.
        mutating func settle(bind: UInt64, now: Milliseconds) -> [[UInt8]] {
            guard now - lastSettled >= 1000 else { return [] }
            lastSettled = now
            let settled = (arrivals[bind] ?? [:]).filter {
                $0.value.answeredAt.map { $0 < now - SMPPConnector.acknowledgementDelay } ?? false
            }
            for sequence in settled.keys { arrivals[bind]?[sequence] = nil }
            return settled.map(\.value.fingerprint)
        }
    }

    /// How long after an answer was written it is taken to have arrived.
    fileprivate static let acknowledgementDelay: Milliseconds = 2000

    public let id: Int64
    public let name: String
    public let uncertainPolicy: UncertainPolicy
    /// What the connector was made of; another value means another connector.
    public let settings: ConnectorSettings
    public let exchanges: ExchangeLog?
    private let options: SMPPConnectorOptions
    private let sink: any ConnectorSink
    private let logger: Logger
    private let state = Mutex(State())
    private let client = Mutex<SMPPClient?>(nil)
    /// Distinguishes the binds of this run from those of an earlier one.
    private let run = UInt64.random(in: 0...UInt64.max)

    public init(
        settings: ConnectorSettings, sink: any ConnectorSink, group: any EventLoopGroup, logger: Logger,
        exchanges: ExchangeLog = ExchangeLog()
    ) throws(ConnectorOptionError) {
        id = settings.id
        name = settings.name
        uncertainPolicy = settings.uncertainPolicy
        self.settings = settings
        self.sink = sink
        var logger = logger
        logger[metadataKey: "connector"] = "\(settings.name)"
        self.logger = logger
        var options = try SMPPConnectorOptions(settings)
        options.client.onExchange = { pdu, direction, bind in
            exchanges.record(
                SMPPExchange(pdu), direction == .sent ? .sent : .received, bind: bind, at: Timestamp.now())
        }
        self.exchanges = exchanges
        self.options = options
        client.withLock {
            $0 = SMPPClient(configuration: options.client, group: group, delegate: self, logger: logger)
        }
    }

    private var smpp: SMPPClient? { client.withLock { $0 } }

    /// The state of its binds.
    public var clientState: SMPPClient.State? { smpp?.state }

    // MARK: Connector

    public var isUp: Bool {
        smpp?.state.binds.contains { $0.phase == .bound && $0.mode.canTransmit } ?? false
    }

    public var linkState: LinkState {
        let (unsettled, throttled) = state.withLock { ($0.unsettled, $0.throttled) }
        let client = smpp?.state
        return LinkState(
            phases: client?.binds.map { LinkState.Phase($0.phase) } ?? [], windowUsed: unsettled,
            windowSize: options.totalWindow, isPaused: client?.isPaused ?? false, throttled: throttled)
    }

    public func reserve(_ count: Int) -> Int {
        guard let capacity = smpp?.capacity else { return 0 }
        return state.withLock { state in
            let room = max(0, min(count, capacity - state.reserved, options.totalWindow - state.unsettled))
            state.reserved += room
            state.unsettled += room
            return room
        }
    }

    public func release(_ count: Int) {
        state.withLock { state in
            state.reserved -= count
            state.unsettled -= count
        }
    }

    public func settled(_ count: Int) {
        state.withLock { $0.unsettled -= count }
    }

    public func submit(_ submissions: [Messaging.Submission]) {
        let now = Timestamp.now()
        var refused: [(ticket: PartTicket, outcome: SendOutcome)] = []
        var pdus: [(PartTicket, SubmitSM)] = []
        for submission in submissions {
            if let pdu = options.submitSM(for: submission, now: now) {
                pdus.append((submission.ticket, pdu))
            } else {
                let reason = "the text does not fit this connector's alphabet"
                refused.append((submission.ticket, .rejected(code: GSMError.unexpectedValue.code, reason: reason)))
            }
        }
        let requests = state.withLock { state in
            pdus.map { ticket, pdu in
                state.lastTicket += 1
                state.tickets[state.lastTicket] = ticket
                return SMPP.Submission(ticket: state.lastTicket, pdu)
            }
        }
        smpp?.submit(requests)
        state.withLock { $0.reserved -= submissions.count }
        if !refused.isEmpty { sink.completed(refused, by: self) }
    }

    public func start() { smpp?.start() }

    public func stop() async { await smpp?.shutdown() }

    // MARK: SMPPClientDelegate

    public func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)]) {
        let tickets = state.withLock { state in
            state.throttled += results.count { $0.result.isThrottling }
            return results.map { state.tickets.removeValue(forKey: $0.ticket) }
        }
        let outcomes = zip(tickets, results).compactMap { ticket, result in
            ticket.map { (ticket: $0, outcome: Self.outcome(of: result.result, attempt: $0.attempt)) }
        }
        sink.completed(outcomes, by: self)
    }

    private static func outcome(of result: SubmitResult, attempt: Int) -> SendOutcome {
        switch result {
        case .response(let response) where response.status == .ok: .submitted(providerID: response.messageID)
        case .response(let response): response.status.outcome(attempt: attempt)
        case .notSent: .retry(delay: 200, reason: "no bind took it")
        case .invalid(let error): .rejected(code: GSMError.unexpectedValue.code, reason: "\(error)")
        case .uncertain(let reason): .uncertain(reason: "\(reason)")
        }
    }

    public func smppClientCapacityAvailable(_ client: SMPPClient) { sink.capacityChanged(self) }

    public func smppClientStateChanged(_ client: SMPPClient) { sink.capacityChanged(self) }

    public func smppClient(_ client: SMPPClient, received request: InboundRequest) {
        let message: CarrierMessage
        switch request.message {
        case .deliver(let pdu): message = CarrierMessage(pdu)
        case .data(let pdu): message = CarrierMessage(pdu)
        case .alert(let alert):
            logger.info("handset available again", metadata: ["handset": "\(alert.source.value)"])
            return
        }
        let bind = "\(run)-\(request.bindID)"
        guard let event = options.event(in: message, connectorID: id, bind: bind, now: Timestamp.now()) else {
            // Asking for it again would bring the same bytes.
            logger.warning("unreadable delivery receipt", metadata: ["octets": "\(message.octets.count)"])
            return request.respond(.ok)
        }
        if case .inbound(let part) = event { noteArrival(part, request) }
        sink.received(event) { [self] answer in
            switch answer {
            case .stored: request.respond(.ok)
            case .unknownRecipient: request.respond(.invalidDestinationAddress)
            case .unavailable: request.respond(.temporaryReceiverError)
            }
            noteAnswer(answer, to: request)
        }
    }

    public func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32]) {
        let lost = state.withLock { $0.arrivals.removeValue(forKey: bindID) } ?? [:]
        let unanswered = Set(unanswered)
        acknowledge(lost.filter { !unanswered.contains($0.key) && $0.value.answeredAt != nil }.map(\.value.fingerprint))
    }

    // MARK: Repetitions of inbound messages

    private func noteArrival(_ part: InboundPart, _ request: InboundRequest) {
        let settled = state.withLock { state in
            state.arrivals[request.bindID, default: [:]][request.sequence] = Arrival(fingerprint: part.fingerprint)
            return state.settle(bind: request.bindID, now: Timestamp.now())
        }
        acknowledge(settled)
    }

    /// Only what was stored is acknowledged: anything else comes again, and may still have to be known again.
    private func noteAnswer(_ answer: IntakeAnswer, to request: InboundRequest) {
        let now = Timestamp.now()
        state.withLock { state in
            if answer == .stored {
                state.arrivals[request.bindID]?[request.sequence]?.answeredAt = now
            } else {
                state.arrivals[request.bindID]?[request.sequence] = nil
            }
        }
    }

    private func acknowledge(_ fingerprints: [[UInt8]]) {
        guard !fingerprints.isEmpty else { return }
        Task { [sink, id] in await sink.acknowledged(connectorID: id, fingerprints: fingerprints) }
    }
}

extension LinkState.Phase {
    fileprivate init(_ phase: SMPPClient.State.Phase) {
        self =
            switch phase {
            case .connecting: .connecting
            case .binding: .binding
            case .bound: .bound
            case .waiting: .waiting
            case .unbinding: .unbinding
            case .stopped: .stopped
            }
    }
}

extension SubmitResult {
    /// Whether the carrier asked to slow down.
    fileprivate var isThrottling: Bool {
        guard case .response(let response) = self else { return false }
        return response.status == .throttled || response.status == .messageQueueFull
    }
}
