// SPDX-License-Identifier: Apache-2.0
// Messages from handsets over real SMPP: stored before they are answered, pushed, and stored once however often the
// carrier has to deliver them.

import EngineTestSupport
import Messaging
import SMPP
import SQL
import SQLTestSupport
import Simulators
import Testing
import Wire

@testable import Connectors

struct CarrierInboundTests {
    private static let handset = "491701234567"

    @Test(arguments: Engine.allCases)
    func `a handset's message is stored and pushed before it is acknowledged`(_ engine: Engine) async throws {
        try await CarrierNode.run(engine) { carrier in
            let delivery = try await carrier.simulator.sendFromHandset(
                from: Self.handset, to: TestSetup.number, text: "Grüße €")
            #expect(delivery == .acknowledged)
            #expect(try await carrier.inboundMessages() == 1)
            #expect(carrier.node.inbox.bodies == ["\(Self.handset) Grüße €"])
        }
    }

    @Test(arguments: [String(repeating: "a", count: 400), String(repeating: "Я👍🏽", count: 50)])
    func `a long message is pushed whole`(_ text: String) async throws {
        try await CarrierNode.run { carrier in
            try await carrier.simulator.sendFromHandset(from: Self.handset, to: TestSetup.number, text: text)
            _ = try await carrier.node.inbox.deliveries(count: 1)
            #expect(carrier.node.inbox.bodies == ["\(Self.handset) \(text)"])
            #expect(try await carrier.node.count("inbound_parts") == 0)
        }
    }

    @Test
    func `a message to nobody's number is refused for good`() async throws {
        try await CarrierNode.run { carrier in
            await #expect(throws: SMSCSimulator.SendError.refused(.invalidDestinationAddress)) {
                _ = try await carrier.simulator.sendFromHandset(from: Self.handset, to: "49309999999", text: "Hi")
            }
            let stored = try await carrier.inboundMessages()
            #expect(stored == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the same message twice on one link is two messages`(_ engine: Engine) async throws {
        try await CarrierNode.run(engine) { carrier in
            for _ in 0..<2 {
                try await carrier.simulator.sendFromHandset(from: Self.handset, to: TestSetup.number, text: "Yes")
            }
            #expect(try await carrier.inboundMessages() == 2)
            _ = try await carrier.node.inbox.deliveries(count: 2)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a message that comes again because its answer was lost with the link is one message`(
        _ engine: Engine
    ) async throws {
        try await CarrierNode.run(engine) { carrier in
            carrier.sink.hold()
            async let delivery = carrier.simulator.sendFromHandset(
                from: Self.handset, to: TestSetup.number, text: "Yes")
            _ = try await carrier.sink.answers.wait(for: "the first arrival") { $0.count == 1 }
            carrier.simulator.dropLinks()
            _ = try await carrier.sink.answers.wait(for: "the second arrival") { $0.count == 2 }
            carrier.sink.release()
            _ = try await delivery
            _ = try await eventually("the acknowledgement") {
                carrier.simulator.counters.handsetPartsAcknowledged == 1 ? true : nil
            }
            #expect(carrier.sink.answers.current == [.stored, .stored])
            #expect(try await carrier.inboundMessages() == 1)
            #expect(carrier.node.inbox.bodies == ["\(Self.handset) Yes"])
        }
    }

    @Test
    func `a message whose first copy was acknowledged is a new one on a later link`() async throws {
        try await CarrierNode.run { carrier in
            try await carrier.simulator.sendFromHandset(from: Self.handset, to: TestSetup.number, text: "Yes")
            let bind = carrier.connector.clientState?.binds.first?.bindID
            carrier.simulator.dropLinks()
            _ = try await eventually("another bind") {
                let now = carrier.connector.clientState?.binds.first?.bindID
                return now != nil && now != bind ? true : nil
            }
            _ = try await eventually("the acknowledgement noted") {
                try await carrier.node.count("inbound_unacknowledged") == 0 ? true : nil
            }
            try await carrier.simulator.sendFromHandset(from: Self.handset, to: TestSetup.number, text: "Yes")
            #expect(try await carrier.inboundMessages() == 2)
        }
    }

    @Test
    func `while nothing can be stored the carrier is asked to come again`() async throws {
        try await CarrierNode.run { carrier in
            try await carrier.node.database.write { try $0.execute("ALTER TABLE messages RENAME TO messages_away") }
            let delivery = try await carrier.simulator.sendFromHandset(
                from: Self.handset, to: TestSetup.number, text: "Yes")
            #expect(delivery == .retrying)
            try await carrier.node.database.write { try $0.execute("ALTER TABLE messages_away RENAME TO messages") }
            _ = try await eventually("the acknowledgement") {
                carrier.simulator.counters.handsetPartsAcknowledged == 1 ? true : nil
            }
            #expect(try await carrier.inboundMessages() == 1)
            #expect(carrier.sink.answers.current.last == .stored)
            #expect(carrier.sink.answers.current.first == .unavailable)
        }
    }
}
