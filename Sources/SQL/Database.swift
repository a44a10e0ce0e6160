// SPDX-License-Identifier: Apache-2.0
// The front door: one API over SQLite and PostgreSQL. Closures are synchronous and run on database threads, so the
// cooperative thread pool never blocks; a task crosses over once per transaction.

public import Logging

/// Where the data lives.
public enum DatabaseConfiguration: Sendable {
    /// A file on a local disk, created when missing; one writer and `readers` readers.
    case sqlite(path: String, readers: Int = 4)
    /// A libpq connection string or a `postgres://` URI; TLS and other libpq settings (`sslmode` …) pass through.
    case postgres(url: String, connections: Int = 8)

    /// The file on this machine; nil for a server's database.
    public var path: String? { if case .sqlite(let path, _) = self { path } else { nil } }
}

/// A database that many tasks share.
public final class Database: Sendable {
    public let dialect: Dialect
    let engine: any StorageEngine

    init(engine: any StorageEngine) {
        self.engine = engine
        dialect = engine.dialect
    }

    deinit { engine.shutDown() }

    /// Opens the database; `observer` hears of every commit. Throws `DatabaseError.unavailable` when it cannot be
    /// reached.
    public static func open(
        _ configuration: DatabaseConfiguration, observer: WriteObserver? = nil, logger: Logger
    ) async throws -> Database {
        switch configuration {
        case .sqlite(let path, let readers):
            Database(
                engine: try await SQLiteEngine.open(path: path, readers: readers, observer: observer, logger: logger))
        case .postgres(let url, let connections):
            Database(
                engine: try await PostgresEngine.open(
                    url: url, connections: connections, observer: observer, logger: logger))
        }
    }

    /// How many calls wait for a database thread.
    public var waiting: Int { engine.waiting }

    /// Runs `body` in a transaction that may write. Returns only after the commit is on disk.
    ///
    /// When `body` throws, its changes are undone and the error is passed on. `body` may run more than once. A call
    /// is carried out even when its task has been cancelled. What is patient may wait some milliseconds for others to
    /// share its commit.
    @discardableResult
    public func write<T: Sendable>(
        isPatient: Bool = false, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            write(isPatient: isPatient, body) { continuation.resume(with: $0) }
        }
    }

    /// The same for who has no task to wait in: `completion` is called once, as a rule on a database's thread, which does
    /// nothing else until it returns. SQLite's commits are told of in their order.
    public func write<T: Sendable>(
        isPatient: Bool = false, _ body: @escaping @Sendable (Transaction) throws -> T,
        completion: @escaping @Sendable (Result<T, any Error>) -> Void
    ) {
        engine.submit(TypedJob(access: .write, isPatient: isPatient, body: body, completion: completion))
    }

    /// Runs `body` in a read-only transaction that sees one snapshot of what is committed. Returns only when all
    /// that it may have seen is on disk.
    @discardableResult
    public func read<T: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> T) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            engine.submit(
                TypedJob(access: .read, isPatient: false, body: body) { continuation.resume(with: $0) })
        }
    }

    /// Brings the schema up to date, in one transaction. Processes that start together wait for one another.
    ///
    /// Throws `DatabaseError.invalid` when an applied migration has been changed or removed, or when the database has
    /// one that this program does not know.
    public func migrate(_ migrations: [Migration]) async throws {
        let plan = try MigrationPlan(migrations, dialect: dialect)
        try await write { try plan.apply(in: $0) }
    }

    /// Returns when the database answers, throws a `DatabaseError` when it does not.
    public func ping() async throws {
        _ = try await read { try $0.query("SELECT 1") }
    }

    /// Settings under which a commit could be lost in a power failure, one sentence each; empty when all is well.
    public func durabilityProblems() async throws -> [String] {
        let dialect = dialect
        // On SQLite the settings belong to the connection: it is the writer's that count.
        return try await write { transaction in
            switch dialect {
            case .sqlite: try Durability.sqliteProblems(transaction)
            case .postgres: try Durability.postgresProblems(transaction)
            }
        }
    }

    /// Finishes what has been handed in, then closes every connection. Later calls throw `.unavailable`.
    public func close() async {
        engine.shutDown()
        await engine.waitUntilClosed()
    }
}
