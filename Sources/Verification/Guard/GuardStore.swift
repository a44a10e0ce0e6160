// SPDX-License-Identifier: Apache-2.0
// What the pumping guard knows, in the database, so that a restart and other nodes find it. Whoever changes anything
// about a country holds the row of its calling code, which comes first: concurrent requests wait for one another there
// and nowhere else, and cannot wait in a circle.

internal import Accounts
internal import Crypto
internal import SQL
internal import Wire

struct GuardStore {
    private let transaction: Transaction
    private let companyID: CompanyID

    init(_ transaction: Transaction, companyID: CompanyID) {
        self.transaction = transaction
        self.companyID = companyID
    }

    // MARK: Prefixes

    /// The states of a number's prefixes, the shortest first, locked until the transaction ends.
    func chain(_ prefixes: NumberPrefixes, now: Milliseconds) throws -> [PrefixWatch] {
        guard let first = prefixes.all.first else { return [] }
        let fresh = PrefixWatch(prefix: first, now: now)
        try transaction.execute(
            GuardRow.insert + " ON CONFLICT (company_id, prefix) DO UPDATE SET prefix = excluded.prefix",
            GuardRow.values(fresh, companyID: companyID, now: now))
        let marks = prefixes.all.indices.map { "$\($0 + 2)" }.joined(separator: ", ")
        let values = [.integer(companyID)] + prefixes.all.map { SQLValue.text($0) }
        let rows = try transaction.query(
            "SELECT * FROM guard_prefixes WHERE company_id = $1 AND prefix IN (\(marks))", values)
        let watches = Dictionary(
            try rows.map { (try $0.text("prefix"), try GuardRow.watch(from: $0)) }, uniquingKeysWith: { $1 })
        return prefixes.all.map { watches[$0] ?? PrefixWatch(prefix: $0, now: now) }
    }

    /// What an operator decided about the longest prefix of a number; of two for one prefix the company's own counts.
    func rule(for number: String) throws -> GuardRule? {
        let prefixes = (1...15).prefix(number.utf8.count).map { SQLValue.text(String(number.prefix($0))) }
        let marks = prefixes.indices.map { "$\($0 + 2)" }.joined(separator: ", ")
        guard !prefixes.isEmpty else { return nil }
        let row = try transaction.queryOne(
            """
            SELECT prefix, rule FROM guard_rules WHERE company_id IN (0, $1) AND prefix IN (\(marks))
            ORDER BY LENGTH(prefix) DESC, company_id DESC LIMIT 1
            """, [.integer(companyID)] + prefixes)
        guard let row, let decision = GuardRule.Decision(rawValue: try row.text("rule")) else { return nil }
        return GuardRule(prefix: try row.text("prefix"), decision: decision)
    }

    /// Stores what differs from `before`.
    func save(_ chain: [PrefixWatch], before: [PrefixWatch], now: Milliseconds) throws {
        let changed = zip(chain, before).filter { $0 != $1 }.map(\.0)
        guard !changed.isEmpty else { return }
        try transaction.executeBatch(
            GuardRow.upsert, changed.map { GuardRow.values($0, companyID: companyID, now: now) })
    }

    // MARK: Numbers and codes

    /// What stands for a number: 16 bytes of SHA-256 over the company and its digits.
    func hash(_ number: String) -> [UInt8] {
        Array(SHA256.hash(data: Array("\(companyID):\(number)".utf8)).prefix(16))
    }

    /// A code that is being sent.
    struct Code: Equatable {
        let otpID: OTPID
        let sentAt: Milliseconds
        let isCounted: Bool
    }

    /// Whether a number is known to verify, and whether it was sent a code since `time`.
    func standing(
        of number: [UInt8], since time: Milliseconds, now: Milliseconds, _ settings: GuardSettings
    ) throws -> (isKnown: Bool, isRepeated: Bool) {
        let known = try transaction.queryOne(
            """
            SELECT 1 AS known FROM guard_numbers
            WHERE company_id = $1 AND number = $2 AND unproven < $3 AND verified_at > $4
            """,
            [
                .integer(companyID), .bytes(number), SQLValue(settings.knownNumberCredit),
                .integer(now - settings.knownNumberMemory),
            ])
        let repeated = try transaction.queryOne(
            "SELECT 1 AS sent FROM guard_codes WHERE company_id = $1 AND number = $2 AND sent_at > $3 LIMIT 1",
            [.integer(companyID), .bytes(number), .integer(time)])
        return (known != nil, repeated != nil)
    }

    func insert(_ code: Code, to number: [UInt8]) throws {
        try transaction.execute(
            """
            INSERT INTO guard_codes (company_id, number, otp_id, sent_at, counted) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (company_id, number, otp_id, sent_at) DO NOTHING
            """,
            [
                .integer(companyID), .bytes(number), .bytes(code.otpID.bytes), .integer(code.sentAt),
                SQLValue(code.isCounted),
            ])
        try transaction.execute(
            "UPDATE guard_numbers SET unproven = unproven + 1 WHERE company_id = $1 AND number = $2",
            [.integer(companyID), .bytes(number)])
    }

    /// Takes out the codes of a number that has verified, and remembers it.
    func prove(_ number: [UInt8], now: Milliseconds) throws -> [Code] {
        try transaction.execute(
            """
            INSERT INTO guard_numbers (company_id, number, verified_at, unproven) VALUES ($1, $2, $3, 0)
            ON CONFLICT (company_id, number) DO UPDATE SET verified_at = excluded.verified_at, unproven = 0
            """, [.integer(companyID), .bytes(number), .integer(now)])
        return try transaction.query(
            "DELETE FROM guard_codes WHERE company_id = $1 AND number = $2 RETURNING otp_id, sent_at, counted",
            [.integer(companyID), .bytes(number)]
        ).compactMap(Self.code(from:)).sorted { $0.sentAt < $1.sentAt }
    }

    /// Takes out a code that was not sent after all.
    func withdraw(_ otpID: OTPID, sentAt: Milliseconds, to number: [UInt8]) throws -> Code? {
        let row = try transaction.queryOne(
            """
            DELETE FROM guard_codes WHERE company_id = $1 AND number = $2 AND otp_id = $3 AND sent_at = $4
            RETURNING otp_id, sent_at, counted
            """, [.integer(companyID), .bytes(number), .bytes(otpID.bytes), .integer(sentAt)])
        guard let row else { return nil }
        try transaction.execute(
            """
            UPDATE guard_numbers SET unproven = unproven - 1 WHERE company_id = $1 AND number = $2 AND unproven > 0
            """, [.integer(companyID), .bytes(number)])
        return try Self.code(from: row)
    }

    private static func code(from row: Row) throws -> Code? {
        guard let id = OTPID(bytes: try row.bytes("otp_id")) else { return nil }
        return Code(otpID: id, sentAt: try row.int64("sent_at"), isCounted: try row.bool("counted"))
    }
}
