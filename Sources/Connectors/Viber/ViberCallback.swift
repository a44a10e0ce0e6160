// SPDX-License-Identifier: Apache-2.0
// What Viber tells us on its own. Whatever it is, it is answered 200 once it is stored: Viber repeats anything else,
// and what we cannot use now we cannot use then.

internal import Messaging
internal import Wire

/// Reads the callbacks of Viber Business Messages.
///
///     {"message_token": "5379697806260881548", "message_status": 0, "message_time": 1763697600000,
///      "phone_number": "4915212345678", "service_id": 10001}
///     {"message_token": "5379697806260881549", "time": 1763697600000, "phone_number": "4915212345678",
///      "service_id": 10001, "message": {"text": "Hello", "tracking_data": "…"}}
struct ViberBusinessCallback {
    let connectorID: Int64
    /// The service that callbacks are for which do not say.
    let serviceID: String?
    /// Whether the callback is surely Viber's.
    let isTrusted: Bool

    /// Nil for what says nothing that we know.
    func event(in body: [UInt8], now: Milliseconds) -> ConnectorEvent? {
        guard let callback = try? JSONValue(parsing: body),
            let token = ViberVerdict.token(callback["message_token"])
        else { return nil }
        let phone = Self.digits(callback["phone_number"])
        if let message = callback["message"], message.object != nil {
            return inbound(message, token: token, phone: phone, callback: callback, now: now)
        }
        guard let status = callback["message_status"]?.int64 else { return nil }
        return receipt(status, token: token, phone: phone ?? "", callback: callback, now: now)
    }

    private func receipt(
        _ status: Int64, token: String, phone: String, callback: JSONValue, now: Milliseconds
    ) -> ConnectorEvent? {
        let state: PartState
        var reason: Int64?
        switch status {
        case 0: state = .delivered
        case 1: state = .seen
        case 2: state = .expired
        case 3:
            reason = callback["reason"]?.int64 ?? callback["reason"]?.string.flatMap { Int64($0) } ?? 1
            state = reason.map(ViberBusinessStatus.isUndeliverable) == true ? .undeliverable : .failed
        default: return nil
        }
        return .receipt(
            Receipt(
                connectorID: connectorID, providerID: token, recipient: phone, state: state,
                errorCode: reason.map(ViberError.code), reason: reason.map(ViberBusinessStatus.reason),
                at: Self.time(callback["message_time"], now: now)))
    }

    private func inbound(
        _ message: JSONValue, token: String, phone: String?, callback: JSONValue, now: Milliseconds
    ) -> ConnectorEvent? {
        guard let phone, let service = Self.digits(callback["service_id"]) ?? serviceID else { return nil }
        let read = ViberInboundBody(message, senderName: callback["name"]?.string, isTrusted: isTrusted)
        return .message(
            InboundMessage(
                connectorID: connectorID, kind: .viber, recipient: service, sender: [Identity(.phone, phone)],
                providerID: token, content: read.content,
                sentAt: Self.time(callback["time"] ?? callback["message_time"], now: now), media: read.media))
    }

    /// A number written as a number or a text, with or without `+`.
    private static func digits(_ value: JSONValue?) -> String? {
        if let number = value?.int64, number > 0 { return String(number) }
        guard let text = value?.string else { return nil }
        let digits = text.hasPrefix("+") ? text.dropFirst() : text[...]
        let isNumber = !digits.isEmpty && digits.utf8.count <= 20 && digits.utf8.allSatisfy { (48...57).contains($0) }
        return isNumber ? String(digits) : nil
    }

    static func time(_ value: JSONValue?, now: Milliseconds) -> Milliseconds {
        guard let time = value?.int64 ?? value?.string.flatMap({ Int64($0) }), time > 0, time <= now + 86_400_000
        else { return now }
        return time
    }
}

/// Reads the callbacks of Viber's bot API.
///
///     {"event": "delivered", "timestamp": 1763697600000, "message_token": 491266184665523145,
///      "user_id": "01234567890A="}
///     {"event": "message", "timestamp": 1763697600000, "message_token": 4912661846655238145,
///      "sender": {"id": "01234567890A=", "name": "John McClane"}, "message": {"type": "text", "text": "Hello"}}
struct ViberBotCallback {
    let connectorID: Int64
    /// The address of the bot's channel, which callbacks do not name.
    let account: String

    /// Nil for what there is nothing to store of, such as `subscribed`.
    func event(in body: [UInt8], now: Milliseconds) -> ConnectorEvent? {
        guard let callback = try? JSONValue(parsing: body), let event = callback["event"]?.string,
            let token = ViberVerdict.token(callback["message_token"])
        else { return nil }
        let at = ViberBusinessCallback.time(callback["timestamp"], now: now)
        switch event {
        case "delivered": return receipt(.delivered, token, at: at)
        case "seen": return receipt(.seen, token, at: at)
        case "failed":
            let words = callback["desc"]?.string.map { String($0.prefix(200)) }
            return receipt(.failed, token, error: "viber::error::failed", reason: words, at: at)
        case "message": return inbound(callback, token, at: at)
        default: return nil
        }
    }

    private func receipt(
        _ state: PartState, _ token: String, error: String? = nil, reason: String? = nil, at: Milliseconds
    ) -> ConnectorEvent {
        .receipt(
            Receipt(
                connectorID: connectorID, providerID: token, recipient: "", state: state, errorCode: error,
                reason: reason, at: at))
    }

    private func inbound(_ callback: JSONValue, _ token: String, at: Milliseconds) -> ConnectorEvent? {
        guard let sender = callback["sender"]?["id"]?.string, !sender.isEmpty, sender.utf8.count <= 100,
            let message = callback["message"], message.object != nil
        else { return nil }
        let read = ViberInboundBody(message, senderName: callback["sender"]?["name"]?.string, isTrusted: true)
        return .message(
            InboundMessage(
                connectorID: connectorID, kind: .viber, recipient: account, sender: [Identity(.viberID, sender)],
                providerID: token, content: read.content, sentAt: at, media: read.media))
    }
}
