// SPDX-License-Identifier: Apache-2.0
// Where customers' look-ups come in. What a prepaid company pays is taken off its balance before a source is asked, and
// becomes a charge, or is given back, in the transaction that stores how the look-up ended:
//
//   asked ──reserve──▶ under way ──facts──▶ answered (charged)
//                          └──────nothing──▶ unanswered (given back)
//
// A look-up under way belongs to a node's lease. One with a callback is run again when its node is gone, one without is
// given back, so that nobody pays for what he was never told.

internal import Accounts
internal import Logging
public import Messaging
public import PhoneNumbers
internal import SQL
internal import Synchronization
internal import Wire

public final class NumberDesk: Sendable {
    /// Makes the delivery of what was found; the API's surface gives it.
    public typealias Renderer = @Sendable (_ information: NumberInformation, _ callbackURL: String) -> RenderedDelivery

    public let ported: PortedNumbers
    let context: EngineContext
    let options: NumberInfoOptions
    let metrics: NumberMetrics
    let renderer: Renderer
    let work: LookupQueue
    let chain: SourceChain
    let flights = LookupFlights()

    /// The ported numbers and the number ranges are there besides `sources`. Throws when the order names a source that
    /// does not exist.
    public init(
        context: EngineContext, options: NumberInfoOptions = NumberInfoOptions(), sources: [any NumberSource] = [],
        renderer: @escaping Renderer
    ) throws(UnknownNumberSource) {
        self.context = context
        self.options = options
        self.renderer = renderer
        metrics = NumberMetrics(context.metrics.registry)
        ported = PortedNumbers(context: context, metrics: metrics)
        work = LookupQueue(capacity: options.capacity)
        let local: [any NumberSource] = [
            PortedNumberSource(table: ported, completePrefixes: options.completePrefixes), RangeSource(),
        ]
        chain = SourceChain(
            order: try SourceOrder(sources + local, named: options.order), timeout: options.sourceTimeout,
            networks: options.networks, metrics: metrics, logger: context.logger)
    }

    /// Answers a request, or promises to. Throws a `DatabaseError`.
    public func ask(_ request: NumberRequest) async throws -> NumberReply {
        guard let quote = quote(for: request) else {
            metrics.ended(request.question, .refused)
            return .noPrice
        }
        let now = context.clock()
        var lookup = NumberLookup(
            companyID: request.companyID, id: UUIDv7.next(now: now), question: request.question,
            number: request.number, quote: quote, createdAt: now)
        lookup.callbackURL = request.callbackURL
        lookup.trace = request.trace
        let isDurable = lookup.callbackURL != nil || quote.reserved > .zero
        if isDurable {
            guard try await begin(lookup) else {
                metrics.ended(request.question, .refused)
                return .insufficientBalance
            }
            if lookup.callbackURL != nil { return .promised(id: lookup.id) }
        }
        return .information(try await answer(lookup, isStored: isDurable))
    }

    /// What the sources say of a number now, without a charge and without what was kept.
    public func inspect(_ number: PhoneNumber, _ question: NumberQuestion) async -> AssembledFacts {
        await chain.ask(about: number, question)
    }

    // MARK: Prices

    /// Nil when the company is prepaid and there is no price.
    private func quote(for request: NumberRequest) -> NumberQuote? {
        let directory = context.directory.current
        let company = directory.companies[request.companyID]
        let price = directory.prices.price(
            for: request.number, direction: request.question.direction, companyID: request.companyID,
            now: context.clock())
        let isPrepaid = company?.isPrepaid == true
        if isPrepaid, price == nil { return nil }
        return NumberQuote(
            amount: price?.amount, currency: price?.currency ?? company?.currency ?? "EUR",
            effectiveFrom: price?.effectiveFrom,
            reserved: isPrepaid ? max(price?.amount ?? .zero, .zero) : .zero)
    }

    // MARK: Steps

    /// Stores a look-up and reserves its price; false, and nothing stored, when the balance does not cover it. One with
    /// a callback goes to this node's queue if that has room.
    private func begin(_ lookup: NumberLookup) async throws -> Bool {
        let (lease, now) = (context.lease, context.clock())
        let isLater = lookup.callbackURL != nil
        let hasRoom = isLater && work.reserve()
        do {
            let isCovered = try await context.write { transaction in
                let reserved = lookup.quote.reserved
                if reserved > .zero {
                    let isCovered = try BalanceStore(transaction).reserve(
                        reserved, companyID: lookup.companyID, messageID: lookup.id, now: now)
                    guard isCovered else { return false }
                }
                try LookupStore(transaction).insert(lookup, lease: isLater && !hasRoom ? 0 : lease)
                return true
            }
            if hasRoom { work.fill(isCovered ? HeldLookup(lookup: lookup, lease: lease) : nil) }
            return isCovered
        } catch {
            if hasRoom { work.fill(nil) }
            throw error
        }
    }

    /// Finds out what was asked and stores how it ended.
    private func answer(_ lookup: NumberLookup, isStored: Bool) async throws -> NumberInformation {
        let lease = context.lease
        let found = await facts(about: lookup.number, lookup.question)
        let information = NumberInformation(lookup, found, isSynchronous: true)
        let now = context.clock()
        do {
            try await context.database.write { transaction in
                if isStored {
                    _ = try Self.end(lookup, found, lease: lease, now: now, in: transaction)
                } else {
                    try LookupStore(transaction).insertEnded(
                        lookup, isAnswered: found.isAnswer, errorCode: found.facts.errorCode, now: now)
                }
            }
        } catch {
            // The customer hears of a failure; what was reserved is given back.
            if isStored { work.retry(HeldLookup(lookup: lookup, lease: lease)) }
            throw error
        }
        metrics.ended(lookup.question, found.isAnswer ? .answered : .failed)
        return information
    }

    /// Ends a look-up that this lease holds, with its charge; false when it is not ours any more.
    static func end(
        _ lookup: NumberLookup, _ found: AssembledFacts?, lease: Lease, now: Milliseconds, in transaction: Transaction
    ) throws -> Bool {
        let isAnswered = found?.isAnswer ?? false
        let isOurs = try LookupStore(transaction).end(
            lookup, lease: lease, isAnswered: isAnswered,
            errorCode: found?.facts.errorCode ?? SourceChain.systemFailure, now: now)
        guard isOurs, lookup.quote.reserved > .zero else { return isOurs }
        let balances = BalanceStore(transaction)
        if !isAnswered {
            try balances.add(
                lookup.quote.reserved, kind: .released, companyID: lookup.companyID, messageID: lookup.id, now: now)
        }
        try balances.settle(companyID: lookup.companyID, messageID: lookup.id, now: now)
        return true
    }

    // MARK: Facts

    /// The facts about a number, kept ones where there are some. Requests for the same at the same time share one query.
    func facts(about digits: String, _ question: NumberQuestion) async -> AssembledFacts {
        let start = ContinuousClock.now
        defer { metrics.found(question, after: start.duration(to: .now)) }
        guard let number = Int64(digits) else { return await chain.ask(about: nil, question) }
        let key = NumberKey(number: number, question: question)
        if let kept = await kept(key) { return AssembledFacts(facts: kept) }
        return await flights.join(key) { [self] in
            let found = await chain.ask(about: try? PhoneNumber(parsing: "+" + digits), question)
            await keep(found, key)
            return found
        }
    }

    private func kept(_ key: NumberKey) async -> NumberFacts? {
        guard options.cacheLifetime > 0 else { return nil }
        let now = context.clock()
        // Without what was kept the sources are asked: a database that is away is noticed where it matters.
        let kept = try? await context.database.read { try AnswerStore($0).find(key, now: now) }
        metrics.cached(key.question, isHit: (kept ?? nil) != nil)
        return kept ?? nil
    }

    private func keep(_ found: AssembledFacts, _ key: NumberKey) async {
        let lifetime = min(options.cacheLifetime, found.validFor ?? .max)
        guard found.isWorthKeeping, !found.hasFailed, lifetime > 0 else { return }
        let expiry = context.clock() + lifetime
        do {
            try await context.database.write { try AnswerStore($0).keep(found.facts, of: key, until: expiry) }
        } catch {
            context.logger.warning("an answer about a number was not kept", metadata: ["error": "\(error)"])
        }
    }
}

extension NumberInformation {
    init(_ lookup: NumberLookup, _ found: AssembledFacts, isSynchronous: Bool) {
        self.init(
            id: lookup.id, question: lookup.question, number: lookup.number, facts: found.facts,
            price: found.isAnswer ? lookup.quote.amount ?? .zero : .zero, currency: lookup.quote.currency,
            priceEffective: lookup.quote.effectiveFrom, isSynchronous: isSynchronous)
    }
}

extension NumberQuestion {
    /// What a look-up costs is in the price table under this.
    var direction: Price.Direction { self == .portability ? .gnp : .gnv }
}
