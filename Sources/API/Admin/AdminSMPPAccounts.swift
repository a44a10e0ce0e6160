// SPDX-License-Identifier: Apache-2.0
// /admin/v1/smpp-accounts: the accounts with which companies' own SMPP clients bind. A password that is made here is
// shown once; only a slow hash of it is stored, made before the transaction begins.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AdminSMPPAccounts: Sendable {
    /// An account as a request describes it.
    private struct Draft {
        let companyID: CompanyID
        let systemID: String
        let settings: SMPPAccountSettings
        let isEnabled: Bool

        init(_ reader: inout AdminReader) {
            companyID = reader.requiredID("companyId")
            systemID = reader.requiredText("systemId")
            isEnabled = reader.flag("enabled") ?? true
            do {
                settings = try SMPPAccountSettings(json: reader.object("options"))
            } catch {
                settings = SMPPAccountSettings()
                if case .invalid(let field, let reason) = error,
                    !reader.violations.contains(where: { $0.field == field })
                {
                    reader.refuse(field, reason)
                }
            }
        }
    }

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("smpp-accounts")
            .get(use: list)
            .post(use: create)
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: remove)
            .post(":id/disconnect", use: disconnect)
    }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await surface.owned(request, context) { try $0.smppAccounts() }.response { write($1, to: &$0) }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .smppAccount)
        return response(try await surface.inspect { provisioner, _ in try Self.find(id, provisioner, caller) })
    }

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var reader = try await AdminReader(request)
        let draft = Draft(&reader)
        let given = Self.password(&reader)
        try reader.check()
        // Before the slow hash, so that what is refused anyway costs nothing.
        try await surface.inspect { provisioner, _ in
            try surface.checkOwner(draft.companyID, caller, provisioner)
        }
        let password = given ?? Self.newPassword()
        let hash = try PasswordHash.hash(password)
        let account = try await surface.change(caller) { provisioner in
            try provisioner.createSMPPAccount(
                companyID: draft.companyID, systemID: draft.systemID, passwordHash: hash, settings: draft.settings,
                isEnabled: draft.isEnabled)
        }
        return response(account, .created, password: given == nil ? password : nil)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .smppAccount)
        let patch = try await AdminReader.members(of: request)
        _ = try await surface.inspect { provisioner, _ in try Self.find(id, provisioner, caller) }
        var passwords = AdminReader(patch)
        let password = Self.password(&passwords)
        try passwords.check()
        let hash = try password.map { try PasswordHash.hash($0) }
        let account = try await surface.change(caller) { provisioner in
            let before = try Self.find(id, provisioner, caller)
            var reader = AdminReader(patching: before.members, with: patch)
            let draft = Draft(&reader)
            try reader.check()
            try surface.checkOwner(draft.companyID, caller, provisioner)
            return try provisioner.change(
                smppAccountID: id, companyID: draft.companyID, systemID: draft.systemID, passwordHash: hash,
                settings: draft.settings, isEnabled: draft.isEnabled)
        }
        return response(account)
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .smppAccount)
        try await surface.change(caller) { provisioner in
            _ = try Self.find(id, provisioner, caller)
            try provisioner.remove(smppAccountID: id)
        }
        return Response(status: .noContent)
    }

    @Sendable private func disconnect(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .smppAccount)
        try await surface.change(caller) { provisioner in
            let account = try Self.find(id, provisioner, caller)
            try provisioner.note(
                .disconnected, .smppAccount, id: String(id), name: account.systemID, companyID: account.companyID)
        }
        let count = surface.options.admin.disconnectSMPPAccount(id)
        var writer = JSONWriter()
        writer.object { $0.member("disconnected", count) }
        return Response(json: writer)
    }

    // MARK: Reading and writing

    private static func find(_ id: Int64, _ provisioner: Provisioner, _ caller: AdminCaller) throws -> SMPPAccount {
        let account = try provisioner.smppAccount(id)
        try caller.check(account.companyID, .smppAccount)
        return account
    }

    /// SMPP 3.4 §5.2.2: a password is at most 8 octets.
    private static func password(_ reader: inout AdminReader) -> String? {
        guard let password = reader.text("password") else { return nil }
        guard (1...8).contains(password.utf8.count), password.utf8.allSatisfy({ (0x21...0x7E).contains($0) }) else {
            reader.refuse("password", "must be 1 to 8 visible ASCII characters")
            return nil
        }
        return password
    }

    /// 8 characters that people can tell apart.
    private static func newPassword() -> String {
        let characters = Array("abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789")
        var random = SystemRandomNumberGenerator()
        return String((0..<8).map { _ in characters[Int.random(in: 0..<characters.count, using: &random)] })
    }

    private func response(
        _ account: SMPPAccount, _ status: HTTPResponse.Status = .ok, password: String? = nil
    ) -> Response {
        var writer = JSONWriter()
        write(account, password: password, to: &writer)
        return Response(status: status, json: writer)
    }

    private func write(_ account: SMPPAccount, password: String? = nil, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", account.id)
            writer.member("companyId", account.companyID)
            writer.member("systemId", account.systemID)
            writer.member("password", password)
            writer.member("enabled", account.isEnabled)
            writer.member("options", tree: account.settings.json)
            writer.member("lastBoundAt", instant: account.lastBoundAt)
            writer.member("createdAt", instant: account.createdAt)
            writer.member("origin", account.origin.rawValue)
            writer.member(
                "sessions",
                array: { writer in
                    for session in surface.options.admin.smppSessions(account.id) { session.write(to: &writer) }
                })
        }
    }
}

extension SMPPAccount {
    /// What a change can change.
    fileprivate var members: [String: JSONValue] {
        [
            "companyId": .integer(companyID), "systemId": .string(systemID), "enabled": .bool(isEnabled),
            "options": settings.json,
        ]
    }
}

extension SMPPSessionState {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", Int64(clamping: id))
            writer.member("mode", mode)
            writer.member("address", address)
            writer.member("boundAt", instant: boundAt)
            writer.member("outstanding", outstanding)
        }
    }
}
