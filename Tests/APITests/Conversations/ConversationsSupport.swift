// SPDX-License-Identifier: Apache-2.0
// Requests of the Conversations API: read without a server, and sent to a node with one channel of each kind.

import Accounts
import EngineTestSupport
import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import Prometheus
import SQLTestSupport
import Testing
import Wire

@testable import API

/// What comes of reading a request.
struct ReadRequest {
    let request: ConversationsRequest
    let violations: [Violation]

    var fields: [String] { violations.map(\.field) }

    /// The body of the first content, where nothing is wrong.
    var content: RichContent? {
        guard violations.isEmpty, case .rich(let content, _)? = request.contents.first else { return nil }
        return content
    }

    init(_ value: JSONValue, form: ConversationsRequest.Form = .message) {
        let body = BodyReader(value)
        request = ConversationsRequest(
            body, form: form, callbackRefusal: { $0.hasPrefix("https://") ? nil : "must begin with https://" })
        violations = body.violations
    }

    /// Reads a content of a message.
    init(_ kind: ChannelKind, content: String, further: [String: JSONValue] = [:]) throws {
        self.init(.object(try Self.members(kind, content: content).merging(further) { $1 }))
    }

    static func members(_ kind: ChannelKind, content: String) throws -> [String: JSONValue] {
        [
            "to": "+49 170 1234567", "from": .string(ConversationsTester.address(of: kind)),
            "channel": .string(kind.rawValue), "content": try JSONValue(parsing: content.utf8),
        ]
    }
}

/// A customer with a channel of each kind.
struct ConversationsTester {
    static let medium = "5a8ffac5-2288-485d-b463-90c3cd9941ad"

    let node: TestNode
    let api: APITester

    /// What may be sent to a customer who has not written.
    static let template = #"{"contentType": "template", "template": {"templateId": "t", "templateLanguage": "en"}}"#

    /// Acme's channel of the kind.
    static func address(of kind: ChannelKind) -> String {
        switch kind {
        case .sms: TestSetup.number
        case .mms: "12025550123"
        case .whatsapp: "4915200000001"
        case .viber: "10001"
        case .echo: "echo"
        case .voice: ""
        }
    }

    /// Another company's channel of the kind.
    static func foreignAddress(of kind: ChannelKind) -> String {
        switch kind {
        case .viber, .echo: "20002"
        case .mms: "12025550199"
        case .sms, .whatsapp, .voice: "4915299999999"
        }
    }

    /// Runs `body` with a node whose channels have the scopes.
    static func run(
        _ engine: Engine = .sqlite, setup: TestSetup = TestSetup(), scopes: [String]? = nil,
        _ body: @escaping @Sendable (ConversationsTester) async throws -> Void
    ) async throws {
        try await TestNode.run(engine, setup) { node async throws in
            try await addChannels(to: node, scopes: scopes)
            let router = router(node)
            try await Application(router: router, logger: TestDatabase.quiet).test(.router) { client async throws in
                try await body(ConversationsTester(node: node, api: APITester(node: node, client: client)))
            }
        }
    }

    private static func router(_ node: TestNode) -> Router<APIRequestContext> {
        let router = Router(context: APIRequestContext.self)
        let methods = AllowedMethods()
        router.add(middleware: RequestFrame(logLevel: .debug, registry: Registry(), allowedMethods: methods))
        let options = APITester.options
        let keys = KeyGuard(directory: node.directory, clock: node.context.clock, options: options)
        let authentication = APIKeyAuthentication(keys: keys, scopes: [.api], trustedProxies: [])
        ConversationsRoutes(engine: node.engine, options: options, mediaExists: { id, _ in id == medium })
            .add(to: router, authentication: authentication)
        methods.replace(with: router.routes)
        return router
    }

    private static func addChannels(to node: TestNode, scopes: [String]?) async throws {
        let (acme, other) = (node.acme, node.other)
        let connector = node.identities.connectors[0]
        try await node.provision { provisioner in
            var settings = ChannelSettings()
            settings.scopes = scopes
            for kind in ChannelKind.ofChannels {
                let details = ChannelDetails(connectorID: kind.isRouted ? nil : connector, settings: settings)
                if kind != .sms {
                    _ = try provisioner.createChannel(
                        companyID: acme, address: ChannelAddress(kind: kind, address: address(of: kind)), inbound: nil,
                        details: details)
                }
                _ = try provisioner.createChannel(
                    companyID: other, address: ChannelAddress(kind: kind, address: foreignAddress(of: kind)),
                    inbound: nil, details: details)
            }
        }
        try await node.directory.reload()
    }

    /// POSTs a message with `content`, JSON text.
    func send(
        _ kind: ChannelKind = .whatsapp, content: String = #"{"contentType": "text", "text": "Hello"}"#,
        _ changes: [String: JSONValue] = [:], key: String? = TestSetup.acmeKey, headers: [(String, String)] = []
    ) async throws -> Answer {
        let members = try ReadRequest.members(kind, content: content).merging(changes) { $1 }
        return try await api.post("/conversations/v3/messages", json: members, key: key, headers: headers)
    }

    /// POSTs a bulk of texts.
    func sendBulk(
        _ kind: ChannelKind = .whatsapp, texts: [String], _ changes: [String: JSONValue] = [:],
        headers: [(String, String)] = []
    ) async throws -> Answer {
        var members: [String: JSONValue] = [
            "to": "+491701234567", "from": .string(Self.address(of: kind)), "channel": .string(kind.rawValue),
            "messages": .array(texts.map { .object(["contentType": "text", "text": .string($0)]) }),
        ]
        members.merge(changes) { $1 }
        return try await api.post("/conversations/v3/bulks", json: members, headers: headers)
    }

    /// The message of the id as it was stored.
    func stored(_ id: String?) async throws -> Message {
        let id = try #require(id.flatMap { MessageID($0) })
        return try await node.stored(MessageKey(companyID: node.acme, id: id)).message
    }
}
