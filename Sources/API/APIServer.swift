// SPDX-License-Identifier: Apache-2.0
// Puts the HTTP surfaces together: one router for every surface, and an HTTP/1 server whose clients cannot hold a
// connection by being slow.

internal import Accounts
public import Hummingbird
public import HummingbirdCore
public import Logging
public import Messaging
internal import NIOCore
public import NumberInfo
public import Prometheus
public import Verification

/// Everything that is served.
public struct Surfaces {
    /// Every operation.
    public let router: Router<APIRequestContext>
    /// What is answered without a task of its own, if it comes as it usually does.
    let direct: [DirectRoute]
    let acceptor: Acceptor

    public func responder(logger: Logger) -> RequestResponder {
        RequestResponder(router.buildResponder(), direct: direct, acceptor: acceptor, logger: logger)
    }
}

public enum APIServer {
    /// All surfaces. `media` is what the connectors have, too; without it providers' media are out of reach.
    /// Without `verifier` there is no 2FA API, without `numbers` there are no look-ups.
    /// `extraRoutes` adds what the program serves besides, such as its front page; those
    /// routes get the same errors, request ids and logging.
    public static func surfaces(
        engine: MessagingEngine, options: APIOptions, media: MediaLibrary? = nil, verifier: Verifier? = nil,
        numbers: NumberDesk? = nil, extraRoutes: (Router<APIRequestContext>) -> Void = { _ in }
    ) -> Surfaces {
        let router = Router(context: APIRequestContext.self)
        let methods = AllowedMethods()
        let registry = engine.context.metrics.registry
        let frame = RequestFrame(logLevel: options.accessLogLevel, registry: registry, allowedMethods: methods)
        router.add(middleware: frame)
        ServerRoutes(readiness: options.readiness).add(to: router)
        let keys = KeyGuard(directory: engine.context.directory, clock: engine.context.clock, options: options)
        let authentication = APIKeyAuthentication(
            keys: keys, scopes: [.api], trustedProxies: options.trustedProxies)
        let sms = SMSRoutes(engine: engine, options: options)
        sms.add(to: router, authentication: authentication)
        addChannels(engine, options, media, to: router, authentication: authentication)
        if let verifier { TwoFactorRoutes(verifier: verifier).add(to: router, authentication: authentication) }
        if let numbers { NISRoutes(desk: numbers, options: options).add(to: router, authentication: authentication) }
        ProviderRoutes(engine: engine).add(to: router)
        let administration = APIKeyAuthentication(
            keys: keys, scopes: [.admin, .reseller], trustedProxies: options.trustedProxies)
        AdminRoutes(engine: engine, options: options, numbers: numbers).add(to: router, authentication: administration)
        let operators = APIKeyAuthentication(keys: keys, scopes: [.admin], trustedProxies: options.trustedProxies)
        MetricsRoute(registry: registry, access: options.metrics).add(to: router, authentication: operators)
        extraRoutes(router)
        methods.replace(with: router.routes)
        return Surfaces(
            router: router, direct: [sms.direct(frame: frame, authentication: authentication)],
            acceptor: engine.acceptor)
    }

    /// The APIs of all channels: Conversations v3, and Chat v2 at both of its addresses.
    private static func addChannels(
        _ engine: MessagingEngine, _ options: APIOptions, _ media: MediaLibrary?,
        to router: Router<APIRequestContext>, authentication: APIKeyAuthentication
    ) {
        let (directory, clock) = (engine.context.directory, engine.context.clock)
        let media = media ?? MediaLibrary(database: engine.context.database, directory: directory, clock: clock)
        ConversationsRoutes(engine: engine, options: options) { try await media.exists($0, companyID: $1) }
            .add(to: router, authentication: authentication)
        ConversationsMediaRoutes(library: media, directory: directory, options: options)
            .add(to: router, authentication: authentication)
        ConversationsConfigurationRoutes(directory: directory, options: options, clock: clock)
            .add(to: router, authentication: authentication)
        for version in ChatVersion.allCases {
            ChatRoutes(version: version, engine: engine, library: media, options: options)
                .add(to: router, authentication: authentication)
        }
    }

    /// The HTTP/1 server for `Application(router:server:)`, with the deadlines, the certificate and the bounds of
    /// `options`; `responder` answers its requests. What it knows of its connections is declared in `registry`.
    public static func http1(
        answering responder: RequestResponder, options: APIOptions, registry: Registry? = nil
    ) -> HTTPServerBuilder {
        let limit = ConnectionLimit(maximum: options.maximumConnections)
        if let registry { declare(limit, options.certificates, in: registry) }
        let plain = RequestConnection(
            responder: responder,
            bounds: ConnectionBounds(
                requestDeadline: TimeAmount(options.requestDeadline), idleTimeout: TimeAmount(options.idleTimeout),
                connections: limit), collectors: AcceptCollectors(responder.acceptor))
        let certificates = options.certificates
        return HTTPServerBuilder { _ in
            guard let certificates else { return plain }
            return TLSChildChannel(base: plain, certificates: certificates)
        }
    }

    private static func declare(_ limit: ConnectionLimit, _ certificates: TLSCertificates?, in registry: Registry) {
        registry.observe("parley_http_connections", "HTTP connections that are open.") { [Sample(Double(limit.count))] }
        registry.observe(
            "parley_http_connections_refused_total", "HTTP connections that were one too many.", kind: .counter
        ) { [Sample(Double(limit.refused))] }
        guard let certificates else { return }
        registry.observe(
            "parley_tls_certificate_expiry_timestamp_seconds",
            "Until when the certificate of the HTTP listener is valid, in seconds since 1970."
        ) { [Sample(Double(certificates.expiresAt))] }
    }
}
