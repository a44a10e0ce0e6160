// SPDX-License-Identifier: Apache-2.0
// One prepared SQLite statement: bind, step, read columns. Values are bound for one call, so nothing outlives it.

import Foundation
import GRDB
import GRDBSQLite

/// A prepared statement, used over and over by the one thread that owns its connection.
final class SQLiteStatement {
    // Keeps the handle alive; GRDB finalises it.
    private let statement: GRDB.Statement
    private let handle: OpaquePointer
    private let connection: OpaquePointer
    private let parameterCount: Int
    private let countsChanges: Bool
    private let access: Access
    private let arena: ParameterArena
    private var columns = ColumnTable([])
    /// How often SQLite had prepared the statement anew when `columns` was read.
    private var preparations: Int32 = -1

    /// `SQLITE_STATIC`: what is bound stays where it is until it is unbound.
    private static let unchanged: sqlite3_destructor_type? = nil

    /// `arena` is the connection's own: only one of its statements runs at a time.
    init(_ statement: GRDB.Statement, connection: OpaquePointer, access: Access, arena: ParameterArena) {
        self.arena = arena
        self.statement = statement
        self.connection = connection
        self.access = access
        handle = statement.sqliteStatement
        parameterCount = Int(sqlite3_bind_parameter_count(handle))
        // A statement that returns no rows and is not one of these leaves sqlite3_changes as it was.
        countsChanges = sqlite3_stmt_readonly(handle) == 0 && Self.modifiesRows(statement.sql)
    }

    /// Runs to the end and drops the rows. Returns the number of rows touched.
    func execute(_ values: [SQLValue]) throws(DatabaseError) -> Int {
        try execute(rows: CollectionOfOne(values))
    }

    /// The same for a statement that takes the values of several rows, one behind the other.
    func execute(rows: some Collection<[SQLValue]>) throws(DatabaseError) -> Int {
        defer { reset() }
        try bind(rows)
        while try step() {}
        return countsChanges ? Int(sqlite3_changes64(connection)) : 0
    }

    func query(_ values: [SQLValue]) throws(DatabaseError) -> [Row] {
        defer { reset() }
        try bind(CollectionOfOne(values))
        var rows: [Row] = []
        while try step() {
            let count = Int(sqlite3_column_count(handle))
            // The first step may have prepared the statement anew after a change of the schema.
            if rows.isEmpty { refreshColumns(count) }
            rows.append(Row(columns: columns, values: (0..<count).map { column(Int32($0)) }))
        }
        return rows
    }

    private func step() throws(DatabaseError) -> Bool {
        switch sqlite3_step(handle) {
        case SQLITE_ROW: return true
        case SQLITE_DONE: return false
        default:
            throw .sqlite(
                sqlite3_extended_errcode(connection), String(cString: sqlite3_errmsg(connection)), access: access)
        }
    }

    private func reset() {
        sqlite3_reset(handle)
        sqlite3_clear_bindings(handle)
    }

    /// Binds the values. Texts and bytes are bound where they stand in `arena`, which stays as it is until `reset`:
    /// SQLite's own copies would be one allocation each.
    private func bind(_ rows: some Collection<[SQLValue]>) throws(DatabaseError) {
        let count = rows.reduce(0) { $0 + $1.count }
        guard count == parameterCount else { throw .invalid("\(count) values for \(parameterCount) parameters") }
        try arena.fill(with: rows)
        var (offset, index) = (0, Int32(0))
        for values in rows {
            for value in values {
                index += 1
                let code = bind(value, at: index, &offset)
                guard code == SQLITE_OK else {
                    throw .sqlite(code, String(cString: sqlite3_errmsg(connection)), access: access)
                }
            }
        }
    }

    private func bind(_ value: SQLValue, at index: Int32, _ offset: inout Int) -> Int32 {
        switch value {
        case .null: return sqlite3_bind_null(handle, index)
        case .integer(let integer): return sqlite3_bind_int64(handle, index, integer)
        case .real(let double): return sqlite3_bind_double(handle, index, double)
        case .text(let text):
            let count = text.utf8.count
            defer { offset += count }
            return sqlite3_bind_text64(
                handle, index, arena.pointer(at: offset, as: CChar.self), UInt64(count), Self.unchanged,
                UInt8(SQLITE_UTF8))
        case .bytes(let bytes): return bindBytes(count: bytes.count, at: index, &offset)
        case .block: return bindBytes(count: 16, at: index, &offset)
        }
    }

    private func bindBytes(count: Int, at index: Int32, _ offset: inout Int) -> Int32 {
        defer { offset += count }
        return sqlite3_bind_blob64(
            handle, index, arena.pointer(at: offset, as: UInt8.self), UInt64(count), Self.unchanged)
    }

    private func column(_ index: Int32) -> SQLValue {
        switch sqlite3_column_type(handle, index) {
        case SQLITE_INTEGER: return .integer(sqlite3_column_int64(handle, index))
        case SQLITE_FLOAT: return .real(sqlite3_column_double(handle, index))
        case SQLITE_TEXT:
            guard let start = sqlite3_column_text(handle, index) else { return .text("") }
            let count = Int(sqlite3_column_bytes(handle, index))
            return .text(String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self))
        case SQLITE_BLOB:
            guard let start = sqlite3_column_blob(handle, index) else { return .bytes([]) }
            let count = Int(sqlite3_column_bytes(handle, index))
            return .bytes([UInt8](UnsafeRawBufferPointer(start: start, count: count)))
        default: return .null
        }
    }

    private func refreshColumns(_ count: Int) {
        let preparations = sqlite3_stmt_status(handle, SQLITE_STMTSTATUS_REPREPARE, 0)
        guard preparations != self.preparations else { return }
        self.preparations = preparations
        columns = ColumnTable(
            (0..<count).map { index in
                sqlite3_column_name(handle, Int32(index)).map { String(cString: $0) } ?? ""
            })
    }

    private static func modifiesRows(_ sql: String) -> Bool {
        let word = sql.drop { !$0.isLetter }.prefix { $0.isLetter }.uppercased()
        return ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"].contains(word)
    }
}
