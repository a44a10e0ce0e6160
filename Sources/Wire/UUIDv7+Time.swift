// SPDX-License-Identifier: Apache-2.0
// The time that an id begins with, and the ids of a time.

extension UUIDv7 {
    /// Milliseconds since 1970 (RFC 9562 §5.7).
    public var milliseconds: Milliseconds { Milliseconds(high >> 16) }

    /// The least id of an instant; of one that no id can have, the least or the greatest of all.
    public static func first(of instant: Milliseconds) -> UUIDv7 {
        guard instant < 1 << 48 else { return UUIDv7(high: .max, low: .max) }
        return UUIDv7(high: UInt64(max(0, instant)) << 16, low: 0)
    }
}
