// SPDX-License-Identifier: Apache-2.0
// What a carrier delivers, as the core's events: a receipt, or a message from a handset.

internal import Crypto
internal import Messaging
internal import SMPP
internal import SMSText
internal import Wire

/// The members that deliver_sm and data_sm share.
struct CarrierMessage {
    let source: Address
    let destination: Address
    let esmClass: ESMClass
    let dataCoding: UInt8
    let octets: [UInt8]
    let tlvs: TLVs
    let receipt: DeliveryReceipt?

    init(_ pdu: DeliverSM) {
        source = pdu.source
        destination = pdu.destination
        esmClass = pdu.esmClass
        dataCoding = pdu.dataCoding
        octets = pdu.tlvs.messagePayload ?? pdu.shortMessage
        tlvs = pdu.tlvs
        receipt = Self.receipt(esmClass, tlvs) { DeliveryReceipt(pdu.marked($0)) }
    }

    init(_ pdu: DataSM) {
        source = pdu.source
        destination = pdu.destination
        esmClass = pdu.esmClass
        dataCoding = pdu.dataCoding
        octets = pdu.tlvs.messagePayload ?? []
        tlvs = pdu.tlvs
        receipt = Self.receipt(esmClass, tlvs) { DeliveryReceipt(pdu.marked($0)) }
    }

    /// The receipt in a message that is marked as one, or in one that is not marked and yet has
    /// receipted_message_id and a state: some carriers leave esm_class 0.
    private static func receipt(
        _ esmClass: ESMClass, _ tlvs: TLVs, read: (ESMClass) -> DeliveryReceipt?
    ) -> DeliveryReceipt? {
        if esmClass.isReceipt { return read(esmClass) }
        var marked = esmClass
        marked.messageType = .deliveryReceipt
        guard esmClass.messageType == .message, tlvs.receiptedMessageID != nil, let receipt = read(marked),
            receipt.state != nil
        else { return nil }
        return receipt
    }

    /// Whether it says that it is a receipt.
    var isReceipt: Bool { esmClass.isReceipt || receipt != nil }

    /// Equal for equal bytes.
    var fingerprint: [UInt8] {
        var hash = SHA256()
        for text in [source.value, destination.value] {
            hash.update(data: Array(text.utf8))
            hash.update(data: [0])
        }
        hash.update(data: [esmClass.rawValue, dataCoding])
        hash.update(data: octets)
        for tlv in tlvs.all where tlv.tag != .messagePayload {
            hash.update(data: [UInt8(tlv.tag.rawValue >> 8), UInt8(tlv.tag.rawValue & 0xFF)])
            hash.update(data: tlv.value)
        }
        return Array(hash.finalize().prefix(16))
    }
}

extension SMPPConnectorOptions {
    /// The event in a delivered message; nil for a receipt that names no message or no state.
    func event(
        in message: CarrierMessage, connectorID: Int64, bind: String, now: Milliseconds
    ) -> ConnectorEvent? {
        guard message.isReceipt else {
            return .inbound(inbound(message, connectorID: connectorID, bind: bind))
        }
        guard let receipt = message.receipt, let id = receipt.messageID, !id.isEmpty, let state = receipt.state else {
            return nil
        }
        return .receipt(
            Receipt(
                connectorID: connectorID, providerID: id, recipient: Self.digits(message.source.value),
                state: state.partState, errorCode: errorCode(of: receipt), at: now))
    }

    private func inbound(_ message: CarrierMessage, connectorID: Int64, bind: String) -> InboundPart {
        var octets = message.octets
        var header: UserDataHeader?
        if message.esmClass.hasUserDataHeader, let split = UserDataHeader.split(octets) {
            header = split.header
            octets = split.userData
        }
        return InboundPart(
            connectorID: connectorID, kind: .sms, sender: Self.digits(message.source.value),
            recipient: Self.digits(message.destination.value),
            content: ReceivedText(octets: octets, dataCoding: message.dataCoding, header: header, alphabet: alphabet),
            concatenation: Self.concatenation(header, message.tlvs), sentAt: nil, fingerprint: message.fingerprint,
            bind: bind)
    }

    private static func concatenation(_ header: UserDataHeader?, _ tlvs: TLVs) -> InboundPart.Concatenation? {
        if let part = header?.concatenation {
            return InboundPart.Concatenation(
                reference: Int(part.reference), total: part.total, number: part.sequence)
        }
        guard let reference = tlvs.sarMsgRefNum, let total = tlvs.sarTotalSegments, let number = tlvs.sarSegmentSeqnum,
            total > 0, (1...total).contains(number)
        else { return nil }
        return InboundPart.Concatenation(reference: Int(reference), total: Int(total), number: Int(number))
    }

    /// A number as digits: `+49…` and `0049…` lose what stands before the country code; names stay as they are.
    static func digits(_ address: String) -> String {
        var digits = address[...]
        if digits.hasPrefix("+") {
            digits = digits.dropFirst()
        } else if digits.hasPrefix("00") {
            digits = digits.dropFirst(2)
        }
        let isNumber =
            !digits.isEmpty && digits.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        return isNumber ? String(digits) : address
    }
}

extension DeliverSM {
    fileprivate func marked(_ esmClass: ESMClass) -> DeliverSM {
        var pdu = self
        pdu.esmClass = esmClass
        return pdu
    }
}

extension DataSM {
    fileprivate func marked(_ esmClass: ESMClass) -> DataSM {
        var pdu = self
        pdu.esmClass = esmClass
        return pdu
    }
}
