// SPDX-License-Identifier: Apache-2.0
// The settings without which "committed" does not mean "on disk".

/// Looks for settings that make a commit less than durable.
enum Durability {
    static func sqliteProblems(_ transaction: Transaction) throws -> [String] {
        sqliteProblems(
            synchronous: try transaction.queryOne("PRAGMA synchronous")?.int64("synchronous") ?? 0,
            journalMode: try transaction.queryOne("PRAGMA journal_mode")?.text("journal_mode") ?? "")
    }

    static func sqliteProblems(synchronous: Int64, journalMode: String) -> [String] {
        var problems: [String] = []
        // 1 is NORMAL, with which checkpoints are safe; commits are brought to disk by `LogSync`.
        if synchronous < 1 { problems.append("SQLite: synchronous is OFF") }
        if journalMode != "wal" { problems.append("SQLite: journal_mode is not WAL") }
        return problems
    }

    static func postgresProblems(_ transaction: Transaction) throws -> [String] {
        try ["fsync", "synchronous_commit", "full_page_writes"].filter { setting in
            try transaction.queryOne("SELECT current_setting($1) AS value", [.text(setting)])?.text("value") == "off"
        }.map { "PostgreSQL: \($0) is off" }
    }
}
