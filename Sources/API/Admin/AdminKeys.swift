// SPDX-License-Identifier: Apache-2.0
// /admin/v1/keys: the keys with which companies use the APIs. A key is shown once, in the answer that makes it; only its
// hash is stored. A reseller gives no key that opens the Admin API, and leaves those that do alone.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AdminKeys: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("keys")
            .get(use: list)
            .post(use: create)
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: remove)
    }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await surface.owned(request, context) { try $0.keys() }.response { write($1, to: &$0) }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .key)
        return response(try await surface.inspect { provisioner, _ in try Self.find(id, provisioner, caller) })
    }

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var reader = try await AdminReader(request)
        let companyID = reader.requiredID("companyId")
        let name = reader.requiredText("name")
        let limits = Self.limits(&reader)
        try reader.check()
        let text = APIKey.generate()
        let key = try await surface.change(caller) { provisioner in
            try surface.checkOwner(companyID, caller, provisioner)
            try Self.check(limits, for: try provisioner.company(companyID), caller)
            return try provisioner.createKey(text, name: name, companyID: companyID, limits: limits)
        }
        return response(key, .created, text: text)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .key)
        let patch = try await AdminReader.members(of: request)
        let key = try await surface.change(caller) { provisioner in
            let before = try Self.find(id, provisioner, caller)
            try Self.check(before.limits, for: nil, caller)
            var reader = AdminReader(patching: Self.members(of: before), with: patch)
            let name = reader.requiredText("name")
            let limits = Self.limits(&reader)
            try reader.check()
            try Self.check(limits, for: try provisioner.company(before.companyID), caller)
            return try provisioner.change(keyID: id, name: name, limits: limits)
        }
        return response(key)
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .key)
        try await surface.change(caller) { provisioner in
            try Self.check(try Self.find(id, provisioner, caller).limits, for: nil, caller)
            try provisioner.remove(keyID: id)
        }
        return Response(status: .noContent)
    }

    // MARK: Reading and writing

    private static func find(_ id: Int64, _ provisioner: Provisioner, _ caller: AdminCaller) throws -> APIKey {
        let key = try provisioner.key(id)
        try caller.check(key.companyID, .key)
        return key
    }

    /// Refuses keys to the Admin API for whom they are not.
    private static func check(_ limits: KeyLimits, for company: Company?, _ caller: AdminCaller) throws {
        if !caller.isOperator, !limits.scopes.isSubset(of: [.api]) {
            throw Problem.forbidden(
                Violation(field: "scopes", message: "of the Admin API are not a reseller's to give, change or take"))
        }
        if let company, limits.scopes.contains(.reseller), !company.isReseller {
            throw ProvisioningError.conflict("the company \(company.name) is not a reseller, which the scope is for")
        }
    }

    private static func limits(_ reader: inout AdminReader) -> KeyLimits {
        var limits = KeyLimits()
        if let texts = reader.texts("scopes") {
            limits.scopes = Set(texts.compactMap(KeyScope.init(rawValue:)))
            if texts.isEmpty || !texts.allSatisfy({ KeyScope(rawValue: $0) != nil }) {
                reader.refuse(
                    "scopes", "must be some of \(KeyScope.allCases.map(\.rawValue).joined(separator: ", "))")
            }
        }
        limits.objects = reader.texts("objects", maximumLength: 100) ?? []
        limits.addresses = reader.addresses("addresses") ?? []
        limits.requestsPerSecond = reader.integer("requestsPerSecond", in: 1...100_000)
        limits.expiresAt = reader.instant("expiresAt")
        return limits
    }

    /// What a change can change.
    private static func members(of key: APIKey) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "name": .string(key.name), "scopes": .array(key.scopes.map { .string($0.rawValue) }),
            "objects": .array(key.limits.objects.map { .string($0) }),
            "addresses": .array(key.limits.addresses.map { .string($0.description) }),
        ]
        members["requestsPerSecond"] = key.limits.requestsPerSecond.map { .integer(Int64($0)) }
        members["expiresAt"] = key.expiresAt.map { .string(Timestamp.rfc3339($0, milliseconds: true)) }
        return members
    }

    private func response(
        _ key: APIKey, _ status: HTTPResponse.Status = .ok, text: String? = nil
    ) -> Response {
        var writer = JSONWriter()
        write(key, text: text, to: &writer)
        return Response(status: status, json: writer)
    }

    /// `text` is the key itself, which the answer that made it shows.
    private func write(_ key: APIKey, text: String? = nil, to writer: inout JSONWriter) {
        // The row lags behind by some seconds; this node knows better of itself.
        let lastUse = [key.lastUsedAt, surface.options.keyUse.lastUse(of: key.id)].compactMap(\.self).max()
        writer.object { writer in
            writer.member("id", key.id)
            writer.member("companyId", key.companyID)
            writer.member("name", key.name)
            writer.member("hint", key.hint)
            writer.member("key", text)
            writer.member("scopes", texts: key.scopes.map(\.rawValue).sorted())
            writer.member("objects", texts: key.limits.objects)
            writer.member("addresses", texts: key.limits.addresses.map(\.description))
            writer.member("requestsPerSecond", key.limits.requestsPerSecond.map { Int64($0) })
            writer.member("expiresAt", instant: key.expiresAt)
            writer.member("lastUsedAt", instant: lastUse)
            writer.member("createdAt", instant: key.createdAt)
            writer.member("origin", key.origin.rawValue)
        }
    }
}

extension AdminSurface {
    /// Whose something is to be: an open company within the caller's reach. Throws 404 when there is no such company.
    func checkOwner(_ companyID: CompanyID, _ caller: AdminCaller, _ provisioner: Provisioner) throws {
        try caller.check(companyID)
        guard try provisioner.company(companyID).closedAt == nil else {
            throw ProvisioningError.conflict("the company is closed")
        }
    }
}
