// SPDX-License-Identifier: Apache-2.0
// What operators see of the pumping guard, and what they tell it: prefixes with their state, and rules that go before
// whatever the guard finds. Every change is in the audit log.

public import Accounts
public import SQL
public import Wire

public struct PrefixRegister {
    /// Stands for all companies in `guard_rules`.
    private static let everybody: CompanyID = 0

    /// What becomes of a code to the prefix.
    public enum State: String, Sendable, CaseIterable {
        case watching, blocked, probation
        /// By a rule.
        case allowed, denied
    }

    /// One prefix, for one company or for all.
    public struct Entry: Sendable, Equatable {
        /// Nil for a rule that is for all companies.
        public let companyID: CompanyID?
        public let prefix: String
        public let rule: GuardRule.Decision?
        /// What the guard knows; nil when it has seen no code.
        public let watch: PrefixWatch?

        public func state(now: Milliseconds) -> State {
            switch (rule, watch?.phase) {
            case (.allowed, _): .allowed
            case (.denied, _): .denied
            // It begins with the next code.
            case (nil, .blocked(let until)): until > now ? .blocked : .probation
            case (nil, .probation): .probation
            case (nil, .watching), (nil, nil): .watching
            }
        }
    }

    /// What to look for; nil members match everything.
    public struct Filter: Sendable {
        /// Entries of these companies, and those for all.
        public var companyIDs: [CompanyID]?
        /// Prefixes that begin so.
        public var prefix: String?
        /// Exactly this prefix.
        public var exactly: String?
        /// Without those that are merely watched.
        public var isNotable = false
        /// What comes behind this one.
        public var after: (companyID: CompanyID, prefix: String)?

        public init() {}
    }

    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Whether a text can be the beginning of an international number.
    public static func isPrefix(_ text: String) -> Bool {
        (1...15).contains(text.utf8.count) && text.utf8.first != UInt8(ascii: "0")
            && text.utf8.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    }

    // MARK: Looking

    /// By company and prefix.
    public func list(_ filter: Filter, limit: Int) throws -> [Entry] {
        var conditions = ["1 = 1"]
        var values: [SQLValue] = []
        func add(_ condition: (String) -> String, _ value: SQLValue) {
            values.append(value)
            conditions.append(condition("$\(values.count)"))
        }
        if let ids = filter.companyIDs {
            let all = ([Self.everybody] + ids).map(String.init).joined(separator: ", ")
            conditions.append("k.company_id IN (\(all))")
        }
        if let prefix = filter.exactly { add({ "k.prefix = \($0)" }, .text(prefix)) }
        if let prefix = filter.prefix {
            add({ "SUBSTR(k.prefix, 1, \(prefix.utf8.count)) = \($0)" }, .text(prefix))
        }
        if filter.isNotable { conditions.append("(r.rule IS NOT NULL OR w.phase <> 'watching')") }
        if let (companyID, prefix) = filter.after {
            add({ "(k.company_id, k.prefix) > (\(companyID), \($0))" }, .text(prefix))
        }
        values.append(SQLValue(limit))
        return try transaction.query(
            """
            SELECT k.company_id AS key_company, k.prefix AS key_prefix, r.rule AS rule, w.* FROM (
                SELECT company_id, prefix FROM guard_prefixes UNION SELECT company_id, prefix FROM guard_rules) k
            LEFT JOIN guard_prefixes w ON w.company_id = k.company_id AND w.prefix = k.prefix
            LEFT JOIN guard_rules r ON r.company_id = k.company_id AND r.prefix = k.prefix
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY k.company_id, k.prefix LIMIT $\(values.count)
            """, values
        ).map(Self.entry(from:))
    }

    private static func entry(from row: Row) throws -> Entry {
        let companyID = try row.int64("key_company")
        return Entry(
            companyID: companyID == everybody ? nil : companyID, prefix: try row.text("key_prefix"),
            rule: try row.textOrNil("rule").flatMap { GuardRule.Decision(rawValue: $0) },
            watch: try row.textOrNil("phase") == nil ? nil : try GuardRow.watch(from: row))
    }

    /// How many prefixes the guard has blocked now, and since ever what has been refused and what that would have cost,
    /// in micros.
    public func sums(now: Milliseconds) throws -> (blocked: Int, refused: Int, stopped: Int64) {
        let row = try transaction.queryOne(
            """
            SELECT COUNT(CASE WHEN phase = 'blocked' AND blocked_until > $1 THEN 1 END) AS blocked,
                CAST(COALESCE(SUM(refused), 0) AS BIGINT) AS refused,
                CAST(COALESCE(SUM(stopped), 0) AS BIGINT) AS stopped
            FROM guard_prefixes
            """, [.integer(now)])
        guard let row else { return (0, 0, 0) }
        return (try row.int("blocked"), try row.int("refused"), try row.int64("stopped"))
    }

    // MARK: Changing

    /// Sets a rule for one company, or for all when nil.
    public func set(
        _ decision: GuardRule.Decision, for prefix: String, of companyID: CompanyID?, as actor: Actor, now: Milliseconds
    ) throws {
        let before = try rule(of: prefix, companyID)
        guard before != decision else { return }
        try transaction.execute(
            """
            INSERT INTO guard_rules (company_id, prefix, rule) VALUES ($1, $2, $3)
            ON CONFLICT (company_id, prefix) DO UPDATE SET rule = excluded.rule
            """, [.integer(companyID ?? Self.everybody), .text(prefix), .text(decision.rawValue)])
        try note(
            decision == .denied ? .blocked : .allowed, prefix, companyID, from: before?.rawValue,
            to: decision.rawValue, actor, now)
    }

    /// Takes a rule away and ends the block: of one company, or of all when nil, where rules for single companies stay.
    public func unblock(_ prefix: String, of companyID: CompanyID?, as actor: Actor, now: Milliseconds) throws {
        let before = try rule(of: prefix, companyID)
        try transaction.execute(
            "DELETE FROM guard_rules WHERE company_id = $1 AND prefix = $2",
            [.integer(companyID ?? Self.everybody), .text(prefix)])
        var blocked: [CompanyID] = []
        let all = if let companyID { [companyID] } else { try companies(with: prefix) }
        for companyID in all where try release(prefix, of: companyID, now: now) { blocked.append(companyID) }
        guard before != nil || !blocked.isEmpty else { return }
        try note(.unblocked, prefix, companyID, from: before?.rawValue ?? "blocked", to: "watching", actor, now)
    }

    private func companies(with prefix: String) throws -> [CompanyID] {
        try transaction.query(
            "SELECT company_id FROM guard_prefixes WHERE prefix = $1 AND phase <> 'watching' ORDER BY company_id",
            [.text(prefix)]
        ).map { try $0.int64("company_id") }
    }

    /// Ends a block; false when there is none.
    private func release(_ prefix: String, of companyID: CompanyID, now: Milliseconds) throws -> Bool {
        let store = GuardStore(transaction, companyID: companyID)
        // Any number with the prefix has it among its own, and its calling code's row is the one to hold.
        let digits = prefix + String(repeating: "0", count: max(0, 15 - prefix.utf8.count))
        let before = try store.chain(NumberPrefixes(digits), now: now)
        guard let index = before.firstIndex(where: { $0.prefix == prefix && $0.phase != .watching }) else {
            return false
        }
        var chain = before
        chain[index].unblock()
        chain[index].strikes = 0
        try store.save(chain, before: before, now: now)
        return true
    }

    private func rule(of prefix: String, _ companyID: CompanyID?) throws -> GuardRule.Decision? {
        try transaction.queryOne(
            "SELECT rule FROM guard_rules WHERE company_id = $1 AND prefix = $2",
            [.integer(companyID ?? Self.everybody), .text(prefix)]
        ).flatMap { GuardRule.Decision(rawValue: try $0.text("rule")) }
    }

    private func note(
        _ action: AuditAction, _ prefix: String, _ companyID: CompanyID?, from before: String?, to after: String,
        _ actor: Actor, _ now: Milliseconds
    ) throws {
        try AuditLog(transaction).record(
            action, .prefix, id: prefix, name: prefix, companyID: companyID,
            from: before.map { ["state": .string($0)] } ?? [:], to: ["state": .string(after)], actor: actor, now: now)
    }
}
