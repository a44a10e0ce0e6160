// SPDX-License-Identifier: Apache-2.0
// Takes messages in: requests that arrive while one commit is under way share the next, and each is answered only when
// its message, event and job are on disk. A message that cannot be stored fails alone.

public import Accounts
internal import Logging
internal import SQL
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
    private struct Item: Sendable {
        let message: Message
        let idempotency: IdempotencyClaim?
        let answer: @Sendable (AcceptResult) -> Void
        let start = ContinuousClock.now
    }

    private static let batchLimit = 256

    private let context: EngineContext
    private let dispatcher: Dispatcher
    private let queue: BatchQueue<Item>

    init(context: EngineContext, dispatcher: Dispatcher) {
        self.context = context
        self.dispatcher = dispatcher
        queue = BatchQueue(capacity: context.options.acceptCapacity)
    }

    /// Stores the message with its job. Returns when it is durable, or will not be.
    public func accept(_ message: Message, idempotency: IdempotencyClaim? = nil) async -> AcceptResult {
        await withCheckedContinuation { continuation in
            accept(message, idempotency: idempotency) { continuation.resume(returning: $0) }
        }
    }

    /// The same with a callback, which is called once, on whichever thread, and must return at once.
    public func accept(
        _ message: Message, idempotency: IdempotencyClaim? = nil, answer: @escaping @Sendable (AcceptResult) -> Void
    ) {
        let item = Item(message: message, idempotency: idempotency, answer: answer)
        if !queue.push([item]) { self.answer(item, .unavailable) }
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

    private func answer(_ item: Item, _ result: AcceptResult) {
        context.metrics.answered(item.message.surface, result, after: item.start.duration(to: .now))
        item.answer(result)
    }

    func close() { queue.close() }

    func run() async {
        while true {
            let batch = await queue.next(limit: Self.batchLimit)
            if batch.isEmpty { return }
            await store(batch)
        }
    }

    private func store(_ batch: [Item]) async {
        do {
            try await commit(batch)
        } catch DatabaseError.commitUnknown(let reason) {
            context.logger.error("nobody knows whether messages were stored", metadata: ["error": "\(reason)"])
            await findOut(batch)
        } catch  where batch.count == 1 || (error as? DatabaseError)?.isTransient == true {
            context.logger.error("messages not stored", metadata: ["error": "\(error)", "count": "\(batch.count)"])
            for item in batch { answer(item, .unavailable) }
        } catch {
            // One of them is at fault; alone, each of the others goes through.
            for item in batch { await store([item]) }
        }
    }

    /// How long the database has to come back and say what it stored: half a second, so many times.
    private static let looks = 10

    /// Looks for messages whose commit nobody answered. One look without a find is not enough: a connection may be cut
    /// while the commit behind it goes on.
    private func findOut(_ batch: [Item]) async {
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

    private func commit(_ batch: [Item]) async throws {
        let now = context.clock()
        let lease = context.lease
        let room = dispatcher.reserve(batch.count)
        let requests = batch.map { ($0.message, $0.idempotency) }
        let results: [AcceptResult]
        do {
            results = try await context.write { transaction in
                try Self.write(requests, room: room, lease: lease, now: now, transaction: transaction)
            }
        } catch {
            dispatcher.take([], reserved: room)
            throw error
        }
        context.metrics.stored(batch.count)
        let accepted = zip(batch, results).filter { $0.1 == .accepted }.map(\.0.message)
        let fresh = Self.immediate(accepted, now: now)
        dispatcher.take(fresh.prefix(room).compactMap(QueuedMessage.init(fresh:)), reserved: room)
        if fresh.count > room { dispatcher.noteBacklog() }
        for (item, result) in zip(batch, results) { answer(item, result) }
    }

    private static func immediate(_ messages: [Message], now: Milliseconds) -> [Message] {
        messages.filter { ($0.sendAt ?? 0) <= now }
    }

    private static func write(
        _ requests: [(message: Message, idempotency: IdempotencyClaim?)], room: Int, lease: Lease, now: Milliseconds,
        transaction: Transaction
    ) throws -> [AcceptResult] {
        let results = try requests.map { try check($0.message, $0.idempotency, now: now, transaction: transaction) }
        let accepted = zip(requests, results).filter { $0.1 == .accepted }.map(\.0.message)
        let store = MessageStore(transaction)
        try store.insert(accepted)
        try store.appendEvents(
            accepted.map { message in
                Event(key: message.key, kind: message.status == .scheduled ? .scheduled : .accepted, at: now)
            })
        let held = Set(immediate(accepted, now: now).prefix(room).map(\.key))
        try JobStore(transaction).insert(
            accepted.map { ($0.key, $0.sendAt ?? now, held.contains($0.key) ? lease : 0) })
        return results
    }

    private static func check(
        _ message: Message, _ idempotency: IdempotencyClaim?, now: Milliseconds, transaction: Transaction
    ) throws -> AcceptResult {
        if let idempotency {
            let result = try IdempotencyStore(transaction).claim(idempotency, companyID: message.companyID, now: now)
            guard result == .accepted else { return result }
        }
        if message.reserved != .zero {
            let isCovered = try BalanceStore(transaction).reserve(
                message.reserved, companyID: message.companyID, messageID: message.id, now: now)
            if !isCovered {
                // The answer "accepted" must not stand for a message that was not.
                if let idempotency {
                    try IdempotencyStore(transaction).forget(idempotency, companyID: message.companyID)
                }
                return .insufficientBalance
            }
        }
        return .accepted
    }
}
