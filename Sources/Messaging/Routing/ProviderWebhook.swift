// SPDX-License-Identifier: Apache-2.0
// Providers that call us: the request as it came, and what a connector makes of it. Signatures are checked on the bytes
// before anything is parsed; the answer leaves only after the events are stored.

/// A provider's HTTP request.
public struct ProviderRequest: Sendable {
    /// Upper case.
    public let method: String
    /// Percent-decoded, in their order.
    public let query: [(name: String, value: String)]
    /// By lower-case name; of several fields of a name the first.
    public let headers: [String: String]
    public let body: [UInt8]

    public init(method: String, query: [(name: String, value: String)], headers: [String: String], body: [UInt8]) {
        self.method = method
        self.query = query
        self.headers = headers
        self.body = body
    }
}

public struct ProviderAnswer: Sendable, Equatable {
    public let status: Int
    public let contentType: String
    public let body: [UInt8]

    public init(status: Int, contentType: String = "text/plain; charset=utf-8", body: [UInt8] = []) {
        self.status = status
        self.contentType = contentType
        self.body = body
    }
}

/// What a connector makes of a request.
public enum ProviderReading: Sendable {
    /// There is nothing to store: a verification, or a refusal.
    case answer(ProviderAnswer)
    /// `then` is the answer once all events are stored; when one is not, the provider gets a 503 and tries again.
    case events([ConnectorEvent], then: ProviderAnswer)
}

/// A connector whose provider reports by HTTP, at `/connectors/{name}`.
public protocol WebhookConnector: Connector {
    /// Returns at once.
    func read(_ request: ProviderRequest) -> ProviderReading
}

/// A connector whose provider keeps the media of inbound messages.
public protocol MediaConnector: Connector {
    /// Fetches a medium; `receive` takes its content type once and its bytes piece by piece. Throws
    /// `MediaFetchError`.
    func download(_ media: ProviderMedia, into sink: any MediaSink) async throws
}

/// Takes the bytes of a medium.
public protocol MediaSink: Sendable {
    func begin(contentType: String?, filename: String?) async throws
    func write(_ bytes: [UInt8]) async throws
}

public struct MediaFetchError: Error, Sendable, Equatable, CustomStringConvertible {
    /// Whether the provider does not have it any more.
    public let isGone: Bool
    public let reason: String

    public init(isGone: Bool, reason: String) {
        self.isGone = isGone
        self.reason = reason
    }

    public var description: String { reason }
}

/// A connector that can tell its provider that an inbound message was read.
public protocol ReadMarkingConnector: Connector {
    /// `isTyping` shows the customer that an answer is being written. Returns nil, or the provider's reason for a no.
    func markRead(providerID: String, channel: String, isTyping: Bool) async -> ReadMarkFailure?
}

public enum ReadMarkFailure: Sendable, Equatable {
    case unknownMessage
    case refused(code: String, reason: String)
    case unavailable(reason: String)
}
