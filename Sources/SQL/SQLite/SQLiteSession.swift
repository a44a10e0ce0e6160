// SPDX-License-Identifier: Apache-2.0
// One SQLite connection and its prepared statements, owned by one thread.

import GRDB
import GRDBSQLite

/// A `Session` on a GRDB connection.
final class SQLiteSession: Session {
    private static let statementLimit = 1024

    private let database: GRDB.Database
    private let connection: OpaquePointer
    private let access: Access
    private let arena = ParameterArena()
    /// By the SQL text as the caller wrote it.
    private var statements: [String: SQLiteStatement] = [:]
    /// Of inserts of several rows, likewise.
    private var inserts: [String: SQLiteInsert] = [:]

    init(_ database: GRDB.Database, access: Access) throws(DatabaseError) {
        guard let connection = database.sqliteConnection else { throw .unavailable("the connection is closed") }
        self.database = database
        self.connection = connection
        self.access = access
    }

    var hasTransaction: Bool { sqlite3_get_autocommit(connection) == 0 }

    func execute(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> Int {
        try statement(sql).execute(values)
    }

    func query(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> [Row] {
        try statement(sql).query(values)
    }

    func executeBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [Int] {
        let statement = try statement(sql)
        var counts: [Int] = []
        counts.reserveCapacity(rows.count)
        for values in rows { counts.append(try statement.execute(values)) }
        return counts
    }

    func queryBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [[Row]] {
        let statement = try statement(sql)
        var results: [[Row]] = []
        results.reserveCapacity(rows.count)
        for values in rows { results.append(try statement.query(values)) }
        return results
    }

    func insertBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) {
        try insert(sql, rows) { _ in }
    }

    func insertBatchReturningIDs(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [Int64] {
        var ids: [Int64] = []
        ids.reserveCapacity(rows.count)
        // Of the rows of one statement each gets the id after that of the one before: nobody else writes.
        try insert(sql, rows) { count in
            let last = sqlite3_last_insert_rowid(connection)
            ids += (last - Int64(count) + 1)...last
        }
        return ids
    }

    /// Calls `inserted` after each statement with its number of rows.
    private func insert(
        _ sql: String, _ rows: [[SQLValue]], inserted: (Int) -> Void
    ) throws(DatabaseError) {
        if rows.isEmpty { return }
        let insert: SQLiteInsert
        if let known = inserts[sql] {
            insert = known
        } else {
            insert = try SQLiteInsert(sql)
            inserts[sql] = insert
        }
        var rest = rows[...]
        while !rest.isEmpty {
            let (count, level) = SQLiteInsert.size(for: rest.count)
            let statement = try insert.statement(level) { sql throws(DatabaseError) in try prepare(sql) }
            _ = try statement.execute(rows: rest.prefix(count))
            inserted(count)
            rest = rest.dropFirst(count)
        }
    }

    func run(_ sql: String) throws(DatabaseError) {
        _ = try prepare(sql).execute([])
    }

    /// BEGIN, COMMIT, SAVEPOINT and the like: prepared once, never part of a closure.
    func control(_ sql: String) throws(DatabaseError) {
        _ = try statement(sql).execute([])
    }

    private func statement(_ sql: String) throws(DatabaseError) -> SQLiteStatement {
        if let known = statements[sql] { return known }
        if statements.count >= Self.statementLimit { statements.removeAll(keepingCapacity: true) }
        let statement = try prepare(Placeholders.sqlite(sql))
        statements[sql] = statement
        return statement
    }

    private func prepare(_ sql: String) throws(DatabaseError) -> SQLiteStatement {
        do {
            return SQLiteStatement(
                try database.makeStatement(sql: sql), connection: connection, access: access, arena: arena)
        } catch let error as GRDB.DatabaseError {
            throw .sqlite(error.extendedResultCode.rawValue, error.message ?? "\(error.resultCode)", access: access)
        } catch {
            throw .invalid("\(error)")
        }
    }
}
