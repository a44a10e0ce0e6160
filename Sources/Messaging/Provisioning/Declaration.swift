// SPDX-License-Identifier: Apache-2.0
// All that a configuration file declares, and the step that brings the database in line with it: what is declared is
// made or changed, what the file declared before and no longer does is removed, what others made stays.

public import Accounts
public import Wire

/// The contents of a configuration file; things refer to each other by name.
public struct Declaration: Sendable {
    public struct Company: Sendable {
        /// Its `resellerID` counts for nothing.
        public var draft: CompanyDraft
        public var reseller: String?
        /// What a prepaid company starts with.
        public var initialBalance = Money.zero
        public var keys: [Key] = []
        public var channels: [Channel] = []
        /// What it has set for itself in the Conversations API; nil for what is there.
        public var settings: Settings?
        public var smppAccounts: [SMPP] = []

        public init(_ draft: CompanyDraft) { self.draft = draft }
    }

    /// What the file says of a company's settings; nil leaves what is there.
    public struct Settings: Sendable {
        public var scopes: [String]?
        public var callback: CallbackSettings?
        /// Where the Chat API's events go, and in the form of which edition inbound ones are.
        public var chatCallback: CallbackSettings?
        public var chatVersion: ChatEventVersion?
        public var mediaCredentials: MediaCredentials?
        public var mediaQuota: Int64?

        public init() {}
    }

    public struct Channel: Sendable {
        public var address: ChannelAddress
        public var inbound: Reporting?
        public var name: String?
        public var connector: String?
        /// Its callback is nil where the file leaves it to the company.
        public var settings: ChannelSettings

        public init(
            _ address: ChannelAddress, inbound: Reporting? = nil, name: String? = nil, connector: String? = nil,
            settings: ChannelSettings = ChannelSettings()
        ) {
            self.address = address
            self.inbound = inbound
            self.name = name
            self.connector = connector
            self.settings = settings
        }
    }

    public struct Key: Sendable {
        public var name: String
        public var text: String
        public var limits: KeyLimits

        public init(name: String, text: String, limits: KeyLimits = KeyLimits()) {
            self.name = name
            self.text = text
            self.limits = limits
        }
    }

    public struct SMPP: Sendable {
        public var systemID: String
        /// The stored one, where the password is still the same.
        public var passwordHash: String
        public var settings: SMPPAccountSettings
        public var isEnabled: Bool

        public init(systemID: String, passwordHash: String, settings: SMPPAccountSettings, isEnabled: Bool = true) {
            self.systemID = systemID
            self.passwordHash = passwordHash
            self.settings = settings
            self.isEnabled = isEnabled
        }
    }

    public struct Connector: Sendable {
        public var name: String
        public var kind: String
        public var options: JSONValue
        public var secret: String

        public init(name: String, kind: String, options: JSONValue, secret: String) {
            self.name = name
            self.kind = kind
            self.options = options
            self.secret = secret
        }
    }

    public struct RouteEntry: Sendable {
        public var gateway: String
        public var prefix: String
        public var connectors: [String]

        public init(gateway: String = Route.defaultGateway, prefix: String = "", connectors: [String]) {
            self.gateway = gateway
            self.prefix = prefix
            self.connectors = connectors
        }
    }

    public struct PriceEntry: Sendable {
        public var company: String?
        /// Its id, company and origin count for nothing.
        public var price: Price

        public init(company: String? = nil, price: Price) {
            self.company = company
            self.price = price
        }
    }

    public var companies: [Company] = []
    public var connectors: [Connector] = []
    public var routes: [RouteEntry] = []
    public var prices: [PriceEntry] = []

    public init() {}
}

extension Provisioner {
    /// Brings the database in line with the file. The caller's actor is the file.
    public func apply(_ declaration: Declaration) throws {
        let companies = try applyCompanies(declaration.companies)
        let connectors = try applyConnectors(declaration.connectors)
        try applyRoutes(declaration.routes, connectors)
        try applyPrices(declaration.prices, companies)
        let declared = declaration.companies.compactMap { company in
            companies[company.draft.name].map { ($0, company) }
        }
        try applyChannels(declared, connectors)
        try applySettings(declared)
        try applyKeys(declared)
        try applySMPPAccounts(declared)
        let names = Set(declaration.connectors.map(\.name))
        for connector in try self.connectors() where connector.origin == .file && !names.contains(connector.name) {
            try remove(connectorID: connector.id)
        }
        // Resellers last: they are closed only without companies of their own.
        let gone = try self.companies().filter {
            $0.origin == .file && $0.closedAt == nil && companies[$0.name] == nil
        }
        for company in gone.sorted(by: { !$0.isReseller && $1.isReseller }) { try close(companyID: company.id) }
    }

    private func applyCompanies(_ declared: [Declaration.Company]) throws -> [String: CompanyID] {
        var ids: [String: CompanyID] = [:]
        // Resellers first: others refer to them.
        for company in declared.sorted(by: { $0.draft.isReseller && !$1.draft.isReseller }) {
            var draft = company.draft
            if let reseller = company.reseller {
                guard let id = ids[reseller] else {
                    throw ProvisioningError.invalid(field: "reseller", reason: "names no reseller: \(reseller)")
                }
                draft.resellerID = id
            }
            if let known = try companies().first(where: { $0.name == draft.name }) {
                if known.closedAt != nil { _ = try reopen(companyID: known.id) }
                ids[draft.name] = try change(companyID: known.id, to: draft).id
            } else {
                ids[draft.name] = try create(draft, initialBalance: company.initialBalance).id
            }
        }
        return ids
    }

    private func applyConnectors(_ declared: [Declaration.Connector]) throws -> [String: Int64] {
        var ids: [String: Int64] = [:]
        for entry in declared {
            if let known = try connectors().first(where: { $0.name == entry.name }) {
                ids[entry.name] =
                    try change(
                        connectorID: known.id, name: entry.name, kind: entry.kind, options: entry.options,
                        secret: entry.secret
                    ).id
            } else {
                ids[entry.name] =
                    try createConnector(
                        name: entry.name, kind: entry.kind, options: entry.options, secret: entry.secret
                    ).id
            }
        }
        return ids
    }

    private func applyRoutes(_ declared: [Declaration.RouteEntry], _ connectors: [String: Int64]) throws {
        let wanted = declared.map { entry in
            Route(
                id: 0, gateway: entry.gateway, prefix: entry.prefix,
                connectorIDs: entry.connectors.compactMap { connectors[$0] })
        }
        let keys = Set(wanted.map { [$0.gateway, $0.prefix] })
        for route in try routes() where route.origin == .file && !keys.contains([route.gateway, route.prefix]) {
            try remove(routeID: route.id)
        }
        let known = Dictionary(uniqueKeysWithValues: try routes().map { ([$0.gateway, $0.prefix], $0.id) })
        var new: [Route] = []
        for route in wanted {
            if let id = known[[route.gateway, route.prefix]] {
                _ = try change(routeID: id, to: route)
            } else {
                new.append(route)
            }
        }
        try create(new)
    }

    private func applyPrices(_ declared: [Declaration.PriceEntry], _ companies: [String: CompanyID]) throws {
        let wanted = try declared.map { entry in
            let companyID = try entry.company.map { name in
                guard let id = companies[name] else {
                    throw ProvisioningError.invalid(field: "company", reason: "names no company: \(name)")
                }
                return id
            }
            return entry.price.with(companyID: companyID, origin: .file)
        }
        let keys = Set(wanted.map(\.key))
        let stored = try prices()
        for price in stored where price.origin == .file && !keys.contains(price.key) { try remove(priceID: price.id) }
        // A table may hold many thousands of rows: they are compared here, and only what differs is looked at again.
        let known = Dictionary(stored.map { ($0.key, $0) }) { first, _ in first }
        for price in wanted {
            guard let row = known[price.key], row != price.with(id: row.id, origin: .file) else { continue }
            _ = try change(priceID: row.id, to: price)
        }
        try create(wanted.filter { known[$0.key] == nil })
    }

    private func applyChannels(
        _ declared: [(id: CompanyID, company: Declaration.Company)], _ connectors: [String: Int64]
    ) throws {
        let addresses = Set(declared.flatMap { $0.company.channels.map(\.address) })
        for channel in try channels()
        where channel.origin == .file
            && !addresses.contains(ChannelAddress(kind: channel.kind, address: channel.address))
        {
            try remove(channelID: channel.id)
        }
        for (companyID, company) in declared {
            for entry in company.channels {
                let connectorID = try entry.connector.map { name in
                    guard let id = connectors[name] else {
                        throw ProvisioningError.invalid(field: "connector", reason: "names no connector: \(name)")
                    }
                    return id
                }
                let details = ChannelDetails(name: entry.name, connectorID: connectorID, settings: entry.settings)
                let address = entry.address
                let known = try channels().first { $0.kind == address.kind && $0.address == address.address }
                if let known {
                    _ = try change(
                        channelID: known.id, companyID: companyID, address: address, inbound: entry.inbound,
                        details: details)
                } else {
                    _ = try createChannel(
                        companyID: companyID, address: address, inbound: entry.inbound, details: details)
                }
            }
        }
    }

    private func applySettings(_ declared: [(id: CompanyID, company: Declaration.Company)]) throws {
        for (companyID, company) in declared {
            guard let entry = company.settings else { continue }
            var settings = try settings(ofCompany: companyID)
            settings.scopes = entry.scopes ?? settings.scopes
            settings.callback = entry.callback ?? settings.callback
            settings.chatCallback = entry.chatCallback ?? settings.chatCallback
            settings.chatVersion = entry.chatVersion ?? settings.chatVersion
            settings.mediaCredentials = entry.mediaCredentials ?? settings.mediaCredentials
            settings.mediaQuota = entry.mediaQuota ?? settings.mediaQuota
            try setSettings(settings, ofCompany: companyID)
        }
    }

    private func applyKeys(_ declared: [(id: CompanyID, company: Declaration.Company)]) throws {
        // By their text, too: a key may go on under another name, and a name with another key.
        let texts = Set(declared.flatMap { id, company in company.keys.map { KeyPlace(id, $0) } })
        for key in try keys()
        where key.origin == .file
            && !texts.contains(KeyPlace(companyID: key.companyID, name: key.name, hash: key.hash))
        {
            try remove(keyID: key.id)
        }
        for (companyID, company) in declared {
            for entry in company.keys {
                if let known = try keys().first(where: { $0.companyID == companyID && $0.name == entry.name }) {
                    _ = try change(keyID: known.id, name: entry.name, limits: entry.limits, text: entry.text)
                } else {
                    _ = try createKey(entry.text, name: entry.name, companyID: companyID, limits: entry.limits)
                }
            }
        }
    }

    private func applySMPPAccounts(_ declared: [(id: CompanyID, company: Declaration.Company)]) throws {
        let systemIDs = Set(declared.flatMap { $0.company.smppAccounts.map(\.systemID) })
        for account in try smppAccounts() where account.origin == .file && !systemIDs.contains(account.systemID) {
            try remove(smppAccountID: account.id)
        }
        for (companyID, company) in declared {
            for entry in company.smppAccounts {
                if let known = try smppAccounts().first(where: { $0.systemID == entry.systemID }) {
                    _ = try change(
                        smppAccountID: known.id, companyID: companyID, systemID: entry.systemID,
                        passwordHash: entry.passwordHash, settings: entry.settings, isEnabled: entry.isEnabled)
                } else {
                    _ = try createSMPPAccount(
                        companyID: companyID, systemID: entry.systemID, passwordHash: entry.passwordHash,
                        settings: entry.settings, isEnabled: entry.isEnabled)
                }
            }
        }
    }
}

/// A key and where it belongs.
private struct KeyPlace: Hashable {
    let companyID: CompanyID
    let name: String
    let hash: [UInt8]

    init(companyID: CompanyID, name: String, hash: [UInt8]) {
        self.companyID = companyID
        self.name = name
        self.hash = hash
    }

    init(_ companyID: CompanyID, _ key: Declaration.Key) {
        self.init(companyID: companyID, name: key.name, hash: APIKey.hash(of: key.text))
    }
}

extension Price {
    func with(companyID: CompanyID?, origin: Origin) -> Price {
        Price(
            id: 0, companyID: companyID, direction: direction, prefix: prefix, mcc: mcc, mnc: mnc, ttid: ttid,
            currency: currency, amount: amount, effectiveFrom: effectiveFrom, origin: origin)
    }
}
