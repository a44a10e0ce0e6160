// SPDX-License-Identifier: Apache-2.0
// SQLite's process-wide settings, whose C function takes a variable number of arguments, which Swift cannot call.

#ifndef PARLEY_CSQLITECONFIG_H
#define PARLEY_CSQLITECONFIG_H

#include <sqlite3.h>

/// Stops SQLite from counting the memory that it uses: each allocation would take a lock that all threads share.
/// SQLITE_OK, or SQLITE_MISUSE when SQLite is in use already.
static inline int parley_sqlite_without_memory_statistics(void) {
    return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

#endif
