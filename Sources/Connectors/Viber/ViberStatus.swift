// SPDX-License-Identifier: Apache-2.0
// What Viber answers to a message, in our outcomes. Both of its APIs answer 200 and put their word into `status`; the
// lists differ, so each has its own table.

internal import Messaging
internal import Wire

/// What an answer means for the message and for the messages behind it.
struct ViberVerdict: Equatable {
    var outcome: SendOutcome
    /// For how long nothing more is to be sent, ms.
    var pause: Milliseconds?
    /// Viber does not accept who we are: an operator's matter, not the message's.
    var isUnauthorized = false
    /// Viber asked to slow down.
    var isThrottling = false

    init(_ outcome: SendOutcome) { self.outcome = outcome }

    static let pauseWhenUnauthorized: Milliseconds = 30_000
    static let pauseWhenThrottled: Milliseconds = 1000
    /// Tries after which a passing failure counts as a lasting one.
    static let tries = 5

    static func unauthorized(_ reason: String) -> ViberVerdict {
        var verdict = ViberVerdict(.retry(delay: pauseWhenUnauthorized, reason: reason))
        verdict.pause = pauseWhenUnauthorized
        verdict.isUnauthorized = true
        return verdict
    }

    static func throttled(_ reason: String, delay: Milliseconds?) -> ViberVerdict {
        let delay = max(delay ?? pauseWhenThrottled, 100)
        var verdict = ViberVerdict(.retry(delay: delay, reason: reason))
        verdict.pause = delay
        verdict.isThrottling = true
        return verdict
    }

    static func taken(_ answer: JSONValue) -> ViberVerdict {
        guard let token = token(answer["message_token"]) else {
            return ViberVerdict(.uncertain(reason: "Viber took it and gave no message_token"))
        }
        return ViberVerdict(.submitted(providerID: token))
    }

    /// A failure that may pass, until it has been met too often.
    static func passing(_ status: Int64, _ reason: String, attempt: Int) -> ViberVerdict {
        ViberVerdict(
            attempt < tries
                ? .retry(delay: 5000, reason: reason) : .rejected(code: ViberError.code(status), reason: reason))
    }

    /// What an HTTP status says before the body is looked at; nil for 200. `retryAfter` is the answer's, in ms.
    static func ofHTTP(_ status: Int, retryAfter: Milliseconds?) -> ViberVerdict? {
        switch status {
        case 200...299: nil
        case 401, 403: .unauthorized("Viber answers \(status): check the token")
        case 429: .throttled("Viber answers 429", delay: retryAfter)
        case 500...: ViberVerdict(.retry(delay: retryAfter ?? 5000, reason: "Viber answers \(status)"))
        default:
            ViberVerdict(.rejected(code: ViberError.code(Int64(status)), reason: "Viber answers \(status)"))
        }
    }

    /// An id of a message: Viber writes it as a number or as a text.
    static func token(_ value: JSONValue?) -> String? {
        if let number = value?.int64 { return String(number) }
        guard let text = value?.string, !text.isEmpty, text.utf8.count <= 64 else { return nil }
        return text
    }
}

/// The statuses of Viber Business Messages.
enum ViberBusinessStatus {
    static let badServiceID: Int64 = 2
    static let badType: Int64 = 5
    static let badParameters: Int64 = 6

    /// Also the reasons of failed messages.
    static let words: [Int64: String] = [
        1: "internal failure", 2: "bad service id", 3: "bad data", 4: "blocked message type", 5: "bad message type",
        6: "bad parameters", 7: "timeout at Viber", 8: "blocked by the user", 9: "not a Viber user",
        10: "no suitable device", 11: "not authorised for this address or service id", 12: "already sent",
        13: "not permitted", 14: "billing failure", 17: "no more messages for now", 18: "bad label", 20: "bad TTL",
        21: "too many messages without an answer of the user", 27: "bad phone number", 28: "file type not permitted",
        29: "bad file name", 30: "bad thumbnail", 31: "bad file size", 32: "bad duration", 43: "service blocked",
        401: "not authorised",
    ]

    static func reason(_ status: Int64) -> String { words[status] ?? "status \(status)" }

    /// Whether the phone or its owner is the reason that a message came to nothing.
    static func isUndeliverable(_ status: Int64) -> Bool { [8, 9, 10].contains(status) }

    static func verdict(_ body: [UInt8], attempt: Int) -> ViberVerdict {
        guard let answer = try? JSONValue(parsing: body), let status = answer["status"]?.int64 else {
            return ViberVerdict(.uncertain(reason: "Viber's answer cannot be read"))
        }
        switch status {
        case 0: return .taken(answer)
        // The first try has reached Viber, and its answer has not reached us.
        case 12 where answer["message_token"] != nil: return .taken(answer)
        case 1, 7: return .passing(status, reason(status), attempt: attempt)
        case 17: return .throttled(reason(status), delay: nil)
        case 11, 401: return .unauthorized(reason(status))
        default: return ViberVerdict(.rejected(code: ViberError.code(status), reason: reason(status)))
        }
    }
}

/// The statuses of Viber's bot API.
enum ViberBotStatus {
    static let badData: Int64 = 3
    static let missingData: Int64 = 4

    static let words: [Int64: String] = [
        1: "invalidUrl", 2: "invalidAuthToken", 3: "badData", 4: "missingData", 5: "receiverNotRegistered",
        6: "receiverNotSubscribed", 7: "publicAccountBlocked", 8: "publicAccountNotFound",
        9: "publicAccountSuspended", 10: "webhookNotSet", 11: "receiverNoSuitableDevice", 12: "tooManyRequests",
        13: "apiVersionNotSupported", 14: "incompatibleWithVersion", 15: "publicAccountNotAuthorized",
        16: "inchatReplyMessageNotAllowed", 17: "publicAccountIsNotInline", 18: "noPublicChat",
        19: "cannotSendBroadcast", 20: "broadcastNotAllowed", 21: "unsupportedCountry", 22: "paymentUnsupported",
        23: "freeMessagesExceeded", 24: "noBalance",
    ]

    static func verdict(_ body: [UInt8], attempt: Int) -> ViberVerdict {
        guard let answer = try? JSONValue(parsing: body), let status = answer["status"]?.int64 else {
            return ViberVerdict(.uncertain(reason: "Viber's answer cannot be read"))
        }
        let reason = reason(status, of: answer)
        switch status {
        case 0: return .taken(answer)
        case 2: return .unauthorized(reason)
        case 10: return .passing(status, reason, attempt: attempt)
        case 12: return .throttled(reason, delay: nil)
        case let status where words[status] == nil: return .passing(status, reason, attempt: attempt)
        default: return ViberVerdict(.rejected(code: ViberError.code(status), reason: reason))
        }
    }

    private static func reason(_ status: Int64, of answer: JSONValue) -> String {
        if let word = words[status] { return word }
        return (answer["status_message"]?.string).map { String($0.prefix(100)) } ?? "status \(status)"
    }
}
