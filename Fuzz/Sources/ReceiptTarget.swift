// SPDX-License-Identifier: Apache-2.0
// Delivery receipts in the text of Appendix B, and the times of SMPP.

@testable import SMPP

enum ReceiptTarget {
    @Sendable static func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        let esmClass = ESMClass(rawValue: reader.octet())
        let dataCoding = reader.octet()
        let octets = reader.remaining()
        if let receipt = DeliveryReceipt(text: octets) { check(receipt) }
        let deliver = DeliverSM(esmClass: esmClass, dataCoding: dataCoding, shortMessage: octets)
        let data = DataSM(esmClass: esmClass, dataCoding: dataCoding, tlvs: [TLV(.messagePayload, octets)])
        expect(DeliveryReceipt(deliver) == DeliveryReceipt(data), "deliver_sm and data_sm differ")
        checkTimes(octets)
    }

    private static func check(_ receipt: DeliveryReceipt) {
        expect(receipt.textID != nil || receipt.stat != nil, "a receipt says nothing")
        _ = (receipt.state, receipt.errorCode, receipt.messageID)
        let written = receipt.encodedText
        // A value may itself hold what looks like a field; plain words may not.
        guard [receipt.textID, receipt.stat, receipt.err].allSatisfy(isPlain) else { return }
        guard let again = DeliveryReceipt(text: written) else {
            return expect(false, "a written receipt is none: \(receipt)")
        }
        expect(again.textID == receipt.textID, "the id changes: \(receipt)")
        expect(again.stat == receipt.stat, "the state changes: \(receipt)")
        expect(receipt.err == nil || again.err == receipt.err, "the error changes: \(receipt)")
        expect(receipt.submitted ?? -1 < 0 || again.submitted == receipt.submitted, "the count changes: \(receipt)")
        expect(isClose(again.doneDate, receipt.doneDate), "the date changes: \(receipt)")
        expect(isClose(again.submitDate, receipt.submitDate), "the date changes: \(receipt)")
    }

    private static func isPlain(_ word: String?) -> Bool {
        (word ?? "").utf8.allSatisfy { ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) }
    }

    /// Receipts are written with two digits of year and without seconds.
    private static func isClose(_ left: CivilTime?, _ right: CivilTime?) -> Bool {
        guard let left, let right else {
            return (left == nil) == (right == nil) || right.map { $0.year / 100 != 20 } == true
        }
        return right.year / 100 != 20 || left.digits(seconds: false) == right.digits(seconds: false)
    }

    private static func checkTimes(_ octets: [UInt8]) {
        if let civil = CivilTime(digits: octets) {
            expect(CivilTime(unixSeconds: civil.unixSeconds) == civil, "\(civil) is another second")
        }
        guard let time = SMPPTime(String(decoding: octets.prefix(16), as: UTF8.self)) else { return }
        expect(SMPPTime(time.text) == time, "\(time) is written \(time.text)")
    }
}
