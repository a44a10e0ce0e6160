// SPDX-License-Identifier: Apache-2.0
// What the engines tell an observer about their commits, so that somebody else can count them: this module knows
// nothing of metrics.

/// One commit that was tried.
public struct WriteReport: Sendable {
    /// How many `write` calls shared the commit: many on SQLite under load, one on PostgreSQL.
    public let writes: Int
    /// The commit alone, which is mostly the disk's time.
    public let commit: Duration
    /// From the beginning of the transaction to the end of the commit.
    public let total: Duration
    public let succeeded: Bool
}

/// Called on a database thread after every commit of a writing transaction; must return at once.
public typealias WriteObserver = @Sendable (WriteReport) -> Void

/// Measures one writing transaction for an observer; without one it costs nothing.
struct WriteWatch {
    private let observer: WriteObserver?
    private let writes: Int
    private let start: ContinuousClock.Instant?

    init(_ observer: WriteObserver?, writes: Int) {
        self.observer = observer
        self.writes = writes
        start = observer.map { _ in .now }
    }

    /// Runs the commit and reports it.
    func commit(_ body: () -> DatabaseError?) -> DatabaseError? {
        guard let observer, let start else { return body() }
        let began = ContinuousClock.now
        let error = body()
        let end = ContinuousClock.now
        observer(
            WriteReport(
                writes: writes, commit: began.duration(to: end), total: start.duration(to: end),
                succeeded: error == nil))
        return error
    }
}
