// SPDX-License-Identifier: Apache-2.0
// Options, submissions and deliver_sm as the tests of the SMPP connector write them.

import Messaging
import SMPP
import SMSText
import Wire

@testable import Connectors

/// Settings of an SMPP connector with these members beside the ones it cannot do without.
func smppSettings(
    _ members: [String: JSONValue] = [:], id: Int64 = 1, name: String = "carrier", secret: String = "secret"
) -> ConnectorSettings {
    let required: [String: JSONValue] = ["host": .string("127.0.0.1"), "systemId": .string("parley")]
    return ConnectorSettings(
        id: id, name: name, kind: "smpp", options: .object(required.merging(members) { $1 }), secret: secret,
        isEnabled: true, receiptIDForm: nil)
}

func smppOptions(_ members: [String: JSONValue] = [:]) throws -> SMPPConnectorOptions {
    try SMPPConnectorOptions(smppSettings(members))
}

enum SubmissionSample {
    /// 2026-01-15T12:00:00Z.
    static let now: Milliseconds = 1_768_478_400_000

    static func make(
        _ text: String = "Hello", number: Int = 1, sender: String = "49301234567",
        recipient: String = "491701234567", segmentation: SegmentationOptions = SegmentationOptions(encoding: .gsm7),
        isFlash: Bool = false, reference: UInt16 = 0x122A, validity: Milliseconds = 3_661_000
    ) -> Messaging.Submission {
        let key = MessageKey(companyID: 1, id: UUIDv7.next(now: now))
        return Messaging.Submission(
            ticket: PartTicket(key: key, step: 0, number: number, attempt: 1), sender: sender, recipient: recipient,
            content: .sms(
                SMSContent(
                    text: text, segmentation: segmentation, isFlash: isFlash, concatenationReference: reference)),
            size: 1, expiresAt: now + validity, isPossibleDuplicate: false)
    }
}

/// A deliver_sm from a handset to a number.
func deliverSM(
    _ octets: [UInt8], esmClass: ESMClass = 0, dataCoding: UInt8 = 0, from: String = "491701234567",
    to: String = "49301234567", tlvs: TLVs = []
) -> DeliverSM {
    var pdu = DeliverSM()
    pdu.source = Address(ton: .international, npi: .isdn, value: from)
    pdu.destination = Address(ton: .international, npi: .isdn, value: to)
    pdu.esmClass = esmClass
    pdu.dataCoding = dataCoding
    pdu.shortMessage = octets
    pdu.tlvs = tlvs
    return pdu
}

extension SMPPConnectorOptions {
    func event(in pdu: DeliverSM) -> ConnectorEvent? {
        event(in: CarrierMessage(pdu), connectorID: 7, bind: "1-1", now: SubmissionSample.now)
    }

    func inbound(in pdu: DeliverSM) -> InboundPart? {
        guard case .inbound(let part) = event(in: pdu) else { return nil }
        return part
    }

    func receipt(in pdu: DeliverSM) -> Receipt? {
        guard case .receipt(let receipt) = event(in: pdu) else { return nil }
        return receipt
    }
}
