// SPDX-License-Identifier: Apache-2.0
// /admin/v1/routes: which connectors carry which numbers, for operators alone. As JSON one by one, as CSV all at once.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import NIOCore
internal import Wire

/// A route with its connectors' names, by which people know them.
struct AdminRoute: Sendable {
    let route: Route
    let connectors: [String]

    static func all(_ provisioner: Provisioner) throws -> [AdminRoute] {
        let names = Dictionary(uniqueKeysWithValues: try provisioner.connectors().map { ($0.id, $0.name) })
        return try provisioner.routes().map { AdminRoute($0, names) }
    }

    init(_ route: Route, _ names: [Int64: String]) {
        self.route = route
        connectors = route.connectorIDs.compactMap { names[$0] }
    }

    fileprivate init(_ route: Route, _ provisioner: Provisioner) throws {
        self.init(
            route, Dictionary(uniqueKeysWithValues: try provisioner.connectors().map { ($0.id, $0.name) }))
    }

    /// What a change can change.
    fileprivate var members: [String: JSONValue] {
        [
            "gateway": .string(route.gateway), "prefix": .string(route.prefix),
            "connectors": .array(connectors.map { .string($0) }),
        ]
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", route.id)
            writer.member("gateway", route.gateway)
            writer.member("prefix", route.prefix)
            writer.member("connectors", texts: connectors)
            writer.member("origin", route.origin.rawValue)
        }
    }

    fileprivate func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        write(to: &writer)
        return Response(status: status, json: writer)
    }
}

struct AdminRouteTable: Sendable {
    private static let columns = ["gateway", "prefix", "connectors"]

    /// A route as a request describes it.
    private struct Draft {
        let gateway: String
        let prefix: String
        let connectors: [String]

        init(_ reader: inout AdminReader) {
            gateway = reader.text("gateway") ?? Route.defaultGateway
            prefix = reader.text("prefix") ?? ""
            if !reader.has("connectors") { reader.refuse("connectors", "is required") }
            connectors = reader.texts("connectors") ?? []
        }

        func route(_ provisioner: Provisioner) throws -> Route {
            let known = try provisioner.connectors()
            let ids = try connectors.map { name in
                guard let connector = known.first(where: { $0.name == name }) else {
                    throw Problem.conflict(Violation(field: "connectors", message: "names no connector: \(name)"))
                }
                return connector.id
            }
            return Route(id: 0, gateway: gateway, prefix: prefix, connectorIDs: ids)
        }
    }

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        let table = TableImport<Declaration.RouteEntry>(
            surface: surface, columns: Self.columns, required: ["connectors"],
            read: { row, columns, _ in
                Declaration.RouteEntry(
                    gateway: columns.value("gateway", in: row) ?? Route.defaultGateway,
                    prefix: columns.value("prefix", in: row) ?? "",
                    connectors: (columns.value("connectors", in: row) ?? "").split(separator: " ").map(String.init))
            },
            apply: { try $0.importRoutes($1, replacing: $2, progress: $3) })
        group.group("routes")
            .get(use: list)
            .post(use: create)
            .post("import") { try await table.handle($0, context: $1) }
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: remove)
    }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        try query.check()
        let routes = try await surface.inspect { provisioner, _ in try AdminRoute.all(provisioner) }
        if request.wantsCSV { return Self.table(of: routes) }
        return page.slice(routes, id: \.route.id).response { $1.write(to: &$0) }
    }

    private static func table(of routes: [AdminRoute]) -> Response {
        Response(csv: columns) { writer in
            for start in stride(from: 0, to: routes.count, by: 1000) {
                var table = CSVWriter()
                for route in routes[start..<min(start + 1000, routes.count)] {
                    table.row([
                        route.route.gateway, route.route.prefix, route.connectors.joined(separator: " "),
                    ])
                }
                try await writer.write(ByteBuffer(bytes: table.bytes))
            }
        }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .route)
        return try await surface.inspect { provisioner, _ in
            try AdminRoute(try provisioner.route(id), provisioner)
        }.response()
    }

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        var reader = try await AdminReader(request)
        let draft = Draft(&reader)
        try reader.check()
        return try await surface.change(caller) { provisioner in
            let route = try draft.route(provisioner)
            try provisioner.create([route])
            let stored = try provisioner.routes().first { $0.gateway == route.gateway && $0.prefix == route.prefix }
            guard let stored else { throw ProvisioningError.notFound(.route) }
            return try AdminRoute(stored, provisioner)
        }.response(.created)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .route)
        let patch = try await AdminReader.members(of: request)
        return try await surface.change(caller) { provisioner in
            let before = try AdminRoute(try provisioner.route(id), provisioner)
            var reader = AdminReader(patching: before.members, with: patch)
            let draft = Draft(&reader)
            try reader.check()
            return try AdminRoute(
                try provisioner.change(routeID: id, to: try draft.route(provisioner)), provisioner)
        }.response()
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .route)
        try await surface.change(caller) { try $0.remove(routeID: id) }
        return Response(status: .noContent)
    }
}

extension Request {
    /// Whether the client asks for a table rather than JSON.
    var wantsCSV: Bool {
        headers[values: .accept].contains { header in
            header.lowercased().split(separator: ",").contains {
                $0.prefix { $0 != ";" }.filter { $0 != " " } == "text/csv"
            }
        }
    }
}

extension Response {
    /// A table that is written as it is read.
    init(
        csv columns: [String],
        _ write: @escaping @concurrent @Sendable (inout any ResponseBodyWriter) async throws -> Void
    ) {
        self.init(
            status: .ok, headers: [.contentType: "text/csv; charset=utf-8"],
            body: ResponseBody { writer in
                var header = CSVWriter()
                header.row(columns)
                try await writer.write(ByteBuffer(bytes: header.bytes))
                try await write(&writer)
                try await writer.finish(nil)
            })
    }
}
