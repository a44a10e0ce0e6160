// SPDX-License-Identifier: Apache-2.0
// What a client needs to know about the carrier it binds to.

public import NIOSSL

/// Which way a PDU went, as its client sees it.
public enum PDUDirection: Hashable, Sendable { case sent, received }

extension SMPPClient {
    /// How the binds of a client divide the two directions.
    public enum BindLayout: Hashable, Sendable {
        /// Each bind is a transceiver.
        case transceiver
        /// Each bind is a pair of a transmitter and a receiver.
        case separate
        case transmitter
        case receiver

        var modes: [BindMode] {
            switch self {
            case .transceiver: [.transceiver]
            case .separate: [.transmitter, .receiver]
            case .transmitter: [.transmitter]
            case .receiver: [.receiver]
            }
        }
    }

    /// Everything about one carrier. Only host, port, system id and password have no default.
    public struct Configuration: Sendable {
        public var host: String
        public var port: Int
        public var systemID: String
        public var password: String
        public var systemType = ""
        public var interfaceVersion: UInt8 = 0x34
        /// addr_ton, addr_npi and address_range of the bind.
        public var addressRange = Address()
        public var bindMode: BindLayout = .transceiver
        /// How many binds (pairs for `.separate`) are kept up, each with a window of its own.
        public var binds = 1
        /// How many requests may be unanswered on one bind.
        public var window = 10
        /// Nil does not limit the rate.
        public var messagesPerSecond: Double?
        /// How many inbound requests may wait for `respond` on one bind; more are answered ESME_RX_T_APPN.
        public var inboundWindow = 1000
        public var responseTimeout: Duration = .seconds(10)
        /// After this long without anything received an enquire_link is sent.
        public var enquireLinkInterval: Duration = .seconds(30)
        /// After this long without a message either way the bind is given up and made anew. Nil: never.
        public var inactivityTimeout: Duration?
        /// From the start of the connection to the bind response.
        public var bindTimeout: Duration = .seconds(10)
        public var reconnectMinimum: Duration = .seconds(1)
        public var reconnectMaximum: Duration = .seconds(60)
        public var tls: SMPPClientTLS?
        /// Longer PDUs break the framing and end the session.
        public var maximumPDUSize = 70_000
        /// Sees every PDU as it is sent or received, with the index of its bind. Called on event loops: it must not
        /// block, and what it is given holds passwords and texts.
        public var onExchange: (@Sendable (PDU, PDUDirection, Int) -> Void)?

        public init(host: String, port: Int, systemID: String, password: String) {
            self.host = host
            self.port = port
            self.systemID = systemID
            self.password = password
        }
    }
}

/// TLS towards a carrier.
public struct SMPPClientTLS: Sendable {
    /// The roots to trust; nil takes the system's.
    public var trustRoots: [NIOSSLCertificate]?
    /// False accepts any certificate. For test systems only.
    public var verifiesCertificate = true
    /// The name to ask for and to verify; nil takes the host of the configuration.
    public var serverName: String?
    /// A client certificate with its key, where the carrier asks for one.
    public var certificateChain: [NIOSSLCertificate] = []
    public var privateKey: NIOSSLPrivateKey?

    public init() {}
}
