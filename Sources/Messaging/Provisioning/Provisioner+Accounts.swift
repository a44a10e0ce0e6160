// SPDX-License-Identifier: Apache-2.0
// Companies, their keys, and prices.

public import Accounts
internal import Wire

extension Provisioner {
    // MARK: Companies

    public func companies() throws -> [Company] { try accounts.companies() }

    /// The company; throws `notFound` when there is none.
    public func company(_ id: CompanyID) throws -> Company {
        guard let company = try accounts.company(id) else { throw ProvisioningError.notFound(.company) }
        return company
    }

    /// Makes a company; a prepaid one may start with a balance.
    public func create(_ draft: CompanyDraft, initialBalance: Money = .zero) throws -> Company {
        try check(draft, id: nil)
        let id = try accounts.insert(draft, origin: actor.origin, now: now)
        try note(
            .created, .company, id: String(id), name: draft.name, companyID: id, to: draft.audited,
            hidden: draft.webhookSecrets.isEmpty ? [] : ["webhookSecrets"])
        if initialBalance != .zero {
            try BalanceStore(transaction).add(
                initialBalance, kind: .topUp, companyID: id, messageID: nil, actor: actor.name, now: now)
        }
        return try company(id)
    }

    public func change(companyID id: CompanyID, to draft: CompanyDraft) throws -> Company {
        let before = try company(id)
        try checkOwner(before.origin, .company, name: before.name)
        guard before.draft != draft || before.origin != actor.origin else { return before }
        try check(draft, id: id)
        try accounts.update(id, draft, origin: actor.origin)
        try note(
            .changed, .company, id: String(id), name: draft.name, companyID: id, from: before.draft.audited,
            to: draft.audited, hidden: before.webhookSecrets == draft.webhookSecrets ? [] : ["webhookSecrets"])
        return try company(id)
    }

    /// Closes a company: its keys, channels and SMPP accounts are removed, its messages stay as long as any.
    public func close(companyID id: CompanyID) throws {
        let before = try company(id)
        try checkOwner(before.origin, .company, name: before.name)
        guard before.closedAt == nil else { return }
        let owned = try companies().filter { $0.resellerID == id && $0.closedAt == nil }
        guard owned.isEmpty else {
            throw ProvisioningError.conflict("the reseller still owns \(owned.map(\.name).joined(separator: ", "))")
        }
        for key in try accounts.keys() where key.companyID == id { try remove(keyID: key.id) }
        for channel in try routing.channels() where channel.companyID == id { try remove(channelID: channel.id) }
        for account in try routing.smppAccounts() where account.companyID == id {
            try remove(smppAccountID: account.id)
        }
        try accounts.setClosed(id, at: now)
        try note(.closed, .company, id: String(id), name: before.name, companyID: id)
    }

    /// Opens a closed company again, without what was removed.
    public func reopen(companyID id: CompanyID) throws -> Company {
        let before = try company(id)
        try checkOwner(before.origin, .company, name: before.name)
        guard before.closedAt != nil else { return before }
        try accounts.setClosed(id, at: nil)
        try note(.reopened, .company, id: String(id), name: before.name, companyID: id)
        return try company(id)
    }

    private func check(_ draft: CompanyDraft, id: CompanyID?) throws {
        try Self.checkName(draft.name)
        try Self.checkCurrency(draft.currency)
        if draft.webhookSecrets.contains(where: { $0.contains(" ") || !checks.isWebhookSecret($0) }) {
            throw ProvisioningError.invalid(
                field: "webhookSecrets",
                reason: "must be whsec_ and Base64, or at least 16 characters without spaces")
        }
        let companies = try companies()
        if let other = companies.first(where: { $0.name == draft.name && $0.id != id }) {
            let state = other.closedAt == nil ? "" : " closed"
            throw ProvisioningError.conflict("there is a\(state) company named \(draft.name) already")
        }
        if let resellerID = draft.resellerID {
            guard let reseller = companies.first(where: { $0.id == resellerID }), reseller.isReseller,
                reseller.closedAt == nil, !draft.isReseller
            else {
                throw ProvisioningError.invalid(
                    field: "resellerId", reason: "must be the id of an open reseller, and a reseller has none")
            }
        }
        if !draft.isReseller, let id, companies.contains(where: { $0.resellerID == id }) {
            throw ProvisioningError.invalid(field: "reseller", reason: "cannot be taken off a company that owns others")
        }
    }

    // MARK: Keys

    public func keys() throws -> [APIKey] { try accounts.keys() }

    public func key(_ id: Int64) throws -> APIKey {
        guard let key = try keys().first(where: { $0.id == id }) else { throw ProvisioningError.notFound(.key) }
        return key
    }

    /// Stores `text` as a key of the company.
    public func createKey(_ text: String, name: String, companyID: CompanyID, limits: KeyLimits) throws -> APIKey {
        _ = try openCompany(companyID)
        try Self.checkName(name)
        try check(limits)
        let known = try keys()
        guard !known.contains(where: { $0.companyID == companyID && $0.name == name }) else {
            throw ProvisioningError.conflict("the company has a key named \(name) already")
        }
        let hash = APIKey.hash(of: text)
        guard !known.contains(where: { $0.hash == hash }) else {
            throw ProvisioningError.conflict("the same key exists already")
        }
        let key = APIKey(
            id: 0, companyID: companyID, name: name, hash: hash, hint: APIKey.hint(of: text), limits: limits,
            createdAt: now, origin: actor.origin)
        let id = try accounts.insert(key)
        try note(.created, .key, id: String(id), name: name, companyID: companyID, to: key.audited, hidden: ["key"])
        return try self.key(id)
    }

    /// Renames a key or changes what it opens; `text` replaces the key itself.
    public func change(
        keyID id: Int64, name: String, limits: KeyLimits, text: String? = nil
    ) throws -> APIKey {
        let before = try key(id)
        try checkOwner(before.origin, .key, name: before.name)
        try Self.checkName(name)
        try check(limits)
        guard try !keys().contains(where: { $0.companyID == before.companyID && $0.name == name && $0.id != id }) else {
            throw ProvisioningError.conflict("the company has a key named \(name) already")
        }
        let hash = text.map(APIKey.hash(of:)) ?? before.hash
        let after = APIKey(
            id: id, companyID: before.companyID, name: name, hash: hash,
            hint: text.map(APIKey.hint(of:)) ?? before.hint, limits: limits, lastUsedAt: before.lastUsedAt,
            createdAt: before.createdAt, origin: actor.origin)
        guard after != before else { return before }
        try accounts.update(after)
        try note(
            .changed, .key, id: String(id), name: name, companyID: before.companyID, from: before.audited,
            to: after.audited, hidden: hash == before.hash ? [] : ["key"])
        return after
    }

    public func remove(keyID id: Int64) throws {
        let before = try key(id)
        try checkOwner(before.origin, .key, name: before.name)
        try accounts.removeKey(id)
        try note(
            .removed, .key, id: String(id), name: before.name, companyID: before.companyID, from: before.audited)
    }

    private func check(_ limits: KeyLimits) throws(ProvisioningError) {
        guard !limits.scopes.isEmpty else { throw .invalid(field: "scopes", reason: "must not be empty") }
        if let rate = limits.requestsPerSecond, !(1...100_000).contains(rate) {
            throw .invalid(field: "requestsPerSecond", reason: "must be a whole number from 1 to 100000")
        }
        for object in limits.objects {
            let halves = object.split(separator: ":", maxSplits: 1)
            guard halves.count == 2, ChannelKind(rawValue: String(halves[0])) != nil, object.utf8.count <= 100 else {
                throw .invalid(field: "objects", reason: "must be channels such as sms:49301234567")
            }
            try Self.checkName(object, field: "objects", limit: 100)
        }
    }

    // MARK: Prices

    public func prices() throws -> [Price] { try accounts.prices() }

    public func price(_ id: Int64) throws -> Price {
        guard let price = try prices().first(where: { $0.id == id }) else { throw ProvisioningError.notFound(.price) }
        return price
    }

    /// Stores prices, all or none; their ids and origins count for nothing.
    public func create(_ new: [Price], action: AuditAction = .created) throws {
        var keys = Set(try prices().map(\.key))
        for price in new {
            try check(price)
            guard keys.insert(price.key).inserted else {
                throw ProvisioningError.conflict("there is a price for \(price.title) already")
            }
        }
        try accounts.insert(new.map { $0.with(id: 0, origin: actor.origin) })
        for price in new where action == .created {
            try note(
                .created, .price, id: price.title, name: price.title, companyID: price.companyID, to: price.audited)
        }
        if action == .imported {
            try note(
                .imported, .price, id: "", name: "\(new.count) prices", to: ["rows": .integer(Int64(new.count))])
        }
    }

    public func change(priceID id: Int64, to draft: Price) throws -> Price {
        let before = try price(id)
        try checkOwner(before.origin, .price, name: before.title)
        try check(draft)
        let after = draft.with(id: id, origin: actor.origin)
        guard after != before else { return before }
        guard try !prices().contains(where: { $0.key == after.key && $0.id != id }) else {
            throw ProvisioningError.conflict("there is a price for \(after.title) already")
        }
        try accounts.update([after])
        try note(
            .changed, .price, id: after.title, name: after.title, companyID: after.companyID, from: before.audited,
            to: after.audited)
        return after
    }

    public func remove(priceID id: Int64) throws {
        let before = try price(id)
        try checkOwner(before.origin, .price, name: before.title)
        try accounts.removePrices([id])
        try note(
            .removed, .price, id: before.title, name: before.title, companyID: before.companyID, from: before.audited)
    }

    /// Removes every price that the file does not declare; returns how many.
    public func removeAdminPrices() throws -> Int {
        let ids = try prices().filter { $0.origin == .admin }.map(\.id)
        guard !ids.isEmpty else { return 0 }
        try accounts.removePrices(ids)
        try note(.removed, .price, id: "", name: "\(ids.count) prices", from: ["rows": .integer(Int64(ids.count))])
        return ids.count
    }

    private func check(_ price: Price) throws {
        try Self.checkFields(of: price)
        if let companyID = price.companyID { _ = try openCompany(companyID) }
    }

    /// Everything but the company.
    static func checkFields(of price: Price) throws(ProvisioningError) {
        try checkPrefix(price.prefix)
        try checkCurrency(price.currency)
        for (field, text, limit) in [("mcc", price.mcc, 3), ("mnc", price.mnc, 3), ("ttid", price.ttid, 15)]
        where text.utf8.count > limit || !text.utf8.allSatisfy(isDigit) {
            throw ProvisioningError.invalid(field: field, reason: "must be at most \(limit) digits")
        }
    }
}
