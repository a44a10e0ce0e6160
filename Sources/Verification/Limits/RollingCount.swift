// SPDX-License-Identifier: Apache-2.0
// How often something happened within a span that ends now, in thirty slots, so that its size does not depend on the
// count. Cautious: the oldest slot counts as a whole, so there is never more than the limit within any span, and room
// comes back at most a thirtieth of the span late.

internal import Wire

/// A count over a rolling span.
struct RollingCount: Sendable, Equatable {
    struct Slot: Sendable, Equatable {
        let index: Int64
        var count: Int
    }

    static let slotsPerSpan: Int64 = 30

    let span: Milliseconds
    /// Rising; none is older than the span.
    private(set) var slots: [Slot] = []

    init(span: Milliseconds) { self.span = span }

    private var slotLength: Milliseconds { max(1, span / Self.slotsPerSpan) }

    var count: Int { slots.reduce(0) { $0 + $1.count } }

    /// Forgets what is older than the span.
    mutating func advance(to now: Milliseconds) {
        let length = slotLength
        slots.removeAll { [span] in ($0.index + 1) * length + span <= now }
    }

    /// How long until there is room for one more under `limit`; nil when there is now.
    func delay(limit: Int, now: Milliseconds) -> Milliseconds? {
        var excess = count - limit + 1
        guard excess > 0 else { return nil }
        for slot in slots {
            excess -= slot.count
            if excess <= 0 { return max(1, (slot.index + 1) * slotLength + span - now) }
        }
        return span
    }

    mutating func add(at now: Milliseconds) {
        let index = now / slotLength
        if let last = slots.indices.last, slots[last].index >= index {
            // A clock that went back counts into the last slot.
            slots[last].count += 1
        } else {
            slots.append(Slot(index: index, count: 1))
        }
    }

    /// Takes back one that was added at `time`.
    mutating func remove(addedAt time: Milliseconds) {
        guard let position = slots.lastIndex(where: { $0.index <= time / slotLength && $0.count > 0 }) else { return }
        slots[position].count -= 1
        if slots[position].count == 0 { slots.remove(at: position) }
    }
}

extension RollingCount {
    /// Several counts, each its span, how many slots it has, and these: 64-bit numbers, big-endian.
    static func bytes(of counts: [RollingCount]) -> [UInt8] {
        var numbers: [Int64] = []
        for count in counts {
            numbers += [count.span, Int64(count.slots.count)]
            for slot in count.slots { numbers += [slot.index, Int64(slot.count)] }
        }
        return numbers.flatMap { number in
            stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: number >> Int64($0)) }
        }
    }

    /// Reads what `bytes(of:)` wrote; of anything else as much as makes sense.
    static func counts(_ bytes: [UInt8]) -> [RollingCount] {
        var numbers = stride(from: 0, through: bytes.count - 8, by: 8).map { start in
            bytes[start..<start + 8].reduce(Int64(0)) { $0 << 8 | Int64($1) }
        }[...]
        var counts: [RollingCount] = []
        while let span = numbers.popFirst(), let size = numbers.popFirst(), LimitRule.spans.contains(span),
            (0...slotsPerSpan + 2).contains(size), numbers.count >= Int(size) * 2
        {
            var count = RollingCount(span: span)
            for _ in 0..<size {
                guard let index = numbers.popFirst(), let number = numbers.popFirst() else { break }
                let isNext = count.slots.last.map { $0.index < index } ?? true
                guard isNext, (0..<1 << 40).contains(index), (1...Int64(UInt32.max)).contains(number) else { continue }
                count.slots.append(Slot(index: index, count: Int(number)))
            }
            counts.append(count)
        }
        return counts
    }
}
