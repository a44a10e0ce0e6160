// SPDX-License-Identifier: Apache-2.0
// The bodies of the Chat API's events. The older edition has no `event` and no `channel` in statuses, and knows neither
// locations nor groups. Both still have what the documents call deprecated. Members without a value are left out.
//
//   {"event":"MessageStatus::seen","channel":"whatsapp","messageId":"0197…","deliveryChannel":"whatsapp",
//    "status":"seen","timestamp":"2026-01-15T12:00:00Z","userContext":"…","from":"491701234567"}

internal import Messaging
internal import Wire

/// A status of a message in either direction; the answer to the status query reads the same.
struct ChatStatusBody {
    let version: ChatVersion
    let status: ChatStatus
    let messageID: String
    let channel: ChatChannel?
    let at: Milliseconds
    var userContext: String?
    /// Who made it happen.
    var from: String?
    var to: String?
    var failure: ChatFailure?

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 384)
        writer.object { writer in
            if version == .v2_6 {
                writer.member("event", status.event)
                writer.member("channel", channel?.rawValue)
            }
            writer.member("messageId", messageID)
            writer.member("deliveryChannel", channel?.rawValue)
            writer.member("status", status.rawValue)
            writer.member("timestamp", Timestamp.rfc3339(at))
            writer.member("userContext", userContext)
            guard version == .v2_6 else { return }
            writer.member("from", from)
            writer.member("to", to)
            if let failure { writer.member("details", object: failure.write) }
        }
        return writer
    }
}

/// An inbound message.
struct ChatInboundBody {
    static let event = "MoMessage"

    let version: ChatVersion
    let message: Message
    let contents: [InboundContent]
    let channel: ChatChannel
    /// What the URLs of our media begin with.
    let mediaBase: String?

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 768)
        let facts = message.inboundFacts
        writer.object { writer in
            if version == .v2_6 {
                let at = Timestamp.rfc3339(message.createdAt)
                writer.member("event", Self.event)
                writer.member("receivedAt", at)
                writer.member("timestamp", at)
            }
            writer.member("channel", channel.rawValue)
            writer.member("messageId", message.eventID(contents))
            writer.member("from", message.sender)
            writer.member("to", message.recipient)
            if version == .v2_6 { writer.member("groupId", facts?.groupId) }
            writer.member("content", object: { content.write(to: &$0, mediaBase: mediaBase) })
            if let answered = facts?.repliesTo {
                writer.member("context", object: { $0.member("messageId", answered) })
            }
            if case .sms = message.content {
                writer.member("sms", object: EventSMSFacts(message: message, contents: contents).write)
            }
            if channel == .whatsapp, let name = facts?.senderName {
                writer.member("whatsapp", object: { $0.member("senderName", name) })
            }
        }
        return writer
    }

    /// A choice arrives as the words that the customer saw, and a form as its answers.
    private var content: EventContent {
        if case .rich(let content) = message.content, case .postback(let postback) = content.body {
            let words = postback.text ?? postback.title ?? postback.data
            return .text(postback.origin == .form ? postback.data : words)
        }
        let content = EventContent(message.content)
        switch content {
        case .text, .media: return content
        case .location: return version == .v2_6 ? content : .unknown
        case .contacts, .reaction, .unknown: return .unknown
        }
    }
}
