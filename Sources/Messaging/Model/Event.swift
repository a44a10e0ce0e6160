// SPDX-License-Identifier: Apache-2.0
// A fact about a message: an append-only row that holds ids and codes, never content. Webhooks, histories and the live
// inbox are all made from events.

public import Wire

/// What happened; the raw value is stored.
public enum EventKind: String, Sendable {
    case accepted
    case scheduled
    case sent
    case delivered
    case seen
    case expired
    case undeliverable
    case failed
    case rejected
    case deleted
    /// A report that came after the message had ended.
    case late
    /// A part's fate became unknown: the link dropped, or the server stopped, before its response was stored.
    case uncertain
    /// An operator decided about a part of unknown fate.
    case released
    case received
    case converted
    /// One channel of the message failed; `detail` is the code.
    case channelFailed = "channel-failed"
    /// The customer has taken back the message.
    case withdrawn
    /// An inbound message was marked as read.
    case read
}

extension EventKind {
    /// The event that a change to `status` is; nil where the change is not told.
    init?(_ status: MessageStatus) {
        switch status {
        case .accepted: self = .accepted
        case .scheduled: self = .scheduled
        case .dispatched: return nil
        case .sent: self = .sent
        case .delivered: self = .delivered
        case .seen: self = .seen
        case .expired: self = .expired
        case .undeliverable: self = .undeliverable
        case .failed: self = .failed
        case .rejected: self = .rejected
        case .deleted: self = .deleted
        }
    }
}

/// One row of the event log.
public struct Event: Sendable, Equatable {
    public let key: MessageKey
    public let kind: EventKind
    public let at: Milliseconds
    /// A code or a part number, never content.
    public let detail: String?
    /// The channel that it happened on, where a message may have several.
    public let channel: ChannelKind?
    /// A provider's words for a failure.
    public let reason: String?

    public init(
        key: MessageKey, kind: EventKind, at: Milliseconds, detail: String? = nil, channel: ChannelKind? = nil,
        reason: String? = nil
    ) {
        self.key = key
        self.kind = kind
        self.at = at
        self.detail = detail
        self.channel = channel
        self.reason = reason
    }
}

/// An event as it was stored.
public struct StoredEvent: Sendable, Equatable {
    public let kind: EventKind
    public let at: Milliseconds
    public let channel: ChannelKind?
    /// The error's code, or which part it is about.
    public let code: String?
    public let reason: String?
}
