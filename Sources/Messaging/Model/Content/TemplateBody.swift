// SPDX-License-Identifier: Apache-2.0
// A message made of an approved template: its name, its language and what fills its variables.

public struct TemplateBody: Sendable, Equatable, Codable {
    /// The template's name.
    public var templateId: String
    public var templateLanguage: String
    /// `deterministic` or `fallback`; nil for the former.
    public var languagePolicy: String?
    public var components: TemplateComponents?

    public init(templateId: String, templateLanguage: String, components: TemplateComponents? = nil) {
        self.templateId = templateId
        self.templateLanguage = templateLanguage
        self.components = components
    }

    /// The same in the language without its country (`pt` of `pt_BR`), which is sent in place of a translation that does
    /// not exist where the policy is `fallback`; nil where it is not, or where there is no country to leave out.
    public var inBaseLanguage: TemplateBody? {
        guard languagePolicy == "fallback", let end = templateLanguage.firstIndex(where: { $0 == "_" || $0 == "-" })
        else { return nil }
        var body = self
        body.templateLanguage = String(templateLanguage[..<end])
        return body
    }
}

public struct TemplateComponents: Sendable, Equatable, Codable {
    /// At most one.
    public var header: [TemplateParameter]
    /// One text for each variable of the body, in their order.
    public var body: [TemplateParameter]
    public var button: [TemplateButton]
    public var carousel: [TemplateCard]

    public init(
        header: [TemplateParameter] = [], body: [TemplateParameter] = [], button: [TemplateButton] = [],
        carousel: [TemplateCard] = []
    ) {
        self.header = header
        self.body = body
        self.button = button
        self.carousel = carousel
    }
}

/// What stands for one variable of a template.
public enum TemplateParameter: Sendable, Equatable, Codable {
    case text(String)
    case image(MediaBody)
    case video(MediaBody)
    case document(MediaBody)
    case location(Location)
}

/// A template's button that something is filled into; `index` counts the template's buttons from 0.
public enum TemplateButton: Sendable, Equatable, Codable {
    case quickReply(index: Int, payload: String)
    /// The end of the button's URL.
    case url(index: Int, text: String)
    case flow(index: Int)
}

public struct TemplateCard: Sendable, Equatable, Codable {
    /// From 0.
    public var cardIndex: Int
    /// Image or video; at most one.
    public var header: [TemplateParameter]
    public var body: [TemplateParameter]
    public var button: [TemplateButton]

    public init(
        cardIndex: Int, header: [TemplateParameter] = [], body: [TemplateParameter] = [],
        button: [TemplateButton] = []
    ) {
        self.cardIndex = cardIndex
        self.header = header
        self.body = body
        self.button = button
    }
}
