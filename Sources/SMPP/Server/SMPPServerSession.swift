// SPDX-License-Identifier: Apache-2.0
// One connection of an ESME to an `SMPPServer`, from its bind to its end.

internal import Logging
public import NIOCore
internal import Synchronization

/// A session of an ESME. Its facts are those of the bind; before one they are empty.
public final class SMPPServerSession: Sendable {
    /// Unique in this process.
    public let id: UInt64
    private let server: SMPPServer
    private let outbind: Outbind?
    private let facts: Mutex<Facts>
    private let closedPromise: EventLoopPromise<Void>

    private struct Facts {
        var link: SessionLink<SMPPServerSession>?
        var remoteAddress: SocketAddress?
        var systemID = ""
        var interfaceVersion: UInt8 = 0
        var account: String?
        var window: Int?
        var mode: BindMode?
        var isBound = false
        /// What goes to the delegate when it ends.
        var wasBound = false
    }

    private static let ids = Mutex<UInt64>(0)

    init(server: SMPPServer, outbind: Outbind?, eventLoop: any EventLoop) {
        self.id = Self.ids.withLock { last in
            last += 1
            return last
        }
        self.server = server
        self.outbind = outbind
        self.facts = Mutex(Facts())
        self.closedPromise = eventLoop.makePromise()
    }

    public var systemID: String { facts.withLock { $0.systemID } }
    /// The account the bind decision named.
    public var account: String? { facts.withLock { $0.account } }
    public var mode: BindMode? { facts.withLock { $0.mode } }
    /// As the ESME gave it: 0x33, 0x34, 0x50.
    public var interfaceVersion: UInt8 { facts.withLock { $0.interfaceVersion } }
    /// Deliveries without a response.
    public var unansweredDeliveries: Int {
        guard let account else { return 0 }
        return server.accounts.withLock { $0.unanswered(self, account: account) }
    }
    public var remoteAddress: SocketAddress? { facts.withLock { $0.remoteAddress } }
    public var isBound: Bool { facts.withLock { $0.isBound } }

    /// Ends the session in order; `SMPPServerDelegate` hears when it is closed.
    public func unbind() {
        facts.withLock { $0.link }?.post(.unbind)
    }

    /// Cuts the connection, without answering or unbinding.
    public func drop() {
        facts.withLock { $0.link }?.post(.drop)
    }

    /// Returns when the connection is closed.
    public func closed() async {
        try? await closedPromise.futureResult.get()
    }

    func attach(_ link: SessionLink<SMPPServerSession>, remoteAddress: SocketAddress?) {
        facts.withLock { facts in
            facts.link = link
            facts.remoteAddress = remoteAddress
        }
    }

    func channelClosed() {
        facts.withLock { $0.link = nil }
        server.accounts.withLock { $0.remove(self) }
        closedPromise.succeed()
    }

    func send(_ queued: ServerAccounts.Queued) {
        let (link, version) = facts.withLock { ($0.link, $0.interfaceVersion) }
        guard let link else { return queued.completion(.notSent) }
        var body = queued.body
        // Optional parameters are for ESMEs of 3.4 and later (§3.4 of the specification).
        if version < 0x34, case .deliver(var deliver) = body {
            deliver.tlvs = []
            body = .deliver(deliver)
        }
        link.post(.send(body, queued.completion))
    }
}

extension SMPPServerSession: SessionOwner {
    typealias Context = @Sendable (DeliverResult) -> Void

    func sessionStarted(_ link: SessionLink<SMPPServerSession>) {
        if let outbind { link.post(.outbind(outbind)) }
    }

    func sessionRequestedBind(_ bind: Bind, _ link: SessionLink<SMPPServerSession>) {
        let request = BindRequest(bind: bind, remoteAddress: remoteAddress)
        Task {
            let decision = await server.delegate?.smppServer(server, authenticate: request) ?? .reject(.bindFailed)
            decide(decision, bind, link)
        }
    }

    private func decide(_ decision: BindDecision, _ bind: Bind, _ link: SessionLink<SMPPServerSession>) {
        switch decision {
        case .reject(let status):
            let refusal: CommandStatus = status == .ok ? .bindFailed : status
            link.post(.decideBind(BindResponse(mode: bind.mode), refusal, window: nil, inboundWindow: nil))
        case .accept(let account, let window, let inboundWindow):
            facts.withLock { facts in
                facts.systemID = bind.systemID
                facts.interfaceVersion = bind.interfaceVersion
                facts.account = account
                facts.mode = bind.mode
                facts.window = window
            }
            var response = BindResponse(mode: bind.mode, systemID: server.configuration.systemID)
            // Optional parameters are for ESMEs of 3.4 and later (§3.4 of the specification).
            if bind.interfaceVersion >= 0x34 { response.tlvs.scInterfaceVersion = 0x34 }
            link.post(.decideBind(response, .ok, window: window.map { max(1, $0) }, inboundWindow: inboundWindow))
        }
    }

    func sessionBound(_ mode: BindMode, _ response: BindResponse, _ link: SessionLink<SMPPServerSession>) {
        let (account, window) = facts.withLock { facts in
            facts.isBound = true
            facts.wasBound = true
            return (facts.account ?? "", facts.window ?? server.configuration.window)
        }
        if mode.canReceive { server.accounts.withLock { $0.addReceiver(self, account: account, window: window) } }
        server.logger.info("bound", metadata: ["system_id": "\(systemID)", "mode": "\(mode)"])
        server.delegate?.smppServer(server, bound: self)
        server.pump(account)
    }

    func sessionReceived(_ pdu: PDU, _ token: InboundToken?, _ link: SessionLink<SMPPServerSession>) {
        guard let token else { return }
        let operation: ServerRequest.Operation
        switch pdu.body {
        case .submit(let body): operation = .submit(body)
        case .submitMulti(let body): operation = .submitMulti(body)
        case .data(let body): operation = .data(body)
        case .query(let body): operation = .query(body)
        case .cancel(let body): operation = .cancel(body)
        case .replace(let body): operation = .replace(body)
        default: return
        }
        let request = ServerRequest(session: self, sequence: pdu.sequence, operation: operation) { body, status in
            link.post(.respond(token, body, status))
        }
        server.delegate?.smppServer(server, received: request)
    }

    func sessionStoppedTaking() {
        let account = facts.withLock { facts in
            facts.isBound = false
            return facts.account ?? ""
        }
        server.accounts.withLock { $0.removeReceiver(self, account: account) }
        server.pump(account)
    }

    func sessionCompleted(_ outcomes: [(context: Context, outcome: RequestOutcome)]) {
        for (completion, outcome) in outcomes { completion(DeliverResult(outcome)) }
        let account = account ?? ""
        server.accounts.withLock { $0.release(self, account: account, count: outcomes.count) }
        server.pump(account)
    }

    func sessionClosed(_ reason: SessionEnd, unanswered: [UInt32]) {
        let wasBound = facts.withLock { facts in
            defer { facts.wasBound = false }
            return facts.wasBound
        }
        server.logger.info("session closed", metadata: ["system_id": "\(systemID)", "reason": "\(reason)"])
        if wasBound { server.delegate?.smppServer(server, closed: self) }
    }

    func sessionReceivedOutbind(_ outbind: Outbind, _ link: SessionLink<SMPPServerSession>) {}
}
