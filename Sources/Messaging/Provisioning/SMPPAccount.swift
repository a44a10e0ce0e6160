// SPDX-License-Identifier: Apache-2.0
// An account with which a company's own SMPP clients (ESMEs) bind to Parley, and what it may do there.

public import Accounts
public import SMSText
public import Wire

/// The limits and habits of an SMPP account; every member has a default.
public struct SMPPAccountSettings: Sendable, Equatable {
    /// How message ids are written in responses and receipts.
    public enum IDForm: String, Sendable, CaseIterable {
        /// The id of the other APIs, 36 characters.
        case uuid
        /// A number of at most 19 digits.
        case decimal
        /// The same number in lower-case hexadecimal.
        case hexadecimal
    }

    /// How many sessions may be bound at once, over all of a node.
    public var maximumBinds = 2
    /// Unanswered requests in each direction.
    public var window = 50
    /// Submits a second over all sessions; nil for no limit.
    public var messagesPerSecond: Int?
    /// Where binds may come from; empty for anywhere.
    public var addresses: [AddressRange] = []
    /// The senders that may be used, numbers as digits; empty for any.
    public var senders: [String] = []
    /// The name of the routes that its messages take.
    public var gateway = Route.defaultGateway
    /// What data_coding 0 means to the account.
    public var alphabet = DefaultAlphabet.gsm7
    /// Ids in submit responses.
    public var messageIDs = IDForm.uuid
    /// Ids in receipts.
    public var receiptIDs = IDForm.uuid
    /// Whether the company's inbound messages go to the account's sessions.
    public var takesInbound = true
    /// How an inbound message that is longer than one part is handed over.
    public var concatenation = Concatenation.userDataHeader

    public init() {}

    /// The options' names, as configuration and the Admin API write them.
    public static let names: Set<String> = [
        "maxBinds", "window", "messagesPerSecond", "addresses", "senders", "gateway", "alphabet", "messageIds",
        "receiptIds", "inbound", "concatenation",
    ]

    /// Reads options; what is wrong is named by its option.
    public init(json: JSONValue) throws(ProvisioningError) {
        guard let members = json.object else {
            throw .invalid(field: "options", reason: "must be an object, not \(json.kindName)")
        }
        if let name = members.keys.sorted().first(where: { !Self.names.contains($0) }) {
            throw .invalid(
                field: "options.\(name)",
                reason: "is not an option; the options are \(Self.names.sorted().joined(separator: ", "))")
        }
        let reader = MemberReader(members, path: "options.")
        maximumBinds = try reader.integer("maxBinds", in: 1...1000) ?? maximumBinds
        window = try reader.integer("window", in: 1...10_000) ?? window
        messagesPerSecond = try reader.integer("messagesPerSecond", in: 1...1_000_000)
        addresses = try reader.addressRanges("addresses")
        senders = try reader.texts("senders").map { $0.hasPrefix("+") ? String($0.dropFirst()) : $0 }
        gateway = try reader.text("gateway") ?? gateway
        alphabet = try reader.choice("alphabet", among: DefaultAlphabet.self) ?? alphabet
        messageIDs = try reader.choice("messageIds", among: IDForm.self) ?? messageIDs
        receiptIDs = try reader.choice("receiptIds", among: IDForm.self) ?? messageIDs
        takesInbound = try reader.flag("inbound") ?? takesInbound
        if let name = try reader.text("concatenation") {
            guard let concatenation = Concatenation(storedName: name) else {
                throw .invalid(field: "options.concatenation", reason: "must be one of udh, sar, payload")
            }
            self.concatenation = concatenation
        }
    }

    /// All options, as `init(json:)` reads them.
    public var json: JSONValue {
        var members: [String: JSONValue] = [
            "maxBinds": .integer(Int64(maximumBinds)), "window": .integer(Int64(window)),
            "addresses": .array(addresses.map { .string($0.description) }),
            "senders": .array(senders.map { .string($0) }), "gateway": .string(gateway),
            "alphabet": .string(alphabet.rawValue), "messageIds": .string(messageIDs.rawValue),
            "receiptIds": .string(receiptIDs.rawValue), "inbound": .bool(takesInbound),
            "concatenation": .string(concatenation.storedName),
        ]
        if let messagesPerSecond { members["messagesPerSecond"] = .integer(Int64(messagesPerSecond)) }
        return .object(members)
    }
}

/// A stored SMPP account.
public struct SMPPAccount: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    /// With which its clients bind; unique on the server, 1 to 15 characters.
    public let systemID: String
    /// As `PasswordHash` makes it.
    public let passwordHash: String
    public let settings: SMPPAccountSettings
    public let isEnabled: Bool
    public let lastBoundAt: Milliseconds?
    public let createdAt: Milliseconds
    public let origin: Origin

    public init(
        id: Int64, companyID: CompanyID, systemID: String, passwordHash: String,
        settings: SMPPAccountSettings = SMPPAccountSettings(), isEnabled: Bool = true,
        lastBoundAt: Milliseconds? = nil, createdAt: Milliseconds = 0, origin: Origin = .admin
    ) {
        self.id = id
        self.companyID = companyID
        self.systemID = systemID
        self.passwordHash = passwordHash
        self.settings = settings
        self.isEnabled = isEnabled
        self.lastBoundAt = lastBoundAt
        self.createdAt = createdAt
        self.origin = origin
    }
}
