// SPDX-License-Identifier: Apache-2.0
// A message as the Admin API shows it: everything but its content.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AdminMessage: Sendable {
    let message: Message

    init(_ message: Message) { self.message = message }

    /// Writes the members of a list's item.
    func write(to writer: inout JSONWriter) {
        writer.member("id", message.id.description)
        writer.member("companyId", message.companyID)
        writer.member("direction", message.direction == .outbound ? "outbound" : "inbound")
        writer.member("surface", message.surface.rawValue)
        writer.member("channel", message.kind.rawValue)
        writer.member("sender", message.sender)
        writer.member("recipient", message.recipient)
        writer.member("status", "\(message.status)")
        writer.member("size", message.size)
        writer.member("reference", message.reference)
        writer.member("createdAt", instant: message.createdAt)
        writer.member("sendAt", instant: message.sendAt)
        writer.member("sentAt", instant: message.sentAt)
        writer.member("doneAt", instant: message.doneAt)
        // What the whole message costs.
        writer.member("price", message.quote.map { ($0.amount * message.size).description })
        writer.member("currency", message.quote?.currency)
        writer.member("errorCode", message.errorCode)
        writer.member("errorReason", message.errorReason)
        writer.member("possibleDuplicate", message.isPossibleDuplicate)
    }

    func response(parts: [Part], trace: MessageTrace, connectorName: (Int64) -> String?) -> Response {
        var writer = JSONWriter(capacity: 2048)
        writer.object { writer in
            write(to: &writer)
            writer.member(
                "parts",
                array: { writer in
                    for part in parts { Self.write(part, connectorName(part.connectorID), to: &writer) }
                })
            writer.member("events", array: { writer in for event in trace.events { Self.write(event, to: &writer) } })
            writer.member(
                "deliveries",
                array: { writer in for delivery in trace.deliveries { delivery.write(to: &writer) } })
            writer.member(
                "ledger", array: { writer in for movement in trace.movements { Self.write(movement, to: &writer) } })
        }
        return Response(json: writer)
    }

    private static func write(_ part: Part, _ connector: String?, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("number", part.number)
            writer.member("state", "\(part.state)")
            writer.member("attempt", part.attempt)
            writer.member("connector", connector)
            writer.member("providerId", part.providerID)
            writer.member("errorCode", part.errorCode)
            writer.member("submittedAt", instant: part.submittedAt)
            writer.member("doneAt", instant: part.doneAt)
            writer.member("possibleDuplicate", part.isPossibleDuplicate)
        }
    }

    private static func write(_ event: Event, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("kind", event.kind.rawValue)
            writer.member("at", instant: event.at)
            writer.member("detail", event.detail)
        }
    }

    private static func write(_ movement: MessageTrace.Movement, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", movement.id)
            writer.member("kind", movement.kind.rawValue)
            writer.member("amount", movement.amount.description)
            writer.member("at", instant: movement.at)
        }
    }
}

extension DeliverySummary {
    /// Writes the delivery as an object. Of its URL the query stays away: by GET a report carries the message in it.
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("companyId", companyID)
            writer.member("messageId", messageID.description)
            writer.member("event", event)
            writer.member("method", method)
            writer.member("url", String(url.prefix { $0 != "?" }))
            writer.member("state", "\(state)")
            writer.member("attempts", attempts)
            writer.member("createdAt", instant: createdAt)
            writer.member("dueAt", instant: state == .pending ? dueAt : nil)
            writer.member("doneAt", instant: doneAt)
            writer.member("lastStatus", lastStatus.map { Int64($0) })
            writer.member("lastError", lastError)
        }
    }
}
