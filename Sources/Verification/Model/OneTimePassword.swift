// SPDX-License-Identifier: Apache-2.0
// A one-time password as its sender sees it: everything but the code.

public import Accounts
public import PhoneNumbers
public import Wire

public typealias OTPID = UUIDv7

/// Where a one-time password stands; the raw value is stored and shown.
public enum OTPStatus: String, Sendable, CaseIterable {
    case active = "ACTIVE"
    case verified = "VERIFIED"
    case expired = "EXPIRED"
    case tooManyAttempts = "TOO_MANY_ATTEMPTS"
}

/// One code for one number.
public struct OneTimePassword: Sendable, Equatable {
    public let id: OTPID
    public let companyID: CompanyID
    public let applicationID: ApplicationID
    /// Digits of the international number, without `+`.
    public let number: String
    /// As of when it was asked for: an active one that was read after its end is `expired`.
    public var status: OTPStatus
    /// How often it was tried, with success or without.
    public var attemptCount: Int
    public let attemptLimit: Int
    public let createdAt: Milliseconds
    /// From this millisecond on it is expired.
    public let expiresAt: Milliseconds
    /// The customer's own reference.
    public let referenceID: String?
    /// ISO 639-1 code of the language that was asked for or found by the number; the template may be English.
    public let language: String
    /// How often the code was sent, with resends.
    public var sendCount: Int
    public var deletedAt: Milliseconds?

    public var isDeleted: Bool { deletedAt != nil }
}

/// Whether something went well.
public enum OTPOutcome: String, Sendable {
    case success
    case failed
}

/// What an event of a one-time password is about.
public enum OTPEventType: String, Sendable, CaseIterable {
    case created = "CREATED"
    case smsSent = "SMS_SENT"
    case smsDelivered = "SMS_DELIVERED"
    case smsFailed = "SMS_FAILED"
    case voiceSent = "VOICE_SENT"
    case voiceAnswered = "VOICE_ANSWERED"
    case voiceFailed = "VOICE_FAILED"
    case resent = "RESENT"
    case checked = "CHECKED"
    case verified = "VERIFIED"
    case expired = "EXPIRED"
    case tooManyAttempts = "TOO_MANY_ATTEMPTS"
    case deleted = "DELETED"
}

/// Something that happened to a one-time password.
public struct OTPEvent: Sendable, Equatable {
    public let type: OTPEventType
    /// Nil where nothing can fail.
    public let status: OTPOutcome?
    /// What the delivery said: a short message's state (`DELIVERED`, `UNDELIVERABLE` …) or a call's result (`answered`,
    /// `busy` …).
    public let statusText: String?
    public let at: Milliseconds

    public init(_ type: OTPEventType, status: OTPOutcome? = nil, statusText: String? = nil, at: Milliseconds) {
        self.type = type
        self.status = status
        self.statusText = statusText
        self.at = at
    }
}

/// Which channel a request asks for.
public enum Via: String, Sendable, CaseIterable {
    case sms = "SMS"
    case voice = "VOICE"
    /// By the number: a call for a landline, a short message otherwise.
    case auto = "AUTO"
}

/// A request for a one-time password; nil members take what the application says.
public struct OTPRequest: Sendable {
    public var number: PhoneNumber
    /// Nil for the default application.
    public var applicationID: ApplicationID?
    public var via = Via.auto
    /// ISO 639-1 code; nil for the language of the number's country.
    public var language: String?
    /// Replaces the template; holds `{{OTP}}` unless `code` is given.
    public var text: String?
    public var referenceID: String?
    /// The code itself; generated unless it is given.
    public var code: String?
    public var sender: String?
    public var caller: String?
    public var pinLength: Int?
    /// Where the person who asked for the code sits, as far as it is known.
    public var clientAddress: IPAddress?

    public init(number: PhoneNumber) { self.number = number }
}

/// What a check found; each says how the one-time password stands afterwards.
public enum CheckOutcome: Sendable, Equatable {
    /// The code is right, and was accepted now.
    case verified(OneTimePassword)
    /// The code is wrong, and another attempt is left.
    case wrong(OneTimePassword)
    /// The attempts are used up, by this check or before, or the time is over.
    case refused(OneTimePassword)
    /// It was verified or deleted before, or its application was deleted.
    case gone(OneTimePassword)

    public var otp: OneTimePassword {
        switch self {
        case .verified(let otp), .wrong(let otp), .refused(let otp), .gone(let otp): otp
        }
    }
}
