// SPDX-License-Identifier: Apache-2.0
// The events of inbound messages of the Conversations API, byte for byte.

import Accounts
import EngineTestSupport
import Messaging
import SMSText
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct EventInboundTests {
    private static let mediaURL = "https://parley.example/conversations/v3/media/m1"

    private static func event(
        _ message: Message, contents: [InboundContent] = EventSetup.contents, _ setup: EventSetup = EventSetup()
    ) throws -> RenderedDelivery {
        try #require(
            setup.conversations.inboundMessage(message, contents: contents, channel: setup.channel(message.kind)))
    }

    @Test func `a text is told with both ends, the provider's id and the sender's name`() throws {
        let message = EventSetup.inbound(.text(TextBody("Grüße \"1\""))) { facts in
            facts.senderName = "Peter"
            facts.groupId = "g1"
            facts.repliesTo = EventSetup.idText
            facts.isForwarded = true
            facts.isFrequentlyForwarded = false
            facts.product = InboundFacts.Product(catalogId: "c1", productId: "p1")
        }
        let event = try Self.event(message)
        #expect(
            event.text
                == #"{"event":"MoMessage","channel":"whatsapp","messageId":"wamid.in","#
                + #""timestamp":"2026-01-15T12:00:00Z","receivedAt":"2026-01-15T12:00:00Z","from":"491701234567","#
                + #""to":"4915200000001","groupId":"g1","content":{"contentType":"text","text":"Grüße \"1\""},"#
                + #""context":{"messageId":"\#(EventSetup.idText)","isForwarded":true,"isFrequentlyForwarded":false,"#
                + #""product":{"catalogId":"c1","productId":"p1"}},"whatsapp":{"senderName":"Peter"}}"#)
        #expect(event.event == "conversations.MoMessage" && event.url == EventSetup.inboundURL)
    }

    private static let contents: [EventCase] = [
        EventCase(
            "image", .image(EventCase.media { $0.caption = "My cat" }),
            #"{"contentType":"media","media":{"type":"image","url":"\#(mediaURL)","mediaId":"m1","#
                + #""caption":"My cat"}}"#),
        EventCase(
            "document with its file name", .document(EventCase.media { $0.filename = "a.pdf" }),
            #"{"contentType":"media","media":{"type":"document","url":"\#(mediaURL)","mediaId":"m1","#
                + #""caption":"a.pdf"}}"#),
        EventCase(
            "document with a caption",
            .document(
                EventCase.media {
                    $0.filename = "a.pdf"
                    $0.caption = "Bill"
                }),
            #"{"contentType":"media","media":{"type":"document","url":"\#(mediaURL)","mediaId":"m1","#
                + #""caption":"Bill"}}"#),
        EventCase(
            "audio", .audio(EventCase.media()),
            #"{"contentType":"media","media":{"type":"audio","url":"\#(mediaURL)","mediaId":"m1"}}"#),
        EventCase(
            "voice", .voice(EventCase.media()),
            #"{"contentType":"media","media":{"type":"voice","url":"\#(mediaURL)","mediaId":"m1"}}"#),
        EventCase(
            "video", .video(EventCase.media()),
            #"{"contentType":"media","media":{"type":"video","url":"\#(mediaURL)","mediaId":"m1"}}"#),
        EventCase(
            "sticker", .sticker(EventCase.media()),
            #"{"contentType":"media","media":{"type":"sticker","url":"\#(mediaURL)","mediaId":"m1"}}"#),
        EventCase(
            "medium that the provider keeps", .image(MediaBody(url: "https://viber.example/p.jpg")),
            #"{"contentType":"media","media":{"type":"image","url":"https://viber.example/p.jpg"}}"#),
        EventCase(
            "file", .file(FileBody(url: "https://viber.example/a.pdf", filename: "a.pdf")),
            #"{"contentType":"media","media":{"type":"document","url":"https://viber.example/a.pdf","#
                + #""caption":"a.pdf"}}"#),
        EventCase(
            "location", .location(Location(longitude: 13.5, latitude: -52.25, name: "Office", address: "Main St 1")),
            #"{"contentType":"location","location":{"longitude":13.5,"latitude":-52.25,"name":"Office","#
                + #""address":"Main St 1"}}"#),
        EventCase(
            "contacts", .contacts([card]),
            #"{"contentType":"contacts","contacts":[{"name":{"firstName":"Ann","formattedName":"Ann O'Hara"},"#
                + #""phones":[{"phone":"+49170/1","type":"CELL","waId":"491701"}]}]}"#),
        EventCase("unknown", .unknown(type: "poll"), #"{"contentType":"unknown"}"#),
    ]

    private static var card: ContactCard {
        var card = ContactCard()
        card.name = ContactCard.Name(formattedName: "Ann O'Hara")
        card.name?.firstName = "Ann"
        card.phones = [ContactCard.Phone(phone: "+49170/1", type: "CELL", waId: "491701")]
        return card
    }

    @Test(arguments: contents)
    func `each kind of content has its form`(_ item: EventCase) throws {
        let event = try Self.event(EventSetup.inbound(item.body))
        #expect(event.text.hasSuffix(#""to":"4915200000001","content":\#(item.json)}"#), "\(event.text)")
        #expect(event.text.hasPrefix(#"{"event":"MoMessage","#))
        #expect((try? JSONValue(parsing: event.body)) != nil)
    }

    @Test(arguments: [
        (CallbackVersion.v2_11, #"{"contentType":"unknown"}"#), (.v2_12, #"{"contentType":"unknown"}"#),
        (.v2_13, #"{"contentType":"reaction","reaction":{"messageId":"wamid.out","emoji":"👍"}}"#),
    ])
    func `a reaction is told as one since 2.13`(_ version: CallbackVersion, content: String) throws {
        var setup = EventSetup()
        setup.account.callbackVersion = version
        let message = EventSetup.inbound(.reaction(Reaction(messageId: "wamid.out", emoji: "👍")))
        #expect(try Self.event(message, setup).text.hasSuffix(#","content":\#(content)}"#))
    }

    @Test(arguments: [
        (
            Postback(origin: .templateButton, data: "YES", text: "Yes, please"),
            #""whatsapp":{"senderName":"Peter","text":"Yes, please"}"#
        ),
        (
            Postback(origin: .replyButton, data: "YES", title: "Yes"),
            #""whatsapp":{"senderName":"Peter","title":"Yes"}"#
        ),
        (
            Postback(origin: .listRow, data: "YES", title: "Yes", description: "Of course"),
            #""whatsapp":{"senderName":"Peter","title":"Yes","description":"Of course"}"#
        ),
        (
            Postback(origin: .form, data: "YES", title: "address_message"),
            #""whatsapp":{"senderName":"Peter","title":"address_message"}"#
        ),
    ])
    func `a choice is a postback with its payload, whatever it was made on`(_ postback: Postback, facts: String) throws
    {
        let message = EventSetup.inbound(.postback(postback)) {
            $0.senderName = "Peter"
            $0.repliesTo = EventSetup.idText
        }
        let event = try Self.event(message)
        #expect(
            event.text
                == #"{"event":"MoMessage::Postback","channel":"whatsapp","messageId":"wamid.in","#
                + #""timestamp":"2026-01-15T12:00:00Z","from":"491701234567","to":"4915200000001","#
                + #""postback":{"data":"YES"},"context":{"messageId":"\#(EventSetup.idText)"},\#(facts)}"#)
        #expect(event.url == EventSetup.inboundURL && event.event == "conversations.MoMessage::Postback")
    }

    @Test func `a choice on Viber has the payload alone`() throws {
        let message = EventSetup.inbound(.postback(Postback(origin: .button, data: "YES", text: "Yes")), kind: .viber)
        #expect(try Self.event(message).text.hasSuffix(#""to":"4915200000001","postback":{"data":"YES"}}"#))
    }

    @Test func `an order lists what was chosen`() throws {
        let order = Order(
            catalogId: "c1", text: "Please",
            items: [
                Order.Item(productId: "p1", quantity: "2", itemPrice: "1.5", currency: "EUR"),
                Order.Item(productId: "p2", quantity: "1"),
            ])
        let event = try Self.event(EventSetup.inbound(.order(order)) { $0.senderName = "Peter" })
        #expect(
            event.text
                == #"{"event":"MoMessage::Order","channel":"whatsapp","messageId":"wamid.in","#
                + #""timestamp":"2026-01-15T12:00:00Z","from":"491701234567","to":"4915200000001","order":{"#
                + #""catalogId":"c1","text":"Please","items":[{"productId":"p1","quantity":"2","itemPrice":"1.5","#
                + #""currency":"EUR"},{"productId":"p2","quantity":"1"}]},"whatsapp":{"senderName":"Peter"}}"#)
        #expect(event.event == "conversations.MoMessage::Order")
    }

    @Test func `a short message lists the parts that came`() throws {
        let event = try Self.event(EventSetup.shortMessage(), contents: EventSetup.shortParts)
        #expect(
            event.text
                == #"{"event":"MoMessage","channel":"sms","messageId":"\#(EventSetup.idText)","#
                + #""timestamp":"2026-01-15T12:00:00Z","receivedAt":"2026-01-15T12:00:00Z","from":"491701234567","#
                + #""to":"49301234567","content":{"contentType":"text","text":"Hi <...>"},"#
                + EventSetup.shortMessageFacts + "}")
        let free = try Self.event(EventSetup.shortMessage(isPriced: false), contents: EventSetup.shortParts)
        #expect(
            free.text.hasSuffix(
                #""sms":{"size":3,"missingParts":true,"parts":[{"messageId":"p1","sentDate":"2026-01-15T11:59:58Z","#
                    + #""sequenceNumber":1},{"messageId":"p3","sentDate":"2026-01-15T11:59:59Z","sequenceNumber":3}]}}"#
            ))
    }

    @Test func `without an address of ours a medium has its id alone`() throws {
        let renderer = ConversationsEventRenderer(
            directory: {
                var directory = Directory()
                directory.companySettings[1] = CompanySettings()
                directory.companySettings[1]?.callback = EventSetup.callback()
                return directory
            }, publicBaseURL: nil, clock: { EventSetup.now })
        let event = try #require(
            renderer.inboundMessage(
                EventSetup.inbound(.image(EventCase.media())), contents: EventSetup.contents,
                channel: EventSetup().channel(.whatsapp)))
        #expect(event.text.hasSuffix(#""content":{"contentType":"media","media":{"type":"image","mediaId":"m1"}}}"#))
    }

    @Test(arguments: Engine.allCases)
    func `an inbound short message goes to the SMS API's URL and to that of the Conversations API`(_ engine: Engine)
        async throws
    {
        var setup = TestSetup()
        setup.furtherRenderers = { [.conversations: ConversationsEventRenderer(directory: $0)] }
        try await TestNode.run(engine, setup) { node in
            let company = node.acme
            try await node.provision { provisioner in
                try provisioner.changeSettings(ofCompany: company) { $0.callback = EventSetup.callback() }
            }
            let answer = await node.receive(
                .inbound(
                    InboundPart(
                        connectorID: node.connector.id, kind: .sms, sender: "491701234567",
                        recipient: TestSetup.number,
                        content: ReceivedText(octets: Array("Hi".utf8), dataCoding: 0, header: nil, alphabet: .gsm7),
                        concatenation: nil, sentAt: nil, fingerprint: [1], bind: "b")))
            #expect(answer == .stored)
            let deliveries = try await StoredEventDelivery.all(node, count: 2)
            #expect(Set(deliveries.map(\.url)) == [TestSetup.inboundURL, EventSetup.inboundURL])
            let event = try #require(deliveries.first { $0.url == EventSetup.inboundURL })
            #expect(event.body.contains(#""content":{"contentType":"text","text":"Hi"}"#))
            #expect(event.carriesAccountHeaders && event.promise == DeliveryPromise.everyTenSeconds.rawValue)
            #expect(deliveries.count { $0.carriesAccountHeaders } == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a short message sent through the API is reported to the company's URL`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.furtherRenderers = { [.conversations: ConversationsEventRenderer(directory: $0)] }
        try await TestNode.run(engine, setup) { node in
            let company = node.acme
            try await node.provision { provisioner in
                try provisioner.changeSettings(ofCompany: company) { $0.callback = EventSetup.callback() }
            }
            var message = node.message()
            message.surface = .conversations
            message.reporting = nil
            message.reference = "order-1"
            try await node.send(message)
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: message.key)
            await node.report(submission, .undeliverable, errorCode: "001b")
            let events = try await StoredEventDelivery.all(node, count: 3)
            #expect(
                events.map(\.event) == [
                    "conversations.MessageStatus::accepted", "conversations.MessageStatus::channelFailed",
                    "conversations.MessageStatus::failed",
                ])
            #expect(events.allSatisfy { $0.url == EventSetup.statusURL && $0.carriesAccountHeaders })
            #expect(events.allSatisfy { $0.promise == DeliveryPromise.twoMore.rawValue })
            #expect(events.last?.body.hasSuffix(#""details":{"code":"001b","message":"absentSubscriber"}}"#) == true)
        }
    }
}
