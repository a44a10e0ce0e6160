// SPDX-License-Identifier: Apache-2.0
// The outcomes that the last three digits of the recipient choose, over a real bind.

import SMPP
import Synchronization
import Testing

@testable import Simulators

@Suite struct SMSCOutcomeTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var suffix: String
        var state: MessageState
        var stat: String
        var err: String
        var testDescription: String { suffix }
    }

    @Test(
        "The last three digits choose the final state and its error",
        arguments: [
            Row(suffix: "001", state: .delivered, stat: "DELIVRD", err: "000"),
            Row(suffix: "002", state: .undeliverable, stat: "UNDELIV", err: "001"),
            Row(suffix: "003", state: .expired, stat: "EXPIRED", err: "006"),
            Row(suffix: "004", state: .rejected, stat: "REJECTD", err: "013"),
            Row(suffix: "123", state: .delivered, stat: "DELIVRD", err: "000"),
        ])
    func finalStates(row: Row) async throws {
        try await withSimulator { simulator, esme in
            esme.submit(1, to: "491511234" + row.suffix)
            await esme.log.until("a receipt") { $0.receipts.count == 1 && $0.ids.count == 1 }
            let receipt = try #require(esme.log.value.receipts.first)
            #expect(receipt.messageID == esme.log.value.ids[1])
            #expect(receipt.textID == receipt.receiptedMessageID)
            #expect(receipt.state == row.state)
            #expect(receipt.stat == row.stat)
            #expect(receipt.err == row.err)
            #expect(receipt.text == "Hello")
            let pdu = try #require(esme.log.value.deliveries.first)
            #expect(pdu.source.value == "491511234" + row.suffix)
            #expect(pdu.destination.value == "49301234567")
            let isShown = simulator.messages(for: "+491511234" + row.suffix).map(\.text) == ["Hello"]
            #expect(isShown == (row.state == .delivered))
        }
    }

    @Test func `005 is refused at submit`() async throws {
        try await withSimulator { simulator, esme in
            esme.submit(1, to: "491511234005")
            await esme.log.until("an answer") { $0.results.count == 1 }
            #expect(esme.log.value.status(1) == .invalidDestinationAddress)
            #expect(simulator.counters.refused == 1)
            #expect(simulator.counters.accepted == 0)
        }
    }

    @Test func `006 is throttled three times for each message and then delivered`() async throws {
        try await withSimulator { simulator, esme in
            // The client pauses by itself after a throttled answer, so each try is a bind of its own.
            let port = try #require(simulator.port)
            for attempt in 1...3 {
                let other = ESME()
                await other.bind(port: port)
                other.submit(1, to: "491511234006", text: "one")
                await other.log.until("an answer") { $0.results.count == 1 }
                #expect(other.log.value.status(1) == .throttled, "attempt \(attempt)")
                await other.shutdown()
            }
            esme.submit(1, to: "491511234006", text: "one")
            await esme.log.until("a receipt") { $0.receipts.count == 1 && $0.ids[1] != nil }
            #expect(esme.log.value.receipts.first?.state == .delivered)
            // Another text is another message.
            esme.submit(2, to: "491511234006", text: "two")
            await esme.log.until("an answer") { $0.results.count == 2 }
            #expect(esme.log.value.status(2) == .throttled)
            #expect(simulator.counters.throttled == 4)
        }
    }

    @Test func `007 never gets a receipt and stays on its way`() async throws {
        try await withSimulator { simulator, esme in
            esme.submit(1, to: "491511234007")
            esme.submit(2, to: "491511234001")
            await esme.log.until("the other's receipt") { $0.receipts.count == 1 && $0.ids.count == 2 }
            #expect(esme.log.value.receipts.first?.messageID == esme.log.value.ids[2])
            let client = try #require(esme.client.withLock { $0 })
            let source = Address(ton: .international, npi: .isdn, value: "49301234567")
            let id = try #require(esme.log.value.ids[1])
            let response = try await client.query(QuerySM(messageID: id, source: source))
            #expect(response.messageState == MessageState.enroute.rawValue)
            #expect(response.finalDate.isEmpty)
            #expect(simulator.messages(for: "491511234007").isEmpty)
        }
    }

    @Test func `008 has its receipt before the submit response`() async throws {
        try await withSimulator { _, esme in
            esme.submit(1, to: "491511234008")
            await esme.log.until("both") { $0.receipts.count == 1 && $0.results.count == 1 }
            let entries = esme.log.value.entries
            guard case .delivered? = entries.first, case .answered? = entries.last else {
                Issue.record("wrong order: \(entries)")
                return
            }
            #expect(esme.log.value.receipts.first?.messageID == esme.log.value.ids[1])
        }
    }

    @Test func `008 is answered when its receipt is refused`() async throws {
        try await withSimulator(answer: { $0 == 0 ? .permanentReceiverError : .ok }) { _, esme in
            esme.submit(1, to: "491511234008")
            await esme.log.until("an answer") { $0.ids.count == 1 }
        }
    }

    @Test func `009 cuts the link once before the response and is then delivered`() async throws {
        try await withSimulator { simulator, esme in
            esme.submit(1, to: "491511234009")
            await esme.log.until("no answer and a new bind") { $0.results.count == 1 && $0.binds == 2 && $0.isUp }
            #expect(esme.log.value.results[1] == .uncertain(.sessionClosed))
            #expect(simulator.counters.accepted == 0)
            esme.submit(2, to: "491511234009")
            await esme.log.until("a receipt") { $0.receipts.count == 1 && $0.ids[2] != nil }
            #expect(esme.log.value.receipts.first?.state == .delivered)
            #expect(simulator.counters.linksDropped == 1)
        }
    }

    @Test("Receipts come only where registered_delivery asks for them", arguments: [UInt8(0), 1, 2, 3])
    func registeredDelivery(value: UInt8) async throws {
        try await withSimulator { _, esme in
            esme.submit(1, to: "491511234001", receipt: value)
            esme.submit(2, to: "491511234002", receipt: value)
            esme.submit(3, to: "491511234999", text: "last", receipt: 1)
            await esme.log.until("the last receipt") { log in log.receipts.contains { $0.text == "last" } }
            await esme.log.until("the answers") { $0.ids.count == 3 }
            let log = esme.log.value
            let reported = Set(log.receipts.compactMap(\.messageID))
            #expect(reported.contains(log.ids[1] ?? "") == (value == 1 || value == 3))
            #expect(reported.contains(log.ids[2] ?? "") == (value == 1 || value == 2))
        }
    }

    @Test func `submit_multi has an outcome for each destination`() async throws {
        try await withSimulator { _, esme in
            let client = try #require(esme.client.withLock { $0 })
            let source = Address(ton: .international, npi: .isdn, value: "49301234567")
            let destinations = ["491511234001", "491511234002", "491511234005"].map {
                SubmitMultiDestination.address(Address(ton: .international, npi: .isdn, value: $0))
            }
            let request = SubmitMulti(
                source: source, destinations: destinations + [.distributionList("friends")], registeredDelivery: 1,
                shortMessage: Array("Hello".utf8))
            let response = try await client.submitMulti(request)
            #expect(response.unsuccessful.map(\.status) == [.invalidDestinationAddress, .invalidDistributionListName])
            await esme.log.until("two receipts") { $0.receipts.count == 2 }
            let states = esme.log.value.receipts.map(\.state)
            #expect(states.contains(.delivered) && states.contains(.undeliverable))
            #expect(esme.log.value.receipts.allSatisfy { $0.messageID == response.messageID })
        }
    }

    @Test func `Hundreds of messages each get one answer and one receipt`() async throws {
        try await withSimulator {
            $0.responseLatency = .milliseconds(1)
            $0.responseJitter = .milliseconds(3)
            $0.receiptDelay = .milliseconds(2)
        } _: { simulator, esme in
            for ticket in 0..<300 {
                await esme.log.until("room") { $0.results.count + 10 > ticket }
                esme.submit(UInt64(ticket), to: "491511234001", text: "\(ticket)")
            }
            await esme.log.until("all receipts") { $0.receipts.count == 300 && $0.ids.count == 300 }
            #expect(Set(esme.log.value.receipts.compactMap(\.messageID)) == Set(esme.log.value.ids.values))
            #expect(simulator.counters.receiptsPending == 0)
            #expect(simulator.counters.finished == 300)
        }
    }

    @Test("Only the accounts of the configuration can bind", arguments: [("parley", "wrong"), ("nobody", "parley")])
    func refusedBinds(name: String, password: String) async throws {
        let simulator = makeSimulator()
        let port = try await simulator.start()
        let esme = ESME()
        esme.connect(port: port) {
            $0.systemID = name
            $0.password = password
        }
        await esme.log.until("refused") { $0.lastError?.contains("bind refused") == true }
        await esme.shutdown()
        await simulator.shutdown()
    }
}
