// SPDX-License-Identifier: Apache-2.0
// What a message part, a call or a look-up costs: rows of a price table, the longest matching prefix first.

public import Wire

/// One row of the price table.
public struct Price: Sendable, Equatable {
    /// What a price is for.
    public enum Direction: String, Sendable, CaseIterable {
        /// A part of a message that is sent.
        case outbound
        /// A part of one that comes in.
        case inbound
        /// A voice call.
        case voice
        /// A look-up of a number's portability.
        case gnp
        /// A look-up of its subscriber.
        case gnv
    }

    public let id: Int64
    /// The company that this row is for; nil for every company without a row of its own at the same prefix.
    public let companyID: CompanyID?
    public let direction: Direction
    /// Leading digits of the other party's number, without `+`; empty for every number.
    public let prefix: String
    public let mcc: String
    public let mnc: String
    /// The operator's number in the customers' price lists.
    public let ttid: String
    public let currency: String
    public let amount: Money
    public let effectiveFrom: Milliseconds
    public let origin: Origin

    public init(
        id: Int64, companyID: CompanyID?, direction: Direction, prefix: String, mcc: String, mnc: String, ttid: String,
        currency: String, amount: Money, effectiveFrom: Milliseconds, origin: Origin = .admin
    ) {
        self.id = id
        self.companyID = companyID
        self.direction = direction
        self.prefix = prefix
        self.mcc = mcc
        self.mnc = mnc
        self.ttid = ttid
        self.currency = currency
        self.amount = amount
        self.effectiveFrom = effectiveFrom
        self.origin = origin
    }

    /// What tells one row from another; two rows with the same are one price too many.
    public struct Key: Sendable, Hashable {
        public let companyID: CompanyID?
        public let direction: Direction
        public let prefix: String
        public let effectiveFrom: Milliseconds
    }

    public var key: Key {
        Key(companyID: companyID, direction: direction, prefix: prefix, effectiveFrom: effectiveFrom)
    }
}

/// The price rows, ready for look-ups.
public struct PriceTable: Sendable {
    private struct Key: Hashable {
        let direction: Price.Direction
        let companyID: CompanyID?
        let prefix: Substring
    }

    private var rows: [Key: [Price]] = [:]
    private var longestPrefix = 0

    public init(_ prices: [Price] = []) {
        for price in prices {
            let key = Key(direction: price.direction, companyID: price.companyID, prefix: price.prefix[...])
            rows[key, default: []].append(price)
            longestPrefix = max(longestPrefix, price.prefix.utf8.count)
        }
        for key in rows.keys { rows[key]?.sort { $0.effectiveFrom > $1.effectiveFrom } }
    }

    /// The row for `number` (digits) in force at `now`: the longest prefix wins, then the company's own row, then the
    /// latest one that is effective.
    public func price(
        for number: String, direction: Price.Direction, companyID: CompanyID, now: Milliseconds
    ) -> Price? {
        guard !rows.isEmpty else { return nil }
        for length in stride(from: min(longestPrefix, number.utf8.count), through: 0, by: -1) {
            let prefix = number.prefix(length)
            for owner in [companyID, nil] {
                let candidates = rows[Key(direction: direction, companyID: owner, prefix: prefix)]
                if let price = candidates?.first(where: { $0.effectiveFrom <= now }) { return price }
            }
        }
        return nil
    }
}
