// SPDX-License-Identifier: Apache-2.0
// Puts a backup in the place of the embedded database. Everything that can fail is done on a copy beside it; then the old
// database gets another name and the copy its own, so that at no moment there is none. Nothing is sent twice unmarked:
// what the backup still has to send may have gone out since, and says so from here on.

import Accounts
import Foundation
import Messaging
import SQL
import Wire

struct Restore: Sendable {
    let backup: SQLiteFile
    let target: SQLiteFile
    let masterKey: Configuration.MasterKeySource
    var now: Milliseconds = Timestamp.now()

    /// What a backup is, as far as it concerns whoever restores it.
    struct Contents: Sendable {
        /// The last thing that happened before it was made; nil when nothing ever did.
        var lastEvent: Milliseconds?
        /// Migrations that it will get.
        var pending: [Int]
    }

    struct Result: Sendable {
        /// Messages that may have been sent since, and are marked so.
        let marked: Int
        /// Where the old database is now; nil when there was none.
        let aside: String?
    }

    // MARK: Checks

    /// Refuses a backup that is damaged, foreign, of a newer program or sealed with another key.
    func checkBackup() async throws -> Contents {
        guard backup.exists else { throw OperationFailure("\(backup.path) does not exist") }
        guard FileManager.default.resolved(backup.path) != FileManager.default.resolved(target.path) else {
            throw OperationFailure("\(backup.path) is the database itself")
        }
        do {
            let problems = try await backup.problems()
            guard problems.isEmpty else {
                throw OperationFailure("\(backup.path) is damaged: \(problems.joined(separator: "; "))")
            }
            let secrets = try secrets()
            let path = backup.path
            return try await backup.read { try Self.contents($0, secrets: secrets, path: path) }
        } catch let error as DatabaseError {
            throw OperationFailure("\(backup.path) cannot be used: \(OperationFailure.reason(error))")
        }
    }

    private func secrets() throws -> SecretBox {
        switch MasterKeyState(masterKey) {
        case .usable(let secrets): return secrets
        case .missing(let path):
            throw OperationFailure(
                "the master key \(path) is missing; put back the one with which the backup's secrets were encrypted")
        case .unusable(let reason): throw OperationFailure(reason)
        }
    }

    private static func contents(_ transaction: Transaction, secrets: SecretBox, path: String) throws -> Contents {
        guard let history = try MigrationHistory(of: Schema.migrations, in: transaction) else {
            throw OperationFailure("\(path) is not a Parley database")
        }
        guard history.unknown.isEmpty else {
            let numbers = history.unknown.map(String.init).joined(separator: ", ")
            throw OperationFailure(
                "\(path) was made by a newer Parley (migration \(numbers)); restore it with that one")
        }
        guard history.changed.isEmpty else {
            throw OperationFailure("\(path) has migrations that are not Parley's")
        }
        // Migration 2 made the tables that are asked here.
        guard !history.pending.contains(where: { $0 <= 2 }) else { return Contents(pending: history.pending) }
        guard try MasterKey.fits(secrets, transaction) != false else {
            throw OperationFailure(
                "the master key is not the one with which the backup's secrets were encrypted; put that one in its place"
            )
        }
        let last = try transaction.queryOne("SELECT at FROM events ORDER BY id DESC LIMIT 1")?.int64("at")
        return Contents(lastEvent: last, pending: history.pending)
    }

    /// Refuses while a node works on the target. A killed one counts as alive until its lease has run out.
    func checkTarget() async throws {
        let folder = URL(filePath: target.path).deletingLastPathComponent().path
        guard let disk = DiskSpace(ofFolder: folder) else { throw OperationFailure("\(folder) is not a folder") }
        let needed = backup.size
        guard disk.free > needed else {
            throw OperationFailure(
                "the restored database takes \(Amount.bytes(needed)), and \(folder) has \(Amount.bytes(disk.free)) left"
            )
        }
        guard target.exists else { return }
        // A database that cannot be read is what a restore is for: then the nodes cannot be asked.
        let alive = (try? await target.read { try NodePresence.alive(in: $0) }) ?? []
        guard let node = alive.first else { return }
        throw OperationFailure(
            """
            the node \(node.name) is running on \(target.path); stop it first \
            (one that was killed counts as running for another \(max(1, node.remaining / 1000)) s)
            """)
    }

    // MARK: Doing it

    /// Restores. `checkBackup` and `checkTarget` come first.
    func run() async throws -> Result {
        let copy = SQLiteFile(path: target.path + ".restoring")
        Self.remove(copy)
        do {
            try await backup.copy(to: copy)
            let marked = try await prepare(copy)
            try keepOwner(of: copy)
            let aside = try await exchange(copy)
            return Result(marked: marked, aside: aside)
        } catch {
            Self.remove(copy)
            throw error
        }
    }

    private static func remove(_ file: SQLiteFile) {
        for suffix in SQLiteFile.suffixes { unlink(file.path + suffix) }
    }

    /// Brings the copy up to date and marks what may have been sent since. A message that is scheduled for later cannot
    /// have been.
    private func prepare(_ copy: SQLiteFile) async throws -> Int {
        let database = try await Database.open(
            .sqlite(path: copy.path, readers: 1), logger: CommandSupport.logger(Configuration.Logs(level: "error")))
        let now = now
        let marked: Int
        do {
            try await database.migrate(Schema.migrations)
            marked = try await database.write { transaction in
                // The nodes of that time are not alive, whatever their rows say.
                try transaction.execute("UPDATE nodes SET alive_until = 0")
                return try transaction.execute(
                    """
                    UPDATE messages SET duplicate = 1
                    WHERE direction = 0 AND duplicate = 0 AND (send_at IS NULL OR send_at <= $1)
                        AND (company_id, id) IN (SELECT company_id, message_id FROM jobs)
                    """, [.integer(now)])
            }
        } catch {
            await database.close()
            throw error
        }
        await database.close()
        try await copy.takeOutOfUse()
        try copy.synchronize()
        return marked
    }

    /// The server must be able to open it, also when somebody else restores.
    private func keepOwner(of copy: SQLiteFile) throws {
        let folder = URL(filePath: target.path).deletingLastPathComponent().path
        var status = stat()
        guard stat(target.exists ? target.path : folder, &status) == 0 else { return }
        if target.exists { chmod(copy.path, status.st_mode & 0o777) } else { chmod(copy.path, 0o600) }
        guard geteuid() == 0, chown(copy.path, status.st_uid, status.st_gid) != 0 else { return }
        throw OperationFailure("\(copy.path) cannot be given to the owner of \(folder)")
    }

    /// Returns where the old database is.
    private func exchange(_ copy: SQLiteFile) async throws -> String? {
        let aside = target.exists ? try await putAside() : nil
        // A log that is left of a database that is gone must not meet the new one.
        try moveLogs(to: aside ?? target.path + Self.suffix(now))
        guard rename(copy.path, target.path) == 0 else {
            let reason = String(cString: strerror(errno))
            // Where a second name could not be had, the old database has lost its first.
            if let aside, !target.exists { rename(aside, target.path) }
            throw OperationFailure("\(target.path) cannot be replaced: \(reason)")
        }
        try target.synchronize()
        return aside
    }

    /// Gives the old database a second name; the first one goes when the copy takes it.
    private func putAside() async throws -> String {
        do {
            try await target.takeOutOfUse()
        } catch DatabaseError.locked {
            throw OperationFailure("\(target.path) is open in another process; stop it first")
        } catch is DatabaseError {
            // Too damaged to be opened: it is moved as it is.
        }
        let aside = target.path + Self.suffix(now)
        guard link(target.path, aside) == 0 || rename(target.path, aside) == 0 else {
            throw OperationFailure("\(aside) cannot be made: \(String(cString: strerror(errno)))")
        }
        return aside
    }

    private func moveLogs(to aside: String) throws {
        for suffix in SQLiteFile.suffixes where !suffix.isEmpty {
            guard FileManager.default.fileExists(atPath: target.path + suffix) else { continue }
            guard rename(target.path + suffix, aside + suffix) == 0 else {
                throw OperationFailure("\(target.path + suffix) cannot be moved: \(String(cString: strerror(errno)))")
            }
        }
    }

    /// `.before-restore-20260131T080000Z`.
    static func suffix(_ now: Milliseconds) -> String {
        ".before-restore-" + Timestamp.rfc3339(now).filter { $0 != "-" && $0 != ":" }
    }
}

extension FileManager {
    /// The path with every symbolic link followed.
    func resolved(_ path: String) -> String {
        URL(filePath: path).resolvingSymlinksInPath().standardizedFileURL.path
    }
}

/// A node as its row in the database shows it.
struct NodePresence: Sendable, Equatable {
    let name: String
    /// For how long its lease still counts, ms.
    let remaining: Milliseconds

    /// The nodes whose lease counts, by the database's clock.
    static func alive(in transaction: Transaction) throws -> [NodePresence] {
        let now = transaction.dialect.nowMilliseconds
        return try transaction.query(
            "SELECT name, alive_until - \(now) AS remaining FROM nodes WHERE alive_until > \(now) ORDER BY name"
        ).map { NodePresence(name: try $0.text("name"), remaining: try $0.int64("remaining")) }
    }
}
