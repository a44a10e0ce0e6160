// SPDX-License-Identifier: Apache-2.0
// Connectors, routes and SMPP accounts.

public import Accounts
public import Wire

extension Provisioner {
    // MARK: Connectors

    /// Those that the configuration has, not the rows of removed ones.
    public func connectors() throws -> [ConnectorSettings] { try routing.connectors().filter(\.isEnabled) }

    public func connector(_ id: Int64) throws -> ConnectorSettings {
        guard let connector = try connectors().first(where: { $0.id == id }) else {
            throw ProvisioningError.notFound(.connector)
        }
        return connector
    }

    /// Makes a connector; one of the same name that was removed comes back with its id.
    public func createConnector(
        name: String, kind: String, options: JSONValue, secret: String
    ) throws -> ConnectorSettings {
        try Self.checkName(name, limit: 60)
        guard !name.contains(" ") else {
            throw ProvisioningError.invalid(field: "name", reason: "must not contain spaces")
        }
        let known = try routing.connectors().first { $0.name == name }
        if known?.isEnabled == true { throw ProvisioningError.conflict("there is a connector named \(name) already") }
        let draft = ConnectorSettings(
            id: known?.id ?? 0, name: name, kind: kind, options: options, secret: secret,
            receiptIDForm: known?.receiptIDForm, origin: actor.origin)
        if let refusal = checks.connector(draft) { throw refusal }
        let id: Int64
        if let known {
            try routing.update(draft)
            id = known.id
        } else {
            id = try routing.insert(draft)
        }
        try note(
            .created, .connector, id: String(id), name: name, to: draft.audited,
            hidden: secret.isEmpty ? [] : ["password"])
        return try connector(id)
    }

    /// Changes a connector; every node disconnects it and connects anew.
    public func change(
        connectorID id: Int64, name: String, kind: String, options: JSONValue, secret: String
    ) throws -> ConnectorSettings {
        let before = try connector(id)
        try checkOwner(before.origin, .connector, name: before.name)
        let after = ConnectorSettings(
            id: id, name: name, kind: kind, options: options, secret: secret, isStopped: before.isStopped,
            generation: before.generation, receiptIDForm: before.receiptIDForm, origin: actor.origin)
        guard after != before else { return before }
        try Self.checkName(name, limit: 60)
        if let refusal = checks.connector(after) { throw refusal }
        guard try !routing.connectors().contains(where: { $0.name == name && $0.id != id }) else {
            throw ProvisioningError.conflict("there is a connector named \(name) already")
        }
        try routing.update(after)
        try note(
            .changed, .connector, id: String(id), name: name, from: before.audited, to: after.audited,
            hidden: before.secret == secret ? [] : ["password"])
        return after
    }

    /// Takes a connector out of use. Its row stays: parts refer to it.
    public func remove(connectorID id: Int64) throws {
        let before = try connector(id)
        try checkOwner(before.origin, .connector, name: before.name)
        let users = try routes().filter { $0.connectorIDs.contains(id) }
        guard users.isEmpty || actor.origin == .file else {
            throw ProvisioningError.conflict(
                "the connector is in use by the route \(users.map(\.title).joined(separator: ", "))")
        }
        let channels = try channels().filter { $0.connectorID == id }
        guard channels.isEmpty || actor.origin == .file else {
            throw ProvisioningError.conflict(
                "the connector is in use by the channel \(channels.map(\.title).joined(separator: ", "))")
        }
        try routing.update(before.with { $0.isEnabled = false })
        try note(.removed, .connector, id: String(id), name: before.name, from: before.audited)
    }

    /// Stops a connector on every node, starts it again, or has it bind anew. Whoever declares the connector.
    public func operate(_ action: AuditAction, connectorID id: Int64) throws -> ConnectorSettings {
        let before = try connector(id)
        let after = before.with { state in
            switch action {
            case .stopped: state.isStopped = true
            case .started: state.isStopped = false
            default: state.generation += 1
            }
        }
        guard after != before else { return before }
        try routing.update(after)
        try note(action, .connector, id: String(id), name: before.name)
        return after
    }

    // MARK: Routes

    public func routes() throws -> [Route] { try routing.routes() }

    public func route(_ id: Int64) throws -> Route {
        guard let route = try routes().first(where: { $0.id == id }) else { throw ProvisioningError.notFound(.route) }
        return route
    }

    /// Stores routes, all or none; their ids and origins count for nothing.
    public func create(_ new: [Route], action: AuditAction = .created) throws {
        var taken = Set(try routes().map { [$0.gateway, $0.prefix] })
        let connectors = try connectors()
        for route in new {
            try check(route, connectors)
            guard taken.insert([route.gateway, route.prefix]).inserted else {
                throw ProvisioningError.conflict("there is a route for \(route.title) already")
            }
        }
        try routing.insert(new.map { $0.with(id: 0, origin: actor.origin) })
        let names = Dictionary(uniqueKeysWithValues: connectors.map { ($0.id, $0.name) })
        for route in new where action == .created {
            try note(.created, .route, id: route.title, name: route.title, to: route.audited(names))
        }
        if action == .imported {
            try note(
                .imported, .route, id: "", name: "\(new.count) routes", to: ["rows": .integer(Int64(new.count))])
        }
    }

    public func change(routeID id: Int64, to draft: Route) throws -> Route {
        let before = try route(id)
        try checkOwner(before.origin, .route, name: before.title)
        let after = draft.with(id: id, origin: actor.origin)
        guard after != before else { return before }
        let connectors = try connectors()
        try check(after, connectors)
        let other = try routes().first { $0.gateway == after.gateway && $0.prefix == after.prefix && $0.id != id }
        guard other == nil else { throw ProvisioningError.conflict("there is a route for \(after.title) already") }
        try routing.update([after])
        let names = Dictionary(uniqueKeysWithValues: connectors.map { ($0.id, $0.name) })
        try note(
            .changed, .route, id: after.title, name: after.title, from: before.audited(names),
            to: after.audited(names))
        return after
    }

    public func remove(routeID id: Int64) throws {
        let before = try route(id)
        try checkOwner(before.origin, .route, name: before.title)
        try routing.removeRoutes([id])
        let names = Dictionary(uniqueKeysWithValues: try routing.connectors().map { ($0.id, $0.name) })
        try note(.removed, .route, id: before.title, name: before.title, from: before.audited(names))
    }

    /// Removes every route that the file does not declare; returns how many.
    public func removeAdminRoutes() throws -> Int {
        let ids = try routes().filter { $0.origin == .admin }.map(\.id)
        guard !ids.isEmpty else { return 0 }
        try routing.removeRoutes(ids)
        try note(.removed, .route, id: "", name: "\(ids.count) routes", from: ["rows": .integer(Int64(ids.count))])
        return ids.count
    }

    func check(_ route: Route, _ connectors: [ConnectorSettings]) throws {
        try Self.checkName(route.gateway, field: "gateway", limit: 60)
        try Self.checkPrefix(route.prefix)
        guard !route.connectorIDs.isEmpty, Set(route.connectorIDs).count == route.connectorIDs.count else {
            throw ProvisioningError.invalid(field: "connectors", reason: "must name connectors, each once")
        }
        let chosen = try route.connectorIDs.map { id in
            guard let connector = connectors.first(where: { $0.id == id }) else {
                throw ProvisioningError.invalid(field: "connectors", reason: "names a connector that does not exist")
            }
            return connector
        }
        let isVoice = route.gateway == Route.voiceGateway
        if let other = chosen.first(where: { $0.carriesVoice != isVoice }) {
            throw ProvisioningError.invalid(
                field: "connectors",
                reason: isVoice
                    ? "\(other.name) makes no calls, which is what the gateway \(Route.voiceGateway) is for"
                    : "\(other.name) makes calls, which take the gateway \(Route.voiceGateway)")
        }
        // A message is cut and priced once; whichever connector carries it must cut it alike.
        if let first = chosen.first, let other = chosen.first(where: { $0.cutting != first.cutting }) {
            throw ProvisioningError.invalid(
                field: "connectors",
                reason: "\(first.name) and \(other.name) cut texts differently (concatenation, reference, alphabet)")
        }
    }

    // MARK: SMPP accounts

    public func smppAccounts() throws -> [SMPPAccount] { try routing.smppAccounts() }

    public func smppAccount(_ id: Int64) throws -> SMPPAccount {
        guard let account = try smppAccounts().first(where: { $0.id == id }) else {
            throw ProvisioningError.notFound(.smppAccount)
        }
        return account
    }

    /// Makes an account; `passwordHash` is of a password of 1 to 8 characters.
    public func createSMPPAccount(
        companyID: CompanyID, systemID: String, passwordHash: String, settings: SMPPAccountSettings,
        isEnabled: Bool = true
    ) throws -> SMPPAccount {
        let draft = SMPPAccount(
            id: 0, companyID: companyID, systemID: systemID, passwordHash: passwordHash, settings: settings,
            isEnabled: isEnabled, createdAt: now, origin: actor.origin)
        try check(draft)
        let id = try routing.insert(draft)
        try note(
            .created, .smppAccount, id: String(id), name: systemID, companyID: companyID, to: draft.audited,
            hidden: ["password"])
        return try smppAccount(id)
    }

    /// Changes an account; its sessions end and may bind again.
    public func change(
        smppAccountID id: Int64, companyID: CompanyID, systemID: String, passwordHash: String?,
        settings: SMPPAccountSettings, isEnabled: Bool
    ) throws -> SMPPAccount {
        let before = try smppAccount(id)
        try checkOwner(before.origin, .smppAccount, name: before.systemID)
        let after = SMPPAccount(
            id: id, companyID: companyID, systemID: systemID, passwordHash: passwordHash ?? before.passwordHash,
            settings: settings, isEnabled: isEnabled, lastBoundAt: before.lastBoundAt, createdAt: before.createdAt,
            origin: actor.origin)
        guard after != before else { return before }
        try check(after)
        try routing.update(after)
        try note(
            .changed, .smppAccount, id: String(id), name: systemID, companyID: companyID, from: before.audited,
            to: after.audited, hidden: after.passwordHash == before.passwordHash ? [] : ["password"])
        return after
    }

    public func remove(smppAccountID id: Int64) throws {
        let before = try smppAccount(id)
        try checkOwner(before.origin, .smppAccount, name: before.systemID)
        try routing.removeSMPPAccount(id)
        try note(
            .removed, .smppAccount, id: String(id), name: before.systemID, companyID: before.companyID,
            from: before.audited)
    }

    private func check(_ account: SMPPAccount) throws {
        _ = try openCompany(account.companyID)
        guard (1...15).contains(account.systemID.utf8.count),
            account.systemID.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw ProvisioningError.invalid(field: "systemId", reason: "must be 1 to 15 visible ASCII characters")
        }
        guard try !smppAccounts().contains(where: { $0.systemID == account.systemID && $0.id != account.id }) else {
            throw ProvisioningError.conflict("there is an SMPP account \(account.systemID) already")
        }
        let gateway = account.settings.gateway
        guard try gateway == Route.defaultGateway || routes().contains(where: { $0.gateway == gateway }) else {
            throw ProvisioningError.invalid(field: "options.gateway", reason: "is not the name of a gateway")
        }
    }
}
