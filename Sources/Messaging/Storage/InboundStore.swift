// SPDX-License-Identifier: Apache-2.0
// Parts of inbound messages that wait for the others, and the arrivals whose acknowledgement may not have reached the
// carrier: one that comes again on another link is the same message, not a second one.

internal import Accounts
internal import SQL
internal import Wire

/// A received part in the database.
struct StoredInboundPart: Sendable {
    let id: Int64
    let channelID: Int64
    let sender: String
    let recipient: String
    let reference: Int
    let total: Int
    let number: Int
    let content: ReceivedText
    let providerID: String
    let sentAt: Milliseconds
}

struct InboundStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// Notes an arrival. False when it is stored already: the same bytes came on another link and were never acknowledged
    /// there, or came before on whichever link in a commit of which nobody knows whether it was made (`isInDoubt`).
    func noteArrival(_ part: InboundPart, isInDoubt: Bool, now: Milliseconds) throws -> Bool {
        let row = try transaction.queryOne(
            "SELECT bind FROM inbound_unacknowledged WHERE connector_id = $1 AND fingerprint = $2",
            [.integer(part.connectorID), .bytes(part.fingerprint)])
        try transaction.execute(
            """
            INSERT INTO inbound_unacknowledged (connector_id, fingerprint, bind, received_at) VALUES ($1, $2, $3, $4)
            ON CONFLICT (connector_id, fingerprint) DO UPDATE
            SET bind = excluded.bind, received_at = excluded.received_at
            """, [.integer(part.connectorID), .bytes(part.fingerprint), .text(part.bind), .integer(now)])
        guard let row else { return true }
        return try !isInDoubt && row.text("bind") == part.bind
    }

    /// The carrier has the answers to these.
    func forgetArrivals(connectorID: Int64, fingerprints: [[UInt8]]) throws {
        try transaction.executeBatch(
            "DELETE FROM inbound_unacknowledged WHERE connector_id = $1 AND fingerprint = $2",
            fingerprints.map { [.integer(connectorID), .bytes($0)] })
    }

    func forgetArrivals(before: Milliseconds) throws {
        try transaction.execute("DELETE FROM inbound_unacknowledged WHERE received_at < $1", [.integer(before)])
    }

    /// Stores a part. False when a part of that number is there already.
    func insert(
        _ part: InboundPart, of concatenation: InboundPart.Concatenation, channelID: Int64, providerID: String,
        now: Milliseconds
    ) throws -> Bool {
        try transaction.execute(
            """
            INSERT INTO inbound_parts (channel_id, connector_id, sender, recipient, reference, total, number, content,
                provider_id, sent_at, received_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT DO NOTHING
            """,
            [
                .integer(channelID), .integer(part.connectorID), .text(part.sender), .text(part.recipient),
                SQLValue(concatenation.reference), SQLValue(concatenation.total), SQLValue(concatenation.number),
                .text(part.content.stored), .text(providerID), .integer(part.sentAt ?? now), .integer(now),
            ]) == 1
    }

    /// The parts with this sender and reference, by number.
    func parts(channelID: Int64, sender: String, reference: Int, total: Int) throws -> [StoredInboundPart] {
        try transaction.query(
            Self.selection + """
                 WHERE channel_id = $1 AND sender = $2 AND reference = $3 AND total = $4 ORDER BY number
                """, [.integer(channelID), .text(sender), SQLValue(reference), SQLValue(total)]
        ).map(Self.part(from:))
    }

    /// The parts of messages whose first part came before `instant`.
    func overdue(before instant: Milliseconds, limit: Int) throws -> [[StoredInboundPart]] {
        let firsts = try transaction.query(
            """
            SELECT DISTINCT channel_id, sender, reference, total FROM inbound_parts WHERE received_at < $1 LIMIT $2
            """, [.integer(instant), SQLValue(limit)])
        return try firsts.map { row in
            try parts(
                channelID: try row.int64("channel_id"), sender: try row.text("sender"),
                reference: try row.int("reference"), total: try row.int("total"))
        }
    }

    func remove(_ parts: [StoredInboundPart]) throws {
        try transaction.executeBatch(
            "DELETE FROM inbound_parts WHERE id = $1", parts.map { [.integer($0.id)] })
    }

    /// Stores what an inbound message was made of.
    func insertContents(_ contents: [InboundContent], of key: MessageKey) throws {
        try transaction.executeBatch(
            """
            INSERT INTO inbound_contents (company_id, message_id, number, provider_id, sent_at)
            VALUES ($1, $2, $3, $4, $5)
            """,
            contents.map { content in
                [
                    .integer(key.companyID), .id(key.id), SQLValue(content.number), .text(content.id),
                    .integer(content.sentAt),
                ]
            })
    }

    private static let selection = """
        SELECT id, channel_id, sender, recipient, reference, total, number, content, provider_id, sent_at
        FROM inbound_parts
        """

    private static func part(from row: Row) throws -> StoredInboundPart {
        guard let content = ReceivedText(stored: try row.text("content")) else {
            throw DatabaseError.decoding("inbound_parts.content")
        }
        return StoredInboundPart(
            id: try row.int64("id"), channelID: try row.int64("channel_id"), sender: try row.text("sender"),
            recipient: try row.text("recipient"), reference: try row.int("reference"), total: try row.int("total"),
            number: try row.int("number"), content: content, providerID: try row.text("provider_id"),
            sentAt: try row.int64("sent_at"))
    }
}
