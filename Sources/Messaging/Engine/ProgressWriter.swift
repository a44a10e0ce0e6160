// SPDX-License-Identifier: Apache-2.0
// Writes what happened to parts: loads the messages concerned, lets `MessageProgress` decide, and stores parts, messages,
// events, deliveries and balances in the caller's transaction. Submission outcomes, receipts and expiry all go through here.

internal import Accounts
internal import SQL
internal import Wire

/// Chooses what applies to the messages of one transaction.
struct ProgressWriter {
    let transaction: Transaction
    let renderers: [Surface: any EventRenderer]
    let lease: Lease
    let now: Milliseconds
    /// How many fresh deliveries this node can take over at once.
    let deliveryRoom: Int

    struct Result: Sendable {
        /// Held by this node's lease already.
        var deliveries: [Delivery] = []
        /// Deliveries that were left to be claimed.
        var leftDeliveries = 0
        /// The SMPP accounts that something waits for now.
        var accounts: Set<Int64> = []
        /// The state of each touched message, for the dispatcher's memory.
        var progress: [MessageProgress] = []
        /// The kinds of the inbound messages that were stored.
        var received: [ChannelKind] = []
    }

    /// Applies the changes, in their order, to their messages and loads `loading` besides. Unknown messages are passed
    /// over.
    func apply(_ changes: [PartChange], loading others: [MessageKey] = []) throws -> Result {
        let keys = Set(changes.map(\.key) + others).sorted()
        var progress = try load(keys)
        for change in changes { progress[change.key]?.apply(change) }
        try applyParkedReceipts(after: changes, to: &progress)
        return try store(keys.compactMap { progress[$0] })
    }

    /// Ends whole messages, such as those whose validity is over.
    func end(_ keys: [MessageKey], as state: PartState, errorCode: String?, reason: String?) throws -> Result {
        let keys = Set(keys).sorted()
        var progress = try load(keys)
        for key in keys { progress[key]?.end(as: state, errorCode: errorCode, reason: reason, at: now) }
        return try store(keys.compactMap { progress[$0] })
    }

    private func load(_ keys: [MessageKey]) throws -> [MessageKey: MessageProgress] {
        let messages = MessageStore(transaction)
        let found = zip(try messages.lock(keys), try messages.parts(of: keys))
        return Dictionary(
            uniqueKeysWithValues: zip(keys, found).compactMap { key, found in
                found.0.map { (key, MessageProgress(message: $0, parts: found.1)) }
            })
    }

    /// A receipt that overtook the outcome of its submission waits in the database; now its part has the id.
    private func applyParkedReceipts(
        after changes: [PartChange], to progress: inout [MessageKey: MessageProgress]
    ) throws {
        var submitted: [(change: PartChange, connectorID: Int64, providerID: String, recipient: String)] = []
        for change in changes {
            // A try that is not the current one any more changed nothing, and takes no receipts with it.
            guard case .submitted(let providerID) = change.fact, let item = progress[change.key],
                let part = item.parts.first(where: { $0.step == change.step && $0.number == change.number }),
                part.attempt == change.attempt, part.state == .sent, part.providerID == providerID
            else { continue }
            submitted.append((change, part.connectorID, providerID, item.message.recipient))
        }
        guard !submitted.isEmpty else { return }
        let parked = try ReceiptStore(transaction).takeParked(
            for: submitted.map { ($0.connectorID, $0.providerID, $0.recipient) })
        for (item, receipts) in zip(submitted, parked) {
            for receipt in receipts {
                progress[item.change.key]?.apply(
                    PartChange(
                        key: item.change.key, step: item.change.step, number: item.change.number,
                        report: receipt.state, errorCode: receipt.errorCode, at: receipt.at))
            }
        }
    }

    private func store(_ items: [MessageProgress]) throws -> Result {
        var items = items
        var result = Result()
        let messages = MessageStore(transaction)
        var rendered: [(key: MessageKey, rendered: RenderedDelivery)] = []
        for index in items.indices {
            items[index].settle(at: now)
            if let refund = items[index].settleReservation() { try settle(items[index].message, refund: refund) }
            let message = items[index].message
            if var report = report(on: items[index]) {
                report.trace = message.trace
                rendered.append((message.key, report))
            }
        }
        try messages.save(items.flatMap { item in item.changed.map { (item.message.key, $0) } })
        try messages.update(items.filter(\.hasChanged).map(\.message))
        try messages.appendEvents(items.flatMap(\.events))
        try JobStore(transaction).delete(items.filter(\.hasBecomeDispatched).map(\.message.key))
        result.deliveries = try DeliveryStore(transaction).insert(
            rendered, leased: min(deliveryRoom, rendered.count), lease: lease, now: now)
        result.leftDeliveries = rendered.count - result.deliveries.count
        result.accounts = Set(rendered.compactMap(\.rendered.accountID))
        result.progress = items
        return result
    }

    private func report(on progress: MessageProgress) -> RenderedDelivery? {
        guard let renderer = renderers[progress.message.surface] else { return nil }
        if progress.hasEnded { return renderer.statusReport(progress.message, parts: progress.parts) }
        return progress.hasBecomeSent
            ? renderer.intermediateReport(progress.message, parts: progress.parts) : nil
    }

    private func settle(_ message: Message, refund: Money) throws {
        let balances = BalanceStore(transaction)
        if refund != .zero {
            try balances.add(refund, kind: .released, companyID: message.companyID, messageID: message.id, now: now)
        }
        try balances.settle(companyID: message.companyID, messageID: message.id, now: now)
    }
}
