// SPDX-License-Identifier: Apache-2.0
// What is set for SQLite as a whole, before its first use in the process.

import CSQLiteConfig

enum SQLiteSettings {
    /// Whether the settings hold; evaluated once. They do not in a process that used SQLite before, which costs time alone.
    static let areApplied = parley_sqlite_without_memory_statistics() == 0
}
