// SPDX-License-Identifier: Apache-2.0
// How many requests a second one key may make, and how many wrong keys one address may try. Each bucket is one number:
// the instant at which it would be full again (the "generic cell rate algorithm"), so a bucket that is full is the same
// as none and can be forgotten, and a table of buckets never grows beyond what was busy within the last moments.

internal import Synchronization
internal import Wire

/// What may pass: `burst` at once, then one after another in the time that each takes to come back.
struct Allowance: Sendable, Equatable {
    /// How long one request takes to come back, nanoseconds.
    let interval: Int64
    let burst: Int64

    /// So many requests a second, one second's worth at once.
    init(perSecond count: Int) {
        burst = Int64(max(1, count))
        interval = max(1, 1_000_000_000 / burst)
    }

    /// So many requests a minute, all of them at once.
    init(perMinute count: Int) {
        burst = Int64(max(1, count))
        interval = max(1, 60_000_000_000 / burst)
    }

    private var depth: Int64 { interval * burst }
}

/// What a bucket says to one request.
struct Verdict: Sendable, Equatable {
    let isAllowed: Bool
    let limit: Int
    /// How many more may come at once.
    let remaining: Int
    /// Until the next may come, or, for one that was allowed, until the bucket is full again; milliseconds, rounded up.
    let wait: Milliseconds
}

extension Allowance {
    private static let nanosecondsPerMillisecond: Int64 = 1_000_000

    /// The instant `now` as buckets count it, and no later full-up time than a clock that never stepped back could give.
    private func clamp(_ fullAt: Int64?, now: Int64) -> Int64 {
        min(max(fullAt ?? now, now), now + depth)
    }

    /// Asks for one request at `now`. `fullAt` is the bucket, nil for a full one; it changes only if the request passes.
    func take(_ fullAt: inout Int64?, now: Milliseconds) -> Verdict {
        let now = now * Self.nanosecondsPerMillisecond
        let before = clamp(fullAt, now: now)
        let overdraft = before + interval - (now + depth)
        guard overdraft <= 0 else { return verdict(false, remaining: 0, wait: overdraft) }
        fullAt = before + interval
        return verdict(true, remaining: (now + depth - before - interval) / interval, wait: before + interval - now)
    }

    /// What `take` would say, without taking anything.
    func peek(_ fullAt: Int64?, now: Milliseconds) -> Verdict {
        var copy = fullAt
        return take(&copy, now: now)
    }

    private func verdict(_ isAllowed: Bool, remaining: Int64, wait: Int64) -> Verdict {
        let unit = Self.nanosecondsPerMillisecond
        return Verdict(
            isAllowed: isAllowed, limit: Int(burst), remaining: Int(remaining), wait: (wait + unit - 1) / unit)
    }

    static func isFull(_ fullAt: Int64, now: Milliseconds) -> Bool { fullAt <= now * nanosecondsPerMillisecond }
}

/// Buckets by key, at most `capacity` of them. When all are busy, those who have none yet share one.
final class BucketTable<Key: Hashable & Sendable>: Sendable {
    private struct State {
        var buckets: [Key: Int64] = [:]
        var shared: Int64?
        /// At how many buckets the full ones are looked for.
        var sweepAt = 64
        var sweptAt: Milliseconds = 0
    }

    /// How often a table that is full of busy buckets is looked through.
    private static var sweepInterval: Milliseconds { 1000 }

    private let state = Mutex(State())
    private let capacity: Int

    init(capacity: Int) { self.capacity = capacity }

    /// How many buckets are remembered.
    var count: Int { state.withLock { $0.buckets.count } }

    /// Takes one request out of the key's bucket.
    func take(_ key: Key, _ allowance: Allowance, now: Milliseconds) -> Verdict {
        state.withLock { state in
            if state.buckets[key] == nil, needsSweep(state, now: now) { Self.sweep(&state, now: now) }
            guard state.buckets[key] != nil || state.buckets.count < capacity else {
                return allowance.take(&state.shared, now: now)
            }
            return allowance.take(&state.buckets[key], now: now)
        }
    }

    /// Whether the key's bucket is empty at the moment.
    func isExhausted(_ key: Key, _ allowance: Allowance, now: Milliseconds) -> Bool {
        state.withLock { state in
            guard let bucket = state.buckets[key] else { return false }
            return !allowance.peek(bucket, now: now).isAllowed
        }
    }

    private func needsSweep(_ state: State, now: Milliseconds) -> Bool {
        guard state.buckets.count < capacity else { return abs(now - state.sweptAt) >= Self.sweepInterval }
        return state.buckets.count >= state.sweepAt
    }

    /// Forgets full buckets, and looks again only when as many busy ones have come, so that a look is paid for by the
    /// requests before it.
    private static func sweep(_ state: inout State, now: Milliseconds) {
        state.buckets = state.buckets.filter { !Allowance.isFull($0.value, now: now) }
        state.sweepAt = max(64, state.buckets.count * 2)
        state.sweptAt = now
    }
}
