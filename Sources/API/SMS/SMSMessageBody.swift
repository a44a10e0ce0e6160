// SPDX-License-Identifier: Apache-2.0
// The `RestMessageResponse` of the SMS API v1.0: one writer for the answer to a send request, the status query and the
// delivery report, so that a customer reads the same object in all three. Members without a value are left out.
//
//   {"requestId":"0197…","href":"https://…/messaging/v1/messages/0197…","from":"ACME","to":"+491719876543",
//    "status":"DELIVERED","size":1,"parts":[{"partId":"0197…:1","deliveryState":"DELIVERED","price":0.0075,
//    "currency":"EUR","priceEffective":"2026-01-01T00:00:00Z","sentDate":"…","doneDate":"…","statusText":"Hello"}],
//    "submitDate":"…","sentDate":"…","doneDate":"…","reference":"…","mccmnc":"26201","ttid":"77292",
//    "priceEffective":"…","overallPrice":"0.0075"}

internal import Accounts
internal import Messaging
internal import Wire

/// What the SMS API shows of an outbound message.
struct SMSMessageBody {
    /// Characters of the text that `statusText` shows.
    static let statusTextLength = 20

    let message: Message
    let parts: [Part]
    /// What absolute links begin with; without it there is no `href`.
    let baseURL: String?

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 768)
        writer.object(write)
        return writer
    }

    private func write(to writer: inout JSONWriter) {
        let id = message.id.description
        let quote = QuoteText(message.quote)
        let statusText = statusText
        writer.member("requestId", id)
        writer.member("href", baseURL.map { $0 + "/messaging/v1/messages/" + id })
        writer.member("from", SMSAddress.shown(message.sender))
        writer.member("to", SMSAddress.shown(message.recipient))
        writer.member("status", status.smsName)
        writer.member("size", message.size)
        writer.member(
            "parts",
            array: { writer in
                for number in 1...max(1, message.size) {
                    writePart(number, id: id, quote: quote, statusText: statusText, to: &writer)
                }
            })
        writer.member("submitDate", Timestamp.rfc3339(message.createdAt))
        writer.member("sentDate", message.sentAt.map { Timestamp.rfc3339($0) })
        writer.member("doneDate", message.doneAt.map { Timestamp.rfc3339($0) })
        writer.member("reference", message.reference)
        writer.member("mccmnc", message.quote?.mccmnc)
        writer.member("ttid", message.quote?.ttid)
        writer.member("priceEffective", quote?.effective)
        writer.member("overallPrice", overallPrice)
        writer.member("errorCode", message.errorCode)
        writer.member("errorReason", errorReason)
        if message.isPossibleDuplicate { writer.member("possibleDuplicate", true) }
    }

    /// The stored status lags behind the parts while they are being handed over.
    private var status: MessageStatus {
        guard !parts.isEmpty, !message.status.isTerminal else { return message.status }
        return max(message.status, .of(parts: parts.map(\.state), size: message.size, initial: message.status))
    }

    /// What every part shows of the price, written once.
    private struct QuoteText {
        let price: String
        let effective: String

        init?(_ quote: Quote?) {
            guard let quote else { return nil }
            price = quote.amount.description
            effective = Timestamp.rfc3339(quote.effectiveFrom)
        }
    }

    private func writePart(
        _ number: Int, id: String, quote: QuoteText?, statusText: String?, to writer: inout JSONWriter
    ) {
        let part = parts.last { $0.number == number }
        let state = part?.state.smsName ?? (message.status.isTerminal ? message.status.smsName : SMSState.accepted)
        writer.object { writer in
            writer.member("partId", "\(id):\(number)")
            writer.member("deliveryState", state)
            writer.member("price", number: quote?.price)
            writer.member("currency", message.quote?.currency)
            writer.member("priceEffective", quote?.effective)
            writer.member("sentDate", part?.submittedAt.map { Timestamp.rfc3339($0) })
            writer.member("doneDate", part?.doneAt.map { Timestamp.rfc3339($0) })
            writer.member("errorCode", part?.errorCode)
            writer.member("statusText", statusText)
        }
    }

    var priceEffective: String? { message.quote.map { Timestamp.rfc3339($0.effectiveFrom) } }

    /// What all parts cost together.
    var overallPrice: String? { message.quote.map { ($0.amount * message.size).description } }

    /// The beginning of the text; nil once the content is erased.
    var statusText: String? {
        guard case .sms(let content) = message.content else { return nil }
        return Self.beginning(of: content.text)
    }

    /// The first characters. Of plain ASCII, where only a line break may be two bytes, each byte is one.
    private static func beginning(of text: String) -> String {
        let isPlain = text.utf8.prefix(statusTextLength + 1).allSatisfy { $0 < 0x80 && $0 != 0x0D }
        return isPlain
            ? String(decoding: text.utf8.prefix(statusTextLength), as: UTF8.self)
            : String(text.prefix(statusTextLength))
    }

    private var errorReason: String? {
        message.errorReason ?? message.errorCode.flatMap { GSMError.name(ofCode: $0) }
    }
}

/// The words of the SMS API for where a message or a part stands.
enum SMSState {
    static let accepted = "ACCEPTED"
    static let buffered = "BUFFERED"
    static let delivered = "DELIVERED"
    static let expired = "EXPIRED"
    static let rejected = "REJECTED"
    static let undeliverable = "UNDELIVERABLE"
}

extension MessageStatus {
    var smsName: String {
        switch self {
        case .accepted, .scheduled: SMSState.accepted
        case .dispatched, .sent: SMSState.buffered
        case .delivered, .seen: SMSState.delivered
        case .expired: SMSState.expired
        case .rejected: SMSState.rejected
        case .undeliverable, .failed, .deleted: SMSState.undeliverable
        }
    }
}

extension PartState {
    /// A part that waits is in our hands; the message's own words do for the rest.
    var smsName: String { messageStatus.smsName }
}
