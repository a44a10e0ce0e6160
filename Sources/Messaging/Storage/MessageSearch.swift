// SPDX-License-Identifier: Apache-2.0
// Looks for messages without an index for every question: ids begin with the time, so the newest messages of a company
// stand together, and a search walks back through them slice by slice. It looks at a bounded number of rows and says how
// far it came; whoever asked goes on from there.

public import Accounts
public import SQL
public import Wire

public struct MessageSearch {
    /// What to look for; nil members match everything.
    public struct Filter: Sendable {
        public var direction: Direction?
        public var sender: String?
        public var recipient: String?
        /// Either of the two.
        public var party: String?
        public var status: MessageStatus?
        public var reference: String?
        /// By the time in the id, which is when the message was stored.
        public var from: Milliseconds?
        public var to: Milliseconds?

        public init() {}
    }

    /// A place among messages that are ordered from the newest to the oldest.
    public struct Position: Sendable, Hashable {
        public let id: MessageID
        public let direction: Int64
        public let companyID: CompanyID

        public init(id: MessageID, direction: Int64, companyID: CompanyID) {
            self.id = id
            self.direction = direction
            self.companyID = companyID
        }

        /// Before every message of that instant and of those that follow it.
        init(before instant: Milliseconds) {
            self.init(id: UUIDv7.first(of: instant), direction: -1, companyID: 0)
        }

        /// The order within a company's table, and among companies.
        static func isNewer(_ left: Position, _ right: Position) -> Bool {
            (left.id, left.direction, left.companyID) > (right.id, right.direction, right.companyID)
        }
    }

    public struct Page: Sendable {
        /// Newest first, without their content.
        public var messages: [Message] = []
        /// Where to go on; nil when everything was looked at.
        public var next: Position?
        /// How far back the search has come.
        public var scannedTo: Milliseconds?

        public init() {}
    }

    /// How many rows one search looks at, over all companies.
    public static let budget = 50_000
    /// How many of one company are looked at in one go.
    static let slice = 5000

    private let transaction: Transaction
    private let budget: Int

    public init(_ transaction: Transaction, budget: Int = Self.budget) {
        self.transaction = transaction
        self.budget = budget
    }

    /// The companies' messages of one id, in either direction.
    public func find(_ id: MessageID, companyIDs: [CompanyID]) throws -> [Message] {
        try transaction.queryBatch(
            "SELECT \(Self.columns) FROM messages WHERE company_id = $1 AND id = $2",
            companyIDs.map { [.integer($0), .id(id)] }
        ).flatMap { rows in try rows.map(MessageStore.message(from:)) }
    }

    /// Up to `limit` messages behind `position`, the newest first.
    public func list(
        _ filter: Filter, companyIDs: [CompanyID], after position: Position?, limit: Int
    ) throws -> Page {
        var page = Page()
        let newest = filter.to.map { Position(before: $0) } ?? Position(before: .max)
        var upper = position.map { Position.isNewer($0, newest) ? newest : $0 } ?? newest
        let lower = Position(before: filter.from ?? 0)
        guard !companyIDs.isEmpty, Position.isNewer(upper, lower) else { return page }
        var looked = 0
        let slice = max(1, min(Self.slice, budget / companyIDs.count))
        while true {
            let boundary = try boundary(companyIDs, from: upper, to: lower, slice: slice)
            let found = try matches(
                filter, companyIDs, from: upper, downTo: boundary ?? lower, limit: limit - page.messages.count + 1)
            page.messages += found
            if page.messages.count > limit {
                page.messages.removeSubrange(limit...)
                page.next = page.messages.last.map { Position($0) }
                page.scannedTo = page.messages.last?.id.milliseconds
                return page
            }
            guard let boundary else {
                page.scannedTo = filter.from
                return page
            }
            looked += slice * companyIDs.count
            upper = boundary
            if looked + slice * companyIDs.count > budget || page.messages.count == limit {
                page.next = boundary
                page.scannedTo = boundary.id.milliseconds
                return page
            }
        }
    }

    /// The newest of the places at which the companies' slices end: down to it, all of them were looked at. Nil when no
    /// company has more than a slice.
    private func boundary(
        _ companyIDs: [CompanyID], from upper: Position, to lower: Position, slice: Int
    ) throws -> Position? {
        let ends = try transaction.queryBatch(
            """
            SELECT company_id, id, direction FROM messages WHERE company_id = $1
                AND (id, direction) < ($2, $3) AND (id, direction) > ($4, $5)
            ORDER BY id DESC, direction DESC LIMIT 1 OFFSET $6
            """,
            companyIDs.map { companyID in
                let upper = upper.bound(in: companyID)
                return [
                    .integer(companyID), .id(upper.id), .integer(upper.direction), .id(lower.id),
                    .integer(lower.direction), SQLValue(slice - 1),
                ]
            })
        return try ends.compactMap(\.first).map { row in
            guard let id = UUIDv7(bytes: try row.bytes("id")) else { throw DatabaseError.decoding("messages.id") }
            return Position(
                id: id, direction: try row.int64("direction"), companyID: try row.int64("company_id"))
        }.max { Position.isNewer($1, $0) }
    }

    /// What fits among the rows between two places, the lower one included.
    private func matches(
        _ filter: Filter, _ companyIDs: [CompanyID], from upper: Position, downTo lower: Position, limit: Int
    ) throws -> [Message] {
        var conditions = ""
        var values: [SQLValue] = []
        func add(_ columns: [String], _ value: SQLValue?) {
            guard let value else { return }
            values.append(value)
            let tests = columns.map { "\($0) = $\(values.count + 6)" }
            conditions += " AND (\(tests.joined(separator: " OR ")))"
        }
        add(["direction"], filter.direction.map { .integer($0.rawValue) })
        add(["sender"], filter.sender.map { .text($0) })
        add(["recipient"], filter.recipient.map { .text($0) })
        add(["sender", "recipient"], filter.party.map { .text($0) })
        add(["status"], filter.status.map { .integer($0.rawValue) })
        add(["reference"], filter.reference.map { .text($0) })
        let rows = try transaction.queryBatch(
            """
            SELECT \(Self.columns) FROM messages WHERE company_id = $1
                AND (id, direction) < ($2, $3) AND (id, direction) >= ($4, $5)\(conditions)
            ORDER BY id DESC, direction DESC LIMIT $6
            """,
            companyIDs.map { companyID in
                let (upper, lower) = (upper.bound(in: companyID), lower.bound(in: companyID))
                return [
                    .integer(companyID), .id(upper.id), .integer(upper.direction), .id(lower.id),
                    .integer(lower.direction), SQLValue(limit),
                ] + values
            })
        let messages = try rows.joined().map(MessageStore.message(from:))
        return Array(messages.sorted { Position.isNewer(Position($0), Position($1)) }.prefix(limit))
    }

    /// A message's columns, its content left out.
    private static let columns = MessageStore.columns.replacing(" content,", with: " NULL AS content,")
}

extension MessageSearch.Position {
    public init(_ message: Message) {
        self.init(id: message.id, direction: message.direction.rawValue, companyID: message.companyID)
    }

    /// The same place as seen from one company's rows: of two companies' messages with one id and direction, which only
    /// chance can make, the one of the greater company comes first.
    fileprivate func bound(in companyID: CompanyID) -> (id: MessageID, direction: Int64) {
        (id, companyID < self.companyID ? direction + 1 : direction)
    }
}
