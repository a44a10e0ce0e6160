// SPDX-License-Identifier: Apache-2.0
// Why a request for or about a one-time password is not carried out.

public import Messaging
public import Wire

public enum VerificationError: Error, Sendable, Equatable {
    /// What a request names and the company does not have.
    public enum Subject: Sendable, Equatable {
        case application
        case otp
        /// A template of the language, on the channel that was asked for.
        case language
    }

    /// What a value breaks; API errors have one code for each.
    public enum Rule: Sendable, Equatable, CaseIterable {
        case pinLength
        case expiration
        case reservedName
        case name
        case attempts
        case sender
        case caller
        case language
        /// Of a template.
        case template
        /// Of a request that brings its own.
        case text
        case code
        case referenceID
        /// The company has as many applications as it may have.
        case tooManyApplications
    }

    case notFound(Subject)
    /// `field` is the name in the API, and `message` says what the value must be.
    case invalid(Rule, field: String, message: String)
    case cannotDeleteDefault
    /// The general English template, which stands in for all others.
    case cannotDeleteEnglish
    /// Resending: it is verified, expired, deleted or out of attempts.
    case noLongerValid(OneTimePassword)
    /// Resending: its application was deleted.
    case gone(OneTimePassword)
    case refused(ShortMessageRefusal)
    /// No route leads a call to the number.
    case noVoice
    case insufficientBalance
    /// A limit is reached; `retryAfter` is how many ms from now it will have room again.
    case limited(reason: String, retryAfter: Milliseconds)
    /// No codes are sent to numbers with this prefix for now.
    case blocked(prefix: String)
    /// Not carried out, and the reason may pass.
    case unavailable
}
