// SPDX-License-Identifier: Apache-2.0
// Everything that is configured, as one immutable value in memory: the hot path looks up keys, routes, prices and
// channels without a lock held or a query made. A change in the database raises a version; every node reloads on it.

public import Accounts
internal import Logging
public import SQL
internal import Synchronization
public import Wire

/// A snapshot of the configuration.
public struct Directory: Sendable {
    public var version: Int64 = 0
    public var companies: [CompanyID: Company] = [:]
    public var keys: [[UInt8]: APIKey] = [:]
    public var prices = PriceTable()
    public var routes = RouteTable()
    public var connectors: [Int64: ConnectorSettings] = [:]
    public var channels: [ChannelAddress: MessagingChannel] = [:]
    /// By system id.
    public var smppAccounts: [String: SMPPAccount] = [:]
    public var companySettings: [CompanyID: CompanySettings] = [:]

    public init() {}

    /// Where a channel's events go and how: what the channel says over what its company says.
    public func callback(of channel: MessagingChannel) -> CallbackSettings {
        let account = companySettings[channel.companyID]?.callback
        return (channel.settings.callback ?? CallbackSettings()).over(account)
    }
}

/// Holds the current snapshot and renews it.
public final class DirectoryCache: Sendable {
    private let database: Database
    /// What opens the secrets of the configuration and of messages.
    public let secrets: SecretBox
    private let state = Mutex(Directory())
    private let observers = Mutex<[@Sendable () -> Void]>([])

    public init(database: Database, secrets: SecretBox) {
        self.database = database
        self.secrets = secrets
    }

    public var current: Directory { state.withLock { $0 } }

    /// Calls `observer` after every reading that brought a change.
    public func observe(_ observer: @escaping @Sendable () -> Void) { observers.withLock { $0.append(observer) } }

    /// Reads everything again.
    public func reload() async throws {
        let secrets = secrets
        let directory = try await database.read { transaction in
            let accounts = AccountStore(transaction, secrets: secrets)
            let routing = RoutingStore(transaction, secrets: secrets)
            var directory = Directory()
            directory.version = try routing.version()
            directory.companies = Dictionary(uniqueKeysWithValues: try accounts.companies().map { ($0.id, $0) })
            directory.keys = Dictionary(uniqueKeysWithValues: try accounts.keys().map { ($0.hash, $0) })
            directory.prices = PriceTable(try accounts.prices())
            directory.routes = RouteTable(try routing.routes())
            directory.connectors = Dictionary(uniqueKeysWithValues: try routing.connectors().map { ($0.id, $0) })
            for channel in try routing.channels() {
                directory.channels[ChannelAddress(kind: channel.kind, address: channel.address)] = channel
            }
            for account in try routing.smppAccounts() { directory.smppAccounts[account.systemID] = account }
            directory.companySettings = try routing.companySettings()
            return directory
        }
        let isNew = state.withLock { state in
            // Of two readings side by side the later state stays.
            guard directory.version >= state.version else { return false }
            defer { state = directory }
            return directory.version > state.version
        }
        if isNew { for observer in observers.withLock({ $0 }) { observer() } }
    }

    /// Reads everything again if somebody changed something.
    public func reloadIfChanged() async throws {
        let secrets = secrets
        let version = try await database.read { try RoutingStore($0, secrets: secrets).version() }
        if version != current.version { try await reload() }
    }
}

extension DirectoryCache {
    /// Stores when an SMPP account was last bound; not a change of the configuration.
    public func noteBind(smppAccountID id: Int64, now: Milliseconds) async throws {
        let secrets = secrets
        try await database.write { try RoutingStore($0, secrets: secrets).noteBind(smppAccountID: id, now: now) }
    }

    /// Stores how carriers' receipts write ids, for every node.
    func learn(_ forms: [(connectorID: Int64, form: ReceiptIDForm)]) async throws {
        let secrets = secrets
        try await database.write { transaction in
            let routing = RoutingStore(transaction, secrets: secrets)
            for (connectorID, form) in forms { try routing.learn(form, connectorID: connectorID) }
            try routing.raiseVersion()
        }
        try await reload()
    }
}

extension DirectoryCache {
    /// Notes when keys were last used. That is no change of the configuration: nobody reads it again for this.
    public func noteUse(ofKeys uses: [Int64: Milliseconds]) async throws {
        let secrets = secrets
        try await database.write { try AccountStore($0, secrets: secrets).noteUse(uses) }
    }
}

extension DirectoryCache {
    /// Changes the configuration in one transaction and reads it again, so that this node acts on it at once; the others
    /// do within a second.
    public func provision<T: Sendable>(
        as actor: Actor, checks: ProvisioningChecks = ProvisioningChecks(), now: Milliseconds,
        _ body: @escaping @Sendable (Provisioner) throws -> T
    ) async throws -> T {
        let secrets = secrets
        let result = try await database.write { transaction in
            let provisioner = Provisioner(transaction, secrets: secrets, actor: actor, now: now, checks: checks)
            let result = try body(provisioner)
            try provisioner.finish()
            return result
        }
        try await reload()
        return result
    }
}

extension DirectoryCache {
    /// Looks at the configuration as the database has it, in one transaction that changes nothing.
    public func inspect<T: Sendable>(
        _ body: @escaping @Sendable (Provisioner, Transaction) throws -> T
    ) async throws -> T {
        let secrets = secrets
        return try await database.read { transaction in
            try body(Provisioner(transaction, secrets: secrets, actor: .file, now: 0), transaction)
        }
    }
}
