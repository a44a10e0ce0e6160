// SPDX-License-Identifier: Apache-2.0
// Receipts and handset messages on their way to an ESME: sent when somebody is bound, and again until acknowledged.

internal import NIOCore
internal import SMPP
internal import Wire

extension SMSCCore {
    // MARK: Binds

    mutating func receiverBound(_ account: String, now: Instant) {
        accounts[account, default: AccountState()].receivers += 1
        for key in (accounts[account]?.held ?? []).sorted() { unhold(key) }
        pump(account, now: now)
    }

    mutating func receiverGone(_ account: String) {
        let receivers = accounts[account]?.receivers ?? 0
        accounts[account]?.receivers = max(0, receivers - 1)
    }

    // MARK: Handset messages

    /// The account that gets messages for a number: the one that lists it, else the first that is bound.
    func account(for number: String) -> String? {
        func isBound(_ account: SMSCSimulator.Account) -> Bool { (accounts[account.systemID]?.receivers ?? 0) > 0 }
        if let owner = configuration.accounts.first(where: { $0.numbers.contains(number) }) {
            return isBound(owner) ? owner.systemID : nil
        }
        return configuration.accounts.first(where: isBound)?.systemID
    }

    /// Queues the parts of a message; the group's verdict comes as an action.
    mutating func send(_ parts: [DeliverSM], to account: String, now: Instant) -> UInt64 {
        let group = ids.takeNumber()
        groups[group] = parts.count
        for part in parts {
            let key = ids.takeNumber()
            handsetPartsPending += 1
            actions.append(.journal(.handset(key: key, account: account, part)))
            enqueue(key, Pending(account: account, kind: .handset(part, group: group)))
        }
        pump(account, now: now)
        return group
    }

    // MARK: Queueing

    mutating func enqueue(_ key: UInt64, _ entry: Pending) {
        pending[key] = entry
        accounts[entry.account, default: AccountState()].ready.append(key)
    }

    /// Sends what is ready while somebody is bound.
    mutating func pump(_ account: String, now: Instant) {
        guard var state = accounts.removeValue(forKey: account) else { return }
        while state.receivers > 0, state.inFlight < Self.inFlightLimit, let key = state.ready.popFirst() {
            guard let entry = pending[key], let delivery = delivery(key, entry) else {
                pending[key] = nil
                continue
            }
            state.inFlight += 1
            count(entry.kind)
            actions.append(.deliver(key: key, account: account, delivery))
        }
        accounts[account] = state
    }

    private mutating func count(_ kind: Pending.Kind) {
        if case .handset = kind { counters.handsetPartsSent += 1 } else { counters.receiptsSent += 1 }
    }

    /// Back among the ready ones, if it is still held.
    mutating func unhold(_ key: UInt64) {
        guard let entry = pending[key], accounts[entry.account]?.held.remove(key) != nil else { return }
        accounts[entry.account]?.ready.append(key)
    }

    // MARK: Results

    mutating func delivered(_ key: UInt64, account: String, _ result: DeliverResult, now: Instant) {
        let inFlight = accounts[account]?.inFlight ?? 0
        accounts[account]?.inFlight = max(0, inFlight - 1)
        if let entry = pending[key] { settle(key, entry, result, now: now) }
        answerOvertaken(key)
        pump(account, now: now)
    }

    private mutating func settle(_ key: UInt64, _ entry: Pending, _ result: DeliverResult, now: Instant) {
        switch entry.kind {
        case .copy:
            pending[key] = nil
        case .receipt:
            guard case .response(.ok, _) = result else { return hold(key, entry, result, now: now) }
            counters.receiptsAcknowledged += 1
            counters.receiptsPending -= 1
            pending[key] = nil
            actions.append(.journal(.done(key)))
            retire(key)
        case .handset(_, let group):
            switch result {
            case .response(.ok, _):
                counters.handsetPartsAcknowledged += 1
                finishPart(key)
                acknowledged(group)
            case .response(let status, _) where !status.asksForRetry:
                finishPart(key)
                refused(group, status)
            case .invalid(let error):
                finishPart(key)
                refused(group, error.status)
            default:
                hold(key, entry, result, now: now)
                if groups.removeValue(forKey: group) != nil {
                    actions.append(.verdict(group: group, .delivered(.retrying)))
                }
            }
        }
    }

    /// Keeps it for the next bind, and for a while only where trying on the same bind makes sense.
    private mutating func hold(_ key: UInt64, _ entry: Pending, _ result: DeliverResult, now: Instant) {
        accounts[entry.account, default: AccountState()].held.insert(key)
        switch result {
        case .response(let status, _) where !status.asksForRetry: break
        case .invalid: break
        case .response, .notSent, .uncertain: timeline.add(.retry(key: key), due: now.deadline + retryDelay)
        }
    }

    private mutating func finishPart(_ key: UInt64) {
        pending[key] = nil
        handsetPartsPending -= 1
        actions.append(.journal(.done(key)))
    }

    private mutating func acknowledged(_ group: UInt64) {
        guard let left = groups[group] else { return }
        groups[group] = left > 1 ? left - 1 : nil
        if left <= 1 { actions.append(.verdict(group: group, .delivered(.acknowledged))) }
    }

    private mutating func refused(_ group: UInt64, _ status: CommandStatus) {
        guard groups.removeValue(forKey: group) != nil else { return }
        actions.append(.verdict(group: group, .refused(status)))
    }

    // MARK: After a restart

    /// Takes up what a journal says is still to be done.
    mutating func restore(_ record: JournalRecord, now: Instant) {
        switch record {
        case .accepted(let message, let due):
            ids.skip(past: message.key)
            store(message)
            timeline.add(.finish(key: message.key), due: now.deadline + .milliseconds(max(0, due - now.wall)))
        case .handset(let key, let account, let part):
            ids.skip(past: key)
            handsetPartsPending += 1
            // Nobody waits for the verdict any more: the group has no entry.
            enqueue(key, Pending(account: account, kind: .handset(part, group: 0)))
        case .done(let key):
            ids.skip(past: key)
        }
    }
}

extension CommandStatus {
    /// Whether an ESME that answers so wants the delivery again.
    var asksForRetry: Bool {
        switch self {
        case .temporaryReceiverError, .throttled, .messageQueueFull, .systemError: true
        default: false
        }
    }
}
