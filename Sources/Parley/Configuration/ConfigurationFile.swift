// SPDX-License-Identifier: Apache-2.0
// Reads a configuration file. Every key is known here; a wrong one, a wrong value or a name that leads nowhere is
// reported with its line, before anything is opened or changed.

import Accounts
import Connectors
import Foundation
import Messaging
import SMSText
import SQL
import Webhooks
import Wire

extension Configuration {
    init(file path: String, environment: [String: String]) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationError(file: path, line: nil, reason: "cannot be read")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw ConfigurationError(file: path, line: nil, reason: "is not UTF-8 text")
        }
        try self.init(text: text, file: path, environment: environment)
    }

    init(text: String, file: String, environment: [String: String]) throws {
        let root = try ConfigurationNode(
            parsing: text, source: ConfigurationNode.Source(file: file, environment: environment))
        let members = try root.members(known: [
            "database", "http", "smpp", "node", "masterKey", "masterKeyFile", "logging", "callbacks", "companies",
            "connectors", "routes", "prices", "verification", "numberInfo",
        ])
        self.init()
        if let node = members["database"] { database = try Self.database(node) }
        if let node = members["http"] { http = try HTTP(node) }
        if let node = members["smpp"] { smpp = try SMPPListener(node) }
        if let node = members["node"] { self.node = try node.text() }
        if let node = members["masterKeyFile"] { masterKey = .file(try node.text()) }
        if let node = members["masterKey"] { masterKey = .text(try node.text()) }
        if let node = members["logging"] { logging = try Logs(node) }
        if let node = members["callbacks"] { callbacks = try Callbacks(node) }
        if let node = members["companies"] { companies = try node.elements().map(CompanyEntry.init) }
        if let node = members["connectors"] { connectors = try node.elements().map { try ConnectorEntry($0) } }
        if let node = members["routes"] { routes = try readRoutes(node) }
        if let node = members["prices"] { prices = try readPrices(node) }
        if let node = members["verification"] { verification = try Verification(node) }
        if let node = members["numberInfo"] { numbers = try Numbers(node) }
        try refuseRepetitions(members)
        try refuseURLs(members)
    }

    /// Inbound URLs are judged as those of requests are: by what `callbacks` allows.
    private func refuseURLs(_ members: [String: ConfigurationNode]) throws {
        let addressGuard = AddressGuard(policy: callbacks.policy)
        for (company, node) in zip(companies, try members["companies"]?.elements() ?? []) {
            for (number, node) in zip(company.numbers, try node.member("numbers")?.elements() ?? []) {
                guard let url = number.inbound?.url, let reason = addressGuard.refusal(of: url) else { continue }
                throw (node.member("inboundURL") ?? node).failure(reason)
            }
        }
    }

    private static func database(_ node: ConfigurationNode) throws -> DatabaseConfiguration {
        let members = try node.members(known: ["sqlite", "postgres", "connections"])
        if let postgres = members["postgres"], members["sqlite"] != nil {
            throw postgres.failure("there is sqlite already; a node has one database")
        }
        if let path = try members["sqlite"]?.text() { return .sqlite(path: path) }
        if let url = try members["postgres"]?.text() {
            return .postgres(url: url, connections: try members["connections"]?.integer(in: 1...200) ?? 8)
        }
        throw node.failure("needs either sqlite or postgres")
    }

    private func readRoutes(_ node: ConfigurationNode) throws -> [RouteEntry] {
        try node.elements().map { node in
            let members = try node.members(known: ["gateway", "prefix", "connectors"])
            guard let list = members["connectors"] else { throw node.failure("needs connectors") }
            let entries = try list.elements().map { element -> ConnectorEntry in
                let name = try element.text()
                guard let entry = connectors.first(where: { $0.name == name }) else {
                    throw element.failure("there is no connector named \(name)")
                }
                return entry
            }
            guard let first = entries.first else { throw list.failure("needs at least one connector") }
            // A message is cut and priced once; whichever connector carries it must cut it alike.
            for entry in entries where entry.cutting != first.cutting {
                throw list.failure(
                    "\(first.name) and \(entry.name) cut texts differently (concatenation, reference, alphabet)")
            }
            return RouteEntry(
                gateway: try members["gateway"]?.text() ?? Route.defaultGateway,
                prefix: try members["prefix"].map { try Self.prefix($0) } ?? "", connectors: entries.map(\.name))
        }
    }

    private func readPrices(_ node: ConfigurationNode) throws -> [PriceEntry] {
        try node.elements().map { node in
            let members = try node.members(known: [
                "company", "direction", "prefix", "mcc", "mnc", "ttid", "currency", "price", "from",
            ])
            guard let price = members["price"] else { throw node.failure("needs a price") }
            guard let amount = Money(try price.text()) else {
                throw price.failure("must be a decimal with at most six places")
            }
            var entry = PriceEntry(amount: amount)
            if let company = members["company"] {
                entry.company = try company.text()
                guard companies.contains(where: { $0.name == entry.company }) else {
                    throw company.failure("there is no company named \(entry.company ?? "")")
                }
            }
            if let direction = members["direction"] {
                guard let value = Price.Direction(rawValue: try direction.text()) else {
                    throw direction.failure("must be outbound or inbound")
                }
                entry.direction = value
            }
            entry.prefix = try members["prefix"].map { try Self.prefix($0) } ?? ""
            entry.mcc = try members["mcc"]?.text() ?? ""
            entry.mnc = try members["mnc"]?.text() ?? ""
            entry.ttid = try members["ttid"]?.text() ?? ""
            entry.currency = try members["currency"]?.currency() ?? "EUR"
            if let from = members["from"] { entry.effectiveFrom = try from.instant() }
            return entry
        }
    }

    private static func prefix(_ node: ConfigurationNode) throws -> String {
        let text = try node.text()
        let digits = text.hasPrefix("+") ? String(text.dropFirst()) : text
        guard digits.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else {
            throw node.failure("must be the first digits of a number")
        }
        return digits
    }

    private func refuseRepetitions(_ members: [String: ConfigurationNode]) throws {
        let companyNodes = try members["companies"]?.elements() ?? []
        try Self.refuseRepetition(companies.map(\.name), in: companyNodes) { "the company \($0)" }
        try Self.refuseRepetition(connectors.map(\.name), in: try members["connectors"]?.elements() ?? []) {
            "the connector \($0)"
        }
        let numberNodes = try companyNodes.flatMap { try $0.member("numbers")?.elements() ?? [] }
        try Self.refuseRepetition(companies.flatMap { $0.numbers.map(\.number) }, in: numberNodes) {
            "the number \($0)"
        }
        let keyNodes = try companyNodes.map { try $0.member("keys")?.elements() ?? [] }
        // A key is a secret: its value is not repeated in a complaint.
        try Self.refuseRepetition(companies.flatMap { $0.keys.map(\.key) }, in: keyNodes.flatMap { $0 }) { _ in
            "the key"
        }
        for (company, nodes) in zip(companies, keyNodes) {
            try Self.refuseRepetition(company.keys.map(\.name), in: nodes) { "a key named \($0)" }
        }
        try Self.refuseRepetition(
            routes.map { [$0.gateway, $0.prefix] }, in: try members["routes"]?.elements() ?? []
        ) { "a route of \($0[0]) for prefix \"\($0[1])\"" }
        let accountNodes = try companyNodes.flatMap { try $0.member("smppAccounts")?.elements() ?? [] }
        try Self.refuseRepetition(companies.flatMap { $0.smppAccounts.map(\.systemID) }, in: accountNodes) {
            "the SMPP account \($0)"
        }
        try Self.refuseRepetition(
            prices.map { [$0.company ?? "", $0.direction.rawValue, $0.prefix, String($0.effectiveFrom)] },
            in: try members["prices"]?.elements() ?? []
        ) { "a price of the same company, direction, prefix (\"\($0[2])\") and time" }
        for (company, node) in zip(companies, companyNodes) {
            guard let name = company.resoldBy else { continue }
            guard companies.contains(where: { $0.name == name && $0.draft.isReseller }), !company.draft.isReseller
            else {
                throw (node.member("resoldBy") ?? node).failure("must name a reseller, and a reseller has none")
            }
        }
    }

    private static func refuseRepetition<Name: Hashable>(
        _ names: [Name], in nodes: [ConfigurationNode], what: (Name) -> String
    ) throws {
        var seen: Set<Name> = []
        for (name, node) in zip(names, nodes) where !seen.insert(name).inserted {
            throw node.failure("\(what(name)) is declared before")
        }
    }
}

extension Configuration.HTTP {
    init(_ node: ConfigurationNode) throws {
        self.init()
        let members = try node.members(known: [
            "host", "port", "publicURL", "tls", "maxConnections", "requestsPerSecondPerKey", "wrongKeysPerMinute",
            "trustedProxies", "metrics",
        ])
        if let node = members["host"] { host = try node.text() }
        if let node = members["port"] { port = try node.integer(in: 0...65_535) }
        if let node = members["tls"] { tls = try Configuration.TLSFiles(node) }
        if let node = members["maxConnections"] { maximumConnections = try node.integer(in: 1...1_000_000) }
        if let node = members["requestsPerSecondPerKey"] {
            requestsPerSecondPerKey = try node.integer(in: 1...100_000)
        }
        if let node = members["wrongKeysPerMinute"] { wrongKeysPerMinute = try node.integer(in: 1...1_000_000) }
        if let node = members["trustedProxies"] { trustedProxies = try node.addressRanges() }
        if let node = members["metrics"] { metrics = try node.choice(Configuration.MetricsReaders.self) }
        if let node = members["publicURL"] {
            let url = try node.text()
            guard url.hasPrefix("http://") || url.hasPrefix("https://") else {
                throw node.failure("must begin with http:// or https://")
            }
            publicURL = url.hasSuffix("/") ? String(url.dropLast()) : url
        }
    }
}

extension Configuration.TLSFiles {
    init(_ node: ConfigurationNode) throws {
        let members = try node.members(known: ["certificate", "privateKey"])
        guard let certificate = try members["certificate"]?.text(), let privateKey = try members["privateKey"]?.text()
        else { throw node.failure("needs certificate and privateKey, the paths of PEM files") }
        self.init(certificate: certificate, privateKey: privateKey)
    }
}

extension Configuration.SMPPListener {
    init(_ node: ConfigurationNode) throws {
        self.init()
        let members = try node.members(known: ["host", "port", "tls", "maxSessions"])
        if let node = members["host"] { host = try node.text() }
        if let node = members["port"] { port = try node.integer(in: 0...65_535) }
        if let node = members["tls"] { tls = try Configuration.TLSFiles(node) }
        if let node = members["maxSessions"] { maximumSessions = try node.integer(in: 1...100_000) }
    }
}

extension Configuration.Logs {
    init(_ node: ConfigurationNode) throws {
        self.init()
        let members = try node.members(known: ["level", "format", "exchanges"])
        if let node = members["exchanges"] { exchanges = try node.text() }
        if let node = members["format"] { format = try node.choice(Format.self) }
        if let node = members["level"] {
            level = try node.text()
            guard ["trace", "debug", "info", "notice", "warning", "error", "critical"].contains(level) else {
                throw node.failure("must be trace, debug, info, notice, warning, error or critical")
            }
        }
    }
}

extension Configuration.Callbacks {
    /// What deliveries may connect to.
    var policy: AddressGuard.Policy {
        AddressGuard.Policy(allowsPrivateAddresses: allowsPrivateAddresses, allowsPlainHTTP: allowsPlainHTTP)
    }

    init(_ node: ConfigurationNode) throws {
        self.init()
        let members = try node.members(known: ["allowPrivateAddresses", "allowPlainHTTP", "trustRoots"])
        if let node = members["allowPrivateAddresses"] { allowsPrivateAddresses = try node.flag() }
        if let node = members["allowPlainHTTP"] { allowsPlainHTTP = try node.flag() }
        if let node = members["trustRoots"] { trustRoots = try node.text() }
    }
}
