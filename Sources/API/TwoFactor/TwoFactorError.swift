// SPDX-License-Identifier: Apache-2.0
// The form of the 2FA API's errors: {"message":"…","code":"1006","timestamp":1732190400000}. A 401 or 403 about the key has
// no body: that is how a client tells it from a code that is wrong, which is a 401 with the state of its OTP.

internal import Hummingbird
internal import Messaging
internal import Verification
internal import Wire

struct TwoFactorError: Error {
    /// When to ask again for a number whose prefix is blocked: how long that will be is not known.
    private static let patience: Milliseconds = 3_600_000

    let status: HTTPResponse.Status
    /// Nil for an answer without a body.
    let code: TwoFactorCode?
    let message: String
    var headers: HTTPFields = [:]

    init(_ status: HTTPResponse.Status, _ code: TwoFactorCode?, _ message: String) {
        self.status = status
        self.code = code
        self.message = message
    }

    /// The error as an answer; `isMissingSilent` is whether a 404 has no body.
    func response(isMissingSilent: Bool = false) -> Response {
        if isMissingSilent, status == .notFound { return Response(status: status) }
        guard let code else { return Self.silent(status, headers) }
        var writer = JSONWriter(capacity: 160)
        writer.object { writer in
            writer.member("message", message)
            writer.member("code", String(code.rawValue))
            writer.member("timestamp", Timestamp.now())
        }
        var response = Response(status: status, json: writer)
        for field in headers { response.headers[field.name] = field.value }
        return response
    }
}

extension TwoFactorError {
    /// An answer about the key. Its media type lets the API's document tell it from one that has a body.
    private static func silent(_ status: HTTPResponse.Status, _ headers: HTTPFields) -> Response {
        var headers = headers
        headers[.contentType] = "text/plain"
        return Response(status: status, headers: headers)
    }
}

// MARK: Where they come from

extension TwoFactorError {
    /// Parameters that cannot be read; the code is that of the first.
    init(_ violations: [Violation]) {
        let first = violations.first?.field ?? ""
        self.init(
            .badRequest, TwoFactorCode(field: first),
            violations.map { "\($0.field) \($0.message)" }.joined(separator: "; "))
    }

    /// An error that the surfaces have in common.
    init(_ problem: Problem) {
        let isAboutKey = problem.status == .unauthorized || problem.status == .forbidden
        self.init(problem.status, isAboutKey ? nil : TwoFactorCode(status: problem.status), problem.detail)
        headers = problem.headers
    }

    init(_ error: VerificationError) {
        switch error {
        case .notFound(let subject): self = Self.missing(subject)
        case .invalid(let rule, let field, let message): self = Self.broken(rule, field: field, message: message)
        case .cannotDeleteDefault:
            self.init(.badRequest, .defaultApplication, "The default application cannot be deleted.")
        case .cannotDeleteEnglish:
            self.init(.badRequest, .englishTemplate, "The English template is the default one and cannot be deleted.")
        case .noLongerValid(let otp):
            self.init(.unauthorized, .noLongerValid, "The OTP is not valid any more: it is \(Self.state(of: otp)).")
        case .gone:
            self.init(.gone, .applicationDeleted, "The application of the OTP was deleted.")
        case .refused(let refusal): self = Self.refused(refusal)
        case .noVoice: self.init(.badRequest, .noVoice, "number is one to which no route for calls leads")
        case .insufficientBalance:
            self.init(
                .init(code: 402, reasonPhrase: "Payment Required"), .insufficientBalance,
                "The prepaid balance does not cover the message.")
        case .limited(let reason, let wait):
            self.init(.tooManyRequests, .limited, "Too many OTPs were asked for: \(reason).")
            headers = Self.retry(after: wait)
        case .blocked(let prefix):
            self.init(.tooManyRequests, .blocked, "No OTPs are sent to numbers that begin with +\(prefix) for now.")
            headers = Self.retry(after: Self.patience)
        case .unavailable:
            self.init(.serviceUnavailable, .unavailable, "This cannot be carried out at the moment; try again later.")
            headers = [.retryAfter: "5"]
        }
    }

    private static func missing(_ subject: VerificationError.Subject) -> TwoFactorError {
        switch subject {
        case .application: .unknownApplication
        case .otp: .unknownOTP
        case .language:
            TwoFactorError(.notFound, .unknownLanguage, "The application has no such template.")
        }
    }

    static let unknownApplication = TwoFactorError(
        .notFound, .unknownApplication, "There is no application with this applicationId.")
    static let unknownOTP = TwoFactorError(.notFound, .unknownOTP, "There is no OTP with this otpId.")

    /// The message names the field.
    private static func broken(
        _ rule: VerificationError.Rule, field: String, message: String
    ) -> TwoFactorError {
        switch rule {
        case .pinLength: TwoFactorError(.badRequest, .pinLength, message)
        case .expiration: TwoFactorError(.badRequest, .expire, message)
        case .reservedName: TwoFactorError(.badRequest, .reservedName, message)
        case .tooManyApplications: TwoFactorError(.badRequest, .tooManyApplications, message)
        case .name, .attempts, .sender, .caller, .language, .template, .text, .code, .referenceID:
            TwoFactorError(.badRequest, TwoFactorCode(field: field), message)
        }
    }

    private static func refused(_ refusal: ShortMessageRefusal) -> TwoFactorError {
        switch refusal {
        case .unknownGateway, .noRoute: TwoFactorError(.badRequest, .noRoute, "number \(refusal.message)")
        case .noPrice: TwoFactorError(.badRequest, .noPrice, "number \(refusal.message)")
        case .notRepresentable, .tooManyParts: TwoFactorError(.badRequest, .textTooLong, "text \(refusal.message)")
        }
    }

    private static func state(of otp: OneTimePassword) -> String {
        otp.isDeleted ? "deleted" : otp.status.rawValue
    }

    private static func retry(after wait: Milliseconds) -> HTTPFields {
        [.retryAfter: String(max(1, (wait + 999) / 1000))]
    }
}
