// SPDX-License-Identifier: Apache-2.0
// A node behind the media and configuration routes of the Conversations API, with channels of every kind on Acme.

import Accounts
import EngineTestSupport
import Hummingbird
import HummingbirdTesting
import Logging
import Messaging
import Prometheus
import SQLTestSupport
import Wire

@testable import API

struct ConfigurationTester: Sendable {
    static let whatsapp = "4915200000001"
    static let viber = "10001"
    static let mms = "14155550100"

    let api: APITester
    let library: MediaLibrary

    var node: TestNode { api.node }

    static func run(
        _ engine: Engine = .sqlite, media: MediaOptions = MediaOptions(), connector: (any MediaConnector)? = nil,
        over transport: TestingSetup = .router, _ body: @escaping @Sendable (ConfigurationTester) async throws -> Void
    ) async throws {
        try await TestNode.run(engine) { node in
            try await declareChannels(node)
            let library = MediaLibrary(
                database: node.database, directory: node.directory, options: media, connector: { _ in connector },
                clock: { node.clock.now })
            let router = router(node, library)
            try await Application(router: router, logger: TestDatabase.quiet).test(transport) { client in
                try await body(ConfigurationTester(api: APITester(node: node, client: client), library: library))
            }
        }
    }

    private static func router(_ node: TestNode, _ library: MediaLibrary) -> Router<APIRequestContext> {
        let options = APITester.options
        let router = Router(context: APIRequestContext.self)
        let methods = AllowedMethods()
        router.add(middleware: RequestFrame(logLevel: .debug, registry: Registry(), allowedMethods: methods))
        let keys = KeyGuard(directory: node.directory, clock: { node.clock.now }, options: options)
        let authentication = APIKeyAuthentication(keys: keys, scopes: [.api], trustedProxies: [])
        ConversationsMediaRoutes(library: library, directory: node.directory, options: options)
            .add(to: router, authentication: authentication)
        ConversationsConfigurationRoutes(directory: node.directory, options: options, clock: { node.clock.now })
            .add(to: router, authentication: authentication)
        methods.replace(with: router.routes)
        return router
    }

    /// As the configuration file would, so that what the API may do to the file's channels is seen.
    private static func declareChannels(_ node: TestNode) async throws {
        let (acme, other) = (node.acme, node.other)
        try await node.provision { provisioner in
            func make(_ kind: ChannelKind, _ address: String, _ company: CompanyID, name: String? = nil) throws {
                var settings = ChannelSettings()
                if kind == .viber { settings.viberService = .session }
                _ = try provisioner.createChannel(
                    companyID: company, address: ChannelAddress(kind: kind, address: address), inbound: nil,
                    details: ChannelDetails(name: name, settings: settings))
            }
            try make(.whatsapp, whatsapp, acme, name: "Support")
            try make(.viber, viber, acme)
            try make(.mms, mms, acme)
            try make(.echo, "echo", acme)
            try make(.whatsapp, "4915200000002", other)
        }
    }

    func get(_ path: String, key: String = TestSetup.acmeKey) async throws -> Answer {
        try await api.get("/conversations/v3" + path, key: key)
    }

    func put(_ path: String, _ json: JSONValue, key: String = TestSetup.acmeKey) async throws -> Answer {
        var writer = JSONWriter()
        writer.value(json)
        return try await api.call(
            .put, "/conversations/v3" + path, body: writer.bytes, contentType: "application/json", key: key)
    }

    func delete(_ path: String, key: String = TestSetup.acmeKey) async throws -> Answer {
        try await api.call(.delete, "/conversations/v3" + path, key: key)
    }

    func upload(
        _ bytes: [UInt8], query: String = "", type: String? = "image/png", key: String = TestSetup.acmeKey
    ) async throws -> Answer {
        try await api.call(.post, "/conversations/v3/media" + query, body: bytes, contentType: type, key: key)
    }

    /// Sets what Acme's account may do.
    func setScopes(_ scopes: [String]) async throws {
        let acme = node.acme
        try await node.provision { try $0.changeSettings(ofCompany: acme) { $0.scopes = scopes } }
    }
}
