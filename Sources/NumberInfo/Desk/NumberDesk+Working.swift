// SPDX-License-Identifier: Apache-2.0
// What a node does for look-ups in the background: carries out those with callbacks, takes over those of nodes that are
// gone, and clears up.

internal import Logging
internal import Messaging
internal import SQL
internal import Synchronization
internal import Wire

extension NumberDesk {
    private static let slice = 500

    /// Runs until `stop`. The engine has entered the database before.
    public func run() async {
        for source in chain.order.all { await source.start() }
        await withDiscardingTaskGroup { group in
            group.addTask { await self.runClock() }
            for await _ in work.wakes {
                for held in work.take(concurrency: options.concurrency) {
                    group.addTask {
                        await self.carryOut(held)
                        self.work.finished()
                    }
                }
            }
            group.cancelAll()
        }
        for source in chain.order.all { await source.stop() }
    }

    /// Stops taking work up. What is under way and not stored is done by the next run, or by another node.
    public func stop() { work.close() }

    /// One look-up with a callback: what is found, its charge and its delivery are stored together.
    private func carryOut(_ held: HeldLookup) async {
        let lookup = held.lookup
        guard let url = lookup.callbackURL else { return await store(held, nil) }
        let found = await facts(about: lookup.number, lookup.question)
        // Sources that are being stopped answer nothing.
        guard !work.isClosed else { return }
        var delivery = renderer(NumberInformation(lookup, found, isSynchronous: false), url)
        delivery.trace = lookup.trace
        await store(held, (found, delivery))
    }

    private func store(_ held: HeldLookup, _ result: (AssembledFacts, RenderedDelivery)?) async {
        let lookup = held.lookup
        let (found, delivery, now) = (result?.0, result?.1, context.clock())
        do {
            try await context.deliver(expecting: delivery == nil ? 0 : 1) { transaction in
                let isOurs = try Self.end(lookup, found, lease: held.lease, now: now, in: transaction)
                guard isOurs, let delivery else { return [] }
                return [(MessageKey(companyID: lookup.companyID, id: lookup.id), delivery)]
            }
            metrics.ended(lookup.question, found?.isAnswer == true ? .answered : .failed)
        } catch {
            context.logger.error("a look-up was not stored", metadata: ["error": "\(error)"])
            work.retry(held)
        }
    }

    // MARK: Time

    private func runClock() async {
        await withDiscardingTaskGroup { group in
            var ticks = 0
            while !work.isClosed, !Task.isCancelled {
                await lookAtTime()
                if ticks.isMultiple(of: 60) { await housekeep { try await self.clearUp() } }
                if ticks.isMultiple(of: 10) {
                    // A table of millions takes its time; the look-ups do not wait for that.
                    group.addTask { await self.housekeep { try await self.ported.tidy() } }
                }
                ticks += 1
                guard (try? await Task.sleep(for: .seconds(1))) != nil else { break }
            }
            group.cancelAll()
        }
    }

    /// Takes up what is due: done every second.
    func lookAtTime() async {
        for held in work.takeFailed() {
            if held.lookup.callbackURL == nil { await store(held, nil) } else { work.fill([held], reserved: 0) }
        }
        await housekeep { try await self.claim() }
        work.wake()
    }

    /// Takes over look-ups that no living node holds.
    private func claim() async throws {
        let waiting = try await context.database.read { try LookupStore($0).hasOrphans() }
        guard waiting else { return }
        let room = work.reserve(upTo: Self.slice)
        guard room > 0 else { return }
        let lease = context.lease
        do {
            let claimed = try await context.write { transaction in
                try LookupStore(transaction).rescue()
                return try LookupStore(transaction).claim(limit: room, lease: lease)
            }
            work.fill(claimed.map { HeldLookup(lookup: $0, lease: lease) }, reserved: room)
        } catch {
            work.fill([], reserved: room)
            throw error
        }
    }

    /// Removes what has had its time, in small slices.
    func clearUp() async throws {
        let (now, options) = (context.clock(), options)
        var removed = Self.slice
        while removed == Self.slice, !work.isClosed {
            removed = try await context.database.write {
                try AnswerStore($0).remove(expiredAt: now, limit: Self.slice)
            }
        }
        var surplus = try await context.database.read { try AnswerStore($0).count() } - options.cacheCapacity
        while surplus > 0, !work.isClosed {
            let count = min(surplus, Self.slice)
            try await context.database.write { _ = try AnswerStore($0).remove(expiredAt: .max, limit: count) }
            surplus -= count
        }
        removed = Self.slice
        while removed == Self.slice, !work.isClosed {
            removed = try await context.database.write {
                try LookupStore($0).removeEnded(before: now - options.retention, limit: Self.slice)
            }
        }
    }

    /// One chore that fails keeps the others from nothing.
    private func housekeep(_ chore: () async throws -> Void) async {
        do {
            try await chore()
        } catch {
            context.logger.error("housekeeping of look-ups failed", metadata: ["error": "\(error)"])
        }
    }
}
