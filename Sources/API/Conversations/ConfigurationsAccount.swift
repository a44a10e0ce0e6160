// SPDX-License-Identifier: Apache-2.0
// /conversations/v3/configurations: what the account may do, where its events go, and with which credentials its media
// are fetched. A PUT replaces the whole of what it names. Callback and credentials, secrets included, are shown to those
// alone who have the scope to read them.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct AccountConfiguration: Sendable {
    let surface: ConfigurationSurface

    /// Shows at least the scopes: that is how a client learns what else it may ask for.
    @Sendable func show(_ request: Request, context: APIRequestContext) async throws -> Response {
        answer(try context.callerCompany())
    }

    @Sendable func putCallback(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try caller(context, scope: "callbacks:write")
        let body = try await BodyReader(request)
        let callback = CallbackSettings(body, isAccount: true, refusal: surface.options.callbackRefusal)
        try body.check()
        try await surface.change(context) { provisioner in
            try provisioner.changeSettings(ofCompany: caller.companyID) { $0.callback = callback }
        }
        return answer(caller.companyID)
    }

    @Sendable func putCredentials(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try caller(context, scope: "credentials:write")
        let body = try await BodyReader(request)
        let credentials = MediaCredentials(body, refusal: surface.options.callbackRefusal)
        try body.check()
        try await surface.change(context) { provisioner in
            try provisioner.changeSettings(ofCompany: caller.companyID) { $0.mediaCredentials = credentials }
        }
        return answer(caller.companyID)
    }

    @Sendable func removeCredentials(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try caller(context, scope: "credentials:write")
        try await surface.change(context) { provisioner in
            try provisioner.changeSettings(ofCompany: caller.companyID) { $0.mediaCredentials = nil }
        }
        return answer(caller.companyID)
    }

    /// What is set here is for all channels: a key that is for some of them cannot set it.
    private func caller(_ context: APIRequestContext, scope: String) throws -> APIKey {
        let caller = try surface.access.caller(context, scope: scope)
        guard caller.limits.objects.isEmpty else {
            throw Problem(.forbidden, detail: "The API key is for some channels only, and this is about all of them.")
        }
        return caller
    }

    private func answer(_ companyID: CompanyID) -> Response {
        let settings = surface.access.settings(of: companyID)
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("scopes", texts: settings.effectiveScopes)
            if settings.allows("callbacks:read") {
                let callback = settings.callback ?? CallbackSettings()
                writer.member("callback", object: { callback.write(to: &$0, isAccount: true) })
            }
            writer.member(
                "config",
                object: { writer in
                    guard settings.allows("credentials:read"), let credentials = settings.mediaCredentials else {
                        return
                    }
                    writer.member("mediaCredentials", object: { credentials.write(to: &$0) })
                })
        }
        return Response(json: writer)
    }
}

extension MediaCredentials {
    private static let lengths = 1...2000

    /// Reads `{type, oauth2}` or `{type, basic}`; `type` may be left out.
    fileprivate init?(_ body: BodyReader, refusal: (String) -> String?) {
        let given = body.word("type", among: ["oauth2", "basic"])
        let type = given ?? (body.has("basic") && !body.has("oauth2") ? "basic" : "oauth2")
        guard let member = body.requiredObject(type) else { return nil }
        if type == "oauth2" {
            let url = member.requiredURL("url")
            if !url.isEmpty, let reason = refusal(url) { member.refuse("url", reason) }
            self = .oauth2(
                clientID: member.requiredText("clientId", length: Self.lengths),
                clientSecret: member.requiredText("clientSecret", length: Self.lengths), url: url)
        } else {
            let username = member.requiredText("username", length: Self.lengths)
            // RFC 7617 §2: what follows the first colon is the password.
            if username.contains(":") { member.refuse("username", "must not contain a colon") }
            self = .basic(
                username: username, password: member.requiredText("password", length: Self.lengths))
        }
    }

    fileprivate func write(to writer: inout JSONWriter) {
        switch self {
        case .oauth2(let clientID, let clientSecret, let url):
            writer.member("type", "oauth2")
            writer.member(
                "oauth2",
                object: { writer in
                    writer.member("clientId", clientID)
                    writer.member("clientSecret", clientSecret)
                    writer.member("url", url)
                })
        case .basic(let username, let password):
            writer.member("type", "basic")
            writer.member(
                "basic",
                object: { writer in
                    writer.member("username", username)
                    writer.member("password", password)
                })
        }
    }
}
