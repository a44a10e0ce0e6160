// SPDX-License-Identifier: Apache-2.0
// `parley contacts`: the people a company talks with.

import ArgumentParser
import Wire

struct ContactsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "contacts", abstract: "The people a company talks with, and their numbers and addresses.",
        discussion: """
            Who writes first becomes a contact by itself; these are for everybody else, and for names. Numbers are \
            international, or national with --region. The columns of a file are name, phone, email, waId, bsuid, viberId \
            and jid, those that there are; of several values in a field a semicolon comes between.

              parley contacts create --company Acme --name "Jane Doe" --phone "0170 1234567" --region DE
              parley contacts list --company Acme --phone +491701234567
              parley contacts import customers.csv --company Acme --region DE
            """,
        subcommands: [List.self, Show.self, Create.self, Change.self, Remove.self, Import.self, Export.self])

    static let order = ["id", "companyId", "name", "identities", "createdAt"] + IdentityKind.allCases.map(\.rawValue)

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Contacts, all or those that a filter leaves.")

        @OptionGroup(title: "Which") var filter: ContactFilter
        @OptionGroup var limits: LimitOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = try await filter.company.path(session)
            let (items, hasMore) = try await session.api.items(path, filter.query, limit: limits.count)
            let others = [IdentityKind.waId, .bsuid, .viberId, .jid]
            session.show(
                items,
                [
                    .id(), .text("name"), .identities([.phone]), .identities([.email]),
                    .identities(others, "others"), .time("createdAt", "created"),
                ])
            session.hintMore(hasMore)
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One contact.")

        @OptionGroup var contact: ContactArgument
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await session.api.get(try await contact.path(session)), order: order)
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Make a contact.")

        @OptionGroup var company: ContactCompany
        @OptionGroup(title: "The contact") var fields: ContactFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let body = try fields.members.orNothingTyped()
            session.show(try await session.api.post(try await company.path(session), body), order: order)
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change a contact.",
            discussion: "What is given of one kind takes the place of all that the contact had of it; none for nothing."
        )

        @OptionGroup var contact: ContactArgument
        @OptionGroup(title: "The contact") var fields: ContactFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let body = try fields.members.orNothingTyped()
            session.show(try await session.api.patch(try await contact.path(session), body), order: order)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Erase a contact: its names and numbers, its conversations, and what was said in them.",
            discussion: "The messages stay on record, with their numbers, times and prices.")

        @OptionGroup var contact: ContactArgument
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = try await contact.path(session)
            let found = try await session.api.get(path)
            let name = found["name"]?.string.map { " (\(Cell.printable($0)))" } ?? ""
            let title = "contact \(contact.id)\(name)"
            try session.confirm("Erase \(title) and what was said with them?", confirmation)
            try await session.api.delete(path)
            session.done("Removed \(title).", ["id": .integer(contact.id), "removed": .bool(true)])
        }
    }

    struct Import: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Add contacts from a CSV file: all of them or none.",
            discussion: "A line with a number or address that a contact has already completes that contact.")

        @Argument(help: "The file, with a line of column names; - reads standard input.") var file: String
        @OptionGroup var company: ContactCompany
        @OptionGroup var region: RegionOption
        @Flag(help: "Show how far it is even when nobody watches.") var progress = false
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = try await company.path(session) + "/import"
            try await session.importCSV(path, "contacts", file: file, [("region", region.region)], progress: progress)
        }
    }

    struct Export: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Write contacts as CSV.")

        @OptionGroup(title: "Which") var filter: ContactFilter
        @OptionGroup var output: OutputOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.exportCSV(try await filter.company.path(session), filter.query, output)
        }
    }
}

/// What a contact can be known by.
enum IdentityKind: String, CaseIterable {
    case phone, email, waId, bsuid, viberId, jid
}

struct ContactCompany: ParsableArguments {
    @Option(help: "Whose, by name or id.") var company: String

    fileprivate func path(_ session: Session) async throws(Failure) -> String {
        try Resource.companies.path(try await session.find(.companies, company, closed: .included)) + "/contacts"
    }
}

struct ContactArgument: ParsableArguments {
    @Argument(help: "Its id.") var id: Int64
    @OptionGroup var company: ContactCompany

    fileprivate func path(_ session: Session) async throws(Failure) -> String {
        try await company.path(session) + "/\(id)"
    }
}

struct RegionOption: ParsableArguments {
    @Option(help: ArgumentHelp("The country of numbers in national form, such as DE.", valueName: "letters"))
    var region: String?
}

struct ContactFilter: ParsableArguments {
    @OptionGroup var company: ContactCompany
    @Option(help: ArgumentHelp("Who has this number.", valueName: "number")) var phone: String?
    @Option(help: ArgumentHelp("Who has this address.", valueName: "address")) var email: String?
    @Option(help: ArgumentHelp("Whose names begin so.", valueName: "text")) var name: String?
    @OptionGroup var region: RegionOption

    fileprivate var query: AdminAPI.Query {
        [("phone", phone), ("email", email), ("name", name), ("region", region.region)]
    }
}

/// What creating and changing a contact have in common.
struct ContactFields: ParsableArguments {
    @Option(help: ArgumentHelp("What people call it; none for no name.", valueName: "text")) var name: String?
    @Option(help: ArgumentHelp("A phone number; may be repeated.", valueName: "number")) var phone: [String] = []
    @Option(help: ArgumentHelp("An e-mail address; may be repeated.", valueName: "address")) var email: [String] = []
    @Option(help: ArgumentHelp("WhatsApp's id of the account.", valueName: "id")) var waId: [String] = []
    @Option(help: ArgumentHelp("WhatsApp's id of the person for the business.", valueName: "id"))
    var bsuid: [String] = []
    @Option(help: ArgumentHelp("Viber's id of the subscriber.", valueName: "id")) var viberId: [String] = []
    @Option(help: ArgumentHelp("A JID.", valueName: "jid")) var jid: [String] = []
    @OptionGroup var region: RegionOption

    fileprivate var members: Members {
        var identities = Members()
        let lists: [(IdentityKind, [String])] = [
            (.phone, phone), (.email, email), (.waId, waId), (.bsuid, bsuid), (.viberId, viberId), (.jid, jid),
        ]
        for (kind, list) in lists { identities.set(kind.rawValue, list: list) }
        var members = Members()
        members.set(removable: "name", name)
        if !identities.values.isEmpty { members.set("identities", identities.json) }
        // It changes nothing by itself.
        if !members.values.isEmpty { members.set("region", region.region) }
        return members
    }
}

extension Column {
    /// The identities of some kinds, with spaces between.
    fileprivate static func identities(_ kinds: [IdentityKind], _ title: String? = nil) -> Column {
        Column(title: title ?? kinds.map(\.rawValue).joined(separator: " ")) { item in
            kinds.flatMap { item["identities"]?[$0.rawValue]?.array ?? [] }.map { Cell.text($0) }
                .joined(separator: " ")
        }
    }
}
