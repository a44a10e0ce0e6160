// SPDX-License-Identifier: Apache-2.0
// Which bind takes the next message, and how many there may be: the state an `SMPPClient` keeps behind its lock. Pure,
// except that it holds the links of its binds. A place in a window is taken when a message is assigned and given back
// when its outcome comes, so the windows of the sessions are never exceeded.

internal import NIOCore

struct ClientPool {
    enum Phase {
        case idle, running, stopping, stopped
    }

    struct Slot {
        let mode: BindMode
        var phase = SMPPClient.State.Phase.waiting
        var bindID: UInt64?
        var link: SessionLink<ClientBind>?
        /// Places of the window in use.
        var reserved = 0
        var peerSystemID: String?
        var lastError: String?
        var retry: Scheduled<Void>?
        var backoff: ReconnectBackoff

        var canSubmit: Bool { phase == .bound && mode.canTransmit && link != nil }
    }

    var phase = Phase.idle
    var slots: [Slot]
    var governor: RateGovernor
    var meter: SubmitMeter
    let window: Int
    /// Somebody has seen a capacity of 0 and waits to hear of more.
    var isStarved = true
    /// A timer is running that will look at the capacity again.
    var wakeIsArmed = false

    init(_ configuration: SMPPClient.Configuration, now: NIODeadline) {
        let backoff = ReconnectBackoff(
            minimum: TimeAmount(configuration.reconnectMinimum), maximum: TimeAmount(configuration.reconnectMaximum))
        window = max(1, configuration.window)
        governor = RateGovernor(messagesPerSecond: configuration.messagesPerSecond, now: now)
        meter = SubmitMeter(now: now)
        slots = (0..<max(1, configuration.binds)).flatMap { _ in
            configuration.bindMode.modes.map { Slot(mode: $0, backoff: backoff) }
        }
    }

    /// Free places over all binds that can submit.
    var freePlaces: Int {
        guard phase == .running else { return 0 }
        return slots.reduce(0) { $1.canSubmit ? $0 + max(0, window - $1.reserved) : $0 }
    }

    /// How many messages may be handed over now; remembers when the answer was none.
    mutating func capacity(now: NIODeadline) -> Int {
        let free = freePlaces
        let capacity = free == 0 ? 0 : min(free, governor.available(now: now))
        if capacity == 0 { isStarved = true }
        return capacity
    }

    /// Takes a place on the bind with the most free ones; nil when there is none.
    mutating func assign() -> Int? {
        guard phase == .running else { return nil }
        var best: Int?
        for index in slots.indices where slots[index].canSubmit && slots[index].reserved < window {
            if let current = best, slots[current].reserved <= slots[index].reserved { continue }
            best = index
        }
        if let best { slots[best].reserved += 1 }
        return best
    }

    /// Gives places back.
    mutating func release(_ index: Int, _ count: Int) {
        slots[index].reserved = max(0, slots[index].reserved - count)
    }

    /// What to do about somebody who waits for capacity.
    enum Wake {
        case nothing, notify
        case later(NIODeadline)
    }

    /// To be asked after everything that may have freed capacity.
    mutating func wake(now: NIODeadline) -> Wake {
        guard isStarved, freePlaces > 0 else { return .nothing }
        if governor.available(now: now) > 0 {
            isStarved = false
            return .notify
        }
        guard !wakeIsArmed else { return .nothing }
        wakeIsArmed = true
        return .later(governor.nextAvailable(now: now))
    }

    var isStopped: Bool { slots.allSatisfy { $0.phase == .stopped } }
}
