// SPDX-License-Identifier: Apache-2.0
// GET /admin/v1/status: what runs, what waits and which carriers are connected, in one look. For operators.

internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct AdminStatus: Sendable {
    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) { group.get("status", use: show) }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let queue = try await surface.database.read { try QueueStatistics($0) }
        let options = surface.options.admin
        let running = surface.engine.runningConnectors
        let connectors = surface.directory.current.connectors.values.filter(\.isEnabled).sorted { $0.name < $1.name }
        let now = surface.now
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("version", options.version)
            writer.member("node", surface.engine.context.options.nodeName)
            writer.member("startedAt", instant: options.startedAt)
            writer.member("database", surface.database.dialect.pick(sqlite: "sqlite", postgres: "postgres"))
            writer.member(
                "queue",
                object: { writer in
                    writer.member("depth", queue.depth)
                    let age = queue.oldestDueAt.map { max(0, now - $0) / 1000 }
                    writer.member("oldestAgeSeconds", age)
                })
            writer.member(
                "deliveries",
                object: { writer in
                    writer.member("pending", queue.pendingDeliveries)
                    writer.member("undelivered", queue.undelivered)
                })
            writer.member(
                "connectors",
                array: { writer in
                    for connector in connectors {
                        writer.object { writer in
                            writer.member("name", connector.name)
                            writer.member("up", running.first { $0.id == connector.id }?.isUp ?? false)
                        }
                    }
                })
        }
        return Response(json: writer)
    }
}
