// SPDX-License-Identifier: Apache-2.0
// What the handlers of the Admin API share: who asks, looking at the configuration, and changing it in one transaction
// after which this node acts on the change at once.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct AdminSurface: Sendable {
    let engine: MessagingEngine
    let options: APIOptions

    var database: Database { engine.context.database }
    var directory: DirectoryCache { engine.context.directory }
    var now: Milliseconds { engine.context.clock() }

    func caller(_ context: APIRequestContext) throws -> AdminCaller {
        try AdminCaller(context, directory: directory.current)
    }

    /// The one who asks, who must be an operator; throws 403 otherwise.
    func operatorCaller(_ context: APIRequestContext) throws -> AdminCaller {
        let caller = try caller(context)
        try caller.requireOperator()
        return caller
    }

    /// Looks at the configuration as the database has it.
    func inspect<T: Sendable>(
        _ body: @escaping @Sendable (Provisioner, Transaction) throws -> T
    ) async throws -> T {
        do {
            return try await directory.inspect(body)
        } catch let error as ProvisioningError {
            throw Problem(error)
        }
    }

    /// A page of things that belong to companies: all within the caller's reach, or those of the company that the query
    /// names.
    func owned<Item: AdminOwned>(
        _ request: Request, _ context: APIRequestContext,
        _ items: @escaping @Sendable (Provisioner) throws -> [Item]
    ) async throws -> AdminSlice<Item> {
        let caller = try caller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        let companyID = query.id("companyId")
        try query.check()
        return try await inspect { provisioner, _ in
            if let companyID { try caller.check(companyID) }
            return page.slice(
                try items(provisioner).filter {
                    caller.reaches($0.companyID) && (companyID == nil || $0.companyID == companyID)
                }, id: \.id)
        }
    }

    /// Changes the configuration; refusals become problems.
    func change<T: Sendable>(
        _ caller: AdminCaller, _ body: @escaping @Sendable (Provisioner) throws -> T
    ) async throws -> T {
        do {
            return try await directory.provision(as: caller.actor, checks: options.admin.checks, now: now, body)
        } catch let error as ProvisioningError {
            throw Problem(error)
        } catch DatabaseError.constraint(.unique, _) {
            throw Problem(.conflict, detail: "Somebody else made the same at the same time.")
        } catch DatabaseError.commitUnknown(_) {
            throw Problem.unknownChange
        }
    }

    /// The id in the path; throws 404 for what is none.
    func id(in context: APIRequestContext, of kind: ObjectKind) throws -> Int64 {
        guard let text = context.parameters.get("id"), let id = AdminQuery.id(text) else {
            throw Problem(ProvisioningError.notFound(kind))
        }
        return id
    }
}

/// Something that belongs to a company.
protocol AdminOwned: Sendable {
    var id: Int64 { get }
    var companyID: CompanyID { get }
}

extension APIKey: AdminOwned {}
extension MessagingChannel: AdminOwned {}
extension SMPPAccount: AdminOwned {}

extension Problem {
    /// A refused change of the configuration.
    init(_ error: ProvisioningError) {
        let sentence = error.description.prefix(1).uppercased() + error.description.dropFirst() + "."
        switch error {
        case .notFound: self = .notFound(sentence)
        case .invalid(let field, let reason): self = .violations([Violation(field: field, message: reason)])
        case .conflict, .ownedByFile: self.init(.conflict, detail: sentence)
        }
    }

    /// The database went away in the middle of a change.
    static let unknownChange = Problem(
        .serviceUnavailable,
        detail: "The database went away while it stored the change, which may be in force. Look before trying again."
    ).with([.retryAfter: "5"])
}
