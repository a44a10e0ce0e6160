// SPDX-License-Identifier: Apache-2.0
// `parley channels`: the numbers at which companies receive.

import ArgumentParser
import Wire

struct ChannelsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "channels", abstract: "Numbers, and where the messages to them are sent on.",
        discussion: """
              parley channels create +49301234567 --company Acme \\
                --inbound-url https://acme.example/sms
              parley channels change +49301234567 --inbound-url none
            """,
        subcommands: [List.self, Show.self, Create.self, Change.self, Remove.self])

    static let order = ["id", "companyId", "kind", "address", "inboundUrl", "inboundMethod", "origin"]

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
                    .id(), .company(names), .text("kind"), .id("address"), .text("inboundMethod", "method"),
                    .text("inboundUrl", "inbound url"), .text("origin"),
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
        static let configuration = CommandConfiguration(abstract: "Give a company a number.")

        @Argument(help: "The number, with or without +.") var address: String
        @Option(help: "The company, by name or id.") var company: String
        @Option(help: "What kind of channel it is.") var kind = "sms"
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
        static let configuration = CommandConfiguration(abstract: "Change where a channel's messages go.")

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

    var members: Members {
        var members = Members()
        members.set(removable: "inboundUrl", inboundUrl)
        members.set("inboundMethod", inboundMethod?.uppercased())
        return members
    }
}
