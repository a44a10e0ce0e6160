// SPDX-License-Identifier: Apache-2.0
// One event on its way to a customer's URL. Its bytes are rendered once, in the transaction of the event, because the
// message's content may be erased before the last retry.

public import Accounts
public import Wire

/// How long and how often an API family tries; `Webhooks` turns it into times.
public enum DeliveryPromise: String, Sendable {
    /// SMS: every 10 s, a pause of 10 min after each 100 failures in a row, 48 h in all.
    case everyTenSeconds
}

public enum DeliveryState: Int64, Sendable {
    case pending = 0
    case delivered = 1
    /// Given up; kept, listed and replayable.
    case undelivered = 2
}

/// What an event renderer makes of an event.
public struct RenderedDelivery: Sendable, Equatable {
    /// The event's name in its family, for logs and lists.
    public let event: String
    public let promise: DeliveryPromise
    public let url: String
    public let method: Reporting.Method
    public let contentType: String
    public let body: [UInt8]

    public init(
        event: String, promise: DeliveryPromise, url: String, method: Reporting.Method, contentType: String,
        body: [UInt8]
    ) {
        self.event = event
        self.promise = promise
        self.url = url
        self.method = method
        self.contentType = contentType
        self.body = body
    }
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
    /// An inbound message for the family, or nil when the channel has no URL for it.
    func inboundMessage(_ message: Message, contents: [InboundContent], channel: MessagingChannel) -> RenderedDelivery?
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
