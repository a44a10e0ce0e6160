// SPDX-License-Identifier: Apache-2.0
// A delivery as the deliver_sm that an account's client gets: one for a receipt, one or more for a message.

internal import Messaging
internal import SMPP
internal import SMSText
internal import Wire

struct DeliverTranslation {
    /// The longest short_message (SMPP 3.4 §5.2.22); what is longer goes in message_payload.
    private static let longestShortMessage = 254
    /// network_error_code's word for GSM (SMPP 3.4 §5.3.2.31).
    private static let gsmNetwork: UInt8 = 3

    let settings: SMPPAccountSettings

    /// The PDUs, in their order; nil when the stored facts cannot be read or written.
    func pdus(of delivery: Messaging.Delivery) -> [DeliverSM]? {
        switch DeliveryBody(json: delivery.rendered.body) {
        case .receipt(let facts): [receipt(facts)]
        case .message(let facts): message(facts)
        case nil: nil
        }
    }

    private func receipt(_ facts: ReceiptFacts) -> DeliverSM {
        var receipt = DeliveryReceipt()
        receipt.textID = facts.id
        receipt.receiptedMessageID = facts.id
        receipt.submitted = facts.size
        receipt.delivered = facts.state == .delivered ? facts.size : 0
        receipt.submitDate = CivilTime(unixSeconds: facts.submittedAt / 1000)
        receipt.doneDate = CivilTime(unixSeconds: facts.doneAt / 1000)
        receipt.stat = facts.state.receiptWord
        receipt.messageState = facts.state
        receipt.err = String(String(1000 + Int(facts.error % 1000)).dropFirst())
        if facts.error != 0 {
            receipt.networkErrorCode = NetworkErrorCode(network: Self.gsmNetwork, code: facts.error)
        }
        receipt.text = facts.text
        var pdu = receipt.deliverSM(source: facts.source, destination: facts.destination)
        pdu.tlvs.userMessageReference = facts.reference
        return pdu
    }

    private func message(_ facts: InboundFacts) -> [DeliverSM]? {
        let options = SegmentationOptions(
            encoding: .auto, concatenation: settings.concatenation, defaultAlphabet: settings.alphabet)
        guard case .success(let segmented) = Segmenter.segment(facts.text, options: options) else { return nil }
        // The same for every try, so that the parts of one try can be completed by those of another.
        let reference = UInt16(truncatingIfNeeded: facts.id.number)
        return segmented.parts.indices.map { index in
            var pdu = base(facts)
            pdu.dataCoding = segmented.dataCoding
            pdu.esmClass.hasUserDataHeader = segmented.header(forPart: index, reference: reference) != nil
            let octets = segmented.octets(forPart: index, reference: reference)
            if octets.count > Self.longestShortMessage {
                pdu.tlvs.messagePayload = octets
            } else {
                pdu.shortMessage = octets
            }
            if segmented.concatenation == .sar, segmented.parts.count > 1 {
                pdu.tlvs.sarMsgRefNum = reference
                pdu.tlvs.sarTotalSegments = UInt8(segmented.parts.count)
                pdu.tlvs.sarSegmentSeqnum = UInt8(index + 1)
            }
            return pdu
        }
    }

    private func base(_ facts: InboundFacts) -> DeliverSM {
        let rules = AddressRules()
        return DeliverSM(source: rules.sender(facts.sender), destination: rules.destination(facts.recipient))
    }
}
