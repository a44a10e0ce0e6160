// SPDX-License-Identifier: Apache-2.0
// Who may change what of the configuration, what a file's declaration makes of a database, and what the audit log says.

import Accounts
import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct ProvisioningTests {
    private static let operatorKey = Actor(name: "key:operator", origin: .admin, address: "10.0.0.1", requestID: "r-1")

    /// Runs `body` with a provisioner in a transaction of its own.
    @discardableResult
    private static func provision<T: Sendable>(
        _ database: Database, as actor: Actor = operatorKey, checks: ProvisioningChecks = ProvisioningChecks(),
        now: Milliseconds = 1000, _ body: @escaping @Sendable (Provisioner) throws -> T
    ) async throws -> T {
        let secrets = try #require(TestSetup.secrets)
        return try await database.write { transaction in
            let provisioner = Provisioner(transaction, secrets: secrets, actor: actor, now: now, checks: checks)
            let result = try body(provisioner)
            try provisioner.finish()
            return result
        }
    }

    private static func audit(_ database: Database) async throws -> [String] {
        try await database.read { transaction in
            try AuditLog(transaction).list(AuditLog.Filter(), limit: 100).reversed().map {
                "\($0.actor) \($0.action.rawValue) \($0.kind.rawValue) \($0.name)"
            }
        }
    }

    private static func with(_ engine: Engine, _ body: (Database) async throws -> Void) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { try await body($0) }
    }

    private static func declaration() throws -> Declaration {
        var declaration = Declaration()
        var acme = Declaration.Company(CompanyDraft(name: "Acme", isPrepaid: true, isReseller: true))
        acme.initialBalance = Money(micros: 5_000_000)
        acme.keys = [Declaration.Key(name: "main", text: "a-key-of-acme-with-more-than-24")]
        acme.channels = [Declaration.Channel(ChannelAddress(kind: .sms, address: "49301234567"))]
        acme.smppAccounts = [
            Declaration.SMPP(systemID: "acme", passwordHash: "hash", settings: SMPPAccountSettings())
        ]
        var shop = Declaration.Company(CompanyDraft(name: "Shop"))
        shop.reseller = "Acme"
        declaration.companies = [shop, acme]
        declaration.connectors = [
            Declaration.Connector(name: "a", kind: "smpp", options: .object([:]), secret: "s"),
            Declaration.Connector(name: "b", kind: "smpp", options: .object([:]), secret: "t"),
        ]
        declaration.routes = [Declaration.RouteEntry(connectors: ["a", "b"])]
        declaration.prices = [
            Declaration.PriceEntry(
                company: "Shop",
                price: Price(
                    id: 0, companyID: nil, direction: .outbound, prefix: "49", mcc: "262", mnc: "01", ttid: "1",
                    currency: "EUR", amount: Money(micros: 75_000), effectiveFrom: 0))
        ]
        return declaration
    }

    @Test(arguments: Engine.allCases)
    func `a declaration makes everything, once`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let declaration = try Self.declaration()
            let first = try await Self.provision(database, as: .file) { provisioner in
                try provisioner.apply(declaration)
                return provisioner.changes.map { "\($0.action.rawValue) \($0.kind.rawValue)" }
            }
            #expect(first.filter { $0 == "created company" }.count == 2)
            #expect(Set(first).count == 7)
            let (companies, routes) = try await Self.provision(database) {
                (try $0.companies(), try $0.routes())
            }
            #expect(companies.first { $0.name == "Shop" }?.resellerID == companies.first { $0.name == "Acme" }?.id)
            #expect(routes.map(\.connectorIDs.count) == [2])
            let second = try await Self.provision(database, as: .file) { provisioner in
                try provisioner.apply(declaration)
                return provisioner.changes
            }
            #expect(second.isEmpty)
            #expect(try await Self.audit(database).count == first.count)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what the file declares is the file's, and what it forgets is gone`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let declaration = try Self.declaration()
            try await Self.provision(database, as: .file) { try $0.apply(declaration) }
            try await Self.provision(database) { provisioner in
                let acme = try #require(try provisioner.companies().first { $0.name == "Acme" })
                let owned = ProvisioningError.ownedByFile(.company, name: "Acme")
                #expect(throws: owned) { try provisioner.close(companyID: acme.id) }
                #expect(throws: owned) {
                    _ = try provisioner.change(companyID: acme.id, to: CompanyDraft(name: "Acme", isReseller: true))
                }
                #expect(throws: ProvisioningError.self) {
                    try provisioner.remove(keyID: try #require(try provisioner.keys().first).id)
                }
                #expect(throws: ProvisioningError.self) {
                    try provisioner.remove(routeID: try #require(try provisioner.routes().first).id)
                }
                #expect(throws: ProvisioningError.self) {
                    try provisioner.remove(priceID: try #require(try provisioner.prices().first).id)
                }
                // An operator's own objects stand beside them.
                _ = try provisioner.createKey(
                    "another-key-of-acme", name: "second", companyID: acme.id, limits: KeyLimits())
                _ = try provisioner.create(CompanyDraft(name: "Mine"))
            }
            try await Self.provision(database, as: .file) { try $0.apply(Declaration()) }
            try await Self.provision(database) { provisioner in
                let open = try provisioner.companies().filter { $0.closedAt == nil }
                #expect(open.map(\.name) == ["Mine"])
                #expect(try provisioner.keys().count == 0)
                #expect(try provisioner.channels().count == 0)
                #expect(try provisioner.connectors().count == 0)
                #expect(try provisioner.routes().count == 0)
                #expect(try provisioner.prices().count == 0)
                #expect(try provisioner.smppAccounts().count == 0)
            }
            // And back: companies and connectors have the ids that their messages know.
            try await Self.provision(database, as: .file) { try $0.apply(declaration) }
            let connectors = try await Self.provision(database) { try $0.connectors().map { "\($0.id) \($0.name)" } }
            #expect(connectors == ["1 a", "2 b"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `a file takes over what was made under the same name`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let id = try await Self.provision(database) { provisioner in
                try provisioner.createConnector(
                    name: "a", kind: "smpp", options: .object(["x": .integer(1)]), secret: "old"
                ).id
            }
            let declaration = try Self.declaration()
            try await Self.provision(database, as: .file) { try $0.apply(declaration) }
            let connector = try await Self.provision(database) { try $0.connector(id) }
            #expect(connector.origin == .file)
            #expect(connector.secret == "s")
            #expect(connector.options == .object([:]))
        }
    }

    @Test(arguments: Engine.allCases)
    func `keys of a file may swap their texts`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            var declaration = Declaration()
            var acme = Declaration.Company(CompanyDraft(name: "Acme"))
            acme.keys = [
                Declaration.Key(name: "new", text: "first-key-0123456789"),
                Declaration.Key(name: "old", text: "second-key-0123456789"),
            ]
            declaration.companies = [acme]
            try await Self.provision(database, as: .file) { [declaration] in try $0.apply(declaration) }
            acme.keys = [
                Declaration.Key(name: "new", text: "second-key-0123456789"),
                Declaration.Key(name: "old", text: "first-key-0123456789"),
            ]
            declaration.companies = [acme]
            try await Self.provision(database, as: .file) { [declaration] in try $0.apply(declaration) }
            let keys = try await Self.provision(database) { try $0.keys() }
            #expect(keys.first { $0.name == "old" }?.hash == APIKey.hash(of: "first-key-0123456789"))
        }
    }

    @Test(arguments: Engine.allCases)
    func `the audit log says who changed what from which value to which, and no secret`(
        _ engine: Engine
    ) async throws {
        try await Self.with(engine) { database in
            try await Self.provision(database) { provisioner in
                let company = try provisioner.create(CompanyDraft(name: "Acme", webhookSecrets: ["first-secret-of-16"]))
                _ = try provisioner.change(
                    companyID: company.id,
                    to: CompanyDraft(name: "Acme Ltd", webhookSecrets: ["second-secret-of-16"]))
                let key = try provisioner.createKey(
                    "a-key-with-24-characters-1", name: "k", companyID: company.id, limits: KeyLimits())
                try provisioner.remove(keyID: key.id)
                try provisioner.close(companyID: company.id)
            }
            #expect(
                try await Self.audit(database) == [
                    "key:operator created company Acme", "key:operator changed company Acme Ltd",
                    "key:operator created key k", "key:operator removed key k", "key:operator closed company Acme Ltd",
                ])
            let entries = try await database.read { try AuditLog($0).list(AuditLog.Filter(), limit: 100) }
            #expect(entries.allSatisfy { $0.address == "10.0.0.1" && $0.requestID == "r-1" && $0.at == 1000 })
            let changed = try #require(entries.first { $0.action == .changed })
            #expect(changed.changes["name"] == .object(["from": .string("Acme"), "to": .string("Acme Ltd")]))
            #expect(changed.changes["webhookSecrets"] == .object(["to": .string("(hidden)")]))
            #expect(changed.changes["currency"] == nil)
            let rows = try await database.read { try $0.query("SELECT changes FROM audit") }
            let text = try rows.map { try $0.text("changes") }.joined()
            #expect(!text.contains("secret-of-16"))
            #expect(!text.contains("a-key-with"))
            var filter = AuditLog.Filter()
            filter.kind = .key
            filter.before = entries.first { $0.kind == .key }?.id
            let page = try await database.read { [filter] in try AuditLog($0).list(filter, limit: 100) }
            #expect(page.map(\.action) == [.created])
            filter = AuditLog.Filter()
            filter.companyIDs = []
            let none = try await database.read { [filter] in try AuditLog($0).list(filter, limit: 100) }
            #expect(none.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func `what cannot be is refused and leaves no trace`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let declaration = try Self.declaration()
            try await Self.provision(database, as: .file) { try $0.apply(declaration) }
            let before = try await Self.audit(database)
            let checks = ProvisioningChecks(
                connector: { _ in .invalid(field: "options.host", reason: "is missing") },
                callbackRefusal: { _ in "leads to a private address" })
            try await Self.provision(database, checks: checks) { provisioner in
                let acme = try #require(try provisioner.companies().first { $0.name == "Acme" }).id
                let shop = try #require(try provisioner.companies().first { $0.name == "Shop" }).id
                func refuses(_ field: String, _ body: () throws -> Void) {
                    let error = #expect(throws: ProvisioningError.self) { try body() }
                    guard case .invalid(let name, _) = error else {
                        Issue.record("\(String(describing: error)) is not about \(field)")
                        return
                    }
                    #expect(name == field)
                }
                refuses("name") { _ = try provisioner.create(CompanyDraft(name: "a\u{0}b")) }
                refuses("currency") { _ = try provisioner.create(CompanyDraft(name: "X", currency: "eur")) }
                refuses("webhookSecrets") {
                    _ = try provisioner.create(CompanyDraft(name: "X", webhookSecrets: ["short"]))
                }
                refuses("resellerId") { _ = try provisioner.create(CompanyDraft(name: "X", resellerID: shop)) }
                refuses("companyId") {
                    _ = try provisioner.createKey("0123456789abcdef", name: "k", companyID: 99, limits: KeyLimits())
                }
                refuses("objects") {
                    _ = try provisioner.createKey(
                        "0123456789abcdef", name: "k", companyID: acme, limits: KeyLimits(objects: ["fax:1"]))
                }
                refuses("scopes") {
                    _ = try provisioner.createKey(
                        "0123456789abcdef", name: "k", companyID: acme, limits: KeyLimits(scopes: []))
                }
                refuses("address") {
                    _ = try provisioner.createChannel(
                        companyID: acme, address: ChannelAddress(kind: .sms, address: "12a"), inbound: nil)
                }
                refuses("inboundUrl") {
                    _ = try provisioner.createChannel(
                        companyID: acme, address: ChannelAddress(kind: .sms, address: "12345"),
                        inbound: Reporting(url: "http://10.0.0.1/", method: .post))
                }
                refuses("options.host") {
                    _ = try provisioner.createConnector(name: "c", kind: "smpp", options: .object([:]), secret: "")
                }
                refuses("connectors") {
                    try provisioner.create([Route(id: 0, gateway: "G", prefix: "", connectorIDs: [77])])
                }
                refuses("prefix") {
                    try provisioner.create([Route(id: 0, gateway: "G", prefix: "4x", connectorIDs: [1])])
                }
                refuses("systemId") {
                    _ = try provisioner.createSMPPAccount(
                        companyID: acme, systemID: "sixteen-letters!", passwordHash: "h",
                        settings: SMPPAccountSettings())
                }
                func conflicts(_ body: () throws -> Void) {
                    let error = #expect(throws: ProvisioningError.self) { try body() }
                    guard case .conflict = error else {
                        Issue.record("\(String(describing: error)) is no conflict")
                        return
                    }
                }
                conflicts { _ = try provisioner.create(CompanyDraft(name: "Acme")) }
                conflicts {
                    _ = try provisioner.createKey(
                        "a-key-of-acme-with-more-than-24", name: "other", companyID: shop, limits: KeyLimits())
                }
                conflicts {
                    _ = try provisioner.createChannel(
                        companyID: shop, address: ChannelAddress(kind: .sms, address: "49301234567"), inbound: nil)
                }
                conflicts { try provisioner.create([Route(id: 0, gateway: "DEFAULT", prefix: "", connectorIDs: [1])]) }
                conflicts { try provisioner.create([try #require(try provisioner.prices().first)]) }
            }
            #expect(try await Self.audit(database) == before)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an operator stops, starts and rebinds whatever the file declares`(_ engine: Engine) async throws {
        try await Self.with(engine) { database in
            let declaration = try Self.declaration()
            try await Self.provision(database, as: .file) { try $0.apply(declaration) }
            try await Self.provision(database) { provisioner in
                let id = try #require(try provisioner.connectors().first).id
                let first = try provisioner.connector(id)
                #expect(try provisioner.operate(.stopped, connectorID: id).isStopped)
                #expect(try provisioner.operate(.stopped, connectorID: id).isStopped)
                #expect(try !provisioner.operate(.started, connectorID: id).isStopped)
                let rebound = try provisioner.operate(.rebound, connectorID: id)
                #expect(!rebound.makesSameConnector(as: first))
                #expect(throws: ProvisioningError.notFound(.connector)) {
                    _ = try provisioner.operate(.stopped, connectorID: 99)
                }
                _ = try provisioner.operate(.stopped, connectorID: id)
            }
            // A reload of the file is no order to start.
            try await Self.provision(database, as: .file) { try $0.apply(declaration) }
            let connectors = try await Self.provision(database) { try $0.connectors() }
            #expect(connectors.map(\.isStopped) == [true, false])
            #expect(
                try await Self.audit(database).suffix(4) == [
                    "key:operator stopped connector a", "key:operator started connector a",
                    "key:operator rebound connector a", "key:operator stopped connector a",
                ])
        }
    }
}

struct PasswordHashTests {
    @Test
    func `a password is known by its hash and by nothing else`() throws {
        let hash = try PasswordHash.hash("secret08")
        #expect(PasswordHash.verify("secret08", hash))
        #expect(!PasswordHash.verify("secret09", hash))
        #expect(!PasswordHash.verify("", hash))
        #expect(try PasswordHash.hash("secret08") != hash)
        for broken in ["", "$$$", "pbkdf2-sha256$0$AAAA$AAAA", "pbkdf2-sha256$x$AAAA$AAAA", String(hash.dropLast(4))] {
            #expect(!PasswordHash.verify("secret08", broken))
        }
    }
}
