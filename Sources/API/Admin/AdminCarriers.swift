// SPDX-License-Identifier: Apache-2.0
// What an operator looks at when a carrier misbehaves: what was said on its connector (/connectors/{id}/exchanges), and
// receipts that fit no message (/receipts/unmatched). Nothing of it is for resellers.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct AdminCarriers: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.get("connectors/:id/exchanges", use: exchanges)
        group.get("receipts/unmatched", use: unmatched)
    }

    /// The newest exchanges of this node, or the first ones behind `after`; either way the newest is the last.
    @Sendable private func exchanges(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .connector)
        guard surface.directory.current.connectors[id]?.isEnabled == true else {
            throw Problem(ProvisioningError.notFound(.connector))
        }
        var query = try AdminQuery(request)
        let limit = query.integer("limit", in: AdminPage.limits) ?? AdminPage.usualLimit
        let after = query.integer("after", in: 0...Int.max)
        try query.check()
        let log = surface.engine.runningConnectors.first { $0.id == id }?.exchanges
        let entries = log?.entries(after: after.map { Int64($0) }, limit: limit) ?? []
        return AdminSlice(items: entries, next: nil).response { $1.write(to: &$0) }
    }

    @Sendable private func unmatched(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        try query.check()
        let found = try await surface.database.read {
            try UnmatchedReceipt.list($0, before: page.cursor ?? .max, limit: page.limit + 1)
        }
        return AdminSlice(found, limit: page.limit, id: \.id).response { writer, receipt in
            writer.object { writer in
                writer.member("id", receipt.id)
                writer.member("connector", receipt.connector)
                writer.member("providerId", receipt.providerID)
                writer.member("recipient", receipt.recipient)
                writer.member("state", "\(receipt.state)")
                writer.member("errorCode", receipt.errorCode)
                writer.member("receivedAt", instant: receipt.receivedAt)
            }
        }
    }
}
