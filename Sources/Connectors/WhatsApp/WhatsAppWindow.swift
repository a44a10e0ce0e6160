// SPDX-License-Identifier: Apache-2.0
// How many messages a number takes at once, how many in a second, and when it takes none:
//
//     stopped ── start ──▶ running ── throttled, or the token refused ──▶ paused ── the time is over ──▶ running
//
// A pause does not touch what is under way. Behind a refused token the first request after the pause is the trial.

internal import Messaging
internal import Wire

struct WhatsAppWindow {
    let size: Int
    private(set) var isRunning = false
    /// Set aside or handed over, and their outcome not on disk yet.
    private(set) var unsettled = 0
    /// How often WhatsApp asked to slow down.
    private(set) var throttled = 0
    private(set) var pausedUntil: Milliseconds = 0
    /// Why WhatsApp refused who we are; nil once it has taken something again.
    private(set) var problem: String?
    private var rate: TokenBucket
    /// The time of the call that `wakeTime` has asked for.
    private var wakesAt: Milliseconds?

    init(size: Int, messagesPerSecond: Double, now: Milliseconds) {
        self.size = size
        rate = TokenBucket(interval: 1000 / messagesPerSecond, capacity: max(1, messagesPerSecond), now: now)
    }

    func isPaused(at now: Milliseconds) -> Bool { now < pausedUntil }

    /// Until WhatsApp has refused us, and again once it is time to ask it anew.
    func isUp(at now: Milliseconds) -> Bool { isRunning && !(problem != nil && isPaused(at: now)) }

    mutating func start() { isRunning = true }

    mutating func stop() { isRunning = false }

    mutating func reserve(_ count: Int, now: Milliseconds) -> Int {
        guard isRunning, !isPaused(at: now) else { return 0 }
        let room = rate.take(max(0, min(count, size - unsettled)), now: now)
        unsettled += room
        return room
    }

    /// Room that was not used: nothing leaves for it.
    mutating func release(_ count: Int) {
        unsettled -= count
        rate.giveBack(count)
    }

    /// Outcomes that are on disk.
    mutating func settled(_ count: Int) { unsettled -= count }

    /// Takes in what an answer says about the number.
    mutating func completed(_ verdict: GraphVerdict, now: Milliseconds) {
        if verdict.isThrottling { throttled += 1 }
        if let problem = verdict.problem {
            self.problem = problem
        } else if case .submitted = verdict.outcome {
            problem = nil
        }
        if let pause = verdict.pause { pausedUntil = max(pausedUntil, now + pause) }
    }

    /// When to say that there is room again, after a `reserve` of less than was asked for: nil when the outcomes to come
    /// will do, or a call is on its way already.
    mutating func wakeTime(now: Milliseconds) -> Milliseconds? {
        guard isRunning, unsettled < size || isPaused(at: now) else { return nil }
        let delay = rate.delay(now: now)
        let time = max(pausedUntil, now + delay)
        guard time > now, wakesAt.map({ $0 <= now || $0 > time }) ?? true else { return nil }
        wakesAt = time
        return time
    }

    func linkState(at now: Milliseconds) -> LinkState {
        var state = LinkState(
            phases: [isRunning ? (problem == nil ? .bound : .waiting) : .stopped], windowUsed: unsettled,
            windowSize: size, isPaused: isPaused(at: now), throttled: throttled)
        state.problem = problem
        return state
    }
}
