// SPDX-License-Identifier: Apache-2.0
// /admin/v1/channels: the numbers of companies and where their inbound messages go.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AdminChannels: Sendable {
    /// A channel as a request describes it.
    private struct Draft {
        let companyID: CompanyID
        let address: ChannelAddress
        let inbound: Reporting?

        init(_ reader: inout AdminReader) {
            companyID = reader.requiredID("companyId")
            let kind = reader.choice("kind", among: [ChannelKind.sms]) ?? .sms
            address = ChannelAddress(kind: kind, address: reader.requiredText("address"))
            let method = reader.choice("inboundMethod", among: [Reporting.Method.post, .get]) ?? .post
            inbound = reader.text("inboundUrl").map { Reporting(url: $0, method: method) }
        }
    }

    let surface: AdminSurface

    func add(to group: RouterGroup<APIRequestContext>) {
        group.group("channels")
            .get(use: list)
            .post(use: create)
            .get(":id", use: show)
            .patch(":id", use: change)
            .delete(":id", use: remove)
    }

    @Sendable private func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await surface.owned(request, context) { try $0.channels() }.response { $1.write(to: &$0) }
    }

    @Sendable private func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .channel)
        return try await surface.inspect { provisioner, _ in try Self.find(id, provisioner, caller) }.response()
    }

    @Sendable private func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        var reader = try await AdminReader(request)
        let draft = Draft(&reader)
        try reader.check()
        return try await surface.change(caller) { provisioner in
            try surface.checkOwner(draft.companyID, caller, provisioner)
            return try provisioner.createChannel(
                companyID: draft.companyID, address: draft.address, inbound: draft.inbound)
        }.response(.created)
    }

    @Sendable private func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .channel)
        let patch = try await AdminReader.members(of: request)
        return try await surface.change(caller) { provisioner in
            let before = try Self.find(id, provisioner, caller)
            var reader = AdminReader(patching: before.members, with: patch)
            let draft = Draft(&reader)
            try reader.check()
            try surface.checkOwner(draft.companyID, caller, provisioner)
            return try provisioner.change(
                channelID: id, companyID: draft.companyID, address: draft.address, inbound: draft.inbound)
        }.response()
    }

    @Sendable private func remove(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.caller(context)
        let id = try surface.id(in: context, of: .channel)
        try await surface.change(caller) { provisioner in
            _ = try Self.find(id, provisioner, caller)
            try provisioner.remove(channelID: id)
        }
        return Response(status: .noContent)
    }

    private static func find(
        _ id: Int64, _ provisioner: Provisioner, _ caller: AdminCaller
    ) throws -> MessagingChannel {
        let channel = try provisioner.channel(id)
        try caller.check(channel.companyID, .channel)
        return channel
    }
}

extension MessagingChannel {
    /// What a change can change.
    fileprivate var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "companyId": .integer(companyID), "kind": .string(kind.rawValue), "address": .string(address),
        ]
        members["inboundUrl"] = inbound.map { .string($0.url) }
        members["inboundMethod"] = inbound.map { .string($0.method.rawValue) }
        return members
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("companyId", companyID)
            writer.member("kind", kind.rawValue)
            writer.member("address", address)
            writer.member("inboundUrl", inbound?.url)
            writer.member("inboundMethod", (inbound?.method ?? .post).rawValue)
            writer.member("origin", origin.rawValue)
        }
    }

    fileprivate func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        write(to: &writer)
        return Response(status: status, json: writer)
    }
}
