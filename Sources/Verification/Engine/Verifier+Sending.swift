// SPDX-License-Identifier: Apache-2.0
// Sends one-time passwords. The password is stored before its message is handed in, so a code that arrives can always be
// checked; one whose message was refused is removed again, and a crash in between leaves one that nobody was told of.

public import Accounts
internal import Logging
internal import Messaging
internal import PhoneNumbers
internal import SQL
public import Wire

extension Verifier {
    /// Makes a one-time password and sends its code.
    public func send(
        _ request: OTPRequest, of companyID: CompanyID, trace: TraceContext? = nil
    ) async throws(VerificationError) -> OneTimePassword {
        let request = try RequestRules.checked(request)
        let application = try await application(request.applicationID, of: companyID)
        let now = context.clock()
        let otp = OneTimePassword(request, application: application, now: now)
        let settings = application.settings
        let code =
            request.code
            ?? OTPCode.generate(length: request.pinLength ?? settings.pinLength, alphanumeric: settings.isAlphanumeric)
        let secret = OTPSecret(code: code, text: request.text)
        let sending = try composer(application, now: now, trace: trace).compose(
            otp, secret, on: OTPChannel(request.via, for: request.number.lineType),
            sender: request.sender, caller: request.caller)
        let attempt = sending.attempt(otp, clientAddress: request.clientAddress, isResend: false)
        let record = try record(otp, secret, clientAddress: request.clientAddress)
        try await pass(attempt, now: now) { transaction in
            let store = OTPStore(transaction)
            try store.insert(record)
            try store.insert(sending.row(of: otp, now: now))
            try store.append([OTPEvent(.created, at: now)], to: otp)
        }
        try await accept(sending.message, of: attempt, now: now) { try OTPStore($0).remove(otp) }
        return otp
    }

    /// Sends the code of a one-time password once more, on whichever channel. It expires when it always would have.
    public func resend(
        _ id: OTPID, via: Via = .auto, sender: String? = nil, caller: String? = nil, clientAddress: IPAddress? = nil,
        of companyID: CompanyID, trace: TraceContext? = nil
    ) async throws(VerificationError) -> OneTimePassword {
        let sender = try sender.map { value throws(VerificationError) in try SettingsRules.sender(value) }
        let caller = try caller.map { value throws(VerificationError) in try SettingsRules.caller(value) }
        let now = context.clock()
        let record = try await resendable(id, of: companyID, now: now)
        let application = try await application(record.otp.applicationID, of: companyID)
        let secret = try secret(of: record)
        let channel = OTPChannel(via, for: (try? PhoneNumber(parsing: "+" + record.otp.number))?.lineType ?? .unknown)
        let sending = try composer(application, now: now, trace: trace).compose(
            record.otp, secret, on: channel, sender: sender, caller: caller)
        let attempt = sending.attempt(record.otp, clientAddress: clientAddress, isResend: true)
        let otp = try await pass(attempt, now: now) { transaction -> OneTimePassword in
            let store = OTPStore(transaction)
            guard let otp = try store.takeSend(id, of: companyID, clientAddress: clientAddress, now: now) else {
                // It has ended since it was read.
                let current = try store.find(id, of: companyID)?.otp.seen(at: now)
                throw VerificationError.noLongerValid(current ?? record.otp)
            }
            try store.insert(sending.row(of: otp, now: now))
            try store.append([OTPEvent(.resent, at: now)], to: otp, send: otp.sendCount)
            return otp
        }
        try await accept(sending.message, of: attempt, now: now) { try OTPStore($0).removeSend(otp.sendCount, of: otp) }
        return otp
    }

    private func composer(
        _ application: VerificationApplication, now: Milliseconds, trace: TraceContext?
    ) -> OTPComposer {
        OTPComposer(
            directory: context.directory.current, secrets: context.directory.secrets, application: application,
            now: now, concatenationReference: references.next(), trace: trace)
    }

    private func record(
        _ otp: OneTimePassword, _ secret: OTPSecret, clientAddress: IPAddress?
    ) throws(VerificationError) -> OTPRecord {
        let secrets = context.directory.secrets
        do {
            return OTPRecord(
                otp: otp, mark: secret.mark(for: otp, with: secrets),
                sealed: try secret.sealed(for: otp, with: secrets), clientAddress: clientAddress)
        } catch {
            throw .unavailable
        }
    }

    /// The one-time password if it may be sent again.
    private func resendable(
        _ id: OTPID, of companyID: CompanyID, now: Milliseconds
    ) async throws(VerificationError) -> OTPRecord {
        let record = try await read { try OTPStore($0).find(id, of: companyID) }
        guard let record else { throw .notFound(.otp) }
        if record.state.isOpen(at: now) { return record }
        let otp = try await write { transaction in
            try OTPStore(transaction).noticeExpiry(of: id, companyID: companyID, now: now)
            return record.otp.seen(at: now)
        }
        throw record.isOrphaned ? .gone(otp) : .noLongerValid(otp)
    }

    private func secret(of record: OTPRecord) throws(VerificationError) -> OTPSecret {
        guard let sealed = record.sealed,
            let secret = OTPSecret(sealed: sealed, of: record.otp, with: context.directory.secrets)
        else {
            context.logger.error("a one-time password cannot be opened with this master key")
            throw .unavailable
        }
        return secret
    }

    /// Asks the gate, and carries out `body` in the same transaction if it admits the sending. What it said is counted.
    private func pass<T: Sendable>(
        _ attempt: SendAttempt, now: Milliseconds, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws(VerificationError) -> T {
        do throws(VerificationError) {
            let value = try await passed(attempt, now: now, body)
            metrics?.record(.admitted, on: attempt.channel)
            return value
        } catch {
            switch error {
            case .limited(let rule, let delay):
                metrics?.record(.limited(rule: rule, retryAfter: delay), on: attempt.channel)
            case .blocked(let prefix): metrics?.record(.blocked(prefix: prefix), on: attempt.channel)
            default: break
            }
            throw error
        }
    }

    private func passed<T: Sendable>(
        _ attempt: SendAttempt, now: Milliseconds, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws(VerificationError) -> T {
        let gate = gate
        let result: Result<T, VerificationError> = try await write { transaction in
            // What a gate has written about a blocked prefix is kept: it is a fact about that prefix.
            switch try gate.admit(attempt, in: transaction, now: now) {
            case .admitted: .success(try body(transaction))
            case .limited(let rule, let delay): throw VerificationError.limited(reason: rule, retryAfter: delay)
            case .blocked(let prefix): .failure(.blocked(prefix: prefix))
            }
        }
        return try result.get()
    }

    /// Hands the message in; undoes what was stored for it when it is refused.
    private func accept(
        _ message: Message, of attempt: SendAttempt, now: Milliseconds,
        undo: @escaping @Sendable (Transaction) throws -> Void
    ) async throws(VerificationError) {
        let result = await acceptor.accept(message)
        switch result {
        case .accepted: return
        // It may have been stored: then the code arrives, and the password must be there.
        case .unknown: throw .unavailable
        case .insufficientBalance, .unavailable, .repeated, .keyReused: break
        }
        let gate = gate
        do throws(VerificationError) {
            try await write { transaction in
                try undo(transaction)
                try gate.withdrawn(attempt, in: transaction, now: now)
            }
        } catch {
            context.logger.warning("a one-time password without a message stays until it expires")
        }
        throw result == .insufficientBalance ? .insufficientBalance : .unavailable
    }
}

extension OTPChannel {
    /// `auto` is a call where short messages mostly do not arrive: landlines, numbers of internet telephony and service
    /// numbers. What may be a mobile phone gets a short message.
    init(_ via: Via, for lineType: LineType) {
        switch via {
        case .sms: self = .sms
        case .voice: self = .voice
        case .auto:
            switch lineType {
            case .mobile, .fixedLineOrMobile, .personalNumber, .pager, .unknown: self = .sms
            case .fixedLine, .voIP, .tollFree, .premiumRate, .sharedCost, .uan, .voicemail: self = .voice
            }
        }
    }
}
