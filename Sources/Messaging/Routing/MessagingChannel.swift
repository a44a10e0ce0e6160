// SPDX-License-Identifier: Apache-2.0
// A channel: an address of a company on some network, such as a phone number, and where its inbound messages go.

public import Accounts

public struct ChannelAddress: Sendable, Hashable {
    public let kind: ChannelKind
    /// Digits of a number without `+`, a service's id, an account's name.
    public let address: String

    public init(kind: ChannelKind, address: String) {
        self.kind = kind
        self.address = address
    }
}

public struct MessagingChannel: Sendable, Equatable {
    public let id: Int64
    public let companyID: CompanyID
    public let kind: ChannelKind
    public let address: String
    /// Where the SMS API pushes inbound messages of the number, and how.
    public let inbound: Reporting?
    public let origin: Origin
    /// What people call it.
    public var name: String?
    /// The connector through which it sends; nil for a kind whose messages are routed by their recipient.
    public var connectorID: Int64?
    public var settings = ChannelSettings()

    public init(
        id: Int64, companyID: CompanyID, kind: ChannelKind, address: String, inbound: Reporting?,
        origin: Origin = .admin
    ) {
        self.id = id
        self.companyID = companyID
        self.kind = kind
        self.address = address
        self.inbound = inbound
        self.origin = origin
    }
}
