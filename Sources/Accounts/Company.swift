// SPDX-License-Identifier: Apache-2.0
// A company is the tenant: it owns everything, and every query names it.

public import Wire

public typealias CompanyID = Int64

/// Where a row of the configuration came from.
public enum Origin: String, Sendable {
    /// The configuration file declares it, and alone can change it.
    case file
    /// It was made through the Admin API.
    case admin
}

/// What can be set of a company.
public struct CompanyDraft: Sendable, Equatable {
    /// Unique among the companies of a server.
    public var name: String
    /// Whether messages stop when the balance is used up. Without it the balance is unlimited.
    public var isPrepaid: Bool
    /// ISO 4217 code of the balance.
    public var currency: String
    /// Standard Webhooks secrets, the newest first; each signs every delivery, so that a receiver may change over.
    public var webhookSecrets: [String]
    /// Whether it may own companies.
    public var isReseller: Bool
    /// The company that owns it.
    public var resellerID: CompanyID?

    public init(
        name: String, isPrepaid: Bool = false, currency: String = "EUR", webhookSecrets: [String] = [],
        isReseller: Bool = false, resellerID: CompanyID? = nil
    ) {
        self.name = name
        self.isPrepaid = isPrepaid
        self.currency = currency
        self.webhookSecrets = webhookSecrets
        self.isReseller = isReseller
        self.resellerID = resellerID
    }
}

/// A tenant of the server.
@dynamicMemberLookup
public struct Company: Sendable, Equatable {
    public let id: CompanyID
    public let draft: CompanyDraft
    public let createdAt: Milliseconds
    /// When it was closed: its keys and numbers are gone, its messages are kept as long as any.
    public let closedAt: Milliseconds?
    public let origin: Origin

    public init(
        id: CompanyID, draft: CompanyDraft, createdAt: Milliseconds = 0, closedAt: Milliseconds? = nil,
        origin: Origin = .admin
    ) {
        self.id = id
        self.draft = draft
        self.createdAt = createdAt
        self.closedAt = closedAt
        self.origin = origin
    }

    public subscript<Value>(dynamicMember path: KeyPath<CompanyDraft, Value>) -> Value { draft[keyPath: path] }
}
