// SPDX-License-Identifier: Apache-2.0
// Octets as they come from a socket: framing, decoding, encoding again, and the answers to what is bad.

import NIOCore

@testable import SMPP

enum PDUTarget {
    /// Long enough for the longest input, short enough that a length above it is found.
    private static let limit = 4096

    @Sendable static func run(_ input: [UInt8]) {
        let whole = frames(of: [input[...]])
        for frame in whole {
            switch frame {
            case .pdu(let pdu): check(pdu)
            case .bad(let bad): check(bad)
            case .broken(let length): expect(length < 16 || length > limit, "a length of \(length) breaks the framing")
            }
        }
        let cut = input.count / 2
        expect(frames(of: [input[..<cut], input[cut...]]) == whole, "frames depend on how the octets arrive")
    }

    /// The frames in octets that arrive in these pieces, up to broken framing.
    private static func frames(of pieces: [ArraySlice<UInt8>]) -> [PDUFrame] {
        var buffer = ByteBuffer()
        var frames: [PDUFrame] = []
        for piece in pieces {
            buffer.writeBytes(piece)
            while true {
                let before = buffer
                guard let frame = PDU.next(from: &buffer, maximumLength: limit) else {
                    expect(buffer == before, "an incomplete frame is taken")
                    break
                }
                frames.append(frame)
                if case .broken = frame { return frames }
                let length = before.getInteger(at: before.readerIndex, as: UInt32.self).map(Int.init)
                expect(before.readableBytes - buffer.readableBytes == length, "a frame is not as long as it says")
                if case .pdu(let pdu) = frame, let length {
                    checkOctets(of: pdu, before.readableBytesView.prefix(length))
                }
            }
        }
        return frames
    }

    private static func written(_ pdu: PDU) -> ByteBuffer {
        var buffer = ByteBuffer()
        do throws(PDUEncodingError) { try pdu.write(to: &buffer) } catch { expect(false, "\(error): \(pdu)") }
        return buffer
    }

    /// A message is written as it was read, octet by octet.
    private static func checkOctets(of pdu: PDU, _ octets: ByteBufferView) {
        switch pdu.body {
        case .submit, .deliver, .data, .submitMulti, .alertNotification:
            expect(written(pdu).readableBytesView == octets, "other octets for \(pdu)")
        default: break
        }
    }

    private static func check(_ pdu: PDU) {
        var buffer = written(pdu)
        expect(PDU.next(from: &buffer, maximumLength: 70_000) == .pdu(pdu), "another PDU comes back for \(pdu)")
        expect(buffer.readableBytes == 0, "octets are left over")
        check(pdu.body.tlvs)
        switch pdu.body {
        case .submit(let body): times([body.scheduleDeliveryTime, body.validityPeriod])
        case .deliver(let body):
            _ = DeliveryReceipt(body).map { $0.deliverSM(source: body.source, destination: body.source) }
        case .data(let body): _ = DeliveryReceipt(body)
        case .queryResponse(let body): times([body.finalDate])
        default: break
        }
    }

    private static func times(_ texts: [String]) {
        for text in texts {
            guard let time = SMPPTime(text) else { continue }
            expect(SMPPTime(time.text).map { $0.unixMilliseconds(now: 0) } == time.unixMilliseconds(now: 0), "\(text)")
        }
    }

    /// What is set is what was got.
    private static func check(_ tlvs: TLVs) {
        var copy = tlvs
        copy.receiptedMessageID = tlvs.receiptedMessageID
        expect(copy.receiptedMessageID == tlvs.receiptedMessageID, "receipted_message_id of \(tlvs)")
        copy.networkErrorCode = tlvs.networkErrorCode
        expect(copy.networkErrorCode == tlvs.networkErrorCode, "network_error_code of \(tlvs)")
        copy.sarMsgRefNum = tlvs.sarMsgRefNum
        expect(copy.sarMsgRefNum == tlvs.sarMsgRefNum, "sar_msg_ref_num of \(tlvs)")
        copy.qosTimeToLive = tlvs.qosTimeToLive
        expect(copy.qosTimeToLive == tlvs.qosTimeToLive, "qos_time_to_live of \(tlvs)")
        copy.messageState = tlvs.messageState
        expect(copy.messageState == tlvs.messageState, "message_state of \(tlvs)")
        copy.alertOnMessageDelivery = tlvs.alertOnMessageDelivery
        expect(copy.alertOnMessageDelivery == tlvs.alertOnMessageDelivery, "alert_on_message_delivery of \(tlvs)")
    }

    private static func check(_ bad: BadPDU) {
        expect(bad.status != .ok, "nothing is wrong with \(bad)")
        guard let answer = bad.answer else { return }
        expect(answer.commandID.isResponse, "an answer is no response: \(answer)")
        expect(answer.sequence == bad.sequence, "an answer has a number of its own: \(answer)")
        check(answer)
    }
}
