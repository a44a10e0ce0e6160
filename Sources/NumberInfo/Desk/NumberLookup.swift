// SPDX-License-Identifier: Apache-2.0
// One look-up: what is asked, by whom, for how much, and what comes of it.

public import Accounts
public import Wire

/// A request for information on a number.
public struct NumberRequest: Sendable {
    public let companyID: CompanyID
    public let question: NumberQuestion
    /// E.164 digits, as the customer wrote them.
    public let number: String
    /// Where to send what is found; nil to answer at once.
    public var callbackURL: String?
    public var trace: TraceContext?

    public init(companyID: CompanyID, question: NumberQuestion, number: String) {
        self.companyID = companyID
        self.question = question
        self.number = number
    }
}

/// What a look-up costs.
struct NumberQuote: Sendable, Equatable {
    /// Nil where no price is known.
    let amount: Money?
    let currency: String
    let effectiveFrom: Milliseconds?
    /// What a prepaid company pays before the look-up.
    let reserved: Money
}

/// A look-up on its way.
struct NumberLookup: Sendable, Equatable {
    let companyID: CompanyID
    let id: UUIDv7
    let question: NumberQuestion
    let number: String
    let quote: NumberQuote
    let createdAt: Milliseconds
    var callbackURL: String?
    var trace: TraceContext?
}

/// What was found out about a number.
public struct NumberInformation: Sendable, Equatable {
    public let id: UUIDv7
    public let question: NumberQuestion
    /// E.164 digits.
    public let number: String
    public let facts: NumberFacts
    /// What was charged: nothing for a look-up that failed.
    public let price: Money
    public let currency: String
    public let priceEffective: Milliseconds?
    /// Whether it is the answer to the request itself.
    public let isSynchronous: Bool
}

/// How a request is answered.
public enum NumberReply: Sendable, Equatable {
    case information(NumberInformation)
    /// It will be sent to the callback URL; the look-up survives this node.
    case promised(id: UUIDv7)
    /// The balance does not cover it; nothing was asked.
    case insufficientBalance
    /// There is no price for it, and the company is prepaid; nothing was asked.
    case noPrice
}
