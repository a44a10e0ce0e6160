// SPDX-License-Identifier: Apache-2.0
// The `InboundMessage` of the SMS API v1.0, as JSON and as query fields.
//
//   {"from":"+49123456789","to":"+49301234567","message":"Hi","originMCC":"262","originMNC":"01","originTtId":"77292",
//    "totalPrice":-0.005,"requestId":"0197…","size":1,"missingParts":false,"contentList":[{"msgId":"0197…",
//    "sentDate":"2026-01-31T08:05:09Z","sequenceNumber":1,"price":-0.005,"currency":"EUR",
//    "priceEffective":"2026-01-01T00:00:00Z"}]}

internal import Accounts
internal import Messaging
internal import Wire

struct SMSInboundBody {
    /// A mobile country code always has three digits (ITU-T E.212); the network code follows.
    private static let countryCodeLength = 3

    let message: Message
    /// The parts that arrived, in their order.
    let contents: [InboundContent]

    var json: JSONWriter {
        var writer = JSONWriter(capacity: 768)
        writer.object { writer in
            writer.member("from", SMSAddress.shown(message.sender))
            writer.member("to", SMSAddress.shown(message.recipient))
            writer.member("message", text)
            writer.member("originMCC", countryCode)
            writer.member("originMNC", networkCode)
            writer.member("originTtId", message.quote?.ttid)
            writer.member("totalPrice", number: totalPrice)
            writer.member("requestId", message.id.description)
            writer.member("size", message.size)
            writer.member("missingParts", isIncomplete)
            writer.member(
                "contentList",
                array: { writer in
                    for content in contents { write(content, to: &writer) }
                })
        }
        return writer
    }

    private func write(_ content: InboundContent, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("msgId", content.id)
            writer.member("sentDate", Timestamp.rfc3339(content.sentAt))
            writer.member("sequenceNumber", content.number)
            writer.member("price", number: message.quote?.amount.description)
            writer.member("currency", message.quote?.currency)
            writer.member("priceEffective", priceEffective)
        }
    }

    /// The same by GET: the list of parts has no place in a query, so the first part's time stands for all.
    var fields: [(name: String, value: String?)] {
        [
            ("from", SMSAddress.shown(message.sender)), ("to", SMSAddress.shown(message.recipient)),
            ("message", text), ("originMCC", countryCode), ("originMNC", networkCode),
            ("originTtId", message.quote?.ttid), ("totalPrice", totalPrice),
            ("requestId", message.id.description), ("size", String(message.size)),
            ("missingParts", isIncomplete ? "true" : "false"),
            ("sentDate", contents.first.map { Timestamp.rfc3339($0.sentAt) }),
            ("currency", message.quote?.currency), ("priceEffective", priceEffective),
        ]
    }

    private var text: String {
        guard case .sms(let content) = message.content else { return "" }
        return content.text
    }

    private var countryCode: String? { message.quote.map { String($0.mccmnc.prefix(Self.countryCodeLength)) } }
    private var networkCode: String? { message.quote.map { String($0.mccmnc.dropFirst(Self.countryCodeLength)) } }
    private var totalPrice: String? { message.quote.map { ($0.amount * contents.count).description } }
    private var isIncomplete: Bool { contents.count < message.size }
    private var priceEffective: String? { message.quote.map { Timestamp.rfc3339($0.effectiveFrom) } }
}
