// SPDX-License-Identifier: Apache-2.0
// What becomes of a submit_sm, octet for octet and flag for flag.

import Accounts
import EngineTestSupport
import Messaging
import SMPP
import SMSText
import Testing
import Wire

@testable import CustomerSMPP

struct ComposerTests {
    private static let now = TestClock.start

    private static func composer(
        _ settings: SMPPAccountSettings = SMPPAccountSettings(), isPrepaid: Bool = false
    ) -> SubmitComposer {
        var directory = Directory()
        directory.companies[1] = Company(id: 1, draft: CompanyDraft(name: "Acme", isPrepaid: isPrepaid))
        directory.prices = PriceTable(TestSetup.prices)
        directory.routes = RouteTable([Route(id: 1, gateway: Route.defaultGateway, prefix: "4", connectorIDs: [1])])
        directory.connectors[1] = ConnectorSettings(
            id: 1, name: "fake", kind: "fake", options: .object([:]), secret: "", receiptIDForm: nil)
        let account = SMPPAccount(id: 42, companyID: 1, systemID: "esme", passwordHash: "", settings: settings)
        return SubmitComposer(directory: directory, account: account, now: now, concatenationReference: 0x55)
    }

    private static func compose(
        _ pdu: SubmitSM, _ settings: SMPPAccountSettings = SMPPAccountSettings(), isPrepaid: Bool = false
    ) throws(SubmitRefusal) -> Message {
        try composer(settings, isPrepaid: isPrepaid).message(ClientMessage(pdu), to: pdu.destination)
    }

    private static func content(_ message: Message) -> SMSContent? {
        if case .sms(let content) = message.content { content } else { nil }
    }

    // MARK: Text

    struct TextRow: Sendable, CustomTestStringConvertible {
        let name: String
        let octets: String
        var dataCoding: UInt8 = 0
        var hasHeader = false
        var alphabet = DefaultAlphabet.gsm7
        let text: String
        var header = ""

        var testDescription: String { name }
    }

    static let texts = [
        TextRow(name: "GSM-7", octets: "48656c6c6f", text: "Hello"),
        TextRow(name: "GSM-7 extension", octets: "00011b281b65", text: "@£{€"),
        TextRow(name: "ASCII", octets: "40", dataCoding: 1, text: "@"),
        TextRow(name: "Latin-1", octets: "40e9", dataCoding: 3, text: "@é"),
        TextRow(name: "UCS-2", octets: "042fd83dde00", dataCoding: 8, text: "Я😀"),
        TextRow(name: "binary", octets: "00ff", dataCoding: 4, text: "00ff"),
        TextRow(name: "an account's Latin-1", octets: "40e9", alphabet: .latin1, text: "@é"),
        TextRow(name: "an account's UTF-8", octets: "c3a9", alphabet: .utf8, text: "é"),
        TextRow(name: "flash", octets: "48", dataCoding: 0xF0, text: "H"),
        TextRow(name: "a part", octets: "0500030a02014869", hasHeader: true, text: "Hi", header: "0500030a0201"),
        TextRow(name: "nothing", octets: "", text: ""),
    ]

    @Test(arguments: texts)
    func `what fits in a part is kept as it came`(_ row: TextRow) throws {
        let octets = try #require(Hex.decode(row.octets))
        var settings = SMPPAccountSettings()
        settings.alphabet = row.alphabet
        let pdu = submitSM(octets) { pdu in
            pdu.dataCoding = row.dataCoding
            pdu.esmClass.hasUserDataHeader = row.hasHeader
        }
        let message = try Self.compose(pdu, settings)
        let content = try #require(Self.content(message))
        #expect(content.text == row.text)
        let coded = try #require(content.coded)
        #expect(Hex.encode(coded.header + coded.octets) == row.octets)
        #expect(Hex.encode(coded.header) == row.header)
        #expect(coded.dataCoding == row.dataCoding && coded.alphabet == row.alphabet)
        #expect(message.size == 1 && message.surface == .smpp)
        let stored = try #require(message.content).json
        #expect(MessageContent(json: stored, kind: .sms) == message.content)
    }

    @Test(arguments: [(0, 0xA0, 1), (0, 0xA1, 2), (8, 140, 1), (8, 142, 2), (3, 140, 1), (3, 141, 1), (3, 161, 2)])
    func `a longer text is cut for the carrier`(coding: Int, length: Int, parts: Int) throws {
        let octets =
            coding == 8 ? (0..<length).map { UInt8($0 % 2 == 0 ? 0x04 : 0x2F) } : Array(repeating: 0x61, count: length)
        let pdu = submitSM([]) { pdu in
            pdu.dataCoding = UInt8(coding)
            pdu.tlvs.messagePayload = octets
        }
        let message = try Self.compose(pdu)
        #expect(message.size == parts)
        #expect(message.quote?.amount == Money("0.0075"))
        #expect((Self.content(message)?.coded == nil) == (length > 140 && !(coding == 0 && length == 0xA0)))
    }

    @Test
    func `the sar parameters are kept beside the octets`() throws {
        let pdu = submitSM { pdu in
            pdu.tlvs.sarMsgRefNum = 0x1234
            pdu.tlvs.sarTotalSegments = 3
            pdu.tlvs.sarSegmentSeqnum = 2
        }
        let message = try Self.compose(pdu)
        let coded = try #require(Self.content(message)?.coded)
        #expect(coded.concatenation == CodedPart.Concatenation(reference: 0x1234, total: 3, number: 2))
        #expect(MessageContent(json: try #require(message.content).json, kind: .sms) == message.content)
    }

    // MARK: Refusals

    struct Refusal: Sendable, CustomTestStringConvertible {
        let name: String
        let status: CommandStatus
        let change: @Sendable (inout SubmitSM) -> Void

        init(_ name: String, _ status: CommandStatus, _ change: @escaping @Sendable (inout SubmitSM) -> Void) {
            self.name = name
            self.status = status
            self.change = change
        }

        var testDescription: String { name }
    }

    static let refusals = [
        Refusal("a destination that is no number", .invalidDestinationAddress) { $0.destination.value = "Bob" },
        Refusal("a destination that is too short", .invalidDestinationAddress) { $0.destination.value = "4917" },
        Refusal("a destination without a route", .invalidDestinationAddress) { $0.destination.value = "12025550123" },
        Refusal("no sender", .invalidSourceAddress) { $0.source.value = "" },
        Refusal("a sender's name that is too long", .invalidSourceAddress) { $0.source.value = "Twelve chars" },
        Refusal("replace_if_present", .invalidReplaceRequest) { $0.replaceIfPresent = 1 },
        Refusal("an unknown replace flag", .invalidReplaceFlag) { $0.replaceIfPresent = 2 },
        Refusal("a predefined message", .invalidPredefinedMessage) { $0.defaultMessageID = 1 },
        Refusal("datagram mode", .invalidESMClass) { $0.esmClass = 1 },
        Refusal("transaction mode", .invalidESMClass) { $0.esmClass = 2 },
        Refusal("a manual acknowledgement", .invalidESMClass) { $0.esmClass = 0x10 },
        Refusal("an unknown priority", .invalidPriorityFlag) { $0.priorityFlag = 5 },
        Refusal("USSD", .invalidServiceType) { $0.serviceType = "USSD" },
        Refusal("a reserved data_coding", .invalidDataCoding) { $0.dataCoding = 0x0F },
        Refusal("both kinds of text", .invalidMessageLength) { $0.tlvs.messagePayload = [0x61] },
        Refusal("half a unit of UCS-2", .invalidMessageLength) { pdu in
            pdu.dataCoding = 8
            pdu.shortMessage = [0x04]
        },
        Refusal("a header without an end", .invalidMessageLength) { pdu in
            pdu.esmClass.hasUserDataHeader = true
            pdu.shortMessage = [200, 1, 2]
        },
        Refusal("a part that is too long", .invalidMessageLength) { pdu in
            pdu.esmClass.hasUserDataHeader = true
            pdu.shortMessage = [5, 0, 3, 1, 2, 1] + Array(repeating: 0x61, count: 154)
        },
        Refusal("binary data that is too long", .invalidMessageLength) { pdu in
            pdu.dataCoding = 4
            pdu.shortMessage = Array(repeating: 0, count: 141)
        },
        Refusal("a schedule that is none", .invalidScheduledDeliveryTime) { $0.scheduleDeliveryTime = "tomorrow" },
        Refusal("a validity that is none", .invalidValidityPeriod) { $0.validityPeriod = "x" },
        Refusal("a validity in the past", .invalidValidityPeriod) { $0.validityPeriod = "260115110000000+" },
        Refusal("half of the sar parameters", .invalidOptionalParameterValue) { $0.tlvs.sarMsgRefNum = 1 },
    ]

    @Test(arguments: refusals)
    func `what has no effect here is refused`(_ row: Refusal) throws {
        let pdu = submitSM([0x61], row.change)
        #expect(performing: { _ = try Self.compose(pdu) }, throws: { ($0 as? SubmitRefusal)?.status == row.status })
    }

    // MARK: Senders, times, prices

    @Test
    func `an account with a list of senders has no others`() throws {
        var settings = SMPPAccountSettings()
        settings.senders = ["Acme", "49301234567"]
        #expect(try Self.compose(submitSM(), settings).sender == "Acme")
        #expect(try Self.compose(submitSM { $0.source.value = "+49301234567" }, settings).sender == "49301234567")
        #expect(try Self.compose(submitSM { $0.source.value = "" }, settings).sender == "Acme")
        #expect(
            performing: { _ = try Self.compose(submitSM { $0.source.value = "Other" }, settings) },
            throws: { ($0 as? SubmitRefusal)?.status == .invalidSourceAddress })
    }

    @Test(arguments: ["+491701234567", "00491701234567", "491701234567"])
    func `a number means the same however it is written`(text: String) throws {
        #expect(try Self.compose(submitSM(to: text)).recipient == "491701234567")
    }

    @Test
    func `times are absolute or relative`() throws {
        let scheduled = try Self.compose(
            submitSM { pdu in
                pdu.scheduleDeliveryTime = "000000010000000R"
                pdu.validityPeriod = "260115150000000+"
            })
        #expect(scheduled.sendAt == Self.now + 3_600_000 && scheduled.status == .scheduled)
        #expect(scheduled.expiresAt == Self.now + 3 * 3_600_000)
        let immediate = try Self.compose(submitSM { $0.validityPeriod = "000000000500000R" })
        #expect(immediate.sendAt == nil && immediate.status == .accepted)
        #expect(immediate.expiresAt == Self.now + 300_000)
        let past = try Self.compose(submitSM { $0.scheduleDeliveryTime = "260115110000000+" })
        #expect(past.sendAt == nil)
        let bounded = try Self.compose(submitSM { $0.validityPeriod = "010000000000000R" })
        #expect(bounded.expiresAt == Self.now + 7 * 86_400_000)
    }

    @Test
    func `a prepaid company's message reserves its price, and has one`() throws {
        #expect(try Self.compose(submitSM(), isPrepaid: true).reserved == Money("0.0075"))
        #expect(
            performing: { _ = try Self.compose(submitSM(to: "431234567890"), isPrepaid: true) },
            throws: { ($0 as? SubmitRefusal)?.status == .invalidDestinationAddress })
    }

    @Test
    func `what a receipt needs is stored with the message`() throws {
        var settings = SMPPAccountSettings()
        settings.receiptIDs = .hexadecimal
        let pdu = submitSM(registered: 0x12) { $0.tlvs.userMessageReference = 77 }
        let message = try Self.compose(pdu, settings)
        let origin = try #require(SubmitOrigin(message.reporting))
        #expect(origin.accountID == 42 && origin.idForm == .hexadecimal && origin.registeredDelivery == 0x12)
        #expect(origin.sourceForm.ton == .alphanumeric && origin.destinationForm.npi == .isdn)
        #expect(message.reference == "77")
        #expect(origin.wantsIntermediate && !origin.wantsReceipt(for: .delivered) && origin.wantsReceipt(for: .expired))
    }

    @Test
    func `no octets make a submit do anything but be taken or refused`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<3000 {
            let pdu = submitSM(generator.bytes(upTo: 254)) { pdu in
                pdu.dataCoding = UInt8.random(in: 0...255, using: &generator)
                pdu.esmClass = ESMClass(rawValue: UInt8.random(in: 0...255, using: &generator))
                pdu.destination.value = String(decoding: generator.bytes(upTo: 20), as: UTF8.self)
                if Bool.random(using: &generator) { pdu.destination.value = "491701234567" }
                if Bool.random(using: &generator) { pdu.tlvs.messagePayload = generator.bytes(upTo: 2000) }
                pdu.scheduleDeliveryTime = String(decoding: generator.bytes(upTo: 16), as: UTF8.self)
                if Bool.random(using: &generator) { pdu.scheduleDeliveryTime = "" }
            }
            guard let message = try? Self.compose(pdu) else { continue }
            #expect(message.size >= 1 && message.content != nil)
        }
    }
}

extension SeededGenerator {
    fileprivate mutating func bytes(upTo limit: Int) -> [UInt8] {
        (0..<Int.random(in: 0...limit, using: &self)).map { _ in UInt8.random(in: 0...255, using: &self) }
    }
}
