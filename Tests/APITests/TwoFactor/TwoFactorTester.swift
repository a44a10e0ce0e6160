// SPDX-License-Identifier: Apache-2.0
// A node with the 2FA API on it, a carrier for short messages and one for calls.

import Accounts
import EngineTestSupport
import Hummingbird
import HummingbirdTesting
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Verification
import Wire

@testable import API

struct TwoFactorTester {
    static let root = "/2fa/v1"
    /// A mobile number and a landline, both in Germany.
    static let mobile = "491701234567"
    static let landline = "493012345678"
    /// An id that nobody has.
    static let nobody = "01890000-0000-7000-8000-000000000000"
    /// A key of Acme's that is for one sender alone.
    static let senderKey = "sender-key"

    let api: APITester
    /// What makes the calls.
    let voice: FakeConnector

    var node: TestNode { api.node }
    var clock: TestClock { api.node.clock }
    var sms: FakeConnector { node.connectors[0] }

    static func run(
        _ engine: Engine = .sqlite, setup: TestSetup = TestSetup(), gate: any SendingGate = OpenGate(),
        _ body: @escaping @Sendable (TwoFactorTester) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all + Verifier.migrations) { database in
            try await TestNode.run(on: database, setup) { node in
                let surfaces = APIServer.surfaces(
                    engine: node.engine, options: APITester.options,
                    verifier: Verifier(engine: node.engine, gate: gate))
                try await Application(router: surfaces.router, logger: TestDatabase.quiet).test(.router) { client in
                    let voice = try await addRoutes(to: node)
                    try await body(TwoFactorTester(api: APITester(node: node, client: client), voice: voice))
                }
            }
        }
    }

    /// Messages and calls go to Germany alone.
    private static func addRoutes(to node: TestNode) async throws -> FakeConnector {
        let carrier = node.connector.id
        try await node.provision { provisioner in
            let calls = try provisioner.createConnector(name: "calls", kind: "sip", options: .object([:]), secret: "")
            for route in try provisioner.routes() { try provisioner.remove(routeID: route.id) }
            try provisioner.create([
                Route(id: 0, gateway: Route.defaultGateway, prefix: "49", connectorIDs: [carrier]),
                Route(id: 0, gateway: Route.voiceGateway, prefix: "49", connectorIDs: [calls.id]),
            ])
        }
        let settings = try #require(node.directory.current.connectors.values.first { $0.name == "calls" })
        let calls = FakeConnector(id: settings.id, name: settings.name, sink: node.engine)
        await node.engine.setConnectors(node.connectors + [calls])
        return calls
    }

    // MARK: Requests

    func get(_ path: String, key: String? = TestSetup.acmeKey) async throws -> Answer {
        try await api.get(Self.root + path, key: key)
    }

    func delete(_ path: String, key: String? = TestSetup.acmeKey) async throws -> Answer {
        try await api.call(.delete, Self.root + path, key: key)
    }

    func post(
        _ path: String, _ body: [String: JSONValue]? = nil, key: String? = TestSetup.acmeKey
    ) async throws -> Answer {
        guard let body else { return try await api.call(.post, Self.root + path, key: key) }
        return try await api.post(Self.root + path, json: body, key: key)
    }

    func postForm(_ path: String, _ form: String) async throws -> Answer {
        try await api.call(
            .post, Self.root + path, body: Array(form.utf8), contentType: "application/x-www-form-urlencoded")
    }

    /// Creates an application and returns its id.
    func application(_ settings: [String: JSONValue] = [:]) async throws -> String {
        let answer = try await post("/application", settings)
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(answer.string("applicationId"))
    }

    /// Sends a code to the mobile number and returns the id of its OTP.
    func otp(_ parameters: [String: JSONValue] = [:]) async throws -> String {
        let answer = try await post("/otp", ["number": .string(Self.mobile)].merging(parameters) { $1 })
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(answer.string("otpId"))
    }

    func check(_ id: String, _ code: String) async throws -> Answer {
        try await post("/otp/\(id)/check", ["otpCode": .string(code)])
    }

    // MARK: What arrives

    /// The text of the short message that was the `count`th to go out.
    func text(count: Int = 1) async throws -> String {
        let submission = try #require(try await sms.submissions(count: count).last)
        guard case .sms(let content) = submission.content else { return "" }
        return content.text
    }

    /// What the `count`th call said, and in which language.
    func speech(count: Int = 1) async throws -> SpeechContent? {
        let submission = try #require(try await voice.submissions(count: count).last)
        guard case .speech(let content) = submission.content else { return nil }
        return content
    }

    /// The code in the `count`th short message that says what the default template says.
    func code(count: Int = 1) async throws -> String {
        let text = try await text(count: count)
        return String(text.dropFirst("OTP code: ".count).prefix { $0 != "." })
    }
}

/// A gate that answers as it is told and notes what it is asked.
final class ScriptedGate: SendingGate {
    private let state = Mutex<(decision: GateDecision, asked: [SendAttempt])>((.admitted, []))

    var asked: [SendAttempt] { state.withLock { $0.asked } }

    func answer(_ decision: GateDecision) { state.withLock { $0.decision = decision } }

    func admit(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws -> GateDecision {
        state.withLock { state in
            state.asked.append(attempt)
            return state.decision
        }
    }

    func verified(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {}
}
