// SPDX-License-Identifier: Apache-2.0
// The boundary between the core and one provider's protocol. A connector turns submissions into the provider's
// requests and the provider's answers into one of four outcomes; a "no" is a value, not an error.

public import Wire

/// One part to hand to a provider.
public struct Submission: Sendable {
    public let ticket: PartTicket
    public let sender: String
    public let recipient: String
    public let content: MessageContent
    /// How many parts the message has.
    public let size: Int
    public let expiresAt: Milliseconds
    /// Whether a try before this one may have reached the provider.
    public let isPossibleDuplicate: Bool

    public init(
        ticket: PartTicket, sender: String, recipient: String, content: MessageContent, size: Int,
        expiresAt: Milliseconds, isPossibleDuplicate: Bool
    ) {
        self.ticket = ticket
        self.sender = sender
        self.recipient = recipient
        self.content = content
        self.size = size
        self.expiresAt = expiresAt
        self.isPossibleDuplicate = isPossibleDuplicate
    }
}

/// What became of a submission.
public enum SendOutcome: Sendable, Equatable {
    /// The provider took it under this id.
    case submitted(providerID: String)
    /// The provider refused it for good. `code` is four hexadecimal digits of the GSM error list, or the provider's.
    case rejected(code: String, reason: String)
    /// It was not taken, and may be tried again after `delay` ms.
    case retry(delay: Milliseconds, reason: String)
    /// It may have been taken: it was written and no answer came.
    case uncertain(reason: String)
}

/// What to do with a part whose fate is unknown.
public enum UncertainPolicy: String, Sendable, CaseIterable {
    /// Send it again, marked as a possible duplicate.
    case resend
    /// Keep it for an operator until it expires.
    case hold
    /// Let it fail.
    case fail
}

/// A way to a provider. Its calls return at once; outcomes go to the `ConnectorSink` that it was made with.
public protocol Connector: AnyObject, Sendable {
    var id: Int64 { get }
    var name: String { get }
    /// Whether it can be expected to take messages soon: a link is up.
    var isUp: Bool { get }
    var uncertainPolicy: UncertainPolicy { get }
    /// Its links as they stand, for operators.
    var linkState: LinkState { get }
    /// Sets aside room for up to `count` submissions and returns for how many there is some; each is used up by one
    /// submission or given back.
    func reserve(_ count: Int) -> Int
    /// Gives room back that was set aside and is not used.
    func release(_ count: Int)
    /// Sends submissions for which room was set aside.
    func submit(_ submissions: [Submission])
    /// The outcomes of so many submissions are on disk. Until then they count against a connector's window: what is
    /// marked and not settled is what a crash leaves in doubt.
    func settled(_ count: Int)
    /// Connects, in the background and for ever.
    func start()
    /// Waits for what is under way, then disconnects.
    func stop() async
    /// What it and its provider have lately said; nil where nobody takes notes.
    var exchanges: ExchangeLog? { get }
}

extension Connector {
    /// For connectors without a window.
    public func settled(_ count: Int) {}

    public var exchanges: ExchangeLog? { nil }
}

/// A delivery receipt: the provider's word on a part.
public struct Receipt: Sendable, Equatable {
    public let connectorID: Int64
    /// The id as the receipt writes it.
    public let providerID: String
    /// The number that the message was for, as digits; empty when the receipt does not say.
    public let recipient: String
    public let state: PartState
    /// Four hexadecimal digits of the GSM error list, or the code of another list with its name, such as
    /// `whatsapp::error::131026`; nil when there was no error.
    public let errorCode: String?
    /// The provider's words for it, for people.
    public let reason: String?
    public let at: Milliseconds
    /// What WhatsApp says of the conversation that the message belongs to.
    public let conversation: ProviderConversation?

    public init(
        connectorID: Int64, providerID: String, recipient: String, state: PartState, errorCode: String?,
        reason: String? = nil, at: Milliseconds, conversation: ProviderConversation? = nil
    ) {
        self.connectorID = connectorID
        self.providerID = providerID
        self.recipient = recipient
        self.state = state
        self.errorCode = errorCode
        self.reason = reason
        self.at = at
        self.conversation = conversation
    }
}

/// What a provider tells us on its own.
public enum ConnectorEvent: Sendable, Equatable {
    case receipt(Receipt)
    /// A short message, or a part of one.
    case inbound(InboundPart)
    /// A whole message on a chat channel.
    case message(InboundMessage)
    /// The customer has taken back a message that they had sent.
    case deleted(InboundDeletion)
}

/// What is to be told to the provider once an event is durable, or was refused.
public enum IntakeAnswer: Sendable, Equatable {
    case stored
    /// The number that it was sent to is nobody's here.
    case unknownRecipient
    /// Not stored; the provider is to send it again.
    case unavailable
}

/// Where connectors put what they hear.
public protocol ConnectorSink: AnyObject, Sendable {
    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector)
    /// `answer` is called once, after the commit; it runs on the core's task and must return at once.
    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void)
    /// The answers to these inbound parts have reached the socket.
    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async
    /// There is room again, or a link came up or went down.
    func capacityChanged(_ connector: any Connector)
}
