// SPDX-License-Identifier: Apache-2.0
// The codes of the last minutes under one prefix, by the ten seconds in which they were sent, so that a young code is
// not held against anybody before a person could have typed it.

internal import Wire

/// Codes sent within the last three minutes and how many of them have been verified.
struct RecentCodes: Sendable, Equatable {
    struct Slot: Sendable, Equatable {
        /// The time in units of `slotLength`.
        let index: Int64
        var sent: Int
        var verified: Int

        var open: Int { sent - verified }
    }

    static let slotLength: Milliseconds = 10_000
    /// From this age on a code is ripe: not verified means failed.
    static let slotCount: Int64 = 18
    /// The part of verified codes that have been verified by an age in slots. Cautious: half of all people are faster.
    private static let arrived: [Double] = [
        0, 0.12, 0.26, 0.38, 0.48, 0.56, 0.63, 0.69, 0.74, 0.78, 0.82, 0.85, 0.88, 0.90, 0.92, 0.94, 0.95, 0.96,
    ]

    /// Rising; none is older than `slotCount` after `ripen`.
    private(set) var slots: [Slot] = []

    var sent: Int { slots.reduce(0) { $0 + $1.sent } }
    var verified: Int { slots.reduce(0) { $0 + $1.verified } }
    /// Codes that have been sent and not verified.
    var open: Int { slots.reduce(0) { $0 + $1.open } }

    static func index(_ time: Milliseconds) -> Int64 { time / slotLength }

    /// The part of those who verify that have done so when the slot's youngest code has its age at `now`.
    static func arrived(_ slot: Slot, now: Milliseconds) -> Double {
        let age = index(now) - slot.index
        return age < 0 ? 0 : age >= slotCount ? 1 : arrived[Int(age)]
    }

    mutating func send(at time: Milliseconds) {
        let index = Self.index(time)
        if let last = slots.indices.last, slots[last].index >= index {
            // A clock that went back counts into the last slot.
            slots[last].sent += 1
        } else {
            slots.append(Slot(index: index, sent: 1, verified: 0))
        }
    }

    /// Notes that a code sent at `time` was verified; false when it is not among these any more.
    mutating func verify(sentAt time: Milliseconds) -> Bool {
        let index = Self.index(time)
        guard let position = slots.firstIndex(where: { $0.index == index && $0.open > 0 }) else { return false }
        slots[position].verified += 1
        return true
    }

    /// A code has not been sent after all.
    mutating func withdraw(sentAt time: Milliseconds) {
        let index = Self.index(time)
        guard let position = slots.firstIndex(where: { $0.index == index && $0.open > 0 }) else { return }
        slots[position].sent -= 1
    }

    /// Takes out what is ripe.
    mutating func ripen(now: Milliseconds) -> ArraySlice<Slot> {
        let oldest = Self.index(now) - Self.slotCount
        let count = slots.prefix { $0.index <= oldest }.count
        guard count > 0 else { return [] }
        let ripe = slots[..<count]
        slots.removeFirst(count)
        return ripe
    }

    /// Takes away what another prefix has been held responsible for.
    mutating func subtract(_ other: RecentCodes) {
        for slot in other.slots {
            guard let position = slots.firstIndex(where: { $0.index == slot.index }) else { continue }
            slots[position].sent = max(0, slots[position].sent - slot.sent)
            slots[position].verified = min(slots[position].sent, max(0, slots[position].verified - slot.verified))
        }
    }

    mutating func removeAll() { slots = [] }
}

extension RecentCodes {
    /// Three 32-bit numbers for each slot, big-endian: its index, sent, verified.
    var bytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(slots.count * 12)
        for slot in slots {
            for value in [Int(slot.index), slot.sent, slot.verified] {
                let value = UInt32(clamping: value)
                for shift in [24, 16, 8, 0] { bytes.append(UInt8(truncatingIfNeeded: value >> UInt32(shift))) }
            }
        }
        return bytes
    }

    /// Reads what `bytes` wrote; whatever else it is given reads as something that holds the invariants.
    init(bytes: [UInt8]) {
        func number(_ position: Int) -> Int { bytes[position..<position + 4].reduce(0) { $0 << 8 | Int($1) } }
        for position in stride(from: 0, through: bytes.count - 12, by: 12) {
            let slot = Slot(
                index: Int64(number(position)), sent: number(position + 4), verified: number(position + 8))
            let isNext = slots.last.map { $0.index < slot.index } ?? true
            guard isNext, slot.verified <= slot.sent, slots.count <= Self.slotCount else { continue }
            slots.append(slot)
        }
    }
}
