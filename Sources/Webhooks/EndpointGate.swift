// SPDX-License-Identifier: Apache-2.0

// How many deliveries one endpoint gets at a time, as a pure state machine:
//
//                failures reach the threshold                      410 Gone
//      healthy ───────────────────────────────▶ failing      any ───────────▶ stopped
//         ▲   concurrency by limit                 │  one probe                  │ resume()
//         └────────────────────────────────────────┘                             ▼
//                    a probe succeeds                                         healthy
//
// While healthy the limit halves on failures (once per round of deliveries, so that one slow moment does not count
// sixteen times) and grows by one for each round of successes. While failing, one probe is out at a time, with a
// pause between probes that doubles up to a bound. Every permit given out must come back through `completed`.

/// What is known about one endpoint's recent behaviour; shown to operators.
public struct EndpointHealth: Sendable, Hashable {
    /// The phase of an endpoint.
    public enum Phase: String, Sendable, Hashable {
        /// Deliveries run, up to the concurrency limit.
        case healthy
        /// One probe at a time until one succeeds.
        case failing
        /// The endpoint answered 410: nothing is sent until somebody resumes it.
        case stopped
    }

    /// The phase.
    public internal(set) var phase: Phase = .healthy
    /// Failures since the last success.
    public internal(set) var consecutiveFailures = 0
    /// When the first of those failures was seen (milliseconds since 1970).
    public internal(set) var failingSince: Int64?
    /// When a delivery last succeeded (milliseconds since 1970).
    public internal(set) var lastSuccessAt: Int64?
    /// When a delivery last failed (milliseconds since 1970).
    public internal(set) var lastFailureAt: Int64?
}

/// Admission control for one endpoint: concurrency limit, circuit and stop.
public struct EndpointGate: Sendable, Hashable {
    /// The bounds of a gate; times in milliseconds.
    public struct Limits: Sendable, Hashable {
        /// Deliveries under way at the same time, at most.
        public var maximumConcurrency = 16
        /// Consecutive failures after which the endpoint counts as failing.
        public var failureThreshold = 5
        /// The pause between the first probes.
        public var firstProbePause: Int64 = 1000
        /// The longest pause between probes. At most 10 s, so that the shortest retry promise stays possible.
        public var longestProbePause: Int64 = 10_000
        /// The longest time for which `Retry-After` holds back the whole endpoint.
        public var longestRetryAfter: Int64 = 3_600_000

        /// The defaults.
        public init() {}
    }

    /// The right to make one delivery; handed back through `completed`.
    public struct Permit: Sendable, Hashable {
        /// Counts the permits of one gate.
        public let sequence: UInt64
        /// Whether this is the one delivery that tests a failing endpoint.
        public let isProbe: Bool
    }

    /// The answer to "may one more delivery start?".
    public enum Admission: Sendable, Hashable {
        /// Yes; hand the permit back through `completed`.
        case go(Permit)
        /// Not now: ask again when one of the deliveries under way has completed.
        case full
        /// Not before this time (milliseconds since 1970).
        case notBefore(Int64)
        /// Not at all until `resume`: the endpoint answered 410.
        case stopped
    }

    /// How a delivery ended, as far as the endpoint's health is concerned.
    public enum Outcome: Sendable, Hashable {
        /// 2xx.
        case success
        /// The endpoint answered and said no to this one delivery (4xx, 3xx): counts as a failure, costs no concurrency.
        case refused
        /// No proper answer, 5xx, or 429: the endpoint is down or overloaded.
        case failure
        /// 410.
        case gone
        /// Not sent after all (shutdown, lost lease): says nothing about the endpoint.
        case abandoned
    }

    /// What the endpoint has done so far.
    public private(set) var health = EndpointHealth()
    /// How many deliveries may be under way at the same time at present.
    public private(set) var concurrencyLimit: Int
    /// How many deliveries are under way.
    public private(set) var inFlight = 0

    private let limits: Limits
    private var nextSequence: UInt64 = 0
    private var roundStart: UInt64 = 0
    private var successesThisRound = 0
    private var probe: UInt64?
    private var probePause: Int64
    private var notBefore: Int64 = .min

    /// A gate for an endpoint of which nothing is known yet.
    public init(limits: Limits = Limits()) {
        self.limits = limits
        self.concurrencyLimit = max(1, limits.maximumConcurrency)
        self.probePause = limits.firstProbePause
    }

    /// Whether nothing is under way and nothing needs remembering: such a gate may be dropped and made anew.
    public var isIdle: Bool { inFlight == 0 && health.phase == .healthy && health.consecutiveFailures == 0 }

    /// Whether as many deliveries may be under way as ever.
    var isWideOpen: Bool { concurrencyLimit == max(1, limits.maximumConcurrency) }

    /// Until when the endpoint is left alone; nil when it may be asked.
    public func pausedUntil(now: Int64) -> Int64? { now < notBefore ? notBefore : nil }

    /// Asks for permission to start one delivery at `now` (milliseconds since 1970).
    public mutating func admit(now: Int64) -> Admission {
        if health.phase == .stopped { return .stopped }
        if now < notBefore { return .notBefore(notBefore) }
        let probing = health.phase == .failing
        if probing ? probe != nil : inFlight >= concurrencyLimit { return .full }
        let permit = Permit(sequence: nextSequence, isProbe: probing)
        nextSequence += 1
        inFlight += 1
        if probing { probe = permit.sequence }
        return .go(permit)
    }

    /// Records how a permitted delivery ended. `retryAfter` is what the endpoint asked for, in milliseconds from `now`.
    public mutating func completed(_ permit: Permit, _ outcome: Outcome, retryAfter: Int64? = nil, now: Int64) {
        inFlight = max(0, inFlight - 1)
        if probe == permit.sequence { probe = nil }
        switch outcome {
        case .success: succeeded(now: now)
        case .refused: failed(permit, overloaded: false, now: now)
        case .failure: failed(permit, overloaded: true, now: now)
        case .gone:
            noteFailure(now: now)
            health.phase = .stopped
        case .abandoned: return
        }
        if let retryAfter, retryAfter > 0, outcome != .success {
            notBefore = max(notBefore, now.saturatingAdd(min(retryAfter, limits.longestRetryAfter)))
        }
    }

    /// Lets a stopped or failing endpoint start afresh; deliveries under way keep their permits.
    public mutating func resume() {
        health.phase = .healthy
        health.consecutiveFailures = 0
        health.failingSince = nil
        notBefore = .min
        probe = nil
        probePause = limits.firstProbePause
        concurrencyLimit = max(1, limits.maximumConcurrency)
        startRound()
    }

    private mutating func succeeded(now: Int64) {
        health.lastSuccessAt = now
        health.consecutiveFailures = 0
        health.failingSince = nil
        switch health.phase {
        case .stopped: return
        case .failing:
            health.phase = .healthy
            probe = nil
            notBefore = .min
            probePause = limits.firstProbePause
            startRound()
        case .healthy: break
        }
        successesThisRound += 1
        if successesThisRound >= concurrencyLimit, concurrencyLimit < limits.maximumConcurrency {
            concurrencyLimit += 1
            startRound()
        }
    }

    private mutating func failed(_ permit: Permit, overloaded: Bool, now: Int64) {
        noteFailure(now: now)
        switch health.phase {
        case .stopped: return
        case .healthy:
            if overloaded, permit.sequence >= roundStart {
                concurrencyLimit = max(1, concurrencyLimit / 2)
                startRound()
            }
            guard health.consecutiveFailures >= limits.failureThreshold else { return }
            health.phase = .failing
            pauseProbes(now: now)
        case .failing:
            // Deliveries started before the endpoint began to fail say nothing that the probes do not say better.
            if permit.isProbe { pauseProbes(now: now) }
        }
    }

    private mutating func noteFailure(now: Int64) {
        health.lastFailureAt = now
        health.consecutiveFailures += 1
        if health.failingSince == nil { health.failingSince = now }
    }

    private mutating func pauseProbes(now: Int64) {
        notBefore = max(notBefore, now.saturatingAdd(probePause))
        probePause = min(probePause * 2, limits.longestProbePause)
    }

    /// Failures of deliveries started before this moment no longer lower the limit.
    private mutating func startRound() {
        roundStart = nextSequence
        successesThisRound = 0
    }
}
