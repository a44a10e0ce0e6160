// SPDX-License-Identifier: Apache-2.0
// SQLite result codes (https://sqlite.org/rescode.html) in our terms.

import GRDBSQLite

extension DatabaseError {
    /// The error for an extended result code.
    static func sqlite(_ code: Int32, _ message: String, access: Access) -> DatabaseError {
        switch code & 0xff {
        case SQLITE_FULL: .full(message)
        case SQLITE_BUSY, SQLITE_LOCKED: .locked(message)
        case SQLITE_CONSTRAINT: .constraint(kind: constraintKind(code), name: constraintName(message))
        case SQLITE_READONLY where access == .read: .invalid("a read transaction cannot write: \(message)")
        case SQLITE_READONLY, SQLITE_IOERR, SQLITE_CANTOPEN, SQLITE_CORRUPT, SQLITE_NOTADB, SQLITE_NOMEM, SQLITE_PERM,
            SQLITE_PROTOCOL:
            .unavailable(message)
        default: .invalid(message)
        }
    }

    // The header builds these codes with arithmetic that Swift does not import: primary code | detail << 8.
    private static func constraintKind(_ code: Int32) -> ConstraintKind {
        switch code >> 8 {
        case 8, 6, 10: .unique  // UNIQUE, PRIMARYKEY, ROWID
        case 3: .foreignKey
        case 5: .notNull
        case 1, 12: .check  // CHECK, DATATYPE
        default: .other
        }
    }

    /// What stands behind the colon of "UNIQUE constraint failed: orders.id".
    private static func constraintName(_ message: String) -> String {
        guard let colon = message.firstRange(of: ": ") else { return "" }
        return String(message[colon.upperBound...])
    }
}
