// SPDX-License-Identifier: Apache-2.0
// The bodies of Webhook Events V2, versions 2.11 to 2.13: since 2.12 a delivered WhatsApp message tells its
// conversation, since 2.13 reactions are told as what they are. Members without a value are left out.
//
//   {"event":"MessageStatus::channelFailed","channel":"whatsapp","messageId":"0197…",
//    "timestamp":"2026-01-15T12:00:00Z","userContext":"…","details":{"code":"whatsapp::error::131047","message":"…"}}

internal import Messaging
internal import Wire

/// The events of inbound messages; those of statuses are `ConversationsStatus.event`.
enum ConversationsInboundEvent: String {
    case message = "MoMessage"
    case postback = "MoMessage::Postback"
    case order = "MoMessage::Order"
}

extension ConversationsStatus {
    /// The event's name; nil for a status that version 2 has no event for. Of outbound messages there is no `deleted`:
    /// one that was withdrawn on its way has failed.
    var event: String? {
        switch self {
        case .accepted, .delivered, .seen, .channelFailed, .failed: "MessageStatus::\(rawValue)"
        case .deleted: "MessageStatus::\(Self.failed.rawValue)"
        case .dispatched: nil
        }
    }

    /// Told when a customer takes an inbound message back.
    static var withdrawalEvent: String { "MessageStatus::\(Self.deleted.rawValue)" }
}

/// A status of an outbound message.
struct ConversationsStatusBody {
    let event: String
    let message: Message
    let place: EventPlace
    let at: Milliseconds
    /// Who made it happen, where that is the recipient.
    var from: String?
    var conversation: ProviderConversation?
    var failure: EventFailure?

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 384)
        writer.object { writer in
            writer.member("event", event)
            writer.member("channel", place.kind.eventName)
            writer.member("messageId", message.id.description)
            writer.member("timestamp", Timestamp.rfc3339(at))
            writer.member("userContext", message.reference)
            writer.member("from", from)
            if let conversation { writer.member("whatsapp", object: { Self.write(conversation, to: &$0) }) }
            if let failure {
                writer.member(
                    "details",
                    object: { writer in
                        writer.member("code", failure.code)
                        writer.member("message", failure.message)
                    })
            }
        }
        return writer
    }

    private static func write(_ conversation: ProviderConversation, to writer: inout JSONWriter) {
        writer.member(
            "conversation",
            object: { writer in
                writer.member("conversationId", conversation.id)
                writer.member("origin", conversation.origin.flatMap(origin(of:)))
            })
    }

    /// WhatsApp has come to name the category of what opened the conversation; events know who opened it.
    private static func origin(of word: String) -> String? {
        switch word {
        case "business_initiated", "user_initiated", "referral_conversion": word
        case "marketing", "utility", "authentication", "authentication_international": "business_initiated"
        case "service": "user_initiated"
        default: nil
        }
    }
}

/// The withdrawal of an inbound message.
struct ConversationsDeletionBody {
    let message: Message
    let messageID: String
    let at: Milliseconds

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 256)
        writer.object { writer in
            writer.member("event", ConversationsStatus.withdrawalEvent)
            writer.member("channel", message.kind.eventName)
            writer.member("messageId", messageID)
            writer.member("status", ConversationsStatus.deleted.rawValue)
            writer.member("timestamp", Timestamp.rfc3339(at))
            writer.member("from", message.sender)
            writer.member("to", message.recipient)
        }
        return writer
    }
}

/// An inbound message.
struct ConversationsInboundBody {
    let message: Message
    let contents: [InboundContent]
    let version: CallbackVersion
    /// What the URLs of our media begin with.
    let mediaBase: String?

    var event: ConversationsInboundEvent {
        guard case .rich(let content) = message.content else { return .message }
        return switch content.body {
        case .postback: .postback
        case .order: .order
        default: .message
        }
    }

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 768)
        let at = Timestamp.rfc3339(message.createdAt)
        writer.object { writer in
            writer.member("event", event.rawValue)
            writer.member("channel", message.kind.eventName)
            writer.member("messageId", message.eventID(contents))
            writer.member("timestamp", at)
            if event == .message { writer.member("receivedAt", at) }
            writer.member("from", message.sender)
            writer.member("to", message.recipient)
            writer.member("groupId", facts?.groupId)
            writeBody(to: &writer)
            if hasContext { writer.member("context", object: writeContext) }
            if case .sms = message.content {
                writer.member("sms", object: EventSMSFacts(message: message, contents: contents).write)
            }
            if hasWhatsAppFacts { writer.member("whatsapp", object: writeWhatsAppFacts) }
        }
        return writer
    }

    private var facts: InboundFacts? { message.inboundFacts }

    private var postback: Postback? {
        guard case .rich(let content) = message.content, case .postback(let postback) = content.body else { return nil }
        return postback
    }

    private func writeBody(to writer: inout JSONWriter) {
        if case .rich(let content) = message.content {
            switch content.body {
            case .postback(let postback):
                writer.member("postback", object: { $0.member("data", postback.data) })
                return
            case .order(let order):
                writer.member("order", object: { Self.write(order, to: &$0) })
                return
            default: break
            }
        }
        var content = EventContent(message.content)
        if case .reaction = content, version < .v2_13 { content = .unknown }
        writer.member("content", object: { content.write(to: &$0, mediaBase: mediaBase) })
    }

    private static func write(_ order: Order, to writer: inout JSONWriter) {
        writer.member("catalogId", order.catalogId)
        writer.member("text", order.text)
        writer.member(
            "items",
            array: { writer in
                for item in order.items {
                    writer.object { writer in
                        writer.member("productId", item.productId)
                        writer.member("quantity", item.quantity)
                        writer.member("itemPrice", item.itemPrice)
                        writer.member("currency", item.currency)
                    }
                }
            })
    }

    private var hasContext: Bool {
        guard let facts else { return false }
        return facts.repliesTo != nil || facts.isForwarded != nil || facts.isFrequentlyForwarded != nil
            || facts.product != nil
    }

    private func writeContext(to writer: inout JSONWriter) {
        writer.member("messageId", facts?.repliesTo)
        writer.member("isForwarded", facts?.isForwarded)
        writer.member("isFrequentlyForwarded", facts?.isFrequentlyForwarded)
        if let product = facts?.product {
            writer.member(
                "product",
                object: { writer in
                    writer.member("catalogId", product.catalogId)
                    writer.member("productId", product.productId)
                })
        }
    }

    private var hasWhatsAppFacts: Bool {
        guard message.kind == .whatsapp else { return false }
        return facts?.senderName != nil || postback?.text != nil || postback?.title != nil
            || postback?.description != nil
    }

    private func writeWhatsAppFacts(to writer: inout JSONWriter) {
        writer.member("senderName", facts?.senderName)
        writer.member("text", postback?.text)
        writer.member("title", postback?.title)
        writer.member("description", postback?.description)
    }
}
