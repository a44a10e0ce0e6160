// SPDX-License-Identifier: Apache-2.0
// A template with what fills it, as the Cloud API takes it: one component for each part of the template into which
// something is filled, and none for the others.

internal import Messaging
internal import Wire

struct GraphTemplate {
    let template: TemplateBody
    let media: [MediaSource: GraphMedia]

    /// What a flow is opened with when nobody has to know it again.
    private static let unusedToken = "unused"

    func json() throws(GraphRefusal) -> JSONValue {
        var members: [String: JSONValue] = [
            "name": .string(template.templateId), "language": .object(language),
        ]
        var components: [JSONValue] = []
        if let filled = template.components {
            components = try self.components(header: filled.header, body: filled.body, button: filled.button)
            if !filled.carousel.isEmpty { components.append(try carousel(filled.carousel)) }
        }
        if !components.isEmpty { members["components"] = .array(components) }
        return .object(members)
    }

    /// The Cloud API knows the policy `deterministic` alone; what `fallback` stands for is the connector's own doing.
    private var language: [String: JSONValue] {
        var members: [String: JSONValue] = ["code": .string(template.templateLanguage)]
        if template.languagePolicy != nil { members["policy"] = .string("deterministic") }
        return members
    }

    private func carousel(_ cards: [TemplateCard]) throws(GraphRefusal) -> JSONValue {
        var written: [JSONValue] = []
        for card in cards {
            let components = try components(header: card.header, body: card.body, button: card.button)
            written.append(
                .object(["card_index": .integer(Int64(card.cardIndex)), "components": .array(components)]))
        }
        return .object(["type": .string("carousel"), "cards": .array(written)])
    }

    private func components(
        header: [TemplateParameter], body: [TemplateParameter], button: [TemplateButton]
    ) throws(GraphRefusal) -> [JSONValue] {
        var components: [JSONValue] = []
        for (type, parameters) in [("header", header), ("body", body)] where !parameters.isEmpty {
            var written: [JSONValue] = []
            for parameter in parameters { written.append(try parameter.graph(media)) }
            components.append(.object(["type": .string(type), "parameters": .array(written)]))
        }
        return components + button.map(Self.component)
    }

    private static func component(_ button: TemplateButton) -> JSONValue {
        let (subType, index, parameter): (String, Int, [String: JSONValue]) =
            switch button {
            case .quickReply(let index, let payload):
                ("quick_reply", index, ["type": .string("payload"), "payload": .string(payload)])
            case .url(let index, let text): ("url", index, ["type": .string("text"), "text": .string(text)])
            case .flow(let index):
                (
                    "flow", index,
                    ["type": .string("action"), "action": .object(["flow_token": .string(unusedToken)])]
                )
            }
        return .object([
            "type": .string("button"), "sub_type": .string(subType), "index": .integer(Int64(index)),
            "parameters": .array([.object(parameter)]),
        ])
    }
}

extension TemplateParameter {
    /// What stands for a variable, or in the header of an interactive message.
    func graph(_ media: [MediaSource: GraphMedia]) throws(GraphRefusal) -> JSONValue {
        switch self {
        case .text(let text): return .object(["type": .string("text"), "text": .string(text)])
        case .image(let body): return try Self.medium("image", body, media)
        case .video(let body): return try Self.medium("video", body, media)
        case .document(let body): return try Self.medium("document", body, media)
        case .location(let location):
            var members: [String: JSONValue] = [
                "latitude": .number(location.latitude), "longitude": .number(location.longitude),
            ]
            members["name"] = location.name.nonEmpty.map { .string($0) }
            members["address"] = location.address.nonEmpty.map { .string($0) }
            return .object(["type": .string("location"), "location": .object(members)])
        }
    }

    private static func medium(
        _ type: String, _ body: MediaBody, _ media: [MediaSource: GraphMedia]
    ) throws(GraphRefusal) -> JSONValue {
        guard let reference = MediaSource(body).flatMap({ media[$0] }) else { throw .noMedium }
        var members: [String: JSONValue] =
            switch reference {
            case .link(let url): ["link": .string(url)]
            case .id(let id): ["id": .string(id)]
            }
        if type == "document" { members["filename"] = body.filename.nonEmpty.map { .string($0) } }
        return .object(["type": .string(type), type: .object(members)])
    }
}
