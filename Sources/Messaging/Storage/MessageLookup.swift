// SPDX-License-Identifier: Apache-2.0
// Finds messages by the numbers that protocols without room for a UUID use for them.

public import Accounts
public import SQL
internal import Wire

public struct MessageLookup {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// The company's outbound messages whose id has this number: one, unless nodes have made equal numbers by chance.
    public func find(number: UInt64, companyID: CompanyID) throws -> [Message] {
        guard let range = UUIDv7.range(ofNumber: number) else { return [] }
        return try transaction.query(
            MessageStore.selection + " WHERE company_id = $1 AND id >= $2 AND id <= $3 AND direction = 0 LIMIT 16",
            [.integer(companyID), .id(range.lowerBound), .id(range.upperBound)]
        ).map(MessageStore.message(from:))
    }
}
