// SPDX-License-Identifier: Apache-2.0
// Backups refused and backups put in place; what may have been sent in the meantime is marked, and nothing else changes.

import Accounts
import Foundation
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Parley

struct RestoreTests {
    private static let now: Milliseconds = 1_768_478_400_000
    private static let keyText = String(repeating: "07", count: 32)
    private static let ids = (0..<4).map { _ in UUIDv7.next(now: now) }

    /// A database file with: a message that waits, one that is done, one scheduled for later, one scheduled for the past.
    private static func database(node alive: Bool = false, migrations: [Migration] = Schema.migrations)
        async throws -> SQLiteFile
    {
        let path = try DoctorMaterial.folder() + "/parley.db"
        let database = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        try await database.migrate(migrations)
        let secrets = try #require(Hex.decode(keyText).flatMap { SecretBox(masterKey: $0) })
        try await ConfigurationApplier(configuration: try configuration(""), secrets: secrets)
            .apply(to: database, now: now)
        try await database.write { transaction in
            let messages: [(Milliseconds?, Bool)] = [
                (nil, true), (nil, false), (now + 60_000, true), (now - 60_000, true),
            ]
            for (number, (sendAt, hasJob)) in messages.enumerated() {
                try transaction.execute(
                    """
                    INSERT INTO messages (company_id, id, direction, surface, kind, sender, recipient, status, size,
                        gateway, created_at, send_at, expires_at, expects_conversion, duplicate, reserved)
                    VALUES (1, $1, 0, 'sms', 'sms', 'a', 'b', 0, 1, 'DEFAULT', 1, $2, 1, 0, 0, 0)
                    """, [.bytes(ids[number].bytes), SQLValue(sendAt)])
                let key = MessageKey(companyID: 1, id: ids[number])
                if hasJob { try JobStore(transaction).insert([(key, sendAt ?? now, 9)]) }
            }
            try NodeStore(transaction).enter(name: "node-1", lease: 9, lifetime: alive ? 60_000 : -1)
        }
        await database.close()
        return SQLiteFile(path: path)
    }

    private static func restore(_ backup: SQLiteFile, to target: SQLiteFile, key: String = keyText) throws -> Restore {
        Restore(backup: backup, target: target, masterKey: .file(try DoctorMaterial.file(key)), now: now)
    }

    private static func newTarget() throws -> SQLiteFile {
        SQLiteFile(path: try DoctorMaterial.folder() + "/parley.db")
    }

    private static func neighbours(of path: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(
            atPath: URL(filePath: path).deletingLastPathComponent().path
        ).sorted()
    }

    private static func refusal(_ work: () async throws -> Void) async -> String? {
        do {
            try await work()
            return nil
        } catch {
            return OperationFailure.reason(error)
        }
    }

    @Test func `what still has to be sent is marked, what is done or scheduled for later is not`() async throws {
        let backup = try await Self.database(node: true)
        let target = try Self.newTarget()
        let restore = try Self.restore(backup, to: target)
        _ = try await restore.checkBackup()
        try await restore.checkTarget()
        let result = try await restore.run()
        #expect(result.marked == 2)
        #expect(result.aside == nil)
        let marks = try await target.read { transaction in
            try transaction.query("SELECT id, duplicate FROM messages").reduce(into: [UUIDv7: Bool]()) { marks, row in
                let id = try #require(UUIDv7(bytes: try row.bytes("id")))
                marks[id] = try row.bool("duplicate")
            }
        }
        #expect(Self.ids.map { marks[$0] } == [true, false, false, true])
        // The nodes of the backup's time are gone.
        #expect(try await target.read { try NodePresence.alive(in: $0) } == [])
        #expect(try Self.neighbours(of: target.path) == ["parley.db"])
    }

    @Test func `the old database is kept beside the new one`() async throws {
        let (backup, target) = (try await Self.database(), try await Self.database())
        let old = try await target.read { try $0.queryOne("SELECT COUNT(*) AS c FROM messages")?.int("c") }
        let result = try await Self.restore(backup, to: target).run()
        let aside = SQLiteFile(path: try #require(result.aside))
        #expect(aside.path == target.path + ".before-restore-20260115T120000Z")
        #expect(try await aside.read { try $0.queryOne("SELECT COUNT(*) AS c FROM messages")?.int("c") } == old)
        #expect(try await aside.read { try $0.queryOne("SELECT SUM(duplicate) AS c FROM messages")?.int("c") } == 0)
        #expect(try await target.problems() == [])
    }

    @Test func `an older backup is brought up to date`() async throws {
        let backup = try Self.newTarget()
        let database = try await Database.open(.sqlite(path: backup.path), logger: TestDatabase.quiet)
        try await database.migrate(Array(Schema.migrations.dropLast()))
        await database.close()
        let target = try Self.newTarget()
        let restore = try Self.restore(backup, to: target)
        #expect(try await restore.checkBackup().pending.count == 1)
        _ = try await restore.run()
        let history = try await target.read { try MigrationHistory(of: Schema.migrations, in: $0) }
        #expect(history?.pending == [])
        // The backup itself stays as it was.
        #expect(try await restore.checkBackup().pending.count == 1)
    }

    @Test func `a backup of a newer program, with another key, of something else or missing is refused`() async throws {
        let future = Migration(number: 9999, name: "future", statements: ["CREATE TABLE future (a BIGINT)"])
        let newer = try await Self.database(migrations: Schema.migrations + [future])
        let other = try await Self.database()
        let foreign = try Self.newTarget()
        let database = try await Database.open(.sqlite(path: foreign.path), logger: TestDatabase.quiet)
        try await database.write { try $0.execute("CREATE TABLE things (a BIGINT)") }
        await database.close()
        let text = SQLiteFile(path: try DoctorMaterial.file(String(repeating: "words ", count: 300)))
        let missing = SQLiteFile(path: text.path + "x")
        for (backup, key, words) in [
            (newer, Self.keyText, "newer Parley"), (other, String(repeating: "08", count: 32), "master key"),
            (foreign, Self.keyText, "not a Parley database"), (text, Self.keyText, "cannot be used"),
            (missing, Self.keyText, "does not exist"),
        ] {
            let restore = try Self.restore(backup, to: try Self.newTarget(), key: key)
            let refusal = await Self.refusal { _ = try await restore.checkBackup() }
            #expect(refusal?.contains(words) == true, "\(refusal ?? "accepted"), wanted \(words)")
        }
        let same = try Self.restore(other, to: other)
        #expect(await Self.refusal { _ = try await same.checkBackup() }?.contains("itself") == true)
    }

    @Test func `a missing master key is asked for, not made`() async throws {
        let key = try DoctorMaterial.folder() + "/master.key"
        let restore = Restore(
            backup: try await Self.database(), target: try Self.newTarget(), masterKey: .file(key), now: Self.now)
        #expect(await Self.refusal { _ = try await restore.checkBackup() }?.contains("is missing") == true)
        #expect(!FileManager.default.fileExists(atPath: key))
    }

    @Test func `a node that is alive is named, and a database that is open stays`() async throws {
        let backup = try await Self.database()
        let busy = try await Self.database(node: true)
        let refusal = await Self.refusal { try await Self.restore(backup, to: busy).checkTarget() }
        #expect(refusal?.contains("node-1") == true)
        let target = try await Self.database()
        let open = try await Database.open(.sqlite(path: target.path), logger: TestDatabase.quiet)
        let locked = await Self.refusal { _ = try await Self.restore(backup, to: target).run() }
        #expect(locked?.contains("open in another process") == true)
        #expect(try await open.read { try $0.queryOne("SELECT COUNT(*) AS c FROM messages")?.int("c") } == 4)
        await open.close()
        let left = try Self.neighbours(of: target.path).filter { $0.contains("restor") }
        #expect(left == [])
    }

    @Test func `a database that is beyond reading is replaced, and its log never meets the new one`() async throws {
        let backup = try await Self.database()
        let target = try Self.newTarget()
        try Data(repeating: 0x5A, count: 20_000).write(to: URL(filePath: target.path))
        try Data("old log".utf8).write(to: URL(filePath: target.path + "-wal"))
        let restore = try Self.restore(backup, to: target)
        try await restore.checkTarget()
        let result = try await restore.run()
        let aside = try #require(result.aside)
        #expect(try Data(contentsOf: URL(filePath: aside)) == Data(repeating: 0x5A, count: 20_000))
        #expect(!FileManager.default.fileExists(atPath: target.path + "-wal"))
        #expect(try await target.problems() == [])
    }

    @Test func `a log whose database is gone is put aside`() async throws {
        let target = try Self.newTarget()
        try Data("old log".utf8).write(to: URL(filePath: target.path + "-wal"))
        let restore = try Self.restore(try await Self.database(), to: target)
        try await restore.checkTarget()
        #expect(try await restore.run().aside == nil)
        #expect(
            try Self.neighbours(of: target.path) == ["parley.db", "parley.db.before-restore-20260115T120000Z-wal"])
        #expect(try await target.problems() == [])
    }

    @Test func `a backup is made, checked and never half there`() async throws {
        let source = try await Self.database()
        let output = try DoctorMaterial.folder() + "/backup.db"
        func make(replaces: Bool) async throws -> Backup.Result {
            try await Backup(database: source, output: output, replaces: replaces).run { _, work in try await work() }
        }
        #expect(try await make(replaces: false).size == SQLiteFile(path: output).size)
        #expect(await Self.refusal { _ = try await make(replaces: false) }?.contains("--force") == true)
        _ = try await make(replaces: true)
        #expect(try await Self.restore(SQLiteFile(path: output), to: try Self.newTarget()).checkBackup().pending == [])
        let none = Backup(database: SQLiteFile(path: output + "x"), output: output + "y", replaces: false)
        #expect(await Self.refusal { _ = try await none.run { _, work in try await work() } } != nil)
        let lost = Backup(database: source, output: "/nowhere/at/all.db", replaces: false)
        #expect(
            await Self.refusal { _ = try await lost.run { _, work in try await work() } }?.contains("folder") == true)
        #expect(try Self.neighbours(of: output) == ["backup.db"])
    }
}
