// SPDX-License-Identifier: Apache-2.0
// The sessions that are bound on this node, by account, with what they have asked for and not been answered yet.

internal import Accounts
internal import Messaging
internal import SMPP
internal import Synchronization
public import Wire

/// A bound session as operators see it.
public struct SMPPSessionState: Sendable, Equatable {
    /// Unique in this process.
    public let id: UInt64
    /// `transmitter`, `receiver` or `transceiver`.
    public let mode: String
    /// The client's IP address.
    public let address: String
    public let boundAt: Milliseconds
    /// Requests without a response, in both directions.
    public let outstanding: Int
}

final class BoundSessions: Sendable {
    struct Bound {
        let session: SMPPServerSession
        let account: SMPPAccount
        let boundAt: Milliseconds
        /// Submits that wait for their response.
        var unanswered = 0
    }

    private struct State {
        var sessions: [UInt64: Bound] = [:]
        var rates: [Int64: AccountRate] = [:]
    }

    /// What may be done with a submit.
    enum Admission {
        case go(SMPPAccount)
        case throttled
        /// The session has ended, or is about to.
        case gone
    }

    private let state = Mutex(State())

    /// Adds a session; false when its account has as many as it may.
    func add(_ session: SMPPServerSession, account: SMPPAccount, now: Milliseconds) -> Bool {
        state.withLock { state in
            let count = state.sessions.values.count { $0.account.id == account.id }
            guard count < account.settings.maximumBinds else { return false }
            state.sessions[session.id] = Bound(session: session, account: account, boundAt: now)
            return true
        }
    }

    func remove(_ session: SMPPServerSession) {
        state.withLock { state in
            guard let bound = state.sessions.removeValue(forKey: session.id) else { return }
            let isLast = !state.sessions.values.contains { $0.account.id == bound.account.id }
            if isLast { state.rates[bound.account.id] = nil }
        }
    }

    func count(accountID: Int64) -> Int {
        state.withLock { $0.sessions.values.count { $0.account.id == accountID } }
    }

    var count: Int { state.withLock { $0.sessions.count } }

    func sessions(accountID: Int64) -> [Bound] {
        state.withLock { state in
            state.sessions.values.filter { $0.account.id == accountID }.sorted { $0.session.id < $1.session.id }
        }
    }

    /// The accounts with a session that can receive.
    var receivingAccounts: [SMPPAccount] {
        state.withLock { state in
            let receivers = state.sessions.values.filter { $0.session.mode?.canReceive == true }
            return Array(Dictionary(receivers.map { ($0.account.id, $0.account) }) { first, _ in first }.values)
        }
    }

    /// The sessions that were admitted by something else than what is configured now.
    func outdated(in directory: Directory) -> [SMPPServerSession] {
        state.withLock { state in
            state.sessions.values.filter { bound in
                let current = directory.smppAccounts[bound.account.systemID]
                return current?.authorisation != bound.account.authorisation
                    || directory.companies[bound.account.companyID]?.closedAt != nil
            }.map(\.session)
        }
    }

    /// Counts `messages` of a submit against the account's rate, and the submit as unanswered. `now` is monotonic, in
    /// nanoseconds.
    func admit(_ session: SMPPServerSession, messages: Int, now: UInt64) -> Admission {
        state.withLock { state in
            guard let account = state.sessions[session.id]?.account else { return .gone }
            if let limit = account.settings.messagesPerSecond,
                !state.rates[account.id, default: AccountRate()].take(messages, perSecond: limit, now: now)
            {
                return .throttled
            }
            state.sessions[session.id]?.unanswered += 1
            return .go(account)
        }
    }

    func answered(_ session: SMPPServerSession) {
        state.withLock { $0.sessions[session.id]?.unanswered -= 1 }
    }

    func account(of session: SMPPServerSession) -> SMPPAccount? {
        state.withLock { $0.sessions[session.id]?.account }
    }
}
