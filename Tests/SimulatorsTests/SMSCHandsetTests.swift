// SPDX-License-Identifier: Apache-2.0
// Messages from and to handsets: cut and joined, retried, routed to the right account.

import NIOCore
import SMPP
import SMSText
import Synchronization
import Testing

@testable import Simulators

@Suite struct SMSCHandsetTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var name: String
        var text: String
        var parts: Int
        var dataCoding: UInt8
        var testDescription: String { name }
    }

    static let rows: [Row] = [
        Row(name: "short GSM-7", text: "Grüße, 5 € {ok}", parts: 1, dataCoding: 0),
        Row(name: "160 septets", text: String(repeating: "a", count: 160), parts: 1, dataCoding: 0),
        Row(name: "161 septets", text: String(repeating: "a", count: 161), parts: 2, dataCoding: 0),
        Row(name: "long GSM-7", text: String(repeating: "Straße €[] ", count: 60), parts: 6, dataCoding: 0),
        Row(name: "short UCS-2", text: "Привет 👋", parts: 1, dataCoding: 8),
        Row(name: "long UCS-2", text: String(repeating: "Привет 👋🏽 ", count: 30), parts: 6, dataCoding: 8),
        Row(name: "empty", text: "", parts: 1, dataCoding: 0),
    ]

    @Test("A handset's text arrives whole, cut with a user data header when it is long", arguments: rows)
    func fromHandset(row: Row) async throws {
        try await withSimulator { simulator, esme in
            let delivery = try await simulator.sendFromHandset(from: "491511234999", to: "49301234567", text: row.text)
            #expect(delivery == .acknowledged)
            let deliveries = esme.log.value.deliveries
            #expect(deliveries.count == row.parts)
            #expect(deliveries.allSatisfy { $0.dataCoding == row.dataCoding && $0.shortMessage.count <= 160 })
            #expect(deliveries.allSatisfy { $0.source.value == "491511234999" && $0.source.ton == .international })
            #expect(deliveries.allSatisfy { $0.destination.value == "49301234567" })
            let parts = try deliveries.map { pdu in
                guard pdu.esmClass.hasUserDataHeader else {
                    let content = Reassembly.Part.Content.octets(
                        pdu.shortMessage, dataCoding: pdu.dataCoding, header: nil)
                    return Reassembly.Part(sequence: 1, content: content)
                }
                let (header, userData) = try #require(UserDataHeader.split(pdu.shortMessage))
                let place = try #require(header.concatenation)
                #expect(place.total == row.parts)
                return Reassembly.Part(
                    sequence: place.sequence, content: .octets(userData, dataCoding: pdu.dataCoding, header: header))
            }
            #expect(Reassembly.text(of: parts, total: row.parts) == row.text)
        }
    }

    @Test("What is submitted in parts is one message on the handset", arguments: [Concatenation.userDataHeader, .sar])
    func toHandset(concatenation: Concatenation) async throws {
        let text = String(repeating: "Привет 👋🏽 ", count: 30)
        let segmented = try Segmenter.segment(text, options: SegmentationOptions(concatenation: concatenation)).get()
        let shown = Watched<[SMSCSimulator.HandsetMessage]>([])
        try await withSimulator {
            $0.handsetObserver = { message in shown.change { $0.append(message) } }
        } _: { simulator, esme in
            for index in segmented.parts.indices.reversed() {
                esme.submit(UInt64(index), to: "491511234001") {
                    $0.dataCoding = 8
                    $0.esmClass.hasUserDataHeader = concatenation == .userDataHeader
                    $0.shortMessage = segmented.octets(forPart: index, reference: 77)
                    guard concatenation == .sar else { return }
                    $0.tlvs.sarMsgRefNum = 77
                    $0.tlvs.sarTotalSegments = UInt8(segmented.parts.count)
                    $0.tlvs.sarSegmentSeqnum = UInt8(index + 1)
                }
            }
            await shown.until("the message") { $0.count == 1 }
            let message = try #require(simulator.messages(for: "491511234001").first)
            #expect(shown.value == [message])
            #expect(message.text == text)
            #expect(message.parts == segmented.parts.count)
            #expect(message.sender == "49301234567")
        }
    }

    @Test func `A whole text in message_payload is shown too`() async throws {
        let shown = Watched<[SMSCSimulator.HandsetMessage]>([])
        try await withSimulator {
            $0.handsetObserver = { message in shown.change { $0.append(message) } }
        } _: { _, esme in
            let text = String(repeating: "abc ", count: 200)
            esme.submit(1, to: "491511234001") {
                $0.shortMessage = []
                $0.tlvs.messagePayload = Array(text.utf8)
            }
            await shown.until("the message") { $0.map(\.text) == [text] }
        }
    }

    @Test func `Inboxes keep the newest messages of the newest handsets`() {
        var inboxes = HandsetInboxes(messageLimit: 2, handsetLimit: 3, defaultAlphabet: .gsm7)
        for handset in 1...4 {
            for text in ["a", "b", "c"] {
                let message = StoredMessage(
                    key: 1, id: "1", account: "parley", source: Address(value: "Parley"),
                    destination: Address(value: "49\(handset)"),
                    content: MessageContent(octets: Array(text.utf8), hasHeader: false, dataCoding: 0),
                    registeredDelivery: 0, acceptedAt: 0, final: .init(.delivered))
                #expect(inboxes.receive(message)?.text == text)
            }
        }
        #expect(inboxes.messages(for: "491").isEmpty)
        #expect(inboxes.messages(for: "494").map(\.text) == ["b", "c"])
    }

    @Test func `Any octets as a message leave the inboxes standing`() {
        var inboxes = HandsetInboxes(messageLimit: 5, handsetLimit: 5, defaultAlphabet: .gsm7)
        var generator = SeededGenerator(seed: 9)
        for _ in 0..<5000 {
            let count = Int.random(in: 0...40, using: &generator)
            var octets = (0..<count).map { _ in UInt8.random(in: 0...255, using: &generator) }
            // Often something close to a concatenation element.
            if count > 6, generator.happens(0.7) { octets.replaceSubrange(0..<3, with: [5, 0, 3]) }
            let message = StoredMessage(
                key: 1, id: "1", account: "parley", source: Address(value: "1"), destination: Address(value: "2"),
                content: MessageContent(
                    octets: octets, hasHeader: generator.happens(0.8),
                    dataCoding: UInt8.random(in: 0...255, using: &generator)),
                registeredDelivery: 0, acceptedAt: 0, final: .init(.delivered))
            _ = inboxes.receive(message)
        }
        #expect(inboxes.messages(for: "2").count == 5)
    }

    // MARK: Who gets it

    @Test func `Without a receiver a handset cannot send`() async throws {
        let simulator = makeSimulator()
        await #expect(throws: SMSCSimulator.SendError.nobodyBound) {
            try await simulator.sendFromHandset(from: "491511234999", to: "49301234567", text: "Hello")
        }
        let port = try await simulator.start()
        let transmitter = ESME()
        await transmitter.bind(port: port) { $0.bindMode = .transmitter }
        await #expect(throws: SMSCSimulator.SendError.nobodyBound) {
            try await simulator.sendFromHandset(from: "491511234999", to: "49301234567", text: "Hello")
        }
        await #expect(throws: SMSCSimulator.SendError.tooLong) {
            try await simulator.sendFromHandset(from: "1", to: "2", text: String(repeating: "a", count: 40_000))
        }
        await #expect(throws: SMSCSimulator.SendError.invalidAddress) {
            try await simulator.sendFromHandset(from: "1", to: String(repeating: "2", count: 21), text: "a")
        }
        await transmitter.shutdown()
        await simulator.shutdown()
    }

    @Test func `A number's messages go to the account that lists it`() async throws {
        let simulator = makeSimulator {
            $0.accounts = [
                .init(systemID: "a", password: "a"), .init(systemID: "b", password: "b", numbers: ["4930"]),
                .init(systemID: "away", password: "away", numbers: ["4950"]),
            ]
        }
        let port = try await simulator.start()
        let (a, b) = (ESME(), ESME())
        for (esme, name) in [(a, "a"), (b, "b")] {
            await esme.bind(port: port) {
                $0.systemID = name
                $0.password = name
            }
        }
        try await simulator.sendFromHandset(from: "491", to: "+4930", text: "for b")
        try await simulator.sendFromHandset(from: "491", to: "4940", text: "for a")
        #expect(a.log.value.deliveries.map(\.destination.value) == ["4940"])
        #expect(b.log.value.deliveries.map(\.destination.value) == ["4930"])
        await #expect(throws: SMSCSimulator.SendError.nobodyBound) {
            try await simulator.sendFromHandset(from: "491", to: "4950", text: "for nobody else")
        }
        await a.shutdown()
        await b.shutdown()
        await simulator.shutdown()
    }

    @Test func `A handset's message that gets a temporary error is tried again`() async throws {
        try await withSimulator(answer: { $0 < 2 ? .temporaryReceiverError : .ok }) { simulator, esme in
            let delivery = try await simulator.sendFromHandset(from: "491511234999", to: "49301234567", text: "Hello")
            #expect(delivery == .retrying)
            await esme.log.until("three tries") { $0.deliveries.count == 3 }
        }
    }

    @Test func `A handset's message refused for good is an error`() async throws {
        try await withSimulator(answer: { _ in .permanentReceiverError }) { simulator, esme in
            await #expect(throws: SMSCSimulator.SendError.refused(.permanentReceiverError)) {
                try await simulator.sendFromHandset(from: "491511234999", to: "49301234567", text: "Hello")
            }
            #expect(esme.log.value.deliveries.count == 1)
        }
    }
}
