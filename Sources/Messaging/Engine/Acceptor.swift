// SPDX-License-Identifier: Apache-2.0
// Takes messages in: requests that arrive while one commit is under way share the next, and each is answered only when
// its message, event and job are on disk. A message that cannot be stored fails alone. Messages go to their connectors in
// the order in which they came.

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

    /// What one transaction stores.
    private struct Batch: Sendable {
        let items: [Submission]
        /// Its place among those that were taken from the queue.
        let number: Int
        /// So many of them the dispatcher has room for.
        let room: Int
        let now: Milliseconds
    }

    /// A transaction that is on its way. It takes from the queue when it begins, so that whatever has come until then
    /// shares it; when it runs again it stores the same.
    private final class Ticket: Sendable {
        private let batch = Mutex<Batch?>(nil)

        func batch(_ take: () -> Batch) -> Batch {
            batch.withLock { batch in
                if let batch { return batch }
                let taken = take()
                batch = taken
                return taken
            }
        }
    }

    private struct State {
        var waiting: [Submission] = []
        /// Transactions that have begun to store something, or are about to.
        var underWay = 0
        /// One of them has taken nothing yet: what comes is for it.
        var isAwaited = false
        var batches = 0
        var isRunning = false
        var isClosed = false

        var isDone: Bool { isClosed && underWay == 0 && waiting.isEmpty }

        /// Whether another transaction is to be sent on its way; it is counted then.
        mutating func mayStart() -> Bool {
            guard isRunning, !isAwaited, !waiting.isEmpty, underWay < Acceptor.transactionLimit else { return false }
            isAwaited = true
            underWay += 1
            return true
        }
    }

    private static let batchLimit = 256
    /// While one is brought to disk, the next is carried out.
    private static let transactionLimit = 2

    private let context: EngineContext
    private let dispatcher: Dispatcher
    private let state = Mutex(State())
    private let turnstile = Turnstile()
    /// Those that went wrong.
    private let failures = BatchQueue<(batch: Batch, error: any Error)>()

    init(context: EngineContext, dispatcher: Dispatcher) {
        self.context = context
        self.dispatcher = dispatcher
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
        if push(submissions) { return }
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
        if !push([item]) { answer(item, .unavailable) }
    }

    /// False when there is no room for all of them.
    private func push(_ items: [Submission]) -> Bool {
        let (isTaken, starts) = state.withLock { state in
            guard !state.isClosed, items.count <= context.options.acceptCapacity - state.waiting.count else {
                return (false, false)
            }
            state.waiting += items
            return (true, state.mayStart())
        }
        if starts { start() }
        return isTaken
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

    /// Takes no more; what waits is still stored.
    func close() {
        let isDone = state.withLock { state in
            state.isClosed = true
            return state.isDone
        }
        if isDone { failures.close() }
    }

    /// Stores what waits and what comes, until all is stored that came before `close`.
    func run() async {
        let starts = state.withLock { state in
            state.isRunning = true
            return state.mayStart()
        }
        if starts { start() }
        await withDiscardingTaskGroup { group in
            while true {
                let failed = await failures.next(limit: 1)
                if failed.isEmpty { return }
                for (batch, error) in failed {
                    group.addTask {
                        await self.recover(batch, from: error)
                        self.ended()
                    }
                }
            }
        }
    }

    // MARK: Storing

    private func start() {
        let ticket = Ticket()
        context.write { [self] transaction in
            try store(ticket.batch(takeBatch), in: transaction)
        } completion: { [self] result in
            let batch = ticket.batch(takeBatch)
            switch result {
            case .success(let results):
                turnstile.pass(batch.number) { [self] in handOver(batch, results) }
                ended()
            case .failure(let error):
                _ = failures.push((batch, error))
            }
        }
    }

    private func takeBatch() -> Batch {
        let (items, number, starts) = state.withLock { state in
            let items = state.waiting.takeFirst(Self.batchLimit)
            state.isAwaited = false
            defer { state.batches += 1 }
            return (items, state.batches, state.mayStart())
        }
        if starts { start() }
        return batch(of: items, number)
    }

    private func batch(of items: [Submission], _ number: Int) -> Batch {
        Batch(items: items, number: number, room: dispatcher.reserve(items.count), now: context.clock())
    }

    private func ended() {
        let (starts, isDone) = state.withLock { state in
            state.underWay -= 1
            return (state.mayStart(), state.isDone)
        }
        if starts { start() }
        if isDone { failures.close() }
    }

    private func store(_ batch: Batch, in transaction: Transaction) throws -> [AcceptResult] {
        try Writing(
            transaction: transaction, renderers: context.renderers, channels: context.directory.current.channels,
            room: batch.room, lease: context.lease, now: batch.now
        ).write(
            batch.items.map { Request(message: $0.message, following: $0.following, idempotency: $0.idempotency) })
    }

    private func handOver(_ batch: Batch, _ results: [AcceptResult]) {
        context.metrics.stored(batch.items.count)
        let accepted = zip(batch.items, results).filter { $0.1 == .accepted }.map(\.0.message)
        let fresh = Writing.immediate(accepted, now: batch.now)
        dispatcher.take(fresh.prefix(batch.room).compactMap(QueuedMessage.init(fresh:)), reserved: batch.room)
        if fresh.count > batch.room { dispatcher.noteBacklog() }
        for (item, result) in zip(batch.items, results) { answer(item, result) }
    }

    private func answer(_ item: Submission, _ result: AcceptResult) {
        context.metrics.answered(item.message.surface, result, after: item.start.duration(to: .now))
        item.answer(result)
    }

    // MARK: What goes wrong

    private func recover(_ batch: Batch, from error: any Error) async {
        dispatcher.take([], reserved: batch.room)
        var unknown: [Submission] = []
        var ends: [@Sendable () -> Void] = []
        func failed(_ items: [Submission], _ error: any Error) {
            if case DatabaseError.commitUnknown(let reason) = error {
                context.logger.error("nobody knows whether messages were stored", metadata: ["error": "\(reason)"])
                unknown += items
            } else {
                context.logger.error("messages not stored", metadata: ["error": "\(error)", "count": "\(items.count)"])
                ends.append { [self] in for item in items { answer(item, .unavailable) } }
            }
        }
        if batch.items.count == 1 || (error as? DatabaseError)?.isTransient == true {
            failed(batch.items, error)
        } else {
            // One of them is at fault; alone, each of the others goes through.
            for item in batch.items {
                let single = self.batch(of: [item], batch.number)
                do {
                    let results = try await context.write { [self] in try store(single, in: $0) }
                    ends.append { [self] in handOver(single, results) }
                } catch {
                    dispatcher.take([], reserved: single.room)
                    failed([item], error)
                }
            }
        }
        turnstile.pass(batch.number) { [ends] in for end in ends { end() } }
        if !unknown.isEmpty { await findOut(unknown) }
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
}
