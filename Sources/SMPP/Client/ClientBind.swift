// SPDX-License-Identifier: Apache-2.0
// One place in a client's pool: connects, binds, passes outcomes and messages on, and comes back after every loss. What it
// knows is kept in the pool; its sessions tell it everything on its event loop.

internal import Logging
internal import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// Whom the outcome of a request belongs to.
enum ClientContext: Sendable {
    case ticket(UInt64)
    case waiter(@Sendable (RequestOutcome) -> Void)
}

final class ClientBind: SessionOwner {
    typealias Context = ClientContext

    let client: SMPPClient
    let index: Int
    let mode: BindMode
    let eventLoop: any EventLoop

    /// Source of bind ids, shared by all clients so that an id never repeats in a process.
    private static let bindIDs = Mutex<UInt64>(0)

    init(client: SMPPClient, index: Int, mode: BindMode, eventLoop: any EventLoop) {
        self.client = client
        self.index = index
        self.mode = mode
        self.eventLoop = eventLoop
    }

    private var configuration: SMPPClient.Configuration { client.configuration }

    // MARK: Connecting

    func connect() {
        let mayConnect = client.pool.withLock { pool in
            pool.slots[index].retry = nil
            guard pool.phase == .running else {
                pool.slots[index].phase = .stopped
                return false
            }
            pool.slots[index].phase = .connecting
            return true
        }
        guard mayConnect else { return client.checkStopped() }
        client.delegate?.smppClientStateChanged(client)
        ClientBootstrap(group: eventLoop)
            .connectTimeout(TimeAmount(configuration.bindTimeout))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try addHandlers(to: channel) }
            }
            .connect(host: configuration.host, port: configuration.port)
            .whenFailure { [self] error in ended("cannot connect: \(error)") }
    }

    private func addHandlers(to channel: any Channel) throws {
        let pipeline = channel.pipeline.syncOperations
        if let tls = configuration.tls {
            let context = try NIOSSLContext(configuration: tls.configuration)
            let name = tls.serverName ?? (configuration.host.isIPAddress ? nil : configuration.host)
            try pipeline.addHandler(NIOSSLClientHandler(context: context, serverHostname: name))
        }
        let handler = SessionHandler(
            owner: self, role: .esme, limits: SMPPSession.Limits(configuration),
            maximumPDUSize: configuration.maximumPDUSize, now: .now(), logger: client.logger)
        _ = SessionLink(handler, eventLoop: channel.eventLoop)
        try pipeline.addHandler(handler)
    }

    // MARK: Session

    func sessionStarted(_ link: SessionLink<ClientBind>) {
        let isRunning = client.pool.withLock { pool in
            pool.slots[index].link = link
            pool.slots[index].phase = .binding
            return pool.phase == .running
        }
        guard isRunning else { return link.post(.drop) }
        let bind = Bind(
            mode: mode, systemID: configuration.systemID, password: configuration.password,
            systemType: configuration.systemType, interfaceVersion: configuration.interfaceVersion,
            addressRange: configuration.addressRange)
        link.post(.bind(bind))
        client.delegate?.smppClientStateChanged(client)
    }

    func sessionBound(_ mode: BindMode, _ response: BindResponse, _ link: SessionLink<ClientBind>) {
        let bindID = Self.bindIDs.withLock { last in
            last += 1
            return last
        }
        let (wake, isStopping) = client.pool.withLock { pool in
            let isStopping = pool.phase != .running
            pool.slots[index].phase = isStopping ? .unbinding : .bound
            pool.slots[index].bindID = bindID
            pool.slots[index].peerSystemID = response.systemID
            pool.slots[index].lastError = nil
            pool.slots[index].backoff.succeeded()
            return (pool.wake(now: .now()), isStopping)
        }
        client.logger.info("bound", metadata: ["bind": "\(index)", "mode": "\(mode)", "peer": "\(response.systemID)"])
        if isStopping { link.post(.unbind) }
        client.delegate?.smppClientStateChanged(client)
        client.act(on: wake)
    }

    func sessionReceived(_ pdu: PDU, _ token: InboundToken?, _ link: SessionLink<ClientBind>) {
        let message: InboundRequest.Message
        switch pdu.body {
        case .deliver(let body): message = .deliver(body)
        case .data(let body): message = .data(body)
        case .alertNotification(let body): message = .alert(body)
        default: return
        }
        let bindID = client.pool.withLock { $0.slots[index].bindID } ?? 0
        let request = InboundRequest(bindID: bindID, sequence: pdu.sequence, message: message) { status, tlvs in
            guard let token else { return }
            let body: PDU.Body =
                if case .data = message {
                    .dataResponse(DataSMResponse(tlvs: tlvs))
                } else {
                    .deliverResponse(DeliverSMResponse(tlvs: tlvs))
                }
            link.post(.respond(token, body, status))
        }
        client.delegate?.smppClient(client, received: request)
    }

    func sessionCompleted(_ outcomes: [(context: ClientContext, outcome: RequestOutcome)]) {
        let now = NIODeadline.now()
        let wake = client.pool.withLock { pool in
            pool.release(index, outcomes.count)
            for (_, outcome) in outcomes { pool.governor.heard(outcome, now: now) }
            return pool.wake(now: now)
        }
        var results: [(ticket: UInt64, result: SubmitResult)] = []
        results.reserveCapacity(outcomes.count)
        for (context, outcome) in outcomes {
            switch context {
            case .ticket(let ticket): results.append((ticket, SubmitResult(outcome)))
            case .waiter(let resume): resume(outcome)
            }
        }
        if !results.isEmpty { client.delegate?.smppClient(client, completed: results) }
        client.act(on: wake)
    }

    func sessionStoppedTaking() {
        client.pool.withLock { $0.slots[index].phase = .unbinding }
        client.delegate?.smppClientStateChanged(client)
    }

    func sessionClosed(_ reason: SessionEnd, unanswered: [UInt32]) {
        let bindID = client.pool.withLock { pool in
            pool.slots[index].link = nil
            pool.slots[index].phase = .waiting
            defer { pool.slots[index].bindID = nil }
            return pool.slots[index].bindID
        }
        if let bindID { client.delegate?.smppClient(client, bindLost: bindID, unanswered: unanswered) }
        ended("\(reason)")
    }

    func sessionExchanged(_ pdu: PDU, _ direction: PDUDirection) {
        configuration.onExchange?(pdu, direction, index)
    }

    /// The client never listens for an ESME's bind, and binds by itself without being asked to.
    func sessionRequestedBind(_ bind: Bind, _ link: SessionLink<ClientBind>) {}
    func sessionReceivedOutbind(_ outbind: Outbind, _ link: SessionLink<ClientBind>) {}

    /// No connection now: the next attempt, unless the client stops.
    private func ended(_ error: String) {
        var generator = SystemRandomNumberGenerator()
        let retries = client.pool.withLock { pool in
            pool.slots[index].link = nil
            pool.slots[index].lastError = pool.phase == .running ? error : pool.slots[index].lastError
            guard pool.phase == .running else {
                pool.slots[index].phase = .stopped
                return false
            }
            pool.slots[index].phase = .waiting
            let pause = pool.slots[index].backoff.next(using: &generator)
            pool.slots[index].retry = eventLoop.scheduleTask(in: pause) { [self] in connect() }
            return true
        }
        if retries { client.logger.warning("bind lost", metadata: ["bind": "\(index)", "error": "\(error)"]) }
        client.delegate?.smppClientStateChanged(client)
        client.checkStopped()
    }
}

extension SubmitResult {
    init(_ outcome: RequestOutcome) {
        switch outcome {
        case .notSent: self = .notSent
        case .invalid(let error): self = .invalid(error)
        case .uncertain(let reason): self = .uncertain(reason)
        case .response(let pdu):
            let messageID =
                switch pdu.body {
                case .submitResponse(let body): body.messageID
                case .dataResponse(let body): body.messageID
                default: ""
                }
            // A generic_nack never accepts anything, whatever its status says.
            let isNack = pdu.commandID == .genericNack
            let status = isNack && pdu.status == .ok ? CommandStatus.unknownError : pdu.status
            self = .response(SubmitResponse(status: status, messageID: messageID, tlvs: pdu.body.tlvs))
        }
    }
}

extension RateGovernor {
    /// Draws its conclusions from one outcome.
    mutating func heard(_ outcome: RequestOutcome, now: NIODeadline) {
        guard case .response(let pdu) = outcome else { return }
        if let state = pdu.body.tlvs.congestionState { congestion(state, now: now) }
        switch pdu.status {
        case .throttled, .messageQueueFull: throttled(now: now)
        case .ok: accepted(now: now)
        default: break
        }
    }
}

extension SMPPSession.Limits {
    init(_ configuration: SMPPClient.Configuration) {
        self.init(
            window: max(1, configuration.window), inboundWindow: max(1, configuration.inboundWindow),
            responseTimeout: TimeAmount(configuration.responseTimeout),
            enquireLinkInterval: TimeAmount(configuration.enquireLinkInterval),
            inactivityTimeout: configuration.inactivityTimeout.map { TimeAmount($0) },
            bindTimeout: TimeAmount(configuration.bindTimeout))
    }
}

extension SMPPClientTLS {
    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let trustRoots { configuration.trustRoots = .certificates(trustRoots) }
        if !verifiesCertificate { configuration.certificateVerification = .none }
        configuration.certificateChain = certificateChain.map { .certificate($0) }
        configuration.privateKey = privateKey.map { .privateKey($0) }
        return configuration
    }
}

extension String {
    /// A literal address cannot be a TLS server name.
    var isIPAddress: Bool { (try? SocketAddress(ipAddress: self, port: 0)) != nil }
}
