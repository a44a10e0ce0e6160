// SPDX-License-Identifier: Apache-2.0
// Every form of submit_sm that a message can take, octet for octet.

import Messaging
import SMPP
import SMSText
import Testing
import Wire

@testable import Connectors

struct SubmitTests {
    struct TextRow: Sendable, CustomTestStringConvertible {
        let name: String
        var text = "Hello"
        var encoding = EncodingChoice.gsm7
        var isFlash = false
        var alphabet: DefaultAlphabet?
        var tables: Set<NationalTable> = []
        let dataCoding: UInt8
        var hasHeader = false
        let octets: String

        var testDescription: String { name }
    }

    static let texts = [
        TextRow(name: "GSM-7", dataCoding: 0, octets: "48656c6c6f"),
        TextRow(name: "GSM-7 extension", text: "@£{€", dataCoding: 0, octets: "00011b281b65"),
        TextRow(name: "flash GSM-7", isFlash: true, dataCoding: 0x10, octets: "48656c6c6f"),
        TextRow(name: "UCS-2", text: "Я😀", encoding: .unicode, dataCoding: 8, octets: "042fd83dde00"),
        TextRow(name: "flash UCS-2", text: "Я", encoding: .unicode, isFlash: true, dataCoding: 0x18, octets: "042f"),
        TextRow(name: "latin1", text: "@é", alphabet: .latin1, dataCoding: 0, octets: "40e9"),
        TextRow(name: "ascii", text: "@_", alphabet: .ascii, dataCoding: 0, octets: "405f"),
        TextRow(name: "utf8", text: "@é", alphabet: .utf8, dataCoding: 0, octets: "40c3a9"),
        TextRow(name: "packed", text: "hello", alphabet: .gsm7Packed, dataCoding: 0, octets: "e8329bfd06"),
        TextRow(
            name: "Turkish single shift", text: "ğ", tables: [.singleShift(.turkish)], dataCoding: 0, hasHeader: true,
            octets: "032401011b67"),
    ]

    @Test(arguments: texts)
    func `a text of one part is written in the carrier's alphabet`(_ row: TextRow) throws {
        let options = try smppOptions(row.alphabet.map { ["alphabet": .string($0.rawValue)] } ?? [:])
        let segmentation = SegmentationOptions(encoding: row.encoding, permittedTables: row.tables)
        let pdu = try #require(
            options.submitSM(
                for: SubmissionSample.make(row.text, segmentation: segmentation, isFlash: row.isFlash),
                now: SubmissionSample.now))
        #expect(Hex.encode(pdu.shortMessage) == row.octets)
        #expect(pdu.dataCoding == row.dataCoding)
        #expect(pdu.esmClass.hasUserDataHeader == row.hasHeader)
        #expect(pdu.registeredDelivery == 1)
        #expect(pdu.tlvs.isEmpty)
    }

    /// Text, reference width, how much of it a part holds, and the header in front of the second part.
    static let long: [(String, EncodingChoice, ReferenceWidth, Int, String)] = [
        ("a", .gsm7, .eight, 153, "0500032a0302"),
        ("a", .gsm7, .sixteen, 152, "060804122a0302"),
        ("Я", .unicode, .eight, 67 * 2, "0500032a0302"),
        ("Я", .unicode, .sixteen, 66 * 2, "060804122a0302"),
    ]

    @Test(arguments: long)
    func `parts of a long text carry a user data header`(
        _ letter: String, _ encoding: EncodingChoice, _ width: ReferenceWidth, _ octets: Int, _ header: String
    ) throws {
        let count = encoding == .gsm7 ? 400 : 180
        let segmentation = SegmentationOptions(encoding: encoding, referenceWidth: width)
        let pdu = try #require(
            try smppOptions().submitSM(
                for: SubmissionSample.make(
                    String(repeating: letter, count: count), number: 2, segmentation: segmentation),
                now: SubmissionSample.now))
        #expect(pdu.esmClass.hasUserDataHeader)
        #expect(Hex.encode(pdu.shortMessage.prefix(header.utf8.count / 2)) == header)
        #expect(pdu.shortMessage.count - header.utf8.count / 2 == octets)
        #expect(pdu.tlvs.isEmpty)
    }

    @Test
    func `parts of a long text carry SAR parameters where the connector says so, and a short text none`() throws {
        let segmentation = SegmentationOptions(encoding: .gsm7, concatenation: .sar)
        let text = String(repeating: "a", count: 400)
        for number in 1...3 {
            let pdu = try #require(
                try smppOptions().submitSM(
                    for: SubmissionSample.make(text, number: number, segmentation: segmentation),
                    now: SubmissionSample.now))
            #expect(!pdu.esmClass.hasUserDataHeader)
            #expect(pdu.tlvs.sarMsgRefNum == 0x122A)
            #expect(pdu.tlvs.sarTotalSegments == 3)
            #expect(pdu.tlvs.sarSegmentSeqnum == UInt8(number))
            #expect(pdu.shortMessage.count == (number < 3 ? 153 : 94))
        }
        let short = try #require(
            try smppOptions().submitSM(for: SubmissionSample.make(segmentation: segmentation), now: 0))
        #expect(short.tlvs.isEmpty)
    }

    @Test
    func `message_payload carries a text whole`() throws {
        let segmentation = SegmentationOptions(encoding: .gsm7, concatenation: .messagePayload)
        let text = String(repeating: "a", count: 400)
        let pdu = try #require(
            try smppOptions().submitSM(for: SubmissionSample.make(text, segmentation: segmentation), now: 0))
        #expect(pdu.shortMessage.isEmpty)
        #expect(pdu.tlvs.messagePayload == Array(text.utf8))
        #expect(!pdu.esmClass.hasUserDataHeader)
    }

    @Test
    func `what cannot be cut into such a part is nil`() throws {
        let options = try smppOptions(["alphabet": .string("ascii")])
        #expect(options.submitSM(for: SubmissionSample.make("é"), now: 0) == nil)
        #expect(try smppOptions().submitSM(for: SubmissionSample.make("Hello", number: 2), now: 0) == nil)
        #expect(try smppOptions().submitSM(for: SubmissionSample.make("Hello", number: 0), now: 0) == nil)
    }

    /// The option, what remains of the validity, and the field.
    static let validities: [(String?, Milliseconds, String)] = [
        (nil, 3_661_000, "000000010101000R"), (nil, 172_800_000, "000002000000000R"),
        (nil, -5000, "000000000001000R"), ("absolute", 3_661_000, "260115130101000+"), ("none", 3_661_000, ""),
    ]

    @Test(arguments: validities)
    func `validity_period is written as the carrier wants it`(
        _ option: String?, _ validity: Milliseconds, _ field: String
    ) throws {
        let options = try smppOptions(option.map { ["validity": .string($0)] } ?? [:])
        let pdu = options.submitSM(for: SubmissionSample.make(validity: validity), now: SubmissionSample.now)
        #expect(pdu?.validityPeriod == field)
    }

    struct AddressRow: Sendable {
        let sender: String
        var addresses: [String: JSONValue] = [:]
        let ton: UInt8
        let npi: UInt8
        var value: String?
    }

    static let senders = [
        AddressRow(sender: "49301234567", ton: 1, npi: 1),
        AddressRow(sender: "+49301234567", ton: 1, npi: 1, value: "49301234567"),
        AddressRow(sender: "+49301234567", addresses: ["keepPlus": .bool(true)], ton: 1, npi: 1),
        AddressRow(sender: "Acme", ton: 5, npi: 0),
        AddressRow(sender: "Acme", addresses: ["alphanumeric": .string("5/1")], ton: 5, npi: 1),
        AddressRow(sender: "12345", ton: 3, npi: 0),
        AddressRow(sender: "12345678", ton: 3, npi: 0),
        AddressRow(sender: "123456789", ton: 1, npi: 1),
        AddressRow(sender: "12345", addresses: ["shortCode": .string("6/1")], ton: 6, npi: 1),
        AddressRow(sender: "12345", addresses: ["shortCodeDigits": .integer(4)], ton: 1, npi: 1),
        AddressRow(sender: "12345", addresses: ["shortCodeDigits": .integer(0)], ton: 1, npi: 1),
        AddressRow(sender: "49301234567", addresses: ["international": .string("2/8")], ton: 2, npi: 8),
    ]

    @Test(arguments: senders)
    func `the sender's form chooses type of number and numbering plan`(_ row: AddressRow) throws {
        let options = try smppOptions(["addresses": .object(row.addresses)])
        let pdu = try #require(options.submitSM(for: SubmissionSample.make(sender: row.sender), now: 0))
        #expect(
            pdu.source
                == Address(
                    ton: TypeOfNumber(rawValue: row.ton), npi: NumberingPlan(rawValue: row.npi),
                    value: row.value ?? row.sender))
    }

    @Test
    func `a recipient is a number whatever its length, and service_type is the carrier's`() throws {
        let options = try smppOptions(["serviceType": .string("PRLY")])
        let pdu = try #require(options.submitSM(for: SubmissionSample.make(recipient: "12345"), now: 0))
        #expect(pdu.destination == Address(ton: .international, npi: .isdn, value: "12345"))
        #expect(pdu.serviceType == "PRLY")
    }
}
