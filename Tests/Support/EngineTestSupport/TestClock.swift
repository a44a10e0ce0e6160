// SPDX-License-Identifier: Apache-2.0
// A wall clock that stands still until a test turns it. Leases use the database's clock and are not moved by it.

import Synchronization
public import Wire

/// A settable clock; it starts on 2026-01-15 at 12:00:00 UTC.
public final class TestClock: Sendable {
    /// 2026-01-15T12:00:00Z.
    public static let start: Milliseconds = 1_768_478_400_000

    private let instant: Mutex<Milliseconds>

    public init(_ start: Milliseconds = TestClock.start) { instant = Mutex(start) }

    public var now: Milliseconds { instant.withLock { $0 } }

    public func set(_ instant: Milliseconds) { self.instant.withLock { $0 = instant } }

    public func advance(by milliseconds: Milliseconds) { instant.withLock { $0 += milliseconds } }
}
