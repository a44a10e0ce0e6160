// SPDX-License-Identifier: Apache-2.0
// The handle that a closure of `Database.write` or `read` works with. It is synchronous and lives on a database thread.
//
// Both engines behave as PostgreSQL does: a failed statement dooms the transaction, even when the closure swallows the
// error, unless it failed inside `attempt`. So code that is right on SQLite is right on PostgreSQL too.

/// A running transaction; valid only inside the closure that received it.
///
/// A closure has no side effects but through its transaction: it is run again after a deadlock or a lost race.
public final class Transaction {
    public let dialect: Dialect
    private let session: any Session
    /// The statement error that has not been undone by a savepoint yet.
    private(set) var failure: DatabaseError?
    private var isOpen = true
    private var depth = 0

    init(dialect: Dialect, session: any Session) {
        self.dialect = dialect
        self.session = session
    }

    /// Runs a statement. Returns the number of rows an INSERT, UPDATE or DELETE touched, and 0 for anything else.
    @discardableResult
    public func execute(_ sql: String, _ values: [SQLValue] = []) throws -> Int {
        try perform { session throws(DatabaseError) in try session.execute(sql, values) }
    }

    /// All rows of a SELECT or of a RETURNING clause.
    public func query(_ sql: String, _ values: [SQLValue] = []) throws -> [Row] {
        try perform { session throws(DatabaseError) in try session.query(sql, values) }
    }

    /// The first row, or `nil` when there is none.
    public func queryOne(_ sql: String, _ values: [SQLValue] = []) throws -> Row? {
        try query(sql, values).first
    }

    /// Runs one statement for every row of values: the hot path. Returns the touched rows of each, as `execute` does.
    ///
    /// The statement is prepared once; on PostgreSQL the rows travel in pipeline mode. One failing row fails the call.
    @discardableResult
    public func executeBatch(_ sql: String, _ rows: [[SQLValue]]) throws -> [Int] {
        try perform { session throws(DatabaseError) in try session.executeBatch(sql, rows) }
    }

    /// Inserts many rows with few statements. `sql` is an INSERT whose end is the one tuple of its VALUES, without quotes
    /// in it: SQLite runs it with the tuple repeated, and PostgreSQL in pipeline mode. One failing row fails the call.
    public func insertBatch(_ sql: String, _ rows: [[SQLValue]]) throws {
        try perform { session throws(DatabaseError) in try session.insertBatch(sql, rows) }
    }

    /// The same for a table with an `{{id}}` column, named `id`. Returns what each row got there, in their order.
    public func insertBatchReturningIDs(_ sql: String, _ rows: [[SQLValue]]) throws -> [Int64] {
        try perform { session throws(DatabaseError) in try session.insertBatchReturningIDs(sql, rows) }
    }

    /// Runs one SELECT or RETURNING statement for every row of values. Returns the result of each, in their order.
    public func queryBatch(_ sql: String, _ rows: [[SQLValue]]) throws -> [[Row]] {
        try perform { session throws(DatabaseError) in try session.queryBatch(sql, rows) }
    }

    /// Runs `body` inside a savepoint: when it throws, only its changes are undone and the transaction stays usable.
    ///
    /// A lost connection, a deadlock or a transaction that the engine gave up as a whole cannot be undone in part:
    /// then every later call throws that error again and the transaction is retried or fails.
    public func attempt<T>(_ body: () throws -> T) throws -> T {
        let savepoint = "attempt_\(depth)"
        try run("SAVEPOINT \(savepoint)")
        depth += 1
        defer { depth -= 1 }
        do {
            let value = try body()
            if let failure { throw failure }
            try run("RELEASE SAVEPOINT \(savepoint)")
            return value
        } catch {
            try undo(to: savepoint)
            throw error
        }
    }

    /// Runs one statement that is not worth keeping prepared.
    func run(_ sql: String) throws {
        try perform { session throws(DatabaseError) in try session.run(sql) }
    }

    /// Ends the handle: whatever keeps it beyond its closure gets an error instead of somebody else's transaction.
    func close() { isOpen = false }

    private func undo(to savepoint: String) throws {
        if let failure {
            if !session.hasTransaction { throw failure }
            switch failure {
            case .unavailable, .serialization, .commitUnknown: throw failure
            case .full, .locked, .constraint, .invalid, .decoding: self.failure = nil
            }
        }
        try run("ROLLBACK TO SAVEPOINT \(savepoint)")
        try run("RELEASE SAVEPOINT \(savepoint)")
    }

    private func perform<T>(_ body: (any Session) throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        guard isOpen else { throw .invalid("a transaction was used outside of its closure") }
        if let failure { throw failure }
        do throws(DatabaseError) {
            return try body(session)
        } catch {
            failure = error
            throw error
        }
    }
}
