// SPDX-License-Identifier: Apache-2.0
// WhatsApp contents that are refused, and the fields that the answer names: every limit and every rule between members.

import Messaging
import Testing
import Wire

@testable import API

@Suite struct WhatsAppRefusalTests {
    private static func long(_ count: Int) -> String { String(repeating: "x", count: count) }

    static let plain: [(json: String, fields: [String])] = [
        ("{}", ["content.contentType"]),
        ("7", ["content"]),
        (#"{"contentType": "fax"}"#, ["content.contentType"]),
        (#"{"contentType": "text"}"#, ["content.text"]),
        (#"{"contentType": "text", "text": ""}"#, ["content.text"]),
        (#"{"contentType": "text", "text": "\#(long(4097))"}"#, ["content.text"]),
        (#"{"contentType": "text", "text": "x", "renderUrlPreview": "yes"}"#, ["content.renderUrlPreview"]),
        (#"{"contentType": "image"}"#, ["content.image"]),
        (#"{"contentType": "image", "image": {}}"#, ["content.image"]),
        (
            #"{"contentType": "image", "image": {"url": "https://a", "mediaId": "5a8ffac5-2288-485d-b463-90c3cd9941ad"}}"#,
            ["content.image"]
        ),
        (#"{"contentType": "image", "image": {"url": "ftp://a"}}"#, ["content.image.url"]),
        (#"{"contentType": "image", "image": {"mediaId": "x"}}"#, ["content.image.mediaId"]),
        (
            #"{"contentType": "video", "video": {"url": "https://a", "caption": "\#(long(4097))"}}"#,
            ["content.video.caption"]
        ),
        (
            #"{"contentType": "document", "document": {"url": "https://a", "filename": ""}}"#,
            ["content.document.filename"]
        ),
        (
            #"{"contentType": "location", "location": {"latitude": 91, "name": "\#(long(257))"}}"#,
            ["content.location.longitude", "content.location.latitude", "content.location.name"]
        ),
        (
            #"{"contentType": "reaction", "reaction": {"emoji": "ab"}}"#,
            ["content.reaction.emoji", "content.reaction.messageId"]
        ),
        (#"{"contentType": "contacts", "contacts": []}"#, ["content.contacts"]),
        (#"{"contentType": "contacts", "contacts": [null]}"#, ["content.contacts[0]"]),
        (#"{"contentType": "contacts", "contacts": [{}]}"#, ["content.contacts[0].name"]),
        (
            #"{"contentType": "contacts", "contacts": [{"name": {"formattedName": "A"}}]}"#,
            ["content.contacts[0].name"]
        ),
        (
            #"{"contentType": "contacts", "contacts": [{"birthday": "1987-02-30", "name": {"firstName": "A"}, "phones": [{"phone": 1}]}]}"#,
            [
                "content.contacts[0].birthday", "content.contacts[0].name.formattedName",
                "content.contacts[0].phones[0].phone",
            ]
        ),
    ]

    @Test(arguments: plain)
    func `a plain content names what is wrong`(_ json: String, _ fields: [String]) throws {
        #expect(try ReadRequest(.whatsapp, content: json).fields == fields)
    }

    static let templates: [(components: String, fields: [String])] = [
        (#"{"header": [{"type": "text", "text": "\#(long(61))"}]}"#, ["header[0].text"]),
        (
            #"{"header": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}"#, ["header"]
        ),
        (#"{"header": [{"type": "audio"}]}"#, ["header[0].type"]),
        (#"{"header": [{"type": "image", "image": {}}]}"#, ["header[0].image"]),
        (#"{"body": [{"type": "text"}]}"#, ["body[0].text"]),
        (#"{"body": [{"text": "a"}]}"#, ["body[0].type"]),
        (#"{"body": ["a"]}"#, ["body[0]"]),
        (#"{"button": [{"type": "quick_reply", "index": 3}]}"#, ["button[0].index", "button[0].payload"]),
        (#"{"button": [{"type": "quick_reply", "index": 0, "payload": "\#(long(129))"}]}"#, ["button[0].payload"]),
        (
            #"{"buttons": [{"type": "url", "index": 2, "text": "\#(long(2001))"}]}"#,
            ["buttons[0].index", "buttons[0].text"]
        ),
        (
            #"{"button": [{"type": "url", "index": 0, "text": "a"}, {"type": "url", "index": 1, "text": "a"}]}"#,
            ["button"]
        ),
        (#"{"button": [{"type": "flow", "index": 0}, {"type": "flow", "index": 1}]}"#, ["button"]),
        (
            #"{"button": [{"type": "quick_reply", "index": 0, "payload": "a"}, {"type": "url", "index": 1, "text": "a"}]}"#,
            ["button"]
        ),
        (
            #"{"button": [{"type": "quick_reply", "index": 0, "payload": "a"}, {"type": "quick_reply", "index": 0, "payload": "b"}]}"#,
            ["button[1].index"]
        ),
        (#"{"carousel": []}"#, ["carousel"]),
        (#"{"carousel": [{"cardIndex": 10}]}"#, ["carousel[0].cardIndex", "carousel[0].components"]),
        (
            #"{"carousel": [{"cardIndex": 1, "components": {}}, {"cardIndex": 1, "components": {"header": [{"type": "text", "text": "a"}]}}]}"#,
            ["carousel[1].cardIndex", "carousel[1].components.header[0].type"]
        ),
        (
            #"{"carousel": [{"cardIndex": 1, "components": {"button": [{"type": "flow", "index": 0}]}}]}"#,
            ["carousel[0].components.button[0].type"]
        ),
    ]

    @Test(arguments: templates)
    func `a template names what is wrong`(_ json: String, _ fields: [String]) throws {
        let read = try ReadRequest(
            .whatsapp,
            content:
                #"{"contentType": "template", "template": {"templateId": "t", "templateLanguage": "en", "components": \#(json)}}"#
        )
        #expect(read.fields == fields.map { "content.template.components." + $0 })
    }

    @Test func `a template has a name and a language`() throws {
        let read = try ReadRequest(.whatsapp, content: #"{"contentType": "template", "template": {}}"#)
        #expect(Set(read.fields) == ["content.template.templateId", "content.template.templateLanguage"])
    }

    private static let body = #""body": {"type": "text", "text": "b"}"#

    private static func rows(_ numbers: Range<Int>) -> String {
        let rows = numbers.map { #"{"payload": "p\#($0)", "title": "t"}"# }
        return "[\(rows.joined(separator: ","))]"
    }

    private static func items(_ count: Int) -> String {
        "[\((0..<count).map { #"{"productId": "\#($0)"}"# }.joined(separator: ","))]"
    }

    static let interactive: [(subType: String, components: String, fields: [String])] = [
        ("buttons", #""buttons": []"#, ["body", "buttons"]),
        ("buttons", body, ["buttons"]),
        (
            "buttons",
            #""body": {"type": "text", "text": "\#(long(1025))"}, "footer": {"type": "text", "text": "\#(long(61))"}, "buttons": [{"type": "reply", "reply": {"payload": "", "title": "\#(long(25))"}}]"#,
            ["body.text", "footer.text", "buttons[0].reply.payload", "buttons[0].reply.title"]
        ),
        (
            "buttons",
            body
                + #", "buttons": [{"type": "reply", "reply": {"payload": "a", "title": "A"}}, {"type": "reply", "reply": {"payload": "a", "title": "B"}}]"#,
            ["buttons[1].reply.payload"]
        ),
        (
            "buttons", body + #", "buttons": [{"type": "url", "reply": {"payload": "a", "title": "A"}}]"#,
            ["buttons[0].type"]
        ),
        (
            "buttons",
            body + #", "buttons": [\#(Array(repeating: "1", count: 4).joined(separator: ","))]"#,
            ["buttons", "buttons[0]", "buttons[1]", "buttons[2]"]
        ),
        (
            "list",
            body
                + #", "header": {"type": "image", "image": {"url": "https://a"}}, "list": {"title": "\#(long(25))", "sections": []}"#,
            ["header.type", "list.title", "list.sections"]
        ),
        (
            "list",
            body
                + #", "list": {"title": "L", "sections": [{"rows": \#(rows(0..<1))}, {"title": "B", "rows": \#(rows(1..<2))}]}"#,
            ["list.sections[0].title"]
        ),
        (
            "list", body + #", "list": {"title": "L", "sections": [{"rows": \#(rows(0..<11))}]}"#,
            ["list.sections[0].rows"]
        ),
        (
            "list",
            body
                + #", "list": {"title": "L", "sections": [{"title": "A", "rows": \#(rows(0..<6))}, {"title": "B", "rows": \#(rows(6..<11))}]}"#,
            ["list.sections"]
        ),
        (
            "list",
            body
                + #", "list": {"title": "L", "sections": [{"title": "A", "rows": \#(rows(0..<1))}, {"title": "B", "rows": \#(rows(0..<1))}]}"#,
            ["list.sections[1].rows[0].payload"]
        ),
        (
            "list",
            body
                + #", "list": {"title": "L", "sections": [{"rows": [{"payload": "\#(long(201))", "title": "\#(long(25))", "description": "\#(long(73))"}]}]}"#,
            [
                "list.sections[0].rows[0].payload", "list.sections[0].rows[0].title",
                "list.sections[0].rows[0].description",
            ]
        ),
        ("product", body + #", "product": {}"#, ["product.catalogId", "product.productId"]),
        (
            "productList", body + #", "productList": {"sections": [{"items": \#(items(1))}]}"#,
            ["header", "productList.catalogId"]
        ),
        (
            "productList",
            body
                + #", "header": {"type": "text", "text": "h"}, "productList": {"catalogId": "c", "sections": [{"title": "A", "items": \#(items(16))}, {"title": "B", "items": \#(items(15))}]}"#,
            ["productList.sections"]
        ),
        ("locationRequest", #""x": 1"#, ["body"]),
        (
            "flow", body + #", "flow": {"mode": "live", "flowCta": "\#(long(21))", "flowAction": "navigate"}"#,
            ["flow.mode", "flow.flowToken", "flow.flowId", "flow.flowCta", "flow.flowActionPayload"]
        ),
        (
            "flow",
            body + #", "flow": {"flowToken": "t", "flowId": "1", "flowCta": "c", "flowActionPayload": {"data": 1}}"#,
            ["flow.flowActionPayload.screen", "flow.flowActionPayload.data"]
        ),
        ("address", body + #", "address": {"country": "DE"}"#, ["address.country"]),
        (
            "address",
            body + #", "address": {"country": "SG", "values": {"sgPostCode": "1234567"}, "savedAddresses": [{}]}"#,
            ["address.values.sgPostCode", "address.savedAddresses[0].id", "address.savedAddresses[0].value"]
        ),
    ]

    @Test(arguments: interactive)
    func `an interactive message names what is wrong`(
        _ subType: String, _ components: String, _ fields: [String]
    ) throws {
        let inner = #"{"subType": "\#(subType)", "components": {\#(components)}}"#
        let read = try ReadRequest(
            .whatsapp, content: #"{"contentType": "interactive", "interactive": \#(inner)}"#)
        #expect(Set(read.fields) == Set(fields.map { "content.interactive.components." + $0 }))
    }

    @Test func `an interactive message has a kind and components`() throws {
        let read = try ReadRequest(.whatsapp, content: #"{"contentType": "interactive", "interactive": {}}"#)
        #expect(read.fields == ["content.interactive.subType"])
        let other = try ReadRequest(
            .whatsapp, content: #"{"contentType": "interactive", "interactive": {"subType": "list"}}"#)
        #expect(other.fields == ["content.interactive.components"])
    }
}
