// SPDX-License-Identifier: Apache-2.0
// Contacts, the names under which providers know them, and their conversations on a company's channels. A contact is
// never found by a phone number alone: any of its names leads to it, and a new one joins the others.

internal import Accounts
internal import SQL
internal import Wire

struct ConversationStore {
    /// A conversation that has to be open for a message.
    struct Window: Sendable {
        let companyID: CompanyID
        let channel: ChannelAddress
        let recipient: String
    }

    /// For how long after the customer's last message a business may write freely.
    static let windowLength: Milliseconds = 24 * 3_600_000

    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// Those of the windows that are closed, by their index.
    func closed(_ windows: [Int: Window], now: Milliseconds) throws -> Set<Int> {
        var closed: Set<Int> = []
        for (index, window) in windows {
            let row = try transaction.queryOne(
                """
                SELECT MAX(c.last_inbound_at) AS last FROM identities i
                JOIN conversations c ON c.contact_id = i.contact_id
                JOIN channels h ON h.id = c.channel_id
                WHERE i.company_id = $1 AND i.kind IN ('phone', 'wa_id', 'bsuid') AND i.value = $2
                    AND h.kind = $3 AND h.address = $4
                """,
                [
                    .integer(window.companyID), .text(window.recipient), .text(window.channel.kind.rawValue),
                    .text(window.channel.address),
                ])
            let last = try row?.int64OrNil("last") ?? 0
            if last + Self.windowLength <= now { closed.insert(index) }
        }
        return closed
    }

    /// The contact with one of these names, made if there is none; names that are nobody's become its own.
    func contact(_ identities: [Identity], name: String?, companyID: CompanyID, now: Milliseconds) throws -> Int64 {
        var found: Int64?
        for identity in identities where found == nil {
            found = try transaction.queryOne(
                "SELECT contact_id FROM identities WHERE company_id = $1 AND kind = $2 AND value = $3",
                [.integer(companyID), .text(identity.kind.rawValue), .text(identity.value)]
            )?.int64("contact_id")
        }
        let id: Int64
        if let found {
            id = found
            if let name {
                try transaction.execute(
                    "UPDATE contacts SET name = $2 WHERE id = $1 AND name IS NULL", [.integer(id), .text(name)])
            }
        } else {
            let row = try transaction.queryOne(
                "INSERT INTO contacts (company_id, name, created_at) VALUES ($1, $2, $3) RETURNING id",
                [.integer(companyID), SQLValue(name), .integer(now)])
            guard let made = try row?.int64("id") else { throw DatabaseError.decoding("contacts.id") }
            id = made
        }
        try transaction.executeBatch(
            """
            INSERT INTO identities (company_id, kind, value, contact_id) VALUES ($1, $2, $3, $4)
            ON CONFLICT (company_id, kind, value) DO NOTHING
            """,
            identities.map { [.integer(companyID), .text($0.kind.rawValue), .text($0.value), .integer(id)] })
        return id
    }

    /// The conversation of a contact on a channel, made if there is none, with a message noted in it.
    func note(
        _ direction: Direction, contactID: Int64, channelID: Int64, companyID: CompanyID, now: Milliseconds
    ) throws -> Int64 {
        let isInbound = direction == .inbound
        let row = try transaction.queryOne(
            """
            INSERT INTO conversations
                (company_id, channel_id, contact_id, created_at, last_message_at, last_inbound_at, unread)
            VALUES ($1, $2, $3, $4, $4, $5, $6)
            ON CONFLICT (channel_id, contact_id) DO UPDATE
            SET last_message_at = excluded.last_message_at,
                last_inbound_at = COALESCE(excluded.last_inbound_at, conversations.last_inbound_at),
                unread = conversations.unread + excluded.unread
            RETURNING id
            """,
            [
                .integer(companyID), .integer(channelID), .integer(contactID), .integer(now),
                isInbound ? .integer(now) : .null, .integer(isInbound ? 1 : 0),
            ])
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding("conversations.id") }
        return id
    }
}
