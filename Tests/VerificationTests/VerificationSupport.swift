// SPDX-License-Identifier: Apache-2.0
// What the tests of this target share: a node with the tables, routes and prices of one-time passwords, and a gate that
// does as it is told.

import Accounts
import EngineTestSupport
import Logging
import Messaging
import PhoneNumbers
import SQL
import SQLTestSupport
import Synchronization
import Wire

@testable import Verification

enum Numbers {
    static let mobile = "+491701234567"
    static let landline = "+493012345678"
    /// Of a country for which there is no price.
    static let french = "+33612345678"
}

/// Runs `body` with a node whose gateway VOICE leads to every number, over a fresh database.
func withVerifier<T>(
    _ engine: Engine, _ setup: TestSetup = TestSetup(), gate: any SendingGate = OpenGate(), hasVoice: Bool = true,
    _ body: (TestNode, Verifier) async throws -> T
) async throws -> T {
    try await TestDatabase.with(engine, migrations: MessagingMigrations.all + Verifier.migrations) { database in
        try await TestNode.run(on: database, setup) { node in
            if hasVoice { try await addVoice(to: node) }
            return try await body(node, Verifier(engine: node.engine, gate: gate))
        }
    }
}

private func addVoice(to node: TestNode) async throws {
    try await node.provision { provisioner in
        let connector = try provisioner.createConnector(
            name: "calls", kind: "sip", options: .object([:]), secret: "")
        try provisioner.create([
            Route(id: 0, gateway: Route.voiceGateway, prefix: "", connectorIDs: [connector.id])
        ])
        try provisioner.create([
            Price(
                id: 0, companyID: nil, direction: .voice, prefix: "49", mcc: "262", mnc: "", ttid: "", currency: "EUR",
                amount: Money(micros: 50_000), effectiveFrom: 1_577_836_800_000)
        ])
    }
    let settings = node.directory.current.connectors.values.first { $0.name == "calls" }
    guard let settings else { throw Unexpected(description: "no connector for calls") }
    let calls = FakeConnector(id: settings.id, name: settings.name, sink: node.engine)
    await node.engine.setConnectors(node.connectors + [calls])
}

extension TestNode {
    /// What makes the calls.
    var calls: FakeConnector {
        get throws {
            let all = engine.runningConnectors.compactMap { $0 as? FakeConnector }
            guard let calls = all.first(where: { $0.name == "calls" }) else {
                throw Unexpected(description: "no connector for calls")
            }
            return calls
        }
    }
}

/// A request as most tests make it.
func request(to number: String = Numbers.mobile, _ change: (inout OTPRequest) -> Void = { _ in }) throws -> OTPRequest {
    var request = OTPRequest(number: try PhoneNumber(parsing: number))
    change(&request)
    return request
}

extension FakeConnector {
    /// The texts of everything that was handed over, once there are so many.
    func texts(count: Int) async throws -> [String] {
        try await submissions(count: count).map { submission in
            switch submission.content {
            case .sms(let content): content.text
            case .speech(let content): content.text
            case .rich, .sealed: "unreadable"
            }
        }
    }
}

extension OTPEvent {
    /// One word for comparing: `CHECKED failed`.
    var summary: String {
        ([type.rawValue, status?.rawValue, statusText] as [String?]).compactMap(\.self).joined(separator: " ")
    }
}

/// Notes what it is asked and answers what it is told; it also writes a row, so that one sees what is kept.
final class TestGate: SendingGate {
    private let answer = Mutex(GateDecision.admitted)
    private let calls = Mutex<[String]>([])
    private let attempts = Mutex<[SendAttempt]>([])

    func answer(_ decision: GateDecision) { answer.withLock { $0 = decision } }

    var heard: [String] { calls.withLock { $0 } }
    var lastAttempt: SendAttempt? { attempts.withLock { $0.last } }

    func admit(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws -> GateDecision {
        note("admit", attempt)
        try transaction.execute(
            "INSERT INTO settings (name, value) VALUES ($1, 'asked')", [.text("gate \(UUIDv7.next(now: now))")])
        return answer.withLock { $0 }
    }

    func verified(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {
        note("verified", attempt)
    }

    func withdrawn(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {
        note("withdrawn", attempt)
    }

    private func note(_ call: String, _ attempt: SendAttempt) {
        calls.withLock { $0.append(call) }
        attempts.withLock { $0.append(attempt) }
    }
}

/// Something else came than a test goes on with.
struct Unexpected: Error, CustomStringConvertible {
    let description: String
}
