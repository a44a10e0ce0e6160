// SPDX-License-Identifier: Apache-2.0
// A node that dies in the middle of an echo: wherever that is, the next one brings the message to its end, and its reply
// comes once.

import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import Connectors

/// Passes everything on until the node is dead: then nothing leaves the connector any more, and it hears nothing.
private final class MortalSink: ConnectorSink {
    private struct State {
        var calls = 0
        var isDead = false
        var isBuried = false
        var unheard: [@Sendable (IntakeAnswer) -> Void] = []
    }

    private let sink: any ConnectorSink
    private let crash: EchoCrash
    private let state = Mutex(State())
    /// Whether the node is as dead as it is to be.
    let isOver = Watched(false)

    init(_ sink: any ConnectorSink, _ crash: EchoCrash) {
        self.sink = sink
        self.crash = crash
    }

    /// Whether this call, an event or an outcome, gets through; counts it.
    private func passes() -> Bool {
        state.withLock { state in
            state.calls += 1
            state.isDead = state.isDead || state.calls > crash.calls
            return !state.isDead
        }
    }

    func completed(_ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector) {
        if passes() { sink.completed(outcomes, by: connector) }
        if state.withLock({ $0.calls >= crash.calls }) { isOver.update { $0 = true } }
    }

    func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        guard passes() else { return drop(answer) }
        sink.received(event) { [self] given in
            let isHeard = state.withLock { $0.calls < crash.calls || crash.hearsLastAnswer }
            if isHeard { answer(given) } else { drop(answer) }
        }
    }

    private func drop(_ answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        let isBuried = state.withLock { state in
            state.isDead = true
            if !state.isBuried { state.unheard.append(answer) }
            return state.isBuried
        }
        isOver.update { $0 = true }
        if isBuried { answer(.stored) }
    }

    /// Lets the connector end: what waits for an answer gets one, and nothing comes of it.
    func bury() {
        let unheard = state.withLock { state in
            defer { state.unheard = [] }
            state.isDead = true
            state.isBuried = true
            return state.unheard
        }
        for answer in unheard { answer(.stored) }
    }

    func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {}
    func capacityChanged(_ connector: any Connector) { sink.capacityChanged(connector) }
}

/// When the node dies.
struct EchoCrash: Sendable, CustomTestStringConvertible {
    /// So many calls of the connector get through: the reply, the receipt, the outcome.
    var calls: Int
    /// Whether the connector still hears that the last of them was stored.
    var hearsLastAnswer = true

    var testDescription: String { "after \(calls) calls\(hearsLastAnswer ? "" : ", the last unanswered")" }

    static let all = [
        EchoCrash(calls: 0), EchoCrash(calls: 1, hearsLastAnswer: false), EchoCrash(calls: 1),
        EchoCrash(calls: 2, hearsLastAnswer: false), EchoCrash(calls: 2), EchoCrash(calls: 3),
    ]
}

struct EchoCrashTests {
    private static let account = "echo"
    private static let text = TextBody("marco")

    private static let setup = {
        var setup = TestSetup()
        setup.furtherRenderers = { _ in [.conversations: RecordingRenderer()] }
        // The connector that the node starts with is to leave everything to the echo connector.
        setup.window = 0
        return setup
    }()

    private static func connect(_ node: TestNode, _ sink: any ConnectorSink) async throws -> EchoConnector {
        let settings = ConnectorSettings(
            id: node.identities.connectors[0], name: "echo", kind: "echo", options: .object([:]), secret: "")
        let connector = try EchoConnector(settings: settings, sink: sink, clock: { node.clock.now })
        await node.engine.setConnectors([connector])
        return connector
    }

    private static func message(_ node: TestNode) -> Message {
        var message = Message(
            companyID: node.acme, id: MessageID.next(now: node.clock.now), surface: .conversations, kind: .echo,
            sender: account, recipient: "491701234567", content: .rich(RichContent(.text(text), replyBack: true)),
            size: 1, gateway: "", createdAt: node.clock.now, expiresAt: node.clock.now + 86_400_000)
        message.reporting = Reporting(url: TestSetup.reportURL, method: .post)
        return message
    }

    /// A node that dies where it is told to, and leaves a message behind.
    private static func dyingNode(on database: Database, _ crash: EchoCrash) async throws -> MessageKey {
        let node = try await TestNode.start(on: database, setup)
        let (acme, connector) = (node.acme, node.identities.connectors[0])
        try await database.write { transaction in
            try transaction.execute(
                """
                INSERT INTO channels (company_id, kind, address, connector_id, origin)
                VALUES ($1, 'echo', $2, $3, 'admin')
                """, [.integer(acme), .text(account), .integer(connector)])
        }
        try await node.directory.reload()
        let sink = MortalSink(node.engine, crash)
        _ = try await connect(node, sink)
        let key = try await node.send(message(node))
        _ = try await sink.isOver.wait(for: "the crash") { $0 }
        sink.bury()
        await node.abandon()
        return key
    }

    @Test(arguments: Engine.allCases, EchoCrash.all)
    func `a node that dies in the middle of an echo leaves nothing unanswered`(
        _ engine: Engine, _ crash: EchoCrash
    ) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let key = try await Self.dyingNode(on: database, crash)
            try await TestNode.run(on: database, Self.setup) { node in
                _ = try await Self.connect(node, node.engine)
                let stored = try await node.wait(for: .delivered, of: key)
                #expect(stored.message.isPossibleDuplicate == (crash.calls < 3))
                let events = try await node.events(of: key).filter { !["uncertain", "late", "received"].contains($0) }
                #expect(events == ["accepted", "sent", "delivered"])
                #expect(try await node.count("messages", where: "direction = 1") == 1)
                try await node.waitUntilIdle()
                #expect(try await node.count("jobs") == 0)
                #expect(try await node.count("receipts") == 0)
            }
        }
    }
}
