// SPDX-License-Identifier: Apache-2.0
// `parley doctor`: looks at everything that a node needs, and says what to do.

import ArgumentParser
import Foundation

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor", abstract: "Look at configuration, database, machine, carriers and callback URLs.",
        discussion: """
            Changes nothing and sends nothing. Each finding is a line: 'ok', 'warn' or 'FAIL', and below it what to do. The
            exit code is 1 when something failed. Run it as the server's user: another one may see other files and limits.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "parley.yaml"
    @Flag(help: "Print the findings as JSON.") var json = false
    @Flag(
        help: """
            Also bind to each carrier and unbind again. It uses one of the account's binds for a moment, which may be one \
            more than a running node leaves free.
            """)
    var bind = false

    func run() async throws {
        let doctor = Doctor(file: config, binds: bind)
        if bind {
            StandardError.write("Binding to each carrier uses one of the account's binds for a moment.\n")
        }
        let report = try await StatusLine().during(
            { doctor.run.waitingFor.isEmpty ? "looking at the database" : "waiting for \(doctor.run.waitingFor)" },
            after: .seconds(2)
        ) { await doctor.examine() }
        Terminal.say(json ? report.json : report.text)
        if !report.isHealthy { throw ExitCode(1) }
    }
}
