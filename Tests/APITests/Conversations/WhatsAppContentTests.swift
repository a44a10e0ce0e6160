// SPDX-License-Identifier: Apache-2.0
// WhatsApp contents as customers send them, and the content that is stored for each.

import Messaging
import Testing
import Wire

@testable import API

@Suite struct WhatsAppContentTests {
    private static let url = "https://example.com/a.jpg"

    static let plain: [(json: String, body: RichBody)] = [
        (#"{"contentType": "text", "text": "Hi", "unknown": 1}"#, .text(TextBody("Hi"))),
        (
            #"{"contentType": "text", "text": "Hi", "renderUrlPreview": true}"#,
            .text(TextBody("Hi", renderUrlPreview: true))
        ),
        (
            #"{"contentType": "image", "image": {"url": "https://example.com/a.jpg", "caption": "c"}}"#,
            .image(MediaBody(url: url, caption: "c"))
        ),
        (
            #"{"contentType": "document", "document": {"mediaId": "5A8FFAC5-2288-485d-b463-90c3cd9941ad", "filename": "a.pdf"}}"#,
            .document(MediaBody(mediaId: ConversationsTester.medium, filename: "a.pdf"))
        ),
        (#"{"contentType": "video", "video": {"url": "https://example.com/a.jpg"}}"#, .video(MediaBody(url: url))),
        (#"{"contentType": "audio", "audio": {"url": "https://example.com/a.jpg"}}"#, .audio(MediaBody(url: url))),
        (
            #"{"contentType": "sticker", "sticker": {"url": "https://example.com/a.jpg", "caption": "ignored"}}"#,
            .sticker(MediaBody(url: url))
        ),
        (
            #"{"contentType": "location", "location": {"longitude": 7.5, "latitude": 51, "name": "Dortmund"}}"#,
            .location(Location(longitude: 7.5, latitude: 51, name: "Dortmund"))
        ),
        (
            #"{"contentType": "reaction", "reaction": {"messageId": "wamid.X", "emoji": "👩‍👩‍👧"}}"#,
            .reaction(Reaction(messageId: "wamid.X", emoji: "👩‍👩‍👧"))
        ),
        (
            #"{"contentType": "reaction", "reaction": {"messageId": "wamid.X", "emoji": ""}}"#,
            .reaction(Reaction(messageId: "wamid.X", emoji: ""))
        ),
    ]

    @Test(arguments: plain)
    func `plain contents are stored as they are written`(_ json: String, _ body: RichBody) throws {
        try check(json, body)
    }

    @Test func `a contact keeps all its entries`() throws {
        let json = #"""
            {"contentType": "contacts", "contacts": [{"birthday": "1987-01-31",
              "name": {"formattedName": "Dr. A B", "firstName": "A", "lastName": "B", "prefix": "Dr."},
              "addresses": [{"city": "C", "country": "D", "countryCode": "DE", "state": "NW", "street": "S 1", "type": "HOME", "zip": "44135"}],
              "emails": [{"email": "a@example.com", "type": "WORK"}], "ims": [{"service": "AIM", "userId": "u"}],
              "org": {"company": "Acme", "department": "D", "title": "T"},
              "phones": [{"phone": "+4912345", "type": "CELL"}], "urls": [{"url": "https://example.com", "type": "WORK"}]}]}
            """#
        var card = ContactCard()
        card.birthday = "1987-01-31"
        card.name = ContactCard.Name(formattedName: "Dr. A B")
        card.name?.prefix = "Dr."
        card.name?.firstName = "A"
        card.name?.lastName = "B"
        var address = ContactCard.Address()
        address.city = "C"
        address.country = "D"
        address.countryCode = "DE"
        address.state = "NW"
        address.street = "S 1"
        address.type = "HOME"
        address.zip = "44135"
        card.addresses = [address]
        card.emails = [.init(email: "a@example.com", type: "WORK")]
        card.ims = [.init(service: "AIM", userId: "u")]
        var org = ContactCard.Organisation()
        org.company = "Acme"
        org.department = "D"
        org.title = "T"
        card.org = org
        card.phones = [.init(phone: "+4912345", type: "CELL")]
        card.urls = [.init(url: "https://example.com", type: "WORK")]
        try check(json, .contacts([card]))
    }

    static let templates: [(components: String, expected: TemplateComponents)] = [
        ("{}", TemplateComponents()),
        (
            #"{"header": [{"type": "text", "text": "Hi", "example": {"text": "x"}}], "body": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}"#,
            TemplateComponents(header: [.text("Hi")], body: [.text("a"), .text("b")])
        ),
        (
            #"{"body": [{"type": "text", "example": {"texts": ["a", "b"]}}]}"#,
            TemplateComponents(body: [.text("a"), .text("b")])
        ),
        (
            #"{"header": {"type": "image", "image": {"url": "https://example.com/a.jpg"}}}"#,
            TemplateComponents(header: [.image(MediaBody(url: url))])
        ),
        (
            #"{"header": [{"type": "video", "video": {"url": "https://example.com/a.jpg"}}]}"#,
            TemplateComponents(header: [.video(MediaBody(url: url))])
        ),
        (
            #"{"header": [{"type": "document", "document": {"url": "https://example.com/a.jpg", "filename": "a"}}]}"#,
            TemplateComponents(header: [.document(MediaBody(url: url, filename: "a"))])
        ),
        (
            #"{"header": [{"type": "location", "location": {"longitude": 1, "latitude": 2}}]}"#,
            TemplateComponents(header: [.location(Location(longitude: 1, latitude: 2))])
        ),
        (
            #"{"button": [{"type": "quick_reply", "index": 0, "payload": "p"}, {"type": "quick_reply", "index": 2, "payload": ""}]}"#,
            TemplateComponents(button: [.quickReply(index: 0, payload: "p"), .quickReply(index: 2, payload: "")])
        ),
        (
            #"{"buttons": {"type": "url", "index": 1, "text": "x"}}"#,
            TemplateComponents(button: [.url(index: 1, text: "x")])
        ),
        (#"{"button": [{"type": "flow", "index": 0.0}]}"#, TemplateComponents(button: [.flow(index: 0)])),
        (
            #"""
            {"carousel": [{"cardIndex": 0, "components": {"header": [{"type": "image", "image": {"url": "https://example.com/a.jpg"}}],
              "body": [{"type": "text", "text": "b"}], "button": [{"type": "quick_reply", "index": 0, "payload": "p"}, {"type": "url", "index": 1, "text": "t"}]}},
             {"cardIndex": 1, "components": {"button": {"type": "url", "index": 0, "text": "t"}}}]}
            """#,
            TemplateComponents(carousel: [
                TemplateCard(
                    cardIndex: 0, header: [.image(MediaBody(url: url))], body: [.text("b")],
                    button: [.quickReply(index: 0, payload: "p"), .url(index: 1, text: "t")]),
                TemplateCard(cardIndex: 1, button: [.url(index: 0, text: "t")]),
            ])
        ),
    ]

    @Test(arguments: templates)
    func `template components are read in every form in which they come`(
        _ json: String, _ components: TemplateComponents
    ) throws {
        let template = #"{"templateId": "t1", "templateLanguage": "ID", "components": \#(json)}"#
        try check(
            #"{"contentType": "template", "template": \#(template)}"#,
            .template(TemplateBody(templateId: "t1", templateLanguage: "id", components: components)))
    }

    private static let text = #"{"type": "text", "text": "b"}"#

    static let interactive: [(subType: String, components: String, expected: InteractiveBody)] = [
        (
            "buttons",
            #""header": {"type": "image", "image": {"url": "https://example.com/a.jpg"}}, "footer": {"type": "text", "text": "f"}, "buttons": [{"type": "reply", "reply": {"payload": "1", "title": "One"}}, {"type": "reply", "reply": {"payload": "2", "title": "Two"}}]"#,
            InteractiveBody(
                header: .image(MediaBody(url: url)), body: "b", footer: "f",
                action: .buttons([.init(payload: "1", title: "One"), .init(payload: "2", title: "Two")]))
        ),
        (
            "list",
            #""header": {"type": "text", "text": "h"}, "list": {"title": "L", "sections": [{"rows": [{"payload": "a payload of more than twenty-four", "title": "R", "description": "d"}]}]}"#,
            InteractiveBody(
                header: .text("h"), body: "b",
                action: .list(
                    title: "L",
                    sections: [
                        .init(rows: [
                            .init(payload: "a payload of more than twenty-four", title: "R", description: "d")
                        ])
                    ]))
        ),
        (
            "product",
            #""header": {"type": "text", "text": "dropped"}, "product": {"catalogId": 17, "productId": "p"}"#,
            InteractiveBody(body: "b", action: .product(catalogId: "17", productId: "p"))
        ),
        (
            "productList",
            #""header": {"type": "text", "text": "h"}, "productList": {"catalogId": "c", "sections": [{"title": "A", "items": [{"productId": "1"}]}, {"title": "B", "items": [{"productId": 2}]}]}"#,
            InteractiveBody(
                header: .text("h"), body: "b",
                action: .productList(
                    catalogId: "c",
                    sections: [.init(title: "A", productIds: ["1"]), .init(title: "B", productIds: ["2"])]))
        ),
        ("locationRequest", #""other": 1"#, InteractiveBody(body: "b", action: .locationRequest)),
        (
            "flow",
            #""flow": {"flowToken": "t", "flowId": 123, "flowCta": "Go", "flowActionPayload": {"screen": "S", "data": {"b": [1], "a": "x"}}}"#,
            InteractiveBody(
                body: "b",
                action: .flow(
                    .init(
                        mode: "published", flowToken: "t", flowId: "123", flowCta: "Go", flowAction: "navigate",
                        screen: "S", data: #"{"a":"x","b":[1]}"#)))
        ),
        (
            "flow",
            #""flow": {"mode": "draft", "flowToken": "t", "flowId": "1", "flowCta": "Go", "flowAction": "data_exchange"}"#,
            InteractiveBody(
                body: "b",
                action: .flow(
                    .init(mode: "draft", flowToken: "t", flowId: "1", flowCta: "Go", flowAction: "data_exchange")))
        ),
        (
            "address",
            #""address": {"country": "IN", "values": {"name": "N", "inPinCode": "400063", "sgPostCode": "1"}, "savedAddresses": {"id": "1", "value": {"city": "Mumbai"}}, "validationErrors": {"inPinCode": "We do not deliver there"}}"#,
            InteractiveBody(
                body: "b",
                action: .address(
                    .init(
                        country: "IN", values: ["name": "N", "inPinCode": "400063"],
                        savedAddresses: [.init(id: "1", value: ["city": "Mumbai"])],
                        validationErrors: ["inPinCode": "We do not deliver there"])))
        ),
        (
            "address", #""address": {"country": "SG", "values": {"unitNumber": "7", "sgPostCode": "123456"}}"#,
            InteractiveBody(
                body: "b",
                action: .address(.init(country: "SG", values: ["unitNumber": "7", "sgPostCode": "123456"])))
        ),
    ]

    @Test(arguments: interactive)
    func `interactive messages of every kind are read`(
        _ subType: String, _ components: String, _ expected: InteractiveBody
    ) throws {
        let inner = #"{"subType": "\#(subType)", "components": {"body": \#(Self.text), \#(components)}}"#
        try check(#"{"contentType": "interactive", "interactive": \#(inner)}"#, .interactive(expected))
    }

    /// The content is what was expected, and comes out of the database as it went in.
    private func check(_ json: String, _ body: RichBody) throws {
        let read = try ReadRequest(.whatsapp, content: json)
        #expect(read.violations == [])
        #expect(read.content?.body == body)
        let content = MessageContent.rich(RichContent(body))
        #expect(MessageContent(json: content.json, kind: .whatsapp) == content)
    }
}
