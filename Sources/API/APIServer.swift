// SPDX-License-Identifier: Apache-2.0
// Puts the HTTP surfaces together: one router for every surface, and an HTTP/1 server whose clients cannot hold a
// connection by being slow.

internal import Accounts
public import Hummingbird
public import HummingbirdCore
public import Messaging
internal import NIOCore

public enum APIServer {
    /// The router of all surfaces. `extraRoutes` adds what the program serves besides, such as its front page; those
    /// routes get the same errors, request ids and logging.
    public static func router(
        engine: MessagingEngine, options: APIOptions,
        extraRoutes: (Router<APIRequestContext>) -> Void = { _ in }
    ) -> Router<APIRequestContext> {
        let router = Router(context: APIRequestContext.self)
        let methods = AllowedMethods()
        router.add(middleware: RequestLog(level: options.accessLogLevel))
        router.add(middleware: ProblemMiddleware(allowedMethods: methods))
        ServerRoutes(readiness: options.readiness).add(to: router)
        let authentication = APIKeyAuthentication(
            directory: engine.context.directory, scope: .api, clock: engine.context.clock)
        SMSRoutes(engine: engine, options: options).add(to: router, authentication: authentication)
        extraRoutes(router)
        methods.replace(with: router.routes)
        return router
    }

    /// The HTTP/1 server for `Application(router:server:)`, with the deadlines of `options`.
    public static func http1(options: APIOptions) -> HTTPServerBuilder {
        let deadline = TimeAmount(options.requestDeadline)
        return .http1(
            configuration: HTTP1Channel.Configuration(
                additionalChannelHandlers: [RequestDeadlineHandler(deadline: deadline)],
                idleTimeout: TimeAmount(options.idleTimeout)))
    }
}
