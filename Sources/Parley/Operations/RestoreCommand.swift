// SPDX-License-Identifier: Apache-2.0
// `parley restore`: puts a backup in the place of the embedded database of a stopped server.

import ArgumentParser
import Foundation
import SQL
import Wire

struct RestoreCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Put a backup in the place of the embedded database. Stop the server first.",
        discussion: """
            The backup is checked, brought up to date and put in place; the old database is kept beside it. Messages that
            the backup still has to send may have gone out after it was made: they are sent, and marked as possible
            duplicates. What happened after the backup is not in it.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "parley.yaml"
    @Option(name: .shortAndLong, help: ArgumentHelp("The backup.", valueName: "file")) var from: String
    @Flag(help: "Do not ask.") var yes = false

    func run() async throws {
        let configuration = try CommandSupport.read(config)
        let (from, yes) = (from, yes)
        try await OperationFailure.reported {
            guard case .sqlite(let path, _) = configuration.database else { throw Self.postgres }
            let restore = Restore(
                backup: SQLiteFile(path: from), target: SQLiteFile(path: path), masterKey: configuration.masterKey)
            let contents = try await restore.checkBackup()
            try await restore.checkTarget()
            if !yes { try Self.ask(restore, contents) }
            let status = StatusLine()
            let copy = SQLiteFile(path: path + ".restoring")
            let total = Amount.bytes(restore.backup.size)
            let result = try await status.during({ "\(Amount.bytes(copy.size)) of \(total)" }) {
                try await restore.run()
            }
            Self.tell(result, contents, path: path)
        }
    }

    private static func ask(_ restore: Restore, _ contents: Restore.Contents) throws {
        guard isatty(STDIN_FILENO) == 1, StandardError.isTerminal else {
            throw OperationFailure("nobody is there to be asked; say --yes to go ahead", exitCode: 64)  // EX_USAGE
        }
        let old = restore.target.exists ? "Replace \(restore.target.path)" : "Make \(restore.target.path)"
        StandardError.write("\(old) from \(restore.backup.path), \(age(contents))? [y/N] ")
        guard let answer = readLine()?.lowercased(), answer == "y" || answer == "yes" else {
            throw OperationFailure("nothing was changed")
        }
    }

    private static func age(_ contents: Restore.Contents) -> String {
        contents.lastEvent.map { "which ends at \(Timestamp.rfc3339($0))" } ?? "which has no messages"
    }

    private static func tell(_ result: Restore.Result, _ contents: Restore.Contents, path: String) {
        Terminal.say("\(path) is restored, \(age(contents)).")
        if !contents.pending.isEmpty {
            Terminal.say("It was brought up to date: \(Amount.counted(contents.pending.count, "migration")).")
        }
        Terminal.say("Messages marked as possible duplicates, because they may have gone out since: \(result.marked).")
        if let aside = result.aside { Terminal.say("The old database is \(aside).") }
        Terminal.say("Start the server, and let 'parley doctor' look.")
    }

    private static let postgres = OperationFailure(
        """
        the database is PostgreSQL, which has its own tools. With every node stopped, into an empty database:
          pg_restore --exit-on-error --single-transaction --dbname="$DATABASE_URL" parley.dump
        Messages that were still to be sent may have gone out since the backup; to have them marked:
          UPDATE messages SET duplicate = 1 WHERE direction = 0 AND (send_at IS NULL
            OR send_at <= EXTRACT(EPOCH FROM now()) * 1000)
            AND (company_id, id) IN (SELECT company_id, message_id FROM jobs);
        """, exitCode: 64)  // EX_USAGE
}
