// SPDX-License-Identifier: Apache-2.0
// GET /admin/v1/webhooks: the customers' endpoints and how they do: what their deliveries came to, and what the node that
// answers has seen of them lately.

public import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
public import Wire

struct AdminWebhooks: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) { group.get("webhooks", use: list) }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        var companies = caller.companies.map { $0.sorted() }
        if let id = query.id("companyId") {
            guard caller.reaches(id) else { throw Problem(ProvisioningError.notFound(.company)) }
            companies = [id]
        }
        try query.check()
        let wanted = companies
        let statistics = try await surface.database.read { try EndpointStatistics.list($0, companyIDs: wanted) }
        let live = Dictionary(grouping: surface.options.admin.endpoints()) { Key(companyID: $0.companyID, url: $0.url) }
        // Endpoints have no id: the cursor counts them.
        let start = min(page.cursor.flatMap { Int(exactly: $0) } ?? 0, statistics.count)
        let found = statistics[start...].prefix(page.limit)
        let next = found.endIndex < statistics.count ? String(found.endIndex) : nil
        let now = surface.now
        return AdminSlice(items: Array(found), next: next).response { writer, item in
            let states = live[Key(companyID: item.companyID, url: item.url)] ?? []
            Self.write(item, states, now: now, to: &writer)
        }
    }

    private struct Key: Hashable {
        let companyID: CompanyID
        let url: String
    }

    private static func write(
        _ item: EndpointStatistics, _ live: [EndpointLiveState], now: Milliseconds, to writer: inout JSONWriter
    ) {
        let worst = live.max { $0.severity < $1.severity }
        writer.object { writer in
            writer.member("companyId", item.companyID)
            writer.member("url", item.url)
            writer.member("pending", item.pending)
            writer.member("undelivered", item.undelivered)
            writer.member("delivered", item.delivered)
            writer.member("lastStatus", item.lastStatus.map { Int64($0) })
            writer.member("lastError", item.lastError)
            let tries = [item.lastEndedAt, worst?.lastSuccessAt, worst?.lastFailureAt]
            writer.member("lastTryAt", instant: tries.compactMap(\.self).max())
            let state = worst?.state ?? (item.lastError == nil ? .healthy : .failing)
            writer.member("state", state.rawValue)
            writer.member("until", instant: worst?.pausedUntil)
        }
    }
}

/// What a node has seen of one endpoint; gates are kept apart by method.
public struct EndpointLiveState: Sendable, Equatable {
    public enum State: String, Sendable {
        case healthy
        /// One delivery at a time tries whether it is back.
        case failing
        /// It asked to be left alone for a while.
        case paused
        /// It answered 410.
        case stopped
    }

    public var companyID: CompanyID
    /// Without its query.
    public var url: String
    public var state: State
    /// When it may be asked again, where that is not now.
    public var pausedUntil: Milliseconds?
    public var lastSuccessAt: Milliseconds?
    public var lastFailureAt: Milliseconds?

    public init(
        companyID: CompanyID, url: String, state: State, pausedUntil: Milliseconds? = nil,
        lastSuccessAt: Milliseconds? = nil, lastFailureAt: Milliseconds? = nil
    ) {
        self.companyID = companyID
        self.url = url
        self.state = state
        self.pausedUntil = pausedUntil
        self.lastSuccessAt = lastSuccessAt
        self.lastFailureAt = lastFailureAt
    }

    fileprivate var severity: Int {
        switch state {
        case .healthy: 0
        case .paused: 1
        case .failing: 2
        case .stopped: 3
        }
    }
}
