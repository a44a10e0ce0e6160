// SPDX-License-Identifier: Apache-2.0
// Decides about binds: who it is, from where, and whether there is room for one more session of the account.

internal import Accounts
internal import Logging
internal import Messaging
internal import NIOCore
internal import SMPP
internal import Synchronization
internal import Wire

final class BindAuthority: Sendable {
    private let context: EngineContext
    private let passwords = PasswordChecker()
    private let guesses = Mutex(GuessGuard())
    /// How long a client waits for a "no" that it could learn from.
    private let refusalDelay: Duration

    init(context: EngineContext, refusalDelay: Duration) {
        self.context = context
        self.refusalDelay = refusalDelay
    }

    /// Whether connections from this address are of any use.
    func admits(_ address: SocketAddress) -> Bool {
        let now = context.clock()
        return guesses.withLock { !$0.isLocked(address.text, now: now) }
    }

    /// The account that may bind, or why not. `bound` tells how many sessions of an account there are.
    func decide(
        _ bind: Bind, from address: SocketAddress?, bound: @Sendable (Int64) -> Int
    ) async -> Result<SMPPAccount, BindRefusal> {
        let origin = address?.text ?? ""
        let result = await check(bind, from: address, bound: bound)
        let now = context.clock()
        switch result {
        case .success: guesses.withLock { $0.succeeded(origin, as: bind.systemID) }
        case .failure(let refusal):
            context.logger.notice(
                "bind refused",
                metadata: ["system_id": "\(bind.systemID)", "address": "\(origin)", "reason": "\(refusal.reason)"])
            guard refusal.isGuess else { break }
            guesses.withLock { $0.failed(origin, as: bind.systemID, now: now) }
            try? await Task.sleep(for: refusalDelay)
        }
        return result
    }

    private func check(
        _ bind: Bind, from address: SocketAddress?, bound: @Sendable (Int64) -> Int
    ) async -> Result<SMPPAccount, BindRefusal> {
        let now = context.clock()
        let isLocked = guesses.withLock { $0.isLocked(address?.text ?? "", as: bind.systemID, now: now) }
        if isLocked { return .failure(BindRefusal(.bindFailed, "too many wrong guesses")) }
        guard let account = context.directory.current.smppAccounts[bind.systemID] else {
            return .failure(BindRefusal(.invalidSystemID, "no such account", isGuess: true))
        }
        guard Self.admits(account.settings.addresses, address) else {
            return .failure(BindRefusal(.bindFailed, "not from this address"))
        }
        guard let isRight = await passwords.check(bind.password, of: account) else {
            return .failure(BindRefusal(.bindFailed, "too many binds at once"))
        }
        guard isRight else { return .failure(BindRefusal(.invalidPassword, "wrong password", isGuess: true)) }
        // The check took its time: what was changed meanwhile counts.
        let directory = context.directory.current
        guard let current = directory.smppAccounts[bind.systemID], current.authorisation == account.authorisation,
            current.isEnabled, directory.companies[current.companyID]?.closedAt == nil
        else { return .failure(BindRefusal(.bindFailed, "the account is switched off")) }
        guard bound(current.id) < current.settings.maximumBinds else {
            return .failure(BindRefusal(.bindFailed, "all \(current.settings.maximumBinds) binds are in use"))
        }
        return .success(current)
    }

    private static func admits(_ ranges: [AddressRange], _ address: SocketAddress?) -> Bool {
        guard !ranges.isEmpty else { return true }
        guard let address = address.flatMap({ IPAddress($0.text) }) else { return false }
        let embedded = address.embeddedIPv4
        return ranges.contains { $0.contains(address) || embedded.map($0.contains) == true }
    }
}

/// Why a bind is refused.
struct BindRefusal: Error {
    let status: CommandStatus
    /// For the log.
    let reason: String
    /// Whether the client may have been guessing.
    let isGuess: Bool

    init(_ status: CommandStatus, _ reason: String, isGuess: Bool = false) {
        self.status = status
        self.reason = reason
        self.isGuess = isGuess
    }
}

extension SMPPAccount {
    /// What a session was admitted by; when it changes, the session ends.
    struct Authorisation: Equatable {
        let id: Int64
        let companyID: CompanyID
        let passwordHash: String
        let settings: SMPPAccountSettings
        let isEnabled: Bool
    }

    var authorisation: Authorisation {
        Authorisation(
            id: id, companyID: companyID, passwordHash: passwordHash, settings: settings, isEnabled: isEnabled)
    }
}

extension SocketAddress {
    /// The IP address alone; empty for a socket that has none.
    var text: String { ipAddress ?? "" }
}
