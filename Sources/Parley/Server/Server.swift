// SPDX-License-Identifier: Apache-2.0
// One node: puts the parts together, runs them, and takes them down in the order in which work flows through them.

import API
import Accounts
import Connectors
import Hummingbird
import Logging
import Messaging
import NIOPosix
import SQL
import ServiceLifecycle
import UnixSignals
import Webhooks
import Wire

struct Server {
    let configuration: Configuration
    let logger: Logger
    /// Further routes of the composition, such as the demo's.
    var addRoutes: @Sendable (Router<APIRequestContext>) -> Void = { _ in }
    /// Called once requests are taken, with the port.
    var onRunning: @Sendable (Int) async -> Void = { _ in }

    /// The longest that a shutdown may take.
    private static let drainLimit = Duration.seconds(30)

    /// Runs until SIGTERM or SIGINT.
    func run() async throws {
        let secrets = try MasterKey.secretBox(configuration.masterKey)
        let database = try await Database.open(configuration.database, logger: logger)
        try await database.migrate(MessagingMigrations.all)
        try await ConfigurationApplier(configuration: configuration, secrets: secrets)
            .apply(to: database, now: Timestamp.now())
        let directory = DirectoryCache(database: database, secrets: secrets)
        try await directory.reload()

        var options = EngineOptions()
        options.nodeName = configuration.node
        let context = EngineContext(
            database: database, directory: directory,
            renderers: [.sms: SMSEventRenderer(publicBaseURL: configuration.http.publicURL)], logger: logger,
            options: options)
        let client = try webhookClient()
        let webhooks = WebhookDispatcher(context: context, client: client)
        context.connect(webhooks)
        let engine = MessagingEngine(context: context)
        try await engine.enter()
        await engine.setConnectors(try connectors(directory.current, engine: engine))

        let application = application(database: database, engine: engine, client: client)
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(service: WebhookService(dispatcher: webhooks)), .init(service: EngineService(engine: engine)),
                    .init(service: application),
                ], gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
        try await group.run()
        await client.shutdown()
        await engine.leave()
        await database.close()
        logger.notice("stopped")
    }

    private func application(
        database: Database, engine: MessagingEngine, client: WebhookClient
    ) -> some ApplicationProtocol {
        let readiness = Readiness(database: database, dispatcher: engine.dispatcher)
        let addressGuard = client.addressGuard
        let options = APIOptions(
            publicBaseURL: configuration.http.publicURL,
            callbackRefusal: { url in
                do throws(AddressRefusal) {
                    _ = try addressGuard.check(url)
                    return nil
                } catch {
                    return error.description
                }
            }, readiness: { await readiness.checks() })
        let onRunning = onRunning
        return Application(
            router: APIServer.router(engine: engine, options: options, extraRoutes: addRoutes),
            server: APIServer.http1(options: options),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.http.host, port: configuration.http.port)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) }, logger: logger)
    }

    private func webhookClient() throws -> WebhookClient {
        var settings = WebhookClient.Configuration(version: Version.current)
        settings.policy.allowsPrivateAddresses = configuration.callbacks.allowsPrivateAddresses
        settings.policy.allowsPlainHTTP = configuration.callbacks.allowsPlainHTTP
        settings.additionalTrustRootsFile = configuration.callbacks.trustRoots
        return try WebhookClient(configuration: settings)
    }

    private func connectors(_ directory: Directory, engine: MessagingEngine) throws -> [any Connector] {
        try directory.connectors.values.filter(\.isEnabled).map { settings in
            try ConnectorRegistry.make(
                settings, sink: engine, group: MultiThreadedEventLoopGroup.singleton, logger: logger)
        }
    }
}

/// The engine as a service: a graceful shutdown drains it.
struct EngineService: Service {
    let engine: MessagingEngine

    func run() async throws {
        await withGracefulShutdownHandler {
            await engine.run()
        } onGracefulShutdown: {
            Task { await engine.stop() }
        }
    }
}

/// The webhooks as a service: a graceful shutdown finishes what is under way.
struct WebhookService: Service {
    let dispatcher: WebhookDispatcher

    func run() async throws {
        await withGracefulShutdownHandler {
            await dispatcher.run()
        } onGracefulShutdown: {
            dispatcher.stop()
        }
    }
}
