// SPDX-License-Identifier: Apache-2.0
// A one-time password as the database keeps it, with what its sender never sees.

internal import Accounts
internal import PhoneNumbers
internal import Wire

struct OTPRecord: Sendable {
    var otp: OneTimePassword
    /// By which the code is recognised; nil once it is of no more use.
    var mark: [UInt8]?
    /// The code itself, for resending; erased with the mark.
    var sealed: String?
    /// Of the last request; erased with the mark.
    var clientAddress: IPAddress?
    /// Whether its application was deleted.
    var isOrphaned = false

    var state: OTPState { state(attempts: otp.attemptCount) }

    /// The state before the attempt that the store has just counted.
    var stateBeforeAttempt: OTPState { state(attempts: otp.attemptCount - 1) }

    private func state(attempts: Int) -> OTPState {
        OTPState(
            status: otp.status, attempts: attempts, limit: otp.attemptLimit, expiresAt: otp.expiresAt,
            isDeleted: otp.isDeleted, isOrphaned: isOrphaned)
    }
}

/// One sending of a code.
struct OTPSend: Sendable, Equatable {
    let companyID: CompanyID
    let otpID: OTPID
    /// From 1.
    let number: Int
    let messageID: UUIDv7
    let channel: OTPChannel
    let at: Milliseconds
    let price: Money?
}

extension OneTimePassword {
    /// A new one; the request has been checked.
    init(_ request: OTPRequest, application: VerificationApplication, now: Milliseconds) {
        self.init(
            id: UUIDv7.next(now: now), companyID: application.companyID, applicationID: application.id,
            number: request.number.digits, status: .active, attemptCount: 0,
            attemptLimit: application.settings.attempts, createdAt: now,
            expiresAt: now + Milliseconds(application.settings.expire) * 1000, referenceID: request.referenceID,
            language: request.language ?? request.number.region.flatMap(Region.language)
                ?? TemplateKey.fallback.language,
            sendCount: 1, deletedAt: nil)
    }

    func with(_ state: OTPState) -> OneTimePassword {
        var otp = self
        otp.status = state.status
        otp.attemptCount = state.attempts
        return otp
    }

    /// As it stands at an instant, whether or not anybody has noticed that it expired.
    func seen(at now: Milliseconds) -> OneTimePassword {
        var otp = self
        if status == .active, !isDeleted, now >= expiresAt { otp.status = .expired }
        return otp
    }
}
