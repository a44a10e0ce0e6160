// SPDX-License-Identifier: Apache-2.0
// The content of one channel of a Chat API request.

internal import Messaging
internal import Wire

enum ChatContent {
    /// Of a short message; it is composed where routes and prices are known.
    case short(String)
    case rich(RichContent)
}

struct ChatContentReader {
    private static let smsLengths = 1...3000
    private static let whatsAppLengths = 1...4096
    private static let echoLengths = 1...100
    private static let captionLengths = 0...4096
    private static let placeLengths = 0...256
    private static let templateLengths = 1...512
    private static let languageLengths = 1...35
    private static let parameterLengths = 1...32_768
    private static let parameterCounts = 0...100

    let version: ChatVersion

    /// The content; nil with what is wrong in the reader's violations.
    func content(_ member: BodyReader, of channel: ChatChannel) -> ChatContent? {
        switch channel {
        case .sms:
            return shortText(member).map { .short($0) }
        case .whatsapp:
            let types = ["template", "text", "url", "media"] + (version == .v2_6 ? ["location"] : [])
            return body(member, types: types, textLengths: Self.whatsAppLengths).map { .rich(RichContent($0)) }
        case .tyntecEcho:
            let replyBack = member.flag("replyBack") ?? false
            let types = ["template", "text", "url", "media"]
            return body(member, types: types, textLengths: Self.echoLengths)
                .map { .rich(RichContent($0, replyBack: replyBack)) }
        }
    }

    /// A link is sent as the text that it is.
    private func shortText(_ member: BodyReader) -> String? {
        switch member.requiredWord("contentType", among: ["text", "url"]) {
        case "text"?:
            let text = member.requiredText("text", length: Self.smsLengths)
            return text.isEmpty ? nil : text
        case "url"?:
            let url = member.requiredURL("url")
            return url.isEmpty ? nil : url
        default:
            return nil
        }
    }

    private func body(_ member: BodyReader, types: [String], textLengths: ClosedRange<Int>) -> RichBody? {
        switch member.requiredWord("contentType", among: types) {
        case "text"?:
            .text(
                TextBody(
                    member.requiredText("text", length: textLengths),
                    renderUrlPreview: member.flag("urlPreviewDisplayed")))
        case "url"?: .text(TextBody(member.requiredURL("url"), renderUrlPreview: true))
        case "media"?: media(member)
        case "template"?: template(member).map { .template($0) }
        case "location"?: location(member).map { .location($0) }
        default: nil
        }
    }

    private func media(_ member: BodyReader) -> RichBody? {
        guard let media = member.requiredObject("media") else { return nil }
        var body = MediaBody(url: media.requiredURL("url"))
        let type = media.requiredWord("type", among: ["image", "document", "audio", "video"])
        body.caption = media.text("caption", length: Self.captionLengths)
        switch type {
        case "image"?: return .image(body)
        case "document"?: return .document(body)
        case "video"?: return .video(body)
        case "audio"?:
            // Channels show no caption with sound.
            body.caption = nil
            return .audio(body)
        default: return nil
        }
    }

    private func template(_ member: BodyReader) -> TemplateBody? {
        guard let template = member.requiredObject("template") else { return nil }
        let id = template.requiredText("templateId", length: Self.templateLengths)
        let parameters = template.array("parameters", count: Self.parameterCounts).map { parameter($0) }
        guard let language = template.requiredObject("language") else { return nil }
        // The member's second name is that of an example in the API's document.
        let code = language.requiredText(language.firstName(of: "code", "example"), length: Self.languageLengths)
        var body = TemplateBody(
            templateId: id, templateLanguage: code,
            components: parameters.isEmpty ? nil : TemplateComponents(body: parameters))
        body.languagePolicy = language.word("policy", among: ["deterministic", "fallback"])
        return body
    }

    private func parameter(_ element: BodyReader) -> TemplateParameter {
        guard let element = element.required() else { return .text("") }
        let text = element.requiredText("default", length: Self.parameterLengths)
        if text.unicodeScalars.contains(where: { $0 == "\n" || $0 == "\r" || $0 == "\t" }) || text.contains("     ") {
            element.refuse("default", "must not contain line breaks, tabulators or more than 4 spaces in a row")
        }
        return .text(text)
    }

    private func location(_ member: BodyReader) -> Location? {
        guard let location = member.requiredObject("location") else { return nil }
        return Location(
            longitude: location.requiredNumber("longitude", in: -180...180),
            latitude: location.requiredNumber("latitude", in: -90...90),
            name: location.text("name", length: Self.placeLengths),
            address: location.text("address", length: Self.placeLengths))
    }
}
