// SPDX-License-Identifier: Apache-2.0
// How much waits in the database and for how long. Counting a million rows takes a good part of a second, so figures
// are kept for at least five seconds and a hundred times as long as they took: counting never costs more than a
// hundredth of one connection.

internal import Accounts
public import SQL
internal import Synchronization
public import Wire

/// The queues of the whole deployment at one moment.
public struct QueueFigures: Sendable, Equatable {
    /// When they were counted.
    public let at: Milliseconds
    /// Messages with something left to hand over that may leave now.
    public let queued: Int
    /// Messages that are to leave later.
    public let scheduled: Int
    /// Since when the first of the queued ones could have left.
    public let oldestQueuedAt: Milliseconds?
    /// Deliveries to customers that are to be made or made again.
    public let pendingDeliveries: Int
    /// Deliveries that were given up and are kept.
    public let undeliveredDeliveries: Int
    /// Since when the first of the pending ones could have been tried.
    public let oldestDeliveryDueAt: Milliseconds?
    /// Receipts that match no part.
    public let parkedReceipts: Int

    /// For how long the first of the queued messages waited when they were counted; 0 when there was none.
    public var queueAge: Milliseconds { oldestQueuedAt.map { at - $0 } ?? 0 }
    /// For how long the first of the pending deliveries was due when they were counted; 0 when there was none.
    public var deliveryAge: Milliseconds { oldestDeliveryDueAt.map { at - $0 } ?? 0 }
}

extension QueueFigures {
    /// Counts. Each subquery reads one index, or the smallest there is.
    public init(_ transaction: Transaction, now: Milliseconds) throws {
        let unowned = "state = 0 AND lease = 0 AND smpp_account_id IS"
        let row = try transaction.queryOne(
            """
            SELECT (SELECT COUNT(*) FROM jobs) AS jobs,
                (SELECT COUNT(*) FROM jobs WHERE lease = 0 AND due_at > $1) AS scheduled,
                (SELECT MIN(due_at) FROM jobs WHERE lease = 0) AS oldest_free,
                (SELECT MIN(due_at) FROM jobs WHERE lease <> 0) AS oldest_held,
                (SELECT COUNT(*) FROM deliveries WHERE \(unowned) NULL) AS to_urls,
                (SELECT COUNT(*) FROM deliveries WHERE \(unowned) NOT NULL) AS to_accounts,
                (SELECT COUNT(*) FROM deliveries WHERE lease <> 0) AS under_way,
                (SELECT COUNT(*) FROM deliveries WHERE state = 2) AS undelivered,
                (SELECT MIN(due_at) FROM deliveries WHERE \(unowned) NULL) AS oldest_delivery,
                (SELECT COUNT(*) FROM receipts) AS receipts
            """, [.integer(now)])
        guard let row else { throw DatabaseError.decoding("queue figures") }
        at = now
        scheduled = try row.int("scheduled")
        queued = try row.int("jobs") - scheduled
        let oldest = [try row.int64OrNil("oldest_free"), try row.int64OrNil("oldest_held")].compactMap(\.self).min()
        oldestQueuedAt = oldest.flatMap { $0 <= now ? $0 : nil }
        pendingDeliveries = try row.int("to_urls") + row.int("to_accounts") + row.int("under_way")
        undeliveredDeliveries = try row.int("undelivered")
        oldestDeliveryDueAt = try row.int64OrNil("oldest_delivery").flatMap { $0 <= now ? $0 : nil }
        parkedReceipts = try row.int("receipts")
    }
}

/// Keeps figures for as long as they are good enough.
final class QueueFiguresCache: Sendable {
    private static let shortest = Duration.seconds(5)

    private struct State {
        var figures: QueueFigures?
        var validUntil: ContinuousClock.Instant?
    }

    private let state = Mutex(State())

    /// The figures of the last look; nil before the first and after one that failed.
    var last: QueueFigures? { state.withLock { $0.figures } }

    /// Looks again when it is time. Throws what the database throws.
    func current(in database: Database, now: Milliseconds) async throws -> QueueFigures {
        let start = ContinuousClock.now
        let kept = state.withLock { state in state.validUntil.flatMap { $0 > start ? state.figures : nil } }
        if let kept { return kept }
        do {
            let figures = try await database.read { try QueueFigures($0, now: now) }
            let end = ContinuousClock.now
            let lifetime = max(Self.shortest, start.duration(to: end) * 100)
            state.withLock { $0 = State(figures: figures, validUntil: end.advanced(by: lifetime)) }
            return figures
        } catch {
            state.withLock { $0 = State() }
            throw error
        }
    }
}
