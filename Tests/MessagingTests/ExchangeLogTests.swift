// SPDX-License-Identifier: Apache-2.0
// The ring of what connectors and carriers said to each other, and the files that are made of it.

import EngineTestSupport
import Foundation
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import Messaging

@Suite struct ExchangeLogTests {
    /// A record that counts how often it was put into words.
    private struct Note: ExchangeRecord {
        let number: Int
        let described: ExchangeText

        init(_ number: Int) {
            self.number = number
            described = ExchangeText(what: "note", status: nil, fields: ["number": .integer(Int64(number))])
        }
    }

    private static func numbers(_ entries: [Exchange]) -> [Int64] {
        entries.compactMap { $0.text.fields["number"]?.int64 }
    }

    private static func fill(_ log: ExchangeLog, _ numbers: ClosedRange<Int>) {
        for number in numbers { log.record(Note(number), .sent, bind: 0, at: Milliseconds(number)) }
    }

    @Test func `the newest entries stay and keep their numbers`() {
        let log = ExchangeLog(capacity: 5, now: 1)
        #expect(log.entries().isEmpty)
        Self.fill(log, 1...3)
        #expect(Self.numbers(log.entries()) == [1, 2, 3])
        Self.fill(log, 4...12)
        let entries = log.entries()
        #expect(Self.numbers(entries) == [8, 9, 10, 11, 12])
        #expect(entries.map(\.sequence) == [1007, 1008, 1009, 1010, 1011])
        #expect(entries.map(\.at) == [8, 9, 10, 11, 12])
    }

    @Test(
        arguments: [
            (nil, 2, [11, 12]), (nil, 0, []), (nil, 100, [8, 9, 10, 11, 12]), (0, 2, [8, 9]), (1007, 2, [9, 10]),
            (1008, 100, [10, 11, 12]), (1011, 5, []), (99_999, 5, []), (Int64.max, 5, []), (-5, 1, [8]),
        ] as [(Int64?, Int, [Int64])])
    func `a follower gets what comes behind its last entry`(_ after: Int64?, _ limit: Int, _ expected: [Int64]) {
        let log = ExchangeLog(capacity: 5, now: 1)
        Self.fill(log, 1...12)
        #expect(Self.numbers(log.entries(after: after, limit: limit)) == expected)
    }

    @Test func `many tasks at once lose nothing`() async {
        let log = ExchangeLog(capacity: 10_000, now: 1)
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for number in 1...1000 { log.record(Note(task * 1000 + number), .received, bind: task, at: 0) }
                }
            }
        }
        #expect(Set(Self.numbers(log.entries())) == Set(1...8000))
        #expect(log.nextSequence == 9000)
    }

    @Test func `an entry is one JSON object`() {
        let log = ExchangeLog(now: 1)
        log.record(Note(7), .received, bind: nil, at: TestClock.start)
        var writer = JSONWriter()
        for entry in log.entries() { entry.write(to: &writer) }
        #expect(
            writer.text
                == #"{"sequence":1000,"at":"2026-01-15T12:00:00Z","direction":"received","what":"note","#
                + #""fields":{"number":7}}"#)
    }

    // MARK: Files

    /// A connector of which only the log is used.
    private static func connector(_ name: String) -> FakeConnector { FakeConnector(id: 1, name: name, sink: nil) }

    private static func withFolder(_ body: (String) async throws -> Void) async throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("parley-exchanges-\(UUID())").path
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await body(folder)
    }

    private static func lines(_ path: String) throws -> [JSONValue] {
        try String(contentsOfFile: path, encoding: .utf8).split(separator: "\n").map { try JSONValue(parsing: $0.utf8) }
    }

    @Test func `entries are appended to the connector's file, also over a restart`() async throws {
        try await Self.withFolder { folder async throws in
            let connector = Self.connector("carrier/1")
            let log = try #require(connector.exchanges)
            for round in 0..<2 {
                let files = ExchangeFiles(options: .init(folder: folder), logger: TestDatabase.quiet) { [connector] }
                Self.fill(log, (round * 3 + 1)...(round * 3 + 3))
                files.flush()
                files.flush()
            }
            // The second service starts at the ring's beginning: what it finds there is written once more.
            let lines = try Self.lines(folder + "/carrier%2f1.jsonl")
            #expect(lines.compactMap { $0["fields"]?["number"]?.int64 } == [1, 2, 3, 1, 2, 3, 4, 5, 6])
        }
    }

    @Test func `what was overwritten before it was read is counted`() async throws {
        try await Self.withFolder { folder async throws in
            let connector = Self.connector("c")
            let log = try #require(connector.exchanges)
            let files = ExchangeFiles(options: .init(folder: folder), logger: TestDatabase.quiet) { [connector] }
            Self.fill(log, 1...(log.capacity + 20))
            files.flush()
            let lines = try Self.lines(folder + "/c.jsonl")
            #expect(lines.first?["dropped"]?.int64 == 20)
            #expect(lines.count == log.capacity + 1)
        }
    }

    @Test func `a file that is full is put aside and only some are kept`() async throws {
        try await Self.withFolder { folder async throws in
            let connector = Self.connector("c")
            let log = try #require(connector.exchanges)
            var options = ExchangeFiles.Options(folder: folder)
            options.maximumSize = 250
            options.keptFiles = 2
            let files = ExchangeFiles(options: options, logger: TestDatabase.quiet) { [connector] }
            for number in 1...10 {
                Self.fill(log, number...number)
                files.flush()
            }
            let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
            #expect(names == ["c.1.jsonl", "c.2.jsonl", "c.jsonl"])
            let kept = try ["c.2", "c.1", "c"].flatMap { try Self.lines(folder + "/\($0).jsonl") }
            #expect(kept.compactMap { $0["fields"]?["number"]?.int64 } == [5, 6, 7, 8, 9, 10])
        }
    }

    @Test func `a folder that cannot be written costs nothing but its entries`() async throws {
        try await Self.withFolder { folder async throws in
            let connector = Self.connector("c")
            let log = try #require(connector.exchanges)
            let blocked = folder + "/file"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            _ = FileManager.default.createFile(atPath: blocked, contents: nil)
            let files = ExchangeFiles(options: .init(folder: blocked), logger: TestDatabase.quiet) { [connector] }
            Self.fill(log, 1...3)
            files.flush()
            files.flush()
            try FileManager.default.removeItem(atPath: blocked)
            files.flush()
            #expect(try Self.lines(blocked + "/c.jsonl").count == 3)
        }
    }

    @Test func `the service writes what is left when it is stopped`() async throws {
        try await Self.withFolder { folder async throws in
            let connector = Self.connector("c")
            let log = try #require(connector.exchanges)
            var options = ExchangeFiles.Options(folder: folder)
            options.interval = .seconds(3600)
            let files = ExchangeFiles(options: options, logger: TestDatabase.quiet) { [connector] }
            let running = Task { await files.run() }
            Self.fill(log, 1...3)
            files.stop()
            await running.value
            #expect(try Self.lines(folder + "/c.jsonl").count == 3)
        }
    }
}
