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

    public init(key: MessageKey, kind: EventKind, at: Milliseconds, detail: String? = nil) {
        self.key = key
        self.kind = kind
        self.at = at
        self.detail = detail
    }
}
