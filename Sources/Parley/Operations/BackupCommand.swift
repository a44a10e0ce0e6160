// SPDX-License-Identifier: Apache-2.0
// `parley backup`: copies the embedded database while the server runs.

import ArgumentParser
import Foundation
import SQL

struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Copy the embedded database into one file, while the server runs.",
        discussion: """
            The copy is consistent: everything that was answered before it began is in it, and nothing by half. It appears
            under its name only when it is whole, checked and on disk. The master key is not in it: keep that apart.
            A deployment on PostgreSQL is backed up with PostgreSQL's own tools.
            """)

    @Option(name: .shortAndLong, help: ArgumentHelp("The configuration file.", valueName: "file"))
    var config = "parley.yaml"
    @Option(name: .shortAndLong, help: ArgumentHelp("The file to write.", valueName: "file")) var output: String
    @Flag(help: "Replace the file when there is one.") var force = false

    func run() async throws {
        let configuration = try CommandSupport.read(config)
        let (output, force) = (output, force)
        try await OperationFailure.reported {
            guard case .sqlite(let path, _) = configuration.database else { throw Self.postgres }
            let status = StatusLine()
            let result = try await Backup(database: SQLiteFile(path: path), output: output, replaces: force)
                .run { text, work in try await status.during(text, work) }
            Terminal.say(
                "\(output): \(Amount.bytes(result.size)) in \(Amount.seconds(result.duration)), checked and on disk.")
            Terminal.say(
                "The master key (\(configuration.masterKey.place)) is not in it: keep a copy of that elsewhere.")
        }
    }

    private static let postgres = OperationFailure(
        """
        the database is PostgreSQL, which has its own tools. One consistent copy while everything runs:
          pg_dump --format=custom --file=parley.dump "$DATABASE_URL"
        To be able to go back to any moment, take base backups and archive the log:
          pg_basebackup --pgdata=/backup/base --wal-method=stream --checkpoint=fast --dbname="$DATABASE_URL"
        The master key is in neither: keep a copy of that elsewhere.
        """, exitCode: 64)  // EX_USAGE
}

extension Configuration.MasterKeySource {
    /// Where it is, without what it is.
    var place: String {
        switch self {
        case .text: "masterKey in the configuration"
        case .file(let path): path
        }
    }
}
