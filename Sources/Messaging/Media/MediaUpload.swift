// SPDX-License-Identifier: Apache-2.0
// Bytes on their way into the database: cut into chunks, written a mebibyte at a time, so that a medium of any size
// takes little memory. Until `finish` nobody sees any of it; what is never finished is removed, at the latest when its
// hour is over. A small medium is written in one transaction.

internal import Accounts
internal import SQL
internal import Synchronization
public import Wire

/// The chunks of one medium as they arrive. One task writes.
final class ChunkWriter: Sendable {
    /// Chunks of one transaction.
    private static let batchSize = 4

    private struct State {
        var pending: [UInt8] = []
        var size = 0
        var written = 0
        var chunks = 0
        var hasRow = false
    }

    let id: MediaID
    private let companyID: CompanyID
    private let isInbound: Bool
    private let limit: Int
    private let database: Database
    private let clock: @Sendable () -> Milliseconds
    /// Looks at every step, in its transaction.
    private let check: @Sendable (MediaStore) throws -> Void
    private let state = Mutex(State())

    init(
        companyID: CompanyID, isInbound: Bool, limit: Int, database: Database,
        clock: @escaping @Sendable () -> Milliseconds, check: @escaping @Sendable (MediaStore) throws -> Void = { _ in }
    ) {
        id = MediaID.next(now: clock())
        self.companyID = companyID
        self.isInbound = isInbound
        self.limit = limit
        self.database = database
        self.clock = clock
        self.check = check
    }

    /// Bytes so far.
    var size: Int { state.withLock { $0.size } }

    /// Adds bytes. Throws `MediaRefusal.tooLarge`.
    func write(_ bytes: [UInt8]) async throws {
        let isTooLarge = state.withLock { state in
            state.size += bytes.count
            state.pending += bytes
            return state.size > limit
        }
        if isTooLarge { throw MediaRefusal.tooLarge(limit: limit) }
        if state.withLock({ $0.pending.count >= Self.batchSize * MediaStore.chunkSize }) {
            try await step(isLast: false) { _ in }
        }
    }

    /// Writes the rest, and in the same transaction does what makes the medium visible.
    func finish<T: Sendable>(_ body: @escaping @Sendable (MediaStore) throws -> T) async throws -> T {
        try await step(isLast: true, body)
    }

    /// Removes what was written.
    func cancel() async {
        guard state.withLock({ $0.hasRow }) else { return }
        // What cannot be removed now is removed when its time is over.
        try? await database.write { [id] in try MediaStore($0).removeArriving(id) }
    }

    private func step<T: Sendable>(
        isLast: Bool, _ body: @escaping @Sendable (MediaStore) throws -> T
    ) async throws -> T {
        let (before, chunks, rest) = state.withLock { state in
            let (chunks, rest) = Self.cut(state.pending, isLast: isLast)
            return (state, chunks, rest)
        }
        let size = before.written + chunks.reduce(0) { $0 + $1.count }
        let (id, companyID, isInbound, check, now) = (id, companyID, isInbound, check, clock())
        let (hasRow, number) = (before.hasRow, before.chunks)
        state.withLock { $0.hasRow = true }
        let result = try await database.write { transaction in
            let store = MediaStore(transaction)
            if !hasRow { try store.insertArriving(id, companyID: companyID, isInbound: isInbound, now: now) }
            try store.append(chunks, from: number, size: size, to: id)
            try check(store)
            return try body(store)
        }
        state.withLock { state in
            state.pending = rest
            state.written = size
            state.chunks += chunks.count
        }
        return result
    }

    /// Whole chunks, and at the end what is left of one.
    private static func cut(_ bytes: [UInt8], isLast: Bool) -> (chunks: [[UInt8]], rest: [UInt8]) {
        var chunks: [[UInt8]] = []
        var position = 0
        while bytes.count - position >= MediaStore.chunkSize {
            chunks.append(Array(bytes[position..<position + MediaStore.chunkSize]))
            position += MediaStore.chunkSize
        }
        guard isLast else { return (chunks, Array(bytes[position...])) }
        if position < bytes.count { chunks.append(Array(bytes[position...])) }
        return (chunks, [])
    }
}

/// A medium that a customer is uploading. Ends with `finish` or `cancel`; one task uses it.
public final class MediaUpload: Sendable {
    /// What is kept now.
    public struct Result: Sendable, Equatable {
        public let id: MediaID
        /// Bytes of all the company's uploads.
        public let usage: Int64
        /// Bytes that they may have.
        public let quota: Int64
    }

    private let writer: ChunkWriter
    private let companyID: CompanyID
    private let contentType: String
    private let filename: String?
    private let expiresAt: Milliseconds?
    private let isOneTime: Bool
    private let quota: Int64
    private let clock: @Sendable () -> Milliseconds

    init(
        companyID: CompanyID, contentType: String?, filename: String?, expiresAt: Milliseconds?, isOneTime: Bool,
        quota: Int64, limit: Int, database: Database, clock: @escaping @Sendable () -> Milliseconds
    ) {
        self.companyID = companyID
        self.contentType = MediaText.contentType(contentType)
        self.filename = MediaText.filename(filename)
        self.expiresAt = expiresAt
        self.isOneTime = isOneTime
        self.quota = quota
        self.clock = clock
        writer = ChunkWriter(
            companyID: companyID, isInbound: false, limit: limit, database: database, clock: clock
        ) { store in
            let usage = try store.usage(companyID: companyID, now: clock())
            if usage > quota { throw MediaRefusal.quotaExceeded(quota: quota, usage: usage) }
        }
    }

    /// Bytes so far.
    public var size: Int { writer.size }

    /// Adds bytes. Throws `MediaRefusal`.
    public func write(_ bytes: [UInt8]) async throws { try await writer.write(bytes) }

    /// Keeps the medium; on disk when this returns. Throws `MediaRefusal`.
    public func finish() async throws -> Result {
        let (id, companyID, contentType, filename) = (writer.id, companyID, contentType, filename)
        let (expiresAt, isOneTime, quota, now) = (expiresAt, isOneTime, quota, clock())
        return try await writer.finish { store in
            try store.finish(
                id, contentType: contentType, filename: filename, expiresAt: expiresAt, isOneTime: isOneTime)
            return Result(id: id, usage: try store.usage(companyID: companyID, now: now), quota: quota)
        }
    }

    /// Forgets what has arrived.
    public func cancel() async { await writer.cancel() }
}
