// SPDX-License-Identifier: Apache-2.0
// What the SMS API sends to its customers' URLs: delivery reports and inbound messages, by POST as JSON or by GET in
// the query. Rendered once, in the transaction of the event.

internal import Accounts
public import Messaging
internal import Wire

public struct SMSEventRenderer: EventRenderer {
    /// What `href` begins with; nil leaves it out of reports.
    private let publicBaseURL: String?

    public init(publicBaseURL: String? = nil) { self.publicBaseURL = publicBaseURL }

    public func statusReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        guard let reporting = message.reporting, message.status.isTerminal else { return nil }
        let body = SMSMessageBody(message: message, parts: parts, baseURL: publicBaseURL)
        switch reporting.method {
        case .post: return delivery("sms.status", posting: body.json, to: reporting.url)
        case .get: return delivery("sms.status", getting: reportFields(body), from: reporting.url)
        }
    }

    /// The query of a report by GET. `price` is what the message costs in all.
    private func reportFields(_ body: SMSMessageBody) -> [(name: String, value: String?)] {
        let message = body.message
        let noError = message.status.smsName == SMSState.delivered ? "0000" : nil
        return [
            ("receiver", SMSAddress.shown(message.recipient)), ("msgid", message.id.description),
            ("ttid", message.quote?.ttid), ("mccmnc", message.quote?.mccmnc),
            ("err", message.errorCode ?? noError), ("stat", message.status.smsName),
            ("sender", SMSAddress.shown(message.sender)),
            ("donedate", message.doneAt.map { Timestamp.rfc3339($0) }),
            ("submitdate", Timestamp.rfc3339(message.createdAt)), ("text", body.statusText),
            ("price", body.overallPrice), ("currency", message.quote?.currency),
            ("priceEffective", body.priceEffective),
            ("possibleDuplicate", message.isPossibleDuplicate ? "true" : nil),
        ]
    }

    public func inboundMessage(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> RenderedDelivery? {
        guard let target = channel.inbound else { return nil }
        let body = SMSInboundBody(message: message, contents: contents)
        switch target.method {
        case .post: return delivery("sms.inbound", posting: body.json, to: target.url)
        case .get: return delivery("sms.inbound", getting: body.fields, from: target.url)
        }
    }

    private func delivery(_ event: String, posting json: JSONWriter, to url: String) -> RenderedDelivery {
        RenderedDelivery(
            event: event, promise: .everyTenSeconds, url: url, method: .post, contentType: "application/json",
            body: json.bytes)
    }

    private func delivery(
        _ event: String, getting fields: [(name: String, value: String?)], from url: String
    ) -> RenderedDelivery {
        RenderedDelivery(
            event: event, promise: .everyTenSeconds, url: FormText.url(url, adding: fields), method: .get,
            contentType: "", body: [])
    }
}
