// SPDX-License-Identifier: Apache-2.0
// Inbound messages: whole ones, ones in parts that come in any order or not at all, and ones that come again.

import Accounts
import EngineTestSupport
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct InboundTests {
    private static let sender = "491609876543"

    private func part(
        _ text: String, _ number: Int = 1, of total: Int = 1, reference: Int = 5, from sender: String = sender,
        to recipient: String = TestSetup.number, bind: String = "a", print: UInt8? = nil, sentAt: Milliseconds? = nil
    ) -> ConnectorEvent {
        let octets = Array(text.utf8)
        return .inbound(
            InboundPart(
                connectorID: 1, kind: .sms, sender: sender, recipient: recipient,
                content: ReceivedText(octets: octets, dataCoding: 0, header: nil, alphabet: .gsm7),
                concatenation: total == 1
                    ? nil : InboundPart.Concatenation(reference: reference, total: total, number: number),
                sentAt: sentAt, fingerprint: print.map { [$0] } ?? octets + [UInt8(number)], bind: bind))
    }

    @Test(arguments: Engine.allCases)
    func `a message is stored, priced and handed on`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            #expect(await node.receive(part("Hi", sentAt: TestClock.start - 1000)) == .stored)
            #expect(node.inbox.bodies == ["\(Self.sender) Hi"])
            let delivery = try await node.inbox.deliveries(count: 1)[0]
            #expect(delivery.companyID == node.acme)
            #expect(delivery.rendered.url == TestSetup.inboundURL)
            let key = MessageKey(companyID: node.acme, id: delivery.messageID)
            let found = try await node.database.read { try MessageStore($0).find(key, direction: .inbound)?.0 }
            let message = try #require(found)
            #expect(message.status == .delivered)
            #expect(message.size == 1)
            #expect(message.sender == Self.sender)
            #expect(message.recipient == TestSetup.number)
            #expect(message.quote?.amount == Money("0.001"))
            #expect(message.quote?.mccmnc == "26201")
            #expect(message.content == .sms(SMSContent(inboundText: "Hi")))
            #expect(try await node.events(of: key) == ["received"])
            #expect(try await node.stored(keyIsOutbound: key) == false)
            let sentAt = try await node.database.read {
                try $0.queryOne("SELECT sent_at FROM inbound_contents")?.int64("sent_at")
            }
            #expect(sentAt == TestClock.start - 1000)
        }
    }

    @Test(arguments: Engine.allCases)
    func `nobody's number is answered as unknown and nothing is kept`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            #expect(await node.receive(part("Hi", to: "4930999")) == .unknownRecipient)
            #expect(try await node.count("messages") == 0)
            #expect(try await node.count("inbound_unacknowledged") == 0)
        }
    }

    @Test(arguments: Engine.allCases, [[1, 2, 3], [3, 2, 1], [2, 3, 1], [3, 1, 2]])
    func `parts make one message whatever order they come in`(_ engine: Engine, _ order: [Int]) async throws {
        try await TestNode.run(engine) { node async throws in
            let texts = ["one ", "two ", "three"]
            for (index, number) in order.enumerated() {
                #expect(node.inbox.bodies.isEmpty)
                #expect(await node.receive(part(texts[number - 1], number, of: 3)) == .stored)
                #expect(try await node.count("inbound_parts") == (index < 2 ? index + 1 : 0))
            }
            #expect(node.inbox.bodies == ["\(Self.sender) one two three"])
            #expect(try await node.count("messages", where: "size = 3") == 1)
            #expect(try await node.count("inbound_contents") == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `parts of several senders and references do not mix`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            for event in [
                part("a1", 1, of: 2), part("b1", 1, of: 2, reference: 6),
                part("c1", 1, of: 2, from: "491600000000"), part("b2", 2, of: 2, reference: 6),
                part("c2", 2, of: 2, from: "491600000000"), part("a2", 2, of: 2),
            ] { #expect(await node.receive(event) == .stored) }
            #expect(node.inbox.bodies == ["\(Self.sender) b1b2", "491600000000 c1c2", "\(Self.sender) a1a2"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what is missing after ten minutes is marked in the text`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            _ = await node.receive(part("one ", 1, of: 3))
            node.clock.advance(by: 300_000)
            _ = await node.receive(part(" three", 3, of: 3))
            node.clock.advance(by: 300_000)
            await node.engine.lookAtTime()
            #expect(node.inbox.bodies.isEmpty)
            node.clock.advance(by: 1)
            await node.engine.lookAtTime()
            #expect(try await node.inbox.bodies(count: 1) == ["\(Self.sender) one <...> three"])
            #expect(try await node.count("inbound_parts") == 0)
            #expect(try await node.count("inbound_contents") == 2)
            // The part that comes now waits for others of its own.
            _ = await node.receive(part("two", 2, of: 3))
            #expect(node.inbox.bodies.count == 1)
            #expect(try await node.count("inbound_parts") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a sender that comes round to a reference starts a new message`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            _ = await node.receive(part("old", 1, of: 2))
            _ = await node.receive(part("new ", 1, of: 2))
            #expect(node.inbox.bodies == ["\(Self.sender) old<...>"])
            _ = await node.receive(part("end", 2, of: 2))
            #expect(node.inbox.bodies == ["\(Self.sender) old<...>", "\(Self.sender) new end"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `what comes again on another link is the same message, on the same link another`(
        _ engine: Engine
    ) async throws {
        try await TestNode.run(engine) { node async throws in
            _ = await node.receive(part("yes", bind: "a", print: 1))
            #expect(await node.receive(part("yes", bind: "b", print: 1)) == .stored)
            #expect(await node.receive(part("yes", bind: "c", print: 1)) == .stored)
            #expect(node.inbox.bodies.count == 1)
            #expect(await node.receive(part("yes", bind: "c", print: 1)) == .stored)
            #expect(node.inbox.bodies.count == 2)
            await node.engine.acknowledged(connectorID: 1, fingerprints: [[1]])
            #expect(try await node.count("inbound_unacknowledged") == 0)
            #expect(await node.receive(part("yes", bind: "d", print: 1)) == .stored)
            #expect(node.inbox.bodies.count == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what may be stored and comes again on the same link counts once`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            let stored = part("yes", bind: "a", print: 1)
            let lost = part("no", bind: "a", print: 2)
            _ = await node.receive(stored)
            // The commit of both was of unknown fate: the first is there, the second is not.
            node.engine.intake.doubt([stored, lost])
            #expect(await node.receive(stored) == .stored)
            #expect(await node.receive(lost) == .stored)
            #expect(try await node.count("messages") == 2)
            // The doubt is settled: from here on equal bytes on one link are another message.
            #expect(await node.receive(stored) == .stored)
            #expect(try await node.count("messages") == 3)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a number without an address for inbound messages keeps them`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.inbound = nil
        try await TestNode.run(engine, setup) { node async throws in
            #expect(await node.receive(part("Hi")) == .stored)
            #expect(try await node.count("messages", where: "direction = 1") == 1)
            #expect(try await node.count("deliveries") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an arrival that cannot be stored spoils none of the others`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            // No database keeps a NUL in a text.
            let bad = part("bad", from: "49\0")
            let answers = await withTaskGroup(of: (Int, IntakeAnswer).self) { group in
                for index in 0..<20 {
                    let event = index == 7 ? bad : part("text \(index)")
                    group.addTask { (index, await node.receive(event)) }
                }
                return await group.reduce(into: [(Int, IntakeAnswer)]()) { $0.append($1) }
            }
            for (index, answer) in answers { #expect(answer == (index == 7 ? .unavailable : .stored)) }
            #expect(node.inbox.bodies.count == 19)
        }
    }

    @Test(arguments: Engine.allCases)
    func `deliveries beyond the inbox's room wait in the database`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            node.inbox.setCapacity(0)
            _ = await node.receive(part("Hi"))
            #expect(node.inbox.bodies.isEmpty)
            #expect(try await node.count("deliveries", where: "lease = 0 AND state = 0") == 1)
        }
    }

    @Test(arguments: [
        ReceivedText(octets: [], dataCoding: 0, header: nil, alphabet: .gsm7),
        ReceivedText(octets: [0, 1, 255], dataCoding: 4, header: nil, alphabet: .latin1),
        ReceivedText(
            octets: [1], dataCoding: 8,
            header: UserDataHeader(elements: [
                .concatenation8(reference: 1, total: 2, sequence: 1), .singleShift(identifier: 1),
                .other(identifier: 0x70, data: [1, 2, 3]),
            ]), alphabet: .gsm7Packed),
    ])
    func `a waiting part is kept as it came`(_ content: ReceivedText) {
        #expect(ReceivedText(stored: content.stored) == content)
    }

    @Test(arguments: ["", "gsm7", "gsm7 00 00", "gsm7 zz 00 00", "klingon 00 00 00", "gsm7 00 00 0"])
    func `what is no stored part is not read`(_ text: String) {
        #expect(ReceivedText(stored: text) == nil)
    }
}

extension TestNode {
    /// Whether the company has an outbound message of that id.
    fileprivate func stored(keyIsOutbound key: MessageKey) async throws -> Bool {
        try await database.read { try MessageStore($0).find(key) != nil }
    }
}
