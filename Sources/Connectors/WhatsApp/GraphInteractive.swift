// SPDX-License-Identifier: Apache-2.0
// A message that is answered by choosing, as the Cloud API takes it.

internal import Messaging
internal import Wire

struct GraphInteractive {
    let body: InteractiveBody
    let media: [MediaSource: GraphMedia]

    /// The version of the format of flow messages.
    private static let flowVersion = "3"

    func json() throws(GraphRefusal) -> JSONValue {
        let (type, action) = try action()
        var members: [String: JSONValue] = [
            "type": .string(type), "body": .object(["text": .string(body.body)]), "action": .object(action),
        ]
        if let header = body.header { members["header"] = try header.graph(media) }
        members["footer"] = body.footer.nonEmpty.map { .object(["text": .string($0)]) }
        return .object(members)
    }

    private func action() throws(GraphRefusal) -> (type: String, members: [String: JSONValue]) {
        switch body.action {
        case .buttons(let buttons): ("button", ["buttons": .array(buttons.map(Self.button))])
        case .list(let title, let sections):
            ("list", ["button": .string(title), "sections": .array(sections.map(Self.section))])
        case .product(let catalogId, let productId):
            ("product", ["catalog_id": .string(catalogId), "product_retailer_id": .string(productId)])
        case .productList(let catalogId, let sections):
            ("product_list", ["catalog_id": .string(catalogId), "sections": .array(sections.map(Self.products))])
        case .locationRequest: ("location_request_message", ["name": .string("send_location")])
        case .flow(let flow):
            ("flow", ["name": .string("flow"), "parameters": .object(try Self.parameters(flow))])
        case .address(let address):
            (
                "address_message",
                ["name": .string("address_message"), "parameters": .object(Self.parameters(address))]
            )
        }
    }

    private static func button(_ button: InteractiveBody.ReplyButton) -> JSONValue {
        .object([
            "type": .string("reply"),
            "reply": .object(["id": .string(button.payload), "title": .string(button.title)]),
        ])
    }

    private static func section(_ section: InteractiveBody.ListSection) -> JSONValue {
        let rows = section.rows.map { row in
            var members: [String: JSONValue] = ["id": .string(row.payload), "title": .string(row.title)]
            members["description"] = row.description.nonEmpty.map { .string($0) }
            return JSONValue.object(members)
        }
        return titled(section.title, "rows", rows)
    }

    private static func products(_ section: InteractiveBody.ProductSection) -> JSONValue {
        titled(
            section.title, "product_items",
            section.productIds.map { .object(["product_retailer_id": .string($0)]) })
    }

    private static func titled(_ title: String?, _ name: String, _ elements: [JSONValue]) -> JSONValue {
        var members: [String: JSONValue] = [name: .array(elements)]
        members["title"] = title.nonEmpty.map { .string($0) }
        return .object(members)
    }

    private static func parameters(_ flow: InteractiveBody.FlowAction) throws(GraphRefusal) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "flow_message_version": .string(flowVersion), "flow_token": .string(flow.flowToken),
            "flow_id": .string(flow.flowId), "flow_cta": .string(flow.flowCta),
            "flow_action": .string(flow.flowAction), "mode": .string(flow.mode),
        ]
        var payload: [String: JSONValue] = [:]
        payload["screen"] = flow.screen.nonEmpty.map { .string($0) }
        if let data = flow.data.nonEmpty {
            guard let json = try? JSONValue(parsing: data.utf8), json.object != nil else {
                throw GraphRefusal(code: 131009, reason: "the data of a flow must be a JSON object")
            }
            // WhatsApp refuses an object without members.
            if json != .object([:]) { payload["data"] = json }
        }
        if !payload.isEmpty { members["flow_action_payload"] = .object(payload) }
        return members
    }

    private static func parameters(_ request: InteractiveBody.AddressRequest) -> [String: JSONValue] {
        var members: [String: JSONValue] = ["country": .string(request.country)]
        if !request.values.isEmpty { members["values"] = object(request.values) }
        if !request.savedAddresses.isEmpty {
            members["saved_addresses"] = .array(
                request.savedAddresses.map { .object(["id": .string($0.id), "value": object($0.value)]) })
        }
        if !request.validationErrors.isEmpty { members["validation_errors"] = object(request.validationErrors) }
        return members
    }

    /// The fields of an address under WhatsApp's names: `houseNumber` is `house_number` there.
    private static func object(_ fields: [String: String]) -> JSONValue {
        .object(
            Dictionary(fields.map { (snakeCase($0), JSONValue.string($1)) }, uniquingKeysWith: { first, _ in first }))
    }

    static func snakeCase(_ name: String) -> String {
        var result = ""
        for character in name {
            if character.isUppercase {
                result += "_" + character.lowercased()
            } else {
                result.append(character)
            }
        }
        return result
    }
}
