// SPDX-License-Identifier: Apache-2.0
// How fast messages may leave: a token bucket for the number, and one for each pair of number and recipient. Pure: the
// time is an argument.

internal import Wire

/// Holds up to `capacity` tokens, and gets a new one every `interval`.
struct TokenBucket: Equatable {
    /// Milliseconds.
    let interval: Double
    let capacity: Double
    private var tokens: Double
    private var filledAt: Milliseconds

    init(interval: Double, capacity: Double, now: Milliseconds) {
        self.interval = interval
        self.capacity = capacity
        tokens = capacity
        filledAt = now
    }

    private mutating func fill(_ now: Milliseconds) {
        // A clock that was set back gives nothing and takes nothing.
        if now > filledAt { tokens = min(capacity, tokens + Double(now - filledAt) / interval) }
        filledAt = now
    }

    /// Takes up to `count` tokens and returns how many.
    mutating func take(_ count: Int, now: Milliseconds) -> Int {
        fill(now)
        // Sums of many small parts fall short of a whole by less than this.
        let taken = min(max(0, count), Int(tokens + 1e-6))
        tokens = max(0, tokens - Double(taken))
        return taken
    }

    mutating func giveBack(_ count: Int) { tokens = min(capacity, tokens + Double(count)) }

    /// How long until there is a token, ms; 0 when there is one.
    mutating func delay(now: Milliseconds) -> Milliseconds {
        fill(now)
        return tokens + 1e-6 >= 1 ? 0 : Milliseconds(((1 - tokens) * interval).rounded(.up))
    }

    mutating func isFull(now: Milliseconds) -> Bool {
        fill(now)
        return tokens + 1e-6 >= capacity
    }
}

/// Meta's limit on what one number sends to one recipient (error 131056).
struct PairLimits {
    private let interval: Double
    private let burst: Int
    private var buckets: [String: TokenBucket] = [:]
    /// At how many buckets the full ones are thrown away.
    private var sweepAt = 1024

    init(interval: Double, burst: Int) {
        self.interval = interval
        self.burst = burst
    }

    /// How many recipients are remembered.
    var count: Int { buckets.count }

    /// Takes one message's right to go to `recipient`; nil when it may go, else how long it has to wait, ms.
    mutating func take(_ recipient: String, now: Milliseconds) -> Milliseconds? {
        sweep(now)
        var bucket =
            buckets[recipient] ?? TokenBucket(interval: interval * 1000, capacity: Double(burst), now: now)
        defer { buckets[recipient] = bucket }
        return bucket.take(1, now: now) == 1 ? nil : max(1, bucket.delay(now: now))
    }

    /// A full bucket says no more than none.
    private mutating func sweep(_ now: Milliseconds) {
        guard buckets.count >= sweepAt else { return }
        buckets = buckets.filter { _, bucket in
            var bucket = bucket
            return !bucket.isFull(now: now)
        }
        sweepAt = max(1024, buckets.count * 2)
    }
}
