// SPDX-License-Identifier: Apache-2.0
// /admin/v1/companies/{id}/balance and …/ledger: what a company has, how it came to that, and putting money on or taking
// it off. What a reseller puts on comes off its own balance, in the same transaction.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct AdminBalances: Sendable {
    private static let longestNote = 500
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.get("companies/:id/balance", use: balance)
            .get("companies/:id/ledger", use: ledger)
            .post("companies/:id/ledger", use: move)
    }

    @Sendable private func balance(_ request: Request, context: APIRequestContext) async throws -> Response {
        let id = try surface.companyID(in: context, surface.caller(context))
        let found = try await surface.inspect { try AdminCompany(try $0.company(id), $1) }
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("balance", found.balance.description)
            writer.member("currency", found.company.currency)
            writer.member("prepaid", found.company.isPrepaid)
        }
        return Response(json: writer)
    }

    @Sendable private func ledger(_ request: Request, context: APIRequestContext) async throws -> Response {
        let id = try surface.companyID(in: context, surface.caller(context))
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        try query.check()
        let entries = try await surface.inspect { provisioner, transaction in
            _ = try provisioner.company(id)
            return try LedgerList(transaction).entries(of: id, before: page.cursor, limit: page.limit + 1)
        }
        return AdminSlice(entries, limit: page.limit, id: \.id).response { $1.write(to: &$0) }
    }

    @Sendable private func move(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.companyID(in: context, caller)
        if id == caller.reseller?.id { throw Problem.notForResellers("change", "its own balance") }
        var reader = try await AdminReader(request)
        if !reader.has("amount") { reader.refuse("amount", "is required") }
        let amount = reader.money("amount") ?? .zero
        if amount == .zero, reader.violations.isEmpty { reader.refuse("amount", "must not be 0") }
        let note = reader.text("note", maximumLength: Self.longestNote)
        try reader.check()
        let kind: LedgerKind = amount > .zero ? .topUp : .correction
        let reseller = caller.reseller?.id
        try await surface.change(caller) { provisioner in
            try surface.checkOwner(id, caller, provisioner)
            if let reseller {
                let (giver, receiver) = amount > .zero ? (reseller, id) : (id, reseller)
                let size = amount > .zero ? amount : .zero - amount
                try provisioner.transfer(size, from: giver, to: receiver, note: note)
            } else {
                try provisioner.move(amount, kind: kind, companyID: id, note: note)
            }
        }
        let newest = try await surface.database.read { try LedgerList($0).entries(of: id, limit: 1) }
        guard let entry = newest.first else { throw Problem.internalError }
        var writer = JSONWriter()
        entry.write(to: &writer)
        return Response(status: .created, json: writer)
    }
}

extension LedgerEntry {
    func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("kind", kind.rawValue)
            writer.member("amount", amount.description)
            writer.member("at", instant: at)
            writer.member("messageId", messageID?.description)
            writer.member("note", note)
            writer.member("actor", actor)
        }
    }
}
