// SPDX-License-Identifier: Apache-2.0
// The price table as operators read it, page by page: it may have a million rows, which nobody wants at once.

public import SQL

public struct PriceList {
    /// What to look for; nil members match everything.
    public struct Filter: Sendable {
        public var companyID: CompanyID?
        public var direction: Price.Direction?
        /// Rows whose prefix begins with these digits.
        public var prefix: String?
        /// Rows of these companies and those of no company alone.
        public var visibleTo: Set<CompanyID>?

        public init() {}
    }

    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Up to `limit` rows with ids above `cursor`, in the order of their ids.
    public func page(_ filter: Filter = Filter(), after cursor: Int64 = 0, limit: Int) throws -> [Price] {
        var conditions = ["id > $1"]
        var values: [SQLValue] = [.integer(cursor)]
        func add(_ condition: String, _ value: SQLValue?) {
            guard let value else { return }
            values.append(value)
            conditions.append(condition + " $\(values.count)")
        }
        add("company_id =", filter.companyID.map { .integer($0) })
        add("direction =", filter.direction.map { .text($0.rawValue) })
        if let prefix = filter.prefix, !prefix.isEmpty {
            add("prefix >=", .text(prefix))
            // Behind the digits in every collation.
            add("prefix <", .text(prefix + "a"))
        }
        if let ids = filter.visibleTo {
            // Numbers of ours: nothing in them needs a parameter.
            let list = ids.sorted().map(String.init).joined(separator: ", ")
            conditions.append(ids.isEmpty ? "company_id IS NULL" : "(company_id IS NULL OR company_id IN (\(list)))")
        }
        values.append(SQLValue(limit))
        return try transaction.query(
            AccountStore.priceSelection
                + " WHERE \(conditions.joined(separator: " AND ")) ORDER BY id LIMIT $\(values.count)", values
        ).compactMap(AccountStore.price(from:))
    }

    public func price(_ id: Int64) throws -> Price? {
        try transaction.queryOne(AccountStore.priceSelection + " WHERE id = $1", [.integer(id)])
            .flatMap(AccountStore.price(from:))
    }
}
