// SPDX-License-Identifier: Apache-2.0
// The notifications of a WhatsApp Business Account as events. One that cannot be read is counted and never costs the
// others:
//
//     {"object": "whatsapp_business_account", "entry": [{"id": "<account>", "changes": [{"field": "messages", "value": {
//       "messaging_product": "whatsapp", "metadata": {"display_phone_number": "…", "phone_number_id": "…"},
//       "contacts": [{"profile": {"name": "…"}, "wa_id": "…", "user_id": "DE.…"}],
//       "messages": [{"from": "…", "id": "wamid.…", "timestamp": "1697043223", "type": "text", "text": {…}}],
//       "statuses": [{"id": "wamid.…", "status": "delivered", "timestamp": "…", "recipient_id": "…"}]}}]}]}
//
// Who has a user name may come with `user_id` and `from_user_id` alone, without any number.

internal import Messaging
internal import Wire

struct WhatsAppWebhook {
    struct Reading {
        var events: [ConnectorEvent] = []
        /// Messages and statuses that make no sense.
        var unreadable = 0
    }

    let connectorID: Int64
    let now: Milliseconds

    func events(in body: [UInt8]) -> Reading {
        var reading = Reading()
        guard let json = try? JSONValue(parsing: body), json.object != nil else {
            reading.unreadable = 1
            return reading
        }
        guard json["object"]?.string == "whatsapp_business_account" else { return reading }
        for entry in json["entry"]?.array ?? [] {
            for change in entry["changes"]?.array ?? [] where change["field"]?.string == "messages" {
                guard let value = change["value"], value.object != nil else {
                    reading.unreadable += 1
                    continue
                }
                read(value, into: &reading)
            }
        }
        return reading
    }

    private func read(_ value: JSONValue, into reading: inout Reading) {
        let number = value["metadata"]?["display_phone_number"]?.string ?? ""
        let contacts = value["contacts"]?.array ?? []
        // A digit may come in any script; a number is written in ASCII's.
        let recipient = String(number.filter { $0.isASCII && $0.isNumber })
        for message in value["messages"]?.array ?? [] {
            let inbound = WhatsAppInbound(
                json: message, contacts: contacts, recipient: recipient, connectorID: connectorID, now: now)
            if let event = inbound.event { reading.events.append(event) } else { reading.unreadable += 1 }
        }
        for json in value["statuses"]?.array ?? [] {
            switch status(json, recipient: recipient) {
            case .event(let event): reading.events.append(event)
            case .nothing: break
            case .unreadable: reading.unreadable += 1
            }
        }
    }

    /// What an entry is worth.
    private enum Worth {
        case event(ConnectorEvent)
        /// It says something that nobody here asks for.
        case nothing
        case unreadable
    }

    private func status(_ json: JSONValue, recipient: String) -> Worth {
        guard let id = json["id"]?.string.nonEmpty, let status = json["status"]?.string else { return .unreadable }
        let at = Self.time(json["timestamp"]) ?? now
        let error = GraphError(json: json["errors"]?.array?.first)
        let state: PartState
        switch status {
        case "sent", "accepted": state = .sent
        case "delivered": state = .delivered
        case "read", "played": state = .seen
        case "failed": state = error?.code == GraphError.undeliverable ? .undeliverable : .failed
        // Of an inbound message: its sender has taken it back.
        case "deleted": return deletion(json, id: id, recipient: recipient, at: at)
        default: return .nothing
        }
        let failure = state == .failed || state == .undeliverable ? error : nil
        // The id is unique; a number that WhatsApp writes in its own way need not be the one that it was sent to.
        return .event(
            .receipt(
                Receipt(
                    connectorID: connectorID, providerID: id, recipient: "", state: state,
                    errorCode: failure.map { GraphError.code($0.code) }, reason: failure?.reason, at: at,
                    conversation: Self.conversation(json["conversation"]))))
    }

    private func deletion(_ json: JSONValue, id: String, recipient: String, at: Milliseconds) -> Worth {
        var sender: [Identity] = []
        if let number = json["recipient_id"]?.string.nonEmpty { sender.append(Identity(.phone, number)) }
        if let user = json["recipient_user_id"]?.string.nonEmpty { sender.append(Identity(.businessScopedID, user)) }
        guard !sender.isEmpty else { return .unreadable }
        return .event(
            .deleted(
                InboundDeletion(
                    connectorID: connectorID, kind: .whatsapp, recipient: recipient, sender: sender, providerID: id,
                    at: at)))
    }

    private static func conversation(_ json: JSONValue?) -> ProviderConversation? {
        guard let id = json?["id"]?.string.nonEmpty else { return nil }
        return ProviderConversation(id: id, origin: json?["origin"]?["type"]?.string)
    }

    /// Seconds since 1970, as text or as a number.
    static func time(_ json: JSONValue?) -> Milliseconds? {
        guard let seconds = json?.int64 ?? json?.string.flatMap({ Int64($0) }), (1...253_402_300_799).contains(seconds)
        else { return nil }
        return seconds * 1000
    }
}
