// SPDX-License-Identifier: Apache-2.0
// A numbered change of the schema, never edited after it has landed: its text is checksummed where it was applied.

/// One numbered change of the schema.
///
/// Statements share one text; these tokens stand for what differs:
/// - `{{id}}`: the type of a self-numbering primary key column
/// - `{{clustered}}`: after the closing parenthesis of a table, "stored in its primary key" where that exists
/// - `{{xid}}`: the DEFAULT clause of a BIGINT column that records the inserting transaction (0 on SQLite)
/// - `{{now}}`: the database's clock in ms (`Dialect.nowMilliseconds`)
///
/// A statement that begins with `--sqlite` or `--postgres` runs on that engine only.
public struct Migration: Sendable {
    public let number: Int
    public let name: String
    public let statements: [String]

    /// - Parameters:
    ///   - number: positive and unique; migrations run in its order
    ///   - name: a few words, recorded beside the number
    ///   - statements: one SQL statement each, without parameters
    public init(number: Int, name: String, statements: [String]) {
        self.number = number
        self.name = name
        self.statements = statements
    }

    /// 64-bit FNV-1a over the statements as written, in hexadecimal. It finds edits, not attacks.
    var checksum: String {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for statement in statements {
            for byte in statement.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
            hash = (hash ^ 0) &* 0x100_0000_01b3
        }
        return String(hash, radix: 16)
    }

    /// The statements for `dialect`, with every token replaced.
    func statements(for dialect: Dialect) throws(DatabaseError) -> [String] {
        var result: [String] = []
        for statement in statements {
            let own = dialect.pick(sqlite: "--sqlite", postgres: "--postgres")
            let other = dialect.pick(sqlite: "--postgres", postgres: "--sqlite")
            let trimmed = statement.drop { $0.isWhitespace }
            if trimmed.hasPrefix(other) { continue }
            let text = trimmed.hasPrefix(own) ? String(trimmed.dropFirst(own.count)) : String(trimmed)
            let expanded = Self.expand(text, for: dialect)
            if expanded.contains("{{") { throw .invalid("migration \(number): unknown token in: \(statement)") }
            result.append(expanded)
        }
        return result
    }

    private static func expand(_ text: String, for dialect: Dialect) -> String {
        let transaction = dialect.pick(
            sqlite: "DEFAULT 0", postgres: "DEFAULT (pg_current_xact_id()::text::bigint)")
        let tokens = [
            (
                "{{id}}",
                dialect.pick(
                    sqlite: "INTEGER PRIMARY KEY AUTOINCREMENT",
                    postgres: "BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY")
            ),
            ("{{clustered}}", dialect.pick(sqlite: "WITHOUT ROWID", postgres: "")),
            ("DEFAULT {{xid}}", transaction),
            ("{{xid}}", transaction),
            ("{{now}}", dialect.nowMilliseconds),
        ]
        return tokens.reduce(text) { $0.replacing($1.0, with: $1.1) }
    }
}
