// SPDX-License-Identifier: Apache-2.0
// One PostgreSQL connection with its prepared statements.
//
// Parameters carry explicit types (int8, float8, text, bytea), so `$1 + 1` is not taken for a 32-bit integer. NULL has
// no type of its own: it takes the one its place had before, or leaves it to the server. A statement is therefore kept
// in one prepared form per combination of types that was really seen, which is nearly always one.

import CLibPQ

/// One prepared form of a statement.
private final class PreparedStatement {
    let name: String
    let types: [Oid]
    /// Known from the first result on; the server refuses to change it under a prepared statement.
    var columns: ColumnTable?
    var columnTypes: [Oid] = []

    init(name: String, types: [Oid]) {
        self.name = name
        self.types = types
    }

    func fits(_ values: [SQLValue]) -> Bool {
        values.count == types.count
            && zip(values, types).allSatisfy { value, type in value == .null || PostgresType.of(value) == type }
    }
}

/// A `Session` on a libpq connection.
final class PostgresSession: Session {
    private static let statementLimit = 512
    /// Bounds the results that pile up in memory, and the work that is lost after an error.
    private static let pipelineChunk = 256

    let connection: PostgresConnection
    var access = Access.write
    private var statements: [String: [PreparedStatement]] = [:]
    private var preparedCount = 0
    private var parameters = PostgresParameters()
    private var mustForgetStatements = false

    init(_ connection: PostgresConnection) { self.connection = connection }

    private var handle: OpaquePointer { connection.handle }

    var hasTransaction: Bool { connection.hasTransaction }

    func begin(_ access: Access) throws(DatabaseError) {
        self.access = access
        if mustForgetStatements || statements.count > Self.statementLimit {
            _ = try connection.command("DEALLOCATE ALL", access: access)
            statements.removeAll(keepingCapacity: true)
            mustForgetStatements = false
        }
        switch access {
        case .write: _ = try connection.command("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", access: access)
        case .read: _ = try connection.command("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", access: access)
        }
    }

    func run(_ sql: String) throws(DatabaseError) {
        _ = try connection.command(sql, access: access)
    }

    func execute(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> Int {
        let (_, result) = try runPrepared(sql, values)
        defer { PQclear(result) }
        return touchedRows(result)
    }

    func query(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> [Row] {
        let (statement, result) = try runPrepared(sql, values)
        defer { PQclear(result) }
        return try rows(result, statement)
    }

    func executeBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [Int] {
        try pipeline(sql, rows) { result, _ throws(DatabaseError) in touchedRows(result) }
    }

    func queryBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [[Row]] {
        try pipeline(sql, rows) { result, statement throws(DatabaseError) in try self.rows(result, statement) }
    }

    func insertBatch(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) {
        _ = try executeBatch(sql, rows)
    }

    func insertBatchReturningIDs(_ sql: String, _ rows: [[SQLValue]]) throws(DatabaseError) -> [Int64] {
        var ids: [Int64] = []
        for rows in try queryBatch(sql + " RETURNING id", rows) {
            guard case .integer(let id) = rows.first?["id"] else { throw .decoding("an INSERT returned no id") }
            ids.append(id)
        }
        return ids
    }

    // MARK: Prepared statements

    private func prepared(_ sql: String, _ values: [SQLValue]) throws(DatabaseError) -> PreparedStatement {
        let known = statements[sql] ?? []
        if let statement = known.first(where: { $0.fits(values) }) { return statement }
        var types = values.map(PostgresType.of)
        if let model = known.last(where: { $0.types.count == types.count }) {
            for (index, type) in types.enumerated() where type == PostgresType.unknown {
                types[index] = model.types[index]
            }
        }
        preparedCount += 1
        let statement = PreparedStatement(name: "s\(preparedCount)", types: types)
        let result = PQprepare(handle, statement.name, sql, Int32(types.count), types)
        defer { PQclear(result) }
        guard PQresultStatus(result) == PGRES_COMMAND_OK else { throw connection.error(result, access: access) }
        statements[sql] = known + [statement]
        return statement
    }

    private func runPrepared(
        _ sql: String, _ values: [SQLValue]
    ) throws(DatabaseError) -> (PreparedStatement, OpaquePointer?) {
        let statement = try prepared(sql, values)
        try parameters.encode(values)
        let result = parameters.withArrays { count, values, lengths, formats in
            PQexecPrepared(handle, statement.name, count, values, lengths, formats, 1)
        }
        guard Self.isSuccess(result) else {
            defer { PQclear(result) }
            throw failure(result)
        }
        return (statement, result)
    }

    /// The error of a prepared statement. A plan that a schema change has outdated is worth another try.
    private func failure(_ result: OpaquePointer?) -> DatabaseError {
        let failure = PostgresFailure(result)
        guard failure.state == "0A000", failure.message.contains("cached plan") else {
            return connection.error(result, access: access)
        }
        mustForgetStatements = true
        return .serialization(failure.message)
    }

    private static func isSuccess(_ result: OpaquePointer?) -> Bool {
        let status = PQresultStatus(result)
        return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK
    }

    // MARK: Pipeline mode

    /// Sends every row in pipeline mode, chunk by chunk, and reads the results in their order.
    ///
    /// libpq reads while it waits to write, so a full socket in both directions does not stop it.
    private func pipeline<Value>(
        _ sql: String, _ rows: [[SQLValue]],
        _ read: (OpaquePointer?, PreparedStatement) throws(DatabaseError) -> Value
    ) throws(DatabaseError) -> [Value] {
        var values: [Value] = []
        values.reserveCapacity(rows.count)
        var start = 0
        while start < rows.count {
            let chunk = rows[start..<min(start + Self.pipelineChunk, rows.count)]
            try pipelineChunk(sql, chunk) { result, statement throws(DatabaseError) in
                values.append(try read(result, statement))
            }
            start += chunk.count
        }
        return values
    }

    private func pipelineChunk(
        _ sql: String, _ rows: ArraySlice<[SQLValue]>,
        _ read: (OpaquePointer?, PreparedStatement) throws(DatabaseError) -> Void
    ) throws(DatabaseError) {
        // Preparing waits for the server, which pipeline mode forbids.
        var prepared: [PreparedStatement] = []
        for values in rows { prepared.append(try self.prepared(sql, values)) }
        guard PQenterPipelineMode(handle) == 1 else { throw connection.error(nil, access: access) }
        var failure: DatabaseError?
        var sent = 0
        do throws(DatabaseError) {
            for (values, statement) in zip(rows, prepared) {
                try send(values, statement)
                sent += 1
            }
        } catch {
            failure = error
        }
        guard PQpipelineSync(handle) == 1 else { throw lost() }
        for statement in prepared.prefix(sent) {
            let result = PQgetResult(handle)
            defer { PQclear(result) }
            do throws(DatabaseError) {
                if Self.isSuccess(result) {
                    if failure == nil { try read(result, statement) }
                } else if PQresultStatus(result) != PGRES_PIPELINE_ABORTED {
                    throw self.failure(result)
                }
            } catch {
                failure = failure ?? error
            }
            if !connection.isAlive { throw failure ?? lost() }
            // Every result is followed by a null pointer.
            while let extra = PQgetResult(handle) { PQclear(extra) }
        }
        try endPipeline()
        if let failure { throw failure }
    }

    private func send(_ values: [SQLValue], _ statement: PreparedStatement) throws(DatabaseError) {
        try parameters.encode(values)
        let isSent = parameters.withArrays { count, values, lengths, formats in
            PQsendQueryPrepared(handle, statement.name, count, values, lengths, formats, 1)
        }
        if isSent != 1 { throw connection.error(nil, access: access) }
    }

    private func endPipeline() throws(DatabaseError) {
        let sync = PQgetResult(handle)
        defer { PQclear(sync) }
        guard PQresultStatus(sync) == PGRES_PIPELINE_SYNC, PQexitPipelineMode(handle) == 1 else { throw lost() }
    }

    private func lost() -> DatabaseError {
        connection.isAlive ? .unavailable("the pipeline is out of step") : connection.error(nil, access: access)
    }

    // MARK: Results

    private func touchedRows(_ result: OpaquePointer?) -> Int {
        // The tag of a SELECT counts rows too, but touches none.
        guard let tag = PQcmdStatus(result), !String(cString: tag).hasPrefix("SELECT") else { return 0 }
        return PQcmdTuples(result).flatMap { Int(String(cString: $0)) } ?? 0
    }

    private func rows(_ result: OpaquePointer?, _ statement: PreparedStatement) throws(DatabaseError) -> [Row] {
        let width = PQnfields(result)
        let height = PQntuples(result)
        guard height > 0 else { return [] }
        let columns = statement.columns ?? describe(result, width, statement)
        var rows: [Row] = []
        rows.reserveCapacity(Int(height))
        for row in 0..<height {
            var values: [SQLValue] = []
            values.reserveCapacity(Int(width))
            for column in 0..<width {
                values.append(try value(result, row, column, statement))
            }
            rows.append(Row(columns: columns, values: values))
        }
        return rows
    }

    private func describe(_ result: OpaquePointer?, _ width: Int32, _ statement: PreparedStatement) -> ColumnTable {
        let columns = ColumnTable((0..<width).map { PQfname(result, $0).map { String(cString: $0) } ?? "" })
        statement.columns = columns
        statement.columnTypes = (0..<width).map { PQftype(result, $0) }
        return columns
    }

    private func value(
        _ result: OpaquePointer?, _ row: Int32, _ column: Int32, _ statement: PreparedStatement
    ) throws(DatabaseError) -> SQLValue {
        if PQgetisnull(result, row, column) == 1 { return .null }
        let bytes = UnsafeRawBufferPointer(
            start: PQgetvalue(result, row, column), count: Int(PQgetlength(result, row, column)))
        let type = statement.columnTypes[Int(column)]
        guard let value = PostgresDecoder.value(bytes, type: type) else {
            throw .decoding("column \(column + 1): type \(type) is not read; cast it in the SQL text")
        }
        return value
    }
}
