// SPDX-License-Identifier: Apache-2.0
// How many messages a Viber connector takes at once, and when it takes none:
//
//     stopped ── start ──▶ running ── throttled, or the token refused ──▶ paused ── the time is over ──▶ running
//
// A pause does not touch what is under way.

internal import Messaging
internal import Wire

struct ViberWindow {
    let size: Int
    private(set) var isRunning = false
    /// Set aside or handed over, and their outcome not on disk yet.
    private(set) var unsettled = 0
    /// Handed over and without an outcome.
    private(set) var underWay = 0
    /// How often Viber asked to slow down.
    private(set) var throttled = 0
    private(set) var pausedUntil: Milliseconds = 0
    /// Whether Viber refused who we are and has not taken anything since.
    private(set) var isUnauthorized = false

    init(size: Int) { self.size = size }

    func isPaused(at now: Milliseconds) -> Bool { now < pausedUntil }

    /// Until Viber has refused us, and again once it is time to ask it anew.
    func isUp(at now: Milliseconds) -> Bool { isRunning && !(isUnauthorized && isPaused(at: now)) }

    mutating func start() { isRunning = true }

    mutating func stop() { isRunning = false }

    mutating func reserve(_ count: Int, now: Milliseconds) -> Int {
        guard isRunning, !isPaused(at: now) else { return 0 }
        let room = max(0, min(count, size - unsettled))
        unsettled += room
        return room
    }

    /// Room given back, or outcomes that are on disk.
    mutating func settled(_ count: Int) { unsettled -= count }

    mutating func submitted(_ count: Int) { underWay += count }

    /// Takes in a verdict; returns until when nothing more is to be sent, where the verdict begins or prolongs a pause.
    mutating func completed(_ verdict: ViberVerdict, now: Milliseconds) -> Milliseconds? {
        underWay -= 1
        if verdict.isThrottling { throttled += 1 }
        if verdict.isUnauthorized {
            isUnauthorized = true
        } else if case .submitted = verdict.outcome {
            isUnauthorized = false
        }
        guard let pause = verdict.pause, now + pause > pausedUntil else { return nil }
        pausedUntil = now + pause
        return pausedUntil
    }

    func linkState(at now: Milliseconds) -> LinkState {
        LinkState(
            phases: [isRunning ? (isUnauthorized ? .waiting : .bound) : .stopped], windowUsed: unsettled,
            windowSize: size, isPaused: isPaused(at: now), throttled: throttled)
    }
}
