// SPDX-License-Identifier: Apache-2.0
// Bodies of the session PDUs (SMPP 3.4 §4.1 and §4.12).

/// Which way messages go on a session.
public enum BindMode: Hashable, Sendable, CaseIterable {
    case transmitter, receiver, transceiver

    /// Whether the ESME may submit.
    public var canTransmit: Bool { self != .receiver }
    /// Whether the SMSC may deliver.
    public var canReceive: Bool { self != .transmitter }

    public var commandID: CommandID {
        switch self {
        case .transmitter: .bindTransmitter
        case .receiver: .bindReceiver
        case .transceiver: .bindTransceiver
        }
    }
}

/// bind_transmitter, bind_receiver or bind_transceiver (§4.1.1, §4.1.3, §4.1.5).
public struct Bind: Hashable, Sendable {
    public var mode: BindMode
    /// At most 15 octets.
    public var systemID = ""
    /// At most 8 octets.
    public var password = ""
    /// At most 12 octets.
    public var systemType = ""
    /// 0x34 for 3.4, 0x50 for 5.0.
    public var interfaceVersion: UInt8 = 0x34
    /// The addresses served by the ESME; the value is a pattern of at most 40 octets.
    public var addressRange = Address()

    public init(
        mode: BindMode, systemID: String = "", password: String = "", systemType: String = "",
        interfaceVersion: UInt8 = 0x34, addressRange: Address = Address()
    ) {
        self.mode = mode
        self.systemID = systemID
        self.password = password
        self.systemType = systemType
        self.interfaceVersion = interfaceVersion
        self.addressRange = addressRange
    }
}

/// The response to a bind (§4.1.2, §4.1.4, §4.1.6).
public struct BindResponse: Hashable, Sendable {
    public var mode: BindMode
    /// The SMSC's own name, at most 15 octets.
    public var systemID = ""
    public var tlvs: TLVs = []

    public init(mode: BindMode, systemID: String = "", tlvs: TLVs = []) {
        self.mode = mode
        self.systemID = systemID
        self.tlvs = tlvs
    }
}

/// outbind (§4.1.7): the SMSC asks an ESME to bind as a receiver.
public struct Outbind: Hashable, Sendable {
    public var systemID = ""
    public var password = ""

    public init(systemID: String = "", password: String = "") {
        self.systemID = systemID
        self.password = password
    }
}

/// alert_notification (§4.12.1): the subscriber became available.
public struct AlertNotification: Hashable, Sendable {
    public var source = Address()
    public var esme = Address()
    public var tlvs: TLVs = []

    public init(source: Address = Address(), esme: Address = Address(), tlvs: TLVs = []) {
        self.source = source
        self.esme = esme
        self.tlvs = tlvs
    }
}
