// SPDX-License-Identifier: Apache-2.0
// A WhatsApp message that is answered by choosing: seven kinds, which differ in what there is to choose from. Limits of
// the whole message (ten rows, thirty products, no payload twice) are checked over all its sections.

internal import Messaging
internal import Wire

extension WhatsAppContentReader {
    private static let kinds = ["buttons", "list", "product", "productList", "locationRequest", "flow", "address"]
    private static let mediaHeaders = ["text", "image", "video", "document"]
    private static let bodyLengths = 1...1024
    private static let footerLengths = 0...60
    private static let titleLengths = 1...24
    private static let sectionCounts = 1...10
    private static let maximumRows = 10
    private static let maximumProducts = 30
    /// WhatsApp's own limit.
    private static let rowPayloadLengths = 1...200

    func interactive(_ content: BodyReader) -> InteractiveBody? {
        guard let member = content.requiredObject("interactive") else { return nil }
        let kind = member.requiredWord("subType", among: Self.kinds)
        guard let kind, let components = member.requiredObject("components") else { return nil }
        let header = header(components, of: kind)
        let body = plainText(components, "body", length: Self.bodyLengths, isRequired: true) ?? ""
        let footer =
            kind == "locationRequest" ? nil : plainText(components, "footer", length: Self.footerLengths)
        guard let action = action(components, of: kind) else { return nil }
        return InteractiveBody(header: header, body: body, footer: footer, action: action)
    }

    private func header(_ components: BodyReader, of kind: String) -> TemplateParameter? {
        // A single product brings its own header.
        guard kind != "product", kind != "locationRequest" else { return nil }
        let types = kind == "buttons" ? Self.mediaHeaders : ["text"]
        let isRequired = kind == "productList"
        let member = isRequired ? components.requiredObject("header") : components.object("header")
        return member.flatMap { headerParameter($0, types: types) }
    }

    /// The text of `{type: "text", text}`.
    private func plainText(
        _ components: BodyReader, _ name: String, length: ClosedRange<Int>, isRequired: Bool = false
    ) -> String? {
        guard let member = isRequired ? components.requiredObject(name) : components.object(name) else { return nil }
        _ = member.requiredWord("type", among: ["text"])
        return member.requiredText("text", length: length)
    }

    private func action(_ components: BodyReader, of kind: String) -> InteractiveBody.Action? {
        switch kind {
        case "buttons": .buttons(replyButtons(components))
        case "list": list(components)
        case "product": product(components)
        case "productList": productList(components)
        case "locationRequest": .locationRequest
        case "flow": flow(components).map { .flow($0) }
        default: address(components).map { .address($0) }
        }
    }

    private func replyButtons(_ components: BodyReader) -> [InteractiveBody.ReplyButton] {
        let elements = components.requiredArray("buttons", count: 1...3)
        let replies = elements.compactMap { element -> BodyReader? in
            guard let element = element.required() else { return nil }
            _ = element.requiredWord("type", among: ["reply"])
            return element.requiredObject("reply")
        }
        refuseRepeated(replies, "payload") { $0["payload"].value?.string }
        return replies.map { reply in
            InteractiveBody.ReplyButton(
                payload: reply.requiredText("payload", length: 1...256),
                title: reply.requiredText("title", length: Self.titleLengths))
        }
    }
}

// MARK: Lists and products

extension WhatsAppContentReader {
    private func list(_ components: BodyReader) -> InteractiveBody.Action? {
        guard let member = components.requiredObject("list") else { return nil }
        let title = member.requiredText("title", length: Self.titleLengths)
        var rows: [BodyReader] = []
        let sections = sections(member) { section, title -> InteractiveBody.ListSection in
            let elements = section.requiredArray("rows", count: 1...Self.maximumRows).compactMap { $0.required() }
            rows += elements
            return InteractiveBody.ListSection(title: title, rows: elements.map { row($0) })
        }
        refuseRepeated(rows, "payload") { $0["payload"].value?.string }
        if rows.count > Self.maximumRows {
            member.refuse("sections", "must have at most \(Self.maximumRows) rows in total")
        }
        return .list(title: title, sections: sections)
    }

    private func row(_ reader: BodyReader) -> InteractiveBody.ListRow {
        InteractiveBody.ListRow(
            payload: reader.requiredText("payload", length: Self.rowPayloadLengths),
            title: reader.requiredText("title", length: Self.titleLengths),
            description: reader.text("description", length: 1...72))
    }

    private func product(_ components: BodyReader) -> InteractiveBody.Action? {
        guard let member = components.requiredObject("product") else { return nil }
        return .product(
            catalogId: member.requiredText("catalogId", fromNumber: true),
            productId: member.requiredText("productId", fromNumber: true))
    }

    private func productList(_ components: BodyReader) -> InteractiveBody.Action? {
        guard let member = components.requiredObject("productList") else { return nil }
        let catalogID = member.requiredText("catalogId", fromNumber: true)
        var products = 0
        let sections = sections(member) { section, title -> InteractiveBody.ProductSection in
            let items = section.requiredArray("items", count: 1...Self.maximumProducts).compactMap { $0.required() }
            products += items.count
            return InteractiveBody.ProductSection(
                title: title, productIds: items.map { $0.requiredText("productId", fromNumber: true) })
        }
        if products > Self.maximumProducts {
            member.refuse("sections", "must have at most \(Self.maximumProducts) products in total")
        }
        return .productList(catalogId: catalogID, sections: sections)
    }

    /// Sections need titles where there are several.
    private func sections<Section>(_ reader: BodyReader, _ read: (BodyReader, String?) -> Section) -> [Section] {
        let elements = reader.requiredArray("sections", count: Self.sectionCounts)
        return elements.compactMap { element in
            guard let element = element.required() else { return nil }
            if elements.count > 1, !element.has("title") {
                element.refuse("title", "is required where there is more than one section")
            }
            return read(element, element.text("title", length: Self.titleLengths))
        }
    }
}

// MARK: Forms

extension WhatsAppContentReader {
    private func flow(_ components: BodyReader) -> InteractiveBody.FlowAction? {
        guard let member = components.requiredObject("flow") else { return nil }
        let action = member.word("flowAction", among: ["navigate", "data_exchange"]) ?? "navigate"
        var flow = InteractiveBody.FlowAction(
            mode: member.word("mode", among: ["published", "draft"]) ?? "published",
            flowToken: member.requiredText("flowToken"), flowId: member.requiredText("flowId", fromNumber: true),
            flowCta: member.requiredText("flowCta", length: 1...20), flowAction: action)
        let isNavigation = action == "navigate"
        let payload =
            isNavigation ? member.requiredObject("flowActionPayload") : member.object("flowActionPayload")
        if let payload {
            flow.screen = isNavigation ? payload.requiredText("screen") : payload.text("screen")
            flow.data = payload.object("data")?.value.map { value in
                var writer = JSONWriter()
                writer.value(value)
                return writer.text
            }
        }
        return flow
    }

    private static let addressMembers = [
        "name", "phoneNumber", "houseNumber", "floorNumber", "towerNumber", "buildingName", "address", "city",
    ]
    /// What each country has beside.
    private static let countryMembers = [
        "IN": ["landmarkArea", "state", "inPinCode"], "SG": ["unitNumber", "sgPostCode"],
    ]
    private static let codeLengths = 0...6

    private func address(_ components: BodyReader) -> InteractiveBody.AddressRequest? {
        guard let member = components.requiredObject("address"),
            let country = member.requiredWord("country", among: ["IN", "SG"])
        else { return nil }
        let names = Self.addressMembers + (Self.countryMembers[country] ?? [])
        return InteractiveBody.AddressRequest(
            country: country, values: member.object("values").map { texts($0, names, isAddress: true) } ?? [:],
            savedAddresses: member.array("savedAddresses", count: 0...20, orSingle: true).compactMap { element in
                guard let element = element.required() else { return nil }
                let id = element.requiredText("id")
                guard let value = element.requiredObject("value") else { return nil }
                return InteractiveBody.AddressRequest.Saved(id: id, value: texts(value, names, isAddress: true))
            },
            validationErrors: member.object("validationErrors").map { texts($0, names, isAddress: false) } ?? [:])
    }

    private func texts(_ reader: BodyReader, _ names: [String], isAddress: Bool) -> [String: String] {
        var texts: [String: String] = [:]
        for name in names {
            let isCode = isAddress && (name == "inPinCode" || name == "sgPostCode")
            texts[name] = reader.text(name, length: isCode ? Self.codeLengths : 0...2048)
        }
        return texts
    }
}
