// SPDX-License-Identifier: Apache-2.0
// What the Admin API is told by the program that starts it: the rules and the live state of other edges, as closures,
// since edges do not import each other. Every member has a default with which the API works, but shows no live state.

internal import Accounts
public import Messaging
public import Verification
public import Wire

/// Why a configuration file was not taken over; nothing was changed.
public struct ReloadRefusal: Error, Sendable, Equatable {
    /// For the operator, such as `parley.yaml:17: routes[0].connectors: names no connector`.
    public let complaint: String

    public init(_ complaint: String) { self.complaint = complaint }
}

/// What the Admin API asks the rest of the program.
public struct AdminOptions: Sendable {
    /// What is refused because nothing could work with it.
    public var checks = ProvisioningChecks()
    /// How a connector is doing on this node; nil when the node does not run it.
    public var connectorState: @Sendable (_ connectorID: Int64) -> ConnectorLiveState? = { _ in nil }
    /// The sessions of an SMPP account on this node.
    public var smppSessions: @Sendable (_ accountID: Int64) -> [SMPPSessionState] = { _ in [] }
    /// Ends the sessions of an SMPP account on this node; returns how many there were.
    public var disconnectSMPPAccount: @Sendable (_ accountID: Int64) -> Int = { _ in 0 }
    /// Reads the configuration file again and brings the database in line with it; throws `ReloadRefusal`.
    public var reload: @Sendable () async throws -> [Provisioner.Change] = {
        throw ReloadRefusal("this server runs without a configuration file")
    }
    /// The program's version, and when it started.
    public var version = "development"
    public var startedAt: Milliseconds = Timestamp.now()
    /// What this node has seen of the customers' endpoints lately.
    public var endpoints: @Sendable () -> [EndpointLiveState] = { [] }
    /// The limits of one-time passwords and the pumping guard as they are in force.
    public var verification = VerificationGate()
    /// A new secret that signs webhooks.
    public var newWebhookSecret: @Sendable () -> String = { "secret_" + APIKey.generate().dropFirst(3) }

    public init() {}
}

/// How a connector is doing on a node.
public struct ConnectorLiveState: Sendable, Equatable {
    /// One connection to the carrier.
    public struct Bind: Sendable, Equatable {
        public var index: Int
        /// `transceiver`, `transmitter` or `receiver`.
        public var mode: String
        /// What the connection is doing, such as `bound` or `connecting`.
        public var phase: String
        /// Submissions without an answer.
        public var outstanding: Int
        /// How many there may be.
        public var window: Int
        /// How the carrier named itself.
        public var peerSystemID: String?
        public var lastError: String?

        public init(
            index: Int, mode: String, phase: String, outstanding: Int, window: Int, peerSystemID: String? = nil,
            lastError: String? = nil
        ) {
            self.index = index
            self.mode = mode
            self.phase = phase
            self.outstanding = outstanding
            self.window = window
            self.peerSystemID = peerSystemID
            self.lastError = lastError
        }
    }

    public var isUp: Bool
    public var binds: [Bind] = []
    /// Submissions a second over the last 60 seconds.
    public var messagesPerSecond: Double = 0
    /// How many messages a second it may send at present; nil for no limit.
    public var rate: Double?
    /// Whether the carrier asked for a break.
    public var isPaused = false
    /// Submissions without a stored outcome, over all binds.
    public var windowUsed = 0
    public var windowSize = 0

    public init(isUp: Bool) { self.isUp = isUp }
}

/// A session of a customer's ESME.
public struct SMPPSessionState: Sendable, Equatable {
    public var id: UInt64
    /// `transceiver`, `transmitter` or `receiver`.
    public var mode: String
    /// Where it comes from.
    public var address: String
    public var boundAt: Milliseconds
    /// Requests to the ESME without an answer.
    public var outstanding: Int

    public init(id: UInt64, mode: String, address: String, boundAt: Milliseconds, outstanding: Int) {
        self.id = id
        self.mode = mode
        self.address = address
        self.boundAt = boundAt
        self.outstanding = outstanding
    }
}
