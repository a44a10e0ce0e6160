// SPDX-License-Identifier: Apache-2.0
// A database file copied, checked and read beside whoever writes to it.

import Foundation
import SQL
import SQLTestSupport
import Testing

@Suite struct SQLiteFileTests {
    private static let pairs = Migration(
        number: 1, name: "pairs",
        statements: [
            "CREATE TABLE lefts (n BIGINT NOT NULL PRIMARY KEY)", "CREATE TABLE rights (n BIGINT NOT NULL PRIMARY KEY)",
        ])

    private static func newPath(_ suffix: String = "db") throws -> String {
        try TemporaryFolder.shared.get().newPath(suffix)
    }

    private static func with(_ run: (SQLiteFile, Database) async throws -> Void) async throws {
        let path = try newPath()
        let database = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        try await database.migrate([pairs])
        let result: Result<Void, any Error>
        do { result = .success(try await run(SQLiteFile(path: path), database)) } catch { result = .failure(error) }
        await database.close()
        try result.get()
    }

    private static func insert(_ range: Range<Int>, into database: Database) async throws {
        for number in range {
            try await database.write { transaction in
                try transaction.execute("INSERT INTO lefts (n) VALUES ($1)", [SQLValue(number)])
                try transaction.execute("INSERT INTO rights (n) VALUES ($1)", [SQLValue(number)])
            }
        }
    }

    @Test func `a copy made under load has every commit before it and none by half`() async throws {
        try await Self.with { file, database in
            try await Self.insert(0..<200, into: database)
            let copy = SQLiteFile(path: try Self.newPath("copy"))
            async let load: Void = Self.insert(200..<600, into: database)
            try await file.copy(to: copy)
            try await load
            let (lefts, rights) = try await copy.read { transaction in
                func count(_ table: String) throws -> Int {
                    try transaction.queryOne("SELECT COUNT(*) AS c FROM \(table)")?.int("c") ?? 0
                }
                return (try count("lefts"), try count("rights"))
            }
            #expect(lefts == rights)
            #expect((200...600).contains(lefts))
            #expect(try await copy.problems() == [])
            #expect(!FileManager.default.fileExists(atPath: copy.path + "-wal"))
            let all = try await database.read { try $0.queryOne("SELECT COUNT(*) AS c FROM lefts")?.int("c") }
            #expect(all == 600)
        }
    }

    @Test func `the expected size of a copy is its size`() async throws {
        try await Self.with { file, database in
            try await Self.insert(0..<500, into: database)
            try await database.write { _ = try $0.execute("DELETE FROM lefts WHERE n > 5") }
            let copy = SQLiteFile(path: try Self.newPath("copy"))
            let expected = try await file.expectedCopySize()
            try await file.copy(to: copy)
            #expect(copy.size > 0)
            // A vacuum also joins pages that are half empty.
            #expect(expected >= copy.size && expected <= copy.size * 2)
        }
    }

    @Test func `a database that nobody has open is read and copied too`() async throws {
        let path = try Self.newPath()
        let database = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        try await database.migrate([Self.pairs])
        try await Self.insert(0..<3, into: database)
        await database.close()
        let file = SQLiteFile(path: path)
        #expect(try await file.read { try $0.queryOne("SELECT COUNT(*) AS c FROM lefts")?.int("c") } == 3)
        let copy = SQLiteFile(path: try Self.newPath("it's a copy"))
        try await file.copy(to: copy)
        #expect(try await copy.read { try $0.queryOne("SELECT COUNT(*) AS c FROM rights")?.int("c") } == 3)
    }

    @Test func `reading can change nothing`() async throws {
        try await Self.with { file, _ in
            await #expect(throws: DatabaseError.self) {
                try await file.read { try $0.execute("INSERT INTO lefts (n) VALUES (1)") }
            }
        }
    }

    @Test func `a copy never replaces a file that has something in it`() async throws {
        try await Self.with { file, _ in
            let target = SQLiteFile(path: try Self.newPath("taken"))
            try Data("mine".utf8).write(to: URL(filePath: target.path))
            await #expect(throws: DatabaseError.self) { try await file.copy(to: target) }
            #expect(try Data(contentsOf: URL(filePath: target.path)) == Data("mine".utf8))
        }
    }

    @Test func `a missing file stays missing, and one of something else is refused`() async throws {
        let missing = SQLiteFile(path: try Self.newPath())
        await #expect(throws: DatabaseError.self) { try await missing.problems() }
        #expect(!missing.exists)
        let other = SQLiteFile(path: try Self.newPath("txt"))
        try Data(String(repeating: "not a database at all. ", count: 100).utf8).write(to: URL(filePath: other.path))
        await #expect(throws: DatabaseError.self) { try await other.problems() }
    }

    @Test func `a damaged page is found`() async throws {
        let path = try Self.newPath()
        let database = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        try await database.migrate([Self.pairs])
        try await Self.insert(0..<300, into: database)
        await database.close()
        try await SQLiteFile(path: path).takeOutOfUse()
        let handle = try FileHandle(forUpdating: URL(filePath: path))
        // The pages behind the first hold the tables.
        try handle.seek(toOffset: 4096)
        try handle.write(contentsOf: Data(repeating: 0xFF, count: 8192))
        try handle.close()
        let found: Bool
        do {
            found = try await !SQLiteFile(path: path).problems().isEmpty
        } catch is DatabaseError {
            found = true
        }
        #expect(found)
    }

    @Test func `a database is taken out of use only when nobody has it open, and serves again afterwards`() async throws
    {
        let path = try Self.newPath()
        let file = SQLiteFile(path: path)
        let database = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        try await database.migrate([Self.pairs])
        try await Self.insert(0..<10, into: database)
        let error = await #expect(throws: DatabaseError.self) { try await file.takeOutOfUse() }
        #expect(error?.kind == .locked)
        await database.close()
        try await file.takeOutOfUse()
        #expect(!FileManager.default.fileExists(atPath: path + "-wal"))
        let again = try await Database.open(.sqlite(path: path), logger: TestDatabase.quiet)
        #expect(try await again.read { try $0.queryOne("SELECT COUNT(*) AS c FROM lefts")?.int("c") } == 10)
        #expect(try await again.durabilityProblems() == [])
        await again.close()
    }

    private static func history(of program: [Migration], in database: Database) async throws -> MigrationHistory? {
        try await database.read { transaction in try MigrationHistory(of: program, in: transaction) }
    }

    @Test(arguments: Engine.allCases)
    func `a history says what is pending, unknown and changed`(_ engine: Engine) async throws {
        let second = Migration(number: 2, name: "more", statements: ["CREATE TABLE more (a BIGINT)"])
        let edited = Migration(number: 1, name: "pairs", statements: ["SELECT 1"])
        try await TestDatabase.with(engine) { database in
            let none = try await Self.history(of: [Self.pairs], in: database)
            #expect(none == nil)
            try await database.migrate([Self.pairs])
            for (program, pending, unknown, changed) in [
                ([Self.pairs], [], [], []), ([Self.pairs, second], [2], [], []), ([second], [2], [1], []),
                ([edited], [], [], [1]),
            ] as [([Migration], [Int], [Int], [Int])] {
                let history = try await Self.history(of: program, in: database)
                #expect(history?.pending == pending)
                #expect(history?.unknown == unknown)
                #expect(history?.changed == changed)
                #expect(history?.fits == (unknown.isEmpty && changed.isEmpty))
            }
        }
    }
}
