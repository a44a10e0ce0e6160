// SPDX-License-Identifier: Apache-2.0
// /admin/v1/channels: the addresses of companies, and where the inbound messages of numbers go.

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
        let name: String?
        let connector: String?
        let settings: ChannelSettings

        init(_ reader: inout AdminReader) {
            companyID = reader.requiredID("companyId")
            let kind = reader.choice("kind", among: ChannelKind.ofChannels) ?? .sms
            address = ChannelAddress(kind: kind, address: reader.requiredText("address"))
            let method = reader.choice("inboundMethod", among: [Reporting.Method.post, .get]) ?? .post
            inbound = reader.text("inboundUrl").map { Reporting(url: $0, method: method) }
            name = reader.text("name", maximumLength: 256)
            connector = reader.text("connector", maximumLength: 200)
            var settings = ChannelSettings()
            settings.scopes = reader.texts("scopes", maximumLength: 60)
            settings.viberService = reader.choice("viberService", among: ChannelSettings.ViberService.allCases)
            settings.phoneNumberID = reader.text("phoneNumberId", maximumLength: 30)
            settings.accountName = reader.text("accountName", maximumLength: 256)
            settings.dataRetentionInDays = reader.integer("dataRetentionInDays", in: 1...3650)
            self.settings = settings
        }

        func details(_ provisioner: Provisioner) throws -> ChannelDetails {
            let id = try connector.map { name in
                guard let connector = try provisioner.connectors().first(where: { $0.name == name }) else {
                    throw Problem.conflict(Violation(field: "connector", message: "names no connector: \(name)"))
                }
                return connector.id
            }
            return ChannelDetails(name: name, connectorID: id, settings: settings)
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
        try await surface.owned(request, context) { try AdminChannel.all($0) }.response { $1.write(to: &$0) }
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
            try checkConnector(draft.connector, before: nil, caller)
            let channel = try provisioner.createChannel(
                companyID: draft.companyID, address: draft.address, inbound: draft.inbound,
                details: try draft.details(provisioner))
            return try AdminChannel(channel, provisioner)
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
            try checkConnector(draft.connector, before: before.connector, caller)
            let channel = try provisioner.change(
                channelID: id, companyID: draft.companyID, address: draft.address, inbound: draft.inbound,
                details: try draft.details(provisioner))
            return try AdminChannel(channel, provisioner)
        }.response()
    }

    /// Connectors are the operator's: a reseller neither chooses one nor learns which there are.
    private func checkConnector(_ name: String?, before: String?, _ caller: AdminCaller) throws {
        if name != before { try caller.requireOperator() }
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
    ) throws -> AdminChannel {
        let channel = try provisioner.channel(id)
        try caller.check(channel.companyID, .channel)
        return try AdminChannel(channel, provisioner)
    }
}

/// A channel with its connector's name, by which people know it.
struct AdminChannel: AdminOwned {
    let channel: MessagingChannel
    let connector: String?

    static func all(_ provisioner: Provisioner) throws -> [AdminChannel] {
        let names = Dictionary(uniqueKeysWithValues: try provisioner.connectors().map { ($0.id, $0.name) })
        return try provisioner.channels().map { AdminChannel($0, names) }
    }

    init(_ channel: MessagingChannel, _ names: [Int64: String]) {
        self.channel = channel
        connector = channel.connectorID.flatMap { names[$0] }
    }

    fileprivate init(_ channel: MessagingChannel, _ provisioner: Provisioner) throws {
        self.init(
            channel, Dictionary(uniqueKeysWithValues: try provisioner.connectors().map { ($0.id, $0.name) }))
    }

    var id: Int64 { channel.id }
    var companyID: CompanyID { channel.companyID }

    /// What a change can change.
    fileprivate var members: [String: JSONValue] {
        var members: [String: JSONValue] = [
            "companyId": .integer(companyID), "kind": .string(channel.kind.rawValue),
            "address": .string(channel.address),
        ]
        members["inboundUrl"] = channel.inbound.map { .string($0.url) }
        members["inboundMethod"] = channel.inbound.map { .string($0.method.rawValue) }
        members["name"] = channel.name.map { .string($0) }
        members["connector"] = connector.map { .string($0) }
        members["scopes"] = channel.settings.scopes.map { .array($0.map { .string($0) }) }
        members["viberService"] = channel.settings.viberService.map { .string($0.rawValue) }
        members["phoneNumberId"] = channel.settings.phoneNumberID.map { .string($0) }
        members["accountName"] = channel.settings.accountName.map { .string($0) }
        members["dataRetentionInDays"] = channel.settings.dataRetentionInDays.map { .integer(Int64($0)) }
        return members
    }

    fileprivate func write(to writer: inout JSONWriter) {
        writer.object { writer in
            writer.member("id", id)
            writer.member("companyId", companyID)
            writer.member("kind", channel.kind.rawValue)
            writer.member("address", channel.address)
            writer.member("name", channel.name)
            writer.member("connector", connector)
            writer.member("inboundUrl", channel.inbound?.url)
            writer.member("inboundMethod", (channel.inbound?.method ?? .post).rawValue)
            if let scopes = channel.settings.scopes { writer.member("scopes", texts: scopes) }
            writer.member("viberService", channel.settings.viberService?.rawValue)
            writer.member("phoneNumberId", channel.settings.phoneNumberID)
            writer.member("accountName", channel.settings.accountName)
            writer.member("dataRetentionInDays", channel.settings.dataRetentionInDays.map { Int64($0) })
            writer.member("origin", channel.origin.rawValue)
        }
    }

    fileprivate func response(_ status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        write(to: &writer)
        return Response(status: status, json: writer)
    }
}
