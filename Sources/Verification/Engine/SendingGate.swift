// SPDX-License-Identifier: Apache-2.0
// What stands between a request for a code and its sending: limits and whatever else has a say. It works in the
// transaction that stores the one-time password, so that its books and the passwords always agree.

public import Accounts
public import SQL
public import Wire

/// One code that is about to be sent, or was.
public struct SendAttempt: Sendable, Equatable {
    public let companyID: CompanyID
    public let otpID: OTPID
    /// Digits of the international number, without `+`.
    public let number: String
    public let channel: OTPChannel
    /// Where the person who asked for the code sits, as far as it is known.
    public let clientAddress: IPAddress?
    /// Of the whole message or call; nil where no price is known.
    public let price: Money?
    /// Whether the code was sent before.
    public let isResend: Bool

    public init(
        companyID: CompanyID, otpID: OTPID, number: String, channel: OTPChannel, clientAddress: IPAddress?,
        price: Money?, isResend: Bool
    ) {
        self.companyID = companyID
        self.otpID = otpID
        self.number = number
        self.channel = channel
        self.clientAddress = clientAddress
        self.price = price
        self.isResend = isResend
    }
}

public enum GateDecision: Sendable, Equatable {
    case admitted
    /// `rule` names the limit, `retryAfter` says in how many ms there is room again.
    case limited(rule: String, retryAfter: Milliseconds)
    case blocked(prefix: String)
}

/// Has a say in every sending. The calls come from database threads and may be repeated when a transaction is; what they
/// change, they change through it.
public protocol SendingGate: Sendable {
    /// Decides about a sending. What it has written is undone when it answers `limited` (a refused request counts for
    /// nothing) and kept with any other answer.
    func admit(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws -> GateDecision

    /// The code of the one-time password was entered; `attempt` is its last sending.
    func verified(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws

    /// A sending that was admitted did not take place: no balance, or the message could not be stored.
    func withdrawn(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws
}

extension SendingGate {
    public func withdrawn(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {}
}

/// Admits everything.
public struct OpenGate: SendingGate {
    public init() {}

    public func admit(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws -> GateDecision {
        .admitted
    }

    public func verified(_ attempt: SendAttempt, in transaction: Transaction, now: Milliseconds) throws {}
}
