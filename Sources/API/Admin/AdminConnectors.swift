// SPDX-License-Identifier: Apache-2.0
// /admin/v1/connectors: the ways to carriers, for operators alone. Stopping, starting and binding anew is stored, so
// that every node does it and a restart changes nothing; passwords are taken and never shown.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AdminConnectors: Sendable {
    /// A connector as a request describes it; without `password` it keeps the one it has.
    private struct Draft {
        let name: String
        let kind: String
        let options: JSONValue
        let password: String?

        init(_ reader: inout AdminReader) {
            name = reader.requiredText("name")
            kind = reader.requiredText("kind")
            options = reader.object("options")
            password = reader.text("password", maximumLength: 1000)
            // Tables name connectors with spaces between them.
            if name.utf8.contains(UInt8(ascii: " ")) { reader.refuse("name", "must not contain spaces") }
        }
    }

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("connectors")
            .get(use: list)
            .post(use: create)
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: remove)
            .post(":id/start") { try await operate(.started, $1) }
            .post(":id/stop") { try await operate(.stopped, $1) }
            .post(":id/rebind") { try await operate(.rebound, $1) }
    }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        var query = try AdminQuery(request)
        let page = AdminPage(&query)
        try query.check()
        return try await surface.inspect { provisioner, _ in page.slice(try provisioner.connectors(), id: \.id) }
            .response { write($1, to: &$0) }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        _ = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .connector)
        return response(try await surface.inspect { provisioner, _ in try provisioner.connector(id) })
    }

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        var reader = try await AdminReader(request)
        let draft = Draft(&reader)
        try reader.check()
        let connector = try await surface.change(caller) { provisioner in
            try provisioner.createConnector(
                name: draft.name, kind: draft.kind, options: draft.options, secret: draft.password ?? "")
        }
        return response(connector, .created)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .connector)
        let patch = try await AdminReader.members(of: request)
        let connector = try await surface.change(caller) { provisioner in
            let before = try provisioner.connector(id)
            var reader = AdminReader(patching: before.members, with: patch)
            let draft = Draft(&reader)
            try reader.check()
            let secret = patch["password"] == .null ? "" : draft.password ?? before.secret
            return try provisioner.change(
                connectorID: id, name: draft.name, kind: draft.kind, options: draft.options, secret: secret)
        }
        return response(connector)
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .connector)
        try await surface.change(caller) { try $0.remove(connectorID: id) }
        return Response(status: .noContent)
    }

    @Sendable private func operate(_ action: AuditAction, _ context: APIRequestContext) async throws -> Response {
        let caller = try surface.operatorCaller(context)
        let id = try surface.id(in: context, of: .connector)
        return response(try await surface.change(caller) { try $0.operate(action, connectorID: id) })
    }

    // MARK: Writing

    private func response(_ connector: ConnectorSettings, _ status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        write(connector, to: &writer)
        return Response(status: status, json: writer)
    }

    private func write(_ connector: ConnectorSettings, to writer: inout JSONWriter) {
        let state = surface.options.admin.connectorState(connector.id)
        writer.object { writer in
            writer.member("id", connector.id)
            writer.member("name", connector.name)
            writer.member("kind", connector.kind)
            writer.member("options", tree: connector.options)
            writer.member("hasSecret", !connector.secret.isEmpty)
            writer.member("stopped", connector.isStopped)
            writer.member("origin", connector.origin.rawValue)
            writer.member("receiptIdForm", connector.receiptIDForm?.rawValue)
            if let state { writer.member("state", object: { state.write(to: &$0) }) }
        }
    }
}

extension ConnectorSettings {
    /// What a change can change.
    fileprivate var members: [String: JSONValue] {
        ["name": .string(name), "kind": .string(kind), "options": options]
    }
}

extension ConnectorLiveState {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.member("up", isUp)
        writer.member("binds", array: { writer in for bind in binds { bind.write(to: &writer) } })
        writer.member("messagesPerSecond", decimal: messagesPerSecond)
        writer.member("rate", decimal: rate)
        writer.member("paused", isPaused)
        writer.member("windowUsed", windowUsed)
        writer.member("windowSize", windowSize)
    }
}

extension ConnectorLiveState.Bind {
    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("index", index)
            writer.member("mode", mode)
            writer.member("phase", phase)
            writer.member("outstanding", outstanding)
            writer.member("window", window)
            writer.member("peerSystemId", peerSystemID)
            writer.member("lastError", lastError)
        }
    }
}

extension JSONWriter {
    /// A member with a number, to two decimals; left out when there is none that JSON can write.
    mutating func member(_ name: StaticString, decimal value: Double?) {
        guard let value, value.isFinite else { return }
        member(name, number: "\((value * 100).rounded() / 100)")
    }
}
