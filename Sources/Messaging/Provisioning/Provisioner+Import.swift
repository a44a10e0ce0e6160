// SPDX-License-Identifier: Apache-2.0
// Whole tables of routes or prices at once. Every line is checked before the first is written. A line whose row is there
// already changes nothing; a row that an operator made takes the line's values; one that the file declares stays.

internal import Accounts
internal import Wire

/// One line of a table that is imported.
public struct ImportLine<Value: Sendable>: Sendable {
    /// In the file, from 1.
    public let number: Int
    public let value: Value

    public init(_ number: Int, _ value: Value) {
        self.number = number
        self.value = value
    }
}

/// A line that cannot be accepted. Nothing was changed.
public struct ImportRefusal: Error, Sendable, Equatable {
    public let line: Int
    public let field: String
    public let reason: String

    public init(line: Int, field: String, reason: String) {
        self.line = line
        self.field = field
        self.reason = reason
    }
}

/// What an import did.
public struct ImportResult: Sendable, Equatable {
    /// Lines whose rows are in force.
    public let imported: Int
    /// Rows that were there before and were removed to make room.
    public let removed: Int
}

/// What is to be done with each line.
private struct ImportPlan<Row> {
    var new: [Row] = []
    var changed: [Row] = []
    var removed: [Int64] = []
}

extension Provisioner {
    /// How many rows are written between two calls of `progress`.
    private static let slice = 5000

    /// Imports prices. `progress` hears how many lines are done, with 0 when all were found good.
    public func importPrices(
        _ lines: [ImportLine<Declaration.PriceEntry>], replacing: Bool, progress: (Int) -> Void = { _ in }
    ) throws -> ImportResult {
        let companies = Dictionary(
            uniqueKeysWithValues: try companies().filter { $0.closedAt == nil }.map { ($0.name, $0.id) })
        let known = Dictionary(try prices().map { ($0.key, $0) }) { first, _ in first }
        var seen: [Price.Key: Int] = [:]
        var plan = ImportPlan<Price>()
        if replacing { plan.removed = known.values.filter { $0.origin == .admin }.map(\.id).sorted() }
        for line in lines {
            let price = try resolve(line, companies)
            try Self.refuseRepetition(seen.updateValue(line.number, forKey: price.key), line: line.number)
            let stored = known[price.key]
            if let stored, stored.origin == .file {
                try Self.checkSame(price.with(id: stored.id, origin: .file) == stored, line.number, price.title)
            } else if let stored, !replacing {
                let after = price.with(id: stored.id, origin: actor.origin)
                if after != stored { plan.changed.append(after) }
            } else {
                plan.new.append(price.with(id: 0, origin: actor.origin))
            }
        }
        progress(0)
        try accounts.removePrices(plan.removed)
        try accounts.update(plan.changed)
        try inSlices(plan.new, before: lines.count - plan.new.count, progress) { try accounts.insert($0) }
        return try noteImport(.price, "prices", ImportResult(imported: lines.count, removed: plan.removed.count))
    }

    /// Imports routes. `progress` hears how many lines are done, with 0 when all were found good.
    public func importRoutes(
        _ lines: [ImportLine<Declaration.RouteEntry>], replacing: Bool, progress: (Int) -> Void = { _ in }
    ) throws -> ImportResult {
        let connectors = try connectors()
        let known = Dictionary(try routes().map { ([$0.gateway, $0.prefix], $0) }) { first, _ in first }
        var seen: [[String]: Int] = [:]
        var plan = ImportPlan<Route>()
        if replacing { plan.removed = known.values.filter { $0.origin == .admin }.map(\.id).sorted() }
        for line in lines {
            let route = try resolve(line, connectors)
            let key = [route.gateway, route.prefix]
            try Self.refuseRepetition(seen.updateValue(line.number, forKey: key), line: line.number)
            let stored = known[key]
            if let stored, stored.origin == .file {
                try Self.checkSame(route.with(id: stored.id, origin: .file) == stored, line.number, route.title)
            } else if let stored, !replacing {
                let after = route.with(id: stored.id, origin: actor.origin)
                if after != stored { plan.changed.append(after) }
            } else {
                plan.new.append(route.with(id: 0, origin: actor.origin))
            }
        }
        progress(0)
        try routing.removeRoutes(plan.removed)
        try routing.update(plan.changed)
        try inSlices(plan.new, before: lines.count - plan.new.count, progress) { try routing.insert($0) }
        return try noteImport(.route, "routes", ImportResult(imported: lines.count, removed: plan.removed.count))
    }

    // MARK: Lines

    private func resolve(
        _ line: ImportLine<Declaration.PriceEntry>, _ companies: [String: CompanyID]
    ) throws(ImportRefusal) -> Price {
        var companyID: CompanyID?
        if let name = line.value.company {
            companyID = companies[name]
            if companyID == nil {
                throw ImportRefusal(line: line.number, field: "company", reason: "names no open company")
            }
        }
        let price = line.value.price.with(companyID: companyID, origin: .admin)
        try Self.naming(line.number) { () throws(ProvisioningError) in try Self.checkFields(of: price) }
        return price
    }

    private func resolve(
        _ line: ImportLine<Declaration.RouteEntry>, _ connectors: [ConnectorSettings]
    ) throws -> Route {
        let ids = try line.value.connectors.map { name in
            guard let connector = connectors.first(where: { $0.name == name }) else {
                throw ImportRefusal(line: line.number, field: "connectors", reason: "names no connector: \(name)")
            }
            return connector.id
        }
        let route = Route(id: 0, gateway: line.value.gateway, prefix: line.value.prefix, connectorIDs: ids)
        do {
            try check(route, connectors)
        } catch ProvisioningError.invalid(let field, let reason) {
            throw ImportRefusal(line: line.number, field: field, reason: reason)
        }
        return route
    }

    private static func naming(
        _ line: Int, _ body: () throws(ProvisioningError) -> Void
    ) throws(ImportRefusal) {
        do {
            try body()
        } catch {
            guard case .invalid(let field, let reason) = error else {
                throw ImportRefusal(line: line, field: "line", reason: error.description)
            }
            throw ImportRefusal(line: line, field: field, reason: reason)
        }
    }

    private static func refuseRepetition(_ earlier: Int?, line: Int) throws(ImportRefusal) {
        if let earlier {
            throw ImportRefusal(line: line, field: "prefix", reason: "is the same row as line \(earlier)")
        }
    }

    private static func checkSame(_ isSame: Bool, _ line: Int, _ title: String) throws(ProvisioningError) {
        guard isSame else {
            throw .conflict("line \(line): \(title) is declared in the configuration file with other values")
        }
    }

    // MARK: Rows

    private func inSlices<Row>(
        _ rows: [Row], before done: Int, _ progress: (Int) -> Void, _ write: ([Row]) throws -> Void
    ) throws {
        if done > 0 { progress(done) }
        for start in stride(from: 0, to: rows.count, by: Self.slice) {
            let end = min(start + Self.slice, rows.count)
            try write(Array(rows[start..<end]))
            progress(done + end)
        }
    }

    private func noteImport(_ kind: ObjectKind, _ what: String, _ result: ImportResult) throws -> ImportResult {
        try note(
            .imported, kind, id: "", name: "\(result.imported) \(what)",
            to: ["rows": .integer(Int64(result.imported)), "removed": .integer(Int64(result.removed))])
        return result
    }
}
