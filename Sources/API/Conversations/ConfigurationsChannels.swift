// SPDX-License-Identifier: Apache-2.0
// /conversations/v3/configurations/channels: the company's channels of each kind. A channel's callback is shown as it takes
// effect: field by field what the channel says, else what the account says.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct ChannelConfigurations: Sendable {
    let surface: ConfigurationSurface
    let kinds: [ConfiguredKind]

    @Sendable func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.access.caller(context, scope: "channels:read")
        var query = try AdminQuery(request)
        let page = PageNumber(&query)
        try query.check()
        let directory = surface.directory.current
        let all = kinds.flatMap { kind in
            directory.channels.values.filter { $0.kind == kind.kind && Self.isVisible($0, to: caller) }
                .sorted { $0.id < $1.id }.map { (kind, $0) }
        }
        var writer = JSONWriter()
        writer.array { writer in
            for (kind, channel) in page.slice(all) { kind.write(channel, directory, to: &writer) }
        }
        let base = surface.options.baseURL(for: request) ?? ""
        var response = Response(json: writer)
        for field in page.headers(total: all.count, url: base + request.uri.path) { response.headers.append(field) }
        return response
    }

    @Sendable func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try surface.access.caller(context, scope: "channels:read")
        return try answer(context, caller)
    }

    @Sendable func putCallback(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        let (_, channel) = try find(context, caller)
        guard channel.settings.allows("callbacks:write") else {
            throw Problem.missing(scope: "callbacks:write", of: channel.address)
        }
        let body = try await BodyReader(request)
        let callback = CallbackSettings(body, isAccount: false, refusal: surface.options.callbackRefusal)
        try body.check()
        try await surface.change(context) { provisioner in
            // It may have gone to somebody else since.
            guard try provisioner.channel(channel.id).companyID == caller.companyID else {
                throw ProvisioningError.notFound(.channel)
            }
            _ = try provisioner.setCallback(callback, ofChannel: channel.id)
        }
        return try answer(context, caller)
    }

    private func answer(_ context: APIRequestContext, _ caller: APIKey) throws -> Response {
        let (kind, channel) = try find(context, caller)
        var writer = JSONWriter()
        kind.write(channel, surface.directory.current, to: &writer)
        return Response(json: writer)
    }

    /// The company's channel that the path names, with or without `+`. Throws 404.
    private func find(
        _ context: APIRequestContext, _ caller: APIKey
    ) throws -> (kind: ConfiguredKind, channel: MessagingChannel) {
        let text = context.parameters.get("address") ?? ""
        // A `+` that was decoded as a space is still one.
        let address = text.hasPrefix("+") || text.hasPrefix(" ") ? String(text.dropFirst()) : text
        for kind in kinds {
            let channel = surface.directory.current.channels[ChannelAddress(kind: kind.kind, address: address)]
            if let channel, Self.isVisible(channel, to: caller) { return (kind, channel) }
        }
        throw Problem.notFound("There is no such \(kinds.first?.noun ?? "channel") on this account.")
    }

    private static func isVisible(_ channel: MessagingChannel, to caller: APIKey) -> Bool {
        channel.companyID == caller.companyID
            && caller.covers(kind: channel.kind.rawValue, address: channel.address)
    }
}

extension ConfiguredKind {
    fileprivate func write(_ channel: MessagingChannel, _ directory: Directory, to writer: inout JSONWriter) {
        let account = directory.companySettings[channel.companyID] ?? CompanySettings()
        let mayReadCallback = account.allows("callbacks:read") && channel.settings.allows("callbacks:read")
        writer.object { writer in
            writer.member("channel", channel.kind.rawValue)
            writer.member("scopes", texts: channel.settings.effectiveScopes(of: channel.kind))
            if mayReadCallback {
                let callback = directory.callback(of: channel)
                writer.member("callback", object: { callback.write(to: &$0, isAccount: false) })
            }
            writer.member("name", channel.name)
            writer.member("id", object: { $0.member(idMember, channel.address) })
            if channel.kind == .viber {
                let service = channel.settings.viberService ?? .twoWay
                writer.member("config", object: { $0.member("serviceType", service.rawValue) })
            }
        }
    }
}
