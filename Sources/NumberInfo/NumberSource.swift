// SPDX-License-Identifier: Apache-2.0
// The contract of everything that knows something of phone numbers: number ranges, imported ports, ENUM, HLR providers.
// A source says what it knows and never throws; whether the next one is asked is not its concern.

public import PhoneNumbers
public import Wire

/// What is asked about a number.
public enum NumberQuestion: String, Sendable, Codable, CaseIterable {
    /// GNP: whether it is ported, and which network serves it.
    case portability
    /// GNV: all of that, and what the subscriber's HLR knows.
    case subscriber
}

/// What one source says.
public enum SourceOutcome: Sendable, Equatable {
    /// It knows the number. `validFor` is how long it vouches for that (a DNS answer's TTL); nil where it does not say.
    case answer(NumberFacts, validFor: Milliseconds?)
    /// It was asked and knows of no such number.
    case nothing
    /// It was unreachable, too slow, or refused to answer; the reason is for operators.
    case failed(reason: String)
}

/// One source of facts about numbers. Look-ups run at the same time, and never block the caller's thread.
public protocol NumberSource: Sendable {
    /// As the configuration names it; in metrics, logs and the console.
    var name: String { get }

    /// Whether the source has anything to say to such a question: one that costs money is not asked in vain.
    func answers(_ question: NumberQuestion) -> Bool

    /// Looks one number up. Called between `start` and `stop` only; ends within the source's own time limit.
    func look(up number: PhoneNumber, for question: NumberQuestion) async -> SourceOutcome

    /// Opens what the source needs; a source that cannot be reached yet starts all the same.
    func start() async

    /// Ends every look-up under way as failed and lets go of everything.
    func stop() async
}

extension NumberSource {
    public func answers(_ question: NumberQuestion) -> Bool { true }
    public func start() async {}
    public func stop() async {}
}
