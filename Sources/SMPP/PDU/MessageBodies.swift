// SPDX-License-Identifier: Apache-2.0
// Bodies that carry a message (SMPP 3.4 §4.4 to §4.7). Field order is the order on the wire.

/// submit_sm (§4.4.1): an ESME hands a message to the SMSC.
public struct SubmitSM: Hashable, Sendable {
    /// At most 5 octets.
    public var serviceType: String = ""
    public var source: Address = Address()
    public var destination: Address = Address()
    public var esmClass: ESMClass = 0
    public var protocolID: UInt8 = 0
    public var priorityFlag: UInt8 = 0
    /// Empty or 16 octets; see `SMPPTime`.
    public var scheduleDeliveryTime: String = ""
    /// Empty or 16 octets; see `SMPPTime`.
    public var validityPeriod: String = ""
    /// Bits 0 and 1: 1 asks for a delivery receipt, 2 for one on failure only (§5.2.17).
    public var registeredDelivery: UInt8 = 0
    public var replaceIfPresent: UInt8 = 0
    public var dataCoding: UInt8 = 0
    /// sm_default_msg_id: a message stored at the SMSC.
    public var defaultMessageID: UInt8 = 0
    /// At most 254 octets; longer ones go into message_payload.
    public var shortMessage: [UInt8] = []
    public var tlvs: TLVs = []

    public init(
        serviceType: String = "", source: Address = Address(), destination: Address = Address(),
        esmClass:
            ESMClass = 0, protocolID: UInt8 = 0, priorityFlag: UInt8 = 0, scheduleDeliveryTime: String = "",
        validityPeriod: String = "", registeredDelivery: UInt8 = 0, replaceIfPresent: UInt8 = 0,
        dataCoding:
            UInt8 = 0, defaultMessageID: UInt8 = 0, shortMessage: [UInt8] = [], tlvs: TLVs = []
    ) {
        self.serviceType = serviceType
        self.source = source
        self.destination = destination
        self.esmClass = esmClass
        self.protocolID = protocolID
        self.priorityFlag = priorityFlag
        self.scheduleDeliveryTime = scheduleDeliveryTime
        self.validityPeriod = validityPeriod
        self.registeredDelivery = registeredDelivery
        self.replaceIfPresent = replaceIfPresent
        self.dataCoding = dataCoding
        self.defaultMessageID = defaultMessageID
        self.shortMessage = shortMessage
        self.tlvs = tlvs
    }
}

/// deliver_sm (§4.6.1): the SMSC hands a message or a delivery receipt to an ESME.
public struct DeliverSM: Hashable, Sendable {
    /// At most 5 octets.
    public var serviceType: String = ""
    public var source: Address = Address()
    public var destination: Address = Address()
    public var esmClass: ESMClass = 0
    public var protocolID: UInt8 = 0
    public var priorityFlag: UInt8 = 0
    /// Empty or 16 octets; see `SMPPTime`.
    public var scheduleDeliveryTime: String = ""
    /// Empty or 16 octets; see `SMPPTime`.
    public var validityPeriod: String = ""
    /// Bits 0 and 1: 1 asks for a delivery receipt, 2 for one on failure only (§5.2.17).
    public var registeredDelivery: UInt8 = 0
    public var replaceIfPresent: UInt8 = 0
    public var dataCoding: UInt8 = 0
    /// sm_default_msg_id: a message stored at the SMSC.
    public var defaultMessageID: UInt8 = 0
    /// At most 254 octets; longer ones go into message_payload.
    public var shortMessage: [UInt8] = []
    public var tlvs: TLVs = []

    public init(
        serviceType: String = "", source: Address = Address(), destination: Address = Address(),
        esmClass:
            ESMClass = 0, protocolID: UInt8 = 0, priorityFlag: UInt8 = 0, scheduleDeliveryTime: String = "",
        validityPeriod: String = "", registeredDelivery: UInt8 = 0, replaceIfPresent: UInt8 = 0,
        dataCoding:
            UInt8 = 0, defaultMessageID: UInt8 = 0, shortMessage: [UInt8] = [], tlvs: TLVs = []
    ) {
        self.serviceType = serviceType
        self.source = source
        self.destination = destination
        self.esmClass = esmClass
        self.protocolID = protocolID
        self.priorityFlag = priorityFlag
        self.scheduleDeliveryTime = scheduleDeliveryTime
        self.validityPeriod = validityPeriod
        self.registeredDelivery = registeredDelivery
        self.replaceIfPresent = replaceIfPresent
        self.dataCoding = dataCoding
        self.defaultMessageID = defaultMessageID
        self.shortMessage = shortMessage
        self.tlvs = tlvs
    }
}

/// data_sm (§4.7.1): a message in message_payload, either way. Addresses have at most 64 octets.
public struct DataSM: Hashable, Sendable {
    /// At most 5 octets.
    public var serviceType: String = ""
    public var source: Address = Address()
    public var destination: Address = Address()
    public var esmClass: ESMClass = 0
    /// Bits 0 and 1: 1 asks for a delivery receipt, 2 for one on failure only (§5.2.17).
    public var registeredDelivery: UInt8 = 0
    public var dataCoding: UInt8 = 0
    public var tlvs: TLVs = []

    public init(
        serviceType: String = "", source: Address = Address(), destination: Address = Address(),
        esmClass:
            ESMClass = 0, registeredDelivery: UInt8 = 0, dataCoding: UInt8 = 0, tlvs: TLVs = []
    ) {
        self.serviceType = serviceType
        self.source = source
        self.destination = destination
        self.esmClass = esmClass
        self.registeredDelivery = registeredDelivery
        self.dataCoding = dataCoding
        self.tlvs = tlvs
    }
}

/// submit_multi (§4.5.1): one message to at most 254 destinations.
public struct SubmitMulti: Hashable, Sendable {
    /// At most 5 octets.
    public var serviceType: String = ""
    public var source: Address = Address()
    public var destinations: [SubmitMultiDestination] = []
    public var esmClass: ESMClass = 0
    public var protocolID: UInt8 = 0
    public var priorityFlag: UInt8 = 0
    /// Empty or 16 octets; see `SMPPTime`.
    public var scheduleDeliveryTime: String = ""
    /// Empty or 16 octets; see `SMPPTime`.
    public var validityPeriod: String = ""
    /// Bits 0 and 1: 1 asks for a delivery receipt, 2 for one on failure only (§5.2.17).
    public var registeredDelivery: UInt8 = 0
    public var replaceIfPresent: UInt8 = 0
    public var dataCoding: UInt8 = 0
    /// sm_default_msg_id: a message stored at the SMSC.
    public var defaultMessageID: UInt8 = 0
    /// At most 254 octets; longer ones go into message_payload.
    public var shortMessage: [UInt8] = []
    public var tlvs: TLVs = []

    public init(
        serviceType: String = "", source: Address = Address(), destinations: [SubmitMultiDestination] = [],
        esmClass: ESMClass = 0, protocolID: UInt8 = 0, priorityFlag: UInt8 = 0,
        scheduleDeliveryTime: String =
            "", validityPeriod: String = "", registeredDelivery: UInt8 = 0, replaceIfPresent: UInt8 = 0,
        dataCoding: UInt8 = 0, defaultMessageID: UInt8 = 0, shortMessage: [UInt8] = [], tlvs: TLVs = []
    ) {
        self.serviceType = serviceType
        self.source = source
        self.destinations = destinations
        self.esmClass = esmClass
        self.protocolID = protocolID
        self.priorityFlag = priorityFlag
        self.scheduleDeliveryTime = scheduleDeliveryTime
        self.validityPeriod = validityPeriod
        self.registeredDelivery = registeredDelivery
        self.replaceIfPresent = replaceIfPresent
        self.dataCoding = dataCoding
        self.defaultMessageID = defaultMessageID
        self.shortMessage = shortMessage
        self.tlvs = tlvs
    }
}

/// One destination of a submit_multi.
public enum SubmitMultiDestination: Hashable, Sendable {
    case address(Address)
    /// The name of a list kept at the SMSC, at most 20 octets.
    case distributionList(String)
}
