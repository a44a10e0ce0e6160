// SPDX-License-Identifier: Apache-2.0
// What a carrier delivers, read: receipts in every form, handset messages in every coding, and bytes that are neither.

import EngineTestSupport
import Messaging
import SMPP
import SMSText
import Testing
import Wire

@testable import Connectors

struct ReceiptReadingTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let name: String
        var text = ""
        var esmClass: ESMClass = 0x04
        var tlvs: [TLV] = []
        var options: [String: JSONValue] = [:]
        var id: String? = "0123"
        var state = PartState.delivered
        var error: String?

        var testDescription: String { name }
    }

    private static func text(_ stat: String, err: String = "000") -> String {
        "id:0123 sub:001 dlvrd:001 submit date:2601151200 done date:2601151201 stat:\(stat) err:\(err) text:Hello"
    }

    private static let id = TLV(.receiptedMessageID, Array("AB12".utf8) + [0])

    static let rows = [
        Row(name: "delivered", text: text("DELIVRD")),
        Row(name: "undeliverable", text: text("UNDELIV", err: "001"), state: .undeliverable, error: "0001"),
        Row(name: "expired", text: text("EXPIRED", err: "027"), state: .expired, error: "001b"),
        Row(name: "rejected", text: text("REJECTD", err: "013"), state: .rejected, error: "000d"),
        Row(name: "deleted", text: text("DELETED"), state: .deleted),
        Row(name: "unknown", text: text("UNKNOWN"), state: .failed),
        Row(name: "on its way", text: text("ENROUTE"), state: .sent),
        Row(name: "accepted", text: text("ACCEPTD"), state: .sent),
        Row(name: "an intermediate one", text: text("ENROUTE"), esmClass: 0x20, state: .sent),
        Row(name: "in parameters alone", tlvs: [id, TLV(.messageState, [5])], id: "AB12", state: .undeliverable),
        Row(name: "in parameters, not marked", esmClass: 0, tlvs: [id, TLV(.messageState, [2])], id: "AB12"),
        Row(
            name: "in text and parameter, not marked", text: text("EXPIRED"), esmClass: 0, tlvs: [id], id: "AB12",
            state: .expired),
        Row(
            name: "in both, the parameters count", text: text("UNDELIV"), tlvs: [id, TLV(.messageState, [2])],
            id: "AB12"),
        Row(
            name: "in both, the error of the network", text: text("UNDELIV", err: "099"),
            tlvs: [id, TLV(.networkErrorCode, [3, 0, 6])], id: "AB12", state: .undeliverable, error: "0006"),
        Row(
            name: "err in hexadecimal", text: text("UNDELIV", err: "01B"), options: ["errors": .string("hex")],
            state: .undeliverable, error: "001b"),
        Row(
            name: "err 020 in hexadecimal", text: text("UNDELIV", err: "020"), options: ["errors": .string("hex")],
            state: .undeliverable, error: "0020"),
        Row(
            name: "a code of the carrier's own", text: text("UNDELIV", err: "777"), state: .undeliverable, error: "0020"
        ),
        Row(
            name: "a code of the carrier's own, told in the settings", text: text("UNDELIV", err: "EC_X"),
            options: ["errorCodes": .object(["EC_X": .string("001B")])], state: .undeliverable, error: "001b"),
        Row(
            name: "a number told in the settings", text: text("UNDELIV", err: "027"),
            options: ["errorCodes": .object(["027": .string("0005")])], state: .undeliverable, error: "0005"),
        Row(name: "without a state", text: "id:0123 sub:001", id: nil),
        Row(name: "without an id", text: "stat:DELIVRD err:000", id: nil),
        Row(name: "of a state that nobody knows", text: text("WHATEVER"), id: nil),
        Row(name: "marked and empty", id: nil),
    ]

    @Test(arguments: rows)
    func `a receipt is read`(_ row: Row) throws {
        let options = try smppOptions(row.options)
        let pdu = deliverSM(Array(row.text.utf8), esmClass: row.esmClass, tlvs: TLVs(row.tlvs))
        guard let id = row.id else { return #expect(options.event(in: pdu) == nil) }
        let receipt = try #require(options.receipt(in: pdu))
        #expect(receipt.providerID == id)
        #expect(receipt.state == row.state)
        #expect(receipt.errorCode == row.error)
        #expect(receipt.recipient == "491701234567")
        #expect(receipt.connectorID == 7)
        #expect(receipt.at == SubmissionSample.now)
    }

    @Test
    func `a message that looks like a receipt and is not marked is a message`() throws {
        let text = Array(Self.text("DELIVRD").utf8)
        #expect(try smppOptions().inbound(in: deliverSM(text)) != nil)
        #expect(try smppOptions().inbound(in: deliverSM(Array("Hi".utf8), tlvs: TLVs([Self.id]))) != nil)
        #expect(try smppOptions().inbound(in: deliverSM(text, esmClass: 0x08)) != nil)
    }

    @Test
    func `a receipt in a data_sm is read`() throws {
        var pdu = DataSM()
        pdu.source = Address(value: "+491701234567")
        pdu.esmClass = 0x04
        pdu.tlvs = TLVs([TLV(.messagePayload, Array(Self.text("DELIVRD").utf8))])
        let event = try smppOptions().event(
            in: CarrierMessage(pdu), connectorID: 7, bind: "1-1", now: SubmissionSample.now)
        guard case .receipt(let receipt) = event else {
            Issue.record("\(String(describing: event)) is no receipt")
            return
        }
        #expect(receipt.providerID == "0123")
        #expect(receipt.recipient == "491701234567")
    }
}

struct HandsetMessageTests {
    /// data_coding, octets in hexadecimal, text.
    static let codings: [(UInt8, String, String)] = [
        (0x00, "00011b65", "@£€"), (0x01, "4869", "Hi"), (0x03, "e9", "é"), (0x08, "042fd83dde00", "Я😀"),
        (0x02, "00ff", "00ff"), (0x04, "00ff", "00ff"), (0x10, "4869", "Hi"), (0x18, "042f", "Я"),
        (0xF0, "4869", "Hi"), (0xF5, "00ff", "00ff"), (0x06, "cf", "Я"), (0x07, "f9", "ש"),
    ]

    @Test(arguments: codings)
    func `every data_coding is read`(_ dataCoding: UInt8, _ octets: String, _ text: String) throws {
        let octets = try #require(Hex.decode(octets))
        let part = try #require(try smppOptions().inbound(in: deliverSM(octets, dataCoding: dataCoding)))
        #expect(part.content.text == text)
        #expect(part.concatenation == nil)
    }

    @Test
    func `data_coding 0 is what the connector says`() throws {
        let options = try smppOptions(["alphabet": .string("latin1")])
        #expect(options.inbound(in: deliverSM([0xE9]))?.content.text == "é")
    }

    /// User data, optional parameters, and what joins the parts.
    static let parts: [(String, [TLV], InboundPart.Concatenation?)] = [
        ("0500032a02014869", [], InboundPart.Concatenation(reference: 0x2A, total: 2, number: 1)),
        ("060804122a03024869", [], InboundPart.Concatenation(reference: 0x122A, total: 3, number: 2)),
        ("032401014869", [], nil),
        // Numbers that cannot be.
        ("0500032a02034869", [], nil), ("0500032a02004869", [], nil), ("0500032a00004869", [], nil),
    ]

    @Test(arguments: parts)
    func `a user data header is split off and read`(
        _ octets: String, _ tlvs: [TLV], _ concatenation: InboundPart.Concatenation?
    ) throws {
        let octets = try #require(Hex.decode(octets))
        let part = try #require(try smppOptions().inbound(in: deliverSM(octets, esmClass: 0x40, tlvs: TLVs(tlvs))))
        #expect(part.concatenation == concatenation)
        #expect(part.content.text == "Hi")
    }

    @Test(
        arguments: [
            ([0x12, 0x2A], [2], [1], InboundPart.Concatenation(reference: 0x122A, total: 2, number: 1)),
            ([0x12, 0x2A], [2], [3], nil), ([0x12, 0x2A], [0], [0], nil), ([0x12], [2], [1], nil),
            ([0x12, 0x2A], [], [1], nil),
        ] as [([UInt8], [UInt8], [UInt8], InboundPart.Concatenation?)])
    func `SAR parameters join parts`(
        _ reference: [UInt8], _ total: [UInt8], _ number: [UInt8], _ concatenation: InboundPart.Concatenation?
    ) throws {
        let tlvs = TLVs([
            TLV(.sarMsgRefNum, reference), TLV(.sarTotalSegments, total), TLV(.sarSegmentSeqnum, number),
        ])
        let part = try #require(try smppOptions().inbound(in: deliverSM(Array("Hi".utf8), tlvs: tlvs)))
        #expect(part.concatenation == concatenation)
        #expect(part.content.text == "Hi")
    }

    @Test
    func `message_payload and data_sm carry text too`() throws {
        let payload = TLVs([TLV(.messagePayload, Array("Hi".utf8))])
        #expect(try smppOptions().inbound(in: deliverSM([], tlvs: payload))?.content.text == "Hi")
        var pdu = DataSM()
        pdu.source = Address(value: "491701234567")
        pdu.destination = Address(value: "+49301234567")
        pdu.tlvs = payload
        let event = try smppOptions().event(
            in: CarrierMessage(pdu), connectorID: 7, bind: "1-1", now: SubmissionSample.now)
        guard case .inbound(let part) = event else {
            Issue.record("\(String(describing: event)) is no message")
            return
        }
        #expect(part.content.text == "Hi")
        #expect(part.recipient == "49301234567")
    }

    @Test(arguments: [
        ("+491701234567", "491701234567"), ("00491701234567", "491701234567"), ("491701234567", "491701234567"),
        ("Acme", "Acme"), ("00Acme", "00Acme"), ("+", "+"), ("00", "00"), ("", ""), ("12345", "12345"),
    ])
    func `numbers become digits and names stay`(_ address: String, _ digits: String) throws {
        let part = try #require(try smppOptions().inbound(in: deliverSM([0x48], from: address, to: address)))
        #expect(part.sender == digits)
        #expect(part.recipient == digits)
    }

    @Test
    func `the fingerprint is equal for equal bytes and no others`() {
        let base = deliverSM([1, 2, 3], tlvs: TLVs([TLV(.userMessageReference, [0, 1])]))
        let others = [
            deliverSM([1, 2], tlvs: base.tlvs), deliverSM([1, 2, 3]),
            deliverSM([1, 2, 3], dataCoding: 4, tlvs: base.tlvs),
            deliverSM([1, 2, 3], esmClass: 0x40, tlvs: base.tlvs),
            deliverSM([1, 2, 3], from: "4917012345678", tlvs: base.tlvs),
            deliverSM([1, 2, 3], to: "493012345678", tlvs: base.tlvs),
            deliverSM([1, 2, 3], tlvs: TLVs([TLV(.userMessageReference, [0, 2])])),
        ]
        let fingerprints = Set(([base] + others).map { CarrierMessage($0).fingerprint })
        #expect(fingerprints.count == 8)
        #expect(CarrierMessage(base).fingerprint == CarrierMessage(base).fingerprint)
    }

    @Test
    func `no bytes from outside are too much`() throws {
        var generator = SeededGenerator(seed: 20_260_115)
        let options = try [[:], ["alphabet": .string("gsm7Packed")], ["errors": .string("hex")]].map(smppOptions)
        let receipt = Array("id:0123 sub:001 dlvrd:001 done date:2601151201 stat:DELIVRD err:000 text:Hi".utf8)
        let tags: [TLVTag] = [
            .messagePayload, .receiptedMessageID, .messageState, .networkErrorCode, .sarMsgRefNum, .sarTotalSegments,
            .sarSegmentSeqnum,
        ]
        var kinds: Set<String> = []
        for round in 0..<6000 {
            func bytes(_ limit: Int) -> [UInt8] {
                (0..<Int.random(in: 0...limit, using: &generator)).map { _ in
                    UInt8.random(in: 0...255, using: &generator)
                }
            }
            var octets = round.isMultiple(of: 2) ? receipt : bytes(160)
            for _ in 0..<Int.random(in: 0...4, using: &generator) where !octets.isEmpty {
                octets[Int.random(in: octets.indices, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            let tlvs = tags.filter { _ in Int.random(in: 0..<6, using: &generator) == 0 }.map { TLV($0, bytes(8)) }
            let pdu = deliverSM(
                octets, esmClass: ESMClass(rawValue: UInt8.random(in: 0...255, using: &generator)),
                dataCoding: UInt8.random(in: 0...255, using: &generator),
                from: String(decoding: bytes(12), as: UTF8.self),
                tlvs: TLVs(tlvs))
            switch options[round % options.count].event(in: pdu) {
            case .inbound(let part):
                _ = part.content.text
                if let joined = part.concatenation { #expect((1...joined.total).contains(joined.number)) }
                kinds.insert("inbound")
            case .receipt(let receipt):
                #expect(!receipt.providerID.isEmpty)
                kinds.insert("receipt")
            case .message, .deleted: Issue.record("a carrier sends short messages only")
            case nil: kinds.insert("none")
            }
        }
        #expect(kinds == ["inbound", "receipt", "none"])
    }
}
