// SPDX-License-Identifier: Apache-2.0
// The command line: names the subcommands, nothing else.

import ArgumentParser

@main
struct ParleyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "A messaging platform on your own machines.",
        discussion: """
            'parley demo' starts everything with a simulated carrier: nothing to configure, nothing to install.
            'parley serve' runs a node with your carriers and your numbers, as a configuration file declares them.
            """,
        version: Version.current,
        subcommands: [
            DemoCommand.self, ServeCommand.self, MigrateCommand.self, DeliveriesCommand.self, ReceiptsCommand.self,
            SMSCCommand.self,
        ])
}

enum Version {
    /// Kept in step with CHANGELOG.md.
    static let current = "0.1.0"
}
