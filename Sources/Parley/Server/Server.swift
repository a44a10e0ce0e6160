// SPDX-License-Identifier: Apache-2.0
// One node: puts the parts together, runs them, and takes them down in the order in which work flows through them.

import API
import Accounts
import AsyncHTTPClient
import Connectors
import CustomerSMPP
import Hummingbird
import Logging
import Messaging
import NIOPosix
import NumberInfo
import Prometheus
import SMPP
import SQL
import ServiceLifecycle
import UnixSignals
import Verification
import Webhooks
import Wire

struct Server {
    let configuration: Configuration
    /// Where it was read from and can be read again; nil for a node without a file.
    var configurationFile: String?
    let logger: Logger
    /// Further routes of the composition, such as the demo's.
    var addRoutes: @Sendable (Router<APIRequestContext>) -> Void = { _ in }
    /// Called once requests are taken, with the port.
    var onRunning: @Sendable (Int) async -> Void = { _ in }

    /// The longest that a shutdown may take before what is still under way is cut off.
    private static let drainLimit = Duration.seconds(30)

    /// Runs until SIGTERM or SIGINT.
    func run() async throws {
        let secrets = try MasterKey.secretBox(configuration.masterKey)
        let client = try WebhookClient(configuration: webhookSettings)
        let checks = ProvisioningChecks(addressGuard: client.addressGuard)
        let metrics = EngineMetrics()
        metrics.registry.observeProcess(version: Version.current, dataPath: configuration.database.path)
        let database = try await Database.open(
            configuration.database, observer: metrics.writeObserver, logger: logger)
        try await database.migrate(Schema.migrations)
        try await ConfigurationApplier(configuration: configuration, secrets: secrets, checks: checks)
            .apply(to: database, now: Timestamp.now())
        let directory = DirectoryCache(database: database, secrets: secrets)
        try await directory.reload()
        let context = engineContext(database, directory, metrics)
        let webhooks = WebhookDispatcher(context: context, client: client)
        context.connect(webhooks)
        let engine = MessagingEngine(context: context)
        try await engine.enter()
        // What is written to files is read from memory in batches, and must not be overwritten before.
        let providers = ProviderClient.makeHTTPClient(group: MultiThreadedEventLoopGroup.singleton)
        let customers = try CustomerMediaClient(configuration: webhookSettings)
        let media = MediaLibrary(
            database: database, directory: directory,
            connector: { id in engine.runningConnectors.first { $0.id == id } as? any MediaConnector },
            customerFetch: { try await customers.fetch($0, credentials: $1) })
        let supervisor = ConnectorSupervisor(
            engine: engine, logger: logger, exchangeCapacity: configuration.logging.exchanges == nil ? 500 : 8192,
            media: media, httpClient: providers)
        directory.observe { supervisor.look() }
        await supervisor.reconcile()
        let smpp = try await customerSMPP(engine)
        let gate = VerificationGate(
            limits: configuration.verification.limits, settings: configuration.verification.pumpingGuard)
        let guardMetrics = GuardMetrics(metrics.registry, database: database, clock: context.clock)
        let reload = ConfigurationReload(
            file: configurationFile, database: database, directory: directory, secrets: secrets, checks: checks,
            logger: logger)
        let parts = Parts(
            engine: engine, webhooks: webhooks, supervisor: supervisor, customers: smpp, reload: reload, client: client,
            media: media, certificates: try certificates(),
            verifier: Verifier(engine: engine, gate: gate, metrics: guardMetrics),
            gate: gate,
            numbers: try numberDesk(context, http: providers))
        try await group(parts).run()
        await client.shutdown()
        await customers.shutdown()
        try? await providers.shutdown()
        await engine.leave()
        await database.close()
        logger.notice("stopped")
    }

    /// What runs on a node.
    private struct Parts {
        let engine: MessagingEngine
        let webhooks: WebhookDispatcher
        let supervisor: ConnectorSupervisor
        let customers: CustomerSMPPServer?
        let reload: ConfigurationReload
        let client: WebhookClient
        let media: MediaLibrary
        let certificates: TLSCertificates?
        let verifier: Verifier
        let gate: VerificationGate
        let numbers: NumberDesk
    }

    /// Look-ups of numbers, with the sources that the configuration names.
    private func numberDesk(_ context: EngineContext, http: HTTPClient) throws -> NumberDesk {
        var sources: [any NumberSource] = []
        for source in configuration.numbers.sources {
            sources.append(try NumberSourceRegistry.make(source.settings(id: 0), http: http))
        }
        return try NumberDesk(
            context: context, options: configuration.numbers.options, sources: sources,
            renderer: NumberInformationRenderer.delivery)
    }

    private func certificates() throws -> TLSCertificates? {
        try configuration.http.tls.map {
            try TLSCertificates(certificateChain: $0.certificate, privateKey: $0.privateKey, logger: logger)
        }
    }

    private func group(_ parts: Parts) -> ServiceGroup {
        let options = apiOptions(parts)
        var services: [any Service] = [
            RunningPart(parts.webhooks), RunningPart(parts.engine), RunningPart(parts.supervisor),
            RunningPart(parts.numbers),
            RunningPart(sweeping: parts.verifier, parts.gate, context: parts.engine.context),
        ]
        if let folder = configuration.logging.exchanges {
            let supervisor = parts.supervisor
            services.append(
                RunningPart(
                    ExchangeFiles(options: .init(folder: folder), logger: logger, connectors: { supervisor.connectors })
                )
            )
        }
        if let customers = parts.customers { services.append(RunningPart(customers)) }
        services += [
            RunningPart(options.keyUse, directory: parts.engine.context.directory, logger: logger),
            ReloadService(reload: parts.reload, certificates: parts.certificates),
            application(parts, options),
        ]
        var settings = ServiceGroupConfiguration(
            services: services.map { .init(service: $0) }, gracefulShutdownSignals: [.sigterm, .sigint], logger: logger)
        settings.maximumGracefulShutdownDuration = Self.drainLimit
        return ServiceGroup(configuration: settings)
    }

    private func engineContext(
        _ database: Database, _ directory: DirectoryCache, _ metrics: EngineMetrics
    ) -> EngineContext {
        var options = EngineOptions()
        options.nodeName = configuration.node
        return EngineContext(
            database: database, directory: directory,
            renderers: [
                .sms: SMSEventRenderer(publicBaseURL: configuration.http.publicURL),
                .smpp: SMPPEventRenderer(directory: directory),
                .conversations: ConversationsEventRenderer(
                    directory: directory, publicBaseURL: configuration.http.publicURL),
                .chat: ChatEventRenderer(
                    version: .v2_6, directory: directory, publicBaseURL: configuration.http.publicURL),
                .chat23: ChatEventRenderer(
                    version: .v2_3, directory: directory, publicBaseURL: configuration.http.publicURL),
            ], logger: logger, options: options, metrics: metrics)
    }

    private func apiOptions(_ parts: Parts) -> APIOptions {
        let readiness = Readiness(database: parts.engine.context.database, dispatcher: parts.engine.dispatcher)
        let addressGuard = parts.client.addressGuard
        var options = APIOptions(
            publicBaseURL: configuration.http.publicURL, callbackRefusal: { addressGuard.refusal(of: $0) },
            readiness: { await readiness.checks() })
        options.trustedProxies = configuration.http.trustedProxies
        options.requestsPerSecondPerKey = configuration.http.requestsPerSecondPerKey
        options.wrongKeysPerMinute = configuration.http.wrongKeysPerMinute
        options.certificates = parts.certificates
        options.maximumConnections = configuration.http.maximumConnections
        options.metrics = MetricsAccess(configuration.http.metrics)
        options.admin = adminOptions(parts)
        return options
    }

    private func adminOptions(_ parts: Parts) -> AdminOptions {
        var options = AdminOptions()
        let (supervisor, customers, webhooks, reload) =
            (parts.supervisor, parts.customers, parts.webhooks, parts.reload)
        options.checks = reload.checks
        options.version = Version.current
        options.verification = parts.gate
        options.connectorState = { supervisor.connector($0).map { ConnectorLiveState($0) } }
        options.smppSessions = { id in
            customers?.sessions(accountID: id).map { API.SMPPSessionState($0) } ?? []
        }
        options.disconnectSMPPAccount = { customers?.disconnect(accountID: $0) ?? 0 }
        options.endpoints = { webhooks.endpoints.map { EndpointLiveState($0) } }
        options.newWebhookSecret = { WebhookSecret.random().text }
        if reload.file != nil {
            options.reload = {
                do {
                    return try await reload()
                } catch let error as ConfigurationError {
                    throw ReloadRefusal("\(error)")
                } catch let error as ProvisioningError {
                    throw ReloadRefusal("\(error)")
                }
            }
        }
        return options
    }

    private func application(_ parts: Parts, _ options: APIOptions) -> some ApplicationProtocol {
        let onRunning = onRunning
        let surfaces = APIServer.surfaces(
            engine: parts.engine, options: options, media: parts.media, verifier: parts.verifier,
            numbers: parts.numbers,
            extraRoutes: addRoutes)
        return Application(
            router: surfaces.router,
            server: APIServer.http1(
                answering: surfaces.responder(logger: logger), options: options,
                registry: parts.engine.context.metrics.registry),
            configuration: ApplicationConfiguration(
                address: .hostname(configuration.http.host, port: configuration.http.port)),
            onServerRunning: { channel in await onRunning(channel.localAddress?.port ?? 0) }, logger: logger)
    }

    /// How customers' URLs are called.
    private var webhookSettings: WebhookClient.Configuration {
        var settings = WebhookClient.Configuration(version: Version.current)
        settings.policy = configuration.callbacks.policy
        settings.additionalTrustRootsFile = configuration.callbacks.trustRoots
        return settings
    }

    /// The listener of customers' ESMEs, listening; nil where the configuration has none.
    private func customerSMPP(_ engine: MessagingEngine) async throws -> CustomerSMPPServer? {
        guard let listener = configuration.smpp else { return nil }
        var options = CustomerSMPPOptions()
        options.host = listener.host
        options.port = listener.port
        options.maximumSessions = listener.maximumSessions
        options.tls = try listener.tls.map {
            try SMPPServerTLS(certificateFile: $0.certificate, privateKeyFile: $0.privateKey)
        }
        let server = CustomerSMPPServer(
            engine: engine, options: options, group: MultiThreadedEventLoopGroup.singleton)
        try await server.start()
        return server
    }
}

extension MetricsAccess {
    init(_ readers: Configuration.MetricsReaders) {
        switch readers {
        case .public: self = .public
        case .admin: self = .admin
        case .off: self = .off
        }
    }
}
