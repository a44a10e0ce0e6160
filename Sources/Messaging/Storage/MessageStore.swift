// SPDX-License-Identifier: Apache-2.0
// Messages, their parts and their events in the database. Every statement names the company.

internal import Accounts
public import SQL
internal import Wire

public struct MessageStore {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    public func insert(_ messages: [Message]) throws {
        try transaction.executeBatch(Self.insertion, messages.map(Self.values(of:)))
    }

    public func appendEvents(_ events: [Event]) throws {
        guard !events.isEmpty else { return }
        try transaction.executeBatch(
            """
            INSERT INTO events (company_id, message_id, kind, at, detail, channel, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            events.map { event in
                [
                    .integer(event.key.companyID), .bytes(event.key.id.bytes), .text(event.kind.rawValue),
                    .integer(event.at), SQLValue(event.detail), SQLValue(event.channel?.rawValue),
                    SQLValue(event.reason),
                ]
            })
    }

    /// What happened to a message, in order; empty when the company has no such message.
    public func events(of key: MessageKey) throws -> [StoredEvent] {
        try transaction.query(
            """
            SELECT kind, at, detail, channel, reason FROM events
            WHERE company_id = $1 AND message_id = $2 ORDER BY id
            """, [.integer(key.companyID), .bytes(key.id.bytes)]
        ).compactMap { row in
            guard let kind = EventKind(rawValue: try row.text("kind")) else { return nil }
            return StoredEvent(
                kind: kind, at: try row.int64("at"),
                channel: try row.textOrNil("channel").flatMap(ChannelKind.init(rawValue:)),
                code: try row.textOrNil("detail"), reason: try row.textOrNil("reason"))
        }
    }

    /// The message with its parts, or nil when the company has no such message.
    public func find(_ key: MessageKey, direction: Direction = .outbound) throws -> (Message, [Part])? {
        let row = try transaction.queryOne(
            Self.selection + " WHERE company_id = $1 AND id = $2 AND direction = $3",
            [.integer(key.companyID), .bytes(key.id.bytes), .integer(direction.rawValue)])
        guard let row else { return nil }
        return (try Self.message(from: row), try parts(of: [key])[0])
    }

    /// The outbound messages, in the order of the keys and nil where there is none. On PostgreSQL their rows stay locked
    /// until the transaction ends, so that two nodes never compute one message's status side by side.
    public func lock(_ keys: [MessageKey]) throws -> [Message?] {
        let locking = transaction.dialect.pick(sqlite: "", postgres: " FOR UPDATE")
        return try transaction.queryBatch(
            Self.selection + " WHERE company_id = $1 AND id = $2 AND direction = 0" + locking,
            keys.map { [.integer($0.companyID), .bytes($0.id.bytes)] }
        ).map { rows in try rows.first.map(Self.message(from:)) }
    }

    /// The stored parts of each message, ordered by step and number.
    public func parts(of keys: [MessageKey]) throws -> [[Part]] {
        try transaction.queryBatch(
            """
            SELECT step, number, attempt, connector_id, state, provider_id, error_code, submitted_at, done_at, duplicate,
                conversation
            FROM parts WHERE company_id = $1 AND message_id = $2 ORDER BY step, number
            """, keys.map { [.integer($0.companyID), .bytes($0.id.bytes)] }
        ).map { rows in try rows.map(Self.part(from:)) }
    }

    /// Stores what can change in a message after its acceptance.
    public func update(_ messages: [Message]) throws {
        guard !messages.isEmpty else { return }
        try transaction.executeBatch(
            """
            UPDATE messages SET status = $3, sent_at = $4, done_at = $5, error_code = $6, error_reason = $7,
                duplicate = $8, reserved = $9, converted_at = $10, erase_at = $11
            WHERE company_id = $1 AND id = $2 AND direction = 0
            """,
            messages.map { message in
                [
                    .integer(message.companyID), .bytes(message.id.bytes), .integer(message.status.rawValue),
                    SQLValue(message.sentAt), SQLValue(message.doneAt), SQLValue(message.errorCode),
                    SQLValue(message.errorReason), SQLValue(message.isPossibleDuplicate),
                    .integer(message.reserved.micros), SQLValue(message.convertedAt), SQLValue(message.eraseAt),
                ]
            })
    }

    /// Ends an inbound message that its sender has taken back, and erases what it said.
    func withdraw(_ key: MessageKey) throws {
        try transaction.execute(
            "UPDATE messages SET status = $3, content = NULL WHERE company_id = $1 AND id = $2 AND direction = 1",
            [.integer(key.companyID), .bytes(key.id.bytes), .integer(MessageStatus.deleted.rawValue)])
    }

    /// Stores that messages are on the next channel of their chain.
    func updateStep(_ messages: [Message]) throws {
        guard !messages.isEmpty else { return }
        try transaction.executeBatch(
            """
            UPDATE messages SET step = $3, kind = $4, sender = $5, recipient = $6, content = $7, size = $8, gateway = $9,
                price = $10, currency = $11, price_effective = $12, mccmnc = $13, ttid = $14
            WHERE company_id = $1 AND id = $2 AND direction = 0
            """,
            messages.map { message in
                [
                    .integer(message.companyID), .bytes(message.id.bytes), SQLValue(message.step),
                    .text(message.kind.rawValue), .text(message.sender), .text(message.recipient),
                    SQLValue(message.content?.json), SQLValue(message.size), .text(message.gateway),
                    SQLValue(message.quote?.amount.micros), SQLValue(message.quote?.currency),
                    SQLValue(message.quote?.effectiveFrom), SQLValue(message.quote?.mccmnc),
                    SQLValue(message.quote?.ttid),
                ]
            })
    }

    /// Marks parts as being written to the provider. A part is marked only while this node holds the message's job and
    /// the part is not on its way already; the result says which were. On PostgreSQL the jobs stay locked until the
    /// transaction ends, so that a node that takes one over sees the mark.
    public func markSubmitting(_ tickets: [(ticket: PartTicket, connectorID: Int64, isDuplicate: Bool)], lease: Int64)
        throws -> [Bool]
    {
        let locking = transaction.dialect.pick(sqlite: "", postgres: "FOR UPDATE")
        return try transaction.executeBatch(
            """
            INSERT INTO parts (company_id, message_id, step, number, attempt, connector_id, state, duplicate)
            SELECT company_id, message_id, $3, $4, $5, $6, 1, $7 FROM jobs
            WHERE company_id = $1 AND message_id = $2 AND lease = $8 AND step = $3 \(locking)
            ON CONFLICT (company_id, message_id, step, number) DO UPDATE
            SET attempt = excluded.attempt, connector_id = excluded.connector_id, state = 1, provider_id = NULL,
                provider_key = NULL, duplicate = excluded.duplicate
            WHERE parts.state = 0
            """,
            tickets.map { item in
                [
                    .integer(item.ticket.key.companyID), .bytes(item.ticket.key.id.bytes),
                    SQLValue(item.ticket.step), SQLValue(item.ticket.number), SQLValue(item.ticket.attempt),
                    .integer(item.connectorID), SQLValue(item.isDuplicate), .integer(lease),
                ]
            }
        ).map { $0 == 1 }
    }

    /// Inserts or replaces parts.
    func save(_ parts: [(key: MessageKey, part: Part)]) throws {
        guard !parts.isEmpty else { return }
        try transaction.executeBatch(
            """
            INSERT INTO parts (company_id, message_id, step, number, attempt, connector_id, state, provider_id,
                provider_key, error_code, submitted_at, done_at, duplicate, conversation)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)
            ON CONFLICT (company_id, message_id, step, number) DO UPDATE
            SET attempt = excluded.attempt, connector_id = excluded.connector_id, state = excluded.state,
                provider_id = excluded.provider_id, provider_key = excluded.provider_key,
                error_code = excluded.error_code, submitted_at = excluded.submitted_at, done_at = excluded.done_at,
                duplicate = excluded.duplicate, conversation = excluded.conversation
            """,
            parts.map { key, part in
                [
                    .integer(key.companyID), .bytes(key.id.bytes), SQLValue(part.step), SQLValue(part.number),
                    SQLValue(part.attempt), .integer(part.connectorID), .integer(part.state.rawValue),
                    SQLValue(part.providerID), SQLValue(part.providerID.map(ProviderID.key(of:))),
                    SQLValue(part.errorCode), SQLValue(part.submittedAt), SQLValue(part.doneAt),
                    SQLValue(part.isPossibleDuplicate), SQLValue(part.conversation?.stored),
                ]
            })
    }
}

extension MessageStore {
    static let columns = """
        company_id, id, direction, surface, kind, sender, recipient, content, reference, status, size, gateway,
        created_at, send_at, expires_at, sent_at, done_at, price, currency, price_effective, mccmnc, ttid, report_url,
        report_method, error_code, error_reason, expects_conversion, converted_at, duplicate, reserved, trace, step,
        extra, conversation_id, erase_at
        """

    private static let insertion = """
        INSERT INTO messages (\(columns)) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,
            $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35)
        """

    static let selection = "SELECT \(columns) FROM messages"

    private static func values(of message: Message) -> [SQLValue] {
        [
            .integer(message.companyID), .bytes(message.id.bytes), .integer(message.direction.rawValue),
            .text(message.surface.rawValue), .text(message.kind.rawValue), .text(message.sender),
            .text(message.recipient), SQLValue(message.content?.json), SQLValue(message.reference),
            .integer(message.status.rawValue), SQLValue(message.size), .text(message.gateway),
            .integer(message.createdAt), SQLValue(message.sendAt), .integer(message.expiresAt),
            SQLValue(message.sentAt), SQLValue(message.doneAt), SQLValue(message.quote?.amount.micros),
            SQLValue(message.quote?.currency), SQLValue(message.quote?.effectiveFrom),
            SQLValue(message.quote?.mccmnc), SQLValue(message.quote?.ttid), SQLValue(message.reporting?.url),
            SQLValue(message.reporting?.method.rawValue), SQLValue(message.errorCode), SQLValue(message.errorReason),
            SQLValue(message.expectsConversion), SQLValue(message.convertedAt), SQLValue(message.isPossibleDuplicate),
            .integer(message.reserved.micros), SQLValue(message.trace?.stored), SQLValue(message.step),
            SQLValue(message.extra?.json), SQLValue(message.conversationID), SQLValue(message.eraseAt),
        ]
    }

    static func message(from row: Row) throws -> Message {
        guard let id = UUIDv7(bytes: try row.bytes("id")), let surface = Surface(rawValue: try row.text("surface")),
            let kind = ChannelKind(rawValue: try row.text("kind")),
            let status = MessageStatus(rawValue: try row.int64("status"))
        else { throw DatabaseError.decoding("messages") }
        let content = try row.textOrNil("content").flatMap { MessageContent(json: $0, kind: kind) }
        var message = Message(
            companyID: try row.int64("company_id"), id: id, surface: surface, kind: kind,
            sender: try row.text("sender"), recipient: try row.text("recipient"), content: content,
            size: try row.int("size"), gateway: try row.text("gateway"), createdAt: try row.int64("created_at"),
            expiresAt: try row.int64("expires_at"))
        message.direction = try row.int64("direction") == 0 ? .outbound : .inbound
        message.reference = try row.textOrNil("reference")
        message.status = status
        message.sendAt = try row.int64OrNil("send_at")
        message.sentAt = try row.int64OrNil("sent_at")
        message.doneAt = try row.int64OrNil("done_at")
        message.quote = try quote(from: row)
        if let url = try row.textOrNil("report_url") {
            let method = try row.textOrNil("report_method").flatMap(Reporting.Method.init(rawValue:)) ?? .post
            message.reporting = Reporting(url: url, method: method)
        }
        message.errorCode = try row.textOrNil("error_code")
        message.errorReason = try row.textOrNil("error_reason")
        message.expectsConversion = try row.bool("expects_conversion")
        message.convertedAt = try row.int64OrNil("converted_at")
        message.isPossibleDuplicate = try row.bool("duplicate")
        message.reserved = Money(micros: try row.int64("reserved"))
        message.trace = try row.textOrNil("trace").flatMap(TraceContext.init(stored:))
        message.step = try row.int("step")
        message.extra = try row.textOrNil("extra").flatMap(MessageExtra.init(json:))
        message.conversationID = try row.int64OrNil("conversation_id")
        message.eraseAt = try row.int64OrNil("erase_at")
        return message
    }

    private static func quote(from row: Row) throws -> Quote? {
        guard let price = try row.int64OrNil("price") else { return nil }
        return Quote(
            amount: Money(micros: price), currency: try row.text("currency"),
            effectiveFrom: try row.int64("price_effective"), mccmnc: try row.text("mccmnc"),
            ttid: try row.text("ttid"))
    }

    private static func part(from row: Row) throws -> Part {
        guard let state = PartState(rawValue: try row.int64("state")) else { throw DatabaseError.decoding("parts") }
        var part = Part(
            step: try row.int("step"), number: try row.int("number"), attempt: try row.int("attempt"),
            connectorID: try row.int64("connector_id"), state: state, providerID: try row.textOrNil("provider_id"),
            errorCode: try row.textOrNil("error_code"), submittedAt: try row.int64OrNil("submitted_at"),
            doneAt: try row.int64OrNil("done_at"), isPossibleDuplicate: try row.bool("duplicate"))
        part.conversation = try row.textOrNil("conversation").flatMap(ProviderConversation.init(stored:))
        return part
    }
}
