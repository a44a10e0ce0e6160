// SPDX-License-Identifier: Apache-2.0
// Applying a configuration: as often as one likes, with what the file no longer names taken away, on both databases. And
// the master key, which is made once, kept to its owner, and never mistaken for another.

import Accounts
import Foundation
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Parley

struct ConfigurationApplierTests {
    private static let now: Milliseconds = 1_768_478_400_000
    private static let key = Array(repeating: UInt8(7), count: 32)

    private static let whole = """
        companies:
          - name: Acme
            prepaid: true
            balance: 10
            webhookSecrets: [sixteen-or-more-characters]
            keys: [{name: production, key: acme-production-key}, {name: test, key: acme-test-key-0001}]
            numbers:
              - {number: 49301234567, inboundURL: "https://acme.example/in"}
              - {number: 49307654321}
          - name: Other
            webhookSecrets: [other-secret-with-16]
            keys: [{key: key-of-other-company}]
        connectors:
          - {name: a, host: x, systemId: y, password: secretA}
          - {name: b, host: x, systemId: y, password: secretB}
        routes:
          - {prefix: 49, connectors: [a, b]}
          - {connectors: [b]}
        prices:
          - {prefix: 49, price: 0.075}
          - {company: Acme, prefix: 49, price: 0.07}
        """

    /// What an application leaves in the database, without ids of what nothing refers to.
    private struct Outcome: Equatable {
        var companies: [Company]
        var keys: [String]
        var prices: [String]
        var connectors: [ConnectorSettings]
        var routes: [String]
        var channels: [String]
        var balances: [String]
    }

    private static func apply(
        _ text: String, to database: Database, key: [UInt8] = key
    ) async throws -> Outcome {
        let secrets = try #require(SecretBox(masterKey: key))
        try await ConfigurationApplier(configuration: try configuration(text), secrets: secrets)
            .apply(to: database, now: now)
        return try await database.read { transaction in
            let accounts = AccountStore(transaction, secrets: secrets)
            let routing = RoutingStore(transaction, secrets: secrets)
            return Outcome(
                companies: try accounts.companies().sorted { $0.id < $1.id },
                keys: try accounts.keys().map { "\($0.companyID) \($0.name) \(Hex.encode($0.hash))" }.sorted(),
                prices: try accounts.prices().map { "\($0.companyID ?? 0) \($0.prefix) \($0.amount)" }.sorted(),
                connectors: try routing.connectors().sorted { $0.id < $1.id },
                routes: try routing.routes().map { "\($0.gateway) \($0.prefix) \($0.connectorIDs)" }.sorted(),
                channels: try routing.channels().map {
                    "\($0.id) \($0.companyID) \($0.address) \($0.inbound?.url ?? "")"
                }
                .sorted(),
                balances: try transaction.query("SELECT company_id, kind, amount FROM ledger ORDER BY id").map {
                    "\(try $0.int64("company_id")) \(try $0.int64("amount"))"
                })
        }
    }

    @Test(arguments: Engine.allCases)
    func `applying a file again changes nothing`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Schema.migrations) { database in
            let first = try await Self.apply(Self.whole, to: database)
            #expect(first.companies.map(\.name) == ["Acme", "Other"])
            #expect(first.companies.map(\.isPrepaid) == [true, false])
            #expect(
                first.companies.map(\.webhookSecrets) == [["sixteen-or-more-characters"], ["other-secret-with-16"]])
            #expect(first.keys.count == 3)
            #expect(first.prices.count == 2)
            #expect(first.connectors.map(\.secret) == ["secretA", "secretB"])
            #expect(first.routes.count == 2)
            #expect(first.channels.count == 2)
            for _ in 0..<2 {
                let again = try await Self.apply(Self.whole, to: database)
                #expect(again == first)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `what the file no longer names is removed, switched off or closed`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Schema.migrations) { database in
            let first = try await Self.apply(Self.whole, to: database)
            let second = try await Self.apply(
                """
                companies:
                  - name: Acme
                    keys: [{name: production, key: acme-production-key}]
                    numbers: [{number: 49307654321, inboundURL: "https://acme.example/new"}]
                connectors:
                  - {name: b, host: x, systemId: z, password: new}
                routes:
                  - {connectors: [b]}
                prices:
                  - {prefix: 49, price: 0.08}
                """, to: database)
            #expect(second.companies.map(\.id) == first.companies.map(\.id))
            #expect(second.companies[0].isPrepaid == false)
            #expect(second.companies[0].webhookSecrets.isEmpty)
            #expect(second.companies[1].draft == first.companies[1].draft)
            #expect(second.companies.map(\.closedAt) == [nil, Self.now])
            #expect(second.keys == first.keys.filter { $0.contains("production") })
            #expect(second.prices == ["0 49 0.08"])
            #expect(second.connectors.map(\.id) == first.connectors.map(\.id))
            #expect(second.connectors.map(\.isEnabled) == [false, true])
            #expect(second.connectors.map(\.secret) == ["secretA", "new"])
            #expect(second.routes.count == 1)
            #expect(second.channels.count == 1)
            #expect(second.channels[0].hasSuffix("49307654321 https://acme.example/new"))
            #expect(second.balances == first.balances)
            // And back: everything is there again under the ids that it had.
            let third = try await Self.apply(Self.whole, to: database)
            #expect(third.connectors == first.connectors)
            #expect(third.keys == first.keys)
            #expect(third.companies == first.companies)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a number moves to another company`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Schema.migrations) { database in
            let text = "companies: [{name: A, numbers: [{number: 4930123}]}, {name: B}]"
            let first = try await Self.apply(text, to: database)
            let second = try await Self.apply(
                "companies: [{name: A}, {name: B, numbers: [{number: 4930123}]}]", to: database)
            #expect(first.channels.count == 1)
            #expect(second.channels.count == 1)
            #expect(second.channels[0].contains(" \(second.companies[1].id) 4930123"))
        }
    }

    @Test(arguments: Engine.allCases)
    func `another master key is refused before it touches anything`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: Schema.migrations) { database in
            let first = try await Self.apply(Self.whole, to: database)
            let error = await #expect(throws: ConfigurationError.self) {
                _ = try await Self.apply(Self.whole, to: database, key: Array(repeating: 8, count: 32))
            }
            #expect(error?.description.contains("is not the key with which the secrets in this database") == true)
            #expect(try await Self.apply(Self.whole, to: database) == first)
        }
    }
}

struct MasterKeyTests {
    private func withFolder(_ body: (String) throws -> Void) throws {
        let path = try TemporaryFolder.shared.get().newPath("keys")
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        try body(path)
    }

    @Test
    func `a missing file is made for its owner alone and read again`() throws {
        try withFolder { folder in
            let path = folder + "/master.key"
            let sealed = try MasterKey.secretBox(.file(path)).seal("carrier", purpose: "test")
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o600)
            #expect(try String(contentsOfFile: path, encoding: .utf8).utf8.count == 65)
            #expect(try MasterKey.secretBox(.file(path)).open(sealed, purpose: "test") == "carrier")
        }
    }

    @Test
    func `the text of the file and the text of the configuration are the same key`() throws {
        try withFolder { folder in
            let path = folder + "/master.key"
            let sealed = try MasterKey.secretBox(.file(path)).seal("carrier", purpose: "test")
            let text = try String(contentsOfFile: path, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
            #expect(try MasterKey.secretBox(.text(text)).open(sealed, purpose: "test") == "carrier")
            #expect(throws: SecretBoxError.wrongKey) {
                try MasterKey.secretBox(.text(String(repeating: "0", count: 64))).open(sealed, purpose: "test")
            }
        }
    }

    @Test(arguments: ["", "abc", String(repeating: "0", count: 62), String(repeating: "g", count: 64)])
    func `what is no key is refused and left as it is`(_ text: String) throws {
        #expect(throws: ConfigurationError.self) { try MasterKey.secretBox(.text(text)) }
        try withFolder { folder in
            let path = folder + "/master.key"
            try Data(text.utf8).write(to: URL(filePath: path))
            let error = #expect(throws: ConfigurationError.self) { try MasterKey.secretBox(.file(path)) }
            #expect(error?.file == path)
            #expect(try Data(contentsOf: URL(filePath: path)) == Data(text.utf8))
        }
    }

    @Test
    func `a place where no file can be is told`() throws {
        try withFolder { folder in
            #expect(throws: ConfigurationError.self) { try MasterKey.secretBox(.file(folder + "/no/master.key")) }
            #expect(throws: ConfigurationError.self) { try MasterKey.secretBox(.file(folder)) }
        }
    }
}
