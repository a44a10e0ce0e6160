// SPDX-License-Identifier: Apache-2.0
// Answers the requests of an HTTP connection: what Hummingbird's application does, without a logger of its own for each
// request. What log lines say of a request is in its `RequestTrace`.

internal import Hummingbird
internal import HummingbirdCore
internal import Logging
internal import Messaging
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

/// The router as an HTTP server calls it.
public struct RequestResponder: Sendable {
    /// A response, and the value of its header `Date`.
    struct Answer {
        let response: Response
        let date: String
    }

    private let router: RouterResponder<APIRequestContext>
    private let direct: [DirectRoute]
    /// Takes what comes on a direct route.
    let acceptor: Acceptor
    private let logger: Logger
    private let date = DateHeader()

    init(_ router: RouterResponder<APIRequestContext>, direct: [DirectRoute], acceptor: Acceptor, logger: Logger) {
        self.router = router
        self.acceptor = acceptor
        self.direct = direct
        self.logger = logger
    }

    func context(_ channel: any Channel) -> APIRequestContext {
        APIRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
    }

    /// The value of the header `Date` of an answer that leaves now.
    var now: String { date.text(at: Timestamp.now()) }

    /// How the request is answered without a task; nil when it is answered as most are.
    func directRoute(for head: HTTPRequestHead, _ body: ByteBuffer) -> DirectRoute? {
        direct.first { $0.takes(head, body) }
    }

    func respond(to request: Request, _ channel: any Channel) async -> Answer {
        let context = context(channel)
        let response: Response
        do {
            response = try await router.respond(to: request, context: context)
        } catch {
            logger.error("a request failed", metadata: ["error": "\(type(of: error))"])
            response = Response(status: .internalServerError)
        }
        return Answer(response: response, date: now)
    }
}

/// The header `Date`, written once a second.
final class DateHeader: Sendable {
    private let cached = Mutex<(second: Int64, text: String)>((.min, ""))

    func text(at now: Milliseconds) -> String {
        let second = now / 1000
        return cached.withLock { cached in
            if cached.second != second { cached = (second, Timestamp.httpDate(now)) }
            return cached.text
        }
    }
}
