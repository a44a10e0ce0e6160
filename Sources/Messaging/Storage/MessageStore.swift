// SPDX-License-Identifier: Apache-2.0
// Messages, their parts and their events in the database. Every statement names the company.

internal import Accounts
public import SQL
internal import Wire

public struct MessageStore {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    public func insert(_ messages: [Message]) throws {
        try transaction.insertBatch(Self.insertion, messages.map(Self.values(of:)))
    }

    public func appendEvents(_ events: [Event]) throws {
        guard !events.isEmpty else { return }
        try transaction.insertBatch(
            """
            INSERT INTO events (company_id, message_id, kind, at, detail, channel, reason)
            VALUES ($1, $2, $3, $4, $5, $6, $7)
            """,
            events.map { event in
                [
                    .integer(event.key.companyID), .id(event.key.id), .text(event.kind.rawValue),
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
            """, [.integer(key.companyID), .id(key.id)]
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
            [.integer(key.companyID), .id(key.id), .integer(direction.rawValue)])
        guard let row else { return nil }
        return (try Self.message(from: row), try parts(of: [key])[0])
    }

    /// The outbound messages, in the order of the keys and nil where there is none. On PostgreSQL their rows stay locked
    /// until the transaction ends, so that two nodes never compute one message's status side by side.
    public func lock(_ keys: [MessageKey]) throws -> [Message?] {
        let locking = transaction.dialect.pick(sqlite: "", postgres: " FOR UPDATE")
        return try transaction.queryBatch(
            Self.selection + " WHERE company_id = $1 AND id = $2 AND direction = 0" + locking,
            keys.map { [.integer($0.companyID), .id($0.id)] }
        ).map { rows in try rows.first.map(Self.message(from:)) }
    }

    /// The stored parts of each message, ordered by step and number.
    public func parts(of keys: [MessageKey]) throws -> [[Part]] {
        try transaction.queryBatch(
            """
            SELECT step, number, attempt, connector_id, state, provider_id, error_code, submitted_at, done_at, duplicate,
                conversation
            FROM parts WHERE company_id = $1 AND message_id = $2 ORDER BY step, number
            """, keys.map { [.integer($0.companyID), .id($0.id)] }
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
                    .integer(message.companyID), .id(message.id), .integer(message.status.rawValue),
                    SQLValue(message.sentAt), SQLValue(message.doneAt), SQLValue(message.errorCode),
                    SQLValue(message.errorReason), SQLValue(message.isPossibleDuplicate),
                    .integer(message.reserved.micros), SQLValue(message.convertedAt), SQLValue(message.eraseAt),
                ]
            })
    }

    /// The same for messages that go on: what no index knows.
    func updateUnfinished(_ messages: [Message]) throws {
        guard !messages.isEmpty else { return }
        try transaction.executeBatch(
            """
            UPDATE messages SET status = $3, sent_at = $4, error_code = $5, error_reason = $6, duplicate = $7, reserved = $8
            WHERE company_id = $1 AND id = $2 AND direction = 0
            """,
            messages.map { message in
                [
                    .integer(message.companyID), .id(message.id), .integer(message.status.rawValue),
                    SQLValue(message.sentAt), SQLValue(message.errorCode), SQLValue(message.errorReason),
                    SQLValue(message.isPossibleDuplicate), .integer(message.reserved.micros),
                ]
            })
    }

    /// Ends an inbound message that its sender has taken back, and erases what it said.
    func withdraw(_ key: MessageKey) throws {
        try transaction.execute(
            "UPDATE messages SET status = $3, content = NULL WHERE company_id = $1 AND id = $2 AND direction = 1",
            [.integer(key.companyID), .id(key.id), .integer(MessageStatus.deleted.rawValue)])
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
                    .integer(message.companyID), .id(message.id), SQLValue(message.step),
                    .text(message.kind.rawValue), .text(message.sender), .text(message.recipient),
                    SQLValue(message.storedContent), SQLValue(message.size), .text(message.gateway),
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
                    .integer(item.ticket.key.companyID), .id(item.ticket.key.id),
                    SQLValue(item.ticket.step), SQLValue(item.ticket.number), SQLValue(item.ticket.attempt),
                    .integer(item.connectorID), SQLValue(item.isDuplicate), .integer(lease),
                ]
            }
        ).map { $0 == 1 }
    }

    /// What to store of a part, and the part as the database has it; nil for one that it does not have.
    typealias PartUpdate = (key: MessageKey, part: Part, stored: Part?)

    /// Inserts or updates parts. The index of providers' ids is left alone where a part keeps its own.
    func save(_ parts: [PartUpdate]) throws {
        func keepsProvider(_ item: PartUpdate) -> Bool {
            item.stored?.providerID == item.part.providerID && item.stored?.connectorID == item.part.connectorID
        }
        try replace(parts.filter { !keepsProvider($0) })
        try update(parts.filter(keepsProvider))
    }

    private func replace(_ parts: [PartUpdate]) throws {
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
            parts.map { key, part, _ in
                [
                    .integer(key.companyID), .id(key.id), SQLValue(part.step), SQLValue(part.number),
                    SQLValue(part.attempt), .integer(part.connectorID), .integer(part.state.rawValue),
                    SQLValue(part.providerID), SQLValue(part.providerID.map(ProviderID.key(of:))),
                    SQLValue(part.errorCode), SQLValue(part.submittedAt), SQLValue(part.doneAt),
                    SQLValue(part.isPossibleDuplicate), SQLValue(part.conversation?.stored),
                ]
            })
    }

    private func update(_ parts: [PartUpdate]) throws {
        guard !parts.isEmpty else { return }
        try transaction.executeBatch(
            """
            UPDATE parts SET attempt = $5, state = $6, error_code = $7, submitted_at = $8, done_at = $9, duplicate = $10,
                conversation = $11
            WHERE company_id = $1 AND message_id = $2 AND step = $3 AND number = $4
            """,
            parts.map { key, part, _ in
                [
                    .integer(key.companyID), .id(key.id), SQLValue(part.step), SQLValue(part.number),
                    SQLValue(part.attempt), .integer(part.state.rawValue), SQLValue(part.errorCode),
                    SQLValue(part.submittedAt), SQLValue(part.doneAt), SQLValue(part.isPossibleDuplicate),
                    SQLValue(part.conversation?.stored),
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
            .integer(message.companyID), .id(message.id), .integer(message.direction.rawValue),
            .text(message.surface.rawValue), .text(message.kind.rawValue), .text(message.sender),
            .text(message.recipient), SQLValue(message.storedContent), SQLValue(message.reference),
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

    /// Reads a row of `columns`, in their order.
    static func message(from row: Row) throws -> Message {
        var row = RowReader(row)
        let companyID = try row.int64()
        guard let id = UUIDv7(bytes: try row.bytes()), let direction = Direction(rawValue: try row.int64()),
            let surface = Surface(rawValue: try row.text()), let kind = ChannelKind(rawValue: try row.text())
        else { throw DatabaseError.decoding("messages") }
        let (sender, recipient) = (try row.text(), try row.text())
        let content = try row.textOrNil().map { StoredContent.stored(json: $0, kind: kind) } ?? .erased
        let reference = try row.textOrNil()
        guard let status = MessageStatus(rawValue: try row.int64()) else { throw DatabaseError.decoding("messages") }
        let (size, gateway, createdAt) = (try row.int(), try row.text(), try row.int64())
        let (sendAt, expiresAt) = (try row.int64OrNil(), try row.int64())
        return Message(
            Message.Fields(
                companyID: companyID, id: id, direction: direction, surface: surface, kind: kind, sender: sender,
                recipient: recipient, content: content, reference: reference, status: status, size: size,
                gateway: gateway, createdAt: createdAt, sendAt: sendAt, expiresAt: expiresAt,
                sentAt: try row.int64OrNil(), doneAt: try row.int64OrNil(), quote: try quote(from: &row),
                reporting: try reporting(from: &row), errorCode: try row.textOrNil(),
                errorReason: try row.textOrNil(), expectsConversion: try row.bool(),
                convertedAt: try row.int64OrNil(), isPossibleDuplicate: try row.bool(),
                reserved: Money(micros: try row.int64()),
                trace: try row.textOrNil().flatMap(TraceContext.init(stored:)), step: try row.int(),
                extra: try row.textOrNil().flatMap(MessageExtra.init(json:)), conversationID: try row.int64OrNil(),
                eraseAt: try row.int64OrNil()))
    }

    private static func quote(from row: inout RowReader) throws -> Quote? {
        let (price, currency, effectiveFrom) = (try row.int64OrNil(), try row.textOrNil(), try row.int64OrNil())
        let (mccmnc, ttid) = (try row.textOrNil(), try row.textOrNil())
        guard let price else { return nil }
        guard let currency, let effectiveFrom, let mccmnc, let ttid else {
            throw DatabaseError.decoding("messages.price")
        }
        return Quote(
            amount: Money(micros: price), currency: currency, effectiveFrom: effectiveFrom, mccmnc: mccmnc, ttid: ttid)
    }

    private static func reporting(from row: inout RowReader) throws -> Reporting? {
        let (url, method) = (try row.textOrNil(), try row.textOrNil())
        return url.map { Reporting(url: $0, method: method.flatMap(Reporting.Method.init(rawValue:)) ?? .post) }
    }

    private static func part(from row: Row) throws -> Part {
        var row = RowReader(row)
        let (step, number, attempt) = (try row.int(), try row.int(), try row.int())
        let connectorID = try row.int64()
        guard let state = PartState(rawValue: try row.int64()) else { throw DatabaseError.decoding("parts") }
        var part = Part(
            step: step, number: number, attempt: attempt, connectorID: connectorID, state: state,
            providerID: try row.textOrNil(), errorCode: try row.textOrNil(), submittedAt: try row.int64OrNil(),
            doneAt: try row.int64OrNil(), isPossibleDuplicate: try row.bool())
        part.conversation = try row.textOrNil().flatMap(ProviderConversation.init(stored:))
        return part
    }
}
