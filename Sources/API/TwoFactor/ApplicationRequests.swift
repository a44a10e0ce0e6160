// SPDX-License-Identifier: Apache-2.0
// /2fa/v1/application: what a company's one-time passwords look like and what their messages say. Every answer is the
// application as it stands now; after a deletion, as it was.

internal import Accounts
internal import Hummingbird
internal import Verification
internal import Wire

struct ApplicationRequests: Sendable {
    let verifier: Verifier

    @Sendable func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let applications = try await verifier.applications(of: try context.callerCompany())
        guard !applications.isEmpty else { return Response(status: .noContent) }
        var writer = JSONWriter()
        writer.array { writer in
            for application in applications { writer.object(ApplicationBody(application).write) }
        }
        return Response(json: writer)
    }

    @Sendable func create(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        var reader = try await TwoFactorReader(of: request)
        let settings = reader.settings()
        try reader.check()
        return Self.answer(try await verifier.create(settings, of: companyID))
    }

    @Sendable func get(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let id = try ApplicationReference.id(in: context)
        return Self.answer(try await verifier.application(id, of: companyID))
    }

    @Sendable func change(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let id = try ApplicationReference.id(in: context)
        var reader = try await TwoFactorReader(of: request)
        let change = reader.change()
        try reader.check()
        return Self.answer(try await verifier.change(change, to: id, of: companyID))
    }

    @Sendable func delete(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let id = try ApplicationReference.id(in: context)
        return Self.answer(try await verifier.deleteApplication(id, of: companyID))
    }

    @Sendable func setTemplate(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let id = try ApplicationReference.id(in: context)
        var reader = try await TwoFactorReader(of: request)
        let (key, text) = reader.template()
        try reader.check()
        return Self.answer(try await verifier.setTemplate(key, text: text, of: id, companyID: companyID))
    }

    @Sendable func deleteTemplate(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let id = try ApplicationReference.id(in: context)
        var reader = try TwoFactorReader(queryOf: request)
        let key = reader.templateKey()
        try reader.check()
        return Self.answer(try await verifier.deleteTemplate(key, of: id, companyID: companyID))
    }

    private static func answer(_ application: VerificationApplication) -> Response {
        var writer = JSONWriter()
        writer.object(ApplicationBody(application).write)
        return Response(json: writer)
    }
}

/// The `TwoFactorAuthApplicationEntity`, with what clients need beyond the document: the ids, the templates and since when
/// it is there.
///
///     {"accountId":"1","applicationId":"0197…","name":"Shop","alphanumeric":false,"attempts":3,"expire":300,"pinLength":4,
///      "sender":"VERIFY","caller":null,"template":{"en":"OTP code: {{OTP}}. Valid for {{SEC}} seconds."},
///      "channelTemplate":{"VOICE":{"en":"Your code is {{OTP}}."}},"created":1732190400000}
struct ApplicationBody {
    let application: VerificationApplication

    init(_ application: VerificationApplication) { self.application = application }

    func write(to writer: inout JSONWriter) {
        let settings = application.settings
        writer.member("accountId", String(application.companyID))
        writer.member("applicationId", application.id.description)
        writer.member("name", settings.name)
        writer.member("alphanumeric", settings.isAlphanumeric)
        writer.member("attempts", settings.attempts)
        writer.member("expire", settings.expire)
        writer.member("pinLength", settings.pinLength)
        writer.member("sender", settings.sender)
        writer.member("caller", value: settings.caller.map(JSONValue.string) ?? .null)
        writer.member("template", value: .object(templates(for: nil)))
        writer.member("channelTemplate", value: .object(channelTemplates))
        writer.member("created", application.createdAt)
    }

    /// Texts by language.
    private func templates(for channel: OTPChannel?) -> [String: JSONValue] {
        application.templates.reduce(into: [:]) { texts, template in
            if template.key.channel == channel { texts[template.key.language] = .string(template.value) }
        }
    }

    /// The channels that have texts of their own.
    private var channelTemplates: [String: JSONValue] {
        OTPChannel.allCases.reduce(into: [:]) { channels, channel in
            let texts = templates(for: channel)
            if !texts.isEmpty { channels[channel.rawValue] = .object(texts) }
        }
    }
}
