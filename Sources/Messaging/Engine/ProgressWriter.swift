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
        /// Whether there are new jobs that nobody holds.
        var hasNewJobs = false
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

    /// Takes messages whose awaited status has not come in time to their next channel.
    func fallBack(_ due: [(key: MessageKey, step: Int)]) throws -> Result {
        let keys = Set(due.map(\.key)).sorted()
        var progress = try load(keys)
        for item in due { _ = progress[item.key]?.fallBack(from: item.step, at: now) }
        // What has moved on gets a new row for its next step.
        try FallbackStore(transaction).remove(keys)
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
                var change = PartChange(
                    key: item.change.key, step: item.change.step, number: item.change.number, report: receipt.state,
                    errorCode: receipt.errorCode, at: receipt.at)
                change.detail = PartChange.ReportDetail(reason: receipt.reason, conversation: receipt.conversation)
                progress[item.change.key]?.apply(change)
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
            if items[index].hasAdvanced {
                try begin(&items[index])
            } else if let refund = items[index].settleReservation() {
                try settle(items[index].message, refund: refund)
            }
            let message = items[index].message
            for var report in reports(on: items[index]) {
                report.trace = message.trace
                rendered.append((message.key, report))
            }
        }
        try messages.save(items.flatMap(\.partUpdates))
        let changed = items.filter(\.hasChanged)
        try messages.updateUnfinished(changed.filter(\.keepsItsTimes).map(\.message))
        try messages.update(changed.filter { !$0.keepsItsTimes }.map(\.message))
        try messages.appendEvents(items.flatMap(\.events))
        try JobStore(transaction).delete(
            items.filter { $0.hasBecomeDispatched && !$0.isUnderWayAgain }.map(\.message.key))
        result.hasNewJobs = try storeSteps(items)
        result.deliveries = try DeliveryStore(transaction).insert(
            rendered, leased: min(deliveryRoom, rendered.count), lease: lease, now: now)
        result.leftDeliveries = rendered.count - result.deliveries.count
        result.accounts = Set(rendered.compactMap(\.rendered.accountID))
        result.progress = items
        return result
    }

    /// The next channel of a chain, and the next message of a bulk. True when there are new jobs.
    private func storeSteps(_ items: [MessageProgress]) throws -> Bool {
        let special = items.filter { $0.message.extra != nil }
        guard !special.isEmpty else { return false }
        let advanced = special.filter(\.isUnderWayAgain)
        try MessageStore(transaction).updateStep(special.filter(\.hasAdvanced).map(\.message))
        try JobStore(transaction).replace(advanced.map { ($0.message.key, $0.message.step) }, dueAt: now)
        let fallbacks = FallbackStore(transaction)
        let ended = special.filter { $0.hasEnded || $0.hasAdvanced }.filter { $0.message.extra?.chain.isEmpty == false }
        try fallbacks.remove(ended.map(\.message.key))
        try fallbacks.set(
            advanced.compactMap { item in
                item.fallbackDue(from: now).map { (item.message.key, item.message.step, $0) }
            })
        let next = special.filter { $0.message.status >= .sent && $0.before.status < .sent }.compactMap { item in
            item.message.extra?.bulkNext.map { MessageKey(companyID: item.message.companyID, id: $0) }
        }
        try JobStore(transaction).insertWaiting(next, dueAt: now)
        return !advanced.isEmpty || !next.isEmpty
    }

    /// Settles what the channel that has failed was reserved, and reserves for the next.
    private func begin(_ progress: inout MessageProgress) throws {
        while progress.isUnderWayAgain {
            let step = progress.message.step
            if let refund = progress.settleStepReservation() { try settle(progress.message, refund: refund) }
            let price = (progress.message.quote?.amount ?? .zero) * progress.message.size
            guard progress.message.extra?.isPrepaid == true, price != .zero else { return }
            let isCovered = try BalanceStore(transaction).reserve(
                price, companyID: progress.message.companyID, messageID: progress.message.id, now: now)
            if isCovered {
                progress.message.reserved = price
                return
            }
            progress.refuseStep(
                code: "tyntec::error:insufficientBalance", reason: "the prepaid balance does not cover the message",
                at: now)
            if progress.message.step == step { return }
        }
    }

    private func reports(on progress: MessageProgress) -> [RenderedDelivery] {
        let (message, parts) = (progress.message, progress.parts)
        guard let renderer = renderers[message.surface] else { return [] }
        var reports = progress.failures.compactMap { renderer.channelFailedReport(message, failure: $0) }
        let last =
            if progress.hasEnded {
                renderer.statusReport(message, parts: parts)
            } else if progress.hasBecomeSeen {
                renderer.seenReport(message, parts: parts)
            } else if progress.hasBecomeSent {
                renderer.intermediateReport(message, parts: parts)
            } else {
                nil as RenderedDelivery?
            }
        if let last { reports.append(last) }
        return reports
    }

    private func settle(_ message: Message, refund: Money) throws {
        let balances = BalanceStore(transaction)
        if refund != .zero {
            try balances.add(refund, kind: .released, companyID: message.companyID, messageID: message.id, now: now)
        }
        try balances.settle(companyID: message.companyID, messageID: message.id, now: now)
    }
}
