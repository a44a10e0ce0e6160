// SPDX-License-Identifier: Apache-2.0
// A command line run inside the test, with its streams caught.

import ArgumentParser
import Synchronization
import Wire

@testable import AdminClient

struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "parley",
        groupedSubcommands: [
            CommandGroup(name: "Configure", subcommands: AdminClient.configure),
            CommandGroup(name: "Watch", subcommands: AdminClient.watch),
            CommandGroup(name: "Repair", subcommands: AdminClient.repair),
        ])
}

struct Outcome {
    var out: String
    var err: String
    var status: Int32

    var lines: [String] { out.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map(String.init) }
    var json: JSONValue? { try? JSONValue(parsing: out.utf8) }
}

/// What a person at the terminal, the environment and the clock contribute.
struct Surroundings: Sendable {
    var environment: [String: String] = [:]
    var width: Int?
    var isErrorTerminal = false
    /// What is typed at a question; nil when nobody is there.
    var reply: String?
    var input = ""
    /// 2026-01-31T12:00:00Z
    var now: Milliseconds = 1_769_860_800_000
}

/// Runs `parley` with these words.
func parley(_ words: [String], _ surroundings: Surroundings = Surroundings()) async -> Outcome {
    let out = Text()
    let err = Text()
    var terminal = Terminal(
        write: { out.add($0) }, warn: { err.add($0) }, readInput: { Array(surroundings.input.utf8) },
        environment: { surroundings.environment[$0] })
    terminal.width = surroundings.width
    terminal.errorIsTerminal = surroundings.isErrorTerminal
    terminal.now = { surroundings.now }
    terminal.followInterval = .milliseconds(1)
    if let reply = surroundings.reply {
        terminal.ask = { question in
            err.add(question)
            return reply
        }
    }
    var status: Int32 = 0
    do {
        var command = try Root.parseAsRoot(words)
        try await Terminal.$current.withValue(terminal) {
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        }
    } catch {
        status = Root.exitCode(for: error).rawValue
        if !(error is ExitCode) { err.add(Root.fullMessage(for: error)) }
    }
    return Outcome(out: out.value, err: err.value, status: status)
}

/// Runs `parley` against a server with a key.
func parley(_ words: [String], at server: AdminServer, _ surroundings: Surroundings = Surroundings()) async -> Outcome {
    var surroundings = surroundings
    surroundings.environment["PARLEY_SERVER"] = server.url
    surroundings.environment["PARLEY_KEY"] = "test-key"
    return await parley(words, surroundings)
}

/// Text that several tasks add to.
final class Text: Sendable {
    private let text = Mutex("")
    var value: String { text.withLock { $0 } }

    func add(_ more: String) { text.withLock { $0 += more } }
}
