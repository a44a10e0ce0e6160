// SPDX-License-Identifier: Apache-2.0
// The audit log: who changed what, from which value to which, written in the transaction of the change. Secrets appear
// as having changed, never with a value.

public import SQL
public import Wire

/// What an operator can change.
public enum ObjectKind: String, Sendable, CaseIterable {
    case company, key, channel, connector, route, price, balance, delivery, message, configuration, prefix, contact
    case smppAccount = "smpp-account"

    /// How sentences name it.
    public var title: String { self == .smppAccount ? "SMPP account" : rawValue }
}

public enum AuditAction: String, Sendable, CaseIterable {
    case created, changed, removed, closed, reopened, started, stopped, rebound, disconnected, imported, replayed
    case released, moved, blocked, unblocked, allowed
}

/// Who acts.
public struct Actor: Sendable, Equatable {
    /// `key:operator`, `file`.
    public let name: String
    /// What becomes of objects that it makes.
    public let origin: Origin
    public let address: String?
    public let requestID: String?

    public init(name: String, origin: Origin, address: String? = nil, requestID: String? = nil) {
        self.name = name
        self.origin = origin
        self.address = address
        self.requestID = requestID
    }

    /// The configuration file.
    public static let file = Actor(name: "file", origin: .file)
}

/// One row of the log.
public struct AuditEntry: Sendable, Equatable {
    public let id: Int64
    public let at: Milliseconds
    public let actor: String
    public let action: AuditAction
    public let kind: ObjectKind
    public let objectID: String
    public let name: String
    public let companyID: CompanyID?
    /// By field: `from` and `to`, each absent where there was or is no value.
    public let changes: JSONValue
    public let address: String?
    public let requestID: String?
}

public struct AuditLog {
    private let transaction: Transaction

    public init(_ transaction: Transaction) { self.transaction = transaction }

    /// Notes an action. Fields that did not change are left out; `hidden` are names of secrets that changed.
    public func record(
        _ action: AuditAction, _ kind: ObjectKind, id: String, name: String, companyID: CompanyID?,
        from before: [String: JSONValue] = [:], to after: [String: JSONValue] = [:], hidden: [String] = [],
        actor: Actor, now: Milliseconds
    ) throws {
        var changes: [String: JSONValue] = [:]
        for field in Set(before.keys).union(after.keys) where before[field] != after[field] {
            var change: [String: JSONValue] = [:]
            if let value = before[field] { change["from"] = value }
            if let value = after[field] { change["to"] = value }
            changes[field] = .object(change)
        }
        for field in hidden { changes[field] = .object(["to": .string("(hidden)")]) }
        var writer = JSONWriter()
        writer.value(.object(changes))
        try transaction.execute(
            """
            INSERT INTO audit (at, actor, action, kind, object_id, name, company_id, changes, address, request_id)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            """,
            [
                .integer(now), .text(actor.name), .text(action.rawValue), .text(kind.rawValue), .text(id), .text(name),
                SQLValue(companyID), .text(writer.text), SQLValue(actor.address), SQLValue(actor.requestID),
            ])
    }

    /// What to look for; nil members match everything.
    public struct Filter: Sendable {
        public var kind: ObjectKind?
        public var objectID: String?
        public var actor: String?
        public var action: AuditAction?
        /// Rows of these companies only; nil for all, also those of no company.
        public var companyIDs: [CompanyID]?
        public var from: Milliseconds?
        public var to: Milliseconds?
        /// Rows with a smaller id.
        public var before: Int64?

        public init() {}
    }

    /// The newest rows first.
    public func list(_ filter: Filter, limit: Int) throws -> [AuditEntry] {
        var conditions = ["id < $1"]
        var values: [SQLValue] = [.integer(filter.before ?? .max)]
        func add(_ condition: String, _ value: SQLValue?) {
            guard let value else { return }
            values.append(value)
            conditions.append(condition + " $\(values.count)")
        }
        add("kind =", filter.kind.map { .text($0.rawValue) })
        add("object_id =", filter.objectID.map { .text($0) })
        add("actor =", filter.actor.map { .text($0) })
        add("action =", filter.action.map { .text($0.rawValue) })
        add("at >=", filter.from.map { .integer($0) })
        add("at <", filter.to.map { .integer($0) })
        if let ids = filter.companyIDs {
            // Numbers of ours: nothing in them needs a parameter.
            conditions.append(ids.isEmpty ? "1 = 0" : "company_id IN (\(ids.map(String.init).joined(separator: ", ")))")
        }
        values.append(SQLValue(limit))
        return try transaction.query(
            """
            SELECT id, at, actor, action, kind, object_id, name, company_id, changes, address, request_id FROM audit
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY id DESC LIMIT $\(values.count)
            """, values
        ).compactMap(Self.entry(from:))
    }

    private static func entry(from row: Row) throws -> AuditEntry? {
        guard let action = AuditAction(rawValue: try row.text("action")),
            let kind = ObjectKind(rawValue: try row.text("kind"))
        else { return nil }
        return AuditEntry(
            id: try row.int64("id"), at: try row.int64("at"), actor: try row.text("actor"), action: action, kind: kind,
            objectID: try row.text("object_id"), name: try row.text("name"),
            companyID: try row.int64OrNil("company_id"),
            changes: (try? JSONValue(parsing: try row.text("changes").utf8)) ?? .object([:]),
            address: try row.textOrNil("address"), requestID: try row.textOrNil("request_id"))
    }
}
