// SPDX-License-Identifier: Apache-2.0
// What makes a submit fail although it is well formed: the rate, the memory of messages that are to fail a few times, and
// chance. All three are pure; chance comes from a seed.

internal import NIOCore

/// A bucket that holds one second's worth of messages.
struct RateLimit: Sendable {
    let perSecond: Double?
    private var level: Double
    private var filledAt: NIODeadline

    init(perSecond: Double?, now: NIODeadline) {
        self.perSecond = perSecond
        level = max(1, perSecond ?? 1)
        filledAt = now
    }

    /// Whether one more message may pass now.
    mutating func take(now: NIODeadline) -> Bool {
        guard let perSecond else { return true }
        let elapsed = max(0, Double((now - filledAt).nanoseconds)) / 1e9
        level = min(max(1, perSecond), level + elapsed * perSecond)
        filledAt = now
        guard level >= 1 else { return false }
        level -= 1
        return true
    }
}

/// How often each message has failed on purpose. Forgets after a while, and the oldest when it knows too many.
struct FaultMemory: Sendable {
    private struct Entry {
        var failures: Int
        var forgottenAt: NIODeadline
    }

    static let limit = 10_000
    let span: TimeAmount
    private var entries: [Int: Entry] = [:]
    private var order = CircularBuffer<Int>()

    init(span: TimeAmount) {
        self.span = span
    }

    var count: Int { entries.count }

    func failures(of fingerprint: Int, now: NIODeadline) -> Int {
        guard let entry = entries[fingerprint], entry.forgottenAt > now else { return 0 }
        return entry.failures
    }

    mutating func failed(_ fingerprint: Int, now: NIODeadline) {
        let failures = failures(of: fingerprint, now: now) + 1
        if entries.updateValue(Entry(failures: failures, forgottenAt: now + span), forKey: fingerprint) == nil {
            order.append(fingerprint)
        }
        // A message that was forgotten and came back stands twice in the order, and is then forgotten a little early.
        while order.count > Self.limit { entries[order.removeFirst()] = nil }
    }

    mutating func forget(_ fingerprint: Int) {
        entries[fingerprint] = nil
    }
}

/// SplitMix64: small, and the same everywhere for one seed.
struct SeededGenerator: RandomNumberGenerator, Sendable {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }

    /// True with this chance. Draws nothing when the chance is 0, so that one fault does not shift the others.
    mutating func happens(_ chance: Double) -> Bool {
        chance > 0 && Double.random(in: 0..<1, using: &self) < chance
    }

    /// A time between none and all of `span`.
    mutating func share(of span: TimeAmount) -> TimeAmount {
        guard span.nanoseconds > 0 else { return .zero }
        return .nanoseconds(Int64.random(in: 0...span.nanoseconds, using: &self))
    }
}
