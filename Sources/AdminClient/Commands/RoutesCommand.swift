// SPDX-License-Identifier: Apache-2.0
// `parley routes`: which carriers take which numbers.

import ArgumentParser
import Wire

struct RoutesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "routes", abstract: "Which connectors take which numbers.",
        discussion: """
            The longest prefix wins; its connectors are tried in order. The columns of a file are gateway, prefix and \
            connectors (names with spaces between).

              parley routes create --prefix 49 carrier-a carrier-b
              parley routes change 12 --connector carrier-b
              parley routes export --output routes.csv
              parley routes import routes.csv --replace
            """,
        subcommands: [List.self, Create.self, Change.self, Remove.self, Import.self, Export.self])

    static let order = ["id", "gateway", "prefix", "connectors", "origin"]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "All routes.")

        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            session.show(
                try await session.api.items("/routes").items,
                [.id(), .text("gateway"), .id("prefix"), .text("connectors"), .text("origin")])
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Add a route.")

        @Argument(help: "The connectors by name, the first choice first.") var connectors: [String]
        @OptionGroup(title: "The route") var fields: RouteFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = fields.members
            members.set("connectors", list: connectors)
            session.show(try await session.api.post("/routes", members.json), order: order)
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Change a route.")

        @Argument(help: "Its id.") var id: Int64
        @OptionGroup(title: "The route") var fields: RouteFields
        @Option(help: ArgumentHelp("A connector, the first choice first; may be repeated.", valueName: "name"))
        var connector: [String] = []
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = fields.members
            members.set("connectors", list: connector)
            session.show(try await session.api.patch("/routes/\(id)", try members.orNothingTyped()), order: order)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a route.")

        @Argument(help: "Its id.") var id: Int64
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let route = try await session.api.get("/routes/\(id)")
            let numbers = Cell.text(route["prefix"]).isEmpty ? "every number" : Cell.text(route["prefix"])
            let title = "route \(id) (\(Cell.text(route["gateway"])), \(numbers))"
            try session.confirm("Remove \(title)?", confirmation)
            try await session.api.delete("/routes/\(id)")
            session.done("Removed \(title).", ["id": .integer(id), "removed": .bool(true)])
        }
    }

    struct Import: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Add routes from a CSV file: all of them or none.")

        @OptionGroup var options: ImportOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.importCSV("/routes/import", "routes", options, confirmation)
        }
    }

    struct Export: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Write all routes as CSV.")

        @OptionGroup var output: OutputOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws { try await session.exportCSV("/routes", [], output) }
    }
}

/// What creating and changing a route have in common.
struct RouteFields: ParsableArguments {
    @Option(help: ArgumentHelp("What requests name to take it; DEFAULT is theirs who name none.", valueName: "name"))
    var gateway: String?
    @Option(help: ArgumentHelp("First digits of the numbers; every number without.", valueName: "digits"))
    var prefix: String?

    var members: Members {
        var members = Members()
        members.set("gateway", gateway)
        members.set("prefix", prefix)
        return members
    }
}
