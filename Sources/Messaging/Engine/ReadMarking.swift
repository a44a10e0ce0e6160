// SPDX-License-Identifier: Apache-2.0
// Tells a provider that an inbound message was read, and that an answer is being written.

public import Accounts
internal import SQL
internal import Wire

extension MessagingEngine {
    /// Marks the message that a provider calls by `providerID` as read, on the channel of the company on which it came.
    /// Nil when the provider has taken it.
    public func markRead(
        providerID: String, kind: ChannelKind, companyID: CompanyID, isTyping: Bool
    ) async throws -> ReadMarkFailure? {
        let channels = context.directory.current.channels.values.filter { $0.companyID == companyID && $0.kind == kind }
        let channelID = try await context.database.read {
            try InboundIDStore($0).channelID(of: providerID, companyID: companyID, among: channels.map(\.id))
        }
        guard let channel = channels.first(where: { $0.id == channelID }) else { return .unknownMessage }
        let connector = runningConnectors.first { $0.id == channel.connectorID } as? any ReadMarkingConnector
        guard let connector else { return .unavailable(reason: "the channel's connector is not running") }
        if let failure = await connector.markRead(
            providerID: providerID, channel: channel.address, isTyping: isTyping)
        {
            return failure
        }
        let now = context.clock()
        try await context.database.write { transaction in
            guard let key = try InboundIDStore(transaction).inbound(providerID, channelID: channel.id) else { return }
            try MessageStore(transaction).appendEvents([Event(key: key, kind: .read, at: now, channel: kind)])
        }
        return nil
    }
}
