// SPDX-License-Identifier: Apache-2.0
// The values that go in and out of an `SMPPClient`, and its delegate.

/// A message to submit. The ticket is the caller's and comes back with the result.
public struct Submission: Sendable {
    public enum Message: Sendable {
        case submit(SubmitSM)
        case data(DataSM)
    }

    public var ticket: UInt64
    public var message: Message

    public init(ticket: UInt64, _ message: SubmitSM) {
        self.ticket = ticket
        self.message = .submit(message)
    }

    public init(ticket: UInt64, _ message: DataSM) {
        self.ticket = ticket
        self.message = .data(message)
    }
}

/// How a submission ended. Every ticket gets exactly one.
public enum SubmitResult: Hashable, Sendable {
    /// The SMSC answered; a status other than `ok` is its refusal.
    case response(SubmitResponse)
    /// Never written to a socket: safe to hand over again.
    case notSent
    /// Cannot be encoded (a field is too long), so it was never written and never will be.
    case invalid(PDUEncodingError)
    /// Written, but no response came: the SMSC may or may not have the message.
    case uncertain(LossReason)
}

/// What a submit_sm_resp, data_sm_resp or generic_nack said.
public struct SubmitResponse: Hashable, Sendable {
    public var status: CommandStatus
    /// Empty when the SMSC refused, and from SMSCs that leave it out.
    public var messageID: String
    public var tlvs: TLVs

    public init(status: CommandStatus, messageID: String, tlvs: TLVs = []) {
        self.status = status
        self.messageID = messageID
        self.tlvs = tlvs
    }
}

/// Why a written request has no response.
public enum LossReason: Hashable, Sendable {
    /// The session ended first.
    case sessionClosed
    case responseTimeout
    /// A response came whose body could not be read.
    case malformedResponse
}

/// Why a query, cancel or replace has no response.
public enum SMPPRequestError: Error, Hashable, Sendable {
    /// No bind, or no free place in a window.
    case notSent
    case invalid(PDUEncodingError)
    case uncertain(LossReason)
    /// The SMSC refused; always another status than `ok`.
    case refused(CommandStatus)
}

/// A deliver_sm, data_sm or alert_notification from the SMSC.
public struct InboundRequest: Sendable {
    public enum Message: Hashable, Sendable {
        case deliver(DeliverSM)
        case data(DataSM)
        /// Has no response: `respond` does nothing.
        case alert(AlertNotification)
    }

    /// The bind it came on; a new one after each reconnect, unique in this process.
    public let bindID: UInt64
    public let sequence: UInt32
    public let message: Message
    let reply: @Sendable (CommandStatus, TLVs) -> Void

    /// Answers, from any thread. The first call counts; after the bind is lost it does nothing.
    public func respond(_ status: CommandStatus = .ok, tlvs: TLVs = []) {
        reply(status, tlvs)
    }
}

/// Receives everything an `SMPPClient` has to say. Called on event loops: implementations must not block.
public protocol SMPPClientDelegate: AnyObject, Sendable {
    /// Results of submissions, batched per read.
    func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)])

    /// Something arrived; answer it with `request.respond` when it is stored.
    func smppClient(_ client: SMPPClient, received request: InboundRequest)

    /// `capacity` went from 0 to more.
    func smppClientCapacityAvailable(_ client: SMPPClient)

    /// Something in `state` other than a count changed.
    func smppClientStateChanged(_ client: SMPPClient)

    /// A bind that was up has ended. `unanswered` are the sequence numbers of its requests whose response was never
    /// handed to the kernel: the SMSC will deliver those again on a later bind.
    func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32])
}

extension SMPPClient {
    /// A snapshot for health checks and administration.
    public struct State: Hashable, Sendable {
        public enum Phase: Hashable, Sendable {
            case connecting, binding, bound
            /// Waiting before the next attempt to connect.
            case waiting
            case unbinding
            case stopped
        }

        public struct BindState: Hashable, Sendable {
            public var index: Int
            public var mode: BindMode
            public var phase: Phase
            /// Set while bound.
            public var bindID: UInt64?
            /// The system id the SMSC gave in its bind response.
            public var peerSystemID: String?
            /// Requests without a response so far.
            public var outstanding: Int
            /// Why the last attempt or session ended. Never contains a password.
            public var lastError: String?
        }

        public var binds: [BindState]
        /// The rate now, lowered after ESME_RTHROTTLED; nil when unlimited.
        public var currentRate: Double?
        /// Whether the SMSC asked to slow down and submitting is paused.
        public var isPaused: Bool
        /// How many requests may be unanswered on one bind.
        public var window: Int
        /// Messages handed over within the last 60 seconds.
        public var submitsInLastMinute: Int

        /// Whether every direction that is configured has a bind.
        public var isUp: Bool {
            let bound = binds.filter { $0.phase == .bound }
            return (!binds.contains { $0.mode.canTransmit } || bound.contains { $0.mode.canTransmit })
                && (!binds.contains { $0.mode.canReceive } || bound.contains { $0.mode.canReceive })
        }

        /// Places in the windows of all binds that are to submit, up or not.
        public var windowSize: Int { binds.reduce(0) { $1.mode.canTransmit ? $0 + window : $0 } }
        public var outstanding: Int { binds.reduce(0) { $0 + $1.outstanding } }
        public var lastError: String? { binds.lazy.compactMap(\.lastError).first }
    }
}
