// SPDX-License-Identifier: Apache-2.0
// The contacts of one company as people see and change them. What channels find under the same names
// (`ConversationStore`) are the same rows: whoever is written down here is recognised by their first message. The audit
// log keeps who changed which field, never a person's name or number, so that what is removed is gone from there as well.

public import Accounts
public import SQL
public import Wire

public struct ContactBook {
    /// What to look for.
    public struct Filter: Sendable {
        /// The contact has each of them.
        public var identities: [Identity] = []
        /// The name begins so; upper and lower case of A to Z count the same.
        public var namePrefix: String?

        public init() {}
    }

    /// How many names one contact can have.
    public static let mostIdentities = 20

    let transaction: Transaction
    let companyID: CompanyID

    public init(_ transaction: Transaction, companyID: CompanyID) {
        self.transaction = transaction
        self.companyID = companyID
    }

    // MARK: Looking

    /// Throws `notFound` when there is no such company, and `conflict` when it has to be open and is closed.
    public func checkCompany(isOpen: Bool = false) throws {
        let row = try transaction.queryOne(
            "SELECT closed_at FROM companies WHERE id = $1", [.integer(companyID)])
        guard let row else { throw ProvisioningError.notFound(.company) }
        if isOpen, try row.int64OrNil("closed_at") != nil {
            throw ProvisioningError.conflict("the company is closed")
        }
    }

    /// Up to `limit` contacts with ids above `cursor`, in the order of their ids.
    public func list(_ filter: Filter = Filter(), after cursor: Int64 = 0, limit: Int) throws -> [Contact] {
        var conditions = ["company_id = $1", "id > $2"]
        var values: [SQLValue] = [.integer(companyID), .integer(cursor)]
        for identity in filter.identities {
            values += [.text(identity.kind.rawValue), .text(identity.value)]
            conditions.append(
                """
                id IN (SELECT contact_id FROM identities
                    WHERE company_id = $1 AND kind = $\(values.count - 1) AND value = $\(values.count))
                """)
        }
        if let prefix = filter.namePrefix, !prefix.isEmpty {
            values.append(.text(prefix))
            conditions.append(
                "LOWER(SUBSTR(name, 1, \(prefix.unicodeScalars.count))) = LOWER(CAST($\(values.count) AS TEXT))")
        }
        values.append(SQLValue(limit))
        let rows = try transaction.query(
            """
            SELECT id, name, created_at FROM contacts
            WHERE \(conditions.joined(separator: " AND ")) ORDER BY id LIMIT $\(values.count)
            """, values)
        return try contacts(from: rows)
    }

    /// The contact; throws `notFound` when the company has none of that id.
    public func contact(_ id: Int64) throws -> Contact {
        let rows = try transaction.query(
            "SELECT id, name, created_at FROM contacts WHERE company_id = $1 AND id = $2",
            [.integer(companyID), .integer(id)])
        guard let contact = try contacts(from: rows).first else { throw ProvisioningError.notFound(.contact) }
        return contact
    }

    private func contacts(from rows: [Row]) throws -> [Contact] {
        let identities = try transaction.queryBatch(
            "SELECT kind, value FROM identities WHERE contact_id = $1 AND company_id = $2",
            rows.map { [$0["id"], .integer(companyID)] })
        return try zip(rows, identities).map { row, identities in
            Contact(
                id: try row.int64("id"), companyID: companyID, name: try row.textOrNil("name"),
                identities: try identities.compactMap { identity in
                    let value = try identity.text("value")
                    return Identity.Kind(rawValue: try identity.text("kind")).map { Identity($0, value) }
                }.listed(), createdAt: try row.int64("created_at"))
        }
    }

    // MARK: Changing

    /// Makes a contact. Throws `invalid` for a name or an identity that cannot be, and `conflict`, which names the other
    /// one, when an identity leads to another contact of the company.
    public func create(_ draft: ContactDraft, as actor: Actor, now: Milliseconds) throws -> Contact {
        try checkCompany(isOpen: true)
        try draft.check()
        let row = try transaction.queryOne(Self.insertion, values(of: draft, now: now))
        guard let id = try row?.int64("id") else { throw DatabaseError.decoding("contacts.id") }
        try claim(draft.identities, for: id)
        try note(.created, id, fields: fields(of: draft), as: actor, now: now)
        return try contact(id)
    }

    /// Changes a contact to what `edit` makes of it, with nobody else's change in between. Throws as `create`.
    public func change(
        _ id: Int64, as actor: Actor, now: Milliseconds, _ edit: (Contact) throws -> ContactDraft
    ) throws -> Contact {
        try lock(id, "NO KEY UPDATE")
        let before = try contact(id)
        let draft = try edit(before)
        let gone = before.identities.filter { !draft.identities.contains($0) }
        let added = draft.identities.filter { !before.identities.contains($0) }
        guard before.name != draft.name || !gone.isEmpty || !added.isEmpty else { return before }
        try draft.check(since: before.draft)
        try transaction.execute(
            "UPDATE contacts SET name = $3 WHERE company_id = $1 AND id = $2",
            [.integer(companyID), .integer(id), SQLValue(draft.name)])
        try release(gone)
        try claim(added, for: id)
        let names = before.name == draft.name ? [] : ["name"]
        try note(.changed, id, fields: names + (gone + added).map(\.kind.member), as: actor, now: now)
        return try contact(id)
    }

    /// Adds a name; one that the contact has already changes nothing. Throws as `create`.
    public func add(_ identity: Identity, to id: Int64, as actor: Actor, now: Milliseconds) throws -> Contact {
        try change(id, as: actor, now: now) { contact in
            var draft = contact.draft
            if !draft.identities.contains(identity) { draft.identities.append(identity) }
            return draft
        }
    }

    /// Takes a name away; one that the contact does not have changes nothing. Throws `invalid` for the last one.
    public func remove(_ identity: Identity, from id: Int64, as actor: Actor, now: Milliseconds) throws -> Contact {
        try change(id, as: actor, now: now) { contact in
            var draft = contact.draft
            draft.identities.removeAll { $0 == identity }
            return draft
        }
    }

    // MARK: Rows

    static let insertion = "INSERT INTO contacts (company_id, name, created_at) VALUES ($1, $2, $3) RETURNING id"

    func values(of draft: ContactDraft, now: Milliseconds) -> [SQLValue] {
        [.integer(companyID), SQLValue(draft.name), .integer(now)]
    }

    /// Holds the contact's row until the transaction ends; throws `notFound`.
    func lock(_ id: Int64, _ strength: String) throws {
        let row = try transaction.queryOne(
            "SELECT id FROM contacts WHERE company_id = $1 AND id = $2"
                + transaction.dialect.pick(sqlite: "", postgres: " FOR \(strength)"),
            [.integer(companyID), .integer(id)])
        if row == nil { throw ProvisioningError.notFound(.contact) }
    }

    /// Gives identities to a contact; throws `conflict` for one that somebody else has, also since a moment ago.
    func claim(_ identities: [Identity], for id: Int64) throws {
        let counts = try transaction.executeBatch(Self.claiming, identities.map { claimValues($0, id) })
        for (identity, count) in zip(identities, counts) where count == 0 {
            guard let owner = try owners(of: [identity])[0] else {
                throw ProvisioningError.conflict("the \(identity.title) belongs to another contact")
            }
            // Twice in one request.
            if owner != id { throw try conflict(identity, owner) }
        }
    }

    static let claiming = """
        INSERT INTO identities (company_id, kind, value, contact_id) VALUES ($1, $2, $3, $4)
        ON CONFLICT (company_id, kind, value) DO NOTHING
        """

    func claimValues(_ identity: Identity, _ id: Int64) -> [SQLValue] {
        [.integer(companyID), .text(identity.kind.rawValue), .text(identity.value), .integer(id)]
    }

    private func release(_ identities: [Identity]) throws {
        try transaction.executeBatch(
            "DELETE FROM identities WHERE company_id = $1 AND kind = $2 AND value = $3",
            identities.map { [.integer(companyID), .text($0.kind.rawValue), .text($0.value)] })
    }

    /// The contact of each identity; nil for one that is nobody's.
    func owners(of identities: [Identity]) throws -> [Int64?] {
        try transaction.queryBatch(
            "SELECT contact_id FROM identities WHERE company_id = $1 AND kind = $2 AND value = $3",
            identities.map { [.integer(companyID), .text($0.kind.rawValue), .text($0.value)] }
        ).map { try $0.first?.int64("contact_id") }
    }

    func conflict(_ identity: Identity, _ owner: Int64) throws -> ProvisioningError {
        .conflict("the \(identity.title) belongs to contact \(try title(of: owner))")
    }

    /// `12 (Jane)`
    func title(of id: Int64) throws -> String {
        let name = try transaction.queryOne(
            "SELECT name FROM contacts WHERE company_id = $1 AND id = $2", [.integer(companyID), .integer(id)]
        )?.textOrNil("name")
        return name.map { "\(id) (\($0))" } ?? String(id)
    }

    private func fields(of draft: ContactDraft) -> [String] {
        (draft.name == nil ? [] : ["name"]) + draft.identities.map(\.kind.member)
    }

    func note(
        _ action: AuditAction, _ id: Int64, fields: [String] = [], as actor: Actor, now: Milliseconds
    ) throws {
        try AuditLog(transaction).record(
            action, .contact, id: String(id), name: "contact \(id)", companyID: companyID, hidden: fields,
            actor: actor, now: now)
    }
}

extension Identity {
    /// How sentences name it: `phone 491701234567`.
    var title: String { "\(kind.member) \(value)" }
}
