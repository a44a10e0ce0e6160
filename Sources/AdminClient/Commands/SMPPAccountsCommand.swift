// SPDX-License-Identifier: Apache-2.0
// `parley smpp-accounts`: customers who bind to this server.

import ArgumentParser
import Wire

struct SMPPAccountsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "smpp-accounts", abstract: "Accounts of customers who bind to this server over SMPP.",
        discussion: """
            Settings without an option of their own are given as --option NAME=VALUE.

              parley smpp-accounts create acme1 --company Acme --max-binds 4 --rate 100
              parley smpp-accounts change acme1 --disable
              parley smpp-accounts disconnect acme1
            """,
        subcommands: [List.self, Show.self, Create.self, Change.self, Remove.self, Disconnect.self])

    static let order = ["id", "companyId", "systemId", "enabled", "lastBoundAt", "origin", "options"]
    static let tables: [String: [Column]] = [
        "sessions": [
            .id(), .text("mode"), .id("address"), .time("boundAt", "bound"), .number("outstanding"),
        ]
    ]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "All accounts, or one company's.")

        @OptionGroup var filter: CompanyFilter
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let query: AdminAPI.Query = [("companyId", try await filter.id(session))]
            let items = try await session.api.items("/smpp-accounts", query).items
            let names = try await session.companyNames(for: items)
            session.show(
                items,
                [
                    .id(), .company(names), .id("systemId", "system id"), .text("enabled"),
                    Column(title: "sessions", isRight: true, shrinks: false) {
                        String(($0["sessions"]?.array ?? []).count)
                    },
                    .time("lastBoundAt", "last bound"), .text("origin"),
                ])
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One account and its sessions.")

        @Argument(help: "Its system id or id.") var account: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await session.find(.smppAccounts, account), order: order, tables: tables)
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a company bind; a password that is not given is made, and shown once.")

        @Argument(help: "The system_id, 1 to 15 characters.") var systemId: String
        @Option(help: "The company, by name or id.") var company: String
        @OptionGroup(title: "The account") var fields: SMPPAccountFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try fields.members(session.terminal)
            members.set("systemId", systemId)
            members.set("companyId", try await session.companyID(company))
            let created = try await session.api.post("/smpp-accounts", members.json)
            session.show(created: created, order: order, secret: "password")
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Change an account.")

        @Argument(help: "Its system id or id.") var account: String
        @Option(help: ArgumentHelp("A new system_id.", valueName: "text")) var systemId: String?
        @OptionGroup(title: "The account") var fields: SMPPAccountFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try fields.members(session.terminal)
            members.set("systemId", systemId)
            let body = try members.orNothingTyped()
            let path = try Resource.smppAccounts.path(try await session.find(.smppAccounts, account))
            session.show(try await session.api.patch(path, body), order: order, tables: tables)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Remove an account; its sessions end.")

        @Argument(help: "Its system id or id.") var account: String
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.remove(.smppAccounts, try await session.find(.smppAccounts, account), confirmation)
        }
    }

    struct Disconnect: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "End an account's sessions; it may bind again.")

        @Argument(help: "Its system id or id.") var account: String
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let found = try await session.find(.smppAccounts, account)
            let title = Resource.smppAccounts.title(found)
            try session.confirm("End all sessions of \(title)?", confirmation)
            let answer = try await session.api.post(try Resource.smppAccounts.path(found) + "/disconnect")
            session.done("The sessions of \(title) are ended.", answer.object ?? ["id": found["id"] ?? .null])
        }
    }
}

/// What creating and changing an account have in common.
struct SMPPAccountFields: ParsableArguments {
    enum Access: String, EnumerableFlag {
        case enable, disable

        static func help(for value: Access) -> ArgumentHelp? {
            value == .enable ? "It may bind." : "It may not bind."
        }
    }

    @OptionGroup var password: PasswordOptions
    @Flag var access: Access?
    @Option(help: ArgumentHelp("Sessions at a time.", valueName: "number")) var maxBinds: Int?
    @Option(help: ArgumentHelp("Submits without a response, for each session.", valueName: "number")) var window: Int?
    @Option(help: ArgumentHelp("Messages a second; none for no limit.", valueName: "number"))
    var rate: NumberOrNone?
    @Option(help: ArgumentHelp("An address or network that it may come from; none for any.", valueName: "address"))
    var address: [String] = []
    @Option(help: ArgumentHelp("A sender that it may use; may be repeated; none for any.", valueName: "sender"))
    var sender: [String] = []
    @Option(help: ArgumentHelp("The gateway of its messages.", valueName: "name")) var gateway: String?
    @Option(help: ArgumentHelp("What data_coding 0 means to it.", valueName: "name")) var alphabet: String?
    @Option(help: ArgumentHelp("How responses write ids: uuid, decimal, hexadecimal.", valueName: "form"))
    var messageIds: String?
    @Option(help: ArgumentHelp("How receipts write ids.", valueName: "form")) var receiptIds: String?
    @Flag(inversion: .prefixedNo, help: "Whether it gets its company's inbound messages.") var inbound: Bool?
    @Option(help: ArgumentHelp("Any other setting; may be repeated.", valueName: "name=value"))
    var option: [OptionValue] = []

    func members(_ terminal: Terminal) throws(Failure) -> Members {
        var options = Members()
        options.set("maxBinds", maxBinds)
        options.set("window", window)
        options.set("messagesPerSecond", rate?.json)
        options.set("addresses", list: address)
        options.set("senders", list: sender)
        options.set(removable: "gateway", gateway)
        options.set("alphabet", alphabet)
        options.set("messageIds", messageIds)
        options.set("receiptIds", receiptIds)
        options.set("inbound", inbound)
        options.set(option)
        var members = Members()
        members.set("password", try password.read(terminal))
        members.set("enabled", access.map { $0 == .enable })
        if !options.values.isEmpty { members.set("options", options.json) }
        return members
    }
}
