// SPDX-License-Identifier: Apache-2.0
// The short form of an id, for protocols whose ids are numbers: its millisecond, its counter and nine of its random bits.
// Ids of one process have different counters within a millisecond, so their numbers differ too and need not be stored:
// the ids that a number stands for are neighbours in an index.

extension UUIDv7 {
    /// Milliseconds (42 bits, until the year 2109), the counter (12 bits) and the first nine bits of the random rest.
    public var number: UInt64 {
        (high >> 16) << 21 & 0x7FFF_FFFF_FFFF_FFFF | (high & 0x0FFF) << 9 | (low >> 53) & 0x01FF
    }

    /// The ids whose `number` is this one, the first and the last; nil for what is no such number.
    public static func range(ofNumber number: UInt64) -> ClosedRange<UUIDv7>? {
        guard number <= 0x7FFF_FFFF_FFFF_FFFF else { return nil }
        let high = (number >> 21) << 16 | 0x7000 | (number >> 9) & 0x0FFF
        let low = 0x8000_0000_0000_0000 | (number & 0x01FF) << 53
        return UUIDv7(high: high, low: low)...UUIDv7(high: high, low: low | 0x001F_FFFF_FFFF_FFFF)
    }
}
