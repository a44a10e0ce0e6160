// SPDX-License-Identifier: Apache-2.0
// message_state (SMPP 3.4 §5.2.28, 5.0 §4.7.15) and the words that receipts use for it (3.4 Appendix B).

/// The state of a message at the SMSC.
public enum MessageState: UInt8, Hashable, Sendable, CaseIterable {
    case scheduled = 0
    case enroute = 1
    case delivered = 2
    case expired = 3
    case deleted = 4
    case undeliverable = 5
    case accepted = 6
    case unknown = 7
    case rejected = 8
    case skipped = 9

    /// Whether nothing further will be reported. `unknown` is final: the SMSC lost the message.
    public var isFinal: Bool {
        switch self {
        case .scheduled, .enroute, .accepted: false
        case .delivered, .expired, .deleted, .undeliverable, .unknown, .rejected, .skipped: true
        }
    }

    /// The word in the `stat:` field of a receipt.
    public var receiptWord: String {
        switch self {
        case .scheduled: "SCHEDLD"
        case .enroute: "ENROUTE"
        case .delivered: "DELIVRD"
        case .expired: "EXPIRED"
        case .deleted: "DELETED"
        case .undeliverable: "UNDELIV"
        case .accepted: "ACCEPTD"
        case .unknown: "UNKNOWN"
        case .rejected: "REJECTD"
        case .skipped: "SKIPPED"
        }
    }

    /// Reads the `stat:` field, full words and common variations included, in any case.
    public init?(receiptWord: String) {
        let word = receiptWord.uppercased()
        guard let match = Self.prefixes.first(where: { word.hasPrefix($0.prefix) }) else { return nil }
        self = match.state
    }

    private static let prefixes: [(prefix: String, state: MessageState)] = [
        ("DELIV", .delivered), ("DELET", .deleted), ("EXPIR", .expired), ("UNDEL", .undeliverable),
        ("FAIL", .undeliverable), ("ACCEP", .accepted), ("ACKED", .accepted), ("UNKNO", .unknown),
        ("REJEC", .rejected), ("ENROU", .enroute), ("BUFF", .enroute), ("SCHED", .scheduled), ("SKIP", .skipped),
    ]
}
