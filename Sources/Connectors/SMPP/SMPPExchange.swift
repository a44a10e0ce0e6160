// SPDX-License-Identifier: Apache-2.0
// A PDU in words, for the exchange log: the specification's names, addresses and ids as they are; a password as stars, a
// text as its length, optional parameters by name.

internal import Messaging
internal import SMPP
internal import Wire

struct SMPPExchange: ExchangeRecord {
    let pdu: PDU

    init(_ pdu: PDU) { self.pdu = pdu }

    var described: ExchangeText {
        var fields = Fields()
        fields["sequence_number"] = Int64(pdu.sequence)
        describe(pdu.body, in: &fields)
        if !pdu.body.tlvs.isEmpty { fields.list("tlvs", pdu.body.tlvs.all.map(\.tag.description)) }
        return ExchangeText(what: pdu.commandID.description, status: status, fields: fields.members)
    }

    private var status: String? {
        guard pdu.commandID.isResponse else { return nil }
        return pdu.status.name ?? Self.hexadecimal(pdu.status.rawValue)
    }

    private static func hexadecimal(_ value: some FixedWidthInteger) -> String { "0x" + String(value, radix: 16) }

    private func describe(_ body: PDU.Body, in fields: inout Fields) {
        switch body {
        case .bind(let bind):
            fields["system_id"] = bind.systemID
            fields["password"] = Self.hidden
            fields["system_type"] = bind.systemType
            fields["interface_version"] = Self.hexadecimal(bind.interfaceVersion)
            fields.address("address_range", bind.addressRange)
        case .bindResponse(let response): fields["system_id"] = response.systemID
        case .outbind(let outbind):
            fields["system_id"] = outbind.systemID
            fields["password"] = Self.hidden
        case .submit(let body):
            fields.message(body.source, body.destination, body.esmClass, body.dataCoding, body.registeredDelivery)
            fields.text(body.shortMessage, body.tlvs)
        case .deliver(let body):
            fields.message(body.source, body.destination, body.esmClass, body.dataCoding, body.registeredDelivery)
            fields.text(body.shortMessage, body.tlvs)
            fields.receipt(DeliveryReceipt(body))
        case .data(let body):
            fields.message(body.source, body.destination, body.esmClass, body.dataCoding, body.registeredDelivery)
            fields.text([], body.tlvs)
            fields.receipt(DeliveryReceipt(body))
        case .submitMulti(let body):
            fields.address("source_addr", body.source)
            fields["number_of_dests"] = Int64(body.destinations.count)
            fields["data_coding"] = Int64(body.dataCoding)
            fields.text(body.shortMessage, body.tlvs)
        case .submitResponse(let body): fields["message_id"] = body.messageID
        case .dataResponse(let body): fields["message_id"] = body.messageID
        case .deliverResponse(let body): fields["message_id"] = body.messageID
        case .submitMultiResponse(let body):
            fields["message_id"] = body.messageID
            fields["no_unsuccess"] = Int64(body.unsuccessful.count)
        case .query, .queryResponse, .cancel, .replace: describeOperation(body, in: &fields)
        case .alertNotification(let body):
            fields.address("source_addr", body.source)
            fields.address("esme_addr", body.esme)
        case .unbind, .unbindResponse, .cancelResponse, .replaceResponse, .enquireLink, .enquireLinkResponse,
            .genericNack:
            break
        }
    }

    private func describeOperation(_ body: PDU.Body, in fields: inout Fields) {
        switch body {
        case .query(let body):
            fields["message_id"] = body.messageID
            fields.address("source_addr", body.source)
        case .queryResponse(let body):
            fields["message_id"] = body.messageID
            fields["message_state"] = Int64(body.messageState)
            fields["error_code"] = Int64(body.errorCode)
        case .cancel(let body):
            fields["message_id"] = body.messageID
            fields.address("source_addr", body.source)
            fields.address("destination_addr", body.destination)
        case .replace(let body):
            fields["message_id"] = body.messageID
            fields.address("source_addr", body.source)
            fields.text(body.shortMessage, [])
        default: break
        }
    }

    private static let hidden = "***"

    /// The fields so far; empty texts are left out.
    private struct Fields {
        private(set) var members: [String: JSONValue] = [:]

        subscript(name: String) -> Int64? {
            get { nil }
            set { members[name] = newValue.map { .integer($0) } }
        }

        subscript(name: String) -> String? {
            get { nil }
            set { members[name] = newValue.flatMap { $0.isEmpty ? nil : .string($0) } }
        }

        mutating func list(_ name: String, _ values: [String]) {
            members[name] = .array(values.map { .string($0) })
        }

        /// `name`, and `name_ton` and `name_npi` behind it.
        mutating func address(_ name: String, _ address: Address) {
            guard address != Address() else { return }
            self[name] = address.value
            self[name + "_ton"] = Int64(address.ton.rawValue)
            self[name + "_npi"] = Int64(address.npi.rawValue)
        }

        mutating func message(
            _ source: Address, _ destination: Address, _ esmClass: ESMClass, _ dataCoding: UInt8,
            _ registeredDelivery: UInt8
        ) {
            address("source_addr", source)
            address("destination_addr", destination)
            self["esm_class"] = SMPPExchange.hexadecimal(esmClass.rawValue)
            self["data_coding"] = SMPPExchange.hexadecimal(dataCoding)
            self["registered_delivery"] = Int64(registeredDelivery)
        }

        /// How long the text is, wherever it stands.
        mutating func text(_ shortMessage: [UInt8], _ tlvs: TLVs) {
            self["sm_length"] = Int64(shortMessage.count)
            if let payload = tlvs.messagePayload { self["message_payload_length"] = Int64(payload.count) }
        }

        /// What a receipt says about the message, without the words of it that some SMSCs repeat.
        mutating func receipt(_ receipt: DeliveryReceipt?) {
            guard let receipt else { return }
            self["receipt_id"] = receipt.messageID.map { String($0.prefix(65)) }
            self["receipt_state"] = receipt.stat.map { String($0.prefix(20)) } ?? receipt.messageState.map { "\($0)" }
            self["receipt_error"] = receipt.err.map { String($0.prefix(20)) } ?? receipt.errorCode.map { String($0) }
        }
    }
}
