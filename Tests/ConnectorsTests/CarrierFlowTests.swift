// SPDX-License-Identifier: Apache-2.0
// Messages over real SMPP to a simulated carrier: every outcome, long texts, receipts in every form, lost links and a
// second carrier.

import EngineTestSupport
import Messaging
import SMSText
import SQLTestSupport
import Simulators
import Testing
import Wire

@testable import Connectors

struct CarrierFlowTests {
    struct OutcomeRow: Sendable {
        let suffix: String
        let status: MessageStatus
        var code: String?
        var isPossibleDuplicate = false
    }

    static let outcomes = [
        OutcomeRow(suffix: "001", status: .delivered),
        OutcomeRow(suffix: "002", status: .undeliverable, code: "0001"),
        OutcomeRow(suffix: "003", status: .expired, code: "0006"),
        OutcomeRow(suffix: "004", status: .rejected, code: "000d"),
        OutcomeRow(suffix: "005", status: .rejected, code: "0001"),
        OutcomeRow(suffix: "006", status: .delivered),
        OutcomeRow(suffix: "007", status: .sent),
        OutcomeRow(suffix: "008", status: .delivered),
        OutcomeRow(suffix: "009", status: .delivered, isPossibleDuplicate: true),
        OutcomeRow(suffix: "999", status: .delivered),
    ]

    @Test(arguments: outcomes, Engine.allCases)
    func `the last digits of the recipient choose the outcome`(_ row: OutcomeRow, _ engine: Engine) async throws {
        try await CarrierNode.run(engine) { carrier in
            let key = try await carrier.node.send(to: "491701234" + row.suffix)
            let (message, parts) = try await carrier.wait(for: row.status, of: key)
            #expect(message.errorCode == row.code)
            #expect(message.isPossibleDuplicate == row.isPossibleDuplicate)
            #expect(parts.count == 1)
            if row.status.isTerminal {
                let reports = try await carrier.node.inbox.deliveries(count: 1)
                #expect(
                    reports.map { String(decoding: $0.rendered.body, as: UTF8.self) } == ["\(key.id) \(row.status)"])
                #expect(try await carrier.node.count("receipts") == 0)
                #expect(try await carrier.node.count("jobs") == 0)
            }
        }
    }

    /// How a text is cut, letter and length, and how many parts that makes.
    static let cuts: [(SegmentationOptions, String, Int, Int)] = [
        (SegmentationOptions(encoding: .gsm7), "a", 400, 3),
        (SegmentationOptions(encoding: .gsm7, referenceWidth: .sixteen), "€", 200, 3),
        (SegmentationOptions(encoding: .unicode), "Я", 150, 3),
        (SegmentationOptions(encoding: .unicode), "👍🏽", 40, 3),
        (SegmentationOptions(encoding: .gsm7, concatenation: .sar), "a", 400, 3),
        (SegmentationOptions(encoding: .gsm7, concatenation: .messagePayload), "a", 400, 1),
    ]

    @Test(arguments: cuts)
    func `a long text arrives whole and is reported once`(
        _ segmentation: SegmentationOptions, _ letter: String, _ count: Int, _ parts: Int
    ) async throws {
        let text = String(repeating: letter, count: count)
        try await CarrierNode.run { carrier in
            let key = try await carrier.send(to: "491701234567", text, segmentation)
            let found = try await carrier.wait(for: .delivered, of: key)
            #expect(found.parts.count == parts)
            let received = carrier.simulator.messages(for: "491701234567")
            #expect(received.map(\.text) == [text])
            #expect(received.first?.sender == "Acme")
            _ = try await carrier.node.inbox.deliveries(count: 1)
            #expect(carrier.node.inbox.bodies == ["\(key.id) delivered"])
        }
    }

    struct FormRow: Sendable, CustomTestStringConvertible {
        let name: String
        let change: @Sendable (inout SMSCSimulator.Configuration) -> Void
        var testDescription: String { name }
    }

    static let forms = [
        FormRow(name: "as in the response") { _ in },
        FormRow(name: "hexadecimal of decimal") { $0.receiptIDForm.conversion = .hexOfDecimal },
        FormRow(name: "upper-case hexadecimal of decimal") {
            $0.receiptIDForm.conversion = .hexOfDecimal
            $0.receiptIDForm.letterCase = .upper
        },
        FormRow(name: "padded hexadecimal of decimal") {
            $0.receiptIDForm.conversion = .hexOfDecimal
            $0.receiptIDForm.minimumLength = 20
        },
        FormRow(name: "decimal of hexadecimal") {
            $0.messageIDForm = .hexadecimal
            $0.receiptIDForm.conversion = .decimalOfHex
        },
        FormRow(name: "upper case") {
            $0.messageIDForm = .hexadecimal
            $0.receiptIDForm.letterCase = .upper
        },
        FormRow(name: "padded") { $0.receiptIDForm.minimumLength = 20 },
        FormRow(name: "a UUID") { $0.messageIDForm = .uuid },
        FormRow(name: "in the text alone") {
            $0.receiptIDForm.conversion = .hexOfDecimal
            $0.receiptIDForm.placement = .text
        },
        FormRow(name: "in the parameter alone") { $0.receiptIDForm.placement = .parameter },
        FormRow(name: "in a data_sm") { $0.receiptPDU = .dataSM },
        FormRow(name: "twice") { $0.faults.duplicatesReceipt = 1 },
        FormRow(name: "before the response") { $0.outcomeRule = { _ in .receiptFirst } },
    ]

    @Test(arguments: forms)
    func `receipts are matched whatever form the carrier gives them`(_ form: FormRow) async throws {
        try await CarrierNode.run(.sqlite, [Carrier(simulator: form.change)]) { carrier in
            var keys: [MessageKey] = []
            for number in 0..<6 { keys.append(try await carrier.node.send(to: "4917012345\(60 + number)")) }
            for key in keys { try await carrier.wait(for: .delivered, of: key) }
            _ = try await carrier.node.inbox.deliveries(count: 6)
            #expect(Set(carrier.node.inbox.bodies) == Set(keys.map { "\($0.id) delivered" }))
            _ = try await eventually("every receipt acknowledged") {
                let counters = carrier.simulator.counters
                return counters.receiptsPending == 0 && counters.receiptsAcknowledged >= 6 ? true : nil
            }
            #expect(try await carrier.node.count("receipts") == 0)
        }
    }

    @Test(arguments: [
        (UncertainPolicy.resend, MessageStatus.delivered, PartState.delivered), (.hold, .dispatched, .held),
        (.fail, .failed, .failed),
    ])
    func `a message without a response follows the connector's policy`(
        _ policy: UncertainPolicy, _ status: MessageStatus, _ state: PartState
    ) async throws {
        let carrier = Carrier(options: ["uncertain": .string(policy.rawValue)])
        try await CarrierNode.run(.sqlite, [carrier]) { carrier in
            let key = try await carrier.node.send(to: "491701234009")
            _ = try await eventually("part \(state)") {
                try await carrier.node.stored(key).parts.first?.state == state ? true : nil
            }
            let message = try await carrier.node.stored(key).message
            #expect(message.status == status)
            #expect(message.isPossibleDuplicate == (policy == .resend))
            #expect(carrier.simulator.counters.linksDropped == 1)
            #expect(carrier.simulator.counters.accepted == (policy == .resend ? 1 : 0))
        }
    }

    @Test
    func `the next carrier of the route takes over when the first has no link, and hands back`() async throws {
        try await CarrierNode.run(.sqlite, [Carrier(), Carrier()]) { carrier in
            let first = try await carrier.wait(for: .delivered, of: carrier.node.send())
            #expect(first.parts.map(\.connectorID) == [carrier.connectors[0].id])
            await carrier.simulators[0].shutdown()
            try await carrier.waitForLink(carrier.connectors[0], isUp: false)
            let second = try await carrier.wait(for: .delivered, of: carrier.node.send())
            #expect(second.parts.map(\.connectorID) == [carrier.connectors[1].id])
            #expect(!second.message.isPossibleDuplicate)
        }
    }

    @Test
    func `a message waits while no carrier has a link`() async throws {
        try await CarrierNode.run { carrier in
            await carrier.simulator.shutdown()
            try await carrier.waitForLink(carrier.connector, isUp: false)
            let key = try await carrier.node.send()
            await carrier.node.engine.lookAtTime()
            #expect(try await carrier.node.stored(key).message.status == .accepted)
            #expect(try await carrier.node.stored(key).parts.isEmpty)
        }
    }

    @Test
    func `a burst goes through a small window and leaves nothing behind`() async throws {
        try await CarrierNode.run(.sqlite, [Carrier(options: ["window": .integer(3), "binds": .integer(2)])]) {
            carrier in
            var keys: [MessageKey] = []
            for number in 0..<100 { keys.append(try await carrier.node.send(to: "49170123\(1010 + number)")) }
            for key in keys { try await carrier.wait(for: .delivered, of: key) }
            #expect(carrier.simulator.counters.accepted == 100)
            _ = try await eventually("the whole window free") {
                let room = carrier.connector.reserve(100)
                carrier.connector.release(room)
                return room == 6 ? true : nil
            }
        }
    }

    @Test
    func `a text that the carrier's alphabet cannot hold is refused without being sent`() async throws {
        try await CarrierNode.run(.sqlite, [Carrier(options: ["alphabet": .string("ascii")])]) { carrier in
            let key = try await carrier.send(to: "491701234567", "é", SegmentationOptions(encoding: .gsm7))
            let found = try await carrier.wait(for: .rejected, of: key)
            #expect(found.message.errorCode == "0024")
            #expect(carrier.simulator.counters.submitted == 0)
        }
    }
}
