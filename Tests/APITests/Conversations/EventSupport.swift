// SPDX-License-Identifier: Apache-2.0
// Messages and settings that the tests of events start from, without a database.

import Accounts
import EngineTestSupport
import Messaging
import SMSText
import SQL
import Testing
import Wire

@testable import API

struct EventSetup {
    static let id = MessageID(high: 0x0197_0000_0000_7000, low: 0x8000_0000_0000_0001)
    static let idText = "01970000-0000-7000-8000-000000000001"
    static let statusURL = "https://acme.example/status"
    static let inboundURL = "https://acme.example/messages"
    static let number = "4915200000001"
    static let customer = "491701234567"
    /// What the clock of the renderers shows.
    static let now = TestClock.start + 60_000

    var account = Self.callback()
    var chat = Self.callback()
    var chatVersion: ChatEventVersion?
    /// Of the WhatsApp number.
    var channel: CallbackSettings?

    static func callback() -> CallbackSettings {
        var callback = CallbackSettings()
        callback.messageStatusUrl = statusURL
        callback.inboundMessageUrl = inboundURL
        return callback
    }

    func channel(_ kind: ChannelKind, _ address: String = Self.number) -> MessagingChannel {
        var channel = MessagingChannel(id: 1, companyID: 1, kind: kind, address: address, inbound: nil)
        if kind == .whatsapp { channel.settings.callback = self.channel }
        return channel
    }

    private var directory: Directory {
        var directory = Directory()
        var settings = CompanySettings()
        settings.callback = account
        settings.chatCallback = chat
        settings.chatVersion = chatVersion
        directory.companySettings[1] = settings
        directory.channels[ChannelAddress(kind: .whatsapp, address: Self.number)] = channel(.whatsapp)
        return directory
    }

    var conversations: ConversationsEventRenderer {
        let directory = directory
        return ConversationsEventRenderer(
            directory: { directory }, publicBaseURL: "https://parley.example", clock: { Self.now })
    }

    func chat(_ version: ChatVersion) -> ChatEventRenderer {
        let directory = directory
        return ChatEventRenderer(
            version: version, directory: { directory }, publicBaseURL: "https://parley.example", clock: { Self.now })
    }

    // MARK: Messages

    static func outbound(
        _ status: MessageStatus = .accepted, kind: ChannelKind = .whatsapp, surface: Surface = .conversations
    ) -> Message {
        var message = Message(
            companyID: 1, id: id, surface: surface, kind: kind, sender: number, recipient: customer,
            content: .rich(RichContent(.text(TextBody("Hello")))), size: 1, gateway: "", createdAt: TestClock.start,
            expiresAt: TestClock.start + 86_400_000)
        message.reference = "order-1"
        message.status = status
        if status.isTerminal { message.doneAt = TestClock.start + 2000 }
        return message
    }

    static func part(_ state: PartState, step: Int = 0) -> Part {
        Part(
            step: step, number: 1, attempt: 1, connectorID: 1, state: state, providerID: "wamid.1",
            submittedAt: TestClock.start + 1000, doneAt: TestClock.start + 2000)
    }

    /// A message on WhatsApp, and on SMS where that fails.
    static func chained(_ status: MessageStatus, step: Int, surface: Surface = .conversations) -> Message {
        var message = outbound(status, kind: step == 0 ? .whatsapp : .sms, surface: surface)
        if step == 1 { message.sender = "Acme" }
        let steps: [(kind: ChannelKind, sender: String)] = [(.whatsapp, number), (.sms, "Acme")]
        var extra = MessageExtra()
        extra.chain = steps.map { step in
            MessageStep(
                kind: step.kind, sender: step.sender, recipient: customer,
                content: .sms(SMSContent(inboundText: "Hello")), size: 1, gateway: "")
        }
        message.extra = extra
        message.step = step
        return message
    }

    static func inbound(
        _ body: RichBody, kind: ChannelKind = .whatsapp, _ change: (inout InboundFacts) -> Void = { _ in }
    ) -> Message {
        var facts = InboundFacts()
        change(&facts)
        var message = Message(
            companyID: 1, id: id, surface: .none, kind: kind, sender: customer, recipient: number,
            content: .rich(RichContent(body, inbound: facts == InboundFacts() ? nil : facts)), size: 1, gateway: "",
            createdAt: TestClock.start, expiresAt: TestClock.start)
        message.direction = .inbound
        message.status = .delivered
        return message
    }

    /// The one part of an inbound message, by the provider's id.
    static let contents = [InboundContent(number: 1, id: "wamid.in", sentAt: TestClock.start - 1000)]

    /// Two of the three parts of a text.
    static let shortParts = [
        InboundContent(number: 1, id: "p1", sentAt: TestClock.start - 2000),
        InboundContent(number: 3, id: "p3", sentAt: TestClock.start - 1000),
    ]

    static func shortMessage(isPriced: Bool = true) -> Message {
        var message = Message(
            companyID: 1, id: id, surface: .sms, kind: .sms, sender: customer, recipient: "49301234567",
            content: .sms(SMSContent(inboundText: "Hi <...>")), size: 3, gateway: "", createdAt: TestClock.start,
            expiresAt: TestClock.start)
        message.direction = .inbound
        if isPriced {
            message.quote = Quote(
                amount: Money(micros: -5000), currency: "EUR", effectiveFrom: 1_577_836_800_000, mccmnc: "26009",
                ttid: "77292")
        }
        return message
    }

    static let shortMessageFacts =
        #""sms":{"origin":{"mcc":"260","mnc":"09","ttId":"77292"},"totalPrice":-0.01,"size":3,"missingParts":true,"#
        + #""parts":[{"messageId":"p1","sentDate":"2026-01-15T11:59:58Z","price":-0.005,"currency":"EUR","#
        + #""priceEffective":"2020-01-01T00:00:00Z","sequenceNumber":1},{"messageId":"p3","#
        + #""sentDate":"2026-01-15T11:59:59Z","price":-0.005,"currency":"EUR","#
        + #""priceEffective":"2020-01-01T00:00:00Z","sequenceNumber":3}]}"#

    static func deletion(of message: Message) -> InboundDeletion {
        InboundDeletion(
            connectorID: 1, kind: message.kind, recipient: message.recipient,
            sender: [Identity(.phone, message.sender)], providerID: "wamid.in", at: TestClock.start + 5000)
    }
}

/// What is stored of a delivery.
struct StoredEventDelivery: Sendable, Equatable {
    let event: String
    let url: String
    let promise: String
    let carriesAccountHeaders: Bool
    let body: String

    static func all(_ node: TestNode) async throws -> [StoredEventDelivery] {
        try await node.database.read { transaction in
            try transaction.query(
                "SELECT event, url, promise, account_headers, body FROM deliveries ORDER BY id"
            ).map { row in
                StoredEventDelivery(
                    event: try row.text("event"), url: try row.text("url"), promise: try row.text("promise"),
                    carriesAccountHeaders: try row.bool("account_headers"),
                    body: String(decoding: try row.bytes("body"), as: UTF8.self))
            }
        }
    }

    /// Waits until there are so many.
    static func all(_ node: TestNode, count: Int) async throws -> [StoredEventDelivery] {
        try await eventually("\(count) deliveries") {
            let found = try await all(node)
            return found.count >= count ? found : nil
        }
    }
}

extension RenderedDelivery {
    var text: String { String(decoding: body, as: UTF8.self) }
}

/// What a table of inbound contents makes of each, by its name in the test's output.
struct EventCase: Sendable, CustomTestStringConvertible {
    let name: String
    let body: RichBody
    /// The event's `content`, or the members that stand in its place.
    let json: String

    var testDescription: String { name }

    init(_ name: String, _ body: RichBody, _ json: String) {
        self.name = name
        self.body = body
        self.json = json
    }

    static func media(_ change: (inout MediaBody) -> Void = { _ in }) -> MediaBody {
        var body = MediaBody(mediaId: "m1")
        change(&body)
        return body
    }
}
