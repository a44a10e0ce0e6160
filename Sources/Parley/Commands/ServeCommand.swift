// SPDX-License-Identifier: Apache-2.0
// `parley serve` and `parley migrate`: both read the configuration file and open its database.

import ArgumentParser
import Foundation
import Logging
import Messaging
import SQL

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run a node as a configuration file declares it.",
        discussion: """
            The file's companies, keys, numbers, SMPP accounts, connectors, routes and prices are applied to the database at
            each start, and again at SIGHUP. SIGTERM drains: no more requests, what is under way ends, then the process
            exits, after 30 seconds at the latest.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "parley.yaml"

    func run() async throws {
        let configuration = try CommandSupport.read(config)
        let logger = CommandSupport.logger(configuration.logging)
        try await Server(configuration: configuration, configurationFile: config, logger: logger).run()
    }
}

struct MigrateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "migrate", abstract: "Bring the database's tables up to date, and do nothing else.")

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "parley.yaml"

    func run() async throws {
        let configuration = try CommandSupport.read(config)
        let logger = CommandSupport.logger(configuration.logging)
        let database = try await Database.open(configuration.database, logger: logger)
        try await database.migrate(Schema.migrations)
        await database.close()
        print("The database is up to date: migration \(Schema.migrations.map(\.number).max() ?? 0).")
    }
}

enum CommandSupport {
    /// Reads the file; what is wrong with it goes to the terminal as one line.
    static func read(_ file: String) throws -> Configuration {
        do {
            return try Configuration(file: file, environment: ProcessInfo.processInfo.environment)
        } catch let error as ConfigurationError {
            FileHandle.standardError.write(Data("parley: \(error)\n".utf8))
            throw ExitCode(78)  // EX_CONFIG
        }
    }

    static func logger(_ logs: Configuration.Logs) -> Logger {
        var logger = Logger(label: "parley") { label in
            switch logs.format {
            case .text: StreamLogHandler.standardError(label: label)
            case .json: JSONLogHandler(label: label)
            }
        }
        logger.logLevel = Logger.Level(rawValue: logs.level) ?? .info
        return logger
    }
}
