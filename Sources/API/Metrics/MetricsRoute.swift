// SPDX-License-Identifier: Apache-2.0
// GET /metrics: everything that the process counts, for Prometheus.

internal import HTTPTypes
internal import Hummingbird
internal import Prometheus

/// Who may read `/metrics`.
public enum MetricsAccess: String, Sendable, CaseIterable {
    /// Everybody who reaches the listener; the figures name connectors and routes, and no customer.
    case `public`
    /// Keys with the scope `admin`.
    case admin
    /// Nobody: the address does not exist.
    case off
}

struct MetricsRoute {
    let registry: Registry
    let access: MetricsAccess

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let registry = registry
        let handler: @Sendable (Request, APIRequestContext) async throws -> Response = { _, _ in
            Response(
                status: .ok, headers: [.contentType: Registry.contentType],
                body: ResponseBody(byteBuffer: ByteBuffer(bytes: await registry.scrape())))
        }
        switch access {
        case .public: router.get("metrics", use: handler)
        case .admin: router.group("metrics").add(middleware: authentication).get(use: handler)
        case .off: break
        }
    }
}
