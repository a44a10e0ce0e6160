// SPDX-License-Identifier: Apache-2.0
// What time does: ends messages whose validity is over, releases inbound parts whose others never came, removes what
// retention no longer wants, and frees the work of nodes that are gone. Always in small slices, so that nothing waits
// behind a clean-up.

internal import Accounts
internal import Logging
internal import SQL
internal import Wire

struct Sweeper: Sendable {
    private static let slice = 500

    private let context: EngineContext

    init(context: EngineContext) { self.context = context }

    /// Ends what has to end by now. Returns the messages that ended and whether there may be more.
    func endOverdue() async throws -> (ended: [MessageKey], isFull: Bool) {
        let directory = context.directory.current
        let grace = context.options.expiryGrace
        let window = context.options.reassemblyWindow
        let slice = Self.slice
        let (_, found) = try await context.writeProgress(expecting: slice) { writer in
            let keys = try RetentionStore(writer.transaction).overdue(now: writer.now, grace: grace, limit: slice)
            let result = try writer.end(
                keys, as: .expired, errorCode: nil, reason: "the validity ended before a final delivery report")
            var inbound = InboundWriter(writer: writer, directory: directory, result: result)
            let released = try inbound.releaseOverdue(before: writer.now - window, limit: slice)
            return (try inbound.finish(), (ended: keys, isFull: keys.count == slice || released == slice))
        }
        return found
    }

    /// Takes messages whose awaited status has not come in time to their next channel. Returns the steps whose time was
    /// over and whether there may be more.
    func fallBack() async throws -> (steps: [(key: MessageKey, step: Int)], isFull: Bool) {
        let slice = Self.slice
        let (_, due) = try await context.writeProgress(expecting: slice) { writer in
            let due = try FallbackStore(writer.transaction).due(now: writer.now, limit: slice)
            return (due.isEmpty ? ProgressWriter.Result() : try writer.fallBack(due), due)
        }
        return (due, due.count == slice)
    }

    /// Erases one slice of contents that are kept no longer than their message's end. Returns whether there may be more.
    func eraseContents() async throws -> Bool {
        let now = context.clock()
        let slice = Self.slice
        return try await context.database.write {
            try RetentionStore($0).eraseContents(before: now, limit: slice) == slice
        }
    }

    /// Removes one slice of what is too old. Returns whether there may be more.
    func removeOld() async throws -> Bool {
        let now = context.clock()
        let (retention, deliveryRetention) = (context.options.retention, context.options.deliveryRetention)
        let slice = Self.slice
        return try await context.database.write { transaction in
            try IdempotencyStore(transaction).removeExpired(now: now)
            try InboundStore(transaction).forgetArrivals(before: now - 3_600_000)
            let store = RetentionStore(transaction)
            let delivered = try store.removeDelivered(before: now - deliveryRetention, limit: slice)
            return max(delivered, try store.removeEnded(before: now - retention, limit: slice)) == slice
        }
    }

    /// Removes one slice of the media whose time is over. Returns whether there may be more.
    func removeMedia() async throws -> Bool {
        let now = context.clock()
        let slice = Self.slice
        return try await context.database.write { try MediaStore($0).removeExpired(now: now, limit: slice) }
    }

    /// Frees the work of nodes that stopped without a word.
    func rescue() async throws {
        let rescued = try await context.database.write { try NodeStore($0).rescue() }
        if rescued > 0 { context.logger.notice("work rescued", metadata: ["rows": "\(rescued)"]) }
    }
}
