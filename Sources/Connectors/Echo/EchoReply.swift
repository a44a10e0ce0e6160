// SPDX-License-Identifier: Apache-2.0
// The message that the echo channel sends back: texts and media as they came, a template as a line of text that names
// its parts; sender and recipient change places and the id stays the request's.

internal import Messaging
internal import Wire

enum EchoReply {
    /// The reply to a submission; nil when its content is nothing that can be said back.
    static func message(to submission: Submission, connectorID: Int64, now: Milliseconds) -> InboundMessage? {
        guard case .rich(let content) = submission.content, content.replyBack == true, let body = body(of: content.body)
        else { return nil }
        return InboundMessage(
            connectorID: connectorID, kind: .echo, recipient: submission.sender,
            sender: [identity(of: submission.recipient)], providerID: submission.ticket.key.id.description,
            content: RichContent(body), sentAt: now)
    }

    static func body(of body: RichBody) -> RichBody? {
        switch body {
        case .template(let template): .text(TextBody(text(of: template)))
        case .unknown: nil
        default: body
        }
    }

    /// `TemplateId[welcome] LanguagePolicy[deterministic] LanguageCode[en] Parameter0[Peter] Parameter1[Smith]`: the
    /// Chat API's form; N counts the parameters of the body from 0.
    static func text(of template: TemplateBody) -> String {
        var words = [
            "TemplateId[\(template.templateId)]", "LanguagePolicy[\(template.languagePolicy ?? "deterministic")]",
            "LanguageCode[\(template.templateLanguage)]",
        ]
        words += (template.components?.body ?? []).enumerated().map { "Parameter\($0)[\(text(of: $1))]" }
        return words.joined(separator: " ")
    }

    private static func text(of parameter: TemplateParameter) -> String {
        switch parameter {
        case .text(let text): text
        case .image(let media), .video(let media), .document(let media): media.url ?? media.mediaId ?? ""
        case .location(let place): "\(place.latitude),\(place.longitude)"
        }
    }

    private static func identity(of recipient: String) -> Identity {
        let isNumber = !recipient.isEmpty && recipient.utf8.allSatisfy { (48...57).contains($0) }
        return Identity(isNumber ? .phone : .jid, recipient)
    }
}
