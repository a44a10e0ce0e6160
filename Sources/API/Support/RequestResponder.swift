// SPDX-License-Identifier: Apache-2.0
// Answers the requests of an HTTP connection: what Hummingbird's application does, without a logger of its own for each
// request. What log lines say of a request is in its `RequestTrace`.

public import Hummingbird
internal import HummingbirdCore
public import Logging
internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

/// The router as an HTTP server calls it.
public struct RequestResponder: Sendable {
    /// The answer broke off because the client's next bytes are no HTTP: the connection is over.
    private struct Interrupted: Error {}

    private let router: RouterResponder<APIRequestContext>
    private let logger: Logger
    private let date = DateHeader()

    public init(_ router: RouterResponder<APIRequestContext>, logger: Logger) {
        self.router = router
        self.logger = logger
    }

    @concurrent func respond(to request: Request, _ writer: consuming ResponseWriter, _ channel: any Channel)
        async throws
    {
        let response = try await response(to: request, channel)
        do {
            try await writer.write(response: response.head, body: response.body)
        } catch is HTTPParserError {
            throw Interrupted()
        }
    }

    @concurrent private func response(to request: Request, _ channel: any Channel) async throws -> Response {
        let context = APIRequestContext(source: ApplicationRequestContextSource(channel: channel, logger: logger))
        var response: Response
        do {
            response = try await router.respond(to: request, context: context)
        } catch let error as HTTPParserError {
            throw error
        } catch {
            logger.error("a request failed", metadata: ["error": "\(type(of: error))"])
            response = Response(status: .internalServerError)
        }
        response.headers[.date] = date.text(at: Timestamp.now())
        return response
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
