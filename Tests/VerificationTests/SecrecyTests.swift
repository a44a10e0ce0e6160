// SPDX-License-Identifier: Apache-2.0
// No code is anywhere but in the message that brings it: not in any column of the database, not in its files, not in what
// is logged or told of a one-time password.

import EngineTestSupport
import Foundation
import Logging
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing

@testable import Verification

struct SecrecyTests {
    /// So unlike anything else that it is nowhere by chance.
    static let code = "q7z0xk41vw"

    @Test(arguments: Engine.allCases)
    func `no column of any table holds a code, whatever becomes of it`(_ engine: Engine) async throws {
        try await withVerifier(engine) { node, verifier in
            let otp = try await verifier.send(
                try request { ($0.code, $0.text) = (Self.code, "Your code is \(Self.code)") }, of: node.acme)
            let submission = try #require(try await node.connector.submissions(count: 1).first)
            #expect(try await node.connector.texts(count: 1) == ["Your code is \(Self.code)"])
            #expect(try await Self.tables(of: node.database, holding: Self.code).isEmpty)
            // The search finds what is there: the number is in several.
            #expect(try await Self.tables(of: node.database, holding: "491701234567").contains("otps"))
            _ = try await verifier.resend(otp.id, via: .voice, of: node.acme)
            #expect(try await node.calls.texts(count: 1)[0] == "Your code is q, 7, z, 0, x, k, 4, 1, v, w")
            #expect(try await Self.tables(of: node.database, holding: Self.code).isEmpty)
            _ = await node.report(submission, .delivered)
            try await node.wait(for: .delivered, of: submission.ticket.key)
            _ = try await verifier.check(otp.id, code: Self.code, of: node.acme)
            #expect(try await Self.tables(of: node.database, holding: Self.code).isEmpty)
            #expect(try await node.count("otps", where: "secret IS NULL AND mark IS NULL") == 1)
            let told = "\(try await verifier.events(otp.id, of: node.acme)) \(otp)"
            #expect(!told.contains(Self.code))
        }
    }

    @Test(arguments: [OTPStatus.tooManyAttempts, .expired, .active])
    func `a code is erased at every end`(_ end: OTPStatus) async throws {
        try await withVerifier(.sqlite) { node, verifier in
            let otp = try await verifier.send(try request { $0.code = Self.code }, of: node.acme)
            #expect(try await node.count("otps", where: "secret IS NOT NULL AND mark IS NOT NULL") == 1)
            switch end {
            case .tooManyAttempts:
                for _ in 0..<3 { _ = try await verifier.check(otp.id, code: "no", of: node.acme) }
            case .expired:
                node.clock.set(otp.expiresAt)
                _ = try await verifier.check(otp.id, code: Self.code, of: node.acme)
            case .active, .verified: try await verifier.delete(otp.id, of: node.acme)
            }
            #expect(try await node.count("otps", where: "status = '\(end.rawValue)'") == 1)
            #expect(try await node.count("otps", where: "secret IS NULL AND mark IS NULL") == 1)
        }
    }

    @Test
    func `neither the database's files nor the log hold a code`() async throws {
        let configuration = try TestDatabase.configuration(.sqlite)
        let path = try #require(configuration.path)
        let lines = LogLines()
        let database = try await Database.open(configuration, logger: lines.logger)
        try await database.migrate(MessagingMigrations.all + Verifier.migrations)
        let node = try await TestNode.start(on: database, logger: lines.logger)
        let verifier = Verifier(engine: node.engine)
        let otp = try await verifier.send(try request { $0.code = Self.code }, of: node.acme)
        _ = try await node.connector.submissions(count: 1)
        _ = try? await verifier.resend(otp.id, via: .voice, of: node.acme)
        _ = try await verifier.check(otp.id, code: "wrong", of: node.acme)
        _ = try await verifier.check(otp.id, code: Self.code, of: node.acme)
        await node.stop()
        let files = [path, path + "-wal"].compactMap { try? Data(contentsOf: URL(filePath: $0)) }
        #expect(files.contains { $0.range(of: Data(otp.number.utf8)) != nil })
        #expect(!files.contains { $0.range(of: Data(Self.code.utf8)) != nil })
        #expect(!lines.all.contains { $0.contains(Self.code) })
        await database.close()
        try TestDatabase.remove(configuration)
    }

    /// The tables with a text or bytes in which `text` occurs.
    private static func tables(of database: Database, holding text: String) async throws -> [String] {
        let needle = Array(text.utf8)
        return try await database.read { transaction in
            let names = try transaction.query(
                transaction.dialect.pick(
                    sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
                    postgres: "SELECT tablename::text AS name FROM pg_tables WHERE schemaname = current_schema()")
            ).map { try $0.text("name") }
            return try names.filter { name in
                try transaction.query("SELECT * FROM \(name)").contains { row in
                    row.columnNames.contains { column in
                        switch row[column] {
                        case .text(let value): value.contains(text)
                        case .bytes(let value): value.firstRange(of: needle) != nil
                        case .null, .integer, .real, .block: false
                        }
                    }
                }
            }
        }
    }
}

/// Keeps every line that is logged, with its metadata.
private final class LogLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "test") { _ in Recorder(lines: self) } }

    private struct Recorder: LogHandler {
        let lines: LogLines
        var metadata: Logger.Metadata = [:]
        var logLevel = Logger.Level.trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = "\(event.message) \(metadata) \(event.metadata ?? [:])"
            lines.lines.withLock { $0.append(line) }
        }
    }
}
