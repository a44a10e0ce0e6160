// SPDX-License-Identifier: Apache-2.0
// The ids of everything that Parley hands out: UUIDs whose first 48 bits are the time (RFC 9562 §5.7), so that rows
// inserted one after another stand next to each other in an index. Ids made by one process never repeat or go back.

import Synchronization

#if canImport(Glibc)
    import Glibc
#elseif canImport(Darwin)
    import Darwin
#endif

/// A 128-bit identifier, printed as a lower-case UUID. New ones are version 7.
public struct UUIDv7: Sendable, Hashable, Comparable, CustomStringConvertible {
    public let high: UInt64
    public let low: UInt64

    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    private struct Generator {
        var lastMilliseconds: UInt64 = 0
        var counter: UInt16 = 0
        var random = RandomPool()
    }

    private static let generator = Mutex(Generator())

    /// Random numbers of the system, fetched several at a time: each fetch is a system call.
    private struct RandomPool: RandomNumberGenerator {
        private var numbers: [UInt64] = []

        mutating func next() -> UInt64 {
            if let number = numbers.popLast() { return number }
            // 256 bytes are as much as `getentropy` gives at once.
            numbers = [UInt64](repeating: 0, count: 32)
            let isFilled = numbers.withUnsafeMutableBytes { getentropy($0.baseAddress, $0.count) } == 0
            guard isFilled, let number = numbers.popLast() else {
                numbers = []
                var system = SystemRandomNumberGenerator()
                return system.next()
            }
            return number
        }
    }

    /// A new id for the instant `now` (milliseconds since 1970); ids of one millisecond are ordered by a counter.
    public static func next(now: Int64) -> UUIDv7 {
        generator.withLock { state in
            let milliseconds = UInt64(max(0, now))
            if milliseconds > state.lastMilliseconds {
                state.lastMilliseconds = milliseconds
                state.counter = UInt16.random(in: 0...0x03FF, using: &state.random)
            } else if state.counter == 0x0FFF {
                // 4,096 ids in one millisecond, or a clock that stepped back: borrow the next millisecond.
                state.lastMilliseconds += 1
                state.counter = 0
            } else {
                state.counter += 1
            }
            let high = (state.lastMilliseconds << 16) | 0x7000 | UInt64(state.counter)
            let low = (state.random.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
            return UUIDv7(high: high, low: low)
        }
    }

    /// The sixteen bytes, most significant first.
    public var bytes: [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 16) { buffer, count in
            for index in 0..<8 {
                buffer[index] = UInt8(truncatingIfNeeded: high >> UInt64(56 - 8 * index))
                buffer[index + 8] = UInt8(truncatingIfNeeded: low >> UInt64(56 - 8 * index))
            }
            count = 16
        }
    }

    /// Nil unless there are exactly sixteen bytes.
    public init?(bytes: [UInt8]) {
        guard bytes.count == 16 else { return nil }
        var halves: (UInt64, UInt64) = (0, 0)
        for index in 0..<8 {
            halves.0 = halves.0 << 8 | UInt64(bytes[index])
            halves.1 = halves.1 << 8 | UInt64(bytes[index + 8])
        }
        self.init(high: halves.0, low: halves.1)
    }

    /// Reads the canonical 8-4-4-4-12 form in either case; nil for anything else.
    public init?(_ text: some StringProtocol) {
        var digits = 0
        var halves: (UInt64, UInt64) = (0, 0)
        for (position, byte) in text.utf8.enumerated() {
            if position == 8 || position == 13 || position == 18 || position == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let nibble = Hex.value(of: byte) else { return nil }
            if digits < 16 {
                halves.0 = halves.0 << 4 | UInt64(nibble)
            } else {
                halves.1 = halves.1 << 4 | UInt64(nibble)
            }
            digits += 1
            guard digits <= 32 else { return nil }
        }
        guard digits == 32, text.utf8.count == 36 else { return nil }
        self.init(high: halves.0, low: halves.1)
    }

    public var description: String {
        let digits = Hex.digits
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for digit in 0..<32 {
                if digit == 8 || digit == 12 || digit == 16 || digit == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half = digit < 16 ? high : low
                buffer[position] = digits[Int(truncatingIfNeeded: half >> UInt64(60 - 4 * (digit & 15))) & 15]
                position += 1
            }
            return 36
        }
    }

    public static func < (left: UUIDv7, right: UUIDv7) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
