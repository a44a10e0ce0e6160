// SPDX-License-Identifier: Apache-2.0
// The command_id values of SMPP 3.4 §5.1.2.1. A response is its request with the top bit set; only requests that have a
// response report one.

/// A command_id. Values that are not listed here are legal to hold, so that an unknown command can be named and refused.
public struct CommandID: RawRepresentable, Hashable, Sendable {
    public var rawValue: UInt32

    public init(rawValue: UInt32) {
        self.rawValue = rawValue
    }

    public static let genericNack = CommandID(rawValue: 0x8000_0000)
    public static let bindReceiver = CommandID(rawValue: 0x0000_0001)
    public static let bindTransmitter = CommandID(rawValue: 0x0000_0002)
    public static let querySM = CommandID(rawValue: 0x0000_0003)
    public static let submitSM = CommandID(rawValue: 0x0000_0004)
    public static let deliverSM = CommandID(rawValue: 0x0000_0005)
    public static let unbind = CommandID(rawValue: 0x0000_0006)
    public static let replaceSM = CommandID(rawValue: 0x0000_0007)
    public static let cancelSM = CommandID(rawValue: 0x0000_0008)
    public static let bindTransceiver = CommandID(rawValue: 0x0000_0009)
    public static let outbind = CommandID(rawValue: 0x0000_000B)
    public static let enquireLink = CommandID(rawValue: 0x0000_0015)
    public static let submitMulti = CommandID(rawValue: 0x0000_0021)
    public static let alertNotification = CommandID(rawValue: 0x0000_0102)
    public static let dataSM = CommandID(rawValue: 0x0000_0103)

    /// The top bit: set on every response and on generic_nack.
    public var isResponse: Bool { rawValue & 0x8000_0000 != 0 }

    /// The command_id of the response to this request; nil for outbind, alert_notification and for responses.
    public var response: CommandID? {
        isResponse || self == .outbind || self == .alertNotification
            ? nil : CommandID(rawValue: rawValue | 0x8000_0000)
    }

    /// Whether this library knows the command, as a request or as a response.
    public var isKnown: Bool {
        rawValue != 0 && Self.names[rawValue & 0x7FFF_FFFF] != nil && (!isResponse || hasResponseForm)
    }

    private var hasResponseForm: Bool {
        self == .genericNack || CommandID(rawValue: rawValue & 0x7FFF_FFFF).response != nil
    }

    private static let names: [UInt32: String] = [
        0x0000: "generic_nack", 0x0001: "bind_receiver", 0x0002: "bind_transmitter", 0x0003: "query_sm",
        0x0004: "submit_sm", 0x0005: "deliver_sm", 0x0006: "unbind", 0x0007: "replace_sm", 0x0008: "cancel_sm",
        0x0009: "bind_transceiver", 0x000B: "outbind", 0x0015: "enquire_link", 0x0021: "submit_multi",
        0x0102: "alert_notification", 0x0103: "data_sm",
    ]
}

extension CommandID: CustomStringConvertible {
    /// The name of the specification, `submit_sm_resp`; hexadecimal when the command is unknown.
    public var description: String {
        guard isKnown, let name = Self.names[rawValue & 0x7FFF_FFFF] else { return "0x" + String(rawValue, radix: 16) }
        return isResponse && self != .genericNack ? name + "_resp" : name
    }
}
