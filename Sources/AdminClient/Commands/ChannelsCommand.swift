// SPDX-License-Identifier: Apache-2.0
// `parley channels`: the addresses at which companies send and receive.

import ArgumentParser
import Wire

struct ChannelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channels", abstract: "Numbers and other addresses, and where short messages to them are sent on.",
        discussion: """
              parley channels create +49301234567 --company Acme \\
                --inbound-url https://acme.example/sms
              parley channels change +49301234567 --inbound-url none
              parley channels create 4915200000001 --kind whatsapp --company Acme \\
                --connector whatsapp --phone-number-id 106540352242922
              parley channels create 10001 --kind viber --company Acme --connector viber
            """,
        subcommands: [List.self, Show.self, Create.self, Change.self, Remove.self])

    static let order = [
        "id", "companyId", "kind", "address", "name", "connector", "inboundUrl", "inboundMethod", "scopes",
        "viberService", "phoneNumberId", "accountName", "dataRetentionInDays", "origin",
    ]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "All channels, or one company's.")

        @OptionGroup var filter: CompanyFilter
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let items = try await session.api.items("/channels", [("companyId", try await filter.id(session))]).items
            let names = try await session.companyNames(for: items)
            session.show(
                items,
                [
                    .id(), .company(names), .text("kind"), .id("address"), .text("name"), .text("connector"),
                    .text("inboundMethod", "method"), .text("inboundUrl", "inbound url"), .text("origin"),
                ])
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One channel.")

        @Argument(help: "Its number or id.") var channel: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await session.find(.channels, channel), order: order)
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Give a company a number or another address.")

        @Argument(help: "The number, with or without +; a Viber service's id; an echo account.") var address: String
        @Option(help: "The company, by name or id.") var company: String
        @Option(help: "What kind of channel it is: sms, mms, whatsapp, viber or echo.") var kind = "sms"
        @OptionGroup(title: "The channel") var fields: ChannelFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = fields.members
            members.set("address", address.hasPrefix("+") ? String(address.dropFirst()) : address)
            members.set("kind", kind)
            members.set("companyId", try await session.companyID(company))
            session.show(try await session.api.post("/channels", members.json), order: order)
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(
            abstract: "Change what a channel goes by and where its messages go.")

        @Argument(help: "Its number or id.") var channel: String
        @OptionGroup(title: "The channel") var fields: ChannelFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let body = try fields.members.orNothingTyped()
            let path = try Resource.channels.path(try await session.find(.channels, channel))
            session.show(try await session.api.patch(path, body), order: order)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Take a number away.")

        @Argument(help: "Its number or id.") var channel: String
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.remove(.channels, try await session.find(.channels, channel), confirmation)
        }
    }
}

/// What creating and changing a channel have in common.
struct ChannelFields: ParsableArguments {
    @Option(help: ArgumentHelp("Where its messages are sent on; none for nowhere.", valueName: "url"))
    var inboundUrl: String?
    @Option(help: ArgumentHelp("How: POST or GET.", valueName: "method")) var inboundMethod: String?
    @Option(help: ArgumentHelp("What people call it; none for nothing.", valueName: "text")) var name: String?
    @Option(
        help: ArgumentHelp("The connector it sends through, by name; none for none. Not for sms.", valueName: "name"))
    var connector: String?
    @Option(
        help: ArgumentHelp(
            "What its company may do on it, such as messages:write; may be repeated, none for nothing at all.",
            valueName: "scope"))
    var scope: [String] = []
    @Option(help: ArgumentHelp("Viber: session, two-way or one-way.", valueName: "service")) var viberService: String?
    @Option(help: ArgumentHelp("WhatsApp's own id of the phone number.", valueName: "id")) var phoneNumberId: String?
    @Option(help: ArgumentHelp("The WhatsApp account that the number belongs to.", valueName: "text"))
    var accountName: String?
    @Option(help: ArgumentHelp("For how many days contents are kept.", valueName: "days"))
    var dataRetentionInDays: Int?

    var members: Members {
        var members = Members()
        members.set(removable: "inboundUrl", inboundUrl)
        members.set("inboundMethod", inboundMethod?.uppercased())
        members.set(removable: "name", name)
        members.set(removable: "connector", connector)
        members.set("scopes", list: scope)
        members.set(removable: "viberService", viberService)
        members.set(removable: "phoneNumberId", phoneNumberId)
        members.set(removable: "accountName", accountName)
        members.set("dataRetentionInDays", dataRetentionInDays)
        return members
    }
}
