// SPDX-License-Identifier: Apache-2.0
// Delivery reports and inbound messages as they leave, byte for byte.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

@Suite struct EventRendererTests {
    private static let renderer = SMSEventRenderer(publicBaseURL: "https://sms.example.com")
    private static let id = MessageID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0001)
    private static let quote = Quote(
        amount: Money(micros: 7500), currency: "EUR", effectiveFrom: 1_577_836_800_000, mccmnc: "26201", ttid: "77292")

    private static func message(_ method: Reporting.Method) -> Message {
        var message = Message(
            companyID: 1, id: id, surface: .sms, kind: .sms, sender: "Acme & Co", recipient: "491701234567",
            content: .sms(SMSContent(text: "Grüße \"1\"\n", segmentation: SegmentationOptions(encoding: .gsm7))),
            size: 2, gateway: "DEFAULT", createdAt: TestClock.start, expiresAt: TestClock.start + 60_000)
        message.reporting = Reporting(url: "https://acme.example/r?k=v", method: method)
        message.quote = quote
        message.reference = "r1"
        message.sentAt = TestClock.start + 1000
        message.doneAt = TestClock.start + 3000
        message.status = .undeliverable
        message.errorCode = "001b"
        message.isPossibleDuplicate = true
        return message
    }

    private static let parts = [
        Part(
            number: 1, attempt: 1, connectorID: 1, state: .delivered, providerID: "a",
            submittedAt: TestClock.start + 1000, doneAt: TestClock.start + 2000),
        Part(
            number: 2, attempt: 1, connectorID: 1, state: .undeliverable, providerID: "b", errorCode: "001b",
            submittedAt: TestClock.start + 1000, doneAt: TestClock.start + 3000),
    ]

    @Test func `a report by POST is the object of the status query`() throws {
        let report = try #require(Self.renderer.statusReport(Self.message(.post), parts: Self.parts))
        #expect(report.url == "https://acme.example/r?k=v")
        #expect(report.method == .post && report.contentType == "application/json")
        #expect(report.event == "sms.status" && report.promise == .everyTenSeconds)
        let id = "01970000-0000-7000-8000-000000000001"
        #expect(
            String(decoding: report.body, as: UTF8.self)
                == #"{"requestId":"\#(id)","href":"https://sms.example.com/messaging/v1/messages/\#(id)","#
                + #""from":"Acme & Co","to":"+491701234567","status":"UNDELIVERABLE","size":2,"parts":["#
                + #"{"partId":"\#(id):1","deliveryState":"DELIVERED","price":0.0075,"currency":"EUR","#
                + #""priceEffective":"2020-01-01T00:00:00Z","sentDate":"2026-01-15T12:00:01Z","#
                + #""doneDate":"2026-01-15T12:00:02Z","statusText":"Grüße \"1\"\n"},"#
                + #"{"partId":"\#(id):2","deliveryState":"UNDELIVERABLE","price":0.0075,"currency":"EUR","#
                + #""priceEffective":"2020-01-01T00:00:00Z","sentDate":"2026-01-15T12:00:01Z","#
                + #""doneDate":"2026-01-15T12:00:03Z","errorCode":"001b","statusText":"Grüße \"1\"\n"}],"#
                + #""submitDate":"2026-01-15T12:00:00Z","sentDate":"2026-01-15T12:00:01Z","#
                + #""doneDate":"2026-01-15T12:00:03Z","reference":"r1","mccmnc":"26201","ttid":"77292","#
                + #""priceEffective":"2020-01-01T00:00:00Z","overallPrice":"0.015","errorCode":"001b","#
                + #""errorReason":"absentSubscriber","possibleDuplicate":true}"#)
    }

    @Test func `a report by GET is in the query`() throws {
        let report = try #require(Self.renderer.statusReport(Self.message(.get), parts: Self.parts))
        #expect(report.method == .get && report.body.isEmpty)
        #expect(
            report.url
                == "https://acme.example/r?k=v&receiver=%2B491701234567&msgid=01970000-0000-7000-8000-000000000001"
                + "&ttid=77292&mccmnc=26201&err=001b&stat=UNDELIVERABLE&sender=Acme%20%26%20Co"
                + "&donedate=2026-01-15T12%3A00%3A03Z&submitdate=2026-01-15T12%3A00%3A00Z"
                + "&text=Gr%C3%BC%C3%9Fe%20%221%22%0A&price=0.015&currency=EUR"
                + "&priceEffective=2020-01-01T00%3A00%3A00Z&possibleDuplicate=true")
    }

    @Test func `a delivered message has no error, and what has no value is left out`() throws {
        var message = Self.message(.get)
        message.status = .delivered
        message.errorCode = nil
        message.quote = nil
        message.content = nil
        message.isPossibleDuplicate = false
        let url = try #require(Self.renderer.statusReport(message, parts: [])).url
        #expect(url.contains("&err=0000&stat=DELIVERED&"))
        for name in ["ttid", "mccmnc", "text", "price", "currency", "possibleDuplicate"] {
            #expect(!url.contains("&\(name)="))
        }
    }

    @Test func `there is no report without a URL or before the end`() {
        var message = Self.message(.post)
        message.status = .sent
        #expect(Self.renderer.statusReport(message, parts: Self.parts) == nil)
        message.status = .delivered
        message.reporting = nil
        #expect(Self.renderer.statusReport(message, parts: Self.parts) == nil)
    }

    private static func inbound(_ method: Reporting.Method?) -> RenderedDelivery? {
        var message = Message(
            companyID: 1, id: id, surface: .sms, kind: .sms, sender: "491701234567", recipient: "49301234567",
            content: .sms(SMSContent(inboundText: "Hi <...>")), size: 3, gateway: "", createdAt: TestClock.start,
            expiresAt: TestClock.start)
        message.direction = .inbound
        message.quote = Quote(
            amount: Money(micros: -5000), currency: "EUR", effectiveFrom: 1_577_836_800_000, mccmnc: "26009",
            ttid: "77292")
        let contents = [
            InboundContent(number: 1, id: "p1", sentAt: TestClock.start - 2000),
            InboundContent(number: 3, id: "p3", sentAt: TestClock.start - 1000),
        ]
        let channel = MessagingChannel(
            id: 1, companyID: 1, kind: .sms, address: "49301234567",
            inbound: method.map { Reporting(url: "https://acme.example/in", method: $0) })
        return renderer.inboundMessage(message, contents: contents, channel: channel)
    }

    @Test func `an inbound message by POST lists the parts that came`() throws {
        let push = try #require(Self.inbound(.post))
        #expect(push.url == "https://acme.example/in" && push.contentType == "application/json")
        #expect(push.event == "sms.inbound" && push.promise == .everyTenSeconds)
        #expect(
            String(decoding: push.body, as: UTF8.self)
                == #"{"from":"+491701234567","to":"+49301234567","message":"Hi <...>","originMCC":"260","#
                + #""originMNC":"09","originTtId":"77292","totalPrice":-0.01,"#
                + #""requestId":"01970000-0000-7000-8000-000000000001","size":3,"missingParts":true,"contentList":["#
                + #"{"msgId":"p1","sentDate":"2026-01-15T11:59:58Z","sequenceNumber":1,"price":-0.005,"#
                + #""currency":"EUR","priceEffective":"2020-01-01T00:00:00Z"},"#
                + #"{"msgId":"p3","sentDate":"2026-01-15T11:59:59Z","sequenceNumber":3,"price":-0.005,"#
                + #""currency":"EUR","priceEffective":"2020-01-01T00:00:00Z"}]}"#)
    }

    @Test func `an inbound message by GET is in the query`() throws {
        let push = try #require(Self.inbound(.get))
        #expect(
            push.url
                == "https://acme.example/in?from=%2B491701234567&to=%2B49301234567&message=Hi%20%3C...%3E"
                + "&originMCC=260&originMNC=09&originTtId=77292&totalPrice=-0.01"
                + "&requestId=01970000-0000-7000-8000-000000000001&size=3&missingParts=true"
                + "&sentDate=2026-01-15T11%3A59%3A58Z&currency=EUR&priceEffective=2020-01-01T00%3A00%3A00Z")
        #expect(push.method == .get && push.body.isEmpty)
    }

    @Test func `a number without a URL gets no push`() {
        #expect(Self.inbound(nil) == nil)
    }

    @Test(arguments: Engine.allCases)
    func `a message through the whole node is reported with the bytes of its status query`(_ engine: Engine)
        async throws
    {
        try await APITester.run(engine) { api async throws in
            let message = try await api.accepted(["callbackUrl": "https://acme.example/r"])
            try await api.node.wait(for: .sent, of: message.key)
            await api.node.report(try await api.node.connector.submissions(count: 1)[0])
            let delivery = try await api.node.inbox.deliveries(count: 1)[0]
            let status = try await api.get("/messaging/v1/messages/\(message.id)")
            #expect(status.string("status") == "DELIVERED")
            #expect(delivery.rendered.body == status.body)
        }
    }
}
