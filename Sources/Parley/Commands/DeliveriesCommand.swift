// SPDX-License-Identifier: Apache-2.0
// `parley deliveries` and `parley receipts`: what went out to customers' URLs, what was given up, and what a carrier
// reported about messages that nobody knows. They read the database beside a running server.

import ArgumentParser
import Foundation
import Messaging
import SQL
import Wire

struct DeliveriesCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "deliveries", abstract: "List webhook deliveries, and send given-up ones again.",
        subcommands: [List.self, Replay.self], defaultSubcommand: List.self)

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The newest deliveries.")

        @OptionGroup var database: DatabaseOptions
        @Flag(help: "Only those that were given up.") var undelivered = false
        @Option(help: "At most so many.") var limit = 50

        func run() async throws {
            let (state, limit) = (undelivered ? DeliveryState.undelivered : nil, limit)
            let deliveries = try await database.read {
                try DeliveryStore($0).list(companyID: nil, state: state, limit: limit)
            }
            database.show(
                ["id", "state", "tries", "created", "event", "method", "url", "status", "error"],
                deliveries.map { item in
                    [
                        String(item.id), "\(item.state)", String(item.attempts), Timestamp.rfc3339(item.createdAt),
                        item.event, item.method, item.url, item.lastStatus.map(String.init) ?? "",
                        item.lastError ?? "",
                    ]
                })
        }
    }

    struct Replay: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Send deliveries again; a running server takes them up at once.")

        @OptionGroup var database: DatabaseOptions
        @Argument(help: "The ids, as the list shows them.") var ids: [Int64]

        func run() async throws {
            let ids = ids
            let count = try await database.write { transaction in
                let deliveries = DeliveryStore(transaction)
                return try ids.reduce(0) { count, id in
                    guard let companyID = try deliveries.companyID(of: id) else { return count }
                    return count
                        + (try deliveries.replay(companyID: companyID, ids: [id], now: Timestamp.now()))
                }
            }
            Terminal.say("\(count) of \(ids.count) will be sent again.")
        }
    }
}

struct ReceiptsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "receipts", abstract: "List delivery receipts that match no message.")

    @OptionGroup var database: DatabaseOptions
    @Option(help: "At most so many.") var limit = 50

    func run() async throws {
        let limit = limit
        let receipts = try await database.read { try UnmatchedReceipt.list($0, limit: limit) }
        database.show(
            ["received", "connector", "id", "recipient", "state", "error"],
            receipts.map { item in
                [
                    Timestamp.rfc3339(item.receivedAt), item.connector, item.providerID, item.recipient,
                    "\(item.state)", item.errorCode ?? "",
                ]
            })
    }
}

/// The options of commands that look into a database.
struct DatabaseOptions: ParsableArguments {
    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "parley.yaml"
    @Flag(help: "Print JSON.") var json = false

    func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await open { try await $0.read(body) }
    }

    func write<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await open { try await $0.write(body) }
    }

    private func open<T: Sendable>(_ body: (Database) async throws -> T) async throws -> T {
        let configuration = try CommandSupport.read(config)
        let database = try await Database.open(
            configuration.database, logger: CommandSupport.logger(Configuration.Logs(level: "warning")))
        do {
            let result = try await body(database)
            await database.close()
            return result
        } catch {
            await database.close()
            throw error
        }
    }

    /// Prints rows as a table with aligned columns, or as a JSON array of objects.
    func show(_ columns: [String], _ rows: [[String]]) {
        if json {
            var writer = JSONWriter()
            writer.array { writer in
                for row in rows {
                    let members = zip(columns, row).map { ($0, JSONValue.string($1)) }
                    writer.value(.object(Dictionary(uniqueKeysWithValues: members)))
                }
            }
            return Terminal.say(writer.text)
        }
        let widths = columns.indices.map { index in ([columns] + rows).map { $0[index].count }.max() ?? 0 }
        for row in [columns] + rows {
            let cells = zip(row, widths).map { $0.padding(toLength: $1, withPad: " ", startingAt: 0) }
            Terminal.say(cells.joined(separator: "  ").replacing(#/ +$/#, with: ""))
        }
        if rows.isEmpty { Terminal.say("(none)") }
    }
}
