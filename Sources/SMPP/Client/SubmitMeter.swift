// SPDX-License-Identifier: Apache-2.0
// How many messages were handed over within the last minute, counted by the second.

internal import NIOCore

struct SubmitMeter {
    static let seconds = 60

    /// By second, modulo the length of the ring.
    private var counts = [Int](repeating: 0, count: seconds)
    /// The last second that is counted.
    private var current: UInt64

    init(now: NIODeadline) { current = Self.second(of: now) }

    private static func second(of instant: NIODeadline) -> UInt64 { instant.uptimeNanoseconds / 1_000_000_000 }

    mutating func add(_ count: Int, now: NIODeadline) {
        advance(to: now)
        counts[Int(current % UInt64(Self.seconds))] += count
    }

    /// The messages of this second and of the 59 before it.
    mutating func total(now: NIODeadline) -> Int {
        advance(to: now)
        return counts.reduce(0, +)
    }

    /// Empties the places of the seconds that went by.
    private mutating func advance(to now: NIODeadline) {
        let second = Self.second(of: now)
        guard second > current else { return }
        for passed in 1...min(second - current, UInt64(Self.seconds)) {
            counts[Int((current + passed) % UInt64(Self.seconds))] = 0
        }
        current = second
    }
}
