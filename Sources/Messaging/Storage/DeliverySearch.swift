// SPDX-License-Identifier: Apache-2.0
// Looks through the log of deliveries, and makes ranges of it due again. Where no index helps, a search looks at a bounded
// range of ids and says where to go on; a replay works in slices, each a transaction of its caller's.

public import Accounts
public import SQL
public import Wire

public struct DeliverySearch {
    /// What to look for; nil members match everything.
    public struct Filter: Sendable {
        /// Of these companies only; nil for all.
        public var companyIDs: [CompanyID]?
        public var state: DeliveryState?
        public var event: String?
        /// By the time at which it was made, or last made due again.
        public var from: Milliseconds?
        public var to: Milliseconds?

        public init() {}
    }

    public struct Page: Sendable {
        /// The newest first.
        public var deliveries: [DeliverySummary] = []
        /// The id to go on below; nil when everything was looked at.
        public var next: Int64?
    }

    /// How many ids one search looks at.
    public static let budget: Int64 = 50_000

    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    public func find(_ id: Int64) throws -> DeliverySummary? {
        try transaction.queryOne(
            "SELECT \(DeliverySummary.columns) FROM deliveries WHERE id = $1", [.integer(id)]
        ).map(DeliverySummary.init(row:))
    }

    /// Up to `limit` deliveries with smaller ids than `before`.
    public func list(_ filter: Filter, before: Int64?, limit: Int) throws -> Page {
        if let ids = filter.companyIDs, ids.isEmpty { return Page() }
        let greatest = try transaction.queryOne("SELECT MAX(id) AS id FROM deliveries")?.int64OrNil("id") ?? 0
        let upper = min(before ?? .max, greatest + 1)
        // The undelivered have an index by company and are few; anything else is looked at id by id.
        let isIndexed = filter.state == .undelivered && filter.companyIDs?.count == 1
        let lower = isIndexed ? 0 : max(0, upper - Self.budget)
        var conditions = Conditions([.integer(upper), .integer(lower), SQLValue(limit + 1)])
        conditions.add(filter)
        let found = try transaction.query(
            """
            SELECT \(DeliverySummary.columns) FROM deliveries WHERE id < $1 AND id >= $2\(conditions.text)
            ORDER BY id DESC LIMIT $3
            """, conditions.values
        ).map(DeliverySummary.init(row:))
        var page = Page(deliveries: Array(found.prefix(limit)))
        if found.count > limit {
            page.next = page.deliveries.last?.id
        } else if lower > 0 {
            page.next = lower
        }
        return page
    }

    /// The same among the deliveries about one message, whichever company's it is.
    public func list(_ filter: Filter, of keys: [MessageKey], before: Int64?, limit: Int) throws -> Page {
        var found: [DeliverySummary] = []
        for key in keys {
            var conditions = Conditions([
                .integer(key.companyID), .id(key.id), .integer(before ?? .max), SQLValue(limit + 1),
            ])
            conditions.add(filter)
            found += try transaction.query(
                """
                SELECT \(DeliverySummary.columns) FROM deliveries
                WHERE company_id = $1 AND message_id = $2 AND id < $3\(conditions.text) ORDER BY id DESC LIMIT $4
                """, conditions.values
            ).map(DeliverySummary.init(row:))
        }
        found.sort { $0.id > $1.id }
        var page = Page(deliveries: Array(found.prefix(limit)))
        if found.count > limit { page.next = page.deliveries.last?.id }
        return page
    }

    // MARK: Replay

    /// What a replay is about.
    public struct Range: Sendable {
        public var companyID: CompanyID
        /// By the time at which a delivery was made, the end not included.
        public var from: Milliseconds
        public var to: Milliseconds
        /// Also those that were delivered.
        public var includesDelivered: Bool
        /// What the URL begins with.
        public var urlPrefix: String?

        public init(
            companyID: CompanyID, from: Milliseconds, to: Milliseconds, includesDelivered: Bool, urlPrefix: String?
        ) {
            self.companyID = companyID
            self.from = from
            self.to = to
            self.includesDelivered = includesDelivered
            self.urlPrefix = urlPrefix
        }
    }

    /// How far a replay has come.
    public struct Cursor: Sendable, Equatable {
        fileprivate var doneAt: Milliseconds
        fileprivate var id: Int64

        /// The beginning.
        public init() {
            doneAt = .min
            id = 0
        }
    }

    /// A delivery ends at most so long after it was made: the longest promise is seven days.
    private static let longestLife: Milliseconds = 8 * 86_400_000

    /// Makes one slice of a range due again. Returns how many deliveries that were, and where to go on; nil at the end.
    public func replay(
        _ range: Range, from cursor: Cursor, slice: Int, now: Milliseconds
    ) throws -> (replayed: Int, next: Cursor?) {
        let rows = try range.includesDelivered ? ended(range, cursor, slice) : undelivered(range, cursor, slice)
        let chosen = try rows.filter { row in
            let createdAt = try row.int64("created_at")
            guard try row.int64("company_id") == range.companyID, range.from <= createdAt, createdAt < range.to else {
                return false
            }
            return try range.urlPrefix.map { try row.text("url").hasPrefix($0) } ?? true
        }
        let replayed = try DeliveryStore(transaction).replay(
            companyID: range.companyID, ids: try chosen.map { try $0.int64("id") }, now: now)
        guard rows.count == slice, let last = rows.last else { return (replayed, nil) }
        var next = cursor
        next.id = try last.int64("id")
        next.doneAt = try last.int64OrNil("done_at") ?? cursor.doneAt
        return (replayed, next)
    }

    private func undelivered(_ range: Range, _ cursor: Cursor, _ slice: Int) throws -> [Row] {
        try transaction.query(
            """
            SELECT id, company_id, url, created_at, done_at FROM deliveries
            WHERE state = \(DeliveryState.undelivered.rawValue) AND company_id = $1 AND id > $2 ORDER BY id LIMIT $3
            """, [.integer(range.companyID), .integer(cursor.id), SQLValue(slice)])
    }

    private func ended(_ range: Range, _ cursor: Cursor, _ slice: Int) throws -> [Row] {
        let start = max(cursor.doneAt, range.from)
        let end = range.to > .max - Self.longestLife ? .max : range.to + Self.longestLife
        return try transaction.query(
            """
            SELECT id, company_id, url, created_at, done_at FROM deliveries
            WHERE done_at IS NOT NULL AND done_at >= $1 AND done_at <= $2 AND (done_at > $1 OR id > $3)
            ORDER BY done_at, id LIMIT $4
            """,
            [.integer(start), .integer(end), .integer(start == cursor.doneAt ? cursor.id : 0), SQLValue(slice)])
    }
}

/// Conditions behind those that are written in the statement, with their parameters.
private struct Conditions {
    private(set) var text = ""
    private(set) var values: [SQLValue]

    init(_ values: [SQLValue]) { self.values = values }

    mutating func add(_ test: String, _ value: SQLValue?) {
        guard let value else { return }
        values.append(value)
        text += " AND \(test) $\(values.count)"
    }

    mutating func add(_ filter: DeliverySearch.Filter) {
        // Numbers of ours: nothing in them needs a parameter, and a constant lets the partial index be used.
        if let ids = filter.companyIDs {
            text += " AND company_id IN (\(ids.map(String.init).joined(separator: ", ")))"
        }
        if let state = filter.state { text += " AND state = \(state.rawValue)" }
        add("event =", filter.event.map { .text($0) })
        add("created_at >=", filter.from.map { .integer($0) })
        add("created_at <", filter.to.map { .integer($0) })
    }
}
