// SPDX-License-Identifier: Apache-2.0
// Which URL an event of the Conversations API goes to, and which events are wanted: the message's own URL, the
// channel's settings, the company's.

import EngineTestSupport
import Messaging
import Testing

@testable import API

@Suite struct EventCallbackTests {
    private static func status(_ setup: EventSetup, _ message: Message = EventSetup.outbound(.delivered))
        -> RenderedDelivery?
    {
        setup.conversations.statusReport(message, parts: [EventSetup.part(.delivered)])
    }

    private static func inbound(_ setup: EventSetup) -> RenderedDelivery? {
        setup.conversations.inboundMessage(
            EventSetup.inbound(.text(TextBody("Hi"))), contents: EventSetup.contents, channel: setup.channel(.whatsapp))
    }

    private static func deletion(_ setup: EventSetup) -> RenderedDelivery? {
        let message = EventSetup.inbound(.text(TextBody("Hi")))
        return setup.conversations.deletionReport(
            message, deletion: EventSetup.deletion(of: message), channel: setup.channel(.whatsapp))
    }

    @Test func `the message's own URL wins over the channel's, and the channel's over the company's`() throws {
        var setup = EventSetup()
        #expect(Self.status(setup)?.url == EventSetup.statusURL)
        setup.channel = CallbackSettings()
        #expect(Self.status(setup)?.url == EventSetup.statusURL)
        setup.channel?.messageStatusUrl = "https://acme.example/channel"
        #expect(Self.status(setup)?.url == "https://acme.example/channel")
        var message = EventSetup.outbound(.delivered)
        message.reporting = Reporting(url: "https://acme.example/own", method: .post)
        #expect(Self.status(setup, message)?.url == "https://acme.example/own")
        // It is for statuses alone.
        #expect(Self.inbound(setup)?.url == EventSetup.inboundURL)
    }

    @Test func `each field is the channel's or else the company's`() throws {
        var setup = EventSetup()
        setup.channel = CallbackSettings()
        setup.channel?.inboundMessageUrl = "https://acme.example/channel-inbound"
        setup.account.eventFilter = ["MessageStatus::failed"]
        #expect(Self.inbound(setup)?.url == "https://acme.example/channel-inbound")
        #expect(Self.status(setup) == nil)
        setup.channel?.eventFilter = ["MessageStatus::delivered"]
        #expect(Self.status(setup)?.url == EventSetup.statusURL)
        setup.channel?.eventFilter = []
        #expect(Self.status(setup)?.url == EventSetup.statusURL)
    }

    @Test func `a channel of another company or of another kind says nothing`() {
        var setup = EventSetup()
        setup.channel = CallbackSettings()
        setup.channel?.messageStatusUrl = "https://acme.example/channel"
        var message = EventSetup.outbound(.delivered, kind: .viber)
        #expect(Self.status(setup, message)?.url == EventSetup.statusURL)
        message = EventSetup.outbound(.delivered)
        message.companyID = 2
        #expect(Self.status(setup, message) == nil)
    }

    @Test(arguments: [nil, [], ["MessageStatus::seen", "MessageStatus::dispatched"]] as [[String]?])
    func `the filter lets through what it names, and everything when it is empty`(_ filter: [String]?) {
        var setup = EventSetup()
        setup.account.eventFilter = filter
        let isOpen = filter?.isEmpty ?? true
        let failure = StepFailure(step: 0, kind: .whatsapp, code: "c", reason: "r", at: TestClock.start)
        let renderer = setup.conversations
        #expect((renderer.acceptedReport(EventSetup.outbound()) != nil) == isOpen)
        #expect((renderer.channelFailedReport(EventSetup.outbound(.rejected), failure: failure) != nil) == isOpen)
        #expect((Self.status(setup) != nil) == isOpen)
        #expect((Self.deletion(setup) != nil) == isOpen)
        #expect(renderer.seenReport(EventSetup.outbound(.seen), parts: []) != nil)
        // The filter is for statuses.
        #expect(Self.inbound(setup) != nil)
    }

    @Test func `a withdrawal goes to the status URL, and to the inbound URL where there is none`() {
        var setup = EventSetup()
        #expect(Self.deletion(setup)?.url == EventSetup.statusURL)
        setup.account.messageStatusUrl = nil
        #expect(Self.deletion(setup)?.url == EventSetup.inboundURL)
        setup.account.inboundMessageUrl = nil
        #expect(Self.deletion(setup) == nil)
    }

    @Test func `without a URL there is no event`() {
        var setup = EventSetup()
        setup.account = CallbackSettings()
        #expect(Self.status(setup) == nil)
        #expect(Self.inbound(setup) == nil)
        #expect(setup.conversations.acceptedReport(EventSetup.outbound()) == nil)
    }

    @Test(arguments: [
        (ChannelKind.whatsapp, DeliveryPromise.fortnight), (.viber, .everyTenSeconds), (.sms, .everyTenSeconds),
        (.mms, .everyTenSeconds), (.echo, .everyTenSeconds),
    ])
    func `each channel has its promise for inbound messages`(_ kind: ChannelKind, promise: DeliveryPromise) throws {
        let setup = EventSetup()
        let report = try #require(
            setup.conversations.inboundMessage(
                EventSetup.inbound(.text(TextBody("Hi")), kind: kind), contents: EventSetup.contents,
                channel: setup.channel(kind)))
        #expect(report.promise == promise)
        #expect(report.carriesAccountHeaders)
    }
}
