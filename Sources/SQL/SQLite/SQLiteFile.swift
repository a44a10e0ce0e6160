// SPDX-License-Identifier: Apache-2.0
// An SQLite database as a file: copied while a server writes to it, checked, and read without being changed. Every call
// opens a connection of its own on a thread of its own, so a server in this or another process goes on undisturbed.

import Foundation
import GRDB
import GRDBSQLite

/// A database file, which somebody else may have open.
public struct SQLiteFile: Sendable {
    public let path: String

    public init(path: String) { self.path = path }

    /// The file and those that SQLite keeps beside it: what was committed last may be in the log alone.
    public static let suffixes = ["", "-wal", "-shm"]

    /// Its write-ahead log.
    var logPath: String { path + "-wal" }

    public var exists: Bool { FileManager.default.fileExists(atPath: path) }

    /// Its bytes, without those of the log; 0 when there is none.
    public var size: Int64 {
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return (attributes?[.size] as? NSNumber)?.int64Value ?? 0
    }

    /// Runs `body` in a transaction that sees one snapshot and can change nothing.
    public func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await onConnection(.read) { session in
            try session.control("BEGIN DEFERRED")
            let transaction = Transaction(dialect: .sqlite, session: session)
            defer { transaction.close() }
            return try body(transaction)
        }
    }

    /// The bytes that a copy will take: those of the pages in use.
    public func expectedCopySize() async throws -> Int64 {
        try await read { transaction in
            func value(_ name: String) throws -> Int64 {
                try transaction.queryOne("PRAGMA \(name)")?.int64(name) ?? 0
            }
            return (try value("page_count") - value("freelist_count")) * (try value("page_size"))
        }
    }

    /// Copies the database into `target`, a new file, as it is at one instant; writers go on meanwhile. The copy is on
    /// disk when this returns, and needs no file beside it.
    public func copy(to target: SQLiteFile) async throws {
        let quoted = target.path.replacing("'", with: "''")
        try await onConnection(.read) { session in try session.run("VACUUM INTO '\(quoted)'") }
        try target.synchronize()
    }

    /// What `PRAGMA quick_check` finds wrong; empty when the file is sound.
    public func problems() async throws -> [String] {
        try await read { transaction in
            try transaction.query("PRAGMA quick_check(20)").map { try $0.text("quick_check") }.filter { $0 != "ok" }
        }
    }

    /// Makes the database one file that nobody has open, its log brought in; the next server turns the log on again.
    /// Throws `.locked` while any other connection is open, in this process or another.
    public func takeOutOfUse() async throws {
        try await onConnection(.write) { session in
            // SQLite leaves WAL only with the file to itself.
            let mode = try session.query("PRAGMA journal_mode = DELETE", []).first?.text("journal_mode")
            guard mode == "delete" else { throw DatabaseError.locked("the database is in use") }
        }
    }

    /// Returns when the file, and its name in its folder, would survive a power failure.
    public func synchronize() throws {
        try Self.synchronize(path)
        try Self.synchronize(URL(filePath: path).deletingLastPathComponent().path)
    }

    private static func synchronize(_ path: String) throws(DatabaseError) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unavailable("\(path): \(String(cString: strerror(errno)))") }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unavailable("\(path): \(String(cString: strerror(errno)))") }
    }

    private func onConnection<T: Sendable>(
        _ access: Access, _ body: @escaping @Sendable (SQLiteSession) throws -> T
    ) async throws -> T {
        // SQLite would make an empty database of a name that leads nowhere.
        guard exists else { throw DatabaseError.unavailable("\(path) does not exist") }
        let path = path
        return try await withCheckedThrowingContinuation { (done: CheckedContinuation<T, any Error>) in
            let thread = Thread {
                done.resume(with: Result { try Self.connected(path, access, body) })
            }
            thread.name = "sql-file"
            thread.start()
        }
    }

    private static func connected<T>(
        _ path: String, _ access: Access, _ body: (SQLiteSession) throws -> T
    ) throws -> T {
        var configuration = Configuration()
        configuration.readonly = access == .read
        configuration.busyMode = .timeout(5)
        do {
            let queue = try DatabaseQueue(path: path, configuration: configuration)
            return try queue.inDatabase { database in
                let session = try SQLiteSession(database, access: access)
                defer { if session.hasTransaction { try? session.control("ROLLBACK") } }
                return try body(session)
            }
        } catch let error as GRDB.DatabaseError {
            throw DatabaseError.sqlite(error.extendedResultCode.rawValue, error.message ?? "", access: .write)
        }
    }
}
