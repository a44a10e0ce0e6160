// SPDX-License-Identifier: Apache-2.0
// Receipts, times, addresses and optional parameters.

import Testing

@testable import SMPP

@Suite struct DeliveryReceiptTests {
    struct Sample: Sendable, CustomTestStringConvertible {
        var text: String
        var id: String?
        var stat: String?
        var state: MessageState?
        var err: String?
        var done: String?
        var quoted: String?

        init(
            _ text: String, id: String? = nil, stat: String? = nil, state: MessageState? = nil, err: String? = nil,
            done: String? = nil, quoted: String? = nil
        ) {
            (self.text, self.id, self.stat, self.state) = (text, id, stat, state)
            (self.err, self.done, self.quoted) = (err, done, quoted)
        }

        var testDescription: String { text }
    }

    static let samples: [Sample] = [
        Sample(
            "id:0123456789 sub:001 dlvrd:001 submit date:2601021530 done date:2601021531 stat:DELIVRD err:000 text:Hello",
            id: "0123456789", stat: "DELIVRD", state: .delivered, err: "000", done: "260102153100", quoted: "Hello"),
        Sample(
            "id:ab12 sub:1 dlvrd:0 submit date:260102153005 done date:260102153107 stat:UNDELIV err:1B text:",
            id: "ab12", stat: "UNDELIV", state: .undeliverable, err: "1B", done: "260102153107", quoted: ""),
        Sample(
            "ID:77 SUB:001 DLVRD:001 SUBMIT DATE:2601021530 DONE DATE:2601021531 STAT:Expired ERR:010 TEXT:x",
            id: "77", stat: "Expired", state: .expired, err: "010", done: "260102153100", quoted: "x"),
        Sample("stat:REJECTD err:69 id:5", id: "5", stat: "REJECTD", state: .rejected, err: "69"),
        Sample(
            "id:123sub:001dlvrd:001submit date:2601021530done date:2601021531stat:DELIVRDerr:000text:hi", id: "123",
            stat: "DELIVRD", state: .delivered, err: "000", done: "260102153100", quoted: "hi"),
        Sample(
            "id:0a1b2c3dSub:001 stat:ACCEPTD", id: "0a1b2c3d", stat: "ACCEPTD", state: .accepted),
        Sample(
            "id: 99 sub: 001 dlvrd: 001 submit date: 2601021530 done date: 2601021531 stat: DELIVRD err: 000 text: hey",
            id: "99", stat: "DELIVRD", state: .delivered, err: "000", done: "260102153100", quoted: "hey"),
        Sample(
            "id:1 submit_date:2601021530 done_date:2601021531 stat:DELETED", id: "1", stat: "DELETED", state: .deleted,
            done: "260102153100"),
        Sample(
            "id:1 donedate:20260102153109 stat:UNKNOWN", id: "1", stat: "UNKNOWN", state: .unknown,
            done: "260102153109"),
        Sample("id:1 stat:DELIVERED", id: "1", stat: "DELIVERED", state: .delivered),
        Sample("id:1 stat:UNDELIVERABLE", id: "1", stat: "UNDELIVERABLE", state: .undeliverable),
        Sample("id:1 stat:FAILED", id: "1", stat: "FAILED", state: .undeliverable),
        Sample("id:1 stat:BUFFRED", id: "1", stat: "BUFFRED", state: .enroute),
        Sample("id:1 stat:ENROUTE", id: "1", stat: "ENROUTE", state: .enroute),
        Sample("id:1 stat:WEIRD", id: "1", stat: "WEIRD"),
        Sample(
            "id:1 carrier:DE1 mccmnc:26201 stat:DELIVRD price:0.05 err:0", id: "1", stat: "DELIVRD",
            state: .delivered, err: "0"),
        Sample("guid:7 id:1 stat:DELIVRD", id: "1", stat: "DELIVRD", state: .delivered),
        Sample(
            "id:1 stat:DELIVRD err:000 text:id:2 stat:UNDELIV", id: "1", stat: "DELIVRD", state: .delivered, err: "000",
            quoted: "id:2 stat:UNDELIV"),
        Sample("text:first id:8 stat:DELIVRD", id: "8", stat: "DELIVRD", state: .delivered, quoted: "first "),
        Sample("id:1 done date:0000000000 stat:DELIVRD", id: "1", stat: "DELIVRD", state: .delivered),
        Sample("id:1 done date:2613021530 stat:DELIVRD", id: "1", stat: "DELIVRD", state: .delivered),
        Sample(
            "id:550e8400-e29b-41d4-a716-446655440000 stat:DELIVRD", id: "550e8400-e29b-41d4-a716-446655440000",
            stat: "DELIVRD", state: .delivered),
        Sample("stat:DELIVRD", stat: "DELIVRD", state: .delivered),
        Sample("id:5", id: "5"),
    ]

    @Test(arguments: samples) func `receipts are read as SMSCs write them`(_ sample: Sample) throws {
        let receipt = try #require(DeliveryReceipt(text: sample.text.utf8))
        #expect(receipt.messageID == sample.id)
        #expect(receipt.stat == sample.stat)
        #expect(receipt.state == sample.state)
        #expect(receipt.err == sample.err)
        #expect(receipt.doneDate.map { String(decoding: $0.digits(seconds: true), as: UTF8.self) } == sample.done)
        #expect(receipt.text == sample.quoted)
    }

    @Test(arguments: ["", "Hello", "See you at 10:30", ":", "id:", "id: stat:", "stat", "valid:1"])
    func `what says nothing is no receipt`(_ text: String) {
        #expect(DeliveryReceipt(text: text.utf8) == nil)
    }

    @Test func `optional parameters win and the text is kept`() throws {
        var pdu = DeliverSM(esmClass: 0x04, shortMessage: Array("id:10 stat:DELIVRD err:000".utf8))
        pdu.tlvs.receiptedMessageID = "0A"
        pdu.tlvs.messageState = .undeliverable
        pdu.tlvs.networkErrorCode = NetworkErrorCode(network: 3, code: 27)
        let receipt = try #require(DeliveryReceipt(pdu))
        #expect(receipt.messageID == "0A")
        #expect(receipt.textID == "10")
        #expect(receipt.state == .undeliverable)
        #expect(receipt.stat == "DELIVRD")
        #expect(receipt.errorCode == 27)
        #expect(receipt.err == "000")
    }

    @Test func `optional parameters suffice`() throws {
        var pdu = DataSM(esmClass: 0x04)
        pdu.tlvs.receiptedMessageID = "77"
        pdu.tlvs.messageState = .delivered
        let receipt = try #require(DeliveryReceipt(pdu))
        #expect(receipt.messageID == "77")
        #expect(receipt.state == .delivered)
    }

    @Test func `a receipt in UCS-2, behind a header or in message_payload is read`() throws {
        let text = "id:42 stat:DELIVRD"
        let wide = DeliverSM(
            esmClass: 0x04, dataCoding: 8, shortMessage: text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] })
        #expect(DeliveryReceipt(wide)?.messageID == "42")
        let header = DeliverSM(esmClass: 0x44, shortMessage: [2, 0, 0] + Array(text.utf8))
        #expect(DeliveryReceipt(header)?.messageID == "42")
        let payload = DeliverSM(esmClass: 0x04, tlvs: [TLV(.messagePayload, Array(text.utf8))])
        #expect(DeliveryReceipt(payload)?.messageID == "42")
        let overlong = DeliverSM(esmClass: 0x44, shortMessage: [200, 0])
        #expect(DeliveryReceipt(overlong) == nil)
    }

    @Test func `an ordinary message is no receipt whatever it says`() {
        #expect(DeliveryReceipt(DeliverSM(shortMessage: Array("id:1 stat:DELIVRD".utf8))) == nil)
    }

    @Test(arguments: MessageState.allCases) func `a built receipt reads the same`(_ state: MessageState) throws {
        var receipt = DeliveryReceipt()
        receipt.textID = "0000000012"
        receipt.messageState = state
        receipt.submitDate = CivilTime(year: 2026, month: 1, day: 2, hour: 15, minute: 30)
        receipt.doneDate = CivilTime(year: 2026, month: 12, day: 31, hour: 23, minute: 59)
        receipt.err = "017"
        receipt.text = "Hello, world, this is longer than it may be"
        let pdu = receipt.deliverSM(source: Address(value: "49"), destination: Address(value: "1"))
        let read = try #require(DeliveryReceipt(pdu))
        #expect(read.textID == "0000000012")
        #expect(read.state == state)
        #expect(read.stat == state.receiptWord)
        #expect(read.submitDate == receipt.submitDate)
        #expect(read.doneDate == receipt.doneDate)
        #expect(read.err == "017")
        #expect(read.text == "Hello, world, this i")
    }

    @Test func `the receipt parser survives anything`() {
        var generator = SplitMix(seed: 11)
        let pieces = [
            "id:", "stat:", "err:", " ", ":", "text:", "submit date:", "done date:", "DELIVRD", "99", "\u{0}", "é",
        ]
        for _ in 0..<5_000 {
            var octets: [UInt8] = []
            for _ in 0..<Int.random(in: 0...20, using: &generator) {
                octets += Array((pieces.randomElement(using: &generator) ?? "").utf8)
                if Int.random(in: 0..<4, using: &generator) == 0 {
                    octets.append(.random(in: 0...255, using: &generator))
                }
            }
            _ = DeliveryReceipt(text: octets)
            _ = DeliveryReceipt(DeliverSM(esmClass: 0x44, dataCoding: 8, shortMessage: octets))
        }
    }
}

@Suite struct TimeTests {
    @Test(
        arguments: [
            ("260102153000000+", 1_767_367_800_000, 0), ("260102153000504+", 1_767_364_200_500, 4),
            ("260102153000004-", 1_767_371_400_000, -4), ("000229000000000+", 951_782_400_000, 0),
            ("991231235959948+", 4_102_401_599_900, 48), ("000101000000048+", 946_641_600_000, 48),
            ("991231235959948-", 4_102_487_999_900, -48),
        ] as [(String, Int64, Int)])
    func `absolute times are read and written`(_ text: String, _ milliseconds: Int64, _ quarterHours: Int) {
        let time = SMPPTime.absolute(unixMilliseconds: milliseconds, quarterHours: quarterHours)
        #expect(SMPPTime(text) == time)
        #expect(time.text == text)
    }

    @Test(
        arguments: [
            (0, "000000000000000R"), (59, "000000000059000R"), (86_400, "000001000000000R"),
            (172_800 + 3661, "000002010101000R"), (30 * 86_400, "000030000000000R"), (31 * 86_400, "000101000000000R"),
            (400 * 86_400, "010110000000000R"),
        ] as [(Int64, String)])
    func `relative times are read and written`(_ seconds: Int64, _ text: String) {
        #expect(SMPPTime.after(seconds: seconds).text == text)
        #expect(SMPPTime(text)?.unixMilliseconds(now: 5) == 5 + seconds * 1000)
    }

    @Test(arguments: [
        "", "1", "260102153000000", "260102153000000X", "26010215300000+", "261302153000000+", "260230153000000+",
        "260102243000000+", "260102153000049+", "000001000000001R", "00000100000000éR", "2601021530000000+",
        "26010a153000000+", "+60102153000000+",
    ])
    func `other times are not read`(_ text: String) {
        #expect(SMPPTime(text) == nil)
    }

    @Test func `times out of reach are clamped`() {
        #expect(SMPPTime.absolute(unixMilliseconds: .max, quarterHours: 48).text == "991231235959948+")
        #expect(SMPPTime.absolute(unixMilliseconds: 0, quarterHours: -99).text == "000101000000048-")
        #expect(SMPPTime.after(seconds: .max).text.count == 16)
        #expect(SMPPTime.after(seconds: -5).text == "000000000000000R")
    }

    @Test func `civil time goes there and back over four centuries`() {
        var generator = SplitMix(seed: 3)
        for _ in 0..<2_000 {
            let seconds = Int64.random(in: -6_000_000_000...9_000_000_000, using: &generator)
            #expect(CivilTime(unixSeconds: seconds).unixSeconds == seconds)
        }
    }
}

@Suite struct AddressTests {
    @Test(
        arguments: [
            ("+491701234567", 1, 1, "491701234567"), ("491701234567", 1, 1, "491701234567"), ("Parley", 5, 0, "Parley"),
            ("12345", 3, 0, "12345"), ("123", 3, 0, "123"), ("12", 1, 1, "12"), ("12345678", 3, 0, "12345678"),
            ("123456789", 1, 1, "123456789"), ("+12345", 1, 1, "12345"), ("4U", 5, 0, "4U"), ("+", 5, 0, "+"),
            ("", 5, 0, ""),
            ("١٢٣", 5, 0, "١٢٣"),
        ] as [(String, UInt8, UInt8, String)])
    func `a sender's form chooses its type`(_ text: String, _ ton: UInt8, _ npi: UInt8, _ value: String) {
        let expected = Address(ton: TypeOfNumber(rawValue: ton), npi: NumberingPlan(rawValue: npi), value: value)
        #expect(AddressRules().sender(text) == expected)
    }

    @Test func `rules can be told otherwise`() {
        var rules = AddressRules()
        rules.removesPlus = false
        rules.shortCodeDigits = 4...5
        rules.shortCode = AddressRules.Form(ton: .unknown, npi: .isdn)
        #expect(rules.sender("12345") == Address(ton: 0, npi: 1, value: "12345"))
        #expect(rules.sender("123") == Address(ton: 1, npi: 1, value: "123"))
        #expect(rules.destination("+4912") == Address(ton: 1, npi: 1, value: "+4912"))
        #expect(rules.destination("12345") == Address(ton: 1, npi: 1, value: "12345"))
    }
}

@Suite struct TLVTests {
    @Test func `typed accessors read and write the octets of the specification`() {
        var tlvs = TLVs()
        tlvs.sarMsgRefNum = 0x1234
        tlvs.sarTotalSegments = 3
        tlvs.qosTimeToLive = 0x0102_0304
        tlvs.receiptedMessageID = "ab"
        tlvs.networkErrorCode = NetworkErrorCode(network: 3, code: 0x0102)
        tlvs.alertOnMessageDelivery = true
        tlvs.messageState = .rejected
        #expect(
            tlvs.all == [
                TLV(.sarMsgRefNum, [0x12, 0x34]), TLV(.sarTotalSegments, [3]), TLV(.qosTimeToLive, [1, 2, 3, 4]),
                TLV(.receiptedMessageID, [0x61, 0x62, 0]), TLV(.networkErrorCode, [3, 1, 2]),
                TLV(.alertOnMessageDelivery, []), TLV(.messageState, [8]),
            ])
        #expect(tlvs.sarMsgRefNum == 0x1234)
        #expect(tlvs.qosTimeToLive == 0x0102_0304)
        #expect(tlvs.receiptedMessageID == "ab")
        #expect(tlvs.networkErrorCode == NetworkErrorCode(network: 3, code: 0x0102))
        #expect(tlvs.alertOnMessageDelivery)
        #expect(tlvs.messageState == .rejected)
        tlvs.sarMsgRefNum = 1
        #expect(tlvs.all.first == TLV(.sarMsgRefNum, [0, 1]))
        tlvs.sarTotalSegments = nil
        tlvs.alertOnMessageDelivery = false
        #expect(tlvs.all.count == 5)
    }

    @Test func `a wrong length reads as nothing and is kept`() {
        let tlvs: TLVs = [
            TLV(.sarMsgRefNum, [1]), TLV(.messageState, [1, 2]), TLV(.networkErrorCode, []), TLV(.messageState, [2]),
        ]
        #expect(tlvs.sarMsgRefNum == nil)
        #expect(tlvs.messageState == nil)
        #expect(tlvs.networkErrorCode == nil)
        #expect(tlvs.all.count == 4)
    }

    @Test func `a text without its NUL is read`() {
        let tlvs: TLVs = [TLV(.receiptedMessageID, [0x61, 0x62])]
        #expect(tlvs.receiptedMessageID == "ab")
    }

    @Test func `statuses and commands have the names of the specification`() {
        #expect("\(CommandStatus.throttled)" == "ESME_RTHROTTLED")
        #expect("\(CommandStatus(rawValue: 0x410))" == "0x00000410")
        #expect("\(CommandID.submitSM)" == "submit_sm")
        #expect("\(CommandID(rawValue: 0x8000_0103))" == "data_sm_resp")
        #expect("\(CommandID.genericNack)" == "generic_nack")
        #expect("\(CommandID(rawValue: 0x8000_0111))" == "0x80000111")
        #expect("\(CommandID(rawValue: 0))" == "0x0")
        #expect("\(TLVTag.sarMsgRefNum) \(TLVTag(rawValue: 0x1400))" == "sar_msg_ref_num 0x1400")
        #expect(CommandStatus.names.count == 67)
    }
}
