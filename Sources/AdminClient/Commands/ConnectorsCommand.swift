// SPDX-License-Identifier: Apache-2.0
// `parley connectors`: connections to carriers, what they are doing now, and what they say to each other.

import ArgumentParser
import Wire

struct ConnectorsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "connectors", abstract: "Connections to carriers: settings, live state, start and stop.",
        discussion: """
            Settings without an option of their own are given as --option NAME=VALUE, with dots for nested ones and \
            JSON for lists: --option tls.verify=false --option 'nationalTables=["turkish"]'. An empty value removes one.

              parley connectors create carrier-a --host smpp.carrier.example \\
                --system-id acme --password-file secret
              parley connectors change carrier-a --window 50 --throughput 100
              parley connectors stop carrier-a
              parley connectors exchanges carrier-a --follow
            """,
        subcommands: [
            List.self, Show.self, Create.self, Change.self, Remove.self, Start.self, Stop.self, Rebind.self,
            Exchanges.self,
        ])

    static let order = [
        "id", "name", "kind", "stopped", "hasSecret", "origin", "receiptIdForm", "state", "up", "messagesPerSecond",
        "rate", "paused", "windowUsed", "windowSize", "options", "host", "port", "systemId",
    ]
    static let tables: [String: [Column]] = [
        "binds": [
            .number("index"), .text("mode"), .text("phase"), .number("outstanding"), .number("window"),
            .text("peerSystemId", "peer"), .text("lastError", "last error"),
        ]
    ]

    /// A member of the live state, as a column's text.
    static func inState(_ member: String) -> @Sendable (JSONValue) -> String {
        { Cell.text($0["state"]?[member]) }
    }

    /// `stopped`, `up` or `down`.
    @Sendable static func condition(_ connector: JSONValue) -> String {
        if connector["stopped"]?.bool == true { return "stopped" }
        return connector["state"]?["up"]?.bool == true ? "up" : "down"
    }

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "All connectors and their state.")

        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(
                try await session.api.items("/connectors").items,
                [
                    .id(), .text("name"), .text("kind"),
                    Column(title: "state", shrinks: false, text: condition),
                    Column(title: "binds", isRight: true, shrinks: false) { item in
                        let binds = item["state"]?["binds"]?.array ?? []
                        return "\(binds.count { $0["phase"]?.string == "bound" })/\(binds.count)"
                    },
                    Column(title: "window", isRight: true, shrinks: false) { item in
                        "\(inState("windowUsed")(item))/\(inState("windowSize")(item))"
                    },
                    Column(title: "msg/s", isRight: true, shrinks: false, text: inState("messagesPerSecond")),
                    Column(title: "limit", isRight: true, shrinks: false, text: inState("rate")),
                    .text("receiptIdForm", "receipt ids"), .text("origin"),
                ])
        }
    }

    struct Show: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "One connector, its settings and each of its binds.")

        @Argument(help: "Its name or id.") var connector: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(try await session.find(.connectors, connector), order: order, tables: tables)
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Connect to a carrier.")

        @Argument(help: "Its name, unique.") var name: String
        @Option(help: "What it speaks.") var kind = "smpp"
        @OptionGroup(title: "The connector") var fields: ConnectorFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try fields.members(session.terminal)
            members.set("name", name)
            members.set("kind", kind)
            session.show(try await session.api.post("/connectors", members.json), order: order, tables: tables)
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Change a connector; it binds anew.")

        @Argument(help: "Its name or id.") var connector: String
        @Option(help: "A new name.") var name: String?
        @OptionGroup(title: "The connector") var fields: ConnectorFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try fields.members(session.terminal)
            members.set("name", name)
            let body = try members.orNothingTyped()
            let path = try Resource.connectors.path(try await session.find(.connectors, connector))
            session.show(try await session.api.patch(path, body), order: order, tables: tables)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a connector that no route names.")

        @Argument(help: "Its name or id.") var connector: String
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.remove(.connectors, try await session.find(.connectors, connector), confirmation)
        }
    }
}

extension ConnectorsCommand {
    struct Start: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Let a stopped connector bind again.")

        @Argument(help: "Its name or id.") var connector: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await operate("start", connector, session) }
    }

    struct Stop: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Unbind a connector and keep it so.")

        @Argument(help: "Its name or id.") var connector: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await operate("stop", connector, session) }
    }

    struct Rebind: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "End a connector's sessions and bind anew.")

        @Argument(help: "Its name or id.") var connector: String
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await operate("rebind", connector, session) }
    }

    private static func operate(_ verb: String, _ name: String, _ session: Session) async throws {
        let path = try Resource.connectors.path(try await session.find(.connectors, name))
        session.show(try await session.api.post("\(path)/\(verb)"), order: order, tables: tables)
    }
}

/// What creating and changing a connector have in common.
struct ConnectorFields: ParsableArguments {
    @Option(help: ArgumentHelp("The carrier's SMSC.", valueName: "name")) var host: String?
    @Option(help: "Its port.") var port: Int?
    @Option(help: ArgumentHelp("The system_id that the carrier gave.", valueName: "text")) var systemId: String?
    @OptionGroup var password: PasswordOptions
    @Option(help: ArgumentHelp("transceiver, transmitter, receiver or separate.", valueName: "mode")) var bind: String?
    @Option(help: ArgumentHelp("Sessions side by side.", valueName: "number")) var binds: Int?
    @Option(help: ArgumentHelp("Submits without a response, for each session.", valueName: "number")) var window: Int?
    @Option(help: ArgumentHelp("Messages a second; none for no limit.", valueName: "number"))
    var throughput: NumberOrNone?
    @Flag(inversion: .prefixedNo, help: "Whether the link is encrypted.") var tls: Bool?
    @Option(help: ArgumentHelp("Any other setting; may be repeated.", valueName: "name=value"))
    var option: [OptionValue] = []

    func members(_ terminal: Terminal) throws(Failure) -> Members {
        var options = Members()
        options.set("host", host)
        options.set("port", port)
        options.set("systemId", systemId)
        options.set("bind", bind)
        options.set("binds", binds)
        options.set("window", window)
        options.set("throughput", throughput?.json)
        options.set("tls", tls)
        options.set(option)
        var members = Members()
        members.set("password", try password.read(terminal))
        if !options.values.isEmpty { members.set("options", options.json) }
        return members
    }
}
