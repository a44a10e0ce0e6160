// SPDX-License-Identifier: Apache-2.0
// Counts requests by route pattern, method and class of status, and measures them. An address that is no route's, or a
// method that HTTP does not know, is `other`: what clients make up never becomes a label.

internal import Hummingbird
internal import Prometheus
internal import Synchronization

/// The instruments of every route that was asked for, each resolved once.
final class RequestInstruments: Sendable {
    struct Route: Sendable {
        /// By the first digit of the status, 2 to 5.
        let classes: [Counter]
        let duration: Histogram

        func record(status: Int, duration: Duration) {
            let index = status / 100 - 2
            if classes.indices.contains(index) { classes[index].add() }
            self.duration.observe(duration)
        }
    }

    private struct Key: Hashable {
        let pattern: String?
        let method: String
    }

    private static let methods: Set<String> = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]

    private let requests: Family<Counter>
    private let durations: Family<Histogram>
    private let routes = Mutex<[Key: Route]>([:])

    init(_ registry: Registry) {
        requests = registry.counters(
            "parley_http_requests_total", "HTTP requests by route, method and class of status.",
            labels: ["method", "route", "status"])
        durations = registry.histograms(
            "parley_http_request_duration_seconds", "From a request's head to its response, in seconds.",
            labels: ["method", "route"])
    }

    func route(_ pattern: String?, _ method: HTTPRequest.Method) -> Route {
        // Hummingbird gives an address without a route a name in place of a pattern.
        let pattern = pattern?.hasPrefix("/") == true ? pattern : nil
        let key = Key(pattern: pattern, method: Self.methods.contains(method.rawValue) ? method.rawValue : "other")
        return routes.withLock { routes in
            if let route = routes[key] { return route }
            let pattern = pattern ?? "other"
            let route = Route(
                classes: (2...5).map { requests.with(key.method, pattern, "\($0)xx") },
                duration: durations.with(key.method, pattern))
            routes[key] = route
            return route
        }
    }
}
