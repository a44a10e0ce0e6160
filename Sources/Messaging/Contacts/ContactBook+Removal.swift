// SPDX-License-Identifier: Apache-2.0
// A contact's end. It is an erasure in the sense of data protection, not a deletion of the company's records: what tells
// who somebody is and what was said goes, what proves that messages were sent, when and at which price stays.

public import Accounts
internal import SQL
public import Wire

extension ContactBook {
    /// Removes a contact whatever its history; throws `notFound`.
    ///
    /// Gone at once: its name and identities, its conversations, and the contents of their messages. Of a message that
    /// is still on its way the content goes when it has ended, for it cannot be sent without. What stays, as long as any,
    /// are the messages' own rows with the two numbers, times, status and price, which bills and disputes with carriers
    /// need; text messages to the number that no conversation holds; callbacks, which are the company's post; and media
    /// until their validity ends. Whoever writes again becomes a new contact.
    public func remove(_ id: Int64, as actor: Actor, now: Milliseconds) throws {
        // Nobody can begin a conversation with the contact, or give it a name, before this transaction ends.
        try lock(id, "UPDATE")
        let contact: [SQLValue] = [.integer(companyID), .integer(id)]
        let conversations = try transaction.query(
            "SELECT id FROM conversations WHERE company_id = $1 AND contact_id = $2", contact
        ).map { try $0.int64("id") }
        for conversation in conversations { try erase(conversation) }
        try transaction.execute("DELETE FROM conversations WHERE company_id = $1 AND contact_id = $2", contact)
        try transaction.execute("DELETE FROM identities WHERE company_id = $1 AND contact_id = $2", contact)
        try transaction.execute("DELETE FROM contacts WHERE company_id = $1 AND id = $2", contact)
        try note(.removed, id, as: actor, now: now)
    }

    /// Erases what was said in a conversation, and takes its messages out of it.
    private func erase(_ conversation: Int64) throws {
        let values: [SQLValue] = [.integer(companyID), .integer(conversation)]
        let locking = transaction.dialect.pick(sqlite: "", postgres: " FOR UPDATE")
        let underWay = try transaction.query(
            """
            SELECT id, direction, extra FROM messages
            WHERE company_id = $1 AND conversation_id = $2 AND done_at IS NULL
            """ + locking, values)
        try transaction.executeBatch(
            "UPDATE messages SET extra = $4 WHERE company_id = $1 AND id = $2 AND direction = $3",
            underWay.map { row in
                var extra = try row.textOrNil("extra").flatMap { MessageExtra(json: $0) } ?? MessageExtra()
                extra.retentionDays = 0
                return [.integer(companyID), row["id"], row["direction"], SQLValue(extra.json)]
            })
        try transaction.execute(
            """
            UPDATE messages SET content = NULL, extra = NULL, erase_at = NULL
            WHERE company_id = $1 AND conversation_id = $2 AND done_at IS NOT NULL
            """, values)
        try transaction.execute(
            "UPDATE messages SET conversation_id = NULL WHERE company_id = $1 AND conversation_id = $2", values)
    }
}
