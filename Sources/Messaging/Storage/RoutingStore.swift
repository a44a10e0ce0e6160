// SPDX-License-Identifier: Apache-2.0
// Connectors, routes, channels and SMPP accounts as rows, and the version by which every node notices a change. What may
// be changed by whom, and what the audit log says of it, is `Provisioner`'s part.

public import Accounts
internal import Foundation
public import SQL
public import Wire

public struct RoutingStore {
    private let transaction: Transaction
    private let secrets: SecretBox

    public init(_ transaction: Transaction, secrets: SecretBox) {
        self.transaction = transaction
        self.secrets = secrets
    }

    private static let connectorPurpose = "connector-secret"

    /// Rises with every change of the configuration.
    public func version() throws -> Int64 {
        let row = try transaction.queryOne("SELECT value FROM settings WHERE name = 'directory_version'")
        return try row.flatMap { Int64(try $0.text("value")) } ?? 0
    }

    /// Tells every node to read the configuration again.
    public func raiseVersion() throws {
        let version = try version() + 1
        try transaction.execute(
            """
            INSERT INTO settings (name, value) VALUES ('directory_version', $1)
            ON CONFLICT (name) DO UPDATE SET value = excluded.value
            """, [.text(String(version))])
    }

    // MARK: Connectors

    public func connectors() throws -> [ConnectorSettings] {
        try transaction.query(
            """
            SELECT id, name, kind, settings, secret, enabled, stopped, generation, receipt_id_form, origin
            FROM connectors ORDER BY id
            """
        ).map { row in
            ConnectorSettings(
                id: try row.int64("id"), name: try row.text("name"), kind: try row.text("kind"),
                options: try Self.json(row, "settings"),
                secret: try secrets.open(try row.text("secret"), purpose: Self.connectorPurpose),
                isEnabled: try row.bool("enabled"), isStopped: try row.bool("stopped"),
                generation: try row.int64("generation"),
                receiptIDForm: try row.textOrNil("receipt_id_form").flatMap(ReceiptIDForm.init(rawValue:)),
                origin: try Self.origin(of: row))
        }
    }

    func insert(_ connector: ConnectorSettings) throws -> Int64 {
        let row = try transaction.queryOne(
            "INSERT INTO connectors (name, kind, settings, secret, origin) VALUES ($1, $2, $3, $4, $5) RETURNING id",
            try values(of: connector))
        return try Self.id(row, "connectors.id")
    }

    func update(_ connector: ConnectorSettings) throws {
        try transaction.execute(
            """
            UPDATE connectors SET name = $1, kind = $2, settings = $3, secret = $4, origin = $5, enabled = $6,
                stopped = $7, generation = $8
            WHERE id = $9
            """,
            try values(of: connector) + [
                SQLValue(connector.isEnabled), SQLValue(connector.isStopped), .integer(connector.generation),
                .integer(connector.id),
            ])
    }

    private func values(of connector: ConnectorSettings) throws -> [SQLValue] {
        [
            .text(connector.name), .text(connector.kind), .text(Self.text(of: connector.options)),
            .text(try secrets.seal(connector.secret, purpose: Self.connectorPurpose)),
            .text(connector.origin.rawValue),
        ]
    }

    /// Remembers how a carrier's receipts write ids.
    func learn(_ form: ReceiptIDForm, connectorID: Int64) throws {
        try transaction.execute(
            "UPDATE connectors SET receipt_id_form = $2 WHERE id = $1", [.integer(connectorID), .text(form.rawValue)])
    }

    // MARK: Routes

    public func routes() throws -> [Route] {
        try transaction.query("SELECT id, gateway, prefix, connectors, origin FROM routes ORDER BY id").map { row in
            Route(
                id: try row.int64("id"), gateway: try row.text("gateway"), prefix: try row.text("prefix"),
                connectorIDs: try row.text("connectors").split(separator: " ").compactMap { Int64($0) },
                origin: try Self.origin(of: row))
        }
    }

    /// Stores routes; their ids count for nothing.
    func insert(_ routes: [Route]) throws {
        try transaction.executeBatch(
            "INSERT INTO routes (gateway, prefix, connectors, origin) VALUES ($1, $2, $3, $4)",
            routes.map(Self.values(of:)))
    }

    func update(_ routes: [Route]) throws {
        try transaction.executeBatch(
            "UPDATE routes SET gateway = $1, prefix = $2, connectors = $3, origin = $4 WHERE id = $5",
            routes.map { Self.values(of: $0) + [.integer($0.id)] })
    }

    private static func values(of route: Route) -> [SQLValue] {
        [
            .text(route.gateway), .text(route.prefix),
            .text(route.connectorIDs.map(String.init).joined(separator: " ")), .text(route.origin.rawValue),
        ]
    }

    func removeRoutes(_ ids: [Int64]) throws {
        try transaction.executeBatch("DELETE FROM routes WHERE id = $1", ids.map { [.integer($0)] })
    }

    // MARK: Channels

    public func channels() throws -> [MessagingChannel] {
        try transaction.query(
            """
            SELECT id, company_id, kind, address, inbound_url, inbound_method, origin, name, connector_id, settings
            FROM channels ORDER BY id
            """
        ).compactMap { row in
            guard let kind = ChannelKind(rawValue: try row.text("kind")) else { return nil }
            let method = Reporting.Method(rawValue: try row.text("inbound_method")) ?? .post
            var channel = MessagingChannel(
                id: try row.int64("id"), companyID: try row.int64("company_id"), kind: kind,
                address: try row.text("address"),
                inbound: try row.textOrNil("inbound_url").map { Reporting(url: $0, method: method) },
                origin: try Self.origin(of: row))
            channel.name = try row.textOrNil("name")
            channel.connectorID = try row.int64OrNil("connector_id")
            channel.settings = try Self.decoded(ChannelSettings.self, from: try row.text("settings"))
            return channel
        }
    }

    func insert(_ channel: MessagingChannel) throws -> Int64 {
        let row = try transaction.queryOne(
            """
            INSERT INTO channels
                (company_id, kind, address, inbound_url, inbound_method, origin, name, connector_id, settings)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) RETURNING id
            """, Self.values(of: channel))
        return try Self.id(row, "channels.id")
    }

    func update(_ channel: MessagingChannel) throws {
        try transaction.execute(
            """
            UPDATE channels SET company_id = $1, kind = $2, address = $3, inbound_url = $4, inbound_method = $5,
                origin = $6, name = $7, connector_id = $8, settings = $9
            WHERE id = $10
            """, Self.values(of: channel) + [.integer(channel.id)])
    }

    private static func values(of channel: MessagingChannel) -> [SQLValue] {
        [
            .integer(channel.companyID), .text(channel.kind.rawValue), .text(channel.address),
            SQLValue(channel.inbound?.url), .text((channel.inbound?.method ?? .post).rawValue),
            .text(channel.origin.rawValue), SQLValue(channel.name), SQLValue(channel.connectorID),
            .text(Self.encoded(channel.settings)),
        ]
    }

    func removeChannel(_ id: Int64) throws {
        try transaction.execute("DELETE FROM channels WHERE id = $1", [.integer(id)])
    }

    // MARK: What companies have set for themselves

    private static let companyPurpose = "company-settings"

    public func companySettings() throws -> [CompanyID: CompanySettings] {
        let rows = try transaction.query("SELECT company_id, settings FROM company_settings")
        return Dictionary(
            uniqueKeysWithValues: try rows.map { row in
                let json = try secrets.open(try row.text("settings"), purpose: Self.companyPurpose)
                return (try row.int64("company_id"), try Self.decoded(CompanySettings.self, from: json))
            })
    }

    func store(_ settings: CompanySettings, of companyID: CompanyID) throws {
        try transaction.execute(
            """
            INSERT INTO company_settings (company_id, settings) VALUES ($1, $2)
            ON CONFLICT (company_id) DO UPDATE SET settings = excluded.settings
            """,
            [
                .integer(companyID),
                .text(try secrets.seal(Self.encoded(settings), purpose: Self.companyPurpose)),
            ])
    }

    // MARK: SMPP accounts

    public func smppAccounts() throws -> [SMPPAccount] {
        try transaction.query(
            """
            SELECT id, company_id, system_id, password_hash, settings, enabled, last_bound_at, created_at, origin
            FROM smpp_accounts ORDER BY id
            """
        ).map { row in
            SMPPAccount(
                id: try row.int64("id"), companyID: try row.int64("company_id"), systemID: try row.text("system_id"),
                passwordHash: try row.text("password_hash"),
                settings: try SMPPAccountSettings(json: try Self.json(row, "settings")),
                isEnabled: try row.bool("enabled"), lastBoundAt: try row.int64OrNil("last_bound_at"),
                createdAt: try row.int64("created_at"), origin: try Self.origin(of: row))
        }
    }

    func insert(_ account: SMPPAccount) throws -> Int64 {
        let row = try transaction.queryOne(
            """
            INSERT INTO smpp_accounts (company_id, system_id, password_hash, settings, enabled, origin, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id
            """, Self.values(of: account) + [.integer(account.createdAt)])
        return try Self.id(row, "smpp_accounts.id")
    }

    func update(_ account: SMPPAccount) throws {
        try transaction.execute(
            """
            UPDATE smpp_accounts SET company_id = $1, system_id = $2, password_hash = $3, settings = $4, enabled = $5,
                origin = $6
            WHERE id = $7
            """, Self.values(of: account) + [.integer(account.id)])
    }

    private static func values(of account: SMPPAccount) -> [SQLValue] {
        [
            .integer(account.companyID), .text(account.systemID), .text(account.passwordHash),
            .text(text(of: account.settings.json)), SQLValue(account.isEnabled), .text(account.origin.rawValue),
        ]
    }

    func removeSMPPAccount(_ id: Int64) throws {
        try transaction.execute("DELETE FROM smpp_accounts WHERE id = $1", [.integer(id)])
    }

    /// Notes that an account has bound.
    public func noteBind(smppAccountID id: Int64, now: Milliseconds) throws {
        try transaction.execute(
            "UPDATE smpp_accounts SET last_bound_at = $2 WHERE id = $1", [.integer(id), .integer(now)])
    }

    // MARK: Rows

    private static func origin(of row: Row) throws -> Origin { Origin(rawValue: try row.text("origin")) ?? .file }

    private static func id(_ row: Row?, _ what: String) throws -> Int64 {
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding(what) }
        return id
    }

    private static func json(_ row: Row, _ column: String) throws -> JSONValue {
        guard let value = try? JSONValue(parsing: try row.text(column).utf8) else {
            throw DatabaseError.decoding(column)
        }
        return value
    }

    private static func decoded<Value: Decodable>(_ type: Value.Type, from json: String) throws -> Value {
        do {
            return try JSONDecoder().decode(type, from: Data(json.utf8))
        } catch {
            throw DatabaseError.decoding("settings")
        }
    }

    private static func encoded(_ value: some Encodable) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let data = try? encoder.encode(value) else {
            preconditionFailure("settings are made of JSON's own types")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private static func text(of value: JSONValue) -> String {
        var writer = JSONWriter()
        writer.value(value)
        return writer.text
    }
}
