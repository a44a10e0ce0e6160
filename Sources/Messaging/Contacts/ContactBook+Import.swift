// SPDX-License-Identifier: Apache-2.0
// A whole table of contacts at once. Every line is checked before the first is written. A line with a name or number that
// a contact has already is about that contact: it gets the line's name and whatever identities it lacks, and loses none,
// so that the same table can be imported twice and people who have written before get their names.

public import Accounts
internal import SQL
public import Wire

extension ContactBook {
    /// How many rows are asked for or written between two calls of `progress`.
    private static let slice = 5000

    /// What is to be done with each line.
    private struct Plan {
        var new: [ContactDraft] = []
        var known: [(id: Int64, draft: ContactDraft)] = []
    }

    /// Imports contacts, all or none; `imported` of the result counts the lines. `progress` hears how many lines are
    /// done, with 0 when all were found good. Throws `ImportRefusal` for a line that cannot be, and `notFound` or
    /// `conflict` for the company.
    public func importContacts(
        _ lines: [ImportLine<ContactDraft>], as actor: Actor, now: Milliseconds,
        progress: (Int) -> Void = { _ in }
    ) throws -> ImportResult {
        try checkCompany(isOpen: true)
        let plan = try plan(lines)
        progress(0)
        for start in stride(from: 0, to: plan.known.count, by: Self.slice) {
            let end = min(start + Self.slice, plan.known.count)
            try complete(Array(plan.known[start..<end]))
            progress(end)
        }
        for start in stride(from: 0, to: plan.new.count, by: Self.slice) {
            let end = min(start + Self.slice, plan.new.count)
            try insert(Array(plan.new[start..<end]), now: now)
            progress(plan.known.count + end)
        }
        let rows = JSONValue.integer(Int64(lines.count))
        try AuditLog(transaction).record(
            .imported, .contact, id: "", name: "\(lines.count) contacts", companyID: companyID,
            to: ["rows": rows, "new": .integer(Int64(plan.new.count))], actor: actor, now: now)
        return ImportResult(imported: lines.count, removed: 0)
    }

    // MARK: Lines

    private func plan(_ lines: [ImportLine<ContactDraft>]) throws -> Plan {
        try Self.check(lines)
        var plan = Plan()
        var about: [Int64: Int] = [:]
        for start in stride(from: 0, to: lines.count, by: Self.slice) {
            let slice = lines[start..<min(start + Self.slice, lines.count)]
            var owners = try owners(of: slice.flatMap(\.value.identities))[...]
            for line in slice {
                let identities = line.value.identities
                let found = zip(identities, owners.prefix(identities.count)).compactMap { identity, owner in
                    owner.map { (identity, $0) }
                }
                owners = owners.dropFirst(identities.count)
                guard let (identity, owner) = found.first else {
                    plan.new.append(line.value)
                    continue
                }
                if let other = found.first(where: { $0.1 != owner }) {
                    throw try refusal(line, other.0, of: other.1, butAlso: identity, of: owner)
                }
                if let earlier = about.updateValue(line.number, forKey: owner) {
                    throw ImportRefusal(
                        line: line.number, field: identity.kind.member,
                        reason: "belongs to contact \(try title(of: owner)), as line \(earlier) does")
                }
                plan.known.append((owner, line.value))
            }
        }
        return plan
    }

    /// Refuses what cannot be stored and what is there twice.
    private static func check(_ lines: [ImportLine<ContactDraft>]) throws(ImportRefusal) {
        var seen: [Identity: Int] = [:]
        for line in lines {
            do {
                try line.value.check()
            } catch {
                guard case .invalid(let field, let reason) = error else {
                    throw ImportRefusal(line: line.number, field: "line", reason: error.description)
                }
                throw ImportRefusal(line: line.number, field: field, reason: reason)
            }
            for identity in line.value.identities {
                if let earlier = seen.updateValue(line.number, forKey: identity), earlier != line.number {
                    throw ImportRefusal(
                        line: line.number, field: identity.kind.member, reason: "is that of line \(earlier), too")
                }
            }
        }
    }

    private func refusal(
        _ line: ImportLine<ContactDraft>, _ identity: Identity, of owner: Int64, butAlso first: Identity,
        of other: Int64
    ) throws -> ImportRefusal {
        ImportRefusal(
            line: line.number, field: identity.kind.member,
            reason: "belongs to contact \(try title(of: owner)), but \(first.kind.member) to contact "
                + "\(try title(of: other))")
    }

    // MARK: Rows

    private func insert(_ drafts: [ContactDraft], now: Milliseconds) throws {
        let ids = try transaction.queryBatch(Self.insertion, drafts.map { values(of: $0, now: now) })
            .map { rows -> Int64 in
                guard let id = try rows.first?.int64("id") else { throw DatabaseError.decoding("contacts.id") }
                return id
            }
        try claim(zip(ids, drafts).map { ($0, $1) })
    }

    private func complete(_ known: [(id: Int64, draft: ContactDraft)]) throws {
        let counts = try transaction.executeBatch(
            "UPDATE contacts SET name = COALESCE(CAST($3 AS TEXT), name) WHERE company_id = $1 AND id = $2",
            known.map { id, draft in [.integer(companyID), .integer(id), SQLValue(draft.name)] })
        if let index = counts.firstIndex(of: 0) {
            throw ProvisioningError.conflict("contact \(known[index].id) was removed meanwhile; import again")
        }
        try claim(known)
    }

    /// Gives each contact what it lacks of its identities; throws `conflict` where a message that came in meanwhile has
    /// made another contact of one.
    private func claim(_ contacts: [(id: Int64, draft: ContactDraft)]) throws {
        let pairs = contacts.flatMap { id, draft in draft.identities.map { ($0, id) } }
        let counts = try transaction.executeBatch(Self.claiming, pairs.map { claimValues($0.0, $0.1) })
        let taken = zip(pairs, counts).filter { $0.1 == 0 }.map(\.0)
        for ((identity, id), owner) in zip(taken, try owners(of: taken.map(\.0))) where owner != id {
            throw ProvisioningError.conflict("the \(identity.title) became another contact's meanwhile; import again")
        }
    }
}
