// SPDX-License-Identifier: Apache-2.0
// Whether a template message fits its template: name, language, and as many parameters of the right kind as it has
// variables.

internal import NIOHTTP1
internal import Wire

struct GraphTemplateCheck {
    typealias MediumCheck = (JSONValue, String, Bool) throws(GraphError) -> Void

    private let content: JSONValue
    private let templates: [GraphSimulator.Template]
    private let medium: MediumCheck

    init(_ content: JSONValue, _ templates: [GraphSimulator.Template], medium: @escaping MediumCheck) {
        self.content = content
        self.templates = templates
        self.medium = medium
    }

    /// The category of the template's price.
    func category() throws(GraphError) -> String {
        let name = try GraphMessageCheck.text(content["name"], "template.name", 1...512)
        let language = try GraphMessageCheck.text(content["language"]?["code"], "template.language.code", 1...16)
        guard let template = templates.first(where: { $0.name == name && $0.language == language }) else {
            throw GraphError(
                132001, "Template name does not exist in the translation",
                "template name (\(name)) does not exist in \(language)", status: .notFound)
        }
        let components = content["components"]?.array ?? []
        try header(template.header, in: components)
        try body(template.bodyVariables, in: components)
        try buttons(template.buttons, in: components)
        try carousel(template.cards, in: components)
        return template.category
    }

    private func parameters(_ type: String, in components: [JSONValue]) -> [JSONValue] {
        components.first { $0["type"]?.string?.lowercased() == type }?["parameters"]?.array ?? []
    }

    private func count(_ place: String, _ found: Int, _ expected: Int) throws(GraphError) {
        guard found == expected else {
            throw GraphError(
                132000, "Number of parameters does not match the expected number of params",
                "\(place): number of localizable_params (\(found)) does not match the expected number of params "
                    + "(\(expected))")
        }
    }

    private func header(_ header: GraphSimulator.Template.Header?, in components: [JSONValue]) throws(GraphError) {
        let given = parameters("header", in: components)
        let kind: String
        switch header {
        case nil: return try count("header", given.count, 0)
        case .text(let variables):
            try count("header", given.count, variables)
            return try texts(given, "header")
        case .image: kind = "image"
        case .video: kind = "video"
        case .document: kind = "document"
        case .location: kind = "location"
        }
        try count("header", given.count, 1)
        guard given[0]["type"]?.string == kind, let value = given[0][kind] else {
            throw Self.mismatch("header: Format mismatch, expected \(kind.uppercased())")
        }
        if kind == "location" {
            try GraphMessageCheck.location(value, "header.location")
        } else {
            try medium(value, "header.\(kind)", false)
        }
    }

    private func body(_ variables: Int, in components: [JSONValue]) throws(GraphError) {
        let given = parameters("body", in: components)
        try count("body", given.count, variables)
        try texts(given, "body")
    }

    private func texts(_ parameters: [JSONValue], _ place: String) throws(GraphError) {
        for (index, parameter) in parameters.enumerated() {
            switch parameter["type"]?.string {
            case "text": _ = try GraphMessageCheck.text(parameter["text"], "\(place)[\(index)].text", 1...1024)
            case "currency" where parameter["currency"] != nil, "date_time" where parameter["date_time"] != nil: break
            default: throw Self.mismatch("\(place): parameter \(index) is no text")
            }
        }
    }

    private func buttons(_ buttons: [GraphSimulator.Template.Button], in components: [JSONValue]) throws(GraphError) {
        var filled: Set<Int> = []
        for component in components where component["type"]?.string?.lowercased() == "button" {
            let position = component["index"].flatMap { $0.int64.map(Int.init) ?? $0.string.flatMap { Int($0) } }
            guard let position, buttons.indices.contains(position) else {
                throw .parameter("button: the template has no button of index \(position.map(String.init) ?? "none")")
            }
            try button(buttons[position], component, position)
            filled.insert(position)
        }
        for (position, button) in buttons.enumerated() where !filled.contains(position) {
            if case .url(isVariable: true) = button { throw Self.missingButton(position) }
        }
    }

    private func button(
        _ button: GraphSimulator.Template.Button, _ component: JSONValue, _ position: Int
    ) throws(GraphError) {
        let kind = component["sub_type"]?.string?.lowercased()
        let parameter = component["parameters"]?.array?.first
        switch (button, kind) {
        case (.quickReply, "quick_reply"):
            _ = try GraphMessageCheck.text(parameter?["payload"], "button[\(position)].payload", 1...256)
        case (.url(isVariable: true), "url"):
            _ = try GraphMessageCheck.text(parameter?["text"], "button[\(position)].text", 1...2000)
        case (.flow, "flow"), (.copyCode, "copy_code"): break
        default: throw Self.mismatch("button: the button of index \(position) takes no \(kind ?? "such") parameter")
        }
    }

    private func carousel(_ cards: [GraphSimulator.Template.Card], in components: [JSONValue]) throws(GraphError) {
        let given = components.first { $0["type"]?.string?.lowercased() == "carousel" }?["cards"]?.array ?? []
        try count("carousel", given.count, cards.count)
        for (index, card) in given.enumerated() {
            guard card["card_index"]?.int64 == Int64(index) else {
                throw .parameter("carousel.cards[\(index)].card_index must be \(index)")
            }
            let components = card["components"]?.array ?? []
            try header(cards[index].header, in: components)
            try body(cards[index].bodyVariables, in: components)
            try buttons(cards[index].buttons, in: components)
        }
    }

    private static func mismatch(_ details: String) -> GraphError {
        GraphError(132012, "Parameter format does not match format in the created template", details)
    }

    private static func missingButton(_ position: Int) -> GraphError {
        GraphError(
            131008, "Required parameter is missing",
            "buttons: Button at index \(position) of type Url requires a parameter")
    }
}
