// SPDX-License-Identifier: Apache-2.0
// /admin/v1/prices: what message parts cost. Operators change them, resellers read those that apply to their companies.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import SQL
internal import Wire

struct AdminPrices: Sendable {
    private static let columns = [
        "company", "direction", "prefix", "mcc", "mnc", "ttid", "currency", "price", "from",
    ]
    /// How many rows of an export are read at a time.
    private static let slice = 1000

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        let table = TableImport<Declaration.PriceEntry>(
            surface: surface, columns: Self.columns, required: ["price"], read: Self.entry,
            apply: { try $0.importPrices($1, replacing: $2, progress: $3) })
        group.group("prices")
            .get(use: list)
            .post(use: create)
            .post("import") { try await table.handle($0, context: $1) }
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: remove)
    }

    // MARK: Reading

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        var filter = PriceList.Filter()
        filter.companyID = query.id("companyId")
        filter.direction = query.choice("direction", among: Price.Direction.self)
        filter.prefix = query.text("prefix")
        if let prefix = filter.prefix, prefix.utf8.count > 15 || !prefix.utf8.allSatisfy({ (0x30...0x39).contains($0) })
        {
            query.refuse("prefix", "must be the first digits of a number")
        }
        try query.check()
        filter.visibleTo = caller.companies
        if let companyID = filter.companyID {
            try await surface.inspect { provisioner, _ in
                _ = try provisioner.company(companyID)
                try caller.check(companyID)
            }
        }
        if request.wantsCSV { return export(filter) }
        let wanted = filter
        let prices = try await surface.database.read { transaction in
            try PriceList(transaction).page(wanted, after: page.cursor ?? 0, limit: page.limit + 1)
        }
        return AdminSlice(prices, limit: page.limit, id: \.id).response { $1.write(to: &$0) }
    }

    private func export(_ filter: PriceList.Filter) -> Response {
        let names = surface.directory.current.companies.mapValues(\.name)
        let database = surface.database
        return Response(csv: Self.columns) { writer in
            var cursor: Int64? = 0
            while let last = cursor {
                let prices = try await database.read { transaction in
                    try PriceList(transaction).page(filter, after: last, limit: Self.slice)
                }
                var table = CSVWriter()
                for price in prices { table.row(Self.fields(of: price, names)) }
                try await writer.write(ByteBuffer(bytes: table.bytes))
                cursor = prices.count == Self.slice ? prices.last?.id : nil
            }
        }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .price)
        let found = try await surface.database.read { try PriceList($0).price(id) }
        guard let found, found.companyID.map(caller.reaches) ?? true else {
            throw Problem(ProvisioningError.notFound(.price))
        }
        return found.response()
    }

    // MARK: Changing

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        var reader = try await AdminReader(request)
        let draft = Self.draft(&reader)
        try reader.check()
        return try await surface.change(caller) { provisioner in
            if let companyID = draft.companyID { try surface.checkOwner(companyID, caller, provisioner) }
            try provisioner.create([draft])
            guard let stored = try provisioner.prices().first(where: { $0.key == draft.key }) else {
                throw ProvisioningError.notFound(.price)
            }
            return stored
        }.response(.created)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .price)
        let patch = try await AdminReader.members(of: request)
        return try await surface.change(caller) { provisioner in
            var reader = AdminReader(patching: try provisioner.price(id).members, with: patch)
            let draft = Self.draft(&reader)
            try reader.check()
            if let companyID = draft.companyID { try surface.checkOwner(companyID, caller, provisioner) }
            return try provisioner.change(priceID: id, to: draft)
        }.response()
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .price)
        try await surface.change(caller) { try $0.remove(priceID: id) }
        return Response(status: .noContent)
    }

    private static func draft(_ reader: inout AdminReader) -> Price {
        if !reader.has("price") { reader.refuse("price", "is required") }
        return Price(
            id: 0, companyID: reader.id("companyId"),
            direction: reader.choice("direction", among: Price.Direction.allCases) ?? .outbound,
            prefix: reader.text("prefix") ?? "", mcc: reader.text("mcc") ?? "", mnc: reader.text("mnc") ?? "",
            ttid: reader.text("ttid") ?? "", currency: reader.text("currency") ?? "EUR",
            amount: reader.money("price") ?? .zero, effectiveFrom: reader.instant("from") ?? 0)
    }

    // MARK: Tables

    @Sendable private static func entry(
        _ row: CSVRow, _ columns: CSVColumns, _ violations: inout [Violation]
    ) -> Declaration.PriceEntry {
        func refuse(_ field: String, _ message: String) {
            violations.append(Violation(field: field, message: message))
        }
        let direction = columns.value("direction", in: row) ?? Price.Direction.outbound.rawValue
        if Price.Direction(rawValue: direction) == nil {
            refuse("direction", "must be one of \(Price.Direction.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        let amount = columns.value("price", in: row).flatMap { Money(admin: $0) }
        if amount == nil { refuse("price", "must be a decimal number such as 0.0075") }
        let from = columns.value("from", in: row)
        let effectiveFrom = from.flatMap { Timestamp.parse($0) }
        if from != nil, effectiveFrom == nil { refuse("from", "must be a date and time such as 2026-01-31T08:05:09Z") }
        return Declaration.PriceEntry(
            company: columns.value("company", in: row),
            price: Price(
                id: 0, companyID: nil, direction: Price.Direction(rawValue: direction) ?? .outbound,
                prefix: columns.value("prefix", in: row) ?? "", mcc: columns.value("mcc", in: row) ?? "",
                mnc: columns.value("mnc", in: row) ?? "", ttid: columns.value("ttid", in: row) ?? "",
                currency: columns.value("currency", in: row) ?? "EUR", amount: amount ?? .zero,
                effectiveFrom: effectiveFrom ?? 0))
    }

    private static func fields(of price: Price, _ names: [CompanyID: String]) -> [String] {
        [
            price.companyID.map { names[$0] ?? "" } ?? "", price.direction.rawValue, price.prefix, price.mcc, price.mnc,
            price.ttid, price.currency, price.amount.description, Timestamp.exact(price.effectiveFrom),
        ]
    }
}

extension Price {
    /// What a change can change.
    fileprivate var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "direction": .string(direction.rawValue), "prefix": .string(prefix), "mcc": .string(mcc),
            "mnc": .string(mnc), "ttid": .string(ttid), "currency": .string(currency),
            "price": .string(amount.description), "from": .string(Timestamp.exact(effectiveFrom)),
        ]
        members["companyId"] = companyID.map { .integer($0) }
        return members
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("companyId", companyID)
            writer.member("direction", direction.rawValue)
            writer.member("prefix", prefix)
            writer.member("mcc", mcc)
            writer.member("mnc", mnc)
            writer.member("ttid", ttid)
            writer.member("currency", currency)
            writer.member("price", amount.description)
            writer.member("from", Timestamp.exact(effectiveFrom))
            writer.member("origin", origin.rawValue)
        }
    }

    fileprivate func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        write(to: &writer)
        return Response(status: status, json: writer)
    }
}

extension Timestamp {
    /// RFC 3339 with milliseconds where there are any.
    static func exact(_ instant: Milliseconds) -> String { rfc3339(instant, milliseconds: instant % 1000 != 0) }
}
