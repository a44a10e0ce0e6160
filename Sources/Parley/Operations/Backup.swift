// SPDX-License-Identifier: Apache-2.0
// One consistent copy of the embedded database while the server runs. Under its final name there is never anything but a
// whole, checked copy that is on disk.

import Foundation
import Messaging
import SQL

struct Backup: Sendable {
    let database: SQLiteFile
    /// Where the copy goes.
    let output: String
    /// Whether a file there is replaced.
    let replaces: Bool

    struct Result: Sendable {
        let size: Int64
        let duration: Duration
    }

    private var partial: SQLiteFile { SQLiteFile(path: output + ".partial") }

    /// Makes the copy. `progress` wraps the long step and is given what to say of it.
    func run(
        progress: (@escaping @Sendable () -> String, @escaping @Sendable () async throws -> Void) async throws -> Void
    ) async throws -> Result {
        try refuseOutput()
        let start = ContinuousClock.now
        let expected: Int64
        do {
            let isOurs = try await database.read { try MigrationHistory(of: Schema.migrations, in: $0) != nil }
            guard isOurs else { throw OperationFailure("\(database.path) is not a Parley database") }
            expected = try await database.expectedCopySize()
        } catch let error as DatabaseError {
            throw OperationFailure("\(database.path) cannot be read: \(OperationFailure.reason(error))")
        }
        try refuseFullDisk(expected)
        do {
            try prepare()
            let (database, partial) = (database, partial)
            try await progress({ "\(Amount.bytes(partial.size)) of about \(Amount.bytes(expected))" }) {
                try await database.copy(to: partial)
            }
            try await check(partial)
            try put()
        } catch {
            try? FileManager.default.removeItem(atPath: partial.path)
            throw error
        }
        return Result(size: SQLiteFile(path: output).size, duration: ContinuousClock.now - start)
    }

    private func refuseOutput() throws {
        let files = FileManager.default
        let own = SQLiteFile.suffixes.map { files.resolved(database.path + $0) }
        guard !own.contains(files.resolved(output)) else {
            throw OperationFailure("\(output) is the database itself; name another file")
        }
        guard replaces || !FileManager.default.fileExists(atPath: output) else {
            throw OperationFailure("\(output) exists; name another file, or replace it with --force")
        }
    }

    private func refuseFullDisk(_ expected: Int64) throws {
        let folder = URL(filePath: output).deletingLastPathComponent().path
        guard let disk = DiskSpace(ofFolder: folder) else { throw OperationFailure("\(folder) is not a folder") }
        guard disk.free > expected else {
            throw OperationFailure(
                "the backup takes about \(Amount.bytes(expected)), and \(folder) has \(Amount.bytes(disk.free)) left")
        }
    }

    /// An empty file for the copy that only its owner can read: it holds messages. What a killed run left goes.
    private func prepare() throws {
        unlink(partial.path)
        let descriptor = open(partial.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw OperationFailure("\(partial.path) cannot be written: \(String(cString: strerror(errno)))")
        }
        close(descriptor)
    }

    private func check(_ copy: SQLiteFile) async throws {
        let problems = try await copy.problems()
        guard problems.isEmpty else {
            throw OperationFailure(
                "the copy is damaged, and so is the database or a disk: \(problems.joined(separator: "; "))")
        }
    }

    private func put() throws {
        guard rename(partial.path, output) == 0 else {
            throw OperationFailure("\(output) cannot be written: \(String(cString: strerror(errno)))")
        }
        try SQLiteFile(path: output).synchronize()
    }
}
