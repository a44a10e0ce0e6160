// SPDX-License-Identifier: Apache-2.0
// Brings the database in line with a configuration, in one transaction and as often as one likes: what the file declares
// is made or updated, what it declared before and no longer does is removed or switched off. Companies stay: they own
// messages.

import Accounts
import Messaging
import SQL
import Wire

struct ConfigurationApplier {
    let configuration: Configuration
    let secrets: SecretBox

    func apply(to database: Database, now: Milliseconds) async throws {
        let (configuration, secrets) = (ConfigurationValues(configuration), secrets)
        try await database.write { transaction in
            try MasterKey.check(secrets, in: transaction)
            try configuration.write(
                AccountStore(transaction, secrets: secrets), RoutingStore(transaction, secrets: secrets), now: now)
        }
    }
}

/// The part of a configuration that goes to the database.
private struct ConfigurationValues: Sendable {
    private struct Connector: Sendable {
        let name: String
        let kind: String
        let secret: String
        let options: JSONValue
    }

    private let companies: [Configuration.CompanyEntry]
    private let connectors: [Connector]
    private let routes: [Configuration.RouteEntry]
    private let prices: [Configuration.PriceEntry]

    init(_ configuration: Configuration) {
        companies = configuration.companies
        connectors = configuration.connectors.map {
            Connector(name: $0.name, kind: $0.kind, secret: $0.secret, options: $0.options)
        }
        routes = configuration.routes
        prices = configuration.prices
    }

    func write(_ accounts: AccountStore, _ routing: RoutingStore, now: Milliseconds) throws {
        let companyIDs = try writeCompanies(accounts, now: now)
        try writeNumbers(routing, companyIDs)
        var connectorIDs: [String: Int64] = [:]
        for connector in connectors {
            connectorIDs[connector.name] = try routing.saveConnector(
                name: connector.name, kind: connector.kind, options: connector.options, secret: connector.secret)
        }
        try routing.disableFileConnectors(except: Array(connectorIDs.values))
        try routing.replaceFileRoutes(
            routes.map { ($0.gateway, $0.prefix, $0.connectors.compactMap { connectorIDs[$0] }) })
        try accounts.replaceFilePrices(
            prices.map { entry in
                Price(
                    id: 0, companyID: entry.company.flatMap { companyIDs[$0] }, direction: entry.direction,
                    prefix: entry.prefix, mcc: entry.mcc, mnc: entry.mnc, ttid: entry.ttid, currency: entry.currency,
                    amount: entry.amount, effectiveFrom: entry.effectiveFrom)
            })
        try routing.raiseVersion()
    }

    private func writeCompanies(_ accounts: AccountStore, now: Milliseconds) throws -> [String: CompanyID] {
        var ids: [String: CompanyID] = [:]
        for company in companies {
            ids[company.name] = try accounts.saveCompany(
                name: company.name, isPrepaid: company.isPrepaid, currency: company.currency,
                initialBalance: company.balance, webhookSecrets: company.webhookSecrets, origin: .file, now: now)
        }
        try accounts.removeFileKeys()
        for company in companies {
            guard let id = ids[company.name] else { continue }
            try accounts.addFileKeys(company.keys.map { ($0.name, $0.key, $0.scopes) }, companyID: id, now: now)
        }
        return ids
    }

    private func writeNumbers(_ routing: RoutingStore, _ companyIDs: [String: CompanyID]) throws {
        var channelIDs: [Int64] = []
        for company in companies {
            guard let companyID = companyIDs[company.name] else { continue }
            for number in company.numbers {
                channelIDs.append(
                    try routing.saveChannel(
                        companyID: companyID, address: ChannelAddress(kind: .sms, address: number.number),
                        inbound: number.inbound))
            }
        }
        try routing.removeFileChannels(except: channelIDs)
    }
}
