// SPDX-License-Identifier: Apache-2.0
// The sessions of a server by account, and the deliveries that wait for room: what an `SMPPServer` keeps behind its lock.
// A delivery waits only while its account has a session that can receive.

internal import NIOCore

struct ServerAccounts {
    struct Queued: Sendable {
        var body: PDU.Body
        var completion: @Sendable (DeliverResult) -> Void
    }

    private struct Account {
        /// Receiving sessions with the places of their window that are in use.
        var receivers: [(session: SMPPServerSession, window: Int, reserved: Int)] = []
        var queue = CircularBuffer<Queued>()

        /// Takes a place on the session with the most free ones.
        mutating func assign() -> SMPPServerSession? {
            var best: Int?
            for index in receivers.indices where receivers[index].reserved < receivers[index].window {
                if let current = best, receivers[current].reserved <= receivers[index].reserved { continue }
                best = index
            }
            guard let best else { return nil }
            receivers[best].reserved += 1
            return receivers[best].session
        }
    }

    enum Admission {
        case send(SMPPServerSession)
        case queued, refused
    }

    /// Every connection, bound or not.
    private(set) var sessions: [UInt64: SMPPServerSession] = [:]
    private var accounts: [String: Account] = [:]
    var isStopping = false

    mutating func add(_ session: SMPPServerSession, limit: Int) -> Bool {
        guard !isStopping, sessions.count < limit else { return false }
        sessions[session.id] = session
        return true
    }

    mutating func remove(_ session: SMPPServerSession) {
        sessions[session.id] = nil
    }

    mutating func addReceiver(_ session: SMPPServerSession, account: String, window: Int) {
        accounts[account, default: Account()].receivers.append((session, max(1, window), 0))
    }

    mutating func removeReceiver(_ session: SMPPServerSession, account: String) {
        accounts[account]?.receivers.removeAll { $0.session === session }
    }

    mutating func release(_ session: SMPPServerSession, account: String, count: Int) {
        guard let index = accounts[account]?.receivers.firstIndex(where: { $0.session === session }) else { return }
        accounts[account]?.receivers[index].reserved -= count
    }

    mutating func enqueue(_ queued: Queued, account: String, limit: Int) -> Admission {
        guard !isStopping, let receivers = accounts[account]?.receivers, !receivers.isEmpty else { return .refused }
        let waiting = accounts[account]?.queue.count ?? 0
        if waiting == 0, let session = accounts[account]?.assign() { return .send(session) }
        guard waiting < limit else { return .refused }
        accounts[account]?.queue.append(queued)
        return .queued
    }

    /// How many deliveries could be written now; nil when no session of the account can receive.
    func room(account: String) -> Int? {
        guard let state = accounts[account], !state.receivers.isEmpty else { return nil }
        return max(0, state.receivers.reduce(0) { $0 + $1.window - $1.reserved } - state.queue.count)
    }

    /// How many deliveries to a session are unanswered.
    func unanswered(_ session: SMPPServerSession, account: String) -> Int {
        accounts[account]?.receivers.first { $0.session === session }?.reserved ?? 0
    }

    /// What can go now, and what has nowhere left to go.
    mutating func dequeue(account: String) -> (ready: [(SMPPServerSession, Queued)], refused: [Queued]) {
        guard var state = accounts.removeValue(forKey: account) else { return ([], []) }
        if state.receivers.isEmpty { return ([], Array(state.queue)) }
        var ready: [(SMPPServerSession, Queued)] = []
        while !state.queue.isEmpty, let session = state.assign() { ready.append((session, state.queue.removeFirst())) }
        accounts[account] = state
        return (ready, [])
    }
}
