// SPDX-License-Identifier: Apache-2.0
// The table of ported numbers: how it is read, how an import begins, and what is done in the background once an import
// is in force: changes are written into the table below them, and the rows that nobody sees any more are removed.

internal import Messaging
internal import SQL
internal import Synchronization
internal import Wire

public final class PortedNumbers: Sendable {
    /// What operators see of the table.
    public struct Status: Sendable, Equatable {
        /// Numbers in force; a change to a number counts apart until it is written into the table below.
        public let numbers: Int64
        /// The newest imports, the newest first.
        public let generations: [PortedGeneration]

        public var isImporting: Bool { generations.contains { $0.state == .loading } }
    }

    let context: EngineContext
    let metrics: NumberMetrics
    private let tidying = Mutex(false)

    init(context: EngineContext, metrics: NumberMetrics) {
        self.context = context
        self.metrics = metrics
    }

    /// The number (digits), if the table has it; nil also for what is no number.
    public func find(_ digits: String) async throws -> PortedNumber? {
        guard let number = Int64(digits) else { return nil }
        return try await context.database.read { try PortedNumberStore($0).find(number) }
    }

    public func status() async throws -> Status {
        try await context.database.read { transaction in
            let store = PortedNumberStore(transaction)
            return Status(
                numbers: try store.inForce().reduce(0) { $0 + $1.rows }, generations: try store.generations(limit: 20))
        }
    }

    /// Begins an import; `isWhole` when it stands for itself, rather than change what is there. Throws `.busy` while
    /// another one runs.
    public func beginImport(isWhole: Bool) async throws -> PortedNumberImport {
        let (lease, now) = (context.lease, context.clock())
        do {
            let id = try await context.database.write { transaction in
                try PortedNumberStore(transaction).abandonOrphans()
                return try PortedNumberStore(transaction).begin(isWhole: isWhole, lease: lease, now: now)
            }
            return PortedNumberImport(id: id, isWhole: isWhole, table: self)
        } catch DatabaseError.constraint(.unique, _) {
            throw PortedImportError.busy
        }
    }

    // MARK: Clearing up

    /// Does everything that is to be done, slice by slice, with a pause as long as each slice; returns at once when
    /// this is under way already.
    func tidy() async throws {
        guard
            tidying.withLock({ isRunning in
                defer { isRunning = true }
                return !isRunning
            })
        else { return }
        defer { tidying.withLock { $0 = false } }
        try await context.database.write { try PortedNumberStore($0).abandonOrphans() }
        while let (changes, base) = try await oldestChanges() {
            let id = (changes.id, base.id)
            let isDone = try await inSlices { store, cursor, count in
                try store.merge(id.0, into: id.1, after: cursor, count: count)
            }
            guard isDone else { return }
        }
        while let generation = try await context.database.read({ try PortedNumberStore($0).replaced() }) {
            let isDone = try await inSlices { store, cursor, count in
                try store.removeRows(of: generation.id, after: cursor, count: count)
            }
            guard isDone else { return }
        }
    }

    private func oldestChanges() async throws -> (PortedGeneration, PortedGeneration)? {
        let generations = try await context.database.read { try PortedNumberStore($0).inForce() }
        guard generations.count > 1 else { return nil }
        return (generations[generations.count - 2], generations[generations.count - 1])
    }

    /// Runs `body` from cursor to cursor until it returns nil; false when the task was cancelled before.
    private func inSlices(
        _ body: @escaping @Sendable (PortedNumberStore, _ cursor: Int64, _ count: Int) throws -> Int64?
    ) async throws -> Bool {
        var size = SliceSize()
        var cursor: Int64? = 0
        while let from = cursor {
            let count = size.rows
            let (next, start) = try await context.database.write { transaction in
                let start = ContinuousClock.now
                return (try body(PortedNumberStore(transaction), from, count), start)
            }
            let duration = start.duration(to: .now)
            metrics.slice(duration)
            size.took(duration, rows: count)
            cursor = next
            guard next != nil else { break }
            guard (try? await Task.sleep(for: duration)) != nil else { return false }
        }
        return true
    }
}
