// SPDX-License-Identifier: Apache-2.0
// /admin/v1/companies: the tenants of the server. A company is never deleted: closing it removes its keys, channels and
// SMPP accounts, and its messages stay as long as any. Webhook secrets are shown once, when they are made.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

/// A company as the API shows it.
struct AdminCompany: Sendable {
    let company: Company
    let balance: Money

    init(_ company: Company, _ transaction: Transaction) throws {
        self.company = company
        balance = try BalanceStore(transaction).balance(of: company.id)
    }

    /// `secrets` are shown by the answer that made them alone.
    func write(to writer: inout JSONWriter, secrets: [String]? = nil) {
        writer.object { writer in
            writer.member("id", company.id)
            writer.member("name", company.name)
            writer.member("prepaid", company.isPrepaid)
            writer.member("currency", company.currency)
            writer.member("balance", balance.description)
            writer.member("reseller", company.isReseller)
            writer.member("resellerId", company.resellerID)
            writer.member("webhookSecretCount", company.webhookSecrets.count)
            if let secrets { writer.member("webhookSecrets", texts: secrets) }
            writer.member("createdAt", instant: company.createdAt)
            writer.member("closedAt", instant: company.closedAt)
            writer.member("origin", company.origin.rawValue)
        }
    }

    func response(_ status: HTTPResponse.Status = .ok, secrets: [String]? = nil) -> Response {
        var writer = JSONWriter()
        write(to: &writer, secrets: secrets)
        return Response(status: status, json: writer)
    }
}

struct AdminCompanies: Sendable {
    private static let maximumSecrets = 10
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("companies")
            .get(use: list)
            .post(use: create)
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: close)
            .post(":id/webhook-secrets", use: addSecret)
            .delete(":id/webhook-secrets", use: dropSecrets)
    }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        let isClosed = query.flag("closed") ?? false
        try query.check()
        return try await surface.inspect { provisioner, transaction in
            let companies = try provisioner.companies().filter {
                caller.reaches($0.id) && ($0.closedAt != nil) == isClosed
            }
            return try page.slice(companies, id: \.id).map { try AdminCompany($0, transaction) }
        }.response { $1.write(to: &$0) }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await find(try id(context, surface.caller(context))).response()
    }

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let given = try await AdminReader.members(of: request)
        try Self.checkReach(caller, given, own: false)
        var reader = AdminReader(patching: Self.usual(for: caller), with: given)
        var draft = Self.draft(&reader)
        let initialBalance = reader.money("initialBalance") ?? .zero
        if initialBalance < .zero { reader.refuse("initialBalance", "must not be negative") }
        try reader.check()
        if draft.webhookSecrets.isEmpty { draft.webhookSecrets = [surface.options.admin.newWebhookSecret()] }
        let (stored, reseller) = (draft, caller.reseller)
        let company = try await surface.change(caller) { provisioner in
            try Self.checkReseller(of: stored, provisioner)
            guard let reseller else { return try provisioner.create(stored, initialBalance: initialBalance) }
            let company = try provisioner.create(stored)
            if initialBalance != .zero {
                try provisioner.transfer(initialBalance, from: reseller.id, to: company.id, field: "initialBalance")
            }
            return company
        }
        return try await find(company.id).response(.created, secrets: stored.webhookSecrets)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try id(context, caller)
        let patch = try await AdminReader.members(of: request)
        try Self.checkReach(caller, patch, own: id == caller.reseller?.id)
        let closed = patch["closed"]
        if let closed, closed.bool == nil {
            throw Problem.violations([Violation(field: "closed", message: "must be true or false")])
        }
        try await surface.change(caller) { provisioner in
            if closed == .bool(true) { throw ProvisioningError.conflict("a company is closed with DELETE") }
            if closed == .bool(false) { _ = try provisioner.reopen(companyID: id) }
            let before = try provisioner.company(id)
            var reader = AdminReader(patching: Self.members(of: before.draft), with: patch)
            let draft = Self.draft(&reader)
            try reader.check()
            try Self.checkReseller(of: draft, id: id, provisioner)
            _ = try provisioner.change(companyID: id, to: draft)
        }
        return try await find(id).response()
    }

    @Sendable private func close(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try id(context, caller)
        if id == caller.reseller?.id { throw Problem.notForResellers("close", "its own company") }
        try await surface.change(caller) { try $0.close(companyID: id) }
        return Response(status: .noContent)
    }

    @Sendable private func addSecret(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try id(context, caller)
        let secret = surface.options.admin.newWebhookSecret()
        try await surface.change(caller) { provisioner in
            var draft = try provisioner.company(id).draft
            guard draft.webhookSecrets.count < Self.maximumSecrets else {
                throw ProvisioningError.conflict("the company has \(Self.maximumSecrets) secrets; remove the old ones")
            }
            draft.webhookSecrets.insert(secret, at: 0)
            _ = try provisioner.change(companyID: id, to: draft)
        }
        var writer = JSONWriter()
        writer.object { $0.member("secret", secret) }
        return Response(status: .created, json: writer)
    }

    @Sendable private func dropSecrets(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try id(context, caller)
        try await surface.change(caller) { provisioner in
            var draft = try provisioner.company(id).draft
            draft.webhookSecrets = Array(draft.webhookSecrets.prefix(1))
            _ = try provisioner.change(companyID: id, to: draft)
        }
        return Response(status: .noContent)
    }

    // MARK: Reading and writing

    private func find(_ id: CompanyID) async throws -> AdminCompany {
        try await surface.inspect { try AdminCompany(try $0.company(id), $1) }
    }

    /// The company in the path, if it is within reach.
    private func id(_ context: APIRequestContext, _ caller: AdminCaller) throws -> CompanyID {
        try surface.companyID(in: context, caller)
    }

    private static func draft(_ reader: inout AdminReader) -> CompanyDraft {
        var draft = CompanyDraft(name: reader.requiredText("name"))
        draft.isPrepaid = reader.flag("prepaid") ?? draft.isPrepaid
        draft.currency = reader.text("currency") ?? draft.currency
        draft.isReseller = reader.flag("reseller") ?? draft.isReseller
        draft.resellerID = reader.id("resellerId")
        draft.webhookSecrets = reader.texts("webhookSecrets") ?? []
        if draft.webhookSecrets.count > maximumSecrets || !draft.webhookSecrets.allSatisfy(isVisibleASCII) {
            reader.refuse("webhookSecrets", "must be at most \(maximumSecrets) texts of visible ASCII characters")
        }
        return draft
    }

    private static func isVisibleASCII(_ text: String) -> Bool { text.utf8.allSatisfy { (0x21...0x7E).contains($0) } }

    /// Whose a company is to be, and whose it is: 404 when there is no such reseller. `id` is that of a company that
    /// exists.
    private static func checkReseller(
        of draft: CompanyDraft, id: CompanyID? = nil, _ provisioner: Provisioner
    ) throws {
        if let id, !draft.isReseller, try provisioner.companies().contains(where: { $0.resellerID == id }) {
            throw ProvisioningError.conflict("the company owns others, as only a reseller can")
        }
        guard let resellerID = draft.resellerID else { return }
        let reseller = try provisioner.company(resellerID)
        guard reseller.isReseller, reseller.closedAt == nil else {
            throw ProvisioningError.conflict("the company \(reseller.name) is not an open reseller")
        }
        if draft.isReseller { throw ProvisioningError.conflict("a reseller is not owned by another") }
    }

    /// What `draft` reads.
    private static func members(of draft: CompanyDraft) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "name": .string(draft.name), "prepaid": .bool(draft.isPrepaid), "currency": .string(draft.currency),
            "reseller": .bool(draft.isReseller), "webhookSecrets": .array(draft.webhookSecrets.map { .string($0) }),
        ]
        members["resellerId"] = draft.resellerID.map { .integer($0) }
        return members
    }

    /// What a new company is where its maker does not say.
    private static func usual(for caller: AdminCaller) -> [String: JSONValue] {
        guard let reseller = caller.reseller else { return [:] }
        return [
            "prepaid": .bool(reseller.isPrepaid), "currency": .string(reseller.currency),
            "resellerId": .integer(reseller.id),
        ]
    }

    /// Refuses what would let a reseller out of its bounds: companies of others, and credit that it does not have.
    private static func checkReach(
        _ caller: AdminCaller, _ members: [String: JSONValue], own: Bool
    ) throws(Problem) {
        guard let reseller = caller.reseller else { return }
        func refuse(_ field: String, _ message: String) -> Problem {
            .forbidden(Violation(field: field, message: message))
        }
        if own,
            let field = ["prepaid", "currency", "reseller", "resellerId", "closed"].first(where: { members[$0] != nil })
        {
            throw refuse(field, "of its own company is not a reseller's to change")
        }
        if let value = members["reseller"], value != .bool(false) {
            throw refuse("reseller", "cannot be set by a reseller")
        }
        if let value = members["resellerId"], value != .integer(reseller.id) {
            throw refuse("resellerId", "must be the reseller's own")
        }
        if let value = members["currency"], value != .string(reseller.currency) {
            throw refuse("currency", "must be the reseller's own")
        }
        if reseller.isPrepaid, let value = members["prepaid"], value != .bool(true) {
            throw refuse("prepaid", "must be true, since the reseller is prepaid itself")
        }
    }
}

extension AdminSurface {
    /// The company in the path; throws 404 when it is beyond the caller's reach.
    func companyID(in context: APIRequestContext, _ caller: AdminCaller) throws -> CompanyID {
        let id = try id(in: context, of: .company)
        guard caller.reaches(id) else { throw Problem(ProvisioningError.notFound(.company)) }
        return id
    }
}

extension Problem {
    static func notForResellers(_ verb: String, _ what: String) -> Problem {
        Problem(.forbidden, detail: "A reseller cannot \(verb) \(what).")
    }
}
