// SPDX-License-Identifier: Apache-2.0
// /admin/v1/companies/{id}/contacts: the people a company talks with, one by one as JSON and all at once as CSV. Removing
// one is an erasure; what it takes along and what it leaves stands at `ContactBook.remove`.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import SQL
internal import Wire

struct AdminContacts: Sendable {
    private static let columns = ["name"] + Identity.Kind.listed.map(\.member)
    /// What separates values of one kind in a table's field.
    private static let separator: Character = ";"
    /// How many rows of an export are read at a time.
    private static let slice = 1000

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("companies/:id/contacts")
            .get(use: list)
            .post(use: create)
            .post("import", use: importTable)
            .get(":contactId", use: show)
            .patch(":contactId", use: change)
            .delete(":contactId", use: remove)
    }

    // MARK: Reading

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try surface.companyID(in: context, surface.caller(context))
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        let number = ContactNumber(region: query.region())
        var filter = ContactBook.Filter()
        if let phone = query.storedText("phone") { filter.identities.append(Identity(.phone, number.sought(phone))) }
        if let email = query.storedText("email", maximumLength: 254) {
            filter.identities.append(Identity.email(email) ?? Identity(.email, email))
        }
        filter.namePrefix = query.storedText("name")
        try query.check()
        let wanted = filter
        let isTable = request.wantsCSV
        let found = try await surface.contacts(of: companyID) { book in
            try book.checkCompany()
            return isTable ? [] : try book.list(wanted, after: page.cursor ?? 0, limit: page.limit + 1)
        }
        if isTable { return export(wanted, companyID) }
        return AdminSlice(found, limit: page.limit, id: \.id).response { $1.write(to: &$0) }
    }

    /// Contacts that have no name to any channel are left out: such a line could not be imported again.
    private func export(_ filter: ContactBook.Filter, _ companyID: CompanyID) -> Response {
        let surface = surface
        return Response(csv: Self.columns) { writer in
            var cursor: Int64? = 0
            while let last = cursor {
                let contacts = try await surface.contacts(of: companyID) { book in
                    try book.list(filter, after: last, limit: Self.slice)
                }
                var table = CSVWriter()
                for contact in contacts where !contact.identities.isEmpty { table.row(Self.fields(of: contact)) }
                try await writer.write(ByteBuffer(bytes: table.bytes))
                cursor = contacts.count == Self.slice ? contacts.last?.id : nil
            }
        }
    }

    private static func fields(of contact: Contact) -> [String] {
        [contact.name ?? ""]
            + Identity.Kind.listed.map { kind in
                contact.values(of: kind).joined(separator: String(separator))
            }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try surface.companyID(in: context, surface.caller(context))
        let id = try Self.id(in: context)
        return try await surface.contacts(of: companyID) { try $0.contact(id) }.response()
    }

    // MARK: Changing

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let companyID = try surface.companyID(in: context, caller)
        var reader = try await AdminReader(request)
        let draft = ContactDraft(&reader)
        try reader.check()
        let now = surface.now
        return try await surface.changeContacts(of: companyID) { book in
            try book.create(draft, as: caller.actor, now: now)
        }.response(.created)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let companyID = try surface.companyID(in: context, caller)
        let id = try Self.id(in: context)
        let patch = try await AdminReader.members(of: request)
        let now = surface.now
        return try await surface.changeContacts(of: companyID) { book in
            try book.change(id, as: caller.actor, now: now) { contact in
                var reader = AdminReader(patching: contact.members, with: patch)
                let draft = ContactDraft(&reader, known: contact.identities)
                try reader.check()
                return draft
            }
        }.response()
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let companyID = try surface.companyID(in: context, caller)
        let id = try Self.id(in: context)
        let now = surface.now
        try await surface.changeContacts(of: companyID) { try $0.remove(id, as: caller.actor, now: now) }
        return Response(status: .noContent)
    }

    private static func id(in context: APIRequestContext) throws(Problem) -> Int64 {
        guard let id = context.parameters.get("contactId").flatMap({ AdminQuery.id($0) }) else {
            throw Problem(ProvisioningError.notFound(.contact))
        }
        return id
    }

    // MARK: Importing

    @Sendable private func importTable(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let companyID = try surface.companyID(in: context, caller)
        var query = try AdminQuery(request)
        let number = ContactNumber(region: query.region())
        try query.check()
        let (surface, now) = (surface, surface.now)
        // Before the table is read, so that nobody sends one for nothing.
        try await surface.contacts(of: companyID) { try $0.checkCompany(isOpen: true) }
        let upload = TableUpload<ContactDraft>(columns: Self.columns, required: []) { row, columns, violations in
            Self.draft(row, columns, number, &violations)
        }
        return try await upload.respond(to: request) { lines, progress in
            try await surface.changeContacts(of: companyID) { book in
                try book.importContacts(lines, as: caller.actor, now: now, progress: progress)
            }
        }
    }

    private static func draft(
        _ row: CSVRow, _ columns: CSVColumns, _ number: ContactNumber, _ violations: inout [Violation]
    ) -> ContactDraft {
        var draft = ContactDraft(name: columns.value("name", in: row))
        if let name = draft.name, name.utf8.contains(0) {
            violations.append(Violation(field: "name", message: "must not have U+0000 in it"))
        }
        for kind in Identity.Kind.listed {
            for value in (columns.value(kind.member, in: row) ?? "").split(separator: separator) {
                let text = String(value).trimmed
                guard !text.isEmpty else { continue }
                switch Identity.written(kind, text, number) {
                case .success(let identity): draft.identities.append(identity)
                case .failure(let refusal):
                    violations.append(Violation(field: kind.member, message: refusal.reason))
                }
            }
        }
        return draft
    }
}

extension AdminSurface {
    /// Looks at a company's contacts.
    func contacts<T: Sendable>(
        of companyID: CompanyID, _ body: @escaping @Sendable (ContactBook) throws -> T
    ) async throws -> T {
        do {
            return try await database.read { try body(ContactBook($0, companyID: companyID)) }
        } catch let error as ProvisioningError {
            throw Problem(error)
        }
    }

    /// Changes a company's contacts; refusals become problems. They are no configuration: no node reads anything again.
    fileprivate func changeContacts<T: Sendable>(
        of companyID: CompanyID, _ body: @escaping @Sendable (ContactBook) throws -> T
    ) async throws -> T {
        do {
            return try await act { try body(ContactBook($0, companyID: companyID)) }
        } catch let error as ProvisioningError {
            throw Problem(error)
        }
    }
}
