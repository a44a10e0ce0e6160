// SPDX-License-Identifier: Apache-2.0
// /admin/v1/deliveries: the log of what was sent to customers' URLs, and sending it again, one or a range of time. Never
// what was sent.

internal import Accounts
internal import Hummingbird
internal import Logging
internal import Messaging
internal import SQL
internal import Wire

struct AdminDeliveries: Sendable {
    /// How many deliveries one transaction of a replay looks at.
    private static let slice = 2000

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("deliveries")
            .get(use: list)
            .post("replay", use: replayRange)
            .get(":id", use: show)
            .post(":id/replay", use: replay)
    }

    // MARK: Looking

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        var filter = DeliverySearch.Filter()
        filter.companyIDs = caller.companies.map { $0.sorted() }
        if let id = query.id("companyId") {
            try checkReach(caller, id)
            filter.companyIDs = [id]
        }
        filter.state = query.choice("state", among: DeliveryStateName.self)?.state
        filter.event = query.storedText("event")
        filter.from = query.instant("from")
        filter.to = query.instant("to")
        let messageID = query.text("messageId").map { MessageID($0) }
        if case .some(nil) = messageID { query.refuse("messageId", "must be the id of a message") }
        try query.check()
        let companies = filter.companyIDs ?? surface.directory.current.companies.keys.sorted()
        let (fixed, wanted) = (filter, messageID ?? nil)
        let found = try await surface.database.read { transaction in
            let search = DeliverySearch(transaction)
            guard let wanted else { return try search.list(fixed, before: page.cursor, limit: page.limit) }
            let keys = companies.map { MessageKey(companyID: $0, id: wanted) }
            return try search.list(fixed, of: keys, before: page.cursor, limit: page.limit)
        }
        return AdminSlice(items: found.deliveries, next: found.next.map { String($0) }).response { $1.write(to: &$0) }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await response(find(context, surface.caller(context)).id)
    }

    private func find(_ context: APIRequestContext, _ caller: AdminCaller) async throws -> DeliverySummary {
        let id = try surface.id(in: context, of: .delivery)
        let found = try await surface.database.read { try DeliverySearch($0).find(id) }
        guard let found, caller.reaches(found.companyID) else { throw Problem(ProvisioningError.notFound(.delivery)) }
        return found
    }

    private func response(_ id: Int64) async throws -> Response {
        guard let found = try await surface.database.read({ try DeliverySearch($0).find(id) }) else {
            throw Problem(ProvisioningError.notFound(.delivery))
        }
        var writer = JSONWriter()
        found.write(to: &writer)
        return Response(json: writer)
    }

    private func checkReach(_ caller: AdminCaller, _ companyID: CompanyID) throws {
        guard caller.reaches(companyID) else { throw Problem(ProvisioningError.notFound(.company)) }
    }

    // MARK: Sending again

    /// A pending one is due already: nothing changes.
    @Sendable private func replay(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let delivery = try await find(context, caller)
        let now = surface.now
        try await surface.act { transaction in
            let count = try DeliveryStore(transaction).replay(
                companyID: delivery.companyID, ids: [delivery.id], now: now)
            guard count > 0 else { return }
            try AuditLog(transaction).record(
                .replayed, .delivery, id: String(delivery.id), name: delivery.event, companyID: delivery.companyID,
                actor: caller.actor, now: now)
        }
        return try await response(delivery.id)
    }

    @Sendable private func replayRange(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var reader = try await AdminReader(request)
        for name in ["from", "to"] where !reader.has(name) { reader.refuse(name, "is required") }
        let companyID = reader.id("companyId")
        let from = reader.instant("from") ?? 0
        let to = reader.instant("to") ?? 0
        let state = reader.choice("state", among: ReplayedState.allCases) ?? .undelivered
        let urlPrefix = reader.text("url")
        if reader.violations.isEmpty, to < from { reader.refuse("to", "must not be earlier than from") }
        try reader.check()
        if let companyID { try checkReach(caller, companyID) }
        let all = surface.directory.current.companies.keys.filter { caller.reaches($0) }.sorted()
        var replayed = 0
        for id in companyID.map({ [$0] }) ?? all {
            let range = DeliverySearch.Range(
                companyID: id, from: from, to: to, includesDelivered: state == .all, urlPrefix: urlPrefix)
            try await replay(range, caller, counting: &replayed)
        }
        var writer = JSONWriter()
        writer.object { $0.member("replayed", replayed) }
        return Response(json: writer)
    }

    /// Works through one company's range, a transaction for every slice; each leaves its row in the audit log.
    private func replay(
        _ range: DeliverySearch.Range, _ caller: AdminCaller, counting replayed: inout Int
    ) async throws {
        var cursor: DeliverySearch.Cursor? = DeliverySearch.Cursor()
        while let from = cursor {
            let now = surface.now
            do {
                let result = try await surface.act { transaction in
                    let result = try DeliverySearch(transaction).replay(range, from: from, slice: Self.slice, now: now)
                    guard result.replayed > 0 else { return result }
                    try AuditLog(transaction).record(
                        .replayed, .delivery, id: "", name: "\(result.replayed) deliveries",
                        companyID: range.companyID, to: Self.audited(range, result.replayed), actor: caller.actor,
                        now: now)
                    return result
                }
                replayed += result.replayed
                cursor = result.next
            } catch let error as DatabaseError where replayed > 0 {
                surface.engine.context.logger.error("a replay was cut short", metadata: ["error": "\(error)"])
                throw Problem.replayCutShort(after: replayed)
            }
        }
    }

    private static func audited(_ range: DeliverySearch.Range, _ count: Int) -> [String: JSONValue] {
        var members: [String: JSONValue] = [
            "count": .integer(Int64(count)), "createdFrom": .string(Timestamp.rfc3339(range.from)),
            "createdTo": .string(Timestamp.rfc3339(range.to)),
            "state": .string(range.includesDelivered ? "all" : "undelivered"),
        ]
        members["url"] = range.urlPrefix.map { .string(String($0.prefix { $0 != "?" })) }
        return members
    }
}

/// The states by their names in the API.
private enum DeliveryStateName: String, CaseIterable {
    case pending, delivered, undelivered

    var state: DeliveryState {
        switch self {
        case .pending: .pending
        case .delivered: .delivered
        case .undelivered: .undelivered
        }
    }
}

private enum ReplayedState: String, CaseIterable { case undelivered, all }

extension AdminSurface {
    /// Does something that is no configuration, in one transaction.
    func act<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        do {
            return try await database.write(body)
        } catch DatabaseError.commitUnknown(_) {
            throw Problem.unknownChange
        }
    }
}

extension Problem {
    static func replayCutShort(after count: Int) -> Problem {
        Problem(
            .serviceUnavailable,
            detail: "\(count) deliveries were made due again, then the database went away. Ask again for the rest."
        ).with([.retryAfter: "5"])
    }
}
