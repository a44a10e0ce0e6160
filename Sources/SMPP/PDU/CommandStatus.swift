// SPDX-License-Identifier: Apache-2.0
// The command_status values of SMPP 3.4 §5.1.3 and 5.0 §4.7.6, each with the name of the specification. Carriers use
// further values of their own (0x400 to 0x4FF), which are held as they come.

/// A command_status: how a request was answered.
public struct CommandStatus: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    /// The name of the specification, `ESME_RTHROTTLED`; nil for values of carriers and for reserved ones.
    public var name: String? { Self.names[rawValue] }

    /// ESME_ROK: No error.
    public static let ok = CommandStatus(rawValue: 0x00)
    /// ESME_RINVMSGLEN: Message length is invalid.
    public static let invalidMessageLength = CommandStatus(rawValue: 0x01)
    /// ESME_RINVCMDLEN: Command length is invalid.
    public static let invalidCommandLength = CommandStatus(rawValue: 0x02)
    /// ESME_RINVCMDID: Invalid command id.
    public static let invalidCommandID = CommandStatus(rawValue: 0x03)
    /// ESME_RINVBNDSTS: Incorrect bind status for the given command.
    public static let incorrectBindStatus = CommandStatus(rawValue: 0x04)
    /// ESME_RALYBND: ESME already in bound state.
    public static let alreadyBound = CommandStatus(rawValue: 0x05)
    /// ESME_RINVPRTFLG: Invalid priority flag.
    public static let invalidPriorityFlag = CommandStatus(rawValue: 0x06)
    /// ESME_RINVREGDLVFLG: Invalid registered delivery flag.
    public static let invalidRegisteredDelivery = CommandStatus(rawValue: 0x07)
    /// ESME_RSYSERR: System error.
    public static let systemError = CommandStatus(rawValue: 0x08)
    /// ESME_RINVSRCADR: Invalid source address.
    public static let invalidSourceAddress = CommandStatus(rawValue: 0x0A)
    /// ESME_RINVDSTADR: Invalid destination address.
    public static let invalidDestinationAddress = CommandStatus(rawValue: 0x0B)
    /// ESME_RINVMSGID: Message id is invalid.
    public static let invalidMessageID = CommandStatus(rawValue: 0x0C)
    /// ESME_RBINDFAIL: Bind failed.
    public static let bindFailed = CommandStatus(rawValue: 0x0D)
    /// ESME_RINVPASWD: Invalid password.
    public static let invalidPassword = CommandStatus(rawValue: 0x0E)
    /// ESME_RINVSYSID: Invalid system id.
    public static let invalidSystemID = CommandStatus(rawValue: 0x0F)
    /// ESME_RCANCELFAIL: Cancel failed.
    public static let cancelFailed = CommandStatus(rawValue: 0x11)
    /// ESME_RREPLACEFAIL: Replace failed.
    public static let replaceFailed = CommandStatus(rawValue: 0x13)
    /// ESME_RMSGQFUL: Message queue full.
    public static let messageQueueFull = CommandStatus(rawValue: 0x14)
    /// ESME_RINVSERTYP: Invalid service type.
    public static let invalidServiceType = CommandStatus(rawValue: 0x15)
    /// ESME_RINVNUMDESTS: Invalid number of destinations.
    public static let invalidNumberOfDestinations = CommandStatus(rawValue: 0x33)
    /// ESME_RINVDLNAME: Invalid distribution list name.
    public static let invalidDistributionListName = CommandStatus(rawValue: 0x34)
    /// ESME_RINVDESTFLAG: Destination flag is invalid.
    public static let invalidDestinationFlag = CommandStatus(rawValue: 0x40)
    /// ESME_RINVSUBREP: Submit with replace is invalid.
    public static let invalidReplaceRequest = CommandStatus(rawValue: 0x42)
    /// ESME_RINVESMCLASS: Invalid esm_class.
    public static let invalidESMClass = CommandStatus(rawValue: 0x43)
    /// ESME_RCNTSUBDL: Cannot submit to distribution list.
    public static let cannotSubmitToDistributionList = CommandStatus(rawValue: 0x44)
    /// ESME_RSUBMITFAIL: submit_sm or submit_multi failed.
    public static let submitFailed = CommandStatus(rawValue: 0x45)
    /// ESME_RINVSRCTON: Invalid source address TON.
    public static let invalidSourceTON = CommandStatus(rawValue: 0x48)
    /// ESME_RINVSRCNPI: Invalid source address NPI.
    public static let invalidSourceNPI = CommandStatus(rawValue: 0x49)
    /// ESME_RINVDSTTON: Invalid destination address TON.
    public static let invalidDestinationTON = CommandStatus(rawValue: 0x50)
    /// ESME_RINVDSTNPI: Invalid destination address NPI.
    public static let invalidDestinationNPI = CommandStatus(rawValue: 0x51)
    /// ESME_RINVSYSTYP: Invalid system_type.
    public static let invalidSystemType = CommandStatus(rawValue: 0x53)
    /// ESME_RINVREPFLAG: Invalid replace_if_present flag.
    public static let invalidReplaceFlag = CommandStatus(rawValue: 0x54)
    /// ESME_RINVNUMMSGS: Invalid number of messages.
    public static let invalidNumberOfMessages = CommandStatus(rawValue: 0x55)
    /// ESME_RTHROTTLED: Throttling: the allowed message limits are exceeded.
    public static let throttled = CommandStatus(rawValue: 0x58)
    /// ESME_RINVSCHED: Invalid scheduled delivery time.
    public static let invalidScheduledDeliveryTime = CommandStatus(rawValue: 0x61)
    /// ESME_RINVEXPIRY: Invalid validity period (expiry time).
    public static let invalidValidityPeriod = CommandStatus(rawValue: 0x62)
    /// ESME_RINVDFTMSGID: Predefined message is invalid or not found.
    public static let invalidPredefinedMessage = CommandStatus(rawValue: 0x63)
    /// ESME_RX_T_APPN: ESME receiver temporary application error.
    public static let temporaryReceiverError = CommandStatus(rawValue: 0x64)
    /// ESME_RX_P_APPN: ESME receiver permanent application error.
    public static let permanentReceiverError = CommandStatus(rawValue: 0x65)
    /// ESME_RX_R_APPN: ESME receiver rejected the message.
    public static let receiverRejected = CommandStatus(rawValue: 0x66)
    /// ESME_RQUERYFAIL: query_sm failed.
    public static let queryFailed = CommandStatus(rawValue: 0x67)
    /// ESME_RINVOPTPARSTREAM: Error in the optional part of the PDU body.
    public static let invalidOptionalPart = CommandStatus(rawValue: 0xC0)
    /// ESME_ROPTPARNOTALLWD: Optional parameter not allowed.
    public static let optionalParameterNotAllowed = CommandStatus(rawValue: 0xC1)
    /// ESME_RINVPARLEN: Invalid parameter length.
    public static let invalidParameterLength = CommandStatus(rawValue: 0xC2)
    /// ESME_RMISSINGOPTPARAM: Expected optional parameter missing.
    public static let missingOptionalParameter = CommandStatus(rawValue: 0xC3)
    /// ESME_RINVOPTPARAMVAL: Invalid optional parameter value.
    public static let invalidOptionalParameterValue = CommandStatus(rawValue: 0xC4)
    /// ESME_RDELIVERYFAILURE: Delivery failure (data_sm_resp).
    public static let deliveryFailure = CommandStatus(rawValue: 0xFE)
    /// ESME_RUNKNOWNERR: Unknown error.
    public static let unknownError = CommandStatus(rawValue: 0xFF)
    /// ESME_RSERTYPUNAUTH: ESME not authorised to use the service type (5.0).
    public static let serviceTypeUnauthorised = CommandStatus(rawValue: 0x100)
    /// ESME_RPROHIBITED: ESME prohibited from the operation (5.0).
    public static let prohibited = CommandStatus(rawValue: 0x101)
    /// ESME_RSERTYPUNAVAIL: Service type is unavailable (5.0).
    public static let serviceTypeUnavailable = CommandStatus(rawValue: 0x102)
    /// ESME_RSERTYPDENIED: Service type is denied (5.0).
    public static let serviceTypeDenied = CommandStatus(rawValue: 0x103)
    /// ESME_RINVDCS: Invalid data coding scheme (5.0).
    public static let invalidDataCoding = CommandStatus(rawValue: 0x104)
    /// ESME_RINVSRCADDRSUBUNIT: Invalid source address subunit (5.0).
    public static let invalidSourceSubunit = CommandStatus(rawValue: 0x105)
    /// ESME_RINVDSTADDRSUBUNIT: Invalid destination address subunit (5.0).
    public static let invalidDestinationSubunit = CommandStatus(rawValue: 0x106)
    /// ESME_RINVBCASTFREQINT: Invalid broadcast frequency interval (5.0).
    public static let invalidBroadcastFrequency = CommandStatus(rawValue: 0x107)
    /// ESME_RINVBCASTALIAS_NAME: Invalid broadcast alias name (5.0).
    public static let invalidBroadcastAlias = CommandStatus(rawValue: 0x108)
    /// ESME_RINVBCASTAREAFMT: Invalid broadcast area format (5.0).
    public static let invalidBroadcastAreaFormat = CommandStatus(rawValue: 0x109)
    /// ESME_RINVNUMBCAST_AREAS: Invalid number of broadcast areas (5.0).
    public static let invalidNumberOfBroadcastAreas = CommandStatus(rawValue: 0x10A)
    /// ESME_RINVBCASTCNTTYPE: Invalid broadcast content type (5.0).
    public static let invalidBroadcastContentType = CommandStatus(rawValue: 0x10B)
    /// ESME_RINVBCASTMSGCLASS: Invalid broadcast message class (5.0).
    public static let invalidBroadcastMessageClass = CommandStatus(rawValue: 0x10C)
    /// ESME_RBCASTFAIL: broadcast_sm failed (5.0).
    public static let broadcastFailed = CommandStatus(rawValue: 0x10D)
    /// ESME_RBCASTQUERYFAIL: query_broadcast_sm failed (5.0).
    public static let broadcastQueryFailed = CommandStatus(rawValue: 0x10E)
    /// ESME_RBCASTCANCELFAIL: cancel_broadcast_sm failed (5.0).
    public static let broadcastCancelFailed = CommandStatus(rawValue: 0x10F)
    /// ESME_RINVBCAST_REP: Invalid number of repeated broadcasts (5.0).
    public static let invalidBroadcastRepeats = CommandStatus(rawValue: 0x110)
    /// ESME_RINVBCASTSRVGRP: Invalid broadcast service group (5.0).
    public static let invalidBroadcastServiceGroup = CommandStatus(rawValue: 0x111)
    /// ESME_RINVBCASTCHANIND: Invalid broadcast channel indicator (5.0).
    public static let invalidBroadcastChannel = CommandStatus(rawValue: 0x112)

    /// Every status the specifications name, by value.
    static let names: [UInt32: String] = [
        0x00: "ESME_ROK",
        0x01: "ESME_RINVMSGLEN",
        0x02: "ESME_RINVCMDLEN",
        0x03: "ESME_RINVCMDID",
        0x04: "ESME_RINVBNDSTS",
        0x05: "ESME_RALYBND",
        0x06: "ESME_RINVPRTFLG",
        0x07: "ESME_RINVREGDLVFLG",
        0x08: "ESME_RSYSERR",
        0x0A: "ESME_RINVSRCADR",
        0x0B: "ESME_RINVDSTADR",
        0x0C: "ESME_RINVMSGID",
        0x0D: "ESME_RBINDFAIL",
        0x0E: "ESME_RINVPASWD",
        0x0F: "ESME_RINVSYSID",
        0x11: "ESME_RCANCELFAIL",
        0x13: "ESME_RREPLACEFAIL",
        0x14: "ESME_RMSGQFUL",
        0x15: "ESME_RINVSERTYP",
        0x33: "ESME_RINVNUMDESTS",
        0x34: "ESME_RINVDLNAME",
        0x40: "ESME_RINVDESTFLAG",
        0x42: "ESME_RINVSUBREP",
        0x43: "ESME_RINVESMCLASS",
        0x44: "ESME_RCNTSUBDL",
        0x45: "ESME_RSUBMITFAIL",
        0x48: "ESME_RINVSRCTON",
        0x49: "ESME_RINVSRCNPI",
        0x50: "ESME_RINVDSTTON",
        0x51: "ESME_RINVDSTNPI",
        0x53: "ESME_RINVSYSTYP",
        0x54: "ESME_RINVREPFLAG",
        0x55: "ESME_RINVNUMMSGS",
        0x58: "ESME_RTHROTTLED",
        0x61: "ESME_RINVSCHED",
        0x62: "ESME_RINVEXPIRY",
        0x63: "ESME_RINVDFTMSGID",
        0x64: "ESME_RX_T_APPN",
        0x65: "ESME_RX_P_APPN",
        0x66: "ESME_RX_R_APPN",
        0x67: "ESME_RQUERYFAIL",
        0xC0: "ESME_RINVOPTPARSTREAM",
        0xC1: "ESME_ROPTPARNOTALLWD",
        0xC2: "ESME_RINVPARLEN",
        0xC3: "ESME_RMISSINGOPTPARAM",
        0xC4: "ESME_RINVOPTPARAMVAL",
        0xFE: "ESME_RDELIVERYFAILURE",
        0xFF: "ESME_RUNKNOWNERR",
        0x100: "ESME_RSERTYPUNAUTH",
        0x101: "ESME_RPROHIBITED",
        0x102: "ESME_RSERTYPUNAVAIL",
        0x103: "ESME_RSERTYPDENIED",
        0x104: "ESME_RINVDCS",
        0x105: "ESME_RINVSRCADDRSUBUNIT",
        0x106: "ESME_RINVDSTADDRSUBUNIT",
        0x107: "ESME_RINVBCASTFREQINT",
        0x108: "ESME_RINVBCASTALIAS_NAME",
        0x109: "ESME_RINVBCASTAREAFMT",
        0x10A: "ESME_RINVNUMBCAST_AREAS",
        0x10B: "ESME_RINVBCASTCNTTYPE",
        0x10C: "ESME_RINVBCASTMSGCLASS",
        0x10D: "ESME_RBCASTFAIL",
        0x10E: "ESME_RBCASTQUERYFAIL",
        0x10F: "ESME_RBCASTCANCELFAIL",
        0x110: "ESME_RINVBCAST_REP",
        0x111: "ESME_RINVBCASTSRVGRP",
        0x112: "ESME_RINVBCASTCHANIND",
    ]
}

extension CommandStatus: CustomStringConvertible {
    /// `ESME_RTHROTTLED`, or `0x00000410` for a value without a name.
    public var description: String {
        if let name { return name }
        let digits = String(rawValue, radix: 16, uppercase: true)
        return "0x" + String(repeating: "0", count: 8 - digits.count) + digits
    }
}
