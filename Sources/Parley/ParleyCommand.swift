// SPDX-License-Identifier: Apache-2.0
// The command line: names the subcommands in the groups in which the help lists them, and tells those that speak to a
// running server how to find it.

import Accounts
import AdminClient
import ArgumentParser
import Foundation

@main
enum Program {
    static func main() async {
        AdminClient.configurationLookup = { try ServerAddress.inConfiguration($0) }
        await ParleyCommand.main()
    }
}

struct ParleyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        abstract: "A messaging platform on your own machines.",
        discussion: """
            'parley demo' starts everything with a simulated carrier: nothing to configure, nothing to install.
            'parley serve' runs a node with your carriers and your numbers, as a configuration file declares them.
            The other commands speak to a running server. They find it by PARLEY_SERVER and PARLEY_KEY, or by the \
            configuration file in the current folder.
            """,
        version: Version.current,
        groupedSubcommands: [
            CommandGroup(
                name: "Run",
                subcommands: [
                    DemoCommand.self, ServeCommand.self, MigrateCommand.self, SMSCCommand.self, GraphCommand.self,
                ]),
            CommandGroup(name: "Configure", subcommands: AdminClient.configure),
            CommandGroup(name: "Watch", subcommands: AdminClient.watch + [DoctorCommand.self]),
            CommandGroup(
                name: "Repair",
                subcommands: AdminClient.repair + [BackupCommand.self, RestoreCommand.self]),
        ])
}

enum Version {
    /// Kept in step with CHANGELOG.md.
    static let current = "0.1.0"
}

/// Where a configuration file's server listens, and with which key an operator on the same machine may speak to it.
enum ServerAddress {
    static func inConfiguration(_ file: String) throws -> (server: String, key: String) {
        let configuration = try Configuration(file: file, environment: ProcessInfo.processInfo.environment)
        let keys = configuration.companies.flatMap(\.keys)
        guard let key = keys.first(where: { $0.limits.scopes.contains(.admin) })?.key else {
            throw ConfigurationError(file: file, line: nil, reason: "declares no key with the scope admin")
        }
        return (address(of: configuration.http), key)
    }

    private static func address(of http: Configuration.HTTP) -> String {
        // A certificate is made out to the public name.
        if http.tls != nil, let url = http.publicURL { return url }
        let host =
            switch http.host {
            case "0.0.0.0", "": "127.0.0.1"
            case "::", "::0": "[::1]"
            case let host where host.contains(":"): "[\(host)]"
            default: http.host
            }
        return "\(http.tls == nil ? "http" : "https")://\(host):\(http.port)"
    }
}
