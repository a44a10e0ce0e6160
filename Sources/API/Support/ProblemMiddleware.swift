// SPDX-License-Identifier: Apache-2.0
// Turns whatever a handler, the router or the database throws into a problem document. An address that exists for other
// methods is 405 with `Allow`, not 404.

internal import Hummingbird
internal import Logging
internal import NIOCore
internal import SQL
internal import Synchronization

struct ProblemMiddleware: RouterMiddleware {
    typealias Context = APIRequestContext

    let allowedMethods: AllowedMethods

    func handle(
        _ request: Request, context: APIRequestContext,
        next: @concurrent (Request, APIRequestContext) async throws -> Response
    ) async throws -> Response {
        var response: Response
        do {
            response = try await next(request, context)
        } catch {
            response = problem(for: error, request: request, context: context).response(from: request, context: context)
        }
        if request.method == .head { response.body = ResponseBody() }
        return response
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
}

/// Which methods each address has; known once all routes are.
final class AllowedMethods: Sendable {
    private struct Route {
        let segments: [RouterPath.Element]
        let method: String
    }

    private let routes = Mutex<[Route]>([])

    func replace(with descriptions: [Router<APIRequestContext>.RouteDescription]) {
        let all = descriptions.map { Route(segments: Array($0.path), method: $0.method.rawValue) }
        routes.withLock { $0 = all }
    }

    /// The methods at `path`, sorted: those of the routes that name the most of its segments, as the router prefers them.
    func methods(at path: String) -> [String] {
        let segments = path.split(separator: "/")
        let found = routes.withLock { routes in
            routes.filter { route in
                route.segments.count == segments.count && zip(route.segments, segments).allSatisfy { $0 ~= $1 }
            }
        }
        let named = found.map { zip($0.segments, segments).count { $0 == .path($1) } }
        let most = named.max()
        return Set(zip(found, named).filter { $0.1 == most }.map(\.0.method)).sorted()
    }
}
