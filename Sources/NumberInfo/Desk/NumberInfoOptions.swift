// SPDX-License-Identifier: Apache-2.0
// The settings of look-ups.

public import Wire

public struct NumberInfoOptions: Sendable {
    /// How long an answer of other systems is kept, ms; 0 keeps none. What a source says of its own answer counts if it is
    /// shorter.
    public var cacheLifetime: Milliseconds = 3_600_000
    /// How many answers are kept.
    public var cacheCapacity = 1_000_000
    /// How long one source may take, ms.
    public var sourceTimeout: Milliseconds = 5000
    /// How many look-ups with a callback run at once.
    public var concurrency = 32
    /// How many of them may wait in this node's memory; the rest wait in the database.
    public var capacity = 1000
    /// How long the record of a look-up is kept, ms.
    public var retention: Milliseconds = 92 * 86_400_000
    /// The names of the sources in the order in which they are asked; for a question without an entry see `SourceOrder`.
    public var order: [NumberQuestion: [String]] = [:]
    /// First digits of the numbers of which the imported table has every ported one: what it lacks is not ported.
    public var completePrefixes: [String] = []
    /// What the installation knows of networks beyond the tables, by MCC and MNC: ids (`ttid`), names, technologies.
    public var networks: [NetworkFacts] = []

    public init() {}
}
