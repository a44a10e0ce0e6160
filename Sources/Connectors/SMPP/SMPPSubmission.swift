// SPDX-License-Identifier: Apache-2.0
// A part of a message as a submit_sm.

internal import Messaging
internal import SMPP
internal import SMSText
internal import Wire

extension SMPPConnectorOptions {
    /// The longest short_message (SMPP 3.4 §5.2.22); what is longer goes in message_payload.
    static let longestShortMessage = 254

    /// Builds the submit_sm of one part; nil when the text cannot be cut into such a part for this carrier.
    func submitSM(for submission: Messaging.Submission, now: Milliseconds) -> SubmitSM? {
        guard case .sms(let content) = submission.content else { return nil }
        var pdu = SubmitSM()
        pdu.serviceType = serviceType
        pdu.source = addresses.sender(submission.sender)
        pdu.destination = addresses.destination(submission.recipient)
        pdu.registeredDelivery = 1
        pdu.validityPeriod = validityPeriod(until: submission.expiresAt, now: now)
        let isWritten =
            if let coded = content.coded {
                write(coded, to: &pdu)
            } else {
                write(content, part: submission.ticket.number, to: &pdu)
            }
        return isWritten ? pdu : nil
    }

    /// Puts one part of a text into a submit_sm; false when it cannot be cut into such a part.
    private func write(_ content: SMSContent, part number: Int, to pdu: inout SubmitSM) -> Bool {
        var options = content.segmentation
        options.defaultAlphabet = alphabet
        guard case .success(let segmented) = Segmenter.segment(content.text, options: options),
            segmented.parts.indices.contains(number - 1)
        else { return false }
        let index = number - 1
        pdu.dataCoding = segmented.dataCoding | (content.isFlash ? 0x10 : 0)
        pdu.esmClass.hasUserDataHeader =
            segmented.header(forPart: index, reference: content.concatenationReference) != nil
        let octets = segmented.octets(forPart: index, reference: content.concatenationReference)
        if segmented.concatenation == .messagePayload || octets.count > Self.longestShortMessage {
            pdu.tlvs.messagePayload = octets
        } else {
            pdu.shortMessage = octets
        }
        if segmented.concatenation == .sar, segmented.parts.count > 1 {
            pdu.tlvs.sarMsgRefNum = content.concatenationReference
            pdu.tlvs.sarTotalSegments = UInt8(segmented.parts.count)
            pdu.tlvs.sarSegmentSeqnum = UInt8(number)
        }
        return true
    }

    private func validityPeriod(until expiresAt: Milliseconds, now: Milliseconds) -> String {
        switch validity {
        case .none: ""
        case .relative: SMPPTime.after(seconds: max(1, (expiresAt - now) / 1000)).text
        case .absolute: SMPPTime.absolute(unixMilliseconds: expiresAt, quarterHours: 0).text
        }
    }
}
