// SPDX-License-Identifier: Apache-2.0
// Every way in which a database call can fail, in the terms in which the server reacts to it.
// Messages come from the engine's primary message; they never carry parameter values of ours.

/// What kind of constraint a write ran into.
public enum ConstraintKind: Sendable, Equatable {
    /// UNIQUE or PRIMARY KEY.
    case unique
    case foreignKey
    case notNull
    case check
    /// An exclusion or trigger constraint.
    case other
}

/// A failed database call.
public enum DatabaseError: Error, Sendable, Equatable {
    /// The connection is lost or cannot be made, or the file cannot be opened. Nothing was kept.
    case unavailable(String)
    /// The disk is full. Nothing was kept.
    case full(String)
    /// A lock was not free in time. Nothing was kept.
    case locked(String)
    /// A constraint refused the row. `name` is the engine's name for it (`orders_pkey` on PostgreSQL, `orders.id` or
    /// an empty string on SQLite): good for a log, not for a decision.
    case constraint(kind: ConstraintKind, name: String)
    /// The transaction lost against others as often as it may be retried. Nothing was kept.
    case serialization(String)
    /// The answer to COMMIT never came: the transaction may be kept or not.
    case commitUnknown(String)
    /// Our SQL, or the way it is called, is wrong.
    case invalid(String)
    /// A row does not have the shape that the code expects.
    case decoding(String)

    /// Whether the same call may succeed later; the server answers 503.
    public var isTransient: Bool {
        switch self {
        case .unavailable, .full, .locked, .serialization, .commitUnknown: true
        case .constraint, .invalid, .decoding: false
        }
    }
}
