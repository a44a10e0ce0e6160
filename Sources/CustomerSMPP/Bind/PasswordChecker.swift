// SPDX-License-Identifier: Apache-2.0
// Checks passwords away from the event loops: the stored hash is slow on purpose. What was right is known again for as
// long as the account's hash stays the same, so that a client that binds anew, or with many sessions, costs nothing.

internal import Accounts
internal import Crypto
internal import Dispatch
internal import Messaging
internal import Synchronization

final class PasswordChecker: Sendable {
    /// How many checks may wait; a flood of binds beyond it is refused.
    private static let queueLimit = 64
    private static let cacheLimit = 10_000

    private struct State {
        var waiting = 0
        /// Of this process only, and never written anywhere.
        var known: Set<[UInt8]> = []
    }

    private let key = SymmetricKey(size: .bits256)
    private let state = Mutex(State())
    /// One at a time: a flood of binds must not take the machine.
    private let queue = DispatchQueue(label: "parley.smpp.passwords")

    /// Whether `password` is the account's; nil when too many checks wait already.
    func check(_ password: String, of account: SMPPAccount) async -> Bool? {
        let mark = mark(password, of: account)
        let isAdmitted: Bool? = state.withLock { state in
            if state.known.contains(mark) { return nil }
            guard state.waiting < Self.queueLimit else { return false }
            state.waiting += 1
            return true
        }
        guard let isAdmitted else { return true }
        guard isAdmitted else { return nil }
        let isRight = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: PasswordHash.verify(password, account.passwordHash)) }
        }
        state.withLock { state in
            state.waiting -= 1
            guard isRight else { return }
            if state.known.count >= Self.cacheLimit { state.known.removeAll() }
            state.known.insert(mark)
        }
        return isRight
    }

    private func mark(_ password: String, of account: SMPPAccount) -> [UInt8] {
        var code = HMAC<SHA256>(key: key)
        for text in [account.systemID, account.passwordHash, password] {
            code.update(data: Array(text.utf8))
            code.update(data: [0])
        }
        return Array(code.finalize())
    }
}
