// SPDX-License-Identifier: Apache-2.0
// What a connector says of its links, for dashboards and lists; nothing in the engine depends on it.

/// The links of one connector as they stand.
public struct LinkState: Sendable, Equatable {
    /// What a link may be at. A connector without connections of its own is `bound` while it can be expected to work.
    public enum Phase: String, Sendable, CaseIterable {
        case connecting, binding, bound, waiting, unbinding, stopped
    }

    /// One for each link that is configured.
    public var phases: [Phase]
    /// Submissions that are written, or about to be, and not answered.
    public var windowUsed: Int
    /// How many there may be; 0 when there is no window.
    public var windowSize: Int
    /// Whether the provider asked to slow down and nothing is submitted for the moment.
    public var isPaused: Bool
    /// How often the provider refused for coming too fast, since the program started.
    public var throttled: Int
    /// Why the provider does not let us in, in its words; nil while it does.
    public var problem: String?

    public init(
        phases: [Phase], windowUsed: Int = 0, windowSize: Int = 0, isPaused: Bool = false, throttled: Int = 0,
        problem: String? = nil
    ) {
        self.phases = phases
        self.windowUsed = windowUsed
        self.windowSize = windowSize
        self.isPaused = isPaused
        self.throttled = throttled
        self.problem = problem
    }
}

extension Connector {
    /// For connectors that know no more than whether they are up.
    public var linkState: LinkState { LinkState(phases: [isUp ? .bound : .waiting]) }
}
