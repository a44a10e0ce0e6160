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
struct WriteWatch: Sendable {
    /// The commit, until it is on disk.
    struct Committing: Sendable {
        fileprivate let watch: WriteWatch
        fileprivate let writes: Int
        fileprivate let began: ContinuousClock.Instant?

        /// Reports the commit, which has ended now.
        func ended(succeeded: Bool) {
            guard let observer = watch.observer, let start = watch.start, let began else { return }
            let end = ContinuousClock.now
            observer(
                WriteReport(
                    writes: writes, commit: began.duration(to: end), total: start.duration(to: end),
                    succeeded: succeeded))
        }
    }

    private let observer: WriteObserver?
    private let start: ContinuousClock.Instant?

    /// The transaction begins.
    init(_ observer: WriteObserver?) {
        self.observer = observer
        start = observer.map { _ in .now }
    }

    /// The commit begins.
    func committing(writes: Int) -> Committing {
        Committing(watch: self, writes: writes, began: start.map { _ in .now })
    }

    /// Runs the commit and reports it.
    func commit(_ body: () -> DatabaseError?) -> DatabaseError? {
        let committing = committing(writes: 1)
        let error = body()
        committing.ended(succeeded: error == nil)
        return error
    }
}
