// SPDX-License-Identifier: Apache-2.0
// Brings the database in line with a configuration, in one transaction and as often as one likes. Objects that were made
// through the Admin API stay, unless the file declares one of the same name.

import Accounts
import Messaging
import SQL
import Wire

struct ConfigurationApplier {
    let configuration: Configuration
    let secrets: SecretBox
    var checks = ProvisioningChecks()

    /// What was changed.
    @discardableResult
    func apply(to database: Database, now: Milliseconds) async throws -> [Provisioner.Change] {
        let (secrets, checks) = (secrets, checks)
        let known = try await database.read { transaction in
            try RoutingStore(transaction, secrets: secrets).smppAccounts()
        }
        let hashes = Dictionary(uniqueKeysWithValues: known.map { ($0.systemID, $0.passwordHash) })
        // Hashing is slow: it is done before the transaction.
        let declaration = try configuration.declaration(knownHashes: hashes)
        return try await database.write { transaction in
            try MasterKey.check(secrets, in: transaction)
            let provisioner = Provisioner(transaction, secrets: secrets, actor: .file, now: now, checks: checks)
            try provisioner.apply(declaration)
            try provisioner.finish()
            return provisioner.changes
        }
    }
}

extension Configuration {
    /// The part of a configuration that goes to the database. `knownHashes` are the stored password hashes by system id.
    func declaration(knownHashes: [String: String]) throws -> Declaration {
        var declaration = Declaration()
        declaration.companies = try companies.map { try Self.company($0, knownHashes) }
        declaration.connectors = connectors.map {
            Declaration.Connector(name: $0.name, kind: $0.kind, options: $0.options, secret: $0.secret)
        }
        declaration.routes = routes.map {
            Declaration.RouteEntry(gateway: $0.gateway, prefix: $0.prefix, connectors: $0.connectors)
        }
        declaration.prices = prices.map { entry in
            Declaration.PriceEntry(
                company: entry.company,
                price: Price(
                    id: 0, companyID: nil, direction: entry.direction, prefix: entry.prefix, mcc: entry.mcc,
                    mnc: entry.mnc, ttid: entry.ttid, currency: entry.currency, amount: entry.amount,
                    effectiveFrom: entry.effectiveFrom))
        }
        return declaration
    }

    private static func company(
        _ entry: CompanyEntry, _ knownHashes: [String: String]
    ) throws -> Declaration.Company {
        var company = Declaration.Company(entry.draft)
        company.reseller = entry.resoldBy
        company.initialBalance = entry.balance
        company.keys = entry.keys.map { Declaration.Key(name: $0.name, text: $0.key, limits: $0.limits) }
        company.channels =
            entry.numbers.map {
                Declaration.Channel(ChannelAddress(kind: .sms, address: $0.number), inbound: $0.inbound)
            }
            + entry.channels
        company.settings = entry.settings
        company.smppAccounts = try entry.smppAccounts.map { account in
            let known = knownHashes[account.systemID].flatMap {
                PasswordHash.verify(account.password, $0) ? $0 : nil
            }
            return Declaration.SMPP(
                systemID: account.systemID, passwordHash: try known ?? PasswordHash.hash(account.password),
                settings: account.settings, isEnabled: account.isEnabled)
        }
        return company
    }
}
