// SPDX-License-Identifier: Apache-2.0
// A throw-away PostgreSQL server in a temporary folder: no TCP port, no password, gone with the test process.
// Started as root it runs as the user `postgres` (PostgreSQL refuses root), otherwise as the current user.

import CLibPQ
import Foundation
import Synchronization

/// A PostgreSQL server of the tests' own.
public final class TestPostgres: Sendable {
    /// The failure to start a server or to run a statement on it.
    public struct Failure: Error, CustomStringConvertible {
        public let description: String
    }

    /// One server for the whole process, fast because it never syncs; started on first use.
    public static func shared() throws -> TestPostgres { try fast.get() }

    private static let fast = Result { try TestPostgres(durable: false) }

    private let folder: String
    private let process: GuardedProcess
    private let created = Mutex(0)
    private let free = Mutex<[String]>([])

    /// Starts another server; `durable` leaves `fsync` and its kin on.
    public init(durable: Bool) throws {
        folder = "\(NSTemporaryDirectory().trimmingSuffix("/"))/parley-pg-\(getpid())-\(UInt32.random(in: 0 ... .max))"
        let settings = durable ? "" : "fsync = off\nsynchronous_commit = off\nfull_page_writes = off\n"
        do {
            process = try GuardedProcess(Self.script, [folder, settings])
        } catch {
            throw Failure(description: "cannot start PostgreSQL: \(error)")
        }
    }

    /// A libpq URI of `database` on this server.
    public func url(of database: String) -> String { "postgresql://postgres@/\(database)?host=\(folder)" }

    /// An empty database: one that a test gave back, or a new one. Returns its name.
    public func takeDatabase() throws -> String {
        if let name = free.withLock({ $0.popLast() }) { return name }
        return try createDatabase()
    }

    /// Empties a database and keeps it for the next test: that takes 10 ms where a new one takes 200.
    public func giveBack(_ name: String) throws {
        try run(
            """
            SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid();
            DROP SCHEMA public CASCADE;
            CREATE SCHEMA public
            """, in: name)
        free.withLock { $0.append(name) }
    }

    /// Creates an empty database. Returns its name.
    public func createDatabase() throws -> String {
        let number = created.withLock { count in
            count += 1
            return count
        }
        try run("CREATE DATABASE test_\(number)")
        return "test_\(number)"
    }

    /// Drops a database and ends the sessions in it.
    public func dropDatabase(_ name: String) throws {
        try run("DROP DATABASE IF EXISTS \(name) WITH (FORCE)")
    }

    /// Stops the server and removes its folder; otherwise that happens when the process ends.
    public func stop() { process.stop() }

    /// Runs SQL text outside of any transaction of a test's.
    public func run(_ sql: String, in database: String = "postgres") throws {
        let connection = PQconnectdb(url(of: database))
        // Notices would go to the standard error output.
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        defer { PQfinish(connection) }
        let result = PQexec(connection, sql)
        defer { PQclear(result) }
        guard [PGRES_COMMAND_OK, PGRES_TUPLES_OK].contains(PQresultStatus(result)) else {
            throw Failure(description: PQerrorMessage(connection).map { String(cString: $0) } ?? "no connection")
        }
    }

    private static let script = """
        exec 2>&1
        set -e
        folder=$1
        for bin in /usr/lib/postgresql/*/bin; do :; done
        [ -x "$bin/initdb" ] || bin=$(pg_config --bindir)
        as_server() { if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi; }
        clean() {
            trap - EXIT
            as_server "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
            rm -rf "$folder"
        }
        trap clean EXIT
        trap : INT TERM HUP PIPE
        mkdir -m 700 "$folder"
        [ "$(id -u)" != 0 ] || chown postgres: "$folder"
        cd "$folder"
        as_server "$bin/initdb" -D data -A trust -U postgres -E UTF8 --locale=C.UTF-8 -N >/dev/null
        printf '%s\\nlisten_addresses = %s\\nunix_socket_directories = %s\\nmax_connections = 400\\n' \
            "$2" "''" "'$folder'" >> data/postgresql.conf
        as_server "$bin/pg_ctl" -D data -w -l "$folder/log" start >/dev/null || { cat "$folder/log"; exit 1; }
        echo ready
        exec >/dev/null 2>&1
        cat >/dev/null || true
        """
}

extension String {
    fileprivate func trimmingSuffix(_ suffix: String) -> String {
        hasSuffix(suffix) ? String(dropLast(suffix.count)) : self
    }
}
