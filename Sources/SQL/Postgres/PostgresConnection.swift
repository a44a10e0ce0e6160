// SPDX-License-Identifier: Apache-2.0
// One libpq connection, used in blocking mode by the one thread that owns it. Closing is the end of its life.

import CLibPQ

/// A live connection to a PostgreSQL server.
final class PostgresConnection {
    let handle: OpaquePointer

    /// What every session starts with. Prepared statements keep their plan, and one that was made while a table was new and
    /// empty would scan it from end to end ever after: an index is taken wherever there is one.
    private static let session = "-c lock_timeout=10000 -c enable_seqscan=off -c jit=off"

    /// Used unless the connection string says otherwise; whatever stands after `dbname` in libpq's list wins over it.
    private static let defaults = [
        ("fallback_application_name", "parley"), ("connect_timeout", "5"),
        ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "30000"), ("options", session),
    ]

    /// Connects, waiting for at most `connect_timeout`.
    init(url: String) throws(DatabaseError) {
        let settings = Self.defaults + [("dbname", url), ("client_encoding", "UTF8")]
        let connection = Self.withCStrings(settings.map(\.0)) { keywords in
            Self.withCStrings(settings.map(\.1)) { values in
                PQconnectdbParams(keywords, values, 1)
            }
        }
        guard let connection else { throw .unavailable("out of memory") }
        guard PQstatus(connection) == CONNECTION_OK else {
            let message = Self.message(of: connection)
            PQfinish(connection)
            throw .unavailable(message)
        }
        handle = connection
        // Notices (such as "relation exists, skipping") would go to the standard error output.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
    }

    deinit { PQfinish(handle) }

    var isAlive: Bool { PQstatus(handle) == CONNECTION_OK }

    /// Whether a transaction block is open, failed or not.
    var hasTransaction: Bool {
        switch PQtransactionStatus(handle) {
        case PQTRANS_INTRANS, PQTRANS_INERROR, PQTRANS_ACTIVE: true
        default: false
        }
    }

    /// Whether the connection is fit for a new transaction.
    var isIdle: Bool { isAlive && PQtransactionStatus(handle) == PQTRANS_IDLE }

    /// Sends text by the simple protocol. Returns the command tag, such as `COMMIT`.
    func command(_ sql: String, access: Access) throws(DatabaseError) -> String {
        let result = PQexec(handle, sql)
        defer { PQclear(result) }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK: return PQcmdStatus(result).map { String(cString: $0) } ?? ""
        default: throw error(result, access: access)
        }
    }

    /// The error behind a result that is not a success.
    func error(_ result: OpaquePointer?, access: Access) -> DatabaseError {
        guard isAlive else { return .unavailable(Self.message(of: handle)) }
        if PQresultStatus(result) == PGRES_EMPTY_QUERY { return .invalid("an empty statement") }
        let failure = PostgresFailure(result)
        // Without a SQLSTATE the message is libpq's own, about the connection.
        return failure.state.isEmpty ? .unavailable(Self.message(of: handle)) : failure.error(access: access)
    }

    /// libpq's last message in one line; it names hosts and users but no password.
    private static func message(of connection: OpaquePointer) -> String {
        guard let message = PQerrorMessage(connection) else { return "no connection" }
        let lines = String(cString: message).split(whereSeparator: \.isNewline)
        return lines.joined(separator: "; ").replacing("\t", with: "")
    }

    /// Lends out a NULL-terminated array of C strings.
    private static func withCStrings<R>(_ strings: [String], _ body: (UnsafePointer<UnsafePointer<CChar>?>?) -> R) -> R
    {
        var bytes: [CChar] = []
        var offsets: [Int] = []
        for string in strings {
            offsets.append(bytes.count)
            bytes.append(contentsOf: string.utf8CString)
        }
        return bytes.withUnsafeBufferPointer { buffer in
            var pointers: [UnsafePointer<CChar>?] = offsets.map { buffer.baseAddress?.advanced(by: $0) }
            pointers.append(nil)
            return pointers.withUnsafeBufferPointer { body($0.baseAddress) }
        }
    }
}
