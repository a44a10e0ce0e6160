// SPDX-License-Identifier: Apache-2.0
// One event on its way to a customer's URL, or to the customer's SMPP client. Its bytes are rendered once, in the transaction of the event, because the
// message's content may be erased before the last retry.

public import Accounts
public import Wire

/// How long and how often an API family tries; `Webhooks` turns it into times.
public enum DeliveryPromise: String, Sendable {
    /// SMS: every 10 s, a pause of 10 min after each 100 failures in a row, 48 h in all.
    case everyTenSeconds
    /// Conversations and Chat, statuses: two more tries, after 10 s and 60 s.
    case twoMore
    /// Conversations and Chat, inbound WhatsApp: ever longer pauses, 14 days in all.
    case fortnight
    /// To an SMPP account: whenever it has a receiving session, seven days in all.
    case sevenDays
    /// NIS: answered within 2 s; after 1, 5, 10, 20, 30 and 60 min, then hourly, 48 h in all.
    case numberInformation
}

public enum DeliveryState: Int64, Sendable {
    case pending = 0
    case delivered = 1
    /// Given up; kept, listed and replayable.
    case undelivered = 2
}

/// What an event renderer makes of an event.
public struct RenderedDelivery: Sendable, Equatable {
    /// Where a delivery goes.
    public enum Target: Sendable, Equatable {
        case url(String, Reporting.Method)
        /// The receiving sessions of an SMPP account, by its id.
        case smpp(accountID: Int64)
    }

    /// The event's name in its family, for logs and lists.
    public let event: String
    public let promise: DeliveryPromise
    public let target: Target
    public let contentType: String
    public let body: [UInt8]
    /// The trace of the message that it is about.
    public var trace: TraceContext?
    /// Whether it is signed with the secret that the company has set for its callbacks, and carries its header.
    public var carriesAccountHeaders = false

    public init(event: String, promise: DeliveryPromise, target: Target, contentType: String, body: [UInt8]) {
        self.event = event
        self.promise = promise
        self.target = target
        self.contentType = contentType
        self.body = body
    }

    public init(
        event: String, promise: DeliveryPromise, url: String, method: Reporting.Method, contentType: String,
        body: [UInt8]
    ) {
        self.init(event: event, promise: promise, target: .url(url, method), contentType: contentType, body: body)
    }

    /// The target for lists and logs: a URL, or `smpp:` and the account's id.
    public var url: String {
        switch target {
        case .url(let url, _): url
        case .smpp(let accountID): "smpp:\(accountID)"
        }
    }

    public var method: Reporting.Method { if case .url(_, let method) = target { method } else { .post } }

    /// The SMPP account that it is for; nil for one to a URL.
    public var accountID: Int64? { if case .smpp(let accountID) = target { accountID } else { nil } }
}

/// A stored delivery.
public struct Delivery: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    public let messageID: MessageID
    /// The same through all tries: what a receiver recognises a repetition by.
    public let webhookID: String
    public let rendered: RenderedDelivery
    /// Tries so far.
    public let attempts: Int
    public let createdAt: Milliseconds

    public init(
        id: Int64, companyID: CompanyID, messageID: MessageID, webhookID: String, rendered: RenderedDelivery,
        attempts: Int, createdAt: Milliseconds
    ) {
        self.id = id
        self.companyID = companyID
        self.messageID = messageID
        self.webhookID = webhookID
        self.rendered = rendered
        self.attempts = attempts
        self.createdAt = createdAt
    }
}

/// Makes the deliveries of one API family out of what happened; each surface gives one to the core.
public protocol EventRenderer: Sendable {
    /// The report of a status, or nil when the family or the message wants none.
    func statusReport(_ message: Message, parts: [Part]) -> RenderedDelivery?
    /// The word that the provider has taken a message, or nil when nobody asked for it.
    func intermediateReport(_ message: Message, parts: [Part]) -> RenderedDelivery?
    /// An inbound message for the family, or nil when the channel has no URL for it.
    func inboundMessage(_ message: Message, contents: [InboundContent], channel: MessagingChannel) -> RenderedDelivery?
    /// The same for a family with several receivers.
    func inboundMessages(_ message: Message, contents: [InboundContent], channel: MessagingChannel)
        -> [RenderedDelivery]
    /// The word that a message was accepted, or nil when nobody asked for it.
    func acceptedReport(_ message: Message) -> RenderedDelivery?
    /// The word that one channel of a message has failed, whether another follows or not.
    func channelFailedReport(_ message: Message, failure: StepFailure) -> RenderedDelivery?
    /// The word that a delivered message was seen.
    func seenReport(_ message: Message, parts: [Part]) -> RenderedDelivery?
    /// The word that the customer has taken back an inbound message.
    func deletionReport(_ message: Message, channel: MessagingChannel) -> RenderedDelivery?
    /// The same with what the provider said of it: its id of the message, and when that was.
    func deletionReport(
        _ message: Message, deletion: InboundDeletion, channel: MessagingChannel
    ) -> RenderedDelivery?
}

extension EventRenderer {
    public func intermediateReport(_ message: Message, parts: [Part]) -> RenderedDelivery? { nil }
    public func acceptedReport(_ message: Message) -> RenderedDelivery? { nil }
    public func channelFailedReport(_ message: Message, failure: StepFailure) -> RenderedDelivery? { nil }
    public func seenReport(_ message: Message, parts: [Part]) -> RenderedDelivery? { nil }
    public func deletionReport(_ message: Message, channel: MessagingChannel) -> RenderedDelivery? { nil }

    public func deletionReport(
        _ message: Message, deletion: InboundDeletion, channel: MessagingChannel
    ) -> RenderedDelivery? {
        deletionReport(message, channel: channel)
    }

    public func inboundMessages(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> [RenderedDelivery] {
        [inboundMessage(message, contents: contents, channel: channel)].compactMap(\.self)
    }
}

/// One received part of an inbound message.
public struct InboundContent: Sendable, Equatable {
    /// From 1.
    public let number: Int
    /// The id that we gave the part.
    public let id: String
    public let sentAt: Milliseconds

    public init(number: Int, id: String, sentAt: Milliseconds) {
        self.number = number
        self.id = id
        self.sentAt = sentAt
    }
}
