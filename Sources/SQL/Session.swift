// SPDX-License-Identifier: Apache-2.0
// What a transaction needs from a connection. A session belongs to one database thread and is never shared.

/// One connection in the middle of a transaction, on its own thread: SQLite or PostgreSQL.
protocol Session: AnyObject {
    /// Runs a statement and drops its rows. Returns how many rows an INSERT, UPDATE or DELETE touched, 0 otherwise.
    func execute(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> Int
    func query(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> [Row]
    func executeBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [Int]
    func queryBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [[Row]]
    /// Runs an INSERT that ends with one tuple of values for every row.
    func insertBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError)
    /// The same for a table with an `{{id}}` column `id`; returns what each row got there.
    func insertBatchReturningIDs(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [Int64]
    /// Runs one statement without parameters and without keeping it prepared (schema changes, savepoints).
    func run(_ sql: String) throws(DatabaseError)
    /// Whether the engine still has the transaction open, failed or not; false once it was lost as a whole.
    var hasTransaction: Bool { get }
}
