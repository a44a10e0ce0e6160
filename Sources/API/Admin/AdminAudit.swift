// SPDX-License-Identifier: Apache-2.0
// GET /admin/v1/audit: who changed what, the newest first. A reseller sees what concerns its companies.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct AdminAudit: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) { group.get("audit", use: list) }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        var filter = AuditLog.Filter()
        filter.kind = query.choice("kind", among: ObjectKind.self)
        filter.objectID = query.storedText("objectId")
        filter.actor = query.storedText("actor")
        filter.action = query.choice("action", among: AuditAction.self)
        filter.companyIDs = caller.companies.map { $0.sorted() }
        if let id = query.id("companyId") {
            guard caller.reaches(id) else { throw Problem(ProvisioningError.notFound(.company)) }
            filter.companyIDs = [id]
        }
        filter.from = query.instant("from")
        filter.to = query.instant("to")
        filter.before = page.cursor
        try query.check()
        let fixed = filter
        let found = try await surface.database.read { try AuditLog($0).list(fixed, limit: page.limit + 1) }
        return AdminSlice(found, limit: page.limit, id: \.id).response { Self.write($1, to: &$0) }
    }

    private static func write(_ entry: AuditEntry, to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", entry.id)
            writer.member("at", instant: entry.at)
            writer.member("actor", entry.actor)
            writer.member("action", entry.action.rawValue)
            writer.member("kind", entry.kind.rawValue)
            writer.member("objectId", entry.objectID)
            writer.member("name", entry.name)
            writer.member("companyId", entry.companyID)
            writer.member("changes", tree: entry.changes)
            writer.member("address", entry.address)
            writer.member("requestId", entry.requestID)
        }
    }
}
