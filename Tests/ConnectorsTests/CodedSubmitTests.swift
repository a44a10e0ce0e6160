// SPDX-License-Identifier: Apache-2.0
// Parts that their sender has coded, as the carrier gets them.

import Messaging
import SMPP
import SMSText
import Testing
import Wire

@testable import Connectors

struct CodedSubmitTests {
    private static func submission(_ coded: CodedPart) -> Messaging.Submission {
        let content = SMSContent(text: "", segmentation: SegmentationOptions(encoding: .gsm7), coded: coded)
        return Messaging.Submission(
            ticket: PartTicket(
                key: MessageKey(companyID: 1, id: UUIDv7.next(now: SubmissionSample.now)), step: 0, number: 1,
                attempt: 1), sender: "Acme", recipient: "491701234567", content: .sms(content), size: 1,
            expiresAt: SubmissionSample.now + 60_000, isPossibleDuplicate: false)
    }

    private static func pdu(_ coded: CodedPart, _ members: [String: JSONValue] = [:]) throws -> SubmitSM? {
        try smppOptions(members).submitSM(for: submission(coded), now: SubmissionSample.now)
    }

    @Test
    func `a part goes on as it came`() throws {
        let coded = CodedPart(
            octets: [0x04, 0x2F], dataCoding: 8, header: [5, 0, 3, 1, 2, 1], alphabet: .gsm7, protocolID: 0x41,
            priority: 2)
        let pdu = try #require(try Self.pdu(coded))
        #expect(pdu.shortMessage == [5, 0, 3, 1, 2, 1, 0x04, 0x2F])
        #expect(pdu.esmClass.hasUserDataHeader && pdu.dataCoding == 8)
        #expect(pdu.protocolID == 0x41 && pdu.priorityFlag == 2)
        #expect(pdu.source.value == "Acme" && pdu.registeredDelivery == 1 && !pdu.validityPeriod.isEmpty)
    }

    struct Row: Sendable, CustomTestStringConvertible {
        let from: DefaultAlphabet
        let to: DefaultAlphabet
        let octets: String
        var dataCoding: UInt8 = 0
        let expected: String
        let expectedCoding: UInt8

        var testDescription: String { "\(from) \(octets) to \(to)" }
    }

    static let rows = [
        Row(from: .gsm7, to: .gsm7, octets: "00ff", expected: "00ff", expectedCoding: 0),
        Row(from: .latin1, to: .gsm7, octets: "40e9", expected: "0005", expectedCoding: 0),
        Row(from: .gsm7, to: .latin1, octets: "0005", expected: "40e9", expectedCoding: 0),
        Row(from: .gsm7, to: .latin1, octets: "1b65", expected: "20ac", expectedCoding: 8),
        Row(from: .utf8, to: .gsm7, octets: "d0af", expected: "042f", expectedCoding: 8),
        Row(from: .utf8, to: .gsm7, octets: "d0af", dataCoding: 0x11, expected: "042f", expectedCoding: 0x19),
        Row(from: .gsm7, to: .gsm7Packed, octets: "68656c6c6f", expected: "e8329bfd06", expectedCoding: 0),
        // Only data_coding 0 is in anybody's own alphabet.
        Row(from: .latin1, to: .gsm7, octets: "40e9", dataCoding: 3, expected: "40e9", expectedCoding: 3),
        Row(from: .latin1, to: .gsm7, octets: "40e9", dataCoding: 4, expected: "40e9", expectedCoding: 4),
    ]

    @Test(arguments: rows)
    func `the default alphabet of one is written in that of the other`(_ row: Row) throws {
        let coded = CodedPart(
            octets: try #require(Hex.decode(row.octets)), dataCoding: row.dataCoding, alphabet: row.from)
        let pdu = try #require(try Self.pdu(coded, ["alphabet": .string(row.to.rawValue)]))
        #expect(Hex.encode(pdu.shortMessage) == row.expected)
        #expect(pdu.dataCoding == row.expectedCoding)
    }

    @Test
    func `a text that the carrier's alphabet cannot hold in one message is refused`() throws {
        let coded = CodedPart(octets: Array(repeating: 0xFE, count: 100), dataCoding: 0, alphabet: .latin1)
        #expect(try Self.pdu(coded) == nil)
        #expect(try Self.pdu(coded, ["alphabet": .string("latin1")]) != nil)
    }

    @Test(arguments: ["udh", "sar", "payload"])
    func `sar parameters reach the carrier in its own way`(form: String) throws {
        let coded = CodedPart(
            octets: [0x61], dataCoding: 0, alphabet: .gsm7,
            concatenation: CodedPart.Concatenation(reference: 0x1234, total: 3, number: 2))
        let pdu = try #require(try Self.pdu(coded, ["concatenation": .string(form)]))
        if form == "udh" {
            #expect(pdu.shortMessage == [6, 8, 4, 0x12, 0x34, 3, 2, 0x61] && pdu.esmClass.hasUserDataHeader)
            #expect(pdu.tlvs.sarMsgRefNum == nil)
        } else {
            #expect(pdu.tlvs.sarMsgRefNum == 0x1234 && pdu.tlvs.sarTotalSegments == 3 && pdu.tlvs.sarSegmentSeqnum == 2)
            #expect((pdu.tlvs.messagePayload ?? pdu.shortMessage) == [0x61] && !pdu.esmClass.hasUserDataHeader)
        }
    }

    @Test
    func `a part without room for a header keeps its sar parameters`() throws {
        let coded = CodedPart(
            octets: Array(repeating: 0x61, count: 160), dataCoding: 0, alphabet: .gsm7,
            concatenation: CodedPart.Concatenation(reference: 1, total: 2, number: 1))
        let pdu = try #require(try Self.pdu(coded))
        #expect(pdu.tlvs.sarTotalSegments == 2 && pdu.shortMessage.count == 160)
    }
}
