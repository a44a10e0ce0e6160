// SPDX-License-Identifier: Apache-2.0
// A message that a simulated SMSC has accepted. Its state is final exactly when `finishedAt` is set.

internal import SMPP
internal import SMSText
internal import Wire

/// What a message says, and how.
struct MessageContent: Hashable, Sendable {
    /// The sar_ parameters, or the concatenation element of a user data header.
    struct Segment: Hashable, Sendable {
        var reference: UInt16
        var total: Int
        var sequence: Int
    }

    /// With the user data header where there is one.
    var octets: [UInt8]
    var hasHeader: Bool
    var dataCoding: UInt8
    var sar: Segment?

    init(octets: [UInt8], hasHeader: Bool, dataCoding: UInt8, sar: Segment? = nil) {
        self.octets = octets
        self.hasHeader = hasHeader
        self.dataCoding = dataCoding
        self.sar = sar
    }

    init(shortMessage: [UInt8], esmClass: ESMClass, dataCoding: UInt8, tlvs: TLVs) {
        octets = shortMessage.isEmpty ? tlvs.messagePayload ?? [] : shortMessage
        hasHeader = esmClass.hasUserDataHeader
        self.dataCoding = dataCoding
        if let reference = tlvs.sarMsgRefNum, let total = tlvs.sarTotalSegments, let sequence = tlvs.sarSegmentSeqnum,
            total > 1, (1...total).contains(sequence)
        {
            sar = Segment(reference: reference, total: Int(total), sequence: Int(sequence))
        }
    }

    /// The user data header, if any can be read, and what follows it.
    var split: (header: UserDataHeader?, userData: [UInt8]) {
        guard hasHeader, let (header, userData) = UserDataHeader.split(octets) else { return (nil, octets) }
        return (header, userData)
    }
}

/// A request to send one message to one recipient.
struct Submittal: Sendable {
    var account: String
    var source: Address
    var destination: Address
    var content: MessageContent
    var registeredDelivery: UInt8
    var scheduleDeliveryTime = ""
    var validityPeriod = ""

    init(_ body: SubmitSM, account: String) {
        self.account = account
        source = body.source
        destination = body.destination
        content = MessageContent(
            shortMessage: body.shortMessage, esmClass: body.esmClass, dataCoding: body.dataCoding, tlvs: body.tlvs)
        registeredDelivery = body.registeredDelivery
        scheduleDeliveryTime = body.scheduleDeliveryTime
        validityPeriod = body.validityPeriod
    }

    init(_ body: DataSM, account: String) {
        self.account = account
        source = body.source
        destination = body.destination
        content = MessageContent(
            shortMessage: [], esmClass: body.esmClass, dataCoding: body.dataCoding, tlvs: body.tlvs)
        registeredDelivery = body.registeredDelivery
    }

    init(_ body: SubmitMulti, destination: Address, account: String) {
        self.account = account
        source = body.source
        self.destination = destination
        content = MessageContent(
            shortMessage: body.shortMessage, esmClass: body.esmClass, dataCoding: body.dataCoding, tlvs: body.tlvs)
        registeredDelivery = body.registeredDelivery
        scheduleDeliveryTime = body.scheduleDeliveryTime
        validityPeriod = body.validityPeriod
    }

    /// What is wrong with the request itself.
    var refusal: CommandStatus? {
        let digits =
            destination.value.utf8.first == UInt8(ascii: "+") ? destination.value.dropFirst() : destination.value[...]
        guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return .invalidDestinationAddress
        }
        if !scheduleDeliveryTime.isEmpty, SMPPTime(scheduleDeliveryTime) == nil { return .invalidScheduledDeliveryTime }
        if !validityPeriod.isEmpty, SMPPTime(validityPeriod) == nil { return .invalidValidityPeriod }
        return nil
    }
}

struct StoredMessage: Hashable, Sendable {
    /// Increasing in the order of acceptance, unique over restarts.
    let key: UInt64
    /// As the submit response gave it.
    let id: String
    let account: String
    let source: Address
    let destination: Address
    var content: MessageContent
    var registeredDelivery: UInt8
    let acceptedAt: Milliseconds
    /// What will become of it; nil for nothing ever.
    var final: SMSCSimulator.Outcome.Final?
    var finishedAt: Milliseconds?

    var state: MessageState { finishedAt == nil ? .enroute : final?.state ?? .unknown }

    /// Whether a receipt will be due (SMPP 3.4 §5.2.17; 3, on success only, is of 5.0).
    var wantsReceipt: Bool {
        guard let final else { return false }
        return switch registeredDelivery & 3 {
        case 1: true
        case 2: final.state != .delivered
        case 3: final.state == .delivered
        default: false
        }
    }
}
