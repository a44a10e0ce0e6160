// SPDX-License-Identifier: Apache-2.0
// Chat channels through a whole node: chains that go on to their next channel, bulks that keep their order, the day in
// which one may write freely, and what customers write.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

/// A node with a WhatsApp and a Viber number on fake connectors, and an MMS number without one.
private struct ChatNode {
    static let whatsApp = "4915200000001"
    static let viber = "10001"
    static let customer = "491701234567"

    let node: TestNode
    var whatsApp: FakeConnector { node.connectors[1] }
    var viber: FakeConnector { node.connectors[2] }

    static func run(_ engine: Engine, _ body: (ChatNode) async throws -> Void) async throws {
        var setup = TestSetup()
        setup.connectors = ["fake", "whatsapp", "viber"]
        setup.furtherRenderers = { _ in [.chat: RecordingRenderer(), .conversations: RecordingRenderer()] }
        try await TestNode.run(engine, setup) { node in
            let (acme, ids) = (node.acme, node.identities.connectors)
            try await node.database.write { transaction in
                for (kind, address, connector) in [
                    ("whatsapp", whatsApp, ids[1] as Int64?), ("viber", viber, ids[2]), ("mms", "15551234567", nil),
                ] {
                    try transaction.execute(
                        """
                        INSERT INTO channels (company_id, kind, address, connector_id, origin, inbound_url)
                        VALUES ($1, $2, $3, $4, 'admin', '\(TestSetup.inboundURL)')
                        """, [.integer(acme), .text(kind), .text(address), SQLValue(connector)])
                }
            }
            try await node.directory.reload()
            try await body(ChatNode(node: node))
        }
    }

    func message(
        _ body: RichBody, on kind: ChannelKind = .whatsapp, from sender: String = ChatNode.whatsApp,
        surface: Surface = .conversations
    ) -> Message {
        var message = Message(
            companyID: node.acme, id: MessageID.next(now: node.clock.now), surface: surface, kind: kind, sender: sender,
            recipient: ChatNode.customer, content: .rich(RichContent(body)), size: 1, gateway: "",
            createdAt: node.clock.now, expiresAt: node.clock.now + 86_400_000)
        message.reporting = Reporting(url: TestSetup.reportURL, method: .post)
        return message
    }

    static let template = RichBody.template(TemplateBody(templateId: "hello", templateLanguage: "en"))

    /// A chain of a WhatsApp template and a Viber text.
    func chain(fallbackAfter: Int? = nil, first: ChannelKind = .whatsapp) -> Message {
        let sender = first == .whatsapp ? ChatNode.whatsApp : "15551234567"
        var message = message(ChatNode.template, on: first, from: sender, surface: .chat)
        message.extra = MessageExtra()
        message.extra?.chain = [
            MessageStep(
                kind: first, sender: sender, recipient: ChatNode.customer,
                content: .rich(RichContent(ChatNode.template)),
                size: 1, gateway: "", fallbackAfter: fallbackAfter),
            MessageStep(
                kind: .viber, sender: ChatNode.viber, recipient: ChatNode.customer,
                content: .rich(RichContent(.text(TextBody("by Viber")))), size: 1, gateway: ""),
        ]
        return message
    }

    func inbound(
        _ body: RichBody, id: String = "wamid.1", from: [Identity] = [Identity(.phone, ChatNode.customer)],
        media: ProviderMedia? = nil
    ) -> ConnectorEvent {
        .message(
            InboundMessage(
                connectorID: whatsApp.id, kind: .whatsapp, recipient: ChatNode.whatsApp, sender: from, providerID: id,
                content: RichContent(body), sentAt: node.clock.now, media: media))
    }

    func report(_ submission: Submission, by connector: FakeConnector, _ state: PartState) async {
        _ = await node.receive(.receipt(connector.receipt(for: submission, state, at: node.clock.now)))
    }
}

struct ChannelFlowTests {
    @Test(arguments: Engine.allCases)
    func `a refused channel is followed by the next one`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            chat.whatsApp.answer { _ in .rejected(code: "whatsapp::error::131026", reason: "not on WhatsApp") }
            let key = try await chat.node.send(chat.chain())
            let second = try await chat.viber.submissions(count: 1)[0]
            #expect(second.content == .rich(RichContent(.text(TextBody("by Viber")))))
            #expect(second.ticket.step == 1)
            try await chat.node.wait(for: .sent, of: key)
            await chat.report(second, by: chat.viber, .delivered)
            let stored = try await chat.node.wait(for: .delivered, of: key)
            #expect(stored.message.kind == .viber)
            #expect(stored.parts.map(\.state) == [.rejected, .delivered])
            #expect(try await chat.node.events(of: key) == ["accepted", "channel-failed", "sent", "delivered"])
            let bodies = try await chat.node.inbox.bodies(count: 2)
            #expect(bodies == ["\(key.id) whatsapp failed: whatsapp::error::131026", "\(key.id) delivered"])
            try await chat.node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a channel without a connector fails and says so`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            let key = try await chat.node.send(
                chat.message(.text(TextBody("Hello")), on: .mms, from: "15551234567"))
            let stored = try await chat.node.wait(for: .rejected, of: key)
            #expect(stored.message.errorCode == "parley::error::noConnector")
            let chain = try await chat.node.send(chat.chain(first: .mms))
            _ = try await chat.viber.submissions(count: 1)
            try await chat.node.wait(for: .sent, of: chain)
            try await chat.node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `without the awaited status in time the next channel is tried, and a late one stops it`(
        _ engine: Engine
    ) async throws {
        try await ChatNode.run(engine) { chat in
            chat.viber.answerByHand()
            let key = try await chat.node.send(chat.chain(fallbackAfter: 60))
            let first = try await chat.whatsApp.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            chat.node.clock.advance(by: 59_000)
            await chat.node.engine.lookAtTime()
            #expect(try await chat.node.stored(key).message.step == 0)
            chat.node.clock.advance(by: 2_000)
            await chat.node.engine.lookAtTime()
            let second = try await chat.viber.submissions(count: 1)[0]
            await chat.report(first, by: chat.whatsApp, .delivered)
            try await chat.node.wait(for: .delivered, of: key)
            chat.viber.take(second.ticket)
            try await chat.node.waitUntilIdle()
            #expect(try await chat.node.stored(key).message.status == .delivered)
            let events = try await chat.node.database.read { try MessageStore($0).events(of: key) }
            #expect(events.map(\.kind) == [.accepted, .sent, .channelFailed, .delivered, .late])
            #expect(events.prefix(4).allSatisfy { $0.channel == .whatsapp })
            #expect(try await chat.node.count("fallbacks") == 0)
            #expect(try await chat.node.count("jobs") == 0)
        }
    }

    @Test func `a message that has come in again for its next channel is not forgotten with the one before`()
        async throws
    {
        try await ChatNode.run(.sqlite) { chat in
            chat.viber.setUp(false)
            var message = chat.chain()
            message.step = 1
            message.kind = .viber
            message.sender = ChatNode.viber
            let queued = try #require(QueuedMessage(message, waiting: [QueuedPart(number: 1, attempt: 1)]))
            let dispatcher = chat.node.engine.dispatcher
            #expect(dispatcher.reserve(1) == 1)
            dispatcher.take([queued], reserved: 1)
            dispatcher.forget([(message.key, 0)])
            #expect(dispatcher.messagesHeld == 1)
            dispatcher.forget([(message.key, 1)])
            #expect(dispatcher.messagesHeld == 0)
            try await chat.node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a bulk leaves in its order`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            chat.viber.answerByHand()
            var messages = (1...4).map { chat.message(.text(TextBody("\($0)")), on: .viber, from: ChatNode.viber) }
            for index in messages.indices {
                messages[index].extra = MessageExtra()
                messages[index].extra?.bulkID = "bulk"
                messages[index].extra?.waitsForBulk = index > 0
                let next = index < 3 ? messages[index + 1].id : nil
                messages[index].extra?.bulkNext = next
            }
            #expect(await chat.node.engine.acceptor.accept(bulk: messages) == .accepted)
            for count in 1...4 {
                let submissions = try await chat.viber.submissions(count: count)
                #expect(submissions.count == count)
                #expect(submissions[count - 1].ticket.key == messages[count - 1].key)
                if count == 2 {
                    chat.viber.complete(submissions[1].ticket, .rejected(code: "viber::error::1", reason: "no"))
                } else {
                    chat.viber.take(submissions[count - 1].ticket)
                }
            }
            try await chat.node.wait(for: .sent, of: messages[3].key)
            #expect(try await chat.node.count("jobs") == 0)
            try await chat.node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `free text leaves only within a day of the customer's last message`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            let text = RichBody.text(TextBody("How are you?"))
            let early = try await chat.node.send(chat.message(text))
            let refused = try await chat.node.wait(for: .rejected, of: early)
            #expect(refused.message.errorCode == "whatsapp::error::131047")
            #expect(refused.message.errorReason?.contains("24 hours") == true)
            #expect(chat.whatsApp.submissions.isEmpty)
            let template = try await chat.node.send(chat.message(ChatNode.template))
            try await chat.node.wait(for: .sent, of: template)
            #expect(await chat.node.receive(chat.inbound(.text(TextBody("Hi")))) == .stored)
            let open = try await chat.node.send(chat.message(text))
            try await chat.node.wait(for: .sent, of: open)
            chat.node.clock.advance(by: 24 * 3_600_000)
            let late = try await chat.node.send(chat.message(text))
            try await chat.node.wait(for: .rejected, of: late)
            #expect(chat.whatsApp.submissions.count == 2)
            try await chat.node.waitUntilIdle()
        }
    }

    @Test(arguments: Engine.allCases)
    func `delivered, then seen`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            let key = try await chat.node.send(chat.message(ChatNode.template))
            let submission = try await chat.whatsApp.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            for state in [PartState.delivered, .seen, .delivered] {
                await chat.report(submission, by: chat.whatsApp, state)
            }
            try await chat.node.wait(for: .seen, of: key)
            #expect(try await chat.node.events(of: key) == ["accepted", "sent", "delivered", "seen", "late"])
            #expect(try await chat.node.inbox.bodies(count: 2) == ["\(key.id) delivered", "\(key.id) seen"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `an inbound message is stored once, with its contact, its conversation and its medium`(
        _ engine: Engine
    ) async throws {
        try await ChatNode.run(engine) { chat in
            let media = ProviderMedia(reference: "media-1", contentType: "image/jpeg")
            let event = chat.inbound(
                .image(MediaBody()), from: [Identity(.phone, ChatNode.customer), Identity(.businessScopedID, "US.1")],
                media: media)
            #expect(await chat.node.receive(event) == .stored)
            #expect(await chat.node.receive(event) == .stored)
            // Somebody whose number is hidden is the same contact, by the other name.
            let hidden = chat.inbound(.text(TextBody("me")), id: "wamid.2", from: [Identity(.businessScopedID, "US.1")])
            #expect(await chat.node.receive(hidden) == .stored)
            let received = try await chat.node.count("messages", where: "direction = 1")
            #expect(received == 2)
            #expect(try await chat.node.count("contacts") == 1)
            let unread = try await chat.node.count("conversations", where: "unread = 2")
            #expect(unread == 1)
            #expect(try await chat.node.count("media") == 1)
            let bodies = try await chat.node.inbox.bodies(count: 2)
            #expect(bodies == ["\(ChatNode.customer) image", "US.1 me"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what a customer takes back is erased`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            _ = await chat.node.receive(chat.inbound(.text(TextBody("oops"))))
            let deletion = InboundDeletion(
                connectorID: chat.whatsApp.id, kind: .whatsapp, recipient: ChatNode.whatsApp,
                sender: [Identity(.phone, ChatNode.customer)], providerID: "wamid.1", at: chat.node.clock.now)
            for _ in 0..<2 { #expect(await chat.node.receive(.deleted(deletion)) == .stored) }
            let erased = try await chat.node.count("messages", where: "direction = 1 AND content IS NULL")
            #expect(erased == 1)
            let withdrawn = try await chat.node.count("events", where: "kind = 'withdrawn'")
            #expect(withdrawn == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the content of a Chat message is kept for two days`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            let key = try await chat.node.send(chat.chain())
            let first = try await chat.whatsApp.submissions(count: 1)[0]
            try await chat.node.wait(for: .sent, of: key)
            await chat.report(first, by: chat.whatsApp, .delivered)
            try await chat.node.wait(for: .delivered, of: key)
            chat.node.clock.advance(by: 47 * 3_600_000)
            #expect(try await chat.node.engine.sweeper.eraseContents() == false)
            #expect(try await chat.node.stored(key).message.content != nil)
            chat.node.clock.advance(by: 2 * 3_600_000)
            _ = try await chat.node.engine.sweeper.eraseContents()
            let stored = try await chat.node.stored(key).message
            #expect(stored.content == nil)
            #expect(stored.extra == nil)
            #expect(stored.status == .delivered)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a channel's content is kept for as many days as it says, in both directions`(_ engine: Engine) async throws {
        try await ChatNode.run(engine) { chat in
            let node = chat.node
            try await node.database.write { transaction in
                _ = try transaction.execute(#"UPDATE channels SET settings = '{"dataRetentionInDays":3}'"#)
            }
            try await node.directory.reload()
            let message = chat.message(ChatNode.template)
            let key = try await node.send(message)
            let open = try await node.send(chat.message(ChatNode.template))
            let submissions = try await chat.whatsApp.submissions(count: 2)
            for key in [key, open] { try await node.wait(for: .sent, of: key) }
            _ = await node.receive(chat.inbound(.text(TextBody("Hi"))))
            node.clock.advance(by: 2 * 86_400_000)
            let first = try #require(submissions.first { $0.ticket.key == key })
            await chat.report(first, by: chat.whatsApp, .delivered)
            try await node.wait(for: .delivered, of: key)
            _ = try await node.engine.sweeper.eraseContents()
            #expect(try await node.count("messages", where: "content IS NOT NULL") == 3)
            node.clock.advance(by: 86_400_000)
            _ = try await node.engine.sweeper.eraseContents()
            // What is not at its end is still needed.
            #expect(try await node.stored(open).message.content != nil)
            #expect(try await node.count("messages", where: "content IS NOT NULL") == 1)
        }
    }
}
