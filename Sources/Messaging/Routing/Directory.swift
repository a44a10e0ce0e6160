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

    public init() {}
}

/// Holds the current snapshot and renews it.
public final class DirectoryCache: Sendable {
    private let database: Database
    private let secrets: SecretBox
    private let state = Mutex(Directory())

    public init(database: Database, secrets: SecretBox) {
        self.database = database
        self.secrets = secrets
    }

    public var current: Directory { state.withLock { $0 } }

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
            return directory
        }
        state.withLock { $0 = directory }
    }

    /// Reads everything again if somebody changed something.
    public func reloadIfChanged() async throws {
        let secrets = secrets
        let version = try await database.read { try RoutingStore($0, secrets: secrets).version() }
        if version != current.version { try await reload() }
    }
}

extension DirectoryCache {
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
