// SPDX-License-Identifier: Apache-2.0
// How many messages may go now: a token bucket over a whole client whose rate gives way when the SMSC asks for it.
//
//     free ──throttled──▶ paused(pause × 2 each time) ──pause over──▶ recovering ──at the old rate──▶ free
//                            ▲                                           │
//                            └───────────────── throttled ───────────────┘
//
// Throttled answers to messages that were already out when a pause began belong to that pause and do not lengthen it.

internal import NIOCore

struct RateGovernor {
    /// Messages per second as configured; nil is unlimited.
    let configured: Double?
    /// The rate now; below `configured` after throttling.
    private(set) var rate: Double?
    private(set) var pausedUntil: NIODeadline?

    private var tokens: Double
    private var refilled: NIODeadline
    private var nextPause = Self.firstPause
    private var lastThrottled: NIODeadline?
    private var lastRaised: NIODeadline
    /// What recovery climbs back to.
    private var rateBefore: Double = 0
    /// Messages let through in the running second and in the one before, to know an unlimited rate.
    private var counted: (second: NIODeadline, now: Int, before: Int)

    static let firstPause: TimeAmount = .milliseconds(250)
    static let longestPause: TimeAmount = .seconds(10)

    init(messagesPerSecond: Double?, now: NIODeadline) {
        configured = messagesPerSecond.map { max($0, 0.001) }
        rate = configured
        tokens = 1
        refilled = now
        lastRaised = now
        counted = (now, 0, 0)
        tokens = burst
    }

    /// A fiftieth of a second's messages, at least one.
    private var burst: Double { max(1, (rate ?? 0) / 50) }

    /// How many messages may go now; `Int.max` when nothing limits them.
    mutating func available(now: NIODeadline) -> Int {
        if let pausedUntil {
            guard pausedUntil <= now else { return 0 }
            self.pausedUntil = nil
            tokens = 1
            refilled = now
            lastRaised = now
        }
        refill(now: now)
        guard rate != nil else { return .max }
        return max(0, Int(tokens))
    }

    /// Messages were handed over. More than were available leave a debt.
    mutating func take(_ count: Int, now: NIODeadline) {
        countSecond(count, now: now)
        guard rate != nil else { return }
        tokens -= Double(count)
    }

    /// When `available` will be more than 0, given that it is 0 now: at half a burst, to be woken less often.
    mutating func nextAvailable(now: NIODeadline) -> NIODeadline {
        if let pausedUntil, pausedUntil > now { return pausedUntil }
        guard let rate else { return now }
        let missing = max(1, burst / 2) - tokens
        return now + .nanoseconds(Int64((max(0, missing) / rate * 1e9).rounded(.up)) + 1000)
    }

    var isPaused: Bool { pausedUntil != nil }

    /// The SMSC answered ESME_RTHROTTLED or ESME_RMSGQFUL.
    mutating func throttled(now: NIODeadline) {
        if let pausedUntil, now < pausedUntil { return }
        if rate == nil || rate == configured { rateBefore = rate ?? measuredRate(now: now) }
        // A second refusal soon after the first pause asks for a longer one.
        if let last = lastThrottled, now - last > Self.longestPause * 2 { nextPause = Self.firstPause }
        lastThrottled = now
        pausedUntil = now + nextPause
        nextPause = min(nextPause * 2, Self.longestPause)
        rate = max(1, (rate ?? rateBefore) / 2)
        if let configured { rate = min(configured, rate ?? configured) }
    }

    /// congestion_state of a response (5.0 §4.8.4.18): from 80 nothing is raised, from 90 the rate sinks, 100 is a refusal.
    mutating func congestion(_ state: UInt8, now: NIODeadline) {
        guard state >= 80 else { return }
        if state >= 100 { return throttled(now: now) }
        lastRaised = now
        if let last = lastThrottled, now - last <= .seconds(1) { return }
        guard state >= 90 else { return }
        if rate == nil || rate == configured { rateBefore = rate ?? measuredRate(now: now) }
        lastThrottled = now
        rate = max(1, (rate ?? rateBefore) * 0.9)
        if let configured { rate = min(configured, rate ?? configured) }
    }

    /// The SMSC accepted a message: each quiet second gives a tenth of the old rate back.
    mutating func accepted(now: NIODeadline) {
        guard rate != configured, pausedUntil == nil, let current = rate, now - lastRaised >= .seconds(1) else {
            return
        }
        lastRaised = now
        refill(now: now)
        let raised = current + max(1, rateBefore / 10)
        // An unlimited client is unlimited again only well above the rate that was too much.
        if raised >= configured ?? (rateBefore * 2 + 10) {
            rate = configured
            nextPause = Self.firstPause
        } else {
            rate = raised
        }
    }

    private mutating func refill(now: NIODeadline) {
        guard let rate, now > refilled else { return }
        tokens = min(burst, tokens + Double((now - refilled).nanoseconds) / 1e9 * rate)
        refilled = now
    }

    private mutating func countSecond(_ count: Int, now: NIODeadline) {
        let elapsed = now - counted.second
        if elapsed >= .seconds(2) {
            counted = (now, 0, 0)
        } else if elapsed >= .seconds(1) {
            counted = (now, 0, counted.now)
        }
        counted.now += count
    }

    private func measuredRate(now: NIODeadline) -> Double {
        Double(max(counted.now, counted.before, 2))
    }
}
