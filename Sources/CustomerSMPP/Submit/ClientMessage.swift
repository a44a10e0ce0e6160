// SPDX-License-Identifier: Apache-2.0
// What submit_sm, submit_multi and data_sm have in common.

internal import Messaging
internal import SMPP

/// Why a client's message is not taken.
struct SubmitRefusal: Error, Equatable {
    let status: CommandStatus
    /// For the log.
    let reason: String

    init(_ status: CommandStatus, _ reason: String) {
        self.status = status
        self.reason = reason
    }
}

/// A client's message before it is known whether it can be taken; without its destination.
struct ClientMessage {
    var serviceType: String
    var source: Address
    var esmClass: ESMClass
    var protocolID: UInt8 = 0
    var priorityFlag: UInt8 = 0
    var scheduleDeliveryTime = ""
    var validityPeriod = ""
    var registeredDelivery: UInt8
    var replaceIfPresent: UInt8 = 0
    var dataCoding: UInt8
    var defaultMessageID: UInt8 = 0
    var shortMessage: [UInt8] = []
    var tlvs: TLVs

    init(_ pdu: SubmitSM) {
        serviceType = pdu.serviceType
        source = pdu.source
        esmClass = pdu.esmClass
        protocolID = pdu.protocolID
        priorityFlag = pdu.priorityFlag
        scheduleDeliveryTime = pdu.scheduleDeliveryTime
        validityPeriod = pdu.validityPeriod
        registeredDelivery = pdu.registeredDelivery
        replaceIfPresent = pdu.replaceIfPresent
        dataCoding = pdu.dataCoding
        defaultMessageID = pdu.defaultMessageID
        shortMessage = pdu.shortMessage
        tlvs = pdu.tlvs
    }

    init(_ pdu: SubmitMulti) {
        serviceType = pdu.serviceType
        source = pdu.source
        esmClass = pdu.esmClass
        protocolID = pdu.protocolID
        priorityFlag = pdu.priorityFlag
        scheduleDeliveryTime = pdu.scheduleDeliveryTime
        validityPeriod = pdu.validityPeriod
        registeredDelivery = pdu.registeredDelivery
        replaceIfPresent = pdu.replaceIfPresent
        dataCoding = pdu.dataCoding
        defaultMessageID = pdu.defaultMessageID
        shortMessage = pdu.shortMessage
        tlvs = pdu.tlvs
    }

    init(_ pdu: DataSM) {
        serviceType = pdu.serviceType
        source = pdu.source
        esmClass = pdu.esmClass
        registeredDelivery = pdu.registeredDelivery
        dataCoding = pdu.dataCoding
        tlvs = pdu.tlvs
    }

    /// Refuses what has no effect here, instead of taking it and doing something else.
    func checkFlags() throws(SubmitRefusal) {
        // USSD needs a dialogue; every other service type is a short message to us.
        if serviceType == "USSD" { throw SubmitRefusal(.invalidServiceType, "service_type USSD") }
        let mode = esmClass.rawValue & 0x03
        guard mode == 0 || mode == 3, esmClass.messageType == .message else {
            throw SubmitRefusal(.invalidESMClass, "esm_class \(esmClass.rawValue)")
        }
        guard priorityFlag <= 4 else { throw SubmitRefusal(.invalidPriorityFlag, "priority_flag \(priorityFlag)") }
        switch replaceIfPresent {
        case 0: break
        case 1: throw SubmitRefusal(.invalidReplaceRequest, "replace_if_present")
        default: throw SubmitRefusal(.invalidReplaceFlag, "replace_if_present_flag \(replaceIfPresent)")
        }
        guard defaultMessageID == 0 else {
            throw SubmitRefusal(.invalidPredefinedMessage, "sm_default_msg_id \(defaultMessageID)")
        }
        guard shortMessage.isEmpty || tlvs.messagePayload == nil else {
            throw SubmitRefusal(.invalidMessageLength, "short_message and message_payload")
        }
    }

    /// The user data with its header.
    var octets: [UInt8] { tlvs.messagePayload ?? shortMessage }

    /// sar_msg_ref_num and the two that belong to it; nil when there are none.
    func concatenation() throws(SubmitRefusal) -> CodedPart.Concatenation? {
        guard let reference = tlvs.sarMsgRefNum else { return nil }
        guard let total = tlvs.sarTotalSegments, let number = tlvs.sarSegmentSeqnum, total > 0,
            (1...total).contains(number)
        else { throw SubmitRefusal(.invalidOptionalParameterValue, "sar parameters") }
        return total == 1 ? nil : CodedPart.Concatenation(reference: reference, total: total, number: number)
    }
}
