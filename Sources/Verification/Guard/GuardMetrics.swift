// SPDX-License-Identifier: Apache-2.0
// What is counted of codes and of what refuses them. Counted after the transaction, which may have been repeated; what
// the database knows better is asked for at each scrape.

public import Prometheus
public import SQL
internal import Synchronization
public import Wire

/// The counters of one node.
public final class GuardMetrics: Sendable {
    private let sent: Family<Counter>
    private let verifiedCodes: Counter
    private let refused: Family<Counter>
    private let sums = Mutex<(blocked: Int, stopped: Int64)>((0, 0))

    /// `database` is asked at each scrape for how many prefixes are blocked and what that has saved.
    public init(_ registry: Registry, database: Database, clock: @escaping @Sendable () -> Milliseconds) {
        sent = registry.counters(
            "parley_verification_sent_total", "Codes of one-time passwords that were admitted.", labels: ["channel"])
        verifiedCodes = registry.counter(
            "parley_verification_verified_total", "One-time passwords that were verified.")
        refused = registry.counters(
            "parley_verification_refused_total",
            "Codes that were not sent, by the limit or the guard that refused them.",
            labels: ["by"])
        registry.observe(
            "parley_verification_blocked_prefixes", "Prefixes that the pumping guard has blocked, on all nodes."
        ) { [weak self] in [Sample(Double(self?.sums.withLock { $0.blocked } ?? 0))] }
        registry.observe(
            "parley_verification_spend_stopped",
            "What refused codes would have cost, in the currencies of the accounts, on all nodes."
        ) { [weak self] in [Sample(Double(self?.sums.withLock { $0.stopped } ?? 0) / 1_000_000)] }
        registry.beforeScrape { [weak self] in
            guard let sums = try? await database.read({ try PrefixRegister($0).sums(now: clock()) }) else { return }
            self?.sums.withLock { $0 = (sums.blocked, sums.stopped) }
        }
    }

    /// What the gate said about a sending.
    public func record(_ decision: GateDecision, on channel: OTPChannel) {
        switch decision {
        case .admitted: sent.with(channel.rawValue.lowercased()).add()
        // The scope of the limit: the family of labels stays small.
        case .limited(let rule, _): refused.with(String(rule.prefix { $0 != ":" })).add()
        case .blocked: refused.with("guard").add()
        }
    }

    public func recordVerified() { verifiedCodes.add() }
}
