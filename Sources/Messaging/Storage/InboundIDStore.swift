// SPDX-License-Identifier: Apache-2.0
// What providers call the messages of a conversation: the ids of inbound messages, and those of ours that are answered.

internal import Accounts
internal import SQL
internal import Wire

struct InboundIDStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// Notes an inbound message; false when it was noted before.
    func note(_ providerID: String, channelID: Int64, key: MessageKey, now: Milliseconds) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO inbound_ids (channel_id, provider_id, company_id, message_id, received_at)
            VALUES ($1, $2, $3, $4, $5) ON CONFLICT (channel_id, provider_id) DO NOTHING
            """,
            [
                .integer(channelID), .text(providerID), .integer(key.companyID), .id(key.id), .integer(now),
            ]) == 1
    }

    /// The inbound message that a provider's id names.
    func inbound(_ providerID: String, channelID: Int64) throws -> MessageKey? {
        let row = try transaction.queryOne(
            "SELECT company_id, message_id FROM inbound_ids WHERE channel_id = $1 AND provider_id = $2",
            [.integer(channelID), .text(providerID)])
        return try row.map(Self.key(from:))
    }

    /// The channel on which a company got the message of a provider's id.
    func channelID(of providerID: String, companyID: CompanyID, among channelIDs: [Int64]) throws -> Int64? {
        try channelIDs.first { try inbound(providerID, channelID: $0)?.companyID == companyID }
    }

    /// The outbound message that a connector's provider calls by this id.
    func outbound(_ providerID: String, connectorID: Int64) throws -> MessageID? {
        let row = try transaction.queryOne(
            "SELECT company_id, message_id FROM parts WHERE connector_id = $1 AND provider_key = $2 LIMIT 1",
            [.integer(connectorID), .text(ProviderID.key(of: providerID))])
        return try row.map(Self.key(from:))?.id
    }

    private static func key(from row: Row) throws -> MessageKey {
        guard let id = UUIDv7(bytes: try row.bytes("message_id")) else { throw DatabaseError.decoding("message_id") }
        return MessageKey(companyID: try row.int64("company_id"), id: id)
    }
}
