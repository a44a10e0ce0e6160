// SPDX-License-Identifier: Apache-2.0
// The layout of every PDU body (SMPP 3.4 §4), field by field in the order on the wire. One table serves both directions:
// a reader fills the fields, a writer appends them. `max` counts the terminating NUL, as the specification does; the
// status is what a peer is answered when the field is at fault.

/// A body with a fixed order of fields.
protocol FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError)
}

extension Bind: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&systemID, max: 16, "system_id", .invalidSystemID)
        try coder.text(&password, max: 9, "password", .invalidPassword)
        try coder.text(&systemType, max: 13, "system_type", .invalidSystemType)
        try coder.octet(&interfaceVersion, "interface_version")
        try coder.address(&addressRange, max: 41, "address_range", .bindFailed)
    }
}

extension BindResponse: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&systemID, max: 16, "system_id", .invalidSystemID)
        try coder.tlvs(&tlvs)
    }
}

extension Outbind: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&systemID, max: 16, "system_id", .invalidSystemID)
        try coder.text(&password, max: 9, "password", .invalidPassword)
    }
}

extension SubmitSM: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&serviceType, max: 6, "service_type", .invalidServiceType)
        try coder.address(&source, max: 21, "source_addr", .invalidSourceAddress)
        try coder.address(&destination, max: 21, "destination_addr", .invalidDestinationAddress)
        try coder.octet(&esmClass.rawValue, "esm_class")
        try coder.octet(&protocolID, "protocol_id")
        try coder.octet(&priorityFlag, "priority_flag")
        try coder.time(&scheduleDeliveryTime, "schedule_delivery_time", .invalidScheduledDeliveryTime)
        try coder.time(&validityPeriod, "validity_period", .invalidValidityPeriod)
        try coder.octet(&registeredDelivery, "registered_delivery")
        try coder.octet(&replaceIfPresent, "replace_if_present_flag")
        try coder.octet(&dataCoding, "data_coding")
        try coder.octet(&defaultMessageID, "sm_default_msg_id")
        try coder.shortMessage(&shortMessage)
        try coder.tlvs(&tlvs)
    }
}

extension DeliverSM: FieldLayout {
    /// The two times are unused (§4.6.1), so whatever an SMSC puts there is accepted.
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&serviceType, max: 6, "service_type", .invalidServiceType)
        try coder.address(&source, max: 21, "source_addr", .invalidSourceAddress)
        try coder.address(&destination, max: 21, "destination_addr", .invalidDestinationAddress)
        try coder.octet(&esmClass.rawValue, "esm_class")
        try coder.octet(&protocolID, "protocol_id")
        try coder.octet(&priorityFlag, "priority_flag")
        try coder.text(&scheduleDeliveryTime, max: 17, "schedule_delivery_time", .invalidScheduledDeliveryTime)
        try coder.text(&validityPeriod, max: 17, "validity_period", .invalidValidityPeriod)
        try coder.octet(&registeredDelivery, "registered_delivery")
        try coder.octet(&replaceIfPresent, "replace_if_present_flag")
        try coder.octet(&dataCoding, "data_coding")
        try coder.octet(&defaultMessageID, "sm_default_msg_id")
        try coder.shortMessage(&shortMessage)
        try coder.tlvs(&tlvs)
    }
}

extension DataSM: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&serviceType, max: 6, "service_type", .invalidServiceType)
        try coder.address(&source, max: 65, "source_addr", .invalidSourceAddress)
        try coder.address(&destination, max: 65, "destination_addr", .invalidDestinationAddress)
        try coder.octet(&esmClass.rawValue, "esm_class")
        try coder.octet(&registeredDelivery, "registered_delivery")
        try coder.octet(&dataCoding, "data_coding")
        try coder.tlvs(&tlvs)
    }
}

extension SubmitMulti: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&serviceType, max: 6, "service_type", .invalidServiceType)
        try coder.address(&source, max: 21, "source_addr", .invalidSourceAddress)
        try coder.list(
            &destinations, of: .address(Address()), max: 254, "number_of_dests", .invalidNumberOfDestinations)
        try coder.octet(&esmClass.rawValue, "esm_class")
        try coder.octet(&protocolID, "protocol_id")
        try coder.octet(&priorityFlag, "priority_flag")
        try coder.time(&scheduleDeliveryTime, "schedule_delivery_time", .invalidScheduledDeliveryTime)
        try coder.time(&validityPeriod, "validity_period", .invalidValidityPeriod)
        try coder.octet(&registeredDelivery, "registered_delivery")
        try coder.octet(&replaceIfPresent, "replace_if_present_flag")
        try coder.octet(&dataCoding, "data_coding")
        try coder.octet(&defaultMessageID, "sm_default_msg_id")
        try coder.shortMessage(&shortMessage)
        try coder.tlvs(&tlvs)
    }
}

extension SubmitMultiDestination: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        var flag: UInt8 = if case .distributionList = self { 2 } else { 1 }
        try coder.octet(&flag, "dest_flag")
        switch flag {
        case 1:
            var address = if case .address(let address) = self { address } else { Address() }
            try coder.address(&address, max: 21, "destination_addr", .invalidDestinationAddress)
            self = .address(address)
        case 2:
            var name = if case .distributionList(let name) = self { name } else { "" }
            try coder.text(&name, max: 21, "dl_name", .invalidDistributionListName)
            self = .distributionList(name)
        default:
            throw FieldError("dest_flag", .invalidDestinationFlag)
        }
    }
}

extension SubmitSMResponse: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.tlvs(&tlvs)
    }
}

extension DeliverSMResponse: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.tlvs(&tlvs)
    }
}

extension DataSMResponse: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.tlvs(&tlvs)
    }
}

extension SubmitMultiResponse: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.list(
            &unsuccessful, of: UnsuccessfulDestination(), max: 254, "no_unsuccess", .invalidNumberOfDestinations)
        try coder.tlvs(&tlvs)
    }
}

extension UnsuccessfulDestination: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.address(&address, max: 21, "destination_addr", .invalidDestinationAddress)
        try coder.word(&status.rawValue, "error_status_code")
    }
}

extension QuerySM: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.address(&source, max: 21, "source_addr", .invalidSourceAddress)
    }
}

extension QuerySMResponse: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.text(&finalDate, max: 17, "final_date", .queryFailed)
        try coder.octet(&messageState, "message_state")
        try coder.octet(&errorCode, "error_code")
        try coder.tlvs(&tlvs)
    }
}

extension CancelSM: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&serviceType, max: 6, "service_type", .invalidServiceType)
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.address(&source, max: 21, "source_addr", .invalidSourceAddress)
        try coder.address(&destination, max: 21, "destination_addr", .invalidDestinationAddress)
    }
}

extension ReplaceSM: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.text(&messageID, max: 65, "message_id", .invalidMessageID)
        try coder.address(&source, max: 21, "source_addr", .invalidSourceAddress)
        try coder.time(&scheduleDeliveryTime, "schedule_delivery_time", .invalidScheduledDeliveryTime)
        try coder.time(&validityPeriod, "validity_period", .invalidValidityPeriod)
        try coder.octet(&registeredDelivery, "registered_delivery")
        try coder.octet(&defaultMessageID, "sm_default_msg_id")
        try coder.shortMessage(&shortMessage)
    }
}

extension AlertNotification: FieldLayout {
    mutating func fields<C: FieldCoder>(_ coder: inout C) throws(FieldError) {
        try coder.address(&source, max: 65, "source_addr", .invalidSourceAddress)
        try coder.address(&esme, max: 65, "esme_addr", .invalidDestinationAddress)
        try coder.tlvs(&tlvs)
    }
}
