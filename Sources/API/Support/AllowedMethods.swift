// SPDX-License-Identifier: Apache-2.0
// Which methods an address has, for the answers to those that it has not.

internal import Hummingbird
internal import Synchronization

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
