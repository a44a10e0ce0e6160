// SPDX-License-Identifier: Apache-2.0
// A message made of an approved template. Elements of arrays may also come alone, without their array, as several
// editions of the API have it; `example` belongs to the submission of templates and is ignored here.

internal import Messaging
internal import Wire

extension WhatsAppContentReader {
    private static let headerLengths = 1...60
    private static let parameterLengths = 1...32_768
    private static let parameterCounts = 0...100
    private static let cardCounts = 1...10
    private static let cardIndexes = 0...9
    /// Buttons of a card.
    private static let cardButtonCounts = 0...2

    /// Languages with another name at WhatsApp than in the API's list.
    private static let languages = ["ID": "id", "ky": "ky_KG", "rw": "rw_RW"]

    func template(_ content: BodyReader) -> TemplateBody? {
        guard let member = content.requiredObject("template") else { return nil }
        let language = member.requiredText("templateLanguage", length: 1...35)
        return TemplateBody(
            templateId: member.requiredText("templateId", length: 1...512),
            templateLanguage: Self.languages[language] ?? language,
            components: member.object("components").map(components))
    }

    private func components(_ reader: BodyReader) -> TemplateComponents {
        TemplateComponents(
            header: header(reader, types: ["text", "image", "video", "document", "location"]),
            body: parameters(reader), button: buttons(reader, counts: 0...3, isCard: false),
            carousel: carousel(reader))
    }

    private func header(_ reader: BodyReader, types: [String]) -> [TemplateParameter] {
        reader.array("header", count: 0...1, orSingle: true).compactMap { headerParameter($0, types: types) }
    }

    /// What stands in a header, of a template or of an interactive message.
    func headerParameter(_ reader: BodyReader, types: [String]) -> TemplateParameter? {
        guard let reader = reader.required() else { return nil }
        switch reader.requiredWord("type", among: types) {
        case "text"?: return .text(reader.requiredText("text", length: Self.headerLengths))
        case "image"?: return medium(reader, "image").map { .image($0) }
        case "video"?: return medium(reader, "video").map { .video($0) }
        case "document"?: return medium(reader, "document", hasFilename: true).map { .document($0) }
        case "location"?: return location(reader).map { .location($0) }
        default: return nil
        }
    }

    /// One element for each variable of the body; of an element without a text, the example's texts stand for them.
    private func parameters(_ reader: BodyReader) -> [TemplateParameter] {
        reader.array("body", count: Self.parameterCounts, orSingle: true).flatMap { element -> [TemplateParameter] in
            guard let element = element.required() else { return [] }
            _ = element.requiredWord("type", among: ["text"])
            let examples = element["example"]
            if !element.has("text"),
                let texts = examples.texts("texts", count: 1...100, length: Self.parameterLengths)
            {
                return texts.map { .text($0) }
            }
            return [.text(element.requiredText("text", length: Self.parameterLengths))]
        }
    }

    private func buttons(_ reader: BodyReader, counts: ClosedRange<Int>, isCard: Bool) -> [TemplateButton] {
        let name = reader.firstName(of: "button", "buttons")
        let elements = reader.array(name, count: counts, orSingle: true)
        let types = isCard ? ["quick_reply", "url"] : ["quick_reply", "url", "flow"]
        let buttons = elements.compactMap { button($0, types: types) }
        refuseRepeated(elements, "index") { $0["index"].value?.double.map { "\($0)" } }
        if !isCard { refuseMixture(elements, in: reader[name]) }
        return buttons
    }

    /// A template has quick replies, or a link, or a form.
    private func refuseMixture(_ buttons: [BodyReader], in place: BodyReader) {
        let types = buttons.compactMap { $0["type"].value?.string }
        if Set(types).count > 1 {
            place.refuse("must have buttons of one type")
        } else if types.count > 1, types[0] != "quick_reply" {
            place.refuse("must have at most 1 button of type \(types[0])")
        }
    }

    private func button(_ reader: BodyReader, types: [String]) -> TemplateButton? {
        guard let reader = reader.required() else { return nil }
        switch reader.requiredWord("type", among: types) {
        case "quick_reply"?:
            return .quickReply(
                index: reader.requiredInteger("index", in: 0...2),
                payload: reader.requiredText("payload", length: 0...128))
        case "url"?:
            return .url(
                index: reader.requiredInteger("index", in: 0...1), text: reader.requiredText("text", length: 1...2000))
        case "flow"?:
            return .flow(index: reader.requiredInteger("index", in: 0...1))
        default:
            return nil
        }
    }

    private func carousel(_ reader: BodyReader) -> [TemplateCard] {
        let elements = reader.array("carousel", count: Self.cardCounts, orSingle: true)
        refuseRepeated(elements, "cardIndex") { $0["cardIndex"].value?.double.map { "\($0)" } }
        return elements.compactMap { element in
            guard let element = element.required() else { return nil }
            let index = element.requiredInteger("cardIndex", in: Self.cardIndexes)
            guard let components = element.requiredObject("components") else { return nil }
            return TemplateCard(
                cardIndex: index, header: header(components, types: ["image", "video"]), body: parameters(components),
                button: buttons(components, counts: Self.cardButtonCounts, isCard: true))
        }
    }

    /// Notes which elements have the value of an earlier one.
    func refuseRepeated(_ elements: [BodyReader], _ name: String, _ value: (BodyReader) -> String?) {
        var seen: Set<String> = []
        for element in elements {
            if let value = value(element), !seen.insert(value).inserted {
                element.refuse(name, "must not be the same as before")
            }
        }
    }
}
