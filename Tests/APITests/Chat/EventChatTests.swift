// SPDX-License-Identifier: Apache-2.0
// The events of the Chat API in both editions, byte for byte, and who hears of them.

import EngineTestSupport
import Messaging
import Testing

@testable import API

@Suite struct EventChatTests {
    private static let id = EventSetup.idText

    private static func outbound(_ status: MessageStatus, _ version: ChatVersion) -> Message {
        EventSetup.outbound(status, surface: version.surface)
    }

    @Test func `a seen message in the newer edition has the old members beside the new ones`() throws {
        let report = try #require(
            EventSetup().chat(.v2_6).seenReport(Self.outbound(.seen, .v2_6), parts: [EventSetup.part(.seen)]))
        #expect(
            report.text
                == #"{"event":"MessageStatus::seen","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""deliveryChannel":"whatsapp","status":"seen","timestamp":"2026-01-15T12:01:00Z","#
                + #""userContext":"order-1","from":"491701234567"}"#)
        #expect(report.event == "chat.MessageStatus::seen" && report.url == EventSetup.statusURL)
        #expect(report.promise == .twoMore && report.carriesAccountHeaders && report.method == .post)
    }

    @Test func `a status in the older edition has no event`() throws {
        let report = try #require(
            EventSetup().chat(.v2_3).statusReport(
                Self.outbound(.delivered, .v2_3), parts: [EventSetup.part(.delivered)]))
        #expect(
            report.text
                == #"{"messageId":"\#(Self.id)","deliveryChannel":"whatsapp","status":"delivered","#
                + #""timestamp":"2026-01-15T12:00:02Z","userContext":"order-1"}"#)
    }

    @Test(arguments: [MessageStatus.expired, .undeliverable, .failed, .rejected, .deleted])
    func `a failed message says which channel was the last`(_ status: MessageStatus) throws {
        let message = EventSetup.chained(status, step: 1, surface: .chat)
        let report = try #require(EventSetup().chat(.v2_6).statusReport(message, parts: []))
        #expect(
            report.text
                == #"{"event":"MessageStatus::failed","channel":"sms","messageId":"\#(Self.id)","#
                + #""deliveryChannel":"sms","status":"failed","timestamp":"2026-01-15T12:00:02Z","#
                + #""userContext":"order-1","details":{"code":"tyntec::error:noFurtherChannelAvailable","#
                + #""message":"No further channel after Channel[sms] available"}}"#)
        let older = try #require(EventSetup().chat(.v2_3).statusReport(message, parts: []))
        #expect(!older.text.contains("details") && older.text.contains(#""status":"failed""#))
    }

    private static let failure = StepFailure(
        step: 0, kind: .whatsapp, code: "whatsapp::error::131026", reason: "Undeliverable", at: TestClock.start + 3000)

    @Test func `states that are no end are told those who ask for them, in the newer edition`() throws {
        var setup = EventSetup()
        let message = EventSetup.chained(.dispatched, step: 1, surface: .chat)
        #expect(setup.chat(.v2_6).acceptedReport(message) == nil)
        #expect(setup.chat(.v2_6).channelFailedReport(message, failure: Self.failure) == nil)
        setup.chat.eventFilter = ["MessageStatus::accepted", "MessageStatus::channelFailed"]
        let accepted = try #require(setup.chat(.v2_6).acceptedReport(EventSetup.chained(.accepted, step: 0)))
        #expect(
            accepted.text
                == #"{"event":"MessageStatus::accepted","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""deliveryChannel":"whatsapp","status":"accepted","timestamp":"2026-01-15T12:00:00Z","#
                + #""userContext":"order-1"}"#)
        let failed = try #require(setup.chat(.v2_6).channelFailedReport(message, failure: Self.failure))
        #expect(
            failed.text
                == #"{"event":"MessageStatus::channelFailed","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""deliveryChannel":"whatsapp","status":"channelFailed","timestamp":"2026-01-15T12:00:03Z","#
                + #""userContext":"order-1","details":{"code":"whatsapp::error::131026","message":"Undeliverable"}}"#)
        #expect(setup.chat(.v2_3).acceptedReport(message) == nil)
        #expect(setup.chat(.v2_3).channelFailedReport(message, failure: Self.failure) == nil)
        // Whoever asks for these still hears of the end.
        #expect(setup.chat(.v2_6).statusReport(Self.outbound(.delivered, .v2_6), parts: []) != nil)
    }

    @Test func `a message's own URL needs no settings`() {
        var setup = EventSetup()
        setup.chat = CallbackSettings()
        var message = Self.outbound(.delivered, .v2_6)
        #expect(setup.chat(.v2_6).statusReport(message, parts: []) == nil)
        message.reporting = Reporting(url: "https://acme.example/own", method: .post)
        #expect(setup.chat(.v2_6).statusReport(message, parts: [])?.url == "https://acme.example/own")
    }

    @Test func `a withdrawn message is told in the company's edition`() throws {
        let message = EventSetup.inbound(.text(TextBody("Hi")))
        func report(_ setup: EventSetup, _ version: ChatVersion) -> RenderedDelivery? {
            setup.chat(version).deletionReport(
                message, deletion: EventSetup.deletion(of: message), channel: setup.channel(.whatsapp))
        }
        var setup = EventSetup()
        #expect(
            report(setup, .v2_6)?.text
                == #"{"event":"MessageStatus::deleted","channel":"whatsapp","messageId":"wamid.in","#
                + #""deliveryChannel":"whatsapp","status":"deleted","timestamp":"2026-01-15T12:00:05Z","#
                + #""from":"491701234567","to":"4915200000001"}"#)
        #expect(report(setup, .v2_3) == nil)
        setup.chatVersion = .v2_3
        setup.chat.messageStatusUrl = nil
        #expect(report(setup, .v2_6) == nil)
        #expect(
            report(setup, .v2_3)?.text
                == #"{"messageId":"wamid.in","deliveryChannel":"whatsapp","status":"deleted","#
                + #""timestamp":"2026-01-15T12:00:05Z"}"#)
        #expect(report(setup, .v2_3)?.url == EventSetup.inboundURL)
    }

    // MARK: Inbound messages

    private static func inbound(
        _ message: Message, _ version: ChatVersion, contents: [InboundContent] = EventSetup.contents
    ) throws -> RenderedDelivery {
        var setup = EventSetup()
        setup.chatVersion = version == .v2_6 ? nil : .v2_3
        return try #require(
            setup.chat(version).inboundMessage(message, contents: contents, channel: setup.channel(message.kind)))
    }

    @Test func `a text has the form of the edition`() throws {
        let message = EventSetup.inbound(.text(TextBody("Hi"))) {
            $0.senderName = "Peter"
            $0.groupId = "g1"
            $0.repliesTo = EventSetup.idText
            $0.isForwarded = true
        }
        let end =
            #""content":{"contentType":"text","text":"Hi"},"context":{"messageId":"\#(EventSetup.idText)"},"#
            + #""whatsapp":{"senderName":"Peter"}}"#
        let newer = try Self.inbound(message, .v2_6)
        #expect(
            newer.text
                == #"{"event":"MoMessage","receivedAt":"2026-01-15T12:00:00Z","timestamp":"2026-01-15T12:00:00Z","#
                + #""channel":"whatsapp","messageId":"wamid.in","from":"491701234567","to":"4915200000001","#
                + #""groupId":"g1","# + end)
        #expect(newer.event == "chat.MoMessage" && newer.promise == .fortnight && newer.carriesAccountHeaders)
        #expect(
            try Self.inbound(message, .v2_3).text
                == #"{"channel":"whatsapp","messageId":"wamid.in","from":"491701234567","to":"4915200000001","# + end)
    }

    @Test(arguments: [
        (ChatVersion.v2_6, "https://parley.example/chat-api/v2/media/m1"),
        (.v2_3, "https://parley.example/messaging/v2/chat/media/m1"),
    ])
    func `a medium is where the edition serves it`(_ version: ChatVersion, url: String) throws {
        let event = try Self.inbound(EventSetup.inbound(.voice(EventCase.media())), version)
        #expect(
            event.text.hasSuffix(
                #""content":{"contentType":"media","media":{"type":"voice","url":"\#(url)","mediaId":"m1"}}}"#))
    }

    private static let unknown = #"{"contentType":"unknown"}"#

    private static let contents: [(EventCase, older: String)] = [
        (
            EventCase(
                "location", .location(Location(longitude: 1.5, latitude: 2.5)),
                #"{"contentType":"location","location":{"longitude":1.5,"latitude":2.5}}"#), unknown
        ),
        (EventCase("reaction", .reaction(Reaction(messageId: "m", emoji: "👍")), unknown), unknown),
        (EventCase("contacts", .contacts([ContactCard()]), unknown), unknown),
        (EventCase("order", .order(Order(items: [])), unknown), unknown),
        (
            EventCase(
                "template button", .postback(Postback(origin: .templateButton, data: "Y", text: "Yes")),
                #"{"contentType":"text","text":"Yes"}"#), #"{"contentType":"text","text":"Yes"}"#
        ),
        (
            EventCase(
                "list row", .postback(Postback(origin: .listRow, data: "Y", title: "Yes")),
                #"{"contentType":"text","text":"Yes"}"#), #"{"contentType":"text","text":"Yes"}"#
        ),
        (
            EventCase(
                "form", .postback(Postback(origin: .form, data: "{}", title: "flow")),
                #"{"contentType":"text","text":"{}"}"#), #"{"contentType":"text","text":"{}"}"#
        ),
    ]

    @Test(arguments: contents)
    func `what an edition has no form for is unknown, and choices are texts`(_ item: EventCase, older: String) throws {
        let message = EventSetup.inbound(item.body)
        #expect(try Self.inbound(message, .v2_6).text.hasSuffix(#","content":\#(item.json)}"#))
        #expect(try Self.inbound(message, .v2_3).text.hasSuffix(#","content":\#(older)}"#))
    }

    @Test(arguments: ChatVersion.allCases)
    func `a short message lists the parts that came`(_ version: ChatVersion) throws {
        let event = try Self.inbound(EventSetup.shortMessage(), version, contents: EventSetup.shortParts)
        #expect(
            event.text.hasSuffix(
                #""channel":"sms","messageId":"\#(EventSetup.idText)","from":"491701234567","to":"49301234567","#
                    + #""content":{"contentType":"text","text":"Hi <...>"},"# + EventSetup.shortMessageFacts + "}"))
        #expect(event.promise == .everyTenSeconds)
    }

    @Test func `an echo comes from the echo channel, and Viber is no channel of this API`() throws {
        let echo = try Self.inbound(EventSetup.inbound(.text(TextBody("Hi")), kind: .echo), .v2_6)
        #expect(echo.text.contains(#""channel":"tyntecEcho","#))
        let viber = EventSetup.inbound(.text(TextBody("Hi")), kind: .viber)
        let setup = EventSetup()
        #expect(
            setup.chat(.v2_6).inboundMessage(viber, contents: EventSetup.contents, channel: setup.channel(.viber))
                == nil)
    }

    @Test func `an inbound message is told in one edition`() {
        let setup = EventSetup()
        let message = EventSetup.inbound(.text(TextBody("Hi")))
        let told = ChatVersion.allCases.compactMap {
            setup.chat($0).inboundMessage(message, contents: EventSetup.contents, channel: setup.channel(.whatsapp))
        }
        #expect(told.count == 1)
    }
}
