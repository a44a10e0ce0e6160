// SPDX-License-Identifier: Apache-2.0
// Fresh databases for tests, on both engines.
//
//     @Test(arguments: Engine.allCases)
//     func `a message is stored`(_ engine: Engine) async throws {
//         try await TestDatabase.with(engine, migrations: Messaging.migrations) { database in
//             try await database.write { … }
//         }
//     }
//
// `with` closes the database and removes it afterwards. A test that starts a program of its own takes a
// `configuration`, whose path or URL it can put into a configuration file. The PostgreSQL server is started on first
// use, once per process and without fsync; where durability is the point, start `TestPostgres(durable: true)`.
// Whatever is left is removed when the process ends, even when it is killed.

import Foundation
public import Logging
public import SQL
import Synchronization

/// The engines that every store is tested on: `@Test(arguments: Engine.allCases)`.
public enum Engine: String, CaseIterable, Sendable {
    case sqlite
    case postgres

}

/// Makes databases that live as long as a test.
public enum TestDatabase {
    /// Where a fresh, empty database is: a file path or a libpq URI.
    public static func configuration(_ engine: Engine) throws -> DatabaseConfiguration {
        switch engine {
        case .sqlite: .sqlite(path: try TemporaryFolder.shared.get().newPath("db"))
        case .postgres:
            .postgres(url: try TestPostgres.shared().url(of: try TestPostgres.shared().takeDatabase()), connections: 4)
        }
    }

    /// Runs `body` with a fresh database that has `migrations` applied, then closes and removes it.
    public static func with<T>(
        _ engine: Engine, migrations: [Migration] = [], observer: WriteObserver? = nil, logger: Logger = quiet,
        _ body: (Database) async throws -> T
    ) async throws -> T {
        let configuration = try configuration(engine)
        let database = try await Database.open(configuration, observer: observer, logger: logger)
        let result: Result<T, any Error>
        do {
            if !migrations.isEmpty { try await database.migrate(migrations) }
            result = .success(try await body(database))
        } catch {
            result = .failure(error)
        }
        await database.close()
        try remove(configuration)
        return try result.get()
    }

    /// A fresh SQLite database; the caller closes it, the file goes with the process.
    public static func sqlite(migrations: [Migration] = []) async throws -> Database {
        try await open(.sqlite, migrations)
    }

    /// A fresh PostgreSQL database; the caller closes it, the data goes with the process.
    public static func postgres(migrations: [Migration] = []) async throws -> Database {
        try await open(.postgres, migrations)
    }

    /// A fresh database; the caller closes it, the data goes with the process.
    public static func open(_ engine: Engine, _ migrations: [Migration] = []) async throws -> Database {
        let database = try await Database.open(try configuration(engine), logger: quiet)
        if !migrations.isEmpty { try await database.migrate(migrations) }
        return database
    }

    /// Removes the contents of the database that `configuration` made.
    public static func remove(_ configuration: DatabaseConfiguration) throws {
        switch configuration {
        case .sqlite(let path, _):
            for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: path + suffix) }
        case .postgres(let url, _):
            // postgresql://postgres@/NAME?host=…
            guard let name = url.split(separator: "@/").last?.prefix(while: { $0 != "?" }) else { return }
            try TestPostgres.shared().giveBack(String(name))
        }
    }

    /// A logger that drops everything.
    public static var quiet: Logger { Logger(label: "test") { _ in SwiftLogNoOpLogHandler() } }
}

/// A folder that goes with the process.
public final class TemporaryFolder: Sendable {
    /// The folder of the whole process.
    public static let shared = Result { try TemporaryFolder() }

    /// Where it is.
    public let path: String
    private let process: GuardedProcess
    private let created = Mutex(0)

    /// Makes an empty folder, removed when the process ends.
    public init() throws {
        path =
            FileManager.default.temporaryDirectory
            .appending(path: "parley-test-\(getpid())-\(UInt32.random(in: 0 ... .max))").path
        process = try GuardedProcess(
            "trap : INT TERM HUP PIPE; mkdir -m 700 \"$1\" && echo ready; exec >/dev/null 2>&1; cat; rm -rf \"$1\"",
            [path])
    }

    /// A path in the folder that nobody has used yet.
    public func newPath(_ suffix: String) -> String {
        let number = created.withLock { count in
            count += 1
            return count
        }
        return "\(path)/\(number).\(suffix)"
    }
}
