// SPDX-License-Identifier: Apache-2.0
// What surrounds every request, whatever it asks for: an id by which a customer and an operator talk about it, a problem
// document for whatever a handler, the router or the database throws, one log line, and the metrics. One layer, for each
// layer of middleware costs every request. The log line holds no content, no key and no query string.

internal import HTTPTypes
internal import Hummingbird
internal import Logging
internal import NIOCore
internal import Prometheus
internal import SQL
internal import Wire

struct RequestFrame: RouterMiddleware {
    typealias Context = APIRequestContext

    private let logLevel: Logger.Level
    private let instruments: RequestInstruments
    private let allowedMethods: AllowedMethods

    /// An address that exists for other methods, which `allowedMethods` knows, is 405 with `Allow`, not 404.
    init(logLevel: Logger.Level, registry: Registry, allowedMethods: AllowedMethods) {
        self.logLevel = logLevel
        self.allowedMethods = allowedMethods
        instruments = RequestInstruments(registry)
    }

    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        let opening = open(request, context: context)
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = self.response(to: error, request: request, context: context)
        }
        if request.method == .head { response.body = ResponseBody() }
        response.headers.append(HTTPField(name: .requestID, value: opening.id))
        close(
            opening, status: response.status, request: request, context: context,
            route: route(context.endpointPath, request.method))
        return response
    }

    /// What is known of a request before anything is done for it.
    struct Opening {
        let start = ContinuousClock.now
        /// What its answer says in `X-Request-Id`.
        let id: String
    }

    func open(_ request: Request, context: APIRequestContext) -> Opening {
        let opening = Opening(
            id: Self.sane(request.headers.value(.requestID)) ?? UUIDv7.next(now: Timestamp.now()).description)
        context.trace.note(requestID: opening.id)
        if let trace = TraceContext(of: request.headers) { context.trace.note(trace) }
        return opening
    }

    /// Logs and counts a request that is about to be answered.
    func close(
        _ opening: Opening, status: HTTPResponse.Status, request: Request, context: APIRequestContext,
        route: RequestInstruments.Route
    ) {
        let duration = opening.start.duration(to: .now)
        context.logger.log(
            level: status.code >= 500 ? .error : logLevel, "request",
            metadata: Self.metadata(request, status, duration: duration, trace: context.trace))
        route.record(status: status.code, duration: duration)
    }

    /// What is counted for the requests of a route.
    func route(_ pattern: String?, _ method: HTTPRequest.Method) -> RequestInstruments.Route {
        instruments.route(pattern, method)
    }

    /// The problem document for whatever was thrown.
    func response(to error: any Error, request: Request, context: APIRequestContext) -> Response {
        problem(for: error, request: request, context: context).response(from: request, context: context)
    }

    private func problem(for error: any Error, request: Request, context: APIRequestContext) -> Problem {
        switch error {
        case let problem as Problem:
            return problem
        case let error as HTTPError where error.status == .notFound:
            let methods = allowedMethods.methods(at: request.uri.path)
            return methods.isEmpty ? .notFound("There is nothing at this address.") : .methodNotAllowed(methods)
        case let error as HTTPError:
            return Problem(error.status, detail: error.body ?? error.status.reasonPhrase)
        case is NIOTooManyBytesError:
            return .tooLarge
        case let error as DatabaseError where error.isTransient:
            context.logger.error(
                "the database is not available", metadata: context.trace.metadata.with("error", "\(error)"))
            return .unavailable
        case let error as DatabaseError:
            // Its text is the engine's own and carries no values.
            context.logger.error("a request failed", metadata: context.trace.metadata.with("error", "\(error)"))
            return .internalError
        default:
            // The type alone: an error of unknown origin may carry what a customer wrote.
            context.logger.error(
                "a request failed", metadata: context.trace.metadata.with("error", "\(type(of: error))"))
            return .internalError
        }
    }

    private static func metadata(
        _ request: Request, _ status: HTTPResponse.Status, duration: Duration, trace: RequestTrace
    ) -> Logger.Metadata {
        let (seconds, attoseconds) = duration.components
        let microseconds = seconds * 1_000_000 + attoseconds / 1_000_000_000_000
        return [
            "method": "\(request.method)", "path": "\(request.uri.path)", "status": "\(status.code)",
            "us": "\(microseconds)",
        ].merging(trace.metadata) { own, _ in own }
    }

    /// A client's own id is taken over when it can do no harm in a log: letters, digits and `-_.:`, 128 at the most.
    static func sane(_ id: String?) -> String? {
        guard let id, (1...128).contains(id.utf8.count) else { return nil }
        let isSane = id.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            default: "-_.:".utf8.contains(byte)
            }
        }
        return isSane ? id : nil
    }
}
