// SPDX-License-Identifier: Apache-2.0
// The states of a message and of its parts. A message's status is never set: it is computed from its parts, and it
// never goes backwards whatever order reports arrive in.

/// Where a message stands. Raw values are stored; a greater one is later.
public enum MessageStatus: Int64, Sendable, Comparable, CaseIterable {
    /// Durably stored, not yet on its way.
    case accepted = 10
    /// Stored, to leave at a time in the future.
    case scheduled = 20
    /// Being handed to a provider.
    case dispatched = 30
    /// Every part was taken by the provider.
    case sent = 40
    case delivered = 50
    case seen = 60
    /// The validity ended before a final report.
    case expired = 70
    /// The network says it cannot be delivered.
    case undeliverable = 80
    /// It failed for another reason.
    case failed = 90
    /// Refused, by us, the provider or the network.
    case rejected = 100
    /// Withdrawn before delivery.
    case deleted = 110

    /// Whether nothing but `delivered → seen` can follow.
    public var isTerminal: Bool { self >= .delivered }

    public static func < (left: MessageStatus, right: MessageStatus) -> Bool { left.rawValue < right.rawValue }
}

/// Where one part of a message stands.
public enum PartState: Int64, Sendable, Comparable {
    /// Waiting for a window slot, or for a retry.
    case queued = 0
    /// Marked, in a committed transaction, before it was written to the provider; no outcome stored yet.
    case submitting = 1
    /// It may or may not have reached the provider, and the connector's policy keeps it for an operator.
    case held = 2
    /// The provider took it.
    case sent = 3
    case seen = 9
    case delivered = 10
    case expired = 11
    case undeliverable = 12
    case failed = 13
    case rejected = 14
    case deleted = 15

    public var isFinal: Bool { self >= .seen }

    public static func < (left: PartState, right: PartState) -> Bool { left.rawValue < right.rawValue }

    /// The message status that a message of this one part has.
    public var messageStatus: MessageStatus {
        switch self {
        case .queued: .accepted
        case .submitting, .held: .dispatched
        case .sent: .sent
        case .seen: .seen
        case .delivered: .delivered
        case .expired: .expired
        case .undeliverable: .undeliverable
        case .failed: .failed
        case .rejected: .rejected
        case .deleted: .deleted
        }
    }
}

extension MessageStatus {
    /// The status of a message of `size` parts of which some exist: not final while any part is not, then the worst
    /// part's; `initial` while nothing has left.
    public static func of(parts: some Collection<PartState>, size: Int, initial: MessageStatus) -> MessageStatus {
        if parts.count >= size, parts.allSatisfy(\.isFinal), let worst = parts.max() { return worst.messageStatus }
        if parts.count >= size, parts.allSatisfy({ $0 >= .sent }) { return .sent }
        return parts.contains { $0 != .queued } ? .dispatched : initial
    }
}
