// SPDX-License-Identifier: Apache-2.0
// A node with numbers for WhatsApp and short messages and an echo account, and both editions of the Chat API on it.

import Accounts
import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import Prometheus
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import API

struct ChatTester {
    static let whatsApp = "4915200000001"
    static let echo = "echo"
    static let customer = "491701234567"

    let api: APITester
    let library: MediaLibrary

    var node: TestNode { api.node }
    /// What takes short messages, and what takes those of the two other channels.
    var sms: FakeConnector { node.connectors[0] }
    var whatsApp: FakeConnector { node.connectors[1] }
    var echo: FakeConnector { node.connectors[2] }

    static func run(
        _ engine: Engine = .sqlite, setup: TestSetup = TestSetup(),
        _ body: @escaping @Sendable (ChatTester) async throws -> Void
    ) async throws {
        var setup = setup
        setup.connectors = ["fake", "whatsapp", "echo"]
        setup.furtherRenderers = { _ in [.chat: RecordingRenderer(), .chat23: RecordingRenderer()] }
        let options = APITester.options
        try await TestNode.run(engine, setup) { node in
            try await addChannels(to: node)
            let clock = node.clock
            let library = MediaLibrary(database: node.database, directory: node.directory, clock: { clock.now })
            let router = router(of: node, library, options)
            try await Application(router: router, logger: TestDatabase.quiet).test(.router) { client in
                let chat = ChatTester(api: APITester(node: node, client: client), library: library)
                await chat.hearFromCustomer()
                try await body(chat)
            }
        }
    }

    private static func router(
        of node: TestNode, _ library: MediaLibrary, _ options: APIOptions
    ) -> Router<APIRequestContext> {
        let router = Router(context: APIRequestContext.self)
        router.add(middleware: RequestFrame(logLevel: .debug, registry: Registry(), allowedMethods: AllowedMethods()))
        let keys = KeyGuard(directory: node.directory, clock: node.context.clock, options: options)
        let authentication = APIKeyAuthentication(keys: keys, scopes: [.api], trustedProxies: [])
        for version in ChatVersion.allCases {
            ChatRoutes(version: version, engine: node.engine, library: library, options: options)
                .add(to: router, authentication: authentication)
        }
        return router
    }

    private static func addChannels(to node: TestNode) async throws {
        let (acme, other, ids) = (node.acme, node.other, node.identities.connectors)
        try await node.provision { provisioner in
            for (company, kind, address, connector) in [
                (acme, ChannelKind.whatsapp, whatsApp, ids[1]), (acme, .echo, echo, ids[2]),
                (other, .whatsapp, "4915200000002", ids[1]),
            ] {
                _ = try provisioner.createChannel(
                    companyID: company, address: ChannelAddress(kind: kind, address: address), inbound: nil,
                    details: ChannelDetails(connectorID: connector))
            }
        }
    }

    /// The customer writes by WhatsApp, and can be written to for a day.
    private func hearFromCustomer() async {
        _ = await node.receive(
            .message(
                InboundMessage(
                    connectorID: whatsApp.id, kind: .whatsapp, recipient: Self.whatsApp,
                    sender: [Identity(.phone, Self.customer)], providerID: "wamid.1",
                    content: RichContent(.text(TextBody("Hello"))), sentAt: node.clock.now)))
    }

    // MARK: Requests

    /// A text by WhatsApp.
    static let minimal: [String: JSONValue] = [
        "to": "+491701234567", "channels": ["whatsapp"],
        "whatsapp": ["from": .string(whatsApp), "contentType": "text", "text": "Hello"],
    ]

    static let shortMessage: JSONValue = ["from": "Acme", "contentType": "text", "text": "Hello by SMS"]

    /// The minimal request with `changes`; `.null` takes a member away.
    static func request(_ changes: [String: JSONValue] = [:]) -> [String: JSONValue] {
        minimal.merging(changes) { _, new in new }.filter { $0.value != .null }
    }

    /// The minimal request with other content.
    static func request(whatsApp content: [String: JSONValue]) -> [String: JSONValue] {
        request(["whatsapp": .object(["from": .string(whatsApp)].merging(content) { _, new in new })])
    }

    func send(
        _ body: [String: JSONValue], _ version: ChatVersion = .v2_6, key: String? = TestSetup.acmeKey,
        headers: [(String, String)] = []
    ) async throws -> Answer {
        try await api.post("/\(version.root)/messages", json: body, key: key, headers: headers)
    }

    /// Sends and returns the message as it was stored.
    func accepted(_ body: [String: JSONValue], _ version: ChatVersion = .v2_6) async throws -> Message {
        let answer = try await send(body, version)
        try #require(answer.status == 202, "\(answer.text)")
        return try await node.stored(try key(answer)).message
    }

    func key(_ answer: Answer) throws -> MessageKey {
        MessageKey(companyID: node.acme, id: try #require(answer.string("messageId").flatMap { MessageID($0) }))
    }

    func get(_ key: MessageKey, _ what: String = "", _ version: ChatVersion = .v2_6) async throws -> Answer {
        try await api.get("/\(version.root)/messages/\(key.id)\(what)")
    }

    func report(
        _ submission: Submission, by connector: FakeConnector, _ state: PartState, errorCode: String? = nil
    ) async {
        _ = await node.receive(
            .receipt(connector.receipt(for: submission, state, errorCode: errorCode, at: node.clock.now)))
    }
}

extension Message {
    /// What it says on a channel other than SMS.
    var richContent: RichContent? {
        guard case .rich(let content) = content else { return nil }
        return content
    }
}
