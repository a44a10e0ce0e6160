// SPDX-License-Identifier: Apache-2.0
// SQLSTATE codes (PostgreSQL manual, appendix A) in our terms. Only the primary message is kept: DETAIL quotes data.

import CLibPQ

/// What a failed PostgreSQL statement says about itself.
struct PostgresFailure: Equatable {
    var state: String
    var message: String
    var constraint = ""
    var table = ""
    var column = ""

    init(state: String, message: String, constraint: String = "", table: String = "", column: String = "") {
        self.state = state
        self.message = message
        self.constraint = constraint
        self.table = table
        self.column = column
    }

    init(_ result: OpaquePointer?) {
        // The letters are those of the protocol's ErrorResponse fields; libpq's macros for them are not imported.
        func field(_ code: Unicode.Scalar) -> String {
            PQresultErrorField(result, Int32(code.value)).map { String(cString: $0) } ?? ""
        }
        state = field("C")
        message = field("M")
        constraint = field("n")
        table = field("t")
        column = field("c")
    }

    /// The error for this SQLSTATE.
    func error(access: Access) -> DatabaseError {
        let text = "\(message) (\(state))"
        switch state {
        case "40001", "40P01": return .serialization(text)
        case "55P03": return .locked(text)
        case "53100": return .full(text)
        case "23505": return .constraint(kind: .unique, name: constraint)
        case "23503": return .constraint(kind: .foreignKey, name: constraint)
        case "23502": return .constraint(kind: .notNull, name: "\(table).\(column)")
        case "23514": return .constraint(kind: .check, name: constraint)
        // The values did not fit the statement: ours to fix, although it stands among the connection failures.
        case "08P01": return .invalid(text)
        case "25006" where access == .read: return .invalid("a read transaction cannot write: \(text)")
        // A standby, after a fail-over; or somebody ended the session or the statement.
        case "25006", "25P03", "57014": return .unavailable(text)
        default: break
        }
        switch state.prefix(2) {
        case "23": return .constraint(kind: .other, name: constraint)
        // Connection, authorisation, resources, operator intervention, system and internal errors.
        case "08", "28", "53", "57", "58", "XX": return .unavailable(text)
        default: return .invalid(text)
        }
    }
}
