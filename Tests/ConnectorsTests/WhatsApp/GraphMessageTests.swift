// SPDX-License-Identifier: Apache-2.0
// Content → the request's JSON, one row for each kind that WhatsApp has.

import Messaging
import Testing
import Wire

@testable import Connectors

@Suite struct GraphMessageTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        let body: RichBody
        /// The members beside `messaging_product`, `recipient_type` and `to`.
        let json: String

        var testDescription: String { name }
    }

    @Test(arguments: simpleRows + templateRows + interactiveRows)
    func contentIsWrittenAsTheCloudAPITakesIt(_ row: Row) throws {
        let expected = #"{"messaging_product": "whatsapp", "recipient_type": "individual", "to": "4915212345678", "#
        #expect(try json(row.body) == JSONValue(parsing: (expected + row.json + "}").utf8))
    }

    @Test(arguments: [
        ("4915212345678", "to"), ("DE.13491208655302741918", "recipient"), ("US.ENT.11815799212886844830", "recipient"),
        ("120363@g.us", "to"), ("de.1", "to"), ("DE.", "to"), ("DE.1.2", "to"), ("", "to"), ("D1.5", "to"),
    ])
    func aNumberGoesToToAndABusinessScopedIDToRecipient(_ recipient: String, member: String) throws {
        let message = try GraphMessage(recipient: recipient, body: .text(TextBody("x"))).json()
        let json = try JSONValue(parsing: message)
        #expect(json[member]?.string == recipient)
        #expect(json["to"] == nil || json["recipient"] == nil)
    }

    @Test(arguments: [
        RichBody.file(FileBody(url: "https://a.example/x", filename: "x")), .components([.text("x")]),
        .unknown(type: "x"), .voice(MediaBody(url: "https://a.example/x")),
        .postback(Postback(origin: .button, data: "x")), .order(Order(items: [])),
    ])
    func contentThatWhatsAppDoesNotHaveIsRefused(_ body: RichBody) {
        #expect(throws: GraphRefusal.unsupported(body.contentType)) { try json(body) }
    }

    @Test func aMediumWithoutAPlaceIsRefused() {
        #expect(throws: GraphRefusal.noMedium) { try json(.image(MediaBody(caption: "x"))) }
        let template = TemplateBody(
            templateId: "t", templateLanguage: "en", components: TemplateComponents(header: [.video(MediaBody())]))
        #expect(throws: GraphRefusal.noMedium) { try json(.template(template)) }
    }

    @Test(arguments: ["[1]", "{", "7", "nonsense"])
    func theDataOfAFlowIsAnObject(_ data: String) {
        let flow = InteractiveBody.FlowAction(
            mode: "published", flowToken: "t", flowId: "1", flowCta: "Go", flowAction: "navigate", screen: "A",
            data: data)
        #expect(throws: GraphRefusal.self) { try json(.interactive(InteractiveBody(body: "b", action: .flow(flow)))) }
    }

    /// Ids of ours were uploaded under `up-<id>`; URLs are WhatsApp's to fetch.
    private func json(_ body: RichBody) throws -> JSONValue {
        var media: [MediaSource: GraphMedia] = [:]
        for source in body.mediaBodies.compactMap({ MediaSource($0) }) {
            switch source {
            case .own(let id): media[source] = .id("up-\(id)")
            case .url(let url): media[source] = .link(url)
            }
        }
        return try JSONValue(parsing: GraphMessage(recipient: "4915212345678", body: body, media: media).json())
    }
}

private typealias Row = GraphMessageTests.Row

private let picture = MediaBody(url: "https://a.example/p.jpg")

private let simpleRows: [Row] = [
    Row(name: "text", body: .text(TextBody("Hello ☀️")), json: #""type":"text","text":{"body":"Hello ☀️"}"#),
    Row(
        name: "text with preview", body: .text(TextBody("https://a.example", renderUrlPreview: true)),
        json: #""type":"text","text":{"body":"https://a.example","preview_url":true}"#),
    Row(
        name: "text without preview", body: .text(TextBody("x", renderUrlPreview: false)),
        json: #""type":"text","text":{"body":"x"}"#),
    Row(
        name: "image by link", body: .image(MediaBody(url: "https://a.example/p.jpg", caption: "A picture")),
        json: #""type":"image","image":{"link":"https://a.example/p.jpg","caption":"A picture"}"#),
    Row(
        name: "image by id", body: .image(MediaBody(mediaId: "7", caption: "")),
        json: #""type":"image","image":{"id":"up-7"}"#),
    Row(
        name: "document",
        body: .document(MediaBody(url: "https://a.example/i.pdf", caption: "Yours", filename: "invoice.pdf")),
        json: """
            "type":"document",
            "document":{"link":"https://a.example/i.pdf","caption":"Yours","filename":"invoice.pdf"}
            """),
    Row(
        name: "video", body: .video(MediaBody(mediaId: "8", caption: "c", filename: "not told")),
        json: #""type":"video","video":{"id":"up-8","caption":"c"}"#),
    Row(
        name: "audio", body: .audio(MediaBody(url: "https://a.example/a.ogg", caption: "not told")),
        json: #""type":"audio","audio":{"link":"https://a.example/a.ogg"}"#),
    Row(name: "sticker", body: .sticker(MediaBody(mediaId: "9")), json: #""type":"sticker","sticker":{"id":"up-9"}"#),
    Row(
        name: "location",
        body: .location(Location(longitude: 7.4653, latitude: 51.5136, name: "Office", address: "Semerteichstraße 54")),
        json: """
            "type":"location","location":{"latitude":51.5136,"longitude":7.4653,"name":"Office",
            "address":"Semerteichstraße 54"}
            """),
    Row(
        name: "bare location", body: .location(Location(longitude: -0.00001, latitude: 0)),
        json: #""type":"location","location":{"latitude":0.0,"longitude":-0.00001}"#),
    Row(
        name: "reaction", body: .reaction(Reaction(messageId: "wamid.1", emoji: "👍")),
        json: #""type":"reaction","reaction":{"message_id":"wamid.1","emoji":"👍"}"#),
    Row(
        name: "reaction taken back", body: .reaction(Reaction(messageId: "wamid.1", emoji: "")),
        json: #""type":"reaction","reaction":{"message_id":"wamid.1","emoji":""}"#),
    Row(name: "contacts", body: .contacts([card, bareCard]), json: #""type":"contacts","contacts":"# + cards),
]

private let card: ContactCard = {
    var card = ContactCard()
    card.birthday = "1990-01-31"
    var address = ContactCard.Address()
    (address.street, address.city, address.zip) = ("Way 1", "Dortmund", "44141")
    (address.country, address.countryCode, address.type) = ("Germany", "DE", "WORK")
    card.addresses = [address]
    card.emails = [.init(email: "a@a.example", type: "WORK")]
    card.ims = [.init(service: "AIM", userId: "a")]
    var name = ContactCard.Name(formattedName: "Dr. Ada Lovelace")
    (name.prefix, name.firstName, name.lastName) = ("Dr.", "Ada", "Lovelace")
    card.name = name
    var org = ContactCard.Organisation()
    (org.company, org.department, org.title) = ("Engines", "Analysis", "Countess")
    card.org = org
    card.phones = [.init(phone: "+49 152 1", type: "CELL", waId: "491521")]
    card.urls = [.init(url: "https://a.example", type: "HOME")]
    return card
}()

private let bareCard: ContactCard = {
    var card = ContactCard()
    card.name = .init(formattedName: "Bob")
    return card
}()

private let cards = """
    [{"addresses":[{"street":"Way 1","city":"Dortmund","zip":"44141","country":"Germany","country_code":"DE",
    "type":"WORK"}],"birthday":"1990-01-31","emails":[{"email":"a@a.example","type":"WORK"}],
    "ims":[{"service":"AIM","user_id":"a"}],
    "name":{"formatted_name":"Dr. Ada Lovelace","prefix":"Dr.","first_name":"Ada","last_name":"Lovelace"},
    "org":{"company":"Engines","department":"Analysis","title":"Countess"},
    "phones":[{"phone":"+49 152 1","type":"CELL","wa_id":"491521"}],
    "urls":[{"url":"https://a.example","type":"HOME"}]},{"name":{"formatted_name":"Bob"}}]
    """

private func template(_ components: TemplateComponents?, policy: String? = nil) -> RichBody {
    var template = TemplateBody(templateId: "order_update", templateLanguage: "en_US", components: components)
    template.languagePolicy = policy
    return .template(template)
}

private func templateJSON(_ components: String) -> String {
    #""type":"template","template":{"name":"order_update","language":{"code":"en_US"},"components":"# + components + "}"
}

private func headerJSON(_ parameter: String) -> String {
    templateJSON(#"[{"type":"header","parameters":[\#(parameter)]}]"#)
}

private let templateRows: [Row] = [
    Row(
        name: "bare template", body: template(nil),
        json: #""type":"template","template":{"name":"order_update","language":{"code":"en_US"}}"#),
    Row(
        name: "template with language policy", body: template(TemplateComponents(), policy: "deterministic"),
        json: """
            "type":"template",
            "template":{"name":"order_update","language":{"code":"en_US","policy":"deterministic"}}
            """),
    Row(
        name: "text header", body: template(TemplateComponents(header: [.text("Hi")])),
        json: headerJSON(#"{"type":"text","text":"Hi"}"#)),
    Row(
        name: "image header", body: template(TemplateComponents(header: [.image(picture)])),
        json: headerJSON(#"{"type":"image","image":{"link":"https://a.example/p.jpg"}}"#)),
    Row(
        name: "video header", body: template(TemplateComponents(header: [.video(MediaBody(mediaId: "3"))])),
        json: headerJSON(#"{"type":"video","video":{"id":"up-3"}}"#)),
    Row(
        name: "document header",
        body: template(TemplateComponents(header: [.document(MediaBody(mediaId: "4", filename: "a.pdf"))])),
        json: headerJSON(#"{"type":"document","document":{"id":"up-4","filename":"a.pdf"}}"#)),
    Row(
        name: "location header",
        body: template(
            TemplateComponents(header: [.location(Location(longitude: 7.5, latitude: 51.5, name: "N", address: "A"))])),
        json: headerJSON(
            #"{"type":"location","location":{"latitude":51.5,"longitude":7.5,"name":"N","address":"A"}}"#)),
    Row(
        name: "body and buttons",
        body: template(
            TemplateComponents(
                body: [.text("Ada"), .text("42")],
                button: [
                    .quickReply(index: 0, payload: "yes"), .url(index: 1, text: "track/42"), .flow(index: 2),
                ])),
        json: templateJSON(
            """
            [{"type":"body","parameters":[{"type":"text","text":"Ada"},{"type":"text","text":"42"}]},
            {"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"yes"}]},
            {"type":"button","sub_type":"url","index":1,"parameters":[{"type":"text","text":"track/42"}]},
            {"type":"button","sub_type":"flow","index":2,
             "parameters":[{"type":"action","action":{"flow_token":"unused"}}]}]
            """)),
    Row(
        name: "carousel",
        body: template(
            TemplateComponents(
                body: [.text("Ada")],
                carousel: [
                    TemplateCard(
                        cardIndex: 0, header: [.image(picture)], body: [.text("A")],
                        button: [.quickReply(index: 0, payload: "a")]),
                    TemplateCard(cardIndex: 1, header: [.video(MediaBody(mediaId: "5"))]),
                ])),
        json: templateJSON(
            """
            [{"type":"body","parameters":[{"type":"text","text":"Ada"}]},
            {"type":"carousel","cards":[
              {"card_index":0,"components":[
                {"type":"header","parameters":[{"type":"image","image":{"link":"https://a.example/p.jpg"}}]},
                {"type":"body","parameters":[{"type":"text","text":"A"}]},
                {"type":"button","sub_type":"quick_reply","index":0,"parameters":[{"type":"payload","payload":"a"}]}]},
              {"card_index":1,"components":[
                {"type":"header","parameters":[{"type":"video","video":{"id":"up-5"}}]}]}]}]
            """)),
]

private func interactive(
    _ action: InteractiveBody.Action, header: TemplateParameter? = nil, footer: String? = nil
) -> RichBody {
    .interactive(InteractiveBody(header: header, body: "Choose", footer: footer, action: action))
}

private func interactiveJSON(_ type: String, _ action: String, more: String = "") -> String {
    #""type":"interactive","interactive":{"type":"\#(type)","body":{"text":"Choose"},"action":\#(action)\#(more)}"#
}

private let interactiveRows: [Row] = [
    Row(
        name: "buttons",
        body: interactive(
            .buttons([.init(payload: "a", title: "A"), .init(payload: "b", title: "B")]), header: .image(picture),
            footer: "small"),
        json: interactiveJSON(
            "button",
            """
            {"buttons":[{"type":"reply","reply":{"id":"a","title":"A"}},{"type":"reply","reply":{"id":"b","title":"B"}}]}
            """,
            more: """
                ,"header":{"type":"image","image":{"link":"https://a.example/p.jpg"}},"footer":{"text":"small"}
                """)),
    Row(
        name: "list",
        body: interactive(
            .list(
                title: "Open",
                sections: [
                    .init(title: "S", rows: [.init(payload: "1", title: "One", description: "first")]),
                    .init(rows: [.init(payload: "2", title: "Two")]),
                ]), header: .text("Head")),
        json: interactiveJSON(
            "list",
            """
            {"button":"Open","sections":[{"title":"S","rows":[{"id":"1","title":"One","description":"first"}]},
            {"rows":[{"id":"2","title":"Two"}]}]}
            """, more: #","header":{"type":"text","text":"Head"}"#)),
    Row(
        name: "product", body: interactive(.product(catalogId: "c", productId: "p")),
        json: interactiveJSON("product", #"{"catalog_id":"c","product_retailer_id":"p"}"#)),
    Row(
        name: "product list",
        body: interactive(
            .productList(catalogId: "c", sections: [.init(title: "S", productIds: ["p", "q"])]), header: .text("H")),
        json: interactiveJSON(
            "product_list",
            """
            {"catalog_id":"c","sections":[{"title":"S",
            "product_items":[{"product_retailer_id":"p"},{"product_retailer_id":"q"}]}]}
            """, more: #","header":{"type":"text","text":"H"}"#)),
    Row(
        name: "location request", body: interactive(.locationRequest),
        json: interactiveJSON("location_request_message", #"{"name":"send_location"}"#)),
    Row(
        name: "flow that navigates",
        body: interactive(
            .flow(
                .init(
                    mode: "draft", flowToken: "t", flowId: "1", flowCta: "Go", flowAction: "navigate", screen: "START",
                    data: #"{"name":"Ada","n":1}"#))),
        json: interactiveJSON(
            "flow",
            """
            {"name":"flow","parameters":{"flow_message_version":"3","flow_token":"t","flow_id":"1","flow_cta":"Go",
            "flow_action":"navigate","mode":"draft",
            "flow_action_payload":{"screen":"START","data":{"name":"Ada","n":1}}}}
            """)),
    Row(
        name: "flow that exchanges data",
        body: interactive(
            .flow(
                .init(
                    mode: "published", flowToken: "t", flowId: "1", flowCta: "Go", flowAction: "data_exchange",
                    data: "{}"))),
        json: interactiveJSON(
            "flow",
            """
            {"name":"flow","parameters":{"flow_message_version":"3","flow_token":"t","flow_id":"1","flow_cta":"Go",
            "flow_action":"data_exchange","mode":"published"}}
            """)),
    Row(
        name: "address",
        body: interactive(
            .address(
                .init(
                    country: "IN", values: ["phoneNumber": "+91 1", "inPinCode": "400"],
                    savedAddresses: [.init(id: "home", value: ["houseNumber": "2"])],
                    validationErrors: ["inPinCode": "too short"]))),
        json: interactiveJSON(
            "address_message",
            """
            {"name":"address_message","parameters":{"country":"IN",
            "values":{"phone_number":"+91 1","in_pin_code":"400"},
            "saved_addresses":[{"id":"home","value":{"house_number":"2"}}],
            "validation_errors":{"in_pin_code":"too short"}}}
            """)),
    Row(
        name: "bare address", body: interactive(.address(.init(country: "SG"))),
        json: interactiveJSON("address_message", #"{"name":"address_message","parameters":{"country":"SG"}}"#)),
]
