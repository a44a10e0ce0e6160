// SPDX-License-Identifier: Apache-2.0
// What the WhatsApp benchmarks say: a template that a shop sends, as the Conversations API and as the Cloud API write it,
// what its customers write, and the callbacks of both. All recipients and senders differ, as customers do.

import Crypto
import NIOCore
import Wire

enum WhatsAppSample {
    static let sendPath = "/conversations/v3/messages"
    static let webhookPath = "/connectors/whatsapp"
    static let number = "4915200000001"
    static let numberID = "106540352242922"
    static let accountID = "102290129340398"
    static let accessToken = "EAASimulated"
    static let appSecret = "simulated-app-secret"

    /// What stands before the message's number in its JSON, and in its callbacks'.
    static let contextPrefix = Array(#"Context":"order-"#.utf8)
    /// The last callback of a message that was read.
    static let lastEvent = Array(#""MessageStatus::seen""#.utf8)

    /// A request to send.
    static func json(_ number: Int, callback: String) -> ByteBuffer {
        ByteBuffer(
            string: #"{"to":"\#(customer(number))","from":"\#(Self.number)","channel":"whatsapp","content":"#
                + #"{"contentType":"template","template":{"templateId":"order_update","templateLanguage":"en","#
                + #""components":{"body":[{"type":"text","text":"8a41f"},{"type":"text","text":"14 to 16 h"}]}}},"#
                + #""overrides":{"notificationCallbackUrl":"\#(callback)"},"context":"order-\#(number)"}"#)
    }

    /// The same as the Cloud API takes it. Its statuses give `note` back.
    static func graph(to recipient: String, note: String) -> [UInt8] {
        var writer = JSONWriter(capacity: 512)
        writer.object { writer in
            writer.member("messaging_product", "whatsapp")
            writer.member("recipient_type", "individual")
            writer.member("to", recipient)
            writer.member("type", "template")
            writer.member("template", value: template)
            writer.member("biz_opaque_callback_data", note)
        }
        return writer.bytes
    }

    private static let template = JSONValue.object([
        "name": .string("order_update"), "language": .object(["code": .string("en")]),
        "components": .array([
            .object([
                "type": .string("body"),
                "parameters": .array(
                    ["8a41f", "14 to 16 h"].map { .object(["type": .string("text"), "text": .string($0)]) }),
            ])
        ]),
    ])

    /// Ten million of them; the digits at the end choose no outcome but the usual one.
    static func customer(_ number: Int) -> String {
        let digits = String(number % 10_000_000)
        return "4917" + String(repeating: "0", count: 7 - digits.count) + digits + "100"
    }

    /// How many customers write.
    private static let writers = 10_000

    /// A webhook with a text of a customer. `run` makes its id unlike those of other runs.
    static func webhook(_ number: Int, run: String) -> String {
        let customer = customer(number % writers)
        return #"{"object":"whatsapp_business_account","entry":[{"id":"\#(accountID)","changes":[{"value":"#
            + #"{"messaging_product":"whatsapp","metadata":{"display_phone_number":"\#(Self.number)","#
            + #""phone_number_id":"\#(numberID)"},"contacts":[{"profile":{"name":"Customer"},"wa_id":"\#(customer)","#
            + #""user_id":"DE.\#(customer)"}],"messages":[{"from":"\#(customer)","from_user_id":"DE.\#(customer)","#
            + #""id":"wamid.\#(run)-\#(number)","timestamp":"1767225600","type":"text","#
            + #""text":{"body":"Where is my parcel? The order is \#(number)."}}]},"field":"messages"}]}]}"#
    }

    /// The value of `X-Hub-Signature-256`.
    static func signature(of body: String) -> String {
        let code = HMAC<SHA256>.authenticationCode(
            for: Array(body.utf8), using: SymmetricKey(data: Array(appSecret.utf8)))
        return "sha256=" + Hex.encode(code)
    }
}
