// SPDX-License-Identifier: Apache-2.0
// The messages an account may still submit, as a pure value: a second's worth at once, then evenly.

struct AccountRate {
    private static let second: Double = 1_000_000_000
    private var available: Double = 0
    private var lastNanoseconds: UInt64?

    /// Takes `count` of `perSecond` messages a second; false when not even one is left. What was taken beyond that has to
    /// come back before the next. `now` is a monotonic time in nanoseconds.
    mutating func take(_ count: Int, perSecond: Int, now: UInt64) -> Bool {
        let limit = Double(perSecond)
        if let last = lastNanoseconds {
            let elapsed = now > last ? Double(now - last) : 0
            available = min(limit, available + elapsed / Self.second * limit)
        } else {
            available = limit
        }
        lastNanoseconds = now
        guard available >= 1 else { return false }
        available -= Double(count)
        return true
    }
}
