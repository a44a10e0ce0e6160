// SPDX-License-Identifier: Apache-2.0
// Objects by the names that people know them by. An argument may be an id or a name; `id:7` is an id whatever is
// called "7". What could mean two objects is refused, never guessed.

import Wire

/// A kind of object that has ids and, mostly, names.
struct Resource: Sendable {
    let path: String
    /// What one is called: "company".
    let noun: String
    /// The member that people call it by.
    let name: String
    /// Whether such a name may consist of digits, so that digits alone do not tell an id from a name.
    var isNameNumeric = false

    static let companies = Resource(path: "/companies", noun: "company", name: "name")
    static let keys = Resource(path: "/keys", noun: "key", name: "name")
    static let channels = Resource(path: "/channels", noun: "channel", name: "address", isNameNumeric: true)
    static let connectors = Resource(path: "/connectors", noun: "connector", name: "name")
    static let smppAccounts = Resource(
        path: "/smpp-accounts", noun: "SMPP account", name: "systemId", isNameNumeric: true)

    func path(_ object: JSONValue) throws(Failure) -> String { path + "/" + String(try id(object)) }

    func id(_ object: JSONValue) throws(Failure) -> Int64 {
        guard let id = object["id"]?.int64 else { throw Failure("the server sent a \(noun) without an id") }
        return id
    }

    /// `key 12 (production)`.
    func title(_ object: JSONValue) -> String {
        "\(noun) \(Cell.text(object["id"])) (\(Cell.text(object[name])))"
    }
}

/// Whether a search for a company looks among those that were closed.
enum ClosedCompanies {
    case leftOut, included, alone
}

extension Session {
    /// The object that an argument names; `company` narrows the search to one company's, `closed` is about companies.
    func find(
        _ resource: Resource, _ text: String, company: Int64? = nil, closed: ClosedCompanies = .leftOut
    ) async throws(Failure) -> JSONValue {
        if text.hasPrefix("id:") {
            guard let id = Int64(text.dropFirst(3)) else { throw Failure("\(text): an id is a number", .usage) }
            return try await api.get("\(resource.path)/\(id)")
        }
        let id = Int64(text)
        if let id, !resource.isNameNumeric, let found = try await api.getIfAny("\(resource.path)/\(id)") {
            return found
        }
        let filter = company.map { String($0) }
        var all: [JSONValue] = []
        if closed != .alone { all += try await api.items(resource.path, [("companyId", filter)]).items }
        if closed != .leftOut { all += try await api.items(resource.path, [("closed", "true")]).items }
        let wanted = resource.isNameNumeric && text.hasPrefix("+") ? String(text.dropFirst()) : text
        // What moves from page to page while they are read may come twice.
        var seen: Set<Int64> = []
        let found = all.filter { object in
            (object[resource.name]?.string == wanted || (id != nil && object["id"]?.int64 == id))
                && seen.insert(object["id"]?.int64 ?? 0).inserted
        }
        guard let first = found.first else { throw Failure("no \(resource.noun) is called \(Cell.printable(text))") }
        guard found.count == 1 else {
            let names = found.map { object in
                let company = object["companyId"].map { ", company \(Cell.text($0))" } ?? ""
                return "id:\(Cell.text(object["id"])) (\(Cell.text(object[resource.name]))\(company))"
            }
            throw Failure("\(text) may mean \(names.joined(separator: " or ")): say which", .usage)
        }
        return first
    }

    /// The id of the company that an option names; nil when it was not given.
    func companyID(_ text: String?) async throws(Failure) -> Int64? {
        guard let text else { return nil }
        return try Resource.companies.id(try await find(.companies, text))
    }

    /// The open companies' names by id, for tables; empty when the items name none.
    func companyNames(for items: [JSONValue]) async throws(Failure) -> [Int64: String] {
        guard !isJSON, items.contains(where: { $0["companyId"]?.int64 != nil }) else { return [:] }
        var names: [Int64: String] = [:]
        for company in try await api.items("/companies").items {
            if let id = company["id"]?.int64 { names[id] = company["name"]?.string }
        }
        return names
    }
}

extension Column {
    /// The company by its name, or by `id:7` when the name is not known.
    static func company(_ names: [Int64: String], _ member: String = "companyId") -> Column {
        Column(title: "company") { item in
            guard let id = item[member]?.int64 else { return "" }
            return Cell.printable(names[id] ?? "id:\(id)")
        }
    }
}
