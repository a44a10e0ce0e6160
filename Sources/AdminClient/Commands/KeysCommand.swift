// SPDX-License-Identifier: Apache-2.0
// `parley keys`: what lets programs in.

import ArgumentParser
import Wire

struct KeysCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "API keys: scopes, address lists, limits, expiry.",
        discussion: """
            A key is shown when it is made and never again; the server keeps its hash.

              parley keys create production --company Acme --rate 50
              parley keys create billing --company Acme --address 10.0.0.0/8 --expires 90d
              parley keys remove production
            """,
        subcommands: [List.self, Show.self, Create.self, Change.self, Remove.self])

    static let order = [
        "id", "companyId", "name", "hint", "scopes", "objects", "addresses", "requestsPerSecond", "expiresAt",
        "lastUsedAt", "createdAt", "origin",
    ]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "All keys, or one company's.")

        @OptionGroup var filter: CompanyFilter
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let items = try await session.api.items("/keys", [("companyId", try await filter.id(session))]).items
            let names = try await session.companyNames(for: items)
            session.show(
                items,
                [
                    .id(), .company(names), .text("name"), .id("hint"), .text("scopes"), .text("objects"),
                    .text("addresses"), .number("requestsPerSecond", "rate"), .time("expiresAt", "expires"),
                    .time("lastUsedAt", "last used"), .text("origin"),
                ])
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One key, without its secret part.")

        @Argument(help: "Its name or id.") var key: String
        @OptionGroup var filter: CompanyFilter
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await filter.find(.keys, key, session), order: order)
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Make a key, shown once.")

        @Argument(help: "What it is for.") var name: String
        @Option(help: "The company that it belongs to, by name or id.") var company: String
        @OptionGroup(title: "The key") var fields: KeyFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try fields.members(session.terminal)
            members.set("name", name)
            members.set("companyId", try await session.companyID(company))
            let created = try await session.api.post("/keys", members.json)
            session.show(created: created, order: order, secret: "key")
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Change what a key may do.")

        @Argument(help: "Its name or id.") var key: String
        @OptionGroup var filter: CompanyFilter
        @Option(help: "A new name.") var name: String?
        @OptionGroup(title: "The key") var fields: KeyFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try fields.members(session.terminal)
            members.set("name", name)
            let body = try members.orNothingTyped()
            let path = try Resource.keys.path(try await filter.find(.keys, key, session))
            session.show(try await session.api.patch(path, body), order: order)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a key: it stops working at once.")

        @Argument(help: "Its name or id.") var key: String
        @OptionGroup var filter: CompanyFilter
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.remove(.keys, try await filter.find(.keys, key, session), confirmation)
        }
    }
}

/// What creating and changing a key have in common.
struct KeyFields: ParsableArguments {
    @Option(help: ArgumentHelp("What it may do: api, reseller, admin; may be repeated.", valueName: "scope"))
    var scope: [String] = []
    @Option(
        help: ArgumentHelp("A channel that it may use, such as sms:49301234567; none for any.", valueName: "channel"))
    var object: [String] = []
    @Option(help: ArgumentHelp("An address or network that it may come from; none for any.", valueName: "address"))
    var address: [String] = []
    @Option(help: ArgumentHelp("Requests a second; none for no limit of its own.", valueName: "number"))
    var rate: NumberOrNone?
    @Option(help: ArgumentHelp("When it ends: a time, a day, or 90d from now; none for never.", valueName: "time"))
    var expires: String?

    func validate() throws {
        if let expires, expires != "none", TimeExpression(expires) == nil {
            throw ValidationError("--expires: \(expires) is no time; write 2026-12-31, 90d or none.")
        }
    }

    func members(_ terminal: Terminal) throws(Failure) -> Members {
        var members = Members()
        members.set("scopes", list: scope)
        members.set("objects", list: object)
        members.set("addresses", list: address)
        members.set("requestsPerSecond", rate?.json)
        members.set(removable: "expiresAt", expires.flatMap { TimeExpression($0)?.future(terminal.now()) ?? $0 })
        return members
    }
}

/// A number, or the word `none`.
struct NumberOrNone: ExpressibleByArgument {
    let json: JSONValue

    init?(argument: String) {
        if argument == "none" {
            json = .null
        } else if let number = try? JSONValue(parsing: argument.utf8), number.double != nil {
            json = number
        } else {
            return nil
        }
    }
}

/// Narrows to one company.
struct CompanyFilter: ParsableArguments {
    @Option(help: "Only this company's, by name or id.") var company: String?

    /// The id as a query has it.
    func id(_ session: Session) async throws(Failure) -> String? {
        try await session.companyID(company).map { String($0) }
    }

    func find(_ resource: Resource, _ text: String, _ session: Session) async throws(Failure) -> JSONValue {
        try await session.find(resource, text, company: try await session.companyID(company))
    }
}

extension Session {
    /// Asks, removes, and says so.
    func remove(_ resource: Resource, _ object: JSONValue, _ confirmation: ConfirmationOptions) async throws(Failure) {
        let title = resource.title(object)
        try confirm("Remove \(title)?", confirmation)
        try await api.delete(try resource.path(object))
        done("Removed \(title).", ["id": object["id"] ?? .null, "removed": .bool(true)])
    }
}
