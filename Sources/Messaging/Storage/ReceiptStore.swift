// SPDX-License-Identifier: Apache-2.0
// Finds the part that a receipt is about, and keeps the receipts that match none: some come before the outcome of their
// submission is stored and are applied with it, the rest are listed for the operator.

internal import SQL
internal import Wire

/// A part that a receipt may be about.
struct ReceiptCandidate: Sendable, Equatable {
    let key: MessageKey
    let step: Int
    let number: Int
    let recipient: String
    let providerKey: String
    let isFinal: Bool
}

/// What a receipt was found to be about.
enum ReceiptMatch: Sendable, Equatable {
    case part(ReceiptCandidate, form: ReceiptIDForm)
    case none
    /// Several parts fit; a guess would be worse than the operator's list.
    case ambiguous
}

extension Receipt {
    /// Chooses among the stored parts under this receipt's possible keys: the destination must agree; the form that the
    /// connector is known to use comes first; among several parts only a single unfinished one will do.
    func match(_ candidates: [ReceiptCandidate], learnt: ReceiptIDForm?) -> ReceiptMatch {
        let fitting = candidates.filter { Self.isSameNumber(recipient, $0.recipient) }
        if fitting.isEmpty { return .none }
        let forms = ProviderID.candidates(forReceiptID: providerID)
        func ofForm(_ form: ReceiptIDForm?) -> [(ReceiptCandidate, ReceiptIDForm)] {
            fitting.compactMap { candidate in
                let found = forms.first { $0.key == candidate.providerKey && (form == nil || $0.form == form) }
                return found.map { (candidate, $0.form) }
            }
        }
        let known = learnt.map { ofForm($0) } ?? []
        let pool = known.isEmpty ? ofForm(nil) : known
        if pool.isEmpty { return .none }
        if pool.count == 1 { return .part(pool[0].0, form: pool[0].1) }
        let open = pool.filter { !$0.0.isFinal }
        return open.count == 1 ? .part(open[0].0, form: open[0].1) : .ambiguous
    }

    /// Whether two digit strings name one number; carriers strip or add prefixes, so the end of at least seven digits
    /// decides. A receipt without a number agrees with any.
    static func isSameNumber(_ left: String, _ right: String) -> Bool {
        if left.isEmpty || left == right { return true }
        let count = min(left.utf8.count, right.utf8.count)
        return count >= 7 && left.suffix(count) == right.suffix(count)
    }
}

struct ReceiptStore {
    private let transaction: Transaction

    init(_ transaction: Transaction) { self.transaction = transaction }

    /// The parts that each receipt may be about. Where `learnt` knows the form of a connector's ids and finds a part that
    /// fits, other forms are not looked for: `Receipt.match` would pass them over.
    func candidates(
        for receipts: [Receipt], learnt: (Int64) -> ReceiptIDForm? = { _ in nil }
    ) throws -> [[ReceiptCandidate]] {
        let forms = receipts.map { ProviderID.candidates(forReceiptID: $0.providerID) }
        let known = zip(receipts, forms).map { receipt, forms in
            learnt(receipt.connectorID).flatMap { form in forms.first { $0.form == form }?.key }
        }
        var found = try candidates(zip(receipts, known).map { ($0.connectorID, $1.map { [$0] } ?? []) })
        let open = receipts.indices.filter { index in
            !found[index].contains { Receipt.isSameNumber(receipts[index].recipient, $0.recipient) }
        }
        let others = open.map { index in
            (receipts[index].connectorID, forms[index].map(\.key).filter { $0 != known[index] })
        }
        for (index, candidates) in zip(open, try candidates(others)) { found[index] += candidates }
        return found
    }

    private func candidates(_ keys: [(connectorID: Int64, keys: [String])]) throws -> [[ReceiptCandidate]] {
        try rows(
            """
            SELECT p.company_id, p.message_id, p.step, p.number, p.provider_key, p.state,
                (SELECT m.recipient FROM messages m
                 WHERE m.company_id = p.company_id AND m.id = p.message_id AND m.direction = 0) AS recipient
            FROM parts p WHERE p.connector_id = $1 AND p.provider_key = $2
            """, keys
        ).map { rows in try rows.compactMap(Self.candidate(from:)) }
    }

    /// What a statement finds under each list of keys, looked up one after the other. Joins and lists of keys are kept out of
    /// it: PostgreSQL plans it while its tables are new, and would read all messages for each receipt until the tables'
    /// statistics are there.
    private func rows(_ sql: String, _ keys: [(connectorID: Int64, keys: [String])]) throws -> [[Row]] {
        let lookups = keys.flatMap { id, keys in keys.map { [.integer(id), SQLValue.text($0)] } }
        if lookups.isEmpty { return keys.map { _ in [] } }
        var found = try transaction.queryBatch(sql, lookups)[...]
        return keys.map { _, keys in
            defer { found = found.dropFirst(keys.count) }
            return Array(found.prefix(keys.count).joined())
        }
    }

    private static func candidate(from row: Row) throws -> ReceiptCandidate? {
        guard let recipient = try row.textOrNil("recipient") else { return nil }
        guard let id = UUIDv7(bytes: try row.bytes("message_id")) else { throw DatabaseError.decoding("parts") }
        return ReceiptCandidate(
            key: MessageKey(companyID: try row.int64("company_id"), id: id), step: try row.int("step"),
            number: try row.int("number"), recipient: recipient,
            providerKey: try row.text("provider_key"),
            isFinal: PartState(rawValue: try row.int64("state"))?.isFinal ?? false)
    }

    /// Keeps receipts that match nothing yet.
    func park(_ receipts: [Receipt], now: Milliseconds) throws {
        guard !receipts.isEmpty else { return }
        try transaction.executeBatch(
            """
            INSERT INTO receipts
                (connector_id, provider_id, provider_key, recipient, state, error_code, at, received_at, reason,
                conversation)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            receipts.map { receipt in
                [
                    .integer(receipt.connectorID), .text(receipt.providerID),
                    .text(ProviderID.key(of: receipt.providerID)), .text(receipt.recipient),
                    .integer(receipt.state.rawValue), SQLValue(receipt.errorCode), .integer(receipt.at), .integer(now),
                    SQLValue(receipt.reason), SQLValue(receipt.conversation?.stored),
                ]
            })
    }

    /// Takes out the parked receipts about parts that have just got their provider's id. One whose id has the same
    /// digits goes before one that would have to be converted, and a form that was learnt excludes the others.
    func takeParked(
        for submitted: [(connectorID: Int64, providerID: String, recipient: String)]
    ) throws -> [[Receipt]] {
        var taken = [[Receipt]](repeating: [], count: submitted.count)
        // Mostly none is parked: then there is nothing to look for.
        guard try transaction.queryOne("SELECT id FROM receipts LIMIT 1") != nil else { return taken }
        let found = try rows(
            """
            SELECT r.id, r.connector_id, r.provider_id, r.recipient, r.state, r.error_code, r.at, r.reason,
                r.conversation, (SELECT c.receipt_id_form FROM connectors c WHERE c.id = r.connector_id) AS receipt_id_form
            FROM receipts r WHERE r.connector_id = $1 AND r.provider_key = $2 ORDER BY r.id
            """, submitted.map { ($0.connectorID, ProviderID.candidates(forReceiptID: $0.providerID).map(\.key)) })
        for form in ReceiptIDForm.allCases {
            for (index, rows) in found.enumerated() {
                for row in rows where try Self.form(of: row, for: submitted[index]) == form {
                    if try takeOut(try row.int64("id")) { taken[index].append(try Self.receipt(from: row)) }
                }
            }
        }
        return taken
    }

    /// The form in which a parked receipt names the submission's id; nil when it is about another one.
    private static func form(
        of row: Row, for submission: (connectorID: Int64, providerID: String, recipient: String)
    ) throws -> ReceiptIDForm? {
        guard Receipt.isSameNumber(try row.text("recipient"), submission.recipient) else { return nil }
        let key = ProviderID.key(of: submission.providerID)
        let form = ProviderID.candidates(forReceiptID: try row.text("provider_id")).first { $0.key == key }?.form
        let learnt = try row.textOrNil("receipt_id_form").flatMap(ReceiptIDForm.init(rawValue:))
        return learnt == nil || learnt == form ? form : nil
    }

    /// The newest receipts that were parked at `instant` or later.
    func parked(since instant: Milliseconds, limit: Int) throws -> [(id: Int64, receipt: Receipt)] {
        try transaction.query(
            """
            SELECT id, connector_id, provider_id, recipient, state, error_code, at, reason, conversation FROM receipts
            WHERE received_at >= $1 ORDER BY received_at DESC LIMIT $2
            """, [.integer(instant), SQLValue(limit)]
        ).map { row in (try row.int64("id"), try Self.receipt(from: row)) }
    }

    /// Takes a parked receipt out; false when somebody else has.
    func takeOut(_ id: Int64) throws -> Bool {
        try transaction.execute("DELETE FROM receipts WHERE id = $1", [.integer(id)]) == 1
    }

    private static func receipt(from row: Row) throws -> Receipt {
        guard let state = PartState(rawValue: try row.int64("state")) else { throw DatabaseError.decoding("receipts") }
        return Receipt(
            connectorID: try row.int64("connector_id"), providerID: try row.text("provider_id"),
            recipient: try row.text("recipient"), state: state, errorCode: try row.textOrNil("error_code"),
            reason: try row.textOrNil("reason"), at: try row.int64("at"),
            conversation: try row.textOrNil("conversation").flatMap(ProviderConversation.init(stored:)))
    }
}
