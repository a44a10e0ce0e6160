// SPDX-License-Identifier: Apache-2.0
// A node that serves SMPP accounts, and a customer's client that remembers what it was told.

import Accounts
import EngineTestSupport
import Logging
import Messaging
import NIOPosix
import SMPP
import SQL
import SQLTestSupport
import Synchronization
import Testing
import Wire

@testable import CustomerSMPP

/// A node with one account of the company "Acme", `esme` with the password `secret`.
struct AccountNode {
    static let systemID = "esme"
    static let password = "secret"
    /// Of `secret`, with few rounds: tests have no time for many.
    static let passwordHash =
        "pbkdf2-sha256$1000$MDEyMzQ1Njc4OWFiY2RlZg==$tiKWHy4FAGCWE8gn6GtKhaxD2OeeAUUWXFT/p1aaNl8="

    /// The accounts are an operator's: a configuration that is applied again leaves them alone.
    static let actor = Actor(name: "key:operator", origin: .admin)

    let node: TestNode
    let server: CustomerSMPPServer
    let accountID: Int64

    /// Runs `body` with such a node over a fresh database.
    static func run(
        _ engine: Engine, _ setup: TestSetup = TestSetup(), settings: SMPPAccountSettings = SMPPAccountSettings(),
        _ body: (AccountNode) async throws -> Void
    ) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let accountNode = try await start(on: database, setup, settings: settings)
            do {
                try await body(accountNode)
                await accountNode.stop()
            } catch {
                await accountNode.stop()
                throw error
            }
        }
    }

    /// Starts one over a migrated database; an account that is there already stays as it is.
    static func start(
        on database: Database, _ setup: TestSetup = TestSetup(),
        settings: SMPPAccountSettings = SMPPAccountSettings(), clock: TestClock = TestClock()
    ) async throws -> AccountNode {
        var setup = setup
        setup.furtherRenderers = { [.smpp: SMPPEventRenderer(directory: $0)] }
        let node = try await TestNode.start(on: database, setup, clock: clock)
        if node.directory.current.smppAccounts[systemID] == nil {
            try await node.directory.provision(as: Self.actor, now: clock.now) { provisioner in
                _ = try provisioner.createSMPPAccount(
                    companyID: node.acme, systemID: systemID, passwordHash: passwordHash, settings: settings)
            }
        }
        var options = CustomerSMPPOptions()
        options.port = 0
        options.refusalDelay = .zero
        options.responseTimeout = .seconds(2)
        options.checkInterval = .milliseconds(50)
        let server = CustomerSMPPServer(
            engine: node.engine, options: options, group: MultiThreadedEventLoopGroup.singleton)
        try await server.start()
        let accountID = try #require(node.directory.current.smppAccounts[systemID]?.id)
        return AccountNode(node: node, server: server, accountID: accountID)
    }

    func stop() async {
        await server.stop()
        await node.stop()
    }

    /// Changes the account.
    func change(isEnabled: Bool = true, _ body: @escaping @Sendable (inout SMPPAccountSettings) -> Void = { _ in })
        async throws
    {
        try await node.directory.provision(as: Self.actor, now: node.clock.now) { [accountID] provisioner in
            let account = try provisioner.smppAccount(accountID)
            var settings = account.settings
            body(&settings)
            _ = try provisioner.change(
                smppAccountID: accountID, companyID: account.companyID, systemID: account.systemID,
                passwordHash: nil, settings: settings, isEnabled: isEnabled)
        }
    }

    /// A client that binds; `ESME.close` ends it.
    func client(
        mode: SMPPClient.BindLayout = .transceiver, password: String = password, systemID: String = systemID,
        window: Int = 10, interfaceVersion: UInt8 = 0x34
    ) throws -> ESME {
        let port = try #require(server.port)
        return ESME(port: port, systemID: systemID, password: password) { configuration in
            configuration.bindMode = mode
            configuration.window = window
            configuration.interfaceVersion = interfaceVersion
        }
    }

    func boundClient(mode: SMPPClient.BindLayout = .transceiver, window: Int = 10) async throws -> ESME {
        let client = try client(mode: mode, window: window)
        try await client.waitUntilBound()
        return client
    }
}

/// A submit ended without a response.
struct NoResponse: Error {
    let result: SubmitResult?
}

/// A customer's client.
final class ESME: SMPPClientDelegate {
    struct Heard: Sendable {
        var results: [UInt64: SubmitResult] = [:]
        var deliveries: [DeliverSM] = []
        var isUp = false
        /// How often it was bound.
        var binds = 0
        var lastError: String?
    }

    let heard = Watched<Heard>(Heard())
    private let answers = Mutex<@Sendable (DeliverSM) -> CommandStatus?>({ _ in .ok })
    private let client = Mutex<SMPPClient?>(nil)
    private let tickets = Mutex<UInt64>(0)
    private let held = Mutex<[InboundRequest]>([])

    init(port: Int, systemID: String, password: String, _ change: (inout SMPPClient.Configuration) -> Void) {
        var configuration = SMPPClient.Configuration(
            host: "127.0.0.1", port: port, systemID: systemID, password: password)
        change(&configuration)
        configuration.reconnectMinimum = .milliseconds(20)
        configuration.reconnectMaximum = .milliseconds(50)
        let client = SMPPClient(
            configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, delegate: self,
            logger: TestDatabase.quiet)
        self.client.withLock { $0 = client }
        client.start()
    }

    var smpp: SMPPClient? { client.withLock { $0 } }

    func close() async { await smpp?.shutdown() }

    func waitUntilBound() async throws {
        _ = try await heard.wait(for: "a bind") { $0.isUp }
    }

    // MARK: What tests do

    /// Answers deliveries by `answer` from now on; nil leaves them open.
    func answer(by answer: @escaping @Sendable (DeliverSM) -> CommandStatus?) { answers.withLock { $0 = answer } }

    /// Answers every delivery that was left open.
    func answerOpen() {
        let open = held.withLock { held in
            defer { held = [] }
            return held
        }
        for request in open { request.respond(.ok) }
    }

    /// Submits and returns the response.
    @discardableResult
    func submit(_ pdu: SubmitSM) async throws -> SubmitResponse {
        let ticket = post(pdu)
        let heard = try await heard.wait(for: "a response") { $0.results[ticket] != nil }
        guard case .response(let response)? = heard.results[ticket] else {
            throw NoResponse(result: heard.results[ticket])
        }
        return response
    }

    /// Submits without waiting.
    func post(_ pdu: SubmitSM) -> UInt64 {
        let ticket = tickets.withLock { ticket in
            ticket += 1
            return ticket
        }
        smpp?.submit([SMPP.Submission(ticket: ticket, pdu)])
        return ticket
    }

    func deliveries(count: Int) async throws -> [DeliverSM] {
        try await heard.wait(for: "\(count) deliver_sm") { $0.deliveries.count >= count }.deliveries
    }

    // MARK: SMPPClientDelegate

    func smppClient(_ client: SMPPClient, completed results: [(ticket: UInt64, result: SubmitResult)]) {
        heard.update { heard in for item in results { heard.results[item.ticket] = item.result } }
    }

    func smppClient(_ client: SMPPClient, received request: InboundRequest) {
        guard case .deliver(let pdu) = request.message else { return request.respond(.ok) }
        let answer = answers.withLock { $0 }
        if let status = answer(pdu) { request.respond(status) } else { held.withLock { $0.append(request) } }
        heard.update { $0.deliveries.append(pdu) }
    }

    func smppClientCapacityAvailable(_ client: SMPPClient) {}

    func smppClientStateChanged(_ client: SMPPClient) {
        let state = client.state
        heard.update { heard in
            let isUp = !state.binds.isEmpty && state.binds.allSatisfy { $0.phase == .bound }
            if isUp && !heard.isUp { heard.binds += 1 }
            heard.isUp = isUp
            heard.lastError = state.lastError ?? heard.lastError
        }
    }

    func smppClient(_ client: SMPPClient, bindLost bindID: UInt64, unanswered: [UInt32]) {}
}

/// A submit_sm to a number in Germany.
func submitSM(
    _ octets: [UInt8] = Array("Hello".utf8), to destination: String = "491701234567", registered: UInt8 = 1,
    _ change: (inout SubmitSM) -> Void = { _ in }
) -> SubmitSM {
    var pdu = SubmitSM()
    pdu.source = Address(ton: .alphanumeric, npi: .unknown, value: "Acme")
    pdu.destination = Address(ton: .international, npi: .isdn, value: destination)
    pdu.registeredDelivery = registered
    pdu.shortMessage = octets
    change(&pdu)
    return pdu
}
