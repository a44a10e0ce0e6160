// SPDX-License-Identifier: Apache-2.0
// The 2FA API v1.0: its addresses and the handlers behind them. An address may end with a slash. Where the API's document
// gives a 404 no body, it has none.

internal import Hummingbird
internal import Messaging
internal import Verification

struct TwoFactorRoutes {
    static let root = "2fa/v1"

    let verifier: Verifier

    /// Whether the address is one of this API, which has errors of its own form.
    static func owns(_ path: String) -> Bool { path == "/\(root)" || path.hasPrefix("/\(root)/") }

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let group = router.group("\(Self.root)").add(middleware: authentication)
        addApplications(to: group)
        addPasswords(to: group)
    }

    private func addApplications(to group: RouterGroup<APIRequestContext>) {
        let applications = ApplicationRequests(verifier: verifier)
        group.get("application", use: answer(applications.list))
            .post("application", use: answer(applications.create))
            .get("application/:applicationId", use: answer(applications.get, isMissingSilent: true))
            .post("application/:applicationId", use: answer(applications.change))
            .delete("application/:applicationId", use: answer(applications.delete))
            .post("application/:applicationId/language", use: answer(applications.setTemplate))
            .delete(
                "application/:applicationId/language",
                use: answer(applications.deleteTemplate, isMissingSilent: true))
    }

    private func addPasswords(to group: RouterGroup<APIRequestContext>) {
        let passwords = PasswordRequests(verifier: verifier)
        group.get("otp", use: answer(passwords.list))
            .post("otp", use: answer(passwords.send, isMissingSilent: true))
            .get("otp/:otpId", use: answer(passwords.get))
            .post("otp/:otpId", use: answer(passwords.resend))
            .delete("otp/:otpId", use: answer(passwords.delete, isMissingSilent: true))
            .get("otp/:otpId/events", use: answer(passwords.events))
            .post("otp/:otpId/check", use: answer(passwords.check, isMissingSilent: true))
    }

    private typealias Handler = @Sendable (Request, APIRequestContext) async throws -> Response

    /// The handler with what it refuses as an answer of this API.
    private func answer(_ handler: @escaping Handler, isMissingSilent: Bool = false) -> Handler {
        { request, context in
            do {
                return try await handler(request, context)
            } catch let error as VerificationError {
                return TwoFactorError(error).response(isMissingSilent: isMissingSilent)
            } catch let error as TwoFactorError {
                return error.response(isMissingSilent: isMissingSilent)
            }
        }
    }
}
