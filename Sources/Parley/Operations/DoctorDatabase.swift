// SPDX-License-Identifier: Apache-2.0
// The checks of the database, and what it says of nodes, carriers and numbers for the checks that follow. It is opened as
// a node would open it, never made, and nothing in it is changed.

import Accounts
import Foundation
import Logging
import Messaging
import SQL
import Wire

/// What the database had to say.
struct DatabaseFindings: Sendable {
    var checks: [DoctorCheck] = []
    /// Whether the master key is the one of its secrets; nil when that could not be asked, or it knows none yet.
    var keyFits: Bool?
    var nodes: [NodePresence] = []
    var connectors: [ConnectorSettings] = []
    var channels: [MessagingChannel] = []

    static let limit = Duration.seconds(8)

    static func gather(
        _ configuration: DatabaseConfiguration, key: MasterKeyState, now: Milliseconds
    ) async -> DatabaseFindings {
        if case .sqlite(let path, _) = configuration, let check = absence(path) {
            return DatabaseFindings(checks: [check])
        }
        let findings = await Bounded.run(limit) {
            var findings = DatabaseFindings()
            await findings.look(configuration, key: key, now: now)
            return findings
        }
        return findings
            ?? DatabaseFindings(checks: [
                .failure(
                    "database", "no answer within \(limit.components.seconds) s", advice: advice(configuration)
                )
            ])
    }

    /// What is wrong before there is a file to open.
    private static func absence(_ path: String) -> DoctorCheck? {
        let folder = URL(filePath: path).deletingLastPathComponent().path
        guard DiskSpace(ofFolder: folder) != nil else {
            return .failure(
                "database", "\(folder) is not a folder", advice: "Make it, owned by the user that the server runs as.")
        }
        guard !FileManager.default.fileExists(atPath: path) else { return nil }
        return .warning(
            "database", "\(path) does not exist yet",
            advice: "The first start makes it. If there should be one, the path is wrong: relative ones begin at the "
                + "folder in which the server is started.")
    }

    private static func advice(_ configuration: DatabaseConfiguration) -> String {
        switch configuration {
        case .sqlite:
            "Look at the file's owner and mode; if it is damaged, 'parley restore' puts a backup in its place."
        case .postgres: "Look whether PostgreSQL runs, and at host, user and password of database.postgres."
        }
    }

    private mutating func look(_ configuration: DatabaseConfiguration, key: MasterKeyState, now: Milliseconds) async {
        let database: Database
        do {
            let small: DatabaseConfiguration =
                switch configuration {
                case .sqlite(let path, _): .sqlite(path: path, readers: 1)
                case .postgres(let url, _): .postgres(url: url, connections: 1)
                }
            var logger = Logger(label: "doctor") { _ in SwiftLogNoOpLogHandler() }
            logger.logLevel = .critical
            database = try await Database.open(small, logger: logger)
        } catch {
            checks = [
                .failure("database", OperationFailure.reason(error), advice: Self.advice(configuration))
            ]
            return
        }
        do {
            try await examine(database, configuration, key: key, now: now)
        } catch {
            checks.append(.failure("database", OperationFailure.reason(error), advice: Self.advice(configuration)))
        }
        await database.close()
    }

    private mutating func examine(
        _ database: Database, _ configuration: DatabaseConfiguration, key: MasterKeyState, now: Milliseconds
    ) async throws {
        let history = try await database.read { try MigrationHistory(of: Schema.migrations, in: $0) }
        checks.append(.ok("database", Self.name(of: configuration)))
        checks.append(Self.migrations(history))
        checks.append(Self.durability(try await database.durabilityProblems()))
        if case .postgres = configuration { checks.append(try await Self.clock(of: database)) }
        // Of a schema that is not this program's nothing more can be asked.
        guard let history, history.fits, history.pending.isEmpty else { return }
        let facts = try await database.read { try Facts($0, key: key, now: now) }
        (keyFits, nodes, connectors, channels) = (facts.keyFits, facts.nodes, facts.connectors, facts.channels)
        checks.append(Self.queue(facts.waiting, now: now))
        checks.append(Self.deliveries(facts.deliveries))
    }

    private static func name(of configuration: DatabaseConfiguration) -> String {
        switch configuration {
        case .sqlite(let path, _): "SQLite, \(path), \(Amount.bytes(SQLiteFile(path: path).size))"
        case .postgres: "PostgreSQL"
        }
    }

    private static func clock(of database: Database) async throws -> DoctorCheck {
        let before = Timestamp.now()
        let there = try await database.read { transaction in
            try transaction.queryOne("SELECT \(transaction.dialect.nowMilliseconds) AS now")?.int64("now") ?? 0
        }
        let after = Timestamp.now()
        return DoctorHost.databaseClock(offset: there - (before + after) / 2, roundTrip: after - before)
    }
}

extension DatabaseFindings {
    /// Work that is due.
    struct Waiting: Sendable, Equatable {
        /// At most `mostCounted`.
        var count = 0
        var oldest: Milliseconds?
    }

    struct Deliveries: Sendable, Equatable {
        var overdue = Waiting()
        /// Given up within the last day, and at all.
        var lately = 0
        var undelivered = 0
    }

    /// Beyond it a count costs more than it says.
    static let mostCounted = 100_000

    static func migrations(_ history: MigrationHistory?) -> DoctorCheck {
        let name = "migrations"
        guard let history else {
            return .warning(name, "the database is empty", advice: "The first start makes its tables.")
        }
        if let number = history.unknown.last {
            return .failure(
                name, "the database has migration \(number), which this program does not know",
                advice: "It belongs to a newer Parley: install that one, or restore a backup from before the upgrade.")
        }
        if let number = history.changed.first {
            return .failure(
                name, "migration \(number) is not the one that was applied",
                advice: "This program was not made from a release, or the database is another product's.")
        }
        guard history.pending.isEmpty else {
            return .warning(
                name, "\(history.pending.count) to be applied",
                advice: "The next start applies them. Take a backup first: an older program cannot go on afterwards.")
        }
        return .ok(name, "up to date")
    }

    static func durability(_ problems: [String]) -> DoctorCheck {
        guard !problems.isEmpty else { return .ok("durability", "commits are on disk") }
        return .failure(
            "durability", problems.joined(separator: "; "),
            advice: "Switch it on: until then a power failure loses messages that were answered with 200.")
    }

    static func queue(_ waiting: Waiting, now: Milliseconds) -> DoctorCheck {
        guard let oldest = waiting.oldest else { return .ok("queue", "nothing is waiting") }
        let age = now - oldest
        let detail = "\(counted(waiting.count)) waiting, the oldest for \(Amount.age(age))"
        guard age > 60_000 else { return .ok("queue", detail) }
        return .warning(
            "queue", detail,
            advice: "Look at the connectors below: none is up for their route, or the carrier takes less than is sent.")
    }

    static func deliveries(_ deliveries: Deliveries) -> DoctorCheck {
        let detail =
            "\(counted(deliveries.overdue.count)) waiting, \(counted(deliveries.undelivered)) given up"
            + (deliveries.lately > 0 ? " (\(counted(deliveries.lately)) within a day)" : "")
        guard deliveries.lately == 0 else {
            return .warning(
                "webhook deliveries", detail,
                advice: "Tell the owners of the URLs; 'parley deliveries replay' sends them again.")
        }
        return .ok("webhook deliveries", detail)
    }

    private static func counted(_ count: Int) -> String {
        count >= mostCounted ? "\(mostCounted) or more" : String(count)
    }

    private struct Facts: Sendable {
        var keyFits: Bool?
        let nodes: [NodePresence]
        var connectors: [ConnectorSettings] = []
        var channels: [MessagingChannel] = []
        var waiting = Waiting()
        var deliveries = Deliveries()

        init(_ transaction: Transaction, key: MasterKeyState, now: Milliseconds) throws {
            nodes = try NodePresence.alive(in: transaction)
            // A database that was never sealed has no opinion; one that was knows that the key is missing.
            let marker = try transaction.queryOne("SELECT 1 AS found FROM settings WHERE name = 'master_key_check'")
            keyFits = marker == nil ? nil : false
            // Nothing is opened here but connectors' secrets; channels need no key.
            let any = SecretBox(masterKey: SecretBox.generateMasterKey())
            if case .usable(let secrets) = key {
                keyFits = try MasterKey.fits(secrets, transaction)
                if keyFits != false {
                    connectors = try RoutingStore(transaction, secrets: secrets).connectors()
                }
            }
            if let any { channels = try RoutingStore(transaction, secrets: any).channels() }
            waiting = try Self.waiting(transaction, now: now)
            deliveries = try Self.deliveries(transaction, now: now)
        }

        private static func waiting(_ transaction: Transaction, now: Milliseconds) throws -> Waiting {
            // Each half stays within a partial index; what nodes hold in memory is bounded.
            let free = try transaction.queryOne(
                """
                SELECT COUNT(*) AS n, MIN(due_at) AS oldest FROM (SELECT due_at FROM jobs
                    WHERE lease = 0 AND due_at <= $1 ORDER BY due_at LIMIT $2) AS due
                """, [.integer(now), SQLValue(mostCounted)])
            let held = try transaction.queryOne(
                """
                SELECT COUNT(*) AS n, MIN(due_at) AS oldest FROM (SELECT due_at FROM jobs
                    WHERE lease <> 0 LIMIT $2) AS held WHERE due_at <= $1
                """, [.integer(now), SQLValue(mostCounted)])
            let oldest = [try free?.int64OrNil("oldest"), try held?.int64OrNil("oldest")].compactMap { $0 }.min()
            return Waiting(count: try (free?.int("n") ?? 0) + (held?.int("n") ?? 0), oldest: oldest)
        }

        private static func deliveries(_ transaction: Transaction, now: Milliseconds) throws -> Deliveries {
            let overdue = try transaction.queryOne(
                """
                SELECT COUNT(*) AS n, MIN(due_at) AS oldest FROM (SELECT due_at FROM deliveries
                    WHERE state = 0 AND lease = 0 AND smpp_account_id IS NULL AND due_at <= $1 LIMIT $2) AS due
                """, [.integer(now), SQLValue(mostCounted)])
            let givenUp = try transaction.queryOne(
                """
                SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN done_at >= $1 THEN 1 ELSE 0 END), 0) AS lately
                FROM (SELECT done_at FROM deliveries WHERE state = 2 LIMIT $2) AS given_up
                """, [.integer(now - 86_400_000), SQLValue(mostCounted)])
            return Deliveries(
                overdue: Waiting(count: try overdue?.int("n") ?? 0, oldest: try overdue?.int64OrNil("oldest")),
                lately: try givenUp?.int("lately") ?? 0, undelivered: try givenUp?.int("n") ?? 0)
        }
    }
}
