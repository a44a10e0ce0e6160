// SPDX-License-Identifier: Apache-2.0
// Brings what SQLite has committed to disk, on a thread of its own: as long as the disk works, the writer runs the next
// transaction. One sync serves all commits that have come until it begins.
//
// The COMMIT itself (synchronous=NORMAL) writes the log without a sync, so that its changes can be seen before they are
// durable. Nobody is told of them before they are: writers are resumed after the sync that follows their commit, and
// readers, once they have read, after the syncs of all commits that they may have seen. After a sync that failed nothing
// is certain any more, not even what can be read: every call fails until the database is opened anew, which reads the
// log as the disk has it.

import Foundation
import Logging
import Synchronization

final class LogSync: Sendable {
    /// A job that has run, and its error if it is to fail alone.
    typealias Outcome = (job: any Job, error: (any Error)?)

    /// What one COMMIT has written to the log.
    struct Commit: Sendable {
        let outcomes: [Outcome]
        let watch: WriteWatch.Committing
    }

    private struct State: Sendable {
        /// Written, and not synced.
        var commits: [Commit] = []
        /// Reads that may have seen what is not synced.
        var readers: [Outcome] = []
        /// The writer is about to write, or has written, a commit that is not in `commits` yet.
        var isAnnounced = false
        var isSyncing = false
        var isClosed = false
        /// Why nothing can be relied on any more.
        var failure: DatabaseError?

        var isBusy: Bool { isSyncing || !commits.isEmpty }
    }

    /// `fdatasync`, or what a test puts in its place: sets `errno` when it fails.
    typealias Synchronize = @Sendable (Int32) -> Int32

    private let path: String
    private let synchronize: Synchronize
    private let logger: Logger
    private let state = Mutex(State())
    private let wake = DispatchSemaphore(value: 0)

    /// `path` is that of the log.
    init(path: String, synchronize: @escaping Synchronize, logger: Logger) {
        self.path = path
        self.synchronize = synchronize
        self.logger = logger
    }

    /// Whether a commit is on its way to disk.
    var isBusy: Bool { state.withLock { $0.isBusy } }

    /// Why the database can no longer be used.
    var failure: DatabaseError? { state.withLock { $0.failure } }

    // MARK: From the writer

    /// To be called before a COMMIT, whose changes readers may see before `sync` or `withdraw` is called.
    func announce() { state.withLock { $0.isAnnounced = true } }

    /// The COMMIT has not come about.
    func withdraw() {
        state.withLock { $0.isAnnounced = false }
        wake.signal()
    }

    /// The COMMIT has written the log: its jobs are completed once that is on disk.
    func sync(_ commit: Commit) {
        state.withLock { state in
            state.isAnnounced = false
            state.commits.append(commit)
        }
        wake.signal()
    }

    /// No commit comes any more; those that have come are synced before `run` returns.
    func close() {
        state.withLock { $0.isClosed = true }
        wake.signal()
    }

    // MARK: From the readers

    /// Completes a job that has read, at once or when what it may have seen is on disk.
    func complete(_ job: any Job, _ error: (any Error)?) {
        let (mustWait, failure) = state.withLock { state in
            let mustWait = state.failure == nil && (state.isBusy || state.isAnnounced)
            if mustWait { state.readers.append((job, error)) }
            return (mustWait, state.failure)
        }
        if !mustWait { job.complete(error ?? failure) }
    }

    // MARK: The thread

    /// Syncs until `close`; `afterwards` is called after each sync, before the jobs that waited for it are completed.
    func run(_ afterwards: () -> Void) {
        var file: Int32 = -1
        defer { if file >= 0 { Foundation.close(file) } }
        while true {
            wake.wait()
            let (commits, first, isClosed) = state.withLock { state in
                state.isSyncing = !state.commits.isEmpty
                return (state.commits.taken(), state.isAnnounced ? [] : state.readers.taken(), state.isClosed)
            }
            var readers = first
            let failure = commits.isEmpty ? self.failure : bringToDisk(&file)
            state.withLock { state in
                state.isSyncing = false
                state.failure = failure
                if !state.isAnnounced, state.commits.isEmpty { readers += state.readers.taken() }
            }
            afterwards()
            let doubt = failure.map { DatabaseError.commitUnknown("\($0)") }
            for commit in commits {
                commit.watch.ended(succeeded: failure == nil)
                for (job, error) in commit.outcomes { job.complete(error ?? doubt) }
            }
            for (job, error) in readers { job.complete(error ?? failure) }
            if isClosed { return }
        }
    }

    private func bringToDisk(_ file: inout Int32) -> DatabaseError? {
        if let failure { return failure }
        if file < 0 { file = open(path, O_RDONLY | O_CLOEXEC) }
        if file >= 0, synchronize(file) == 0 { return nil }
        let reason = String(cString: strerror(errno))
        logger.critical(
            "the disk did not take what was committed; the server has to be started again",
            metadata: ["file": "\(path)", "error": "\(reason)"])
        return .unavailable("\(path): \(reason); the server has to be started again")
    }
}

extension Array {
    /// Empties the array and returns what was in it.
    fileprivate mutating func taken() -> Self {
        defer { self = [] }
        return self
    }
}
