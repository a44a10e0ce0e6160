// SPDX-License-Identifier: Apache-2.0
// The Chat API's words for where a message stands and for what happened to it.

internal import Messaging

/// Where a message stands; events have the same words, as `MessageStatus::seen`.
enum ChatStatus: String {
    case accepted, delivered, seen, failed, channelFailed, unknown, deleted

    var event: String { "MessageStatus::\(rawValue)" }

    /// What is told of an outbound message; `deleted` is for inbound ones that their sender took back.
    init(_ status: MessageStatus) {
        switch status {
        case .accepted, .scheduled, .dispatched, .sent: self = .accepted
        case .delivered: self = .delivered
        case .seen: self = .seen
        case .expired, .undeliverable, .failed, .rejected, .deleted: self = .failed
        }
    }

    /// Nil for what is no change of status to customers.
    init?(_ event: EventKind) {
        switch event {
        case .accepted, .scheduled: self = .accepted
        case .delivered: self = .delivered
        case .seen: self = .seen
        case .channelFailed: self = .channelFailed
        case .expired, .undeliverable, .failed, .rejected, .deleted: self = .failed
        case .withdrawn: self = .deleted
        case .sent, .late, .uncertain, .released, .received, .converted, .read: return nil
        }
    }
}

/// What happened to a message, in the words of its history, which are not those of its status.
enum ChatHistoryState: String {
    case accepted, dispatched, success, failed, unknown
    case dispatchingFailed = "dispatching_failed"

    /// Nil for what customers are not told.
    init?(_ event: EventKind) {
        switch event {
        case .accepted, .scheduled: self = .accepted
        case .sent: self = .dispatched
        case .channelFailed: self = .dispatchingFailed
        case .delivered, .seen: self = .success
        case .expired, .undeliverable, .failed, .rejected, .deleted: self = .failed
        case .uncertain: self = .unknown
        case .late, .released, .received, .converted, .withdrawn, .read: return nil
        }
    }
}

/// Why a message or one of its channels has failed: a code with the name of its list, and words for it.
struct ChatFailure: Equatable {
    let code: String
    let message: String

    /// How one channel failed.
    init(code: String?, reason: String?) {
        self.code = code ?? "tyntec::error:unknown"
        message = reason ?? code.flatMap { GSMError.name(ofCode: $0) } ?? self.code
    }

    /// How the message failed: no channel is left after the last.
    init(after last: ChatChannel) {
        code = "tyntec::error:noFurtherChannelAvailable"
        message = "No further channel after Channel[\(last.rawValue)] available"
    }
}
