// SPDX-License-Identifier: Apache-2.0
// Writing, reading and deleting as a customer. Whatever a customer writes opens the customer-care window.

internal import Synchronization
public import Wire

extension GraphSimulator {
    /// What has become of a customer's doing by the time the call returns.
    public struct CustomerDelivery: Hashable, Sendable {
        /// The id of the message, `wamid.…`.
        public var messageID: String
        /// Whether the webhook was answered 200 at the first try; if not, it is tried again.
        public var isAcknowledged: Bool
    }

    /// Writes to a number, the first one when none is named. Returns after the first try of the webhook.
    @discardableResult
    public func customerWrites(
        from customer: Customer, phoneNumberID: String? = nil, _ message: CustomerMessage, extras: Extras = Extras()
    ) async throws -> CustomerDelivery {
        let first = configuration.accounts.first { !$0.numbers.isEmpty }?.numbers.first?.id
        guard let webhooks = find(phoneNumberID ?? first ?? "") else { throw WebhookError.unknownNumber }
        let now = Timestamp.now()
        let id = "wamid.\(Hex.encode(UUIDv7.next(now: now).bytes).uppercased())"
        let (type, content) = message.content { bytes, mimeType, filename in
            state.withLock { $0.media.add(bytes, mimeType: mimeType, filename: filename) }
        }
        state.withLock { state in
            state.customers.wrote(
                webhooks.number.id, waID: customer.waID, userID: customer.effectiveUserID, at: now)
            state.written.add((webhooks.number.id, customer), id: id, limit: configuration.journalLimit)
        }
        let json = webhooks.message(
            id: id, from: customer, type: type, content: content, extras: extras,
            namesUserIDs: configuration.namesUserIDs, now: now)
        return try await deliver(json, id: id, customer.waID ?? customer.effectiveUserID ?? "", webhooks)
    }

    /// Reads a message that was sent to a customer.
    @discardableResult
    public func customerReads(messageID: String) async throws -> CustomerDelivery {
        guard let sent = state.withLock({ $0.sent[messageID] }), let webhooks = find(sent.phoneNumberID) else {
            throw WebhookError.unknownMessage
        }
        let json = webhooks.status(.read, of: sent, now: Timestamp.now())
        return try await deliver(json, id: messageID, sent.message.recipient, webhooks)
    }

    /// Deletes a message that a customer wrote.
    @discardableResult
    public func customerDeletes(messageID: String) async throws -> CustomerDelivery {
        guard let written = state.withLock({ $0.written[messageID] }), let webhooks = find(written.phoneNumberID) else {
            throw WebhookError.unknownMessage
        }
        var customer = written.customer
        if configuration.namesUserIDs { customer.userID = customer.effectiveUserID }
        let json = webhooks.deletion(of: messageID, by: customer, now: Timestamp.now())
        return try await deliver(json, id: messageID, customer.waID ?? customer.userID ?? "", webhooks)
    }

    /// Sends any webhook body, signed as the others are: for what this type does not know.
    @discardableResult
    public func sendWebhook(_ json: JSONValue) async throws -> Bool {
        guard let webhooks = configuration.accounts.first.flatMap({ $0.numbers.first }).flatMap({ find($0.id) }) else {
            throw WebhookError.unknownNumber
        }
        return try await deliver(json, id: "", "", webhooks).isAcknowledged
    }

    /// Shuts the customer-care window between a number and a customer, as 24 hours would.
    public func closeWindow(phoneNumberID: String, customer: String) {
        state.withLock { $0.customers.closeWindow(phoneNumberID, customer) }
    }

    private func deliver(
        _ json: JSONValue, id: String, _ recipient: String, _ webhooks: GraphWebhooks
    ) async throws -> CustomerDelivery {
        guard let callback = step(after: .zero, id: id, recipient, webhooks, { json }).make() else {
            throw WebhookError.noCallbackURL
        }
        let isTaken = await sender.deliver(callback)
        return CustomerDelivery(messageID: id, isAcknowledged: isTaken)
    }
}
