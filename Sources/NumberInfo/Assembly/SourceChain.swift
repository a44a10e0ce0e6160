// SPDX-License-Identifier: Apache-2.0
// Puts an answer together: asks source after source until nothing is missing, takes each field from the first that knows
// it, and says which source said what. A source that fails is left out; where that leaves the question itself open, the
// answer says so with an error code. Nothing is guessed.

internal import Logging
internal import PhoneNumbers
internal import Wire

/// What one source said, and how long it took.
public struct SourceReport: Sendable {
    public let source: String
    public let outcome: SourceOutcome
    public let duration: Duration
}

/// What all of them said together.
public struct AssembledFacts: Sendable {
    public var facts: NumberFacts
    public var reports: [SourceReport] = []
    /// For how long the sources vouch for it; nil where none says.
    var validFor: Milliseconds?
    /// Whether a source beyond this process said something, so that it is worth keeping.
    var isWorthKeeping = false
    /// Whether what was asked stays open because a source failed.
    public var hasFailed = false

    /// Whether anything was found out: what was not is not charged.
    var isAnswer: Bool { !hasFailed && !facts.isEmpty }
}

struct SourceChain: Sendable {
    /// systemFailure, 3GPP TS 29.002: a source did not answer.
    static let systemFailure = "22"
    /// unknownSubscriber: no number plan has such a number.
    static let unknownSubscriber = "1"

    let order: SourceOrder
    /// How long a source may take, ms.
    let timeout: Milliseconds
    /// What the installation knows of networks beyond the tables, by MCC and MNC.
    let networks: [NetworkFacts]
    let metrics: NumberMetrics
    let logger: Logger

    /// The facts about a number; nil for one that no number plan can have.
    func ask(about number: PhoneNumber?, _ question: NumberQuestion) async -> AssembledFacts {
        guard let number else {
            var facts = NumberFacts()
            facts.errorCode = Self.unknownSubscriber
            return AssembledFacts(facts: facts, hasFailed: true)
        }
        var answer = AssembledFacts(facts: NumberFacts())
        for source in order.sources(for: question) {
            let isLocal = source is any LocalNumberSource
            if !isLocal, answer.facts.isComplete(for: question) { continue }
            let start = ContinuousClock.now
            let outcome = await SourceDeadline.ask(source, number, question, within: timeout)
            let report = SourceReport(
                source: source.name, outcome: outcome, duration: start.duration(to: .now))
            answer.reports.append(report)
            metrics.asked(report)
            take(outcome, of: source.name, isLocal: isLocal, into: &answer)
        }
        conclude(&answer, about: number, question)
        return answer
    }

    private func take(_ outcome: SourceOutcome, of name: String, isLocal: Bool, into answer: inout AssembledFacts) {
        switch outcome {
        case .answer(let facts, let validFor):
            answer.facts.fill(from: facts)
            if !isLocal { answer.isWorthKeeping = true }
            if let validFor { answer.validFor = min(answer.validFor ?? .max, validFor) }
        case .nothing: break
        case .failed(let reason):
            logger.warning("a number source failed", metadata: ["source": "\(name)", "reason": "\(reason)"])
        }
    }

    /// What follows from what was said: a number that is not ported is served by the holder of its range, and numbers
    /// are ported within their country.
    private func conclude(_ answer: inout AssembledFacts, about number: PhoneNumber, _ question: NumberQuestion) {
        if answer.facts.ported == .no {
            Self.share(&answer.facts, \.current, with: \.rangeHolder)
        }
        if var current = answer.facts.current {
            if current.country.isEmpty { current.country = number.region.flatMap(Region.alpha3) ?? "" }
            if current.timeZone.isEmpty, let holder = answer.facts.rangeHolder, holder.country == current.country {
                current.timeZone = holder.timeZone
            }
            answer.facts.current = current
        }
        for network in [\NumberFacts.current, \.rangeHolder, \.subscription, \.hlr, \.msc] {
            describe(&answer.facts[keyPath: network])
        }
        let hasFailures = answer.reports.contains { if case .failed = $0.outcome { true } else { false } }
        if hasFailures, answer.facts.isOpen(question), answer.facts.errorCode == NumberFacts.noError {
            answer.facts.errorCode = Self.systemFailure
            answer.hasFailed = true
        }
    }

    /// Two descriptions of one network complete each other.
    private static func share(
        _ facts: inout NumberFacts, _ one: WritableKeyPath<NumberFacts, NetworkFacts?>,
        with other: WritableKeyPath<NumberFacts, NetworkFacts?>
    ) {
        var network = facts[keyPath: one] ?? NetworkFacts()
        if let known = facts[keyPath: other] { network.fill(from: known) }
        guard !network.isEmpty else { return }
        facts[keyPath: one] = network
        if facts[keyPath: other] == nil { facts[keyPath: other] = network }
        facts[keyPath: other]?.fill(from: network)
    }

    private func describe(_ network: inout NetworkFacts?) {
        guard var facts = network, !facts.mcc.isEmpty, !facts.mnc.isEmpty,
            let known = networks.first(where: { $0.mcc == facts.mcc && $0.mnc == facts.mnc })
        else { return }
        facts.fill(from: known)
        network = facts
    }
}

extension NumberFacts {
    /// Whether what the question is about has stayed unknown.
    fileprivate func isOpen(_ question: NumberQuestion) -> Bool {
        switch question {
        case .portability: ported == .unknown
        case .subscriber: presence == .unknown
        }
    }
}
