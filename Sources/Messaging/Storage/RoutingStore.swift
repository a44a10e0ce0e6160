// SPDX-License-Identifier: Apache-2.0
// Reads and writes connectors, routes and channels. What the configuration file declares carries the origin `file`;
// applying a file updates the rows in place, so that ids in stored parts stay true, and removes those it no longer names.

public import Accounts
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

    public func saveConnector(name: String, kind: String, options: JSONValue, secret: String) throws -> Int64 {
        var writer = JSONWriter()
        writer.value(options)
        let row = try transaction.queryOne(
            """
            INSERT INTO connectors (name, kind, settings, secret, origin) VALUES ($1, $2, $3, $4, 'file')
            ON CONFLICT (name) DO UPDATE SET kind = excluded.kind, settings = excluded.settings,
                secret = excluded.secret, enabled = 1, origin = 'file'
            RETURNING id
            """,
            [
                .text(name), .text(kind), .text(writer.text),
                .text(try secrets.seal(secret, purpose: Self.connectorPurpose)),
            ])
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding("connectors.id") }
        return id
    }

    /// Switches off the connectors of the file that it no longer names. Their rows stay: parts refer to them.
    public func disableFileConnectors(except ids: [Int64]) throws {
        for connector in try connectors() where !ids.contains(connector.id) {
            try transaction.execute(
                "UPDATE connectors SET enabled = 0 WHERE id = $1 AND origin = 'file'", [.integer(connector.id)])
        }
    }

    public func connectors() throws -> [ConnectorSettings] {
        try transaction.query(
            "SELECT id, name, kind, settings, secret, enabled, receipt_id_form FROM connectors"
        ).map { row in
            guard let options = try? JSONValue(parsing: try row.text("settings").utf8) else {
                throw DatabaseError.decoding("connectors.settings")
            }
            return ConnectorSettings(
                id: try row.int64("id"), name: try row.text("name"), kind: try row.text("kind"), options: options,
                secret: try secrets.open(try row.text("secret"), purpose: Self.connectorPurpose),
                isEnabled: try row.bool("enabled"),
                receiptIDForm: try row.textOrNil("receipt_id_form").flatMap(ReceiptIDForm.init(rawValue:)))
        }
    }

    /// Remembers how a carrier's receipts write ids.
    public func learn(_ form: ReceiptIDForm, connectorID: Int64) throws {
        try transaction.execute(
            "UPDATE connectors SET receipt_id_form = $2 WHERE id = $1", [.integer(connectorID), .text(form.rawValue)])
    }

    public func replaceFileRoutes(_ routes: [(gateway: String, prefix: String, connectorIDs: [Int64])]) throws {
        try transaction.execute("DELETE FROM routes WHERE origin = 'file'")
        try transaction.executeBatch(
            """
            INSERT INTO routes (gateway, prefix, connectors, origin) VALUES ($1, $2, $3, 'file')
            ON CONFLICT (gateway, prefix) DO UPDATE SET connectors = excluded.connectors, origin = 'file'
            """,
            routes.map { route in
                [
                    .text(route.gateway), .text(route.prefix),
                    .text(route.connectorIDs.map(String.init).joined(separator: " ")),
                ]
            })
    }

    public func routes() throws -> [Route] {
        try transaction.query("SELECT id, gateway, prefix, connectors FROM routes").map { row in
            Route(
                id: try row.int64("id"), gateway: try row.text("gateway"), prefix: try row.text("prefix"),
                connectorIDs: try row.text("connectors").split(separator: " ").compactMap { Int64($0) })
        }
    }

    public func saveChannel(companyID: CompanyID, address: ChannelAddress, inbound: Reporting?) throws -> Int64 {
        let row = try transaction.queryOne(
            """
            INSERT INTO channels (company_id, kind, address, inbound_url, inbound_method, origin)
            VALUES ($1, $2, $3, $4, $5, 'file')
            ON CONFLICT (kind, address) DO UPDATE SET company_id = excluded.company_id,
                inbound_url = excluded.inbound_url, inbound_method = excluded.inbound_method, origin = 'file'
            RETURNING id
            """,
            [
                .integer(companyID), .text(address.kind.rawValue), .text(address.address), SQLValue(inbound?.url),
                .text((inbound?.method ?? .post).rawValue),
            ])
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding("channels.id") }
        return id
    }

    /// Removes the channels of the file that it no longer names.
    public func removeFileChannels(except ids: [Int64]) throws {
        for row in try transaction.query("SELECT id FROM channels WHERE origin = 'file'") {
            let id = try row.int64("id")
            if !ids.contains(id) { try transaction.execute("DELETE FROM channels WHERE id = $1", [.integer(id)]) }
        }
    }

    public func channels() throws -> [MessagingChannel] {
        try transaction.query("SELECT id, company_id, kind, address, inbound_url, inbound_method FROM channels")
            .compactMap { row in
                guard let kind = ChannelKind(rawValue: try row.text("kind")) else { return nil }
                let method = Reporting.Method(rawValue: try row.text("inbound_method")) ?? .post
                return MessagingChannel(
                    id: try row.int64("id"), companyID: try row.int64("company_id"), kind: kind,
                    address: try row.text("address"),
                    inbound: try row.textOrNil("inbound_url").map { Reporting(url: $0, method: method) })
            }
    }
}
