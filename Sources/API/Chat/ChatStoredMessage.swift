// SPDX-License-Identifier: Apache-2.0
// A message of the Chat API as it is shown again: what was sent, with the content for all channels already under each
// channel's own. It is stored with the message and erased with its content.

internal import Messaging
internal import Wire

/// The form in which a stored message is shown again: its channels with all that each of them says.
enum ChatStoredMessage {
    /// What the API knows of a channel's content.
    private static let members: Set<String> = [
        "from", "contentType", "text", "url", "media", "template", "location", "urlPreviewDisplayed", "replyBack",
        "fallbackAfter", "successStatus",
    ]

    static func json(_ request: ChatRequest, id: MessageID) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("messageId", id.description)
            writer.member("to", request.steps.first?.recipient.map { SMSAddress.shown($0) })
            writer.member(
                "channels", array: { writer in for step in request.steps { writer.string(step.channel.rawValue) } })
            for step in request.steps {
                let content = shown(step.place.value)
                switch step.channel {
                case .sms: writer.member("sms", value: content)
                case .whatsapp: writer.member("whatsapp", value: content)
                case .tyntecEcho: writer.member("tyntecEcho", value: content)
                }
            }
        }
        return writer.text
    }

    private static func shown(_ content: JSONValue?) -> JSONValue? {
        guard let content = content?.object else { return nil }
        var known = content.filter { members.contains($0.key) && $0.value != .null }
        if let from = known["from"], from.string == nil {
            // Numbers may come as numbers; they always go out as text.
            known["from"] = (from.int64 ?? from.double.flatMap { Int64(exactly: $0) }).map { .string(String($0)) }
        }
        return .object(known)
    }
}
