// SPDX-License-Identifier: Apache-2.0
// Every optional parameter of SMPP 3.4 §5.3.2 and congestion_state of 5.0 §4.8.4.18: its tag and its typed accessor.
// A value of the wrong length reads as nil and stays available as octets.

extension TLVTag {
    public static let destAddrSubunit = TLVTag(rawValue: 0x0005)
    public static let destNetworkType = TLVTag(rawValue: 0x0006)
    public static let destBearerType = TLVTag(rawValue: 0x0007)
    public static let destTelematicsID = TLVTag(rawValue: 0x0008)
    public static let sourceAddrSubunit = TLVTag(rawValue: 0x000D)
    public static let sourceNetworkType = TLVTag(rawValue: 0x000E)
    public static let sourceBearerType = TLVTag(rawValue: 0x000F)
    public static let sourceTelematicsID = TLVTag(rawValue: 0x0010)
    public static let qosTimeToLive = TLVTag(rawValue: 0x0017)
    public static let payloadType = TLVTag(rawValue: 0x0019)
    public static let additionalStatusInfoText = TLVTag(rawValue: 0x001D)
    public static let receiptedMessageID = TLVTag(rawValue: 0x001E)
    public static let msMsgWaitFacilities = TLVTag(rawValue: 0x0030)
    public static let privacyIndicator = TLVTag(rawValue: 0x0201)
    public static let sourceSubaddress = TLVTag(rawValue: 0x0202)
    public static let destSubaddress = TLVTag(rawValue: 0x0203)
    public static let userMessageReference = TLVTag(rawValue: 0x0204)
    public static let userResponseCode = TLVTag(rawValue: 0x0205)
    public static let sourcePort = TLVTag(rawValue: 0x020A)
    public static let destinationPort = TLVTag(rawValue: 0x020B)
    public static let sarMsgRefNum = TLVTag(rawValue: 0x020C)
    public static let languageIndicator = TLVTag(rawValue: 0x020D)
    public static let sarTotalSegments = TLVTag(rawValue: 0x020E)
    public static let sarSegmentSeqnum = TLVTag(rawValue: 0x020F)
    public static let scInterfaceVersion = TLVTag(rawValue: 0x0210)
    public static let callbackNumPresInd = TLVTag(rawValue: 0x0302)
    public static let callbackNumAtag = TLVTag(rawValue: 0x0303)
    public static let numberOfMessages = TLVTag(rawValue: 0x0304)
    public static let callbackNum = TLVTag(rawValue: 0x0381)
    public static let dpfResult = TLVTag(rawValue: 0x0420)
    public static let setDPF = TLVTag(rawValue: 0x0421)
    public static let msAvailabilityStatus = TLVTag(rawValue: 0x0422)
    public static let networkErrorCode = TLVTag(rawValue: 0x0423)
    public static let messagePayload = TLVTag(rawValue: 0x0424)
    public static let deliveryFailureReason = TLVTag(rawValue: 0x0425)
    public static let moreMessagesToSend = TLVTag(rawValue: 0x0426)
    public static let messageState = TLVTag(rawValue: 0x0427)
    public static let congestionState = TLVTag(rawValue: 0x0428)
    public static let ussdServiceOp = TLVTag(rawValue: 0x0501)
    public static let displayTime = TLVTag(rawValue: 0x1201)
    public static let smsSignal = TLVTag(rawValue: 0x1203)
    public static let msValidity = TLVTag(rawValue: 0x1204)
    public static let alertOnMessageDelivery = TLVTag(rawValue: 0x130C)
    public static let itsReplyType = TLVTag(rawValue: 0x1380)
    public static let itsSessionInfo = TLVTag(rawValue: 0x1383)

    static let names: [UInt16: String] = [
        0x0005: "dest_addr_subunit",
        0x0006: "dest_network_type",
        0x0007: "dest_bearer_type",
        0x0008: "dest_telematics_id",
        0x000D: "source_addr_subunit",
        0x000E: "source_network_type",
        0x000F: "source_bearer_type",
        0x0010: "source_telematics_id",
        0x0017: "qos_time_to_live",
        0x0019: "payload_type",
        0x001D: "additional_status_info_text",
        0x001E: "receipted_message_id",
        0x0030: "ms_msg_wait_facilities",
        0x0201: "privacy_indicator",
        0x0202: "source_subaddress",
        0x0203: "dest_subaddress",
        0x0204: "user_message_reference",
        0x0205: "user_response_code",
        0x020A: "source_port",
        0x020B: "destination_port",
        0x020C: "sar_msg_ref_num",
        0x020D: "language_indicator",
        0x020E: "sar_total_segments",
        0x020F: "sar_segment_seqnum",
        0x0210: "sc_interface_version",
        0x0302: "callback_num_pres_ind",
        0x0303: "callback_num_atag",
        0x0304: "number_of_messages",
        0x0381: "callback_num",
        0x0420: "dpf_result",
        0x0421: "set_dpf",
        0x0422: "ms_availability_status",
        0x0423: "network_error_code",
        0x0424: "message_payload",
        0x0425: "delivery_failure_reason",
        0x0426: "more_messages_to_send",
        0x0427: "message_state",
        0x0428: "congestion_state",
        0x0501: "ussd_service_op",
        0x1201: "display_time",
        0x1203: "sms_signal",
        0x1204: "ms_validity",
        0x130C: "alert_on_message_delivery",
        0x1380: "its_reply_type",
        0x1383: "its_session_info",
    ]
}

extension TLVs {
    /// dest_addr_subunit
    public var destAddrSubunit: UInt8? {
        get { integer(.destAddrSubunit) }
        set { set(.destAddrSubunit, newValue) }
    }
    /// dest_network_type
    public var destNetworkType: UInt8? {
        get { integer(.destNetworkType) }
        set { set(.destNetworkType, newValue) }
    }
    /// dest_bearer_type
    public var destBearerType: UInt8? {
        get { integer(.destBearerType) }
        set { set(.destBearerType, newValue) }
    }
    /// dest_telematics_id
    public var destTelematicsID: UInt16? {
        get { integer(.destTelematicsID) }
        set { set(.destTelematicsID, newValue) }
    }
    /// source_addr_subunit
    public var sourceAddrSubunit: UInt8? {
        get { integer(.sourceAddrSubunit) }
        set { set(.sourceAddrSubunit, newValue) }
    }
    /// source_network_type
    public var sourceNetworkType: UInt8? {
        get { integer(.sourceNetworkType) }
        set { set(.sourceNetworkType, newValue) }
    }
    /// source_bearer_type
    public var sourceBearerType: UInt8? {
        get { integer(.sourceBearerType) }
        set { set(.sourceBearerType, newValue) }
    }
    /// source_telematics_id
    public var sourceTelematicsID: UInt8? {
        get { integer(.sourceTelematicsID) }
        set { set(.sourceTelematicsID, newValue) }
    }
    /// qos_time_to_live
    public var qosTimeToLive: UInt32? {
        get { integer(.qosTimeToLive) }
        set { set(.qosTimeToLive, newValue) }
    }
    /// payload_type
    public var payloadType: UInt8? {
        get { integer(.payloadType) }
        set { set(.payloadType, newValue) }
    }
    /// additional_status_info_text
    public var additionalStatusInfoText: String? {
        get { text(.additionalStatusInfoText) }
        set { set(.additionalStatusInfoText, newValue) }
    }
    /// receipted_message_id
    public var receiptedMessageID: String? {
        get { text(.receiptedMessageID) }
        set { set(.receiptedMessageID, newValue) }
    }
    /// ms_msg_wait_facilities
    public var msMsgWaitFacilities: UInt8? {
        get { integer(.msMsgWaitFacilities) }
        set { set(.msMsgWaitFacilities, newValue) }
    }
    /// privacy_indicator
    public var privacyIndicator: UInt8? {
        get { integer(.privacyIndicator) }
        set { set(.privacyIndicator, newValue) }
    }
    /// source_subaddress
    public var sourceSubaddress: [UInt8]? {
        get { octets(.sourceSubaddress) }
        set { set(.sourceSubaddress, newValue) }
    }
    /// dest_subaddress
    public var destSubaddress: [UInt8]? {
        get { octets(.destSubaddress) }
        set { set(.destSubaddress, newValue) }
    }
    /// user_message_reference
    public var userMessageReference: UInt16? {
        get { integer(.userMessageReference) }
        set { set(.userMessageReference, newValue) }
    }
    /// user_response_code
    public var userResponseCode: UInt8? {
        get { integer(.userResponseCode) }
        set { set(.userResponseCode, newValue) }
    }
    /// source_port
    public var sourcePort: UInt16? {
        get { integer(.sourcePort) }
        set { set(.sourcePort, newValue) }
    }
    /// destination_port
    public var destinationPort: UInt16? {
        get { integer(.destinationPort) }
        set { set(.destinationPort, newValue) }
    }
    /// sar_msg_ref_num
    public var sarMsgRefNum: UInt16? {
        get { integer(.sarMsgRefNum) }
        set { set(.sarMsgRefNum, newValue) }
    }
    /// language_indicator
    public var languageIndicator: UInt8? {
        get { integer(.languageIndicator) }
        set { set(.languageIndicator, newValue) }
    }
    /// sar_total_segments
    public var sarTotalSegments: UInt8? {
        get { integer(.sarTotalSegments) }
        set { set(.sarTotalSegments, newValue) }
    }
    /// sar_segment_seqnum
    public var sarSegmentSeqnum: UInt8? {
        get { integer(.sarSegmentSeqnum) }
        set { set(.sarSegmentSeqnum, newValue) }
    }
    /// sc_interface_version
    public var scInterfaceVersion: UInt8? {
        get { integer(.scInterfaceVersion) }
        set { set(.scInterfaceVersion, newValue) }
    }
    /// callback_num_pres_ind
    public var callbackNumPresInd: UInt8? {
        get { integer(.callbackNumPresInd) }
        set { set(.callbackNumPresInd, newValue) }
    }
    /// callback_num_atag
    public var callbackNumAtag: [UInt8]? {
        get { octets(.callbackNumAtag) }
        set { set(.callbackNumAtag, newValue) }
    }
    /// number_of_messages
    public var numberOfMessages: UInt8? {
        get { integer(.numberOfMessages) }
        set { set(.numberOfMessages, newValue) }
    }
    /// callback_num
    public var callbackNum: [UInt8]? {
        get { octets(.callbackNum) }
        set { set(.callbackNum, newValue) }
    }
    /// dpf_result
    public var dpfResult: UInt8? {
        get { integer(.dpfResult) }
        set { set(.dpfResult, newValue) }
    }
    /// set_dpf
    public var setDPF: UInt8? {
        get { integer(.setDPF) }
        set { set(.setDPF, newValue) }
    }
    /// ms_availability_status
    public var msAvailabilityStatus: UInt8? {
        get { integer(.msAvailabilityStatus) }
        set { set(.msAvailabilityStatus, newValue) }
    }
    /// network_error_code
    public var networkErrorCode: NetworkErrorCode? {
        get { networkError(.networkErrorCode) }
        set { set(.networkErrorCode, newValue) }
    }
    /// message_payload
    public var messagePayload: [UInt8]? {
        get { octets(.messagePayload) }
        set { set(.messagePayload, newValue) }
    }
    /// delivery_failure_reason
    public var deliveryFailureReason: UInt8? {
        get { integer(.deliveryFailureReason) }
        set { set(.deliveryFailureReason, newValue) }
    }
    /// more_messages_to_send
    public var moreMessagesToSend: UInt8? {
        get { integer(.moreMessagesToSend) }
        set { set(.moreMessagesToSend, newValue) }
    }
    /// message_state
    public var messageState: MessageState? {
        get { state(.messageState) }
        set { set(.messageState, newValue) }
    }
    /// congestion_state (5.0), 0 idle to 100 congested
    public var congestionState: UInt8? {
        get { integer(.congestionState) }
        set { set(.congestionState, newValue) }
    }
    /// ussd_service_op
    public var ussdServiceOp: UInt8? {
        get { integer(.ussdServiceOp) }
        set { set(.ussdServiceOp, newValue) }
    }
    /// display_time
    public var displayTime: UInt8? {
        get { integer(.displayTime) }
        set { set(.displayTime, newValue) }
    }
    /// sms_signal
    public var smsSignal: UInt16? {
        get { integer(.smsSignal) }
        set { set(.smsSignal, newValue) }
    }
    /// ms_validity
    public var msValidity: UInt8? {
        get { integer(.msValidity) }
        set { set(.msValidity, newValue) }
    }
    /// alert_on_message_delivery
    public var alertOnMessageDelivery: Bool {
        get { flag(.alertOnMessageDelivery) }
        set { set(.alertOnMessageDelivery, newValue) }
    }
    /// its_reply_type
    public var itsReplyType: UInt8? {
        get { integer(.itsReplyType) }
        set { set(.itsReplyType, newValue) }
    }
    /// its_session_info
    public var itsSessionInfo: UInt16? {
        get { integer(.itsSessionInfo) }
        set { set(.itsSessionInfo, newValue) }
    }
}
