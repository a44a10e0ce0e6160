// SPDX-License-Identifier: Apache-2.0
// Bodies of the responses to messages, and of query, cancel and replace (SMPP 3.4 §4.4 to §4.10).

/// submit_sm_resp (§4.4.2).
public struct SubmitSMResponse: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    public var tlvs: TLVs = []

    public init(
        messageID: String = "", tlvs: TLVs = []
    ) {
        self.messageID = messageID
        self.tlvs = tlvs
    }
}

/// deliver_sm_resp (§4.6.2); message_id is unused and empty.
public struct DeliverSMResponse: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    public var tlvs: TLVs = []

    public init(
        messageID: String = "", tlvs: TLVs = []
    ) {
        self.messageID = messageID
        self.tlvs = tlvs
    }
}

/// data_sm_resp (§4.7.2).
public struct DataSMResponse: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    public var tlvs: TLVs = []

    public init(
        messageID: String = "", tlvs: TLVs = []
    ) {
        self.messageID = messageID
        self.tlvs = tlvs
    }
}

/// submit_multi_resp (§4.5.2): a message id and the destinations that were not accepted.
public struct SubmitMultiResponse: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    public var unsuccessful: [UnsuccessfulDestination] = []
    public var tlvs: TLVs = []

    public init(
        messageID: String = "", unsuccessful: [UnsuccessfulDestination] = [], tlvs: TLVs = []
    ) {
        self.messageID = messageID
        self.unsuccessful = unsuccessful
        self.tlvs = tlvs
    }
}

/// One destination that a submit_multi could not be accepted for.
public struct UnsuccessfulDestination: Hashable, Sendable {
    public var address: Address = Address()
    public var status: CommandStatus = .ok

    public init(
        address: Address = Address(), status: CommandStatus = .ok
    ) {
        self.address = address
        self.status = status
    }
}

/// query_sm (§4.8.1).
public struct QuerySM: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    public var source: Address = Address()

    public init(
        messageID: String = "", source: Address = Address()
    ) {
        self.messageID = messageID
        self.source = source
    }
}

/// query_sm_resp (§4.8.2).
public struct QuerySMResponse: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    /// When the message became final; empty before that. See `SMPPTime`.
    public var finalDate: String = ""
    /// Raw value of a `MessageState`.
    public var messageState: UInt8 = 0
    public var errorCode: UInt8 = 0
    public var tlvs: TLVs = []

    public init(
        messageID: String = "", finalDate: String = "", messageState: UInt8 = 0, errorCode: UInt8 = 0,
        tlvs:
            TLVs = []
    ) {
        self.messageID = messageID
        self.finalDate = finalDate
        self.messageState = messageState
        self.errorCode = errorCode
        self.tlvs = tlvs
    }
}

/// cancel_sm (§4.9.1): one message by id, or all from source to destination.
public struct CancelSM: Hashable, Sendable {
    /// At most 5 octets.
    public var serviceType: String = ""
    /// At most 64 octets.
    public var messageID: String = ""
    public var source: Address = Address()
    public var destination: Address = Address()

    public init(
        serviceType: String = "", messageID: String = "", source: Address = Address(),
        destination: Address =
            Address()
    ) {
        self.serviceType = serviceType
        self.messageID = messageID
        self.source = source
        self.destination = destination
    }
}

/// replace_sm (§4.10.1): new text and times for a message that was not yet delivered.
public struct ReplaceSM: Hashable, Sendable {
    /// At most 64 octets.
    public var messageID: String = ""
    public var source: Address = Address()
    /// Empty or 16 octets; see `SMPPTime`.
    public var scheduleDeliveryTime: String = ""
    /// Empty or 16 octets; see `SMPPTime`.
    public var validityPeriod: String = ""
    /// Bits 0 and 1: 1 asks for a delivery receipt, 2 for one on failure only (§5.2.17).
    public var registeredDelivery: UInt8 = 0
    public var defaultMessageID: UInt8 = 0
    /// At most 254 octets.
    public var shortMessage: [UInt8] = []

    public init(
        messageID: String = "", source: Address = Address(), scheduleDeliveryTime: String = "",
        validityPeriod: String = "", registeredDelivery: UInt8 = 0, defaultMessageID: UInt8 = 0,
        shortMessage:
            [UInt8] = []
    ) {
        self.messageID = messageID
        self.source = source
        self.scheduleDeliveryTime = scheduleDeliveryTime
        self.validityPeriod = validityPeriod
        self.registeredDelivery = registeredDelivery
        self.defaultMessageID = defaultMessageID
        self.shortMessage = shortMessage
    }
}
