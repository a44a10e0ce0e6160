// SPDX-License-Identifier: Apache-2.0
// What messages of a chain of channels, and messages of a bulk, have beside the others.

internal import Foundation
public import Wire

/// Stored as JSON in one column.
public struct MessageExtra: Sendable, Equatable, Codable {
    /// The channels to be tried, in their order, the first included; empty for a message of one channel.
    public var chain: [MessageStep] = []
    public var bulkID: String?
    /// The message of the bulk that may leave once this one was taken.
    public var bulkNext: MessageID?
    /// Whether it waits for the one before it in its bulk.
    public var waitsForBulk: Bool?
    /// The request in the form in which its API shows it again.
    public var request: String?
    /// Whether the company pays in advance: each step reserves its own price.
    public var isPrepaid: Bool?
    /// For how many days the channel that took it wants its content kept.
    public var retentionDays: Int?

    public init() {}

    /// Until when the awaited status of a step that begins at `start` is waited for; nil where no channel follows or
    /// only a failure leads to it.
    func fallbackDue(ofStep step: Int, from start: Milliseconds) -> Milliseconds? {
        guard step + 1 < chain.count, let after = chain[step].fallbackAfter else { return nil }
        return start + Int64(after) * 1000
    }

    var json: String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else { preconditionFailure("it is made of JSON's own types") }
        return String(decoding: data, as: UTF8.self)
    }

    init?(json: String) {
        guard let value = try? JSONDecoder().decode(MessageExtra.self, from: Data(json.utf8)) else { return nil }
        self = value
    }
}

/// One channel of a chain.
public struct MessageStep: Sendable, Equatable, Codable {
    public var kind: ChannelKind
    public var sender: String
    public var recipient: String
    /// What the message says on this channel, as `MessageContent.json`.
    public var content: String
    /// How many parts.
    public var size: Int
    /// The name of the routes that it may take; empty for a kind that is not routed.
    public var gateway: String
    /// After how many seconds without the awaited status the next channel is tried; nil to wait for a failure.
    public var fallbackAfter: Int?
    /// The status that is awaited; `delivered` unless set.
    public var successStatus: SuccessStatus?
    /// What one part costs on this channel.
    public var quote: Quote?

    public enum SuccessStatus: String, Sendable, Codable, CaseIterable {
        case sent, delivered, seen

        public var status: MessageStatus {
            switch self {
            case .sent: .sent
            case .delivered: .delivered
            case .seen: .seen
            }
        }
    }

    public init(
        kind: ChannelKind, sender: String, recipient: String, content: MessageContent, size: Int, gateway: String,
        fallbackAfter: Int? = nil, successStatus: SuccessStatus? = nil
    ) {
        self.kind = kind
        self.sender = sender
        self.recipient = recipient
        self.content = content.json
        self.size = size
        self.gateway = gateway
        self.fallbackAfter = fallbackAfter
        self.successStatus = successStatus
    }
}

/// How one channel of a message has failed.
public struct StepFailure: Sendable, Equatable {
    public let step: Int
    public let kind: ChannelKind
    /// The provider's code with its list, such as `whatsapp::error::131026`, or four digits of the GSM error list.
    public let code: String?
    public let reason: String?
    public let at: Milliseconds

    public init(step: Int, kind: ChannelKind, code: String?, reason: String?, at: Milliseconds) {
        self.step = step
        self.kind = kind
        self.code = code
        self.reason = reason
        self.at = at
    }
}
