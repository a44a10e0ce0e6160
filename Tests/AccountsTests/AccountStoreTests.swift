// SPDX-License-Identifier: Apache-2.0
// Companies, keys, prices and balances in the database, on both engines.

import Accounts
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

struct AccountStoreTests {
    private static func secrets() throws -> SecretBox {
        try #require(SecretBox(masterKey: Array(repeating: 3, count: 32)))
    }

    private static func save(
        _ name: String, prepaid: Bool = false, balance: Money = .zero, secrets webhookSecrets: [String] = [],
        _ transaction: Transaction
    ) throws -> CompanyID {
        let draft = CompanyDraft(name: name, isPrepaid: prepaid, webhookSecrets: webhookSecrets)
        let id = try AccountStore(transaction, secrets: secrets()).insert(draft, origin: .file, now: 1)
        try BalanceStore(transaction).add(balance, kind: .topUp, companyID: id, messageID: nil, now: 1)
        return id
    }

    @Test(arguments: Engine.allCases)
    func `a company comes back as it was stored, its secrets sealed`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let store = AccountStore(transaction, secrets: try Self.secrets())
                let id = try Self.save("Acme", prepaid: true, balance: Money(micros: 500), transaction)
                let other = try Self.save("Other", transaction)
                let draft = CompanyDraft(
                    name: "Acme", currency: "GBP", webhookSecrets: ["whsec_a", "whsec_b"], resellerID: other)
                try store.update(id, draft, origin: .admin)
                try store.setClosed(other, at: 77)
                let companies = try store.companies()
                #expect(companies.map(\.id) == [id, other])
                #expect(companies[0] == Company(id: id, draft: draft, createdAt: 1, origin: .admin))
                #expect(companies.map(\.closedAt) == [nil, 77])
                // The balance is the ledger's and no configuration's.
                #expect(try BalanceStore(transaction).balance(of: id) == Money(micros: 500))
                let stored = try transaction.queryOne(
                    "SELECT webhook_secrets FROM companies WHERE id = $1", [.integer(id)])
                #expect(try stored?.text("webhook_secrets").contains("whsec") == false)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a key comes back with its limits, and is never stored in clear`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let id = try Self.save("Acme", transaction)
                let store = AccountStore(transaction, secrets: try Self.secrets())
                let limits = KeyLimits(
                    scopes: [.api, .admin], objects: ["sms:49301234567", "sms:Parley Ltd"],
                    addresses: [try #require(AddressRange("10.0.0.0/8")), try #require(AddressRange("2001:db8::1"))],
                    requestsPerSecond: 5, expiresAt: 99)
                let key = APIKey(
                    id: 0, companyID: id, name: "a", hash: APIKey.hash(of: "one"), hint: "pk_1234", limits: limits,
                    createdAt: 3, origin: .file)
                let keyID = try store.insert(key)
                try store.noteUse([keyID: 50])
                try store.noteUse([keyID: 40])
                let found = try #require(try store.keys().first)
                #expect(found.limits == limits)
                #expect(found.lastUsedAt == 50)
                #expect([found.name, found.hint] == ["a", "pk_1234"])
                #expect(found.hash == APIKey.hash(of: "one"))
                try store.removeKey(keyID)
                #expect(try store.keys().isEmpty)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `prices come back as they were`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let id = try Self.save("Acme", transaction)
                let store = AccountStore(transaction, secrets: try Self.secrets())
                func price(_ id: Int64, _ companyID: CompanyID?, _ amount: Int64) -> Price {
                    Price(
                        id: id, companyID: companyID, direction: .inbound, prefix: "49", mcc: "262", mnc: "01",
                        ttid: "77292", currency: "EUR", amount: Money(micros: amount), effectiveFrom: 123)
                }
                try store.insert([price(0, id, -7500), price(0, nil, 8)])
                let ids = try store.prices().map(\.id)
                #expect(try store.prices() == [price(ids[0], id, -7500), price(ids[1], nil, 8)])
                try store.update([price(ids[1], id, 9)])
                try store.removePrices([ids[0]])
                #expect(try store.prices() == [price(ids[1], id, 9)])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `spending side by side stops at zero and the ledger sums to the balance`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let id = try await database.write {
                try Self.save("Acme", prepaid: true, balance: Money(micros: 1000), $0)
            }
            let spent = try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<50 {
                    group.addTask {
                        try await database.write {
                            try BalanceStore($0).reserve(
                                Money(micros: 30), companyID: id, messageID: UUIDv7.next(now: 1), now: 1)
                        }
                    }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(spent == 33)
            try await database.write { transaction in
                let balances = BalanceStore(transaction)
                try balances.add(Money(micros: 30), kind: .released, companyID: id, messageID: nil, now: 2)
                try balances.settle(companyID: id, messageID: UUIDv7.next(now: 1), now: 2)
                let ledger = try transaction.query("SELECT kind, amount FROM ledger")
                let sum = try ledger.map { try $0.int64("amount") }.reduce(0, +)
                #expect(try balances.balance(of: id).micros == 40)
                #expect(sum == 40)
                #expect(ledger.count == 36)
                #expect(try balances.balance(of: id + 1) == .zero)
                #expect(
                    try !balances.reserve(Money(micros: 1), companyID: id + 1, messageID: UUIDv7.next(now: 1), now: 2))
            }
        }
    }
}
