// SPDX-License-Identifier: Apache-2.0
// Companies, keys, prices and balances in the database, on both engines.

import Accounts
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
        try AccountStore(transaction, secrets: secrets()).saveCompany(
            name: name, isPrepaid: prepaid, currency: "EUR", initialBalance: balance, webhookSecrets: webhookSecrets,
            origin: .file, now: 1)
    }

    @Test(arguments: Engine.allCases)
    func `a company is created once and brought up to date after that`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: AccountsMigrations.all) { database in
            try await database.write { transaction in
                let id = try Self.save("Acme", prepaid: true, balance: Money(micros: 500), transaction)
                let again = try Self.save("Acme", secrets: ["whsec_a", "whsec_b"], transaction)
                let other = try Self.save("Other", transaction)
                #expect(id == again)
                #expect(other != id)
                let companies = try AccountStore(transaction, secrets: Self.secrets()).companies()
                    .sorted { $0.id < $1.id }
                #expect(companies.map(\.name) == ["Acme", "Other"])
                #expect(companies.map(\.isPrepaid) == [false, false])
                #expect(companies[0].webhookSecrets == ["whsec_a", "whsec_b"])
                // The balance is the ledger's and no file's.
                #expect(try BalanceStore(transaction).balance(of: id) == Money(micros: 500))
                let stored = try transaction.queryOne(
                    "SELECT webhook_secrets FROM companies WHERE id = $1", [.integer(id)])
                #expect(try stored?.text("webhook_secrets").contains("whsec") == false)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `the file's keys are replaced as a whole, and never stored in clear`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: AccountsMigrations.all) { database in
            try await database.write { transaction in
                let id = try Self.save("Acme", transaction)
                let store = AccountStore(transaction, secrets: try Self.secrets())
                try store.addFileKeys([("a", "one", [.api]), ("b", "two", [.api, .admin])], companyID: id, now: 1)
                let keys = try store.keys().sorted { $0.name < $1.name }
                #expect(keys.map(\.hash) == [APIKey.hash(of: "one"), APIKey.hash(of: "two")])
                #expect(keys.map(\.scopes) == [[.api], [.api, .admin]])
                #expect(keys.map(\.companyID) == [id, id])
                try store.removeFileKeys()
                try store.addFileKeys([("a", "three", [.api])], companyID: id, now: 2)
                #expect(try store.keys().map(\.hash) == [APIKey.hash(of: "three")])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `prices come back as they were and are replaced as a whole`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: AccountsMigrations.all) { database in
            try await database.write { transaction in
                let id = try Self.save("Acme", transaction)
                let store = AccountStore(transaction, secrets: try Self.secrets())
                let price = Price(
                    id: 0, companyID: id, direction: .inbound, prefix: "49", mcc: "262", mnc: "01", ttid: "77292",
                    currency: "EUR", amount: Money(micros: -7500), effectiveFrom: 123)
                try store.replaceFilePrices([price, price])
                try store.replaceFilePrices([price])
                let found = try store.prices()
                #expect(found.count == 1)
                #expect(found[0].companyID == id)
                #expect(found[0].direction == .inbound)
                #expect([found[0].prefix, found[0].mcc, found[0].mnc, found[0].ttid] == ["49", "262", "01", "77292"])
                #expect(found[0].amount == Money(micros: -7500))
                #expect(found[0].effectiveFrom == 123)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `spending side by side stops at zero and the ledger sums to the balance`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: AccountsMigrations.all) { database in
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
