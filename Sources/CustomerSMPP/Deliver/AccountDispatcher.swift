// SPDX-License-Identifier: Apache-2.0
// Brings deliveries to the clients of SMPP accounts: claimed from the database, never more of them than the windows of the
// account's sessions on this node have room for; sent; and recorded as what the client answered. After a crash what was
// under way is sent again, a window at the most, and nothing is lost.

internal import Logging
internal import Messaging
internal import SMPP
internal import SQL
internal import Synchronization
internal import Wire

final class AccountDispatcher: AccountDeliveryInbox {
    private struct State {
        var flows: [Int64: AccountFlow] = [:]
        /// Accounts that something may wait for.
        var pending: Set<Int64> = []
        /// Accounts that are to be served even if only a little of their windows is free.
        var overdue: Set<Int64> = []
        var isStopping = false
    }

    /// How many deliveries of an account one transaction claims.
    private static let claimLimit = 256

    private let context: EngineContext
    private let sessions: BoundSessions
    private let server = Mutex<SMPPServer?>(nil)
    private let state = Mutex(State())
    private let wakeUp = Signal()
    private let outcomes = BatchQueue<DeliveryStore.Outcome>()

    init(context: EngineContext, sessions: BoundSessions) {
        self.context = context
        self.sessions = sessions
    }

    /// Says through what it sends.
    func connect(_ server: SMPPServer) { self.server.withLock { $0 = server } }

    // MARK: AccountDeliveryInbox

    func stored(forAccounts accountIDs: Set<Int64>) {
        state.withLock { $0.pending.formUnion(accountIDs) }
        wakeUp.raise()
    }

    /// Nothing waits in memory: what is under way comes to its end, and its outcome changes nothing any more.
    func forgetAll() {}

    // MARK: Running

    /// Runs until `stop` and `close`.
    func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runSending() }
            group.addTask { await self.runOutcomes() }
        }
    }

    /// Starts no more deliveries.
    func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.raise()
    }

    /// Ends `run` once everything that was sent is recorded.
    func close() { outcomes.close() }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func runSending() async {
        while true {
            await wakeUp.wait()
            if isStopping { return }
            for account in sessions.receivingAccounts where state.withLock({ $0.pending.contains(account.id) }) {
                await send(to: account)
            }
        }
    }

    /// Looks for deliveries that were stored by other nodes, or whose time has come.
    func poll() async {
        let bound = Set(sessions.receivingAccounts.map(\.id))
        guard !bound.isEmpty else { return }
        do {
            let waiting = try await context.database.read { try AccountDeliveryStore($0).waitingAccounts() }
            let pending = bound.intersection(waiting)
            guard !pending.isEmpty else { return }
            state.withLock { $0.overdue.formUnion(pending) }
            stored(forAccounts: pending)
        } catch {
            context.logger.error("deliveries to clients not looked for", metadata: ["error": "\(error)"])
        }
    }

    /// Gives up what nobody came for.
    func giveUpOld() async {
        let now = context.clock()
        do {
            let count = try await context.database.write {
                try AccountDeliveryStore($0).giveUp(createdBefore: now - DeliveryVerdict.span, slice: 500, now: now)
            }
            if count > 0 { context.logger.notice("deliveries to clients given up", metadata: ["count": "\(count)"]) }
        } catch {
            context.logger.error("old deliveries to clients not given up", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Claim

    private func send(to account: SMPPAccount) async {
        let name = String(account.id)
        let now = context.clock()
        guard let server = server.withLock({ $0 }), let room = server.room(account: name) else { return }
        let (flow, isOverdue) = state.withLock { state in
            (state.flows[account.id] ?? AccountFlow(), state.overdue.remove(account.id) != nil)
        }
        // A claim for every single answer would be a transaction for every single delivery.
        let isWorthIt = isOverdue || room * 4 >= room + flow.inFlight
        guard room > 0, flow.isOpen(now: now), isWorthIt else { return }
        let limit = min(room, Self.claimLimit)
        let lease = context.lease
        // Before the look, so that what is stored meanwhile is looked for again.
        state.withLock { _ = $0.pending.remove(account.id) }
        do {
            let deliveries = try await context.write {
                try AccountDeliveryStore($0).claim(accountID: account.id, limit: limit, now: now, lease: lease)
            }
            state.withLock { state in
                if deliveries.count == limit { state.pending.insert(account.id) }
                state.flows[account.id, default: AccountFlow()].started(deliveries.count)
            }
            let translation = DeliverTranslation(settings: account.settings)
            for delivery in deliveries { send(delivery, translation, to: name, server) }
        } catch {
            context.logger.error("deliveries to clients not claimed", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Send

    private func send(
        _ delivery: Messaging.Delivery, _ translation: DeliverTranslation, to name: String, _ server: SMPPServer
    ) {
        guard let accountID = delivery.rendered.accountID else { return }
        guard let pdus = translation.pdus(of: delivery), !pdus.isEmpty else {
            return conclude(delivery, accountID, .refused("it cannot be written for this account"))
        }
        let tally = PartTally(count: pdus.count)
        for pdu in pdus {
            server.deliver(.deliver(pdu), to: name) { [self] result in
                guard let verdict = tally.add(DeliveryVerdict(result)) else { return }
                conclude(delivery, accountID, verdict)
            }
        }
    }

    private func conclude(_ delivery: Messaging.Delivery, _ accountID: Int64, _ verdict: DeliveryVerdict) {
        let now = context.clock()
        state.withLock { $0.flows[accountID]?.ended(verdict, now: now) }
        _ = outcomes.push([verdict.outcome(of: delivery, now: now)])
        // What comes back is due again at once, or the poll will find it when it is.
        if verdict == .again || verdict == .untried {
            stored(forAccounts: [accountID])
        } else {
            wakeUp.raise()
        }
    }

    // MARK: Record

    private func runOutcomes() async {
        while true {
            let batch = await outcomes.next(limit: 512)
            if batch.isEmpty { return }
            while true {
                let (lease, now) = (context.lease, context.clock())
                do {
                    try await context.database.write(isPatient: true) {
                        try DeliveryStore($0).finish(batch, lease: lease, now: now)
                    }
                    break
                } catch {
                    // What was answered was answered: the record waits until the database is back.
                    context.logger.error("deliveries to clients not recorded", metadata: ["error": "\(error)"])
                    if isStopping { break }
                    try? await Task.sleep(for: .milliseconds(250))
                }
            }
            wakeUp.raise()
        }
    }
}

/// Collects the verdicts on the parts of one delivery.
private final class PartTally: Sendable {
    private let state: Mutex<(left: Int, verdict: DeliveryVerdict)>

    init(count: Int) { state = Mutex((count, .delivered)) }

    /// The verdict on the whole, with the last part's.
    func add(_ verdict: DeliveryVerdict) -> DeliveryVerdict? {
        state.withLock { state in
            state.left -= 1
            state.verdict = state.verdict.combined(with: verdict)
            return state.left == 0 ? state.verdict : nil
        }
    }
}
