// SPDX-License-Identifier: Apache-2.0
// Decides whether a request may go on: is its key known, in force, for this address, and within its rate. One for all
// surfaces of a server, so that a key's requests count together wherever they go.

internal import Accounts
internal import HTTPTypes
internal import Messaging
internal import Wire

final class KeyGuard: Sendable {
    /// How many addresses with wrong keys are told apart; beyond that they are counted together.
    private static let addressCapacity = 10_000

    private let directory: DirectoryCache
    private let clock: @Sendable () -> Milliseconds
    private let uses: KeyUseRecorder
    private let usualRate: Int?
    private let guesses: Allowance
    /// Of keys that exist: as many as are configured.
    private let requests = BucketTable<Int64>(capacity: .max)
    private let wrongKeys = BucketTable<IPAddress?>(capacity: addressCapacity)

    init(directory: DirectoryCache, clock: @escaping @Sendable () -> Milliseconds, options: APIOptions) {
        self.directory = directory
        self.clock = clock
        uses = options.keyUse
        usualRate = options.requestsPerSecondPerKey
        guesses = Allowance(perMinute: options.wrongKeysPerMinute)
    }

    /// The key that a request was let in with, and what its answer says of the key's rate.
    struct Admission {
        let key: APIKey
        let rate: Verdict?
    }

    /// Lets a request in, or throws the problem that it is answered with. `text` is the key as it was sent.
    func admit(_ text: String?, scopes: Set<KeyScope>, from address: IPAddress?) throws(Problem) -> Admission {
        guard let text, !text.isEmpty else { throw .unauthorized }
        let now = clock()
        guard let key = find(text, now: now) else { throw refuseWrongKey(from: address, now: now) }
        // A guess that hits is no better than one that misses; who has been here with this key before does not guess.
        if wrongKeys.isExhausted(Self.network(of: address), guesses, now: now),
            !uses.wasLastUsed(key.id, from: address)
        {
            throw refuseWrongKey(from: address, now: now)
        }
        guard key.admits(address) else { throw .forbiddenAddress }
        let rate = try takeRequest(of: key, now: now)
        guard !scopes.isDisjoint(with: key.scopes) else {
            throw .forbidden(scope: scopes.map(\.rawValue).sorted().joined(separator: " or "))
        }
        uses.note(key.id, at: now, from: address)
        return Admission(key: key, rate: rate)
    }

    private func find(_ text: String, now: Milliseconds) -> APIKey? {
        let hash = APIKey.hash(of: text)
        let directory = directory.current
        guard let key = directory.keys[hash], Self.isEqual(key.hash, hash) else { return nil }
        if let expiresAt = key.expiresAt, expiresAt <= now { return nil }
        guard let company = directory.companies[key.companyID], company.closedAt == nil else { return nil }
        return key
    }

    private func refuseWrongKey(from address: IPAddress?, now: Milliseconds) -> Problem {
        let verdict = wrongKeys.take(Self.network(of: address), guesses, now: now)
        return verdict.isAllowed
            ? .unauthorized : .tooManyRequests("Too many wrong API keys came from this address.", wait: verdict.wait)
    }

    private func takeRequest(of key: APIKey, now: Milliseconds) throws(Problem) -> Verdict? {
        guard let perSecond = key.limits.requestsPerSecond ?? usualRate else { return nil }
        let verdict = requests.take(key.id, Allowance(perSecond: perSecond), now: now)
        guard !verdict.isAllowed else { return verdict }
        throw Problem.tooManyRequests("The API key allows \(perSecond) requests a second.", wait: verdict.wait)
            .with(verdict.headers)
    }

    /// Whoever has one address of an IPv6 network usually has 2⁶⁴ of them.
    private static func network(of address: IPAddress?) -> IPAddress? {
        guard case .v6(let bits)? = address else { return address }
        return .v6((bits >> 64) << 64)
    }

    /// Compares in a time that does not depend on where the bytes differ.
    private static func isEqual(_ left: [UInt8], _ right: [UInt8]) -> Bool {
        guard left.count == right.count else { return false }
        return zip(left, right).reduce(UInt8(0)) { $0 | ($1.0 ^ $1.1) } == 0
    }
}

extension Verdict {
    /// What is left, as many clients know it: the limit, the rest and after how many seconds all of it is back.
    var headers: HTTPFields {
        [
            .rateLimitLimit: String(limit), .rateLimitRemaining: String(remaining),
            .rateLimitReset: String((wait + 999) / 1000),
        ]
    }
}
