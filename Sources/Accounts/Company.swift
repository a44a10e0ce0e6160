// SPDX-License-Identifier: Apache-2.0
// A company is the tenant: it owns everything, and every query names it.

public import Wire

public typealias CompanyID = Int64

/// A tenant of the server.
public struct Company: Sendable, Equatable {
    public let id: CompanyID
    /// Unique among the companies of a server.
    public let name: String
    /// Whether messages stop when the balance is used up. Without it the balance is unlimited.
    public let isPrepaid: Bool
    /// ISO 4217 code of the balance.
    public let currency: String
    /// Standard Webhooks secrets, the newest first; each signs every delivery, so that a receiver may change over.
    public let webhookSecrets: [String]

    public init(id: CompanyID, name: String, isPrepaid: Bool, currency: String, webhookSecrets: [String]) {
        self.id = id
        self.name = name
        self.isPrepaid = isPrepaid
        self.currency = currency
        self.webhookSecrets = webhookSecrets
    }
}
