// SPDX-License-Identifier: Apache-2.0
// The two SQL dialects and the few expressions in which they differ.
// Everything else is one text for both: `$1` placeholders, `ON CONFLICT`, `RETURNING`, and the column types
// BIGINT, TEXT, BYTEA and DOUBLE PRECISION.

/// The language of the engine behind a `Database`.
public enum Dialect: Sendable {
    case sqlite
    case postgres

    /// The text for this dialect, where the two cannot share one.
    public func pick(sqlite: String, postgres: String) -> String {
        switch self {
        case .sqlite: sqlite
        case .postgres: postgres
        }
    }

    /// An SQL expression: the database's clock in whole milliseconds since 1970, fixed for one statement.
    ///
    /// It is stable within a statement on both engines, so a comparison with it can use an index.
    public var nowMilliseconds: String {
        pick(
            // SQLite keeps its clock in ms; the double holds it to 0.05 ms, hence the rounding.
            sqlite: "CAST(ROUND((julianday('now') - 2440587.5) * 86400000.0) AS INTEGER)",
            postgres: "FLOOR(EXTRACT(EPOCH FROM statement_timestamp()) * 1000)::bigint"
        )
    }
}
