// SPDX-License-Identifier: Apache-2.0
// /2fa/v1/otp: sends one-time passwords, follows them and checks what was typed. No answer ever shows a code. A check says
// by its status what came of it, and by its body how the OTP stands.

internal import Accounts
internal import Hummingbird
internal import Verification
internal import Wire

struct PasswordRequests: Sendable {
    let verifier: Verifier

    @Sendable func list(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        var reader = try TwoFactorReader(queryOf: request)
        let number = reader.numberDigits()
        try reader.check()
        let passwords = try await verifier.otps(number: number, of: companyID)
        guard !passwords.isEmpty else { return Response(status: .noContent) }
        var writer = JSONWriter()
        writer.array { writer in
            for password in passwords { writer.object(PasswordBody(password).write) }
        }
        return Response(json: writer)
    }

    @Sendable func send(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        var reader = try await TwoFactorReader(of: request)
        let wanted = reader.otpRequest()
        try reader.check()
        guard let wanted else { throw TwoFactorError([]) }
        try await SenderRights(key: caller, verifier: verifier).check(
            via: wanted.via, sender: wanted.sender, caller: wanted.caller, applicationID: wanted.applicationID)
        return Self.answer(try await verifier.send(wanted, of: caller.companyID, trace: context.traceContext))
    }

    @Sendable func get(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        return Self.answer(try await verifier.otp(try Self.id(in: context), of: companyID))
    }

    @Sendable func resend(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        let id = try Self.id(in: context)
        var reader = try await TwoFactorReader(of: request)
        let delivery = reader.delivery()
        try reader.check()
        try await SenderRights(key: caller, verifier: verifier).check(delivery, of: id)
        return Self.answer(
            try await verifier.resend(
                id, via: delivery.via, sender: delivery.sender, caller: delivery.caller,
                clientAddress: delivery.clientAddress, of: caller.companyID, trace: context.traceContext))
    }

    @Sendable func delete(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        return Self.answer(try await verifier.delete(try Self.id(in: context), of: companyID))
    }

    @Sendable func events(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let events = try await verifier.events(try Self.id(in: context), of: companyID)
        var writer = JSONWriter()
        writer.array { writer in
            for event in events { writer.object(PasswordEventBody(event: event).write) }
        }
        return Response(json: writer)
    }

    @Sendable func check(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let id = try Self.id(in: context)
        var reader = try await TwoFactorReader(of: request)
        let code = reader.typedCode()
        try reader.check()
        let outcome = try await verifier.check(id, code: code, of: companyID)
        return Self.answer(outcome.otp, status: outcome.status)
    }

    /// The id that the address of a request names. Throws 404 for what is none.
    private static func id(in context: APIRequestContext) throws(TwoFactorError) -> OTPID {
        guard let text = context.parameters.get("otpId"), let id = OTPID(text) else { throw .unknownOTP }
        return id
    }

    private static func answer(_ password: OneTimePassword, status: HTTPResponse.Status = .ok) -> Response {
        var writer = JSONWriter()
        writer.object(PasswordBody(password).write)
        return Response(status: status, json: writer)
    }
}

extension CheckOutcome {
    fileprivate var status: HTTPResponse.Status {
        switch self {
        case .verified: .accepted
        case .wrong: .unauthorized
        case .refused: .forbidden
        case .gone: .gone
        }
    }
}

/// Which senders a key may send codes from: those that it names, if it names any, wherever the sender comes from.
private struct SenderRights {
    let key: APIKey
    let verifier: Verifier

    /// Throws 403 for a sender that the key is not for. Of the senders that AUTO could take, it must be for both.
    func check(via: Via, sender: String?, caller: String?, applicationID: ApplicationID?) async throws {
        guard !key.limits.objects.isEmpty else { return }
        let settings = try await verifier.application(applicationID, of: key.companyID).settings
        let sender = sender ?? settings.sender
        let caller = caller ?? settings.caller
        let mayText = key.covers(kind: "sms", address: SMSAddress.sender(sender) ?? sender)
        let mayCall = caller.map { key.covers(kind: "voice", address: SMSAddress.sender($0) ?? $0) }
        let isAllowed =
            switch via {
            case .sms: mayText
            case .voice: mayCall == true
            case .auto: mayText && mayCall != false
            }
        guard isAllowed else {
            throw Problem.forbidden(Violation(field: "sender", message: "is a sender that the API key is not for"))
        }
    }

    /// The same for an OTP that is sent again.
    func check(_ delivery: TwoFactorReader.Delivery, of id: OTPID) async throws {
        guard !key.limits.objects.isEmpty else { return }
        let applicationID = try await verifier.otp(id, of: key.companyID).applicationID
        try await check(
            via: delivery.via, sender: delivery.sender, caller: delivery.caller, applicationID: applicationID)
    }
}
