// SPDX-License-Identifier: Apache-2.0
// The status events of the Conversations API, byte for byte, and where they go.

import EngineTestSupport
import Messaging
import Testing

@testable import API

@Suite struct EventStatusTests {
    private static let id = EventSetup.idText

    private static func failed(_ status: MessageStatus) -> Message {
        var message = EventSetup.outbound(status)
        message.errorCode = "whatsapp::error::131026"
        message.errorReason = "Message undeliverable"
        return message
    }

    @Test func `an accepted message is told with the time of its acceptance`() throws {
        let report = try #require(EventSetup().conversations.acceptedReport(EventSetup.outbound()))
        #expect(
            report.text
                == #"{"event":"MessageStatus::accepted","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""timestamp":"2026-01-15T12:00:00Z","userContext":"order-1"}"#)
        #expect(report.event == "conversations.MessageStatus::accepted")
        #expect(report.promise == .twoMore && report.carriesAccountHeaders)
        #expect(report.url == EventSetup.statusURL && report.method == .post)
        #expect(report.contentType == "application/json")
    }

    @Test(arguments: [(CallbackVersion.v2_11, false), (.v2_12, true), (.v2_13, true)])
    func `a delivered WhatsApp message tells its conversation since 2.12`(_ version: CallbackVersion, tells: Bool)
        throws
    {
        var setup = EventSetup()
        setup.account.callbackVersion = version
        var part = EventSetup.part(.delivered)
        part.conversation = ProviderConversation(id: "c1", origin: "user_initiated")
        let report = try #require(
            setup.conversations.statusReport(EventSetup.outbound(.delivered), parts: [part]))
        let conversation =
            tells ? #","whatsapp":{"conversation":{"conversationId":"c1","origin":"user_initiated"}}"# : ""
        #expect(
            report.text
                == #"{"event":"MessageStatus::delivered","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""timestamp":"2026-01-15T12:00:02Z","userContext":"order-1","from":"491701234567"\#(conversation)}"#)
    }

    @Test(arguments: [
        ("business_initiated", "business_initiated"), ("user_initiated", "user_initiated"),
        ("referral_conversion", "referral_conversion"), ("marketing", "business_initiated"),
        ("utility", "business_initiated"), ("authentication", "business_initiated"), ("service", "user_initiated"),
        ("something_new", nil), (nil, nil),
    ])
    func `a conversation's origin has one of three words, or none`(_ word: String?, shown: String?) throws {
        var part = EventSetup.part(.delivered)
        part.conversation = ProviderConversation(id: "c1", origin: word)
        let report = try #require(
            EventSetup().conversations.statusReport(EventSetup.outbound(.delivered), parts: [part]))
        let origin = shown.map { #","origin":"\#($0)""# } ?? ""
        #expect(report.text.hasSuffix(#""whatsapp":{"conversation":{"conversationId":"c1"\#(origin)}}}"#))
    }

    @Test func `a message that is seen after its delivery is told with the time of now`() throws {
        let report = try #require(
            EventSetup().conversations.seenReport(EventSetup.outbound(.seen), parts: [EventSetup.part(.seen)]))
        #expect(
            report.text
                == #"{"event":"MessageStatus::seen","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""timestamp":"2026-01-15T12:01:00Z","userContext":"order-1","from":"491701234567"}"#)
    }

    @Test func `a failed channel is told with the provider's code`() throws {
        let failure = StepFailure(
            step: 0, kind: .whatsapp, code: "whatsapp::error::131047", reason: "Re-engagement message",
            at: TestClock.start + 3000)
        let report = try #require(
            EventSetup().conversations.channelFailedReport(Self.failed(.rejected), failure: failure))
        #expect(
            report.text
                == #"{"event":"MessageStatus::channelFailed","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""timestamp":"2026-01-15T12:00:03Z","userContext":"order-1","details":{"#
                + #""code":"whatsapp::error::131047","message":"Re-engagement message"}}"#)
    }

    @Test(arguments: [MessageStatus.expired, .undeliverable, .failed, .rejected, .deleted])
    func `every end without delivery is a failure`(_ status: MessageStatus) throws {
        let report = try #require(EventSetup().conversations.statusReport(Self.failed(status), parts: []))
        #expect(
            report.text
                == #"{"event":"MessageStatus::failed","channel":"whatsapp","messageId":"\#(Self.id)","#
                + #""timestamp":"2026-01-15T12:00:02Z","userContext":"order-1","details":{"#
                + #""code":"whatsapp::error::131026","message":"Message undeliverable"}}"#)
    }

    @Test func `a code of the GSM list explains itself, and without a code there are no details`() throws {
        var message = EventSetup.outbound(.undeliverable, kind: .sms)
        message.errorCode = "001b"
        let explained = try #require(EventSetup().conversations.statusReport(message, parts: []))
        #expect(explained.text.hasSuffix(#""details":{"code":"001b","message":"absentSubscriber"}}"#))
        message.errorCode = nil
        message.reference = nil
        let bare = try #require(EventSetup().conversations.statusReport(message, parts: []))
        #expect(bare.text.hasSuffix(#""timestamp":"2026-01-15T12:00:02Z"}"#))
    }

    @Test(arguments: MessageStatus.allCases.filter { !$0.isTerminal })
    func `what is on its way is told nobody`(_ status: MessageStatus) {
        let renderer = EventSetup().conversations
        #expect(renderer.statusReport(EventSetup.outbound(status), parts: []) == nil)
        #expect(renderer.intermediateReport(EventSetup.outbound(status), parts: []) == nil)
    }

    @Test(arguments: [
        (ChannelKind.sms, "sms"), (.mms, "mms"), (.whatsapp, "whatsapp"), (.viber, "viber"), (.echo, "tyntecEcho"),
    ])
    func `each channel has its name`(_ kind: ChannelKind, name: String) throws {
        let report = try #require(EventSetup().conversations.acceptedReport(EventSetup.outbound(kind: kind)))
        #expect(report.text.contains(#""channel":"\#(name)","#))
    }

    @Test func `a message that arrives on an earlier channel of its chain names that one`() throws {
        let late = try #require(
            EventSetup().conversations.statusReport(
                EventSetup.chained(.delivered, step: 1),
                parts: [EventSetup.part(.delivered), EventSetup.part(.sent, step: 1)]))
        #expect(late.text.contains(#""channel":"whatsapp","#))
        let usual = try #require(
            EventSetup().conversations.statusReport(
                EventSetup.chained(.delivered, step: 1),
                parts: [EventSetup.part(.rejected), EventSetup.part(.delivered, step: 1)]))
        #expect(usual.text.contains(#""channel":"sms","#))
        let failure = StepFailure(step: 0, kind: .whatsapp, code: "c", reason: "r", at: TestClock.start)
        let failed = try #require(
            EventSetup().conversations.channelFailedReport(EventSetup.chained(.dispatched, step: 1), failure: failure))
        #expect(failed.text.contains(#""channel":"whatsapp","#))
    }

    @Test func `a withdrawn message is told with both ends`() throws {
        let message = EventSetup.inbound(.text(TextBody("Hi")))
        let report = try #require(
            EventSetup().conversations.deletionReport(
                message, deletion: EventSetup.deletion(of: message), channel: EventSetup().channel(.whatsapp)))
        #expect(
            report.text
                == #"{"event":"MessageStatus::deleted","channel":"whatsapp","messageId":"wamid.in","status":"deleted","#
                + #""timestamp":"2026-01-15T12:00:05Z","from":"491701234567","to":"4915200000001"}"#)
        #expect(report.promise == .twoMore && report.url == EventSetup.statusURL && report.carriesAccountHeaders)
    }
}
