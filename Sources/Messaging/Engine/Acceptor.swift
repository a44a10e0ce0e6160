// SPDX-License-Identifier: Apache-2.0
// Takes messages in: requests that arrive while one commit is under way share the next, and each is answered only when
// its message, event and job are on disk. A message that cannot be stored fails alone.

public import Accounts
internal import Logging
internal import SQL
internal import Synchronization
internal import Wire

/// Guards a request against being carried out twice.
public struct IdempotencyClaim: Sendable {
    public let key: String
    /// SHA-256 of what the request asks for.
    public let requestHash: [UInt8]
    /// What to answer, now and to every repetition within 24 hours.
    public let answer: [UInt8]

    public init(key: String, requestHash: [UInt8], answer: [UInt8]) {
        self.key = key
        self.requestHash = requestHash
        self.answer = answer
    }
}

/// What became of a message that was handed in.
public enum AcceptResult: Sendable, Equatable {
    case accepted
    /// The key was used for the same request before; this was its answer.
    case repeated(answer: [UInt8])
    /// The key was used for another request.
    case keyReused
    /// The prepaid balance does not cover the message.
    case insufficientBalance
    /// Not stored, and the reason may pass.
    case unavailable
    /// The database went away while it stored the message, and did not come back in time to say whether it did.
    case unknown
}

public final class Acceptor: Sendable {
    /// A message that is handed in.
    public struct Submission: Sendable {
        let message: Message
        /// Those that are accepted with it or not at all: the rest of a bulk.
        var following: [Message] = []
        let idempotency: IdempotencyClaim?
        let answer: @Sendable (AcceptResult) -> Void
        let start = ContinuousClock.now

        /// `answer` is called once, on whichever thread, and must return at once.
        public init(
            _ message: Message, idempotency: IdempotencyClaim? = nil,
            answer: @escaping @Sendable (AcceptResult) -> Void
        ) {
            self.message = message
            self.idempotency = idempotency
            self.answer = answer
        }
    }

    /// What one transaction stores. It is taken from the queue when the transaction begins, so that whatever has come
    /// until then shares it; a transaction that runs again stores the same.
    private final class Batch: Sendable {
        struct Content: Sendable {
            let items: [Submission]
            /// So many of them the dispatcher has room for.
            let room: Int
            let now: Milliseconds
        }

        private let content = Mutex<Content?>(nil)
        private let take: @Sendable () -> Content

        init(_ take: @escaping @Sendable () -> Content) { self.take = take }

        func taken() -> Content {
            content.withLock { content in
                if let content { return content }
                let taken = take()
                content = taken
                return taken
            }
        }
    }

    private static let batchLimit = 256

    private let context: EngineContext
    private let dispatcher: Dispatcher
    private let queue: BatchQueue<Submission>

    init(context: EngineContext, dispatcher: Dispatcher) {
        self.context = context
        self.dispatcher = dispatcher
        queue = BatchQueue(capacity: context.options.acceptCapacity)
    }

    /// Stores the message with its job. Returns when it is durable, or will not be.
    public func accept(_ message: Message, idempotency: IdempotencyClaim? = nil) async -> AcceptResult {
        await withCheckedContinuation { continuation in
            push(Submission(message, idempotency: idempotency) { continuation.resume(returning: $0) })
        }
    }

    /// Stores the message with its job.
    public func accept(_ submission: Submission) { push(submission) }

    /// Stores each of the messages with its job, if possible all of them in one transaction.
    public func accept(_ submissions: [Submission]) {
        if queue.push(submissions) { return }
        for submission in submissions { push(submission) }
    }

    /// Stores the messages of a bulk, all or none.
    public func accept(bulk messages: [Message], idempotency: IdempotencyClaim? = nil) async -> AcceptResult {
        guard let first = messages.first else { return .accepted }
        return await withCheckedContinuation { continuation in
            var submission = Submission(first, idempotency: idempotency) { continuation.resume(returning: $0) }
            submission.following = Array(messages.dropFirst())
            push(submission)
        }
    }

    private func push(_ item: Submission) {
        if !queue.push(item) { self.answer(item, .unavailable) }
    }

    /// What was answered under an idempotency key within 24 hours: `.repeated` for the same request, `.keyReused` for
    /// another one, nil when the key is free. For a repetition that would not be accepted any more as it stands.
    public func storedAnswer(
        key: String, requestHash: [UInt8], companyID: CompanyID
    ) async throws -> AcceptResult? {
        let now = context.clock()
        return try await context.database.read {
            try IdempotencyStore($0).find(key: key, requestHash: requestHash, companyID: companyID, now: now)
        }
    }

    private func answer(_ item: Submission, _ result: AcceptResult) {
        context.metrics.answered(item.message.surface, result, after: item.start.duration(to: .now))
        item.answer(result)
    }

    func close() { queue.close() }

    func run() async {
        // One batch after the other: messages go to their connectors in the order in which they came.
        while await queue.isFilled() { await store(waiting()) }
    }

    /// Whatever waits when it is stored.
    private func waiting() -> Batch {
        Batch { [self] in content(of: queue.take(limit: Self.batchLimit)) }
    }

    private func content(of items: [Submission]) -> Batch.Content {
        Batch.Content(items: items, room: dispatcher.reserve(items.count), now: context.clock())
    }

    private func store(_ batch: Batch) async {
        do {
            try await commit(batch)
        } catch {
            let content = batch.taken()
            dispatcher.take([], reserved: content.room)
            await recover(content.items, from: error)
        }
    }

    private func recover(_ items: [Submission], from error: any Error) async {
        if case DatabaseError.commitUnknown(let reason) = error {
            context.logger.error("nobody knows whether messages were stored", metadata: ["error": "\(reason)"])
            await findOut(items)
        } else if items.count == 1 || (error as? DatabaseError)?.isTransient == true {
            context.logger.error("messages not stored", metadata: ["error": "\(error)", "count": "\(items.count)"])
            for item in items { answer(item, .unavailable) }
        } else {
            // One of them is at fault; alone, each of the others goes through.
            for item in items { await store(Batch { [self] in content(of: [item]) }) }
        }
    }

    /// How long the database has to come back and say what it stored: half a second, so many times. PostgreSQL takes some
    /// seconds to recover from a crash; a client is to get an answer before it gives up by itself.
    private static let looks = 30

    /// Looks for messages whose commit nobody answered. One look without a find is not enough: a connection may be cut
    /// while the commit behind it goes on.
    private func findOut(_ batch: [Submission]) async {
        let keys = batch.map(\.message.key)
        var answers = 0
        for _ in 0..<Self.looks {
            try? await Task.sleep(for: .milliseconds(500))
            let found = try? await context.database.read { transaction in
                try keys.map { try MessageStore(transaction).find($0) != nil }
            }
            guard let found else { continue }
            answers += 1
            if found.allSatisfy({ $0 }) || answers == 2 {
                // Their jobs are under the doubted lease, which is being replaced: polling will find them.
                for (item, isStored) in zip(batch, found) {
                    answer(item, isStored ? .accepted : .unavailable)
                }
                return
            }
        }
        for item in batch { answer(item, .unknown) }
    }

    private func commit(_ batch: Batch) async throws {
        let lease = context.lease
        let renderers = context.renderers
        let channels = context.directory.current.channels
        let results = try await context.write { transaction -> [AcceptResult] in
            let content = batch.taken()
            // Another batch was faster.
            if content.items.isEmpty { return [] }
            return try Writing(
                transaction: transaction, renderers: renderers, channels: channels, room: content.room, lease: lease,
                now: content.now
            ).write(
                content.items.map {
                    Request(message: $0.message, following: $0.following, idempotency: $0.idempotency)
                })
        }
        let content = batch.taken()
        if content.items.isEmpty { return }
        context.metrics.stored(content.items.count)
        let accepted = zip(content.items, results).filter { $0.1 == .accepted }.map(\.0.message)
        let fresh = Writing.immediate(accepted, now: content.now)
        dispatcher.take(
            fresh.prefix(content.room).compactMap(QueuedMessage.init(fresh:)), reserved: content.room)
        if fresh.count > content.room { dispatcher.noteBacklog() }
        for (item, result) in zip(content.items, results) { answer(item, result) }
    }

}
