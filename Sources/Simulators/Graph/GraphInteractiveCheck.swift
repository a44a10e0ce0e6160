// SPDX-License-Identifier: Apache-2.0
// The limits of interactive messages: buttons, lists, products, location requests, flows, addresses and links.

internal import Wire

struct GraphInteractiveCheck {
    var content: JSONValue
    var medium: GraphTemplateCheck.MediumCheck

    func check() throws(GraphError) {
        let type = try text("type", "interactive.type", 1...64)
        guard let action = content["action"] else { throw .missing("interactive.action") }
        if type != "product" || content["body"] != nil {
            _ = try GraphMessageCheck.text(
                content["body"]?["text"], "interactive.body.text", 1...(type == "list" ? 4096 : 1024))
        }
        if let footer = content["footer"] {
            _ = try GraphMessageCheck.text(footer["text"], "interactive.footer.text", 1...60)
        }
        try header(of: type)
        switch type {
        case "button": try buttons(action)
        case "list": try list(action)
        case "product": try product(action)
        case "product_list": try products(action)
        case "location_request_message": try name(action, "send_location")
        case "flow": try flow(action)
        case "address_message":
            try name(action, "address_message")
            _ = try GraphMessageCheck.text(
                action["parameters"]?["country"], "interactive.action.parameters.country", 2...2)
        case "cta_url":
            try name(action, "cta_url")
            let parameters = action["parameters"]
            _ = try GraphMessageCheck.text(parameters?["display_text"], "parameters.display_text", 1...20)
            _ = try GraphMessageCheck.text(parameters?["url"], "parameters.url", 1...2000)
        default: throw .value("interactive.type '\(type)' is unknown")
        }
    }

    private func text(_ member: String, _ path: String, _ length: ClosedRange<Int>) throws(GraphError) -> String {
        try GraphMessageCheck.text(content[member], path, length)
    }

    private func name(_ action: JSONValue, _ expected: String) throws(GraphError) {
        guard action["name"]?.string == expected else { throw .value("interactive.action.name must be \(expected)") }
    }

    private func header(of type: String) throws(GraphError) {
        guard let header = content["header"] else {
            if type == "product_list" { throw .missing("interactive.header") }
            return
        }
        guard type != "product", type != "location_request_message" else {
            throw .parameter("interactive.header is not allowed for type \(type)")
        }
        switch header["type"]?.string {
        case "text": _ = try GraphMessageCheck.text(header["text"], "interactive.header.text", 1...60)
        case "image" where type != "list" && type != "product_list",
            "video" where type != "list" && type != "product_list",
            "document" where type != "list" && type != "product_list":
            let kind = header["type"]?.string ?? ""
            guard let value = header[kind] else { throw .missing("interactive.header.\(kind)") }
            try medium(value, "interactive.header.\(kind)", false)
        default: throw .value("interactive.header.type does not fit a message of type \(type)")
        }
    }

    private func buttons(_ action: JSONValue) throws(GraphError) {
        guard let buttons = action["buttons"]?.array, (1...3).contains(buttons.count) else {
            throw .value("Invalid buttons count. Min allowed buttons: 1, Max allowed buttons: 3")
        }
        var titles: Set<String> = []
        var ids: Set<String> = []
        for (index, button) in buttons.enumerated() {
            guard button["type"]?.string == "reply" else { throw .value("buttons[\(index)].type must be reply") }
            let id = try GraphMessageCheck.text(button["reply"]?["id"], "buttons[\(index)].reply.id", 1...256)
            let title = try GraphMessageCheck.text(button["reply"]?["title"], "buttons[\(index)].reply.title", 1...20)
            guard ids.insert(id).inserted, titles.insert(title).inserted else {
                throw .value("Duplicated reply button of index \(index)")
            }
        }
    }

    private func list(_ action: JSONValue) throws(GraphError) {
        _ = try GraphMessageCheck.text(action["button"], "interactive.action.button", 1...20)
        let sections = try self.sections(action)
        var ids: Set<String> = []
        for section in sections {
            guard let rows = section["rows"]?.array, !rows.isEmpty else { throw .missing("section.rows") }
            for row in rows {
                let id = try GraphMessageCheck.text(row["id"], "row.id", 1...200)
                _ = try GraphMessageCheck.text(row["title"], "row.title", 1...24)
                if let description = row["description"] {
                    _ = try GraphMessageCheck.text(description, "row.description", 0...72)
                }
                guard ids.insert(id).inserted else { throw .value("Duplicated row id '\(id)'") }
            }
        }
        guard ids.count <= 10 else { throw .value("Total row count exceed max allowed count: 10") }
    }

    private func sections(_ action: JSONValue) throws(GraphError) -> [JSONValue] {
        guard let sections = action["sections"]?.array, (1...10).contains(sections.count) else {
            throw .value("interactive.action.sections must have 1 to 10 elements")
        }
        for section in sections {
            if sections.count > 1 || section["title"] != nil {
                _ = try GraphMessageCheck.text(section["title"], "section.title", 1...24)
            }
        }
        return sections
    }

    private func product(_ action: JSONValue) throws(GraphError) {
        _ = try GraphMessageCheck.text(action["catalog_id"], "interactive.action.catalog_id", 1...128)
        _ = try GraphMessageCheck.text(action["product_retailer_id"], "action.product_retailer_id", 1...256)
    }

    private func products(_ action: JSONValue) throws(GraphError) {
        _ = try GraphMessageCheck.text(action["catalog_id"], "interactive.action.catalog_id", 1...128)
        var count = 0
        for section in try sections(action) {
            guard let items = section["product_items"]?.array, !items.isEmpty else {
                throw .missing("section.product_items")
            }
            for item in items {
                _ = try GraphMessageCheck.text(item["product_retailer_id"], "item.product_retailer_id", 1...256)
            }
            count += items.count
        }
        guard count <= 30 else { throw .value("Total product count exceed max allowed count: 30") }
    }

    private func flow(_ action: JSONValue) throws(GraphError) {
        try name(action, "flow")
        guard let parameters = action["parameters"] else { throw .missing("interactive.action.parameters") }
        guard parameters["flow_message_version"]?.string == "3" else {
            throw .value("parameters.flow_message_version must be '3'")
        }
        _ = try GraphMessageCheck.text(parameters["flow_id"] ?? parameters["flow_name"], "parameters.flow_id", 1...128)
        _ = try GraphMessageCheck.text(parameters["flow_cta"], "parameters.flow_cta", 1...30)
        if let mode = parameters["mode"]?.string, mode != "published", mode != "draft" {
            throw .value("parameters.mode must be draft or published")
        }
        switch parameters["flow_action"]?.string ?? "navigate" {
        case "data_exchange": break
        case "navigate":
            guard let payload = parameters["flow_action_payload"] else { return }
            _ = try GraphMessageCheck.text(payload["screen"], "flow_action_payload.screen", 1...256)
            if let data = payload["data"], data.object?.isEmpty ?? true {
                throw .value("flow_action_payload.data must be an object that is not empty")
            }
        default: throw .value("parameters.flow_action must be navigate or data_exchange")
        }
    }
}
