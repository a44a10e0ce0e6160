// SPDX-License-Identifier: Apache-2.0
// One command's run: the server it speaks to, and how its answer is shown. Commands say what they want done; how they
// fail is decided here, once.

import ArgumentParser
import AsyncHTTPClient
import Wire

/// A command that asks a running server.
protocol AdminCommand: AsyncParsableCommand {
    var connection: ConnectionOptions { get }
    func run(_ session: Session) async throws
}

extension AdminCommand {
    func run() async throws {
        let terminal = Terminal.current
        do {
            let (server, key) = try connection.resolved(terminal)
            let client = try AdminAPI.client(certificateFile: connection.ca)
            let api = AdminAPI(server: server, key: key, http: client)
            let session = Session(api: api, terminal: terminal, isJSON: connection.json)
            do {
                try await run(session)
            } catch {
                try? await client.shutdown()
                throw error
            }
            try? await client.shutdown()
        } catch let failure as Failure {
            for line in failure.lines { terminal.complain(line) }
            throw ExitCode(failure.status.rawValue)
        }
    }
}

struct Session: Sendable {
    let api: AdminAPI
    let terminal: Terminal
    let isJSON: Bool

    /// A list as a table, or as a JSON array.
    func show(_ items: [JSONValue], _ columns: [Column]) {
        if isJSON { return terminal.say(JSONText.indented(.array(items))) }
        guard !items.isEmpty else { return terminal.say("(none)") }
        let lines = Table(columns: columns, items: items).lines(width: terminal.width)
        for (index, line) in lines.enumerated() {
            terminal.say(index == 0 && terminal.isStyled ? "\u{1B}[1m\(line)\u{1B}[0m" : line)
        }
    }

    /// One object as lines, or as JSON.
    func show(_ object: JSONValue, order: [String], tables: [String: [Column]] = [:]) {
        if isJSON { return terminal.say(JSONText.indented(object)) }
        for line in Record(object: object, order: order, tables: tables).lines(width: terminal.width) {
            terminal.say(line)
        }
    }

    /// One object that the server made, and below it the secret in it, which it will not show again.
    func show(created object: JSONValue, order: [String], secret member: String) {
        guard !isJSON, case .object(var members) = object, let secret = members.removeValue(forKey: member) else {
            return show(object, order: order)
        }
        if members.isEmpty == false { show(.object(members), order: order) }
        show(secret: secret, called: Record.words(member))
    }

    /// A secret on a line of its own, and a line that says that there will be no second look at it.
    func show(secret: JSONValue, called name: String) {
        terminal.say("")
        terminal.say("\(name): \(Cell.text(secret))")
        terminal.say("Keep it now: it is shown this once and cannot be read again.")
    }

    /// What was done, in words or as a document of those members.
    func done(_ words: String, _ document: [String: JSONValue]) {
        terminal.say(isJSON ? JSONText.indented(.object(document)) : words)
    }

    /// Tells on standard error that a list goes on, when a person reads it.
    func hintMore(_ hasMore: Bool) {
        if hasMore, !isJSON { terminal.warn("There is more: --limit takes a larger number, --all takes everything.\n") }
    }

    /// Asks before something that cannot be undone. Where nobody can answer, as in a script, the command itself is the
    /// answer.
    func confirm(_ question: String, _ confirmation: ConfirmationOptions) throws(Failure) {
        guard !confirmation.yes, let ask = terminal.ask else { return }
        let answer = ask("\(question) [y/N] ")?.lowercased() ?? ""
        guard ["y", "yes"].contains(answer) else { throw Failure("nothing was done") }
    }
}

struct ConfirmationOptions: ParsableArguments {
    @Flag(name: .shortAndLong, help: "Do not ask.") var yes = false
}

/// How much of a long list is wanted.
struct LimitOptions: ParsableArguments {
    @Option(help: "At most so many.") var limit = 50
    @Flag(help: "All there are.") var all = false

    var count: Int? { all ? nil : limit }

    func validate() throws {
        guard limit >= 1 else { throw ValidationError("--limit is at least 1.") }
    }
}
