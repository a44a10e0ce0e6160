// SPDX-License-Identifier: Apache-2.0
// One import on its way, in bounded memory: rows are gathered, sorted and written in slices into a generation of their
// own that nobody sees until `finish` brings it into force. Sorting keeps neighbours together, so that a table in any
// order is written about as fast as a sorted one.

public import Accounts
internal import Logging
internal import Messaging
internal import SQL
internal import Wire

/// An import; for one task at a time. It ends with `finish` or `abandon`.
public final class PortedNumberImport {
    /// How many rows are sorted at a time: 24 bytes each.
    private static let runLength = 262_144

    private let id: Int64
    private let isWhole: Bool
    private let table: PortedNumbers
    private var reader: PortedTableReader
    private var run: [PortedEntry] = []
    /// By the reader's place of a network.
    private var networkIDs: [Int64] = []
    private var size = SliceSize()
    private var additions = 0
    private var removals = 0

    init(id: Int64, isWhole: Bool, table: PortedNumbers) {
        self.id = id
        self.isWhole = isWhole
        self.table = table
        reader = PortedTableReader(permitsRemoval: !isWhole)
    }

    /// Takes the next bytes of the table. Throws `PortedTableError` for a line that cannot be accepted,
    /// `PortedImportError` or a `DatabaseError`; `abandon` comes next then.
    public func feed(_ bytes: [UInt8]) async throws {
        run += try reader.feed(bytes)
        if run.count >= Self.runLength { try await writeRun() }
    }

    /// Brings the table into force as a whole.
    public func finish(as actor: Actor) async throws -> PortedImportResult {
        run += try reader.finish()
        try await writeRun()
        guard additions + removals > 0 else { throw PortedTableError(line: 1, reason: "the table has no rows") }
        let (id, isWhole, rows) = (id, isWhole, additions + removals)
        let (imported, removals, now) = (additions, removals, table.context.clock())
        return try await table.context.database.write { transaction in
            let replaced = try PortedNumberStore(transaction).activate(id, isWhole: isWhole, rows: rows, now: now)
            guard let replaced else { throw PortedImportError.interrupted }
            let result = PortedImportResult(imported: imported, removed: isWhole ? Int(replaced) : removals)
            try AuditLog(transaction).record(
                .imported, .configuration, id: "", name: "\(imported) ported numbers", companyID: nil,
                to: ["rows": .integer(Int64(imported)), "removed": .integer(Int64(result.removed))], actor: actor,
                now: now)
            return result
        }
    }

    /// Gives the import up; nothing has changed.
    public func abandon() async {
        let id = id
        do {
            try await table.context.database.write { try PortedNumberStore($0).abandon(id) }
        } catch {
            // It is given up with this node's lease.
            table.context.logger.warning("an import was not given up", metadata: ["error": "\(error)"])
        }
    }

    // MARK: Writing

    private func writeRun() async throws {
        try await internNetworks()
        run.sort { ($0.number, $0.line) < ($1.number, $1.line) }
        for (entry, next) in zip(run, run.dropFirst()) where entry.number == next.number {
            throw Self.repetition(next)
        }
        var start = 0
        while start < run.count {
            let end = min(start + size.rows, run.count)
            try await write(run[start..<end])
            start = end
        }
        removals += run.count { $0.network == PortedEntry.removal }
        additions += run.count { $0.network != PortedEntry.removal }
        run.removeAll(keepingCapacity: true)
    }

    private func internNetworks() async throws {
        let new = reader.networks[networkIDs.count...]
        guard !new.isEmpty else { return }
        networkIDs += try await table.context.database.write { try PortedNumberStore($0).ids(of: new) }
    }

    private struct Repeated: Error {}

    private func write(_ entries: ArraySlice<PortedEntry>) async throws {
        let (id, slice) = (id, slice(of: entries))
        do {
            let start = try await table.context.database.write { transaction in
                let start = ContinuousClock.now
                switch try PortedNumberStore(transaction).insert(slice, into: id) {
                case .done: return start
                case .repeated: throw Repeated()
                case .interrupted: throw PortedImportError.interrupted
                }
            }
            // From when it had the lock, so that others waited, until it was on disk.
            let duration = start.duration(to: .now)
            size.took(duration, rows: slice.count)
            table.metrics.slice(duration)
        } catch is Repeated {
            let known = try await table.context.database.read { try PortedNumberStore($0).known(slice.numbers, in: id) }
            throw entries.first { known.contains($0.number) }.map(Self.repetition) ?? PortedImportError.interrupted
        }
    }

    private func slice(of entries: ArraySlice<PortedEntry>) -> PortedSlice {
        var slice = PortedSlice()
        slice.numbers = entries.map(\.number)
        slice.networkIDs = entries.map { $0.network == PortedEntry.removal ? 0 : networkIDs[Int($0.network)] }
        slice.days = entries.map { $0.day == PortedEntry.noDay ? nil : Int64($0.day) }
        return slice
    }

    private static func repetition(_ entry: PortedEntry) -> any Error {
        PortedTableError(line: Int(entry.line), column: "number", reason: "is a number that an earlier line has")
    }
}
