// SPDX-License-Identifier: Apache-2.0
// The values that go in and out of an `SMPPServer`, and its delegate.

public import NIOCore
public import NIOSSL

extension SMPPServer {
    /// What the server listens on and what it allows.
    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; see `SMPPServer.port`.
        public var port = 2775
        /// The name given in bind responses, at most 15 octets.
        public var systemID = "SMSC"
        public var tls: SMPPServerTLS?
        /// deliver_sm that may be unanswered per session, unless the bind decision says otherwise.
        public var window = 10
        /// Requests of an ESME that may wait for `respond` per session; more are answered ESME_RTHROTTLED.
        public var inboundWindow = 100
        /// Deliveries that wait per account for a free place in a window; more come back as `.notSent`.
        public var deliveryQueueLimit = 10_000
        /// How many connections are held; more are closed at once.
        public var maximumSessions = 1000
        public var responseTimeout: Duration = .seconds(10)
        public var enquireLinkInterval: Duration = .seconds(60)
        public var inactivityTimeout: Duration?
        /// From the connection to the bind.
        public var bindTimeout: Duration = .seconds(10)
        public var maximumPDUSize = 70_000

        public init() {}
    }
}

/// TLS towards ESMEs.
public struct SMPPServerTLS: Sendable {
    public var certificateChain: [NIOSSLCertificate]
    public var privateKey: NIOSSLPrivateKey
    /// When set, an ESME must show a certificate that leads to one of these.
    public var clientRoots: [NIOSSLCertificate]?

    public init(certificateChain: [NIOSSLCertificate], privateKey: NIOSSLPrivateKey) {
        self.certificateChain = certificateChain
        self.privateKey = privateKey
    }
}

/// A bind that waits for a decision.
public struct BindRequest: Sendable {
    public let bind: Bind
    public let remoteAddress: SocketAddress?
}

/// Whether an ESME may bind.
public enum BindDecision: Sendable {
    /// Sessions of one account share its deliveries. Nil windows take those of the configuration.
    case accept(account: String, window: Int? = nil, inboundWindow: Int? = nil)
    case reject(CommandStatus)
}

/// A message for an ESME.
public enum Delivery: Hashable, Sendable {
    case deliver(DeliverSM)
    case data(DataSM)
    /// Has no response: its result is `ok` once it is written.
    case alert(AlertNotification)
}

/// How a delivery ended.
public enum DeliverResult: Hashable, Sendable {
    /// The ESME answered, `ok` or not.
    case response(CommandStatus, TLVs)
    /// No session of the account can receive, or its queue is full.
    case notSent
    case invalid(PDUEncodingError)
    case uncertain(LossReason)
}

/// A request of a bound ESME that waits for its response.
public struct ServerRequest: Sendable {
    public enum Operation: Hashable, Sendable {
        case submit(SubmitSM)
        case submitMulti(SubmitMulti)
        case data(DataSM)
        case query(QuerySM)
        case cancel(CancelSM)
        case replace(ReplaceSM)
    }

    public let session: SMPPServerSession
    public let sequence: UInt32
    public let operation: Operation
    let reply: @Sendable (PDU.Body, CommandStatus) -> Void

    /// Answers with a status, from any thread; the message id goes where the response has one. The first answer counts.
    public func respond(_ status: CommandStatus, messageID: String = "", tlvs: TLVs = []) {
        let body: PDU.Body =
            switch operation {
            case .submit: .submitResponse(SubmitSMResponse(messageID: messageID, tlvs: tlvs))
            case .submitMulti: .submitMultiResponse(SubmitMultiResponse(messageID: messageID, tlvs: tlvs))
            case .data: .dataResponse(DataSMResponse(messageID: messageID, tlvs: tlvs))
            case .query(let query): .queryResponse(QuerySMResponse(messageID: query.messageID, tlvs: tlvs))
            case .cancel: .cancelResponse(tlvs)
            case .replace: .replaceResponse(tlvs)
            }
        reply(body, status)
    }

    /// Answers a query_sm.
    public func respond(_ response: QuerySMResponse, status: CommandStatus = .ok) {
        reply(.queryResponse(response), status)
    }

    /// Answers a submit_multi with the destinations that were refused.
    public func respond(_ response: SubmitMultiResponse, status: CommandStatus = .ok) {
        reply(.submitMultiResponse(response), status)
    }
}

/// Decides and acts for an `SMPPServer`. Called on event loops: implementations must not block.
public protocol SMPPServerDelegate: AnyObject, Sendable {
    /// The allow-list: whether to talk to this address at all. By default everyone.
    func smppServer(_ server: SMPPServer, allowsConnectionFrom address: SocketAddress) -> Bool

    /// Authenticates a bind.
    func smppServer(_ server: SMPPServer, authenticate request: BindRequest) async -> BindDecision

    /// A message or operation; answer it with `request.respond`.
    func smppServer(_ server: SMPPServer, received request: ServerRequest)

    func smppServer(_ server: SMPPServer, bound session: SMPPServerSession)
    /// A session that was bound has ended.
    func smppServer(_ server: SMPPServer, closed session: SMPPServerSession)
}

extension SMPPServerDelegate {
    public func smppServer(_ server: SMPPServer, allowsConnectionFrom address: SocketAddress) -> Bool { true }
    public func smppServer(_ server: SMPPServer, bound session: SMPPServerSession) {}
    public func smppServer(_ server: SMPPServer, closed session: SMPPServerSession) {}
}
