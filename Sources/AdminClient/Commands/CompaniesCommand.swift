// SPDX-License-Identifier: Apache-2.0
// `parley companies`: who may send, and the secrets that sign what they are told.

import ArgumentParser
import Wire

struct CompaniesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "companies", abstract: "Companies and resellers, and the secrets that sign their webhooks.",
        discussion: """
            A company owns keys, channels, messages and a balance. A reseller is a company that owns companies.

              parley companies create Acme --prepaid --balance 100
              parley companies change Acme --name "Acme Ltd"
              parley companies secrets add Acme
            """,
        subcommands: [List.self, Show.self, Create.self, Change.self, Close.self, Reopen.self, Secrets.self])

    static let order = [
        "id", "name", "prepaid", "balance", "currency", "reseller", "resellerId", "webhookSecretCount", "origin",
        "createdAt", "closedAt",
    ]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "All companies that are open, or all that are closed.")

        @Flag(help: "Those that were closed.") var closed = false
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let items = try await session.api.items("/companies", [("closed", closed ? "true" : nil)]).items
            var columns: [Column] = [
                .id(), .text("name"), .text("prepaid"), .number("balance"), .text("currency"), .text("reseller"),
                .id("resellerId", "owner"), .text("origin"), .time("createdAt", "created"),
            ]
            if closed { columns.append(.time("closedAt", "closed")) }
            session.show(items, columns)
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One company.")

        @Argument(help: "Its name or id.") var company: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await session.find(.companies, company, closed: .included), order: order)
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a company; its first webhook secret is shown once.")

        @Argument(help: "Its name, unique.") var name: String
        @OptionGroup(title: "The company") var fields: CompanyFields
        @Option(help: ArgumentHelp("What a prepaid company starts with.", valueName: "amount")) var balance: String?
        @Option(help: ArgumentHelp("A webhook secret of your own; may be repeated.", valueName: "secret"))
        var webhookSecret: [String] = []
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try await fields.members(session)
            members.set("name", name)
            members.set("initialBalance", balance)
            members.set("webhookSecrets", list: webhookSecret)
            let created = try await session.api.post("/companies", members.json)
            session.show(created: created, order: order, secret: "webhookSecrets")
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Change a company.")

        @Argument(help: "Its name or id.") var company: String
        @Option(help: "A new name.") var name: String?
        @OptionGroup(title: "The company") var fields: CompanyFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try await fields.members(session)
            members.set("name", name)
            let body = try members.orNothingTyped()
            let path = try Resource.companies.path(try await session.find(.companies, company))
            session.show(try await session.api.patch(path, body), order: order)
        }
    }

    struct Close: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Close a company: its keys, channels and SMPP accounts go; its messages stay.")

        @Argument(help: "Its name or id.") var company: String
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let found = try await session.find(.companies, company)
            let title = Resource.companies.title(found)
            try session.confirm("Close \(title) and remove its keys, channels and SMPP accounts?", confirmation)
            try await session.api.delete(try Resource.companies.path(found))
            session.done("Closed \(title).", ["id": found["id"] ?? .null, "closed": .bool(true)])
        }
    }

    struct Reopen: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Open a closed company again.")

        @Argument(help: "Its name or id.") var company: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let path = try Resource.companies.path(try await session.find(.companies, company, closed: .alone))
            session.show(try await session.api.patch(path, .object(["closed": .bool(false)])), order: order)
        }
    }
}

/// What creating and changing a company have in common.
struct CompanyFields: ParsableArguments {
    @Flag(inversion: .prefixedNo, help: "Whether messages stop when the balance is used up.") var prepaid: Bool?
    @Option(help: ArgumentHelp("Currency of the balance, such as EUR.", valueName: "code")) var currency: String?
    @Flag(inversion: .prefixedNo, help: "Whether the company may own companies.") var reseller: Bool?
    @Option(help: ArgumentHelp("The reseller that owns it; none for nobody.", valueName: "reseller"))
    var owner: String?

    func members(_ session: Session) async throws(Failure) -> Members {
        var members = Members()
        members.set("prepaid", prepaid)
        members.set("currency", currency)
        members.set("reseller", reseller)
        if owner == "none" {
            members.set("resellerId", JSONValue.null)
        } else {
            members.set("resellerId", try await session.companyID(owner))
        }
        return members
    }
}

extension CompaniesCommand {
    struct Secrets: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Rotate the secrets that sign webhooks.",
            discussion: """
                Every secret signs every webhook. Add one, tell it to all receivers, then drop the old ones.
                """,
            subcommands: [Add.self, DropOld.self])

        struct Add: AdminCommand {
            static let configuration = CommandConfiguration(abstract: "Make a new secret, shown once; old ones go on.")

            @Argument(help: "The company's name or id.") var company: String
            @OptionGroup(title: "Output and server") var connection: ConnectionOptions

            func run(_ session: Session) async throws {
                let path = try Resource.companies.path(try await session.find(.companies, company))
                let answer = try await session.api.post(path + "/webhook-secrets")
                session.show(created: answer, order: [], secret: "secret")
            }
        }

        struct DropOld: AdminCommand {
            static let configuration = CommandConfiguration(
                commandName: "drop-old", abstract: "Remove all secrets but the newest.")

            @Argument(help: "The company's name or id.") var company: String
            @OptionGroup var confirmation: ConfirmationOptions
            @OptionGroup(title: "Output and server") var connection: ConnectionOptions

            func run(_ session: Session) async throws {
                let found = try await session.find(.companies, company)
                let title = Resource.companies.title(found)
                try session.confirm("Remove all webhook secrets of \(title) but the newest?", confirmation)
                let path = try Resource.companies.path(found)
                try await session.api.delete(path + "/webhook-secrets")
                session.done(
                    "Only the newest webhook secret of \(title) is left.",
                    ["id": found["id"] ?? .null, "webhookSecretCount": .integer(1)])
            }
        }
    }
}
