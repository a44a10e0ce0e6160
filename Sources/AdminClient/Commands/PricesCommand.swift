// SPDX-License-Identifier: Apache-2.0
// `parley prices`: what a part of a message costs.

import ArgumentParser
import Wire

struct PricesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prices", abstract: "What messages cost, by direction, number and company.",
        discussion: """
            The longest prefix wins, a company's own price goes before everybody's, and the latest that has begun \
            counts. The columns of a file are company, direction, prefix, mcc, mnc, ttid, currency, price and from.

              parley prices create --price 0.075 --prefix 49 --mcc 262 --mnc 01
              parley prices list --company Acme
              parley prices import prices.csv --replace
            """,
        subcommands: [List.self, Create.self, Change.self, Remove.self, Import.self, Export.self])

    static let order = [
        "id", "companyId", "direction", "prefix", "mcc", "mnc", "ttid", "price", "currency", "from", "origin",
    ]

    struct List: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Prices, all or those that a filter leaves.")

        @OptionGroup(title: "Which") var filter: PriceFilter
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let items = try await session.api.items("/prices", try await filter.query(session)).items
            let names = try await session.companyNames(for: items)
            session.show(
                items,
                [
                    .id(), .company(names), .text("direction"), .id("prefix"), .text("mcc"), .text("mnc"),
                    .text("ttid"), .number("price"), .text("currency"), .time("from"), .text("origin"),
                ])
        }
    }

    struct Create: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Add a price; a negative one is paid out.")

        @Option(
            parsing: .unconditional, help: ArgumentHelp("For each part; six decimals at most.", valueName: "amount"))
        var price: String
        @OptionGroup(title: "The price") var fields: PriceFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try await fields.members(session)
            members.set("price", price)
            session.show(try await session.api.post("/prices", members.json), order: order)
        }
    }

    struct Change: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Change a price.")

        @Argument(help: "Its id.") var id: Int64
        @Option(parsing: .unconditional, help: ArgumentHelp("A new price.", valueName: "amount")) var price: String?
        @OptionGroup(title: "The price") var fields: PriceFields
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            var members = try await fields.members(session)
            members.set("price", price)
            session.show(try await session.api.patch("/prices/\(id)", try members.orNothingTyped()), order: order)
        }
    }

    struct Remove: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Remove a price.")

        @Argument(help: "Its id.") var id: Int64
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            let found = try await session.api.get("/prices/\(id)")
            let amount = "\(Cell.text(found["price"])) \(Cell.text(found["currency"]))"
            let title = "price \(id) (\(Cell.text(found["direction"])) \(Cell.text(found["prefix"])): \(amount))"
            try session.confirm("Remove \(title)?", confirmation)
            try await session.api.delete("/prices/\(id)")
            session.done("Removed \(title).", ["id": .integer(id), "removed": .bool(true)])
        }
    }

    struct Import: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Add prices from a CSV file: all of them or none.")

        @OptionGroup var options: ImportOptions
        @OptionGroup var confirmation: ConfirmationOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.importCSV("/prices/import", "prices", options, confirmation)
        }
    }

    struct Export: AdminCommand {
        static let configuration = CommandConfiguration(abstract: "Write prices as CSV.")

        @OptionGroup(title: "Which") var filter: PriceFilter
        @OptionGroup var output: OutputOptions
        @OptionGroup(title: "Output and server") var connection: ConnectionOptions

        func run(_ session: Session) async throws {
            try await session.exportCSV("/prices", try await filter.query(session), output)
        }
    }
}

struct PriceFilter: ParsableArguments {
    @Option(help: "Only this company's, by name or id.") var company: String?
    @Option(help: "outbound, inbound, voice, gnp or gnv.") var direction: String?
    @Option(help: "Only those of this prefix.") var prefix: String?

    func query(_ session: Session) async throws(Failure) -> AdminAPI.Query {
        let id = try await session.companyID(company).map { String($0) }
        return [("companyId", id), ("direction", direction), ("prefix", prefix)]
    }
}

/// What creating and changing a price have in common.
struct PriceFields: ParsableArguments {
    @Option(help: "The company that it is for, by name or id; none for all.") var company: String?
    @Option(help: "outbound, inbound, voice, gnp or gnv.") var direction: String?
    @Option(help: "First digits of the numbers; every number without.") var prefix: String?
    @Option(help: "Country of the network.") var mcc: String?
    @Option(help: "The network in it.") var mnc: String?
    @Option(help: "The network as reports call it.") var ttid: String?
    @Option(help: "Such as EUR.") var currency: String?
    @Option(help: ArgumentHelp("From when it counts: a time, a day, or 7d from now.", valueName: "time"))
    var from: TimeExpression?

    func members(_ session: Session) async throws(Failure) -> Members {
        var members = Members()
        if company == "none" {
            members.set("companyId", JSONValue.null)
        } else {
            members.set("companyId", try await session.companyID(company))
        }
        members.set("direction", direction)
        members.set("prefix", prefix)
        members.set("mcc", mcc)
        members.set("mnc", mnc)
        members.set("ttid", ttid)
        members.set("currency", currency)
        members.set("from", from?.future(session.terminal.now()))
        return members
    }
}
