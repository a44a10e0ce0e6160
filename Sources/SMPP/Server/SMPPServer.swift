// SPDX-License-Identifier: Apache-2.0
// An SMSC for ESMEs: listens, has its delegate decide about binds, hands requests over and sends deliveries to whichever
// session of an account has room. A delivery ends in exactly one result.

public import Logging
public import NIOCore
internal import NIOPosix
internal import NIOSSL
internal import Synchronization

/// The server side of SMPP. The delegate is kept until `shutdown` has returned.
public final class SMPPServer: Sendable {
    public let configuration: Configuration
    let group: any EventLoopGroup
    let logger: Logger
    let accounts = Mutex(ServerAccounts())
    private let delegateBox: Mutex<(any SMPPServerDelegate)?>
    private let listener = Mutex<(any Channel)?>(nil)

    public init(
        configuration: Configuration, group: any EventLoopGroup, delegate: any SMPPServerDelegate, logger: Logger
    ) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        self.delegateBox = Mutex(delegate)
    }

    /// Large enough for an ESME that sends all it has before it reads the first response.
    private static let writeBuffer = ChannelOptions.Types.WriteBufferWaterMark(low: 256 * 1024, high: 1024 * 1024)

    var delegate: (any SMPPServerDelegate)? { delegateBox.withLock { $0 } }

    // MARK: Life

    /// Listens; throws when the address cannot be taken or the TLS material cannot be used.
    public func start() async throws {
        let tls = try configuration.tls.map { try NIOSSLContext(configuration: $0.configuration) }
        let channel = try await ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: Self.writeBuffer)
            .childChannelInitializer { [self] channel in accept(channel, tls: tls) }
            .bind(host: configuration.host, port: configuration.port).get()
        listener.withLock { $0 = channel }
    }

    /// The port it listens on; nil before `start` and after `shutdown`.
    public var port: Int? { listener.withLock { $0?.localAddress?.port } }

    /// Stops listening, lets every session finish what is unanswered, unbinds and closes them.
    public func shutdown() async {
        let channel = listener.withLock { listener in
            defer { listener = nil }
            return listener
        }
        try? await channel?.close().get()
        await unbindAll(stopping: true)
        delegateBox.withLock { $0 = nil }
    }

    /// Unbinds every session and returns when all are closed. ESMEs may bind again at once.
    public func unbindAll() async {
        await unbindAll(stopping: false)
    }

    private func unbindAll(stopping: Bool) async {
        let sessions = accounts.withLock { accounts in
            accounts.isStopping = accounts.isStopping || stopping
            return Array(accounts.sessions.values)
        }
        for session in sessions { session.unbind() }
        for session in sessions { await session.closed() }
    }

    /// Connects to an ESME and asks it to bind as a receiver. Returns when the outbind is written.
    public func outbind(host: String, port: Int, systemID: String, password: String) async throws {
        let request = Outbind(systemID: systemID, password: password)
        let channel = try await ClientBootstrap(group: group)
            .channelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture {
                    try addSession(to: channel, tls: nil, outbind: request)
                }
            }
            .connect(host: host, port: port).get()
        logger.info("outbind", metadata: ["peer": "\(channel.remoteAddress.map { "\($0)" } ?? "")"])
    }

    // MARK: Sessions

    /// The sessions that are bound now.
    public var sessions: [SMPPServerSession] {
        accounts.withLock { $0.sessions.values.filter { $0.isBound } }
    }

    private func accept(_ channel: any Channel, tls: NIOSSLContext?) -> EventLoopFuture<Void> {
        let isAllowed = channel.remoteAddress.map { delegate?.smppServer(self, allowsConnectionFrom: $0) ?? false }
        guard isAllowed ?? true else { return channel.close() }
        return channel.eventLoop.makeCompletedFuture { try addSession(to: channel, tls: tls, outbind: nil) }
    }

    private func addSession(to channel: any Channel, tls: NIOSSLContext?, outbind: Outbind?) throws {
        let limit = configuration.maximumSessions
        let session = SMPPServerSession(server: self, outbind: outbind, eventLoop: channel.eventLoop)
        let isAdmitted = accounts.withLock { $0.add(session, limit: limit) }
        guard isAdmitted else { return channel.close(promise: nil) }
        let pipeline = channel.pipeline.syncOperations
        channel.closeFuture.whenComplete { _ in session.channelClosed() }
        if let tls { try pipeline.addHandler(NIOSSLServerHandler(context: tls)) }
        let handler = SessionHandler(
            owner: session, role: .smsc, limits: SMPPSession.Limits(configuration),
            maximumPDUSize: configuration.maximumPDUSize, now: .now(), logger: logger)
        session.attach(SessionLink(handler, eventLoop: channel.eventLoop), remoteAddress: channel.remoteAddress)
        try pipeline.addHandler(handler)
    }

    // MARK: Delivering

    /// How many deliveries to the account could be written now; nil when none of its sessions can receive.
    public func room(account: String) -> Int? { accounts.withLock { $0.room(account: account) } }

    /// Sends a message to any session of the account that can receive and has room, or queues it for the first that has.
    public func deliver(_ delivery: Delivery, to account: String) async -> DeliverResult {
        await withCheckedContinuation { continuation in
            deliver(delivery, to: account) { continuation.resume(returning: $0) }
        }
    }

    /// The same with a callback, on an event loop.
    public func deliver(
        _ delivery: Delivery, to account: String, completion: @escaping @Sendable (DeliverResult) -> Void
    ) {
        let queued = ServerAccounts.Queued(body: delivery.body, completion: completion)
        let limit = configuration.deliveryQueueLimit
        switch accounts.withLock({ $0.enqueue(queued, account: account, limit: limit) }) {
        case .send(let session): session.send(queued)
        case .queued: break
        case .refused: group.next().execute { completion(.notSent) }
        }
    }

    /// Hands waiting deliveries of an account to sessions that have room again, or back when none is left.
    func pump(_ account: String) {
        let (ready, refused) = accounts.withLock { $0.dequeue(account: account) }
        for (session, queued) in ready { session.send(queued) }
        for queued in refused { queued.completion(.notSent) }
    }
}

extension Delivery {
    var body: PDU.Body {
        switch self {
        case .deliver(let body): .deliver(body)
        case .data(let body): .data(body)
        case .alert(let body): .alertNotification(body)
        }
    }
}

extension DeliverResult {
    init(_ outcome: RequestOutcome) {
        switch outcome {
        case .response(let pdu): self = .response(pdu.status, pdu.body.tlvs)
        case .uncertain(let reason): self = .uncertain(reason)
        case .notSent: self = .notSent
        case .invalid(let error): self = .invalid(error)
        }
    }
}

extension SMPPSession.Limits {
    init(_ configuration: SMPPServer.Configuration) {
        self.init(
            window: max(1, configuration.window), inboundWindow: max(1, configuration.inboundWindow),
            responseTimeout: TimeAmount(configuration.responseTimeout),
            enquireLinkInterval: TimeAmount(configuration.enquireLinkInterval),
            inactivityTimeout: configuration.inactivityTimeout.map { TimeAmount($0) },
            bindTimeout: TimeAmount(configuration.bindTimeout))
    }
}

extension SMPPServerTLS {
    var configuration: TLSConfiguration {
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: certificateChain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        if let clientRoots {
            configuration.trustRoots = .certificates(clientRoots)
            configuration.certificateVerification = .noHostnameVerification
        }
        return configuration
    }
}
