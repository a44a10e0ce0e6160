// SPDX-License-Identifier: Apache-2.0
// Answers the requests of an HTTP connection: what Hummingbird's application does, without a logger of its own for each
// request. What log lines say of a request is in its `RequestTrace`.

public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
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
    private let logger: Logger
    private let date = DateHeader()

    public init(_ router: RouterResponder<APIRequestContext>, logger: Logger) {
        self.router = router
        self.logger = logger
    }

    func respond(to request: Request, _ channel: any Channel) async -> Answer {
        let context = APIRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        let response: Response
        do {
            response = try await router.respond(to: request, context: context)
        } catch {
            logger.error("a request failed", metadata: ["error": "\(type(of: error))"])
            response = Response(status: .internalServerError)
        }
        return Answer(response: response, date: date.text(at: Timestamp.now()))
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
