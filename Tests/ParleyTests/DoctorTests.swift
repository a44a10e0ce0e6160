// SPDX-License-Identifier: Apache-2.0
// The doctor's judgements, each on facts made for it, and a whole examination on both databases.

import Accounts
import Foundation
import Messaging
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Parley

struct DoctorTests {
    private static let now: Milliseconds = 1_768_478_400_000
    private static let hour: Milliseconds = 3_600_000
    private static let keyText = String(repeating: "07", count: 32)

    private static func secrets(_ text: String = keyText) throws -> SecretBox {
        try #require(Hex.decode(text).flatMap { SecretBox(masterKey: $0) })
    }

    /// A database to which a configuration was applied with the key of `keyText`.
    private static func applied(_ engine: Engine, _ text: String = "") async throws -> DatabaseConfiguration {
        let place = try TestDatabase.configuration(engine)
        let database = try await Database.open(place, logger: TestDatabase.quiet)
        try await database.migrate(Schema.migrations)
        try await ConfigurationApplier(configuration: try configuration(text), secrets: try secrets())
            .apply(to: database, now: now)
        await database.close()
        return place
    }

    private static func gather(_ place: DatabaseConfiguration, _ key: MasterKeyState) async -> DatabaseFindings {
        await DatabaseFindings.gather(place, key: key, now: now)
    }

    // MARK: The whole

    @Test(arguments: Engine.allCases)
    func `an examination of a deployment that has not been started finds only what is wrong`(
        _ engine: Engine
    ) async throws {
        let place = try await Self.applied(engine)
        let declared =
            switch place {
            case .sqlite(let path, _): "sqlite: \(path)"
            case .postgres(let url, _): "postgres: '\(url)'"
            }
        let report = try await DoctorMaterial.listening { carrier in
            let file = try DoctorMaterial.file(
                """
                database: {\(declared)}
                masterKeyFile: \(try DoctorMaterial.file(Self.keyText))
                http: {port: \(try await DoctorMaterial.closedPort())}
                callbacks: {allowPlainHTTP: true, allowPrivateAddresses: true}
                companies: [{name: A, webhookSecrets: [sixteen-characters],
                    numbers: [{number: 491, inboundURL: "http://127.0.0.1:\(carrier)/a"},
                        {number: 492, inboundURL: "http://127.0.0.1:\(carrier)/a"}]}]
                connectors: [{name: carrier, host: 127.0.0.1, port: \(carrier), systemId: a, password: b}]
                """)
            return await Doctor(file: file, environment: [:]).examine()
        }
        // The tests' PostgreSQL does not flush, and is found out.
        #expect(
            report.checks.filter { $0.outcome == .failure }.map(\.name) == (engine == .sqlite ? [] : ["durability"]))
        #expect(report.isHealthy == (engine == .sqlite))
        let names = report.checks.map(\.name)
        var expected = ["configuration", "master key", "database", "migrations", "durability"]
        if engine == .postgres { expected.append("clock of the database") }
        expected += ["queue", "webhook deliveries"]
        if engine == .sqlite { expected += ["disk of the database", "file system"] }
        expected += ["clock", "open files", "node", "connector carrier", "callback of 491 and 1 more"]
        #expect(names == expected)
        #expect(report.checks.first { $0.name == "node" }?.outcome == .warning)
    }

    @Test func `a wrong file is the one finding, with its line`() async throws {
        let file = try DoctorMaterial.file("node: x\nhttpp: {}\n")
        let report = await Doctor(file: file, environment: [:]).examine()
        #expect(report.checks.map(\.outcome) == [.failure])
        #expect(report.checks.first?.detail.contains(":2: httpp") == true)
        let missing = await Doctor(file: file + "x", environment: [:]).examine()
        #expect(!missing.isHealthy)
    }

    @Test func `a report has a line for each check, advice below, and says FAIL aloud`() throws {
        let report = DoctorReport(checks: [
            .ok("clock", "kept"), .warning("open files", "few", advice: "Raise it."),
            .failure("node", "down", advice: "Start it."),
        ])
        #expect(
            report.text == """
                ok    clock       kept
                warn  open files  few
                                  -> Raise it.
                FAIL  node        down
                                  -> Start it.
                3 checks, 1 warning, 1 failure
                """)
        let json = try JSONValue(parsing: Array(report.json.utf8))
        #expect(json["ok"]?.bool == false)
        #expect(json["checks"]?.array?.map { $0["outcome"]?.string } == ["ok", "warn", "fail"])
        #expect(json["checks"]?.array?.first?["advice"] == nil)
        #expect(DoctorReport(checks: [.warning("a", "b", advice: "c")]).isHealthy)
    }

    @Test func `checks keep their order, and one that hangs is given up without the others`() async {
        let never = AsyncStream<Void>.makeStream()
        let tasks = [
            DoctorTask("hangs", limit: .milliseconds(50)) {
                // Deaf to cancellation, as a system call is.
                await withCheckedContinuation { continuation in
                    never.continuation.onTermination = { _ in continuation.resume() }
                }
                return []
            },
            DoctorTask("first") { [.ok("first", "")] },
            DoctorTask("second") {
                await Task.yield()
                return [.ok("second", ""), .ok("third", "")]
            },
        ]
        let checks = await DoctorRun()(tasks)
        #expect(checks.map(\.name) == ["hangs", "first", "second", "third"])
        #expect(checks.map(\.outcome) == [.failure, .ok, .ok, .ok])
        never.continuation.finish()
    }

    // MARK: Master key

    @Test func `a master key is missing, unreadable, open to others, not the database's, or right`() throws {
        func check(_ path: String, fits: Bool?) -> DoctorCheck {
            DoctorHost.masterKey(.file(path), MasterKeyState(.file(path)), fits: fits)
        }
        let missing = try DoctorMaterial.folder() + "/none.key"
        #expect(check(missing, fits: nil).outcome == .warning)
        #expect(check(missing, fits: false).outcome == .failure)
        #expect(!FileManager.default.fileExists(atPath: missing))
        #expect(check(try DoctorMaterial.file("not a key"), fits: nil).outcome == .failure)
        #expect(check(try DoctorMaterial.file(Self.keyText, mode: 0o640), fits: true).outcome == .failure)
        #expect(check(try DoctorMaterial.file(Self.keyText), fits: false).outcome == .failure)
        #expect(check(try DoctorMaterial.file(Self.keyText), fits: true).outcome == .ok)
        #expect(check(try DoctorMaterial.file(Self.keyText), fits: nil).outcome == .ok)
        let text = Configuration.MasterKeySource.text("short")
        let wrong = DoctorHost.masterKey(text, MasterKeyState(text), fits: nil)
        #expect(wrong.outcome == .failure)
        #expect(!wrong.detail.contains("short"))
    }

    @Test(arguments: Engine.allCases)
    func `a database knows its key, another one, and that one is missing`(_ engine: Engine) async throws {
        let place = try await Self.applied(engine)
        #expect(await Self.gather(place, .usable(try Self.secrets())).keyFits == true)
        let other = try Self.secrets(String(repeating: "08", count: 32))
        #expect(await Self.gather(place, .usable(other)).keyFits == false)
        #expect(await Self.gather(place, .missing(path: "x")).keyFits == false)
    }

    // MARK: Database

    @Test func `a database that is not there is not made`() async throws {
        let folder = try DoctorMaterial.folder()
        let absent = await Self.gather(.sqlite(path: folder + "/parley.db"), .missing(path: "x"))
        #expect(absent.checks.map(\.outcome) == [.warning])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder) == [])
        let nowhere = await Self.gather(.sqlite(path: folder + "/none/parley.db"), .missing(path: "x"))
        #expect(nowhere.checks.map(\.outcome) == [.failure])
    }

    @Test func `a file of something else and a server that is not there fail`() async throws {
        let text = try DoctorMaterial.file(String(repeating: "no database at all\n", count: 100))
        #expect(await Self.gather(.sqlite(path: text), .missing(path: "x")).checks.map(\.outcome) == [.failure])
        let port = try await DoctorMaterial.closedPort()
        let url = "postgres://nobody@127.0.0.1:\(port)/none"
        let findings = await Self.gather(.postgres(url: url), .missing(path: "x"))
        #expect(findings.checks.map(\.outcome) == [.failure])
    }

    @Test(arguments: Engine.allCases)
    func `an empty database, an older one and a newer one are told apart`(_ engine: Engine) async throws {
        let place = try TestDatabase.configuration(engine)
        func found() async -> DoctorCheck? {
            await Self.gather(place, .missing(path: "x")).checks.first { $0.name == "migrations" }
        }
        let database = try await Database.open(place, logger: TestDatabase.quiet)
        #expect(await found()?.outcome == .warning)
        try await database.migrate(Array(Schema.migrations.dropLast()))
        #expect(await found()?.outcome == .warning)
        #expect(await found()?.detail == "1 to be applied")
        let future = Migration(number: 9999, name: "future", statements: ["CREATE TABLE future (a BIGINT)"])
        try await database.migrate(Schema.migrations + [future])
        #expect(await found()?.outcome == .failure)
        await database.close()
    }

    @Test(arguments: Engine.allCases)
    func `waiting messages, given-up deliveries and living nodes are counted`(_ engine: Engine) async throws {
        let place = try await Self.applied(engine)
        let database = try await Database.open(place, logger: TestDatabase.quiet)
        try await database.write { transaction in
            let key = MessageKey(companyID: 1, id: UUIDv7.next(now: Self.now))
            let held = MessageKey(companyID: 1, id: UUIDv7.next(now: Self.now))
            let later = MessageKey(companyID: 1, id: UUIDv7.next(now: Self.now))
            try JobStore(transaction).insert([
                (key, Self.now - 5 * Self.hour, 0), (held, Self.now - Self.hour, 77), (later, Self.now + Self.hour, 0),
            ])
            let deliveries: [(Int, Milliseconds)] = [
                (2, Self.now - Self.hour), (2, Self.now - 50 * Self.hour), (1, Self.now), (0, 0),
            ]
            for (state, done) in deliveries {
                try transaction.execute(
                    """
                    INSERT INTO deliveries (company_id, message_id, webhook_id, event, promise, url, method,
                        content_type, body, state, due_at, lease, attempts, created_at, done_at)
                    VALUES (1, $1, 'x', 'x', 'x', 'x', 'POST', 'x', $1, $2, 1, 0, 0, 1, $3)
                    """,
                    [.bytes(key.id.bytes), SQLValue(state), done == 0 ? .null : .integer(done)])
            }
            try NodeStore(transaction).enter(name: "alive", lease: 5, lifetime: 60_000)
            try NodeStore(transaction).enter(name: "gone", lease: 6, lifetime: -1)
        }
        await database.close()
        let findings = await Self.gather(place, .usable(try Self.secrets()))
        let queue = try #require(findings.checks.first { $0.name == "queue" })
        #expect(queue.outcome == .warning)
        #expect(queue.detail == "2 waiting, the oldest for 5 hours")
        let deliveries = try #require(findings.checks.first { $0.name == "webhook deliveries" })
        #expect(deliveries.outcome == .warning)
        #expect(deliveries.detail == "1 waiting, 2 given up (1 within a day)")
        #expect(findings.nodes.map(\.name) == ["alive"])
    }

    @Test func `a queue that moves and deliveries given up long ago are well`() {
        let moving = DatabaseFindings.Waiting(count: 100_000, oldest: Self.now - 2000)
        #expect(DatabaseFindings.queue(moving, now: Self.now).outcome == .ok)
        #expect(DatabaseFindings.queue(moving, now: Self.now).detail.hasPrefix("100000 or more"))
        #expect(DatabaseFindings.queue(.init(), now: Self.now).detail == "nothing is waiting")
        #expect(DatabaseFindings.deliveries(.init(undelivered: 7)).outcome == .ok)
        #expect(DatabaseFindings.durability(["PostgreSQL: fsync is off"]).outcome == .failure)
    }

    // MARK: Node

    private static let answers: [(NodeProbe.Answer, [String], DoctorCheck.Outcome)] = [
        (.ready, ["a"], .ok), (.ready, ["a", "b"], .ok), (.ready, [], .warning),
        (.notReady(["connectors: no link"]), ["a"], .failure), (.notReady([]), ["b"], .warning),
        (.none("refused"), ["a"], .failure), (.none("refused"), [], .warning), (.none("refused"), ["b"], .warning),
        (.other(404), ["a"], .warning), (.other(200), [], .warning),
    ]

    @Test(arguments: answers)
    func `a node is judged by the database's word and its own`(
        _ answer: NodeProbe.Answer, _ alive: [String], _ outcome: DoctorCheck.Outcome
    ) {
        let nodes = alive.map { NodePresence(name: $0, remaining: 1000) }
        let check = NodeProbe(http: Configuration.HTTP(), node: "a", alive: nodes).judge(answer, at: "url")
        #expect(check.outcome == outcome)
        #expect((check.advice == nil) == (outcome == .ok))
    }

    @Test func `a node is asked on this machine, in the scheme it speaks`() {
        var http = Configuration.HTTP()
        for (host, tls, url) in [
            ("0.0.0.0", false, "http://127.0.0.1:8080/ready"), ("::", true, "https://[::1]:8080/ready"),
            ("fe80::1", false, "http://[fe80::1]:8080/ready"), ("sms.example", true, "https://sms.example:8080/ready"),
        ] {
            http.host = host
            http.tls = tls ? Configuration.TLSFiles(certificate: "a", privateKey: "b") : nil
            #expect(NodeProbe.url(http) == url)
        }
        http.port = 0
        #expect(NodeProbe.url(http) == nil)
    }

    @Test func `an answer of readiness is read, and anything else is another server`() {
        let body = #"{"status":"not ready","checks":[{"name":"a","ok":true},{"name":"b","ok":false,"problem":"down"}]}"#
        #expect(NodeProbe.read(status: 503, body: Array(body.utf8)) == .notReady(["b: down"]))
        #expect(NodeProbe.read(status: 200, body: Array(body.utf8)) == .ready)
        for other in ["", "<html>", "{}", #"{"checks":1}"#] {
            #expect(NodeProbe.read(status: 200, body: Array(other.utf8)) == .other(200))
        }
    }
}
