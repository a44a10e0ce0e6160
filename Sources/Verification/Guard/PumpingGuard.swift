// SPDX-License-Identifier: Apache-2.0
// The guard against SMS pumping: whether a code may be sent to a number, from what is known of the number's prefixes.
// Pure: the states of the prefixes come in and go out, time is an argument.
//
// A fraudster has codes sent to numbers of expensive ranges, shares in what they cost, and never types one. So a prefix
// whose share of verified codes collapses is blocked: the longest one that carries the evidence, for a time that doubles
// with each repetition and ends in a probation.

public import Wire

/// Why the guard did something about a prefix.
public struct GuardEvent: Sendable, Equatable {
    public enum Kind: Sendable, Equatable {
        case blocked(until: Milliseconds)
        case unblocked
    }

    public let kind: Kind
    public let prefix: String
    /// Codes since the prefix was last above suspicion, and how many of them were verified.
    public let sent: Int
    public let verified: Int
    /// The share that was expected, and that of pumping.
    public let honestShare: Double
    public let collapsedShare: Double
    public let evidence: Double
    public let threshold: Double
    /// Micros; nil when the code has no price.
    public let price: Int64?
}

public enum GuardVerdict: Sendable, Equatable {
    case admitted
    /// Nothing is sent: the prefix is blocked, on probation with enough codes on their way, or suddenly has far more
    /// codes on their way than its numbers explain.
    case refused(prefix: String)
}

/// What an operator decided about a prefix; it goes before everything the guard finds, and the longest one counts.
public struct GuardRule: Sendable, Equatable {
    public enum Decision: String, Sendable, CaseIterable {
        /// Codes are sent whatever the guard finds.
        case allowed
        /// Nothing is sent.
        case denied
    }

    public let prefix: String
    public let decision: Decision

    public init(prefix: String, decision: Decision) {
        self.prefix = prefix
        self.decision = decision
    }
}

/// Decides about codes. `chain` is always the states of one number's prefixes, the shortest first.
public struct PumpingGuard: Sendable {
    public let settings: GuardSettings

    public init(_ settings: GuardSettings = GuardSettings()) { self.settings = settings }

    /// Decides about one code and counts it. A number that is `known` to verify passes what the guard found, and proves
    /// nothing about others; nor does one that `isRepeated`, which was sent a code a short time ago.
    public func admit(
        _ prefixes: NumberPrefixes, price: Int64?, isKnown: Bool, isRepeated: Bool, rule: GuardRule? = nil,
        chain: inout [PrefixWatch], now: Milliseconds
    ) -> (verdict: GuardVerdict, events: [GuardEvent]) {
        let expected = advance(&chain, to: now)
        if let rule, rule.decision == .denied { return (refuse(by: rule.prefix, price, &chain), []) }
        var events: [GuardEvent] = []
        if !isKnown, rule == nil, settings.isEnabled {
            events = judge(&chain, expected, price: price, now: now)
            if let prefix = obstacle(chain, prefixes) { return (refuse(by: prefix, price, &chain), events) }
        }
        for index in chain.indices {
            if !isKnown, !isRepeated { chain[index].sent(at: now) }
            chain[index].totals.sent += 1
            chain[index].totals.spent += price ?? 0
        }
        return (.admitted, events)
    }

    /// Notes that a code sent at `time` was verified; `counted` says whether it was sent to a number that was not known.
    public func verified(
        sentAt time: Milliseconds, counted: Bool, chain: inout [PrefixWatch], now: Milliseconds
    ) -> [GuardEvent] {
        let expected = advance(&chain, to: now)
        var events: [GuardEvent] = []
        for (index, hypotheses) in expected.enumerated() {
            chain[index].totals.verified += 1
            guard counted else { continue }
            chain[index].verified(sentAt: time, hypotheses)
            let before = chain[index]
            if chain[index].endProbation(now: now, hypotheses) {
                events.append(event(.unblocked, before, hypotheses, evidence: 0, price: nil))
            }
        }
        return events
    }

    /// A code sent at `time` has not been sent after all; `counted` says whether it spoke about prefixes.
    public func withdrawn(sentAt time: Milliseconds, price: Int64?, counted: Bool, chain: inout [PrefixWatch]) {
        for index in chain.indices {
            chain[index].totals.sent -= 1
            chain[index].totals.spent -= price ?? 0
            if counted { chain[index].recent.withdraw(sentAt: time) }
        }
    }

    /// The share of verified codes that is expected of each prefix, and what it would be under pumping.
    func expectations(_ chain: [PrefixWatch]) -> [Hypotheses] {
        var parent = settings.usualShare
        return chain.map { watch in
            parent = watch.share(parent: parent, settings)
            let honest = min(
                settings.shareBounds.upperBound, max(settings.shareBounds.lowerBound, parent * settings.shareMargin))
            return Hypotheses(honest: honest, collapsed: settings.collapsedShare)
        }
    }

    private func advance(_ chain: inout [PrefixWatch], to now: Milliseconds) -> [Hypotheses] {
        let expected = expectations(chain)
        for index in chain.indices { chain[index].advance(to: now, expected[index], settings) }
        return expected
    }

    // MARK: Judging

    /// Blocks the longest prefix that is responsible for the evidence, if there is enough.
    private func judge(
        _ chain: inout [PrefixWatch], _ expected: [Hypotheses], price: Int64?, now: Milliseconds
    ) -> [GuardEvent] {
        guard !chain.contains(where: \.isBlocked) else { return [] }
        let evidence = chain.indices.map { chain[$0].evidence(now: now, expected[$0]) }
        let thresholds = chain.map { $0.threshold(price: price, settings) }
        for index in chain.indices {
            chain[index].judgement = PrefixWatch.Judgement(
                expectedShare: expected[index].honest, evidence: evidence[index], threshold: thresholds[index])
        }
        let suspects = chain.indices.filter { evidence[$0] >= thresholds[$0] }
        let most = suspects.map { evidence[$0] }.max() ?? 0
        guard let culprit = suspects.last(where: { evidence[$0] >= settings.explained * most }) else { return [] }
        let before = chain[culprit]
        chain[culprit].block(now: now, settings)
        for parent in 0..<culprit {
            chain[parent].explain(by: before, evidence: evidence[culprit], settings)
        }
        guard case .blocked(let until) = chain[culprit].phase else { return [] }
        return [
            event(
                .blocked(until: until), before, expected[culprit], evidence: evidence[culprit],
                threshold: thresholds[culprit], price: price)
        ]
    }

    /// The prefix for which nothing is sent now.
    private func obstacle(_ chain: [PrefixWatch], _ prefixes: NumberPrefixes) -> String? {
        chain.first { watch in
            switch watch.phase {
            case .blocked: true
            case .probation(let verified): watch.recent.open >= settings.probation * (1 + verified)
            case .watching: watch.recent.open >= watch.allowedOpen(openDigits: prefixes.openDigits(of: watch.prefix))
            }
        }?.prefix
    }

    private func refuse(by prefix: String, _ price: Int64?, _ chain: inout [PrefixWatch]) -> GuardVerdict {
        if let index = chain.lastIndex(where: { prefix.hasPrefix($0.prefix) }) ?? chain.indices.first {
            chain[index].totals.refused += 1
            chain[index].totals.stopped += price ?? 0
        }
        return .refused(prefix: prefix)
    }

    private func event(
        _ kind: GuardEvent.Kind, _ watch: PrefixWatch, _ hypotheses: Hypotheses, evidence: Double,
        threshold: Double = 0, price: Int64?
    ) -> GuardEvent {
        GuardEvent(
            kind: kind, prefix: watch.prefix, sent: Int(watch.held.sent) + watch.recent.sent,
            verified: Int(watch.held.verified) + watch.recent.verified, honestShare: hypotheses.honest,
            collapsedShare: hypotheses.collapsed, evidence: evidence, threshold: threshold, price: price)
    }
}

extension PrefixWatch {
    var isBlocked: Bool { if case .blocked = phase { true } else { false } }
}
