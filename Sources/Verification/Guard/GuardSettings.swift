// SPDX-License-Identifier: Apache-2.0
// What the pumping guard can be told. The defaults are those that `docs/2fa-guard.md` reports measurements of.

public import Wire

/// The constants of the pumping guard.
public struct GuardSettings: Sendable, Equatable {
    /// Whether anything is blocked; when not, prefixes are watched all the same.
    public var isEnabled = true
    /// The share of verified codes that is expected where nothing is known, and how many codes that is worth.
    public var usualShare = 0.6
    public var priorWeight = 25.0
    /// A share is suspicious from this part of the honest one down, not before: shares differ from hour to hour.
    public var shareMargin = 0.85
    /// What is taken for the honest share stays within this, so that an attack cannot teach a low one.
    public var shareBounds = 0.3...0.85
    /// The share of verified codes under pumping.
    public var collapsedShare = 0.06
    /// How much evidence blocks a prefix on which no honest user depends: the logarithm of how much more probable the
    /// codes' fates are under pumping.
    public var evidence = 9.0
    /// What the blocking of a child adds to the evidence against each of its parents.
    public var escalation = 2.5
    /// A prefix is held responsible when it carries this part of the evidence against any of its parents.
    public var explained = 0.7
    /// The price of one code in the account's currency, in micros, from which the evidence that is needed falls.
    public var referencePrice: Int64 = 50_000
    /// How long the first block lasts; each further one lasts twice as long, up to `longestBlock`.
    public var firstBlock: Milliseconds = 10 * 60_000
    public var longestBlock: Milliseconds = 24 * 3_600_000
    /// After this time without a block the next one is a first one again.
    public var strikeMemory: Milliseconds = 7 * 24 * 3_600_000
    /// How many codes may be on their way at once in the probation after a block; each verified one allows as many
    /// more.
    public var probation = 2
    /// In how much time what is known of a prefix counts half.
    public var halfLife: Milliseconds = 14 * 24 * 3_600_000
    /// How many codes without a verification a number that has verified before is let through a block with.
    public var knownNumberCredit = 3
    /// For how long a number that has verified is known.
    public var knownNumberMemory: Milliseconds = 90 * 24 * 3_600_000

    /// A code for a number that was sent another one within this time proves nothing new: one person, one fate.
    public var repetition: Milliseconds = 30 * 60_000

    public init() {}
}
