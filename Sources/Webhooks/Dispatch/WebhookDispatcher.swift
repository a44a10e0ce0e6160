// SPDX-License-Identifier: Apache-2.0
// Brings deliveries to the customers' URLs in three steps: take (from memory, or claimed from the database), send (signed,
// through the endpoint's gate), record (delivered, another try by the family's promise, or given up and kept).

internal import Accounts
internal import Logging
public import Messaging
internal import NIOHTTP1
internal import SQL
internal import Synchronization
internal import Wire

public final class WebhookDispatcher: DeliveryInbox {
    private struct State {
        var queue = DeliveryQueue()
        /// Deliveries in memory and room set aside for some.
        var held = 0
        var isStopping = false
    }

    /// How many deliveries may be in memory.
    private static let capacity = 8192
    /// How many may be under way at once.
    private static let concurrency = 512

    private let context: EngineContext
    private let client: WebhookClient
    private let state = Mutex(State())
    private let wakeUp = Signal()
    private let pollWakeUp = Signal()
    private let outcomes = BatchQueue<DeliveryStore.Outcome>()
    private let metrics: WebhookMetrics

    public init(context: EngineContext, client: WebhookClient) {
        self.context = context
        self.client = client
        metrics = WebhookMetrics(context.metrics.registry)
        declareGauges(in: context.metrics.registry)
    }

    // MARK: DeliveryInbox

    public func reserve(_ count: Int) -> Int {
        state.withLock { state in
            let room = state.isStopping ? 0 : min(count, max(0, Self.capacity - state.held))
            state.held += room
            return room
        }
    }

    public func take(_ deliveries: [Delivery], reserved: Int) {
        state.withLock { state in
            state.held -= reserved - deliveries.count
            state.queue.add(deliveries)
        }
        if !deliveries.isEmpty { wakeUp.raise() }
    }

    public func forgetAll() {
        state.withLock { state in state.held -= state.queue.removeWaiting() }
    }

    // MARK: Running

    /// Runs until `stop`; deliveries under way are finished and recorded.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.runOutcomes() }
            group.addTask { await self.runPolling() }
            group.addTask {
                await self.runSending()
                self.outcomes.close()
            }
            group.addTask { await self.runClock() }
        }
    }

    public func stop() {
        state.withLock { $0.isStopping = true }
        wakeUp.raise()
        pollWakeUp.raise()
    }

    /// How many deliveries are in this node's memory.
    public var held: Int { state.withLock { $0.held } }

    /// How many of those are deliveries, and not room set aside for some.
    var deliveriesHeld: Int { state.withLock { $0.queue.count } }

    /// How the endpoints stand that this node has written to lately.
    public var endpoints: [EndpointState] {
        let now = context.clock()
        return state.withLock { $0.queue.states(now: now) }
    }

    private var isStopping: Bool { state.withLock { $0.isStopping } }

    private func runClock() async {
        while !isStopping {
            try? await Task.sleep(for: .milliseconds(context.options.pollInterval))
            wakeUp.raise()
            pollWakeUp.raise()
        }
    }

    // MARK: Take

    private func runPolling() async {
        while !isStopping {
            if await claim() == 0 { await pollWakeUp.wait() }
        }
    }

    private func claim() async -> Int {
        let room = reserve(256)
        guard room > 0 else { return 0 }
        let lease = context.lease
        let now = context.clock()
        do {
            let deliveries = try await context.write {
                try DeliveryStore($0).claim(limit: room, now: now, lease: lease)
            }
            take(deliveries, reserved: room)
            return deliveries.count
        } catch {
            context.logger.error("deliveries not claimed", metadata: ["error": "\(error)"])
            take([], reserved: room)
            return 0
        }
    }

    // MARK: Send

    private func runSending() async {
        await withDiscardingTaskGroup { group in
            while true {
                await wakeUp.wait()
                if isStopping { return }
                let now = context.clock()
                let plan = state.withLock { $0.queue.plan(now: now, limit: Self.concurrency) }
                for start in plan.start { group.addTask { await self.send(start) } }
                setAside(plan, now: now)
            }
        }
    }

    private func setAside(_ plan: DeliveryQueue.Plan, now: Milliseconds) {
        var set: [DeliveryStore.Outcome] = plan.postpone.map { item in
            let delivery = item.delivery
            if let patience = promise(of: delivery).patience, now - delivery.createdAt > patience {
                return outcome(
                    delivery, .undelivered, at: now, attempts: delivery.attempts, nil, "the endpoint is down")
            }
            return outcome(delivery, .pending, at: item.until, attempts: delivery.attempts, nil, item.reason)
        }
        set += plan.stop.map { outcome($0, .undelivered, at: now, attempts: $0.attempts, 410, "the endpoint is gone") }
        if !set.isEmpty { _ = outcomes.push(set) }
    }

    private func send(_ start: DeliveryQueue.Start) async {
        let delivery = start.delivery
        let rendered = delivery.rendered
        let promise = promise(of: delivery)
        let sentAt = context.clock()
        var headers = signature(of: delivery, at: sentAt)
        if rendered.method == .post { headers.add(name: "content-type", value: rendered.contentType) }
        addTrace(of: rendered, to: &headers)
        addAccountHeaders(of: delivery, at: sentAt, to: &headers)
        let began = ContinuousClock.now
        let result = await client.send(
            WebhookRequest(
                id: delivery.webhookID, url: rendered.url, method: rendered.method == .post ? .post : .get,
                headers: headers, body: rendered.body, timeout: promise.answerTimeout))
        let now = context.clock()
        metrics.tried(result, took: began.duration(to: .now), lag: now - delivery.createdAt)
        let isWaiting = state.withLock {
            $0.queue.completed(start, result.gateOutcome, retryAfter: result.retryAfter, now: now)
        }
        if isWaiting { wakeUp.raise() }
        _ = outcomes.push([conclusion(of: delivery, result, promise: promise, now: now)])
    }

    /// Each try is a hop of its own in the trace of the message.
    private func addTrace(of rendered: RenderedDelivery, to headers: inout HTTPHeaders) {
        guard let trace = rendered.trace?.nextHop() else { return }
        headers.add(name: "traceparent", value: trace.traceparent)
        if let state = trace.state { headers.add(name: "tracestate", value: state) }
    }

    private func signature(of delivery: Delivery, at instant: Milliseconds) -> HTTPHeaders {
        let secrets = context.directory.current.companies[delivery.companyID]?.webhookSecrets ?? []
        return StandardWebhooks.headers(
            id: delivery.webhookID, timestamp: instant / 1000, body: delivery.rendered.body,
            secrets: secrets.compactMap { WebhookSecret($0) })
    }

    /// Read at each try, so that a new secret holds for what is still waiting.
    private func addAccountHeaders(of delivery: Delivery, at instant: Milliseconds, to headers: inout HTTPHeaders) {
        guard delivery.rendered.carriesAccountHeaders,
            let callback = context.directory.current.companySettings[delivery.companyID]?.callback
        else { return }
        AccountHeaders.add(callback, to: &headers, timestamp: instant / 1000, body: delivery.rendered.body)
    }

    // MARK: Record

    private func promise(of delivery: Delivery) -> RetryPromise {
        switch delivery.rendered.promise {
        // Deliveries to SMPP accounts are not claimed here; their promise has no schedule of its own.
        case .everyTenSeconds, .sevenDays: .everyTenSeconds
        case .numberInformation: .numberInformation
        case .twoMore: .statusTwoMore
        case .fortnight: .whatsAppInbound
        }
    }

    private func conclusion(
        of delivery: Delivery, _ result: WebhookResult, promise: RetryPromise, now: Milliseconds
    ) -> DeliveryStore.Outcome {
        let attempts = delivery.attempts + 1
        let (status, error): (Int?, String?) =
            switch result {
            case .answered(let answer): (answer.status, result.isSuccess ? nil : "answered \(answer.status)")
            case .failed(let failure, let message): (nil, "\(failure.rawValue): \(message)")
            }
        if result.isSuccess { return outcome(delivery, .delivered, at: now, attempts: attempts, status, nil) }
        if status == 410 { return outcome(delivery, .undelivered, at: now, attempts: attempts, status, error) }
        if case .failed(.cancelled, _) = result {
            return outcome(delivery, .pending, at: now, attempts: delivery.attempts, nil, error)
        }
        let next = promise.next(
            afterFailure: attempts, firstAttemptAt: delivery.createdAt, now: now, retryAfter: result.retryAfter,
            jitterSeed: UInt64(bitPattern: delivery.id))
        switch next {
        case .at(let time): return outcome(delivery, .pending, at: time, attempts: attempts, status, error)
        case .giveUp: return outcome(delivery, .undelivered, at: now, attempts: attempts, status, error)
        }
    }

    private func outcome(
        _ delivery: Delivery, _ state: DeliveryState, at dueAt: Milliseconds, attempts: Int, _ status: Int?,
        _ error: String?
    ) -> DeliveryStore.Outcome {
        DeliveryStore.Outcome(
            id: delivery.id, state: state, dueAt: dueAt, attempts: attempts, status: status,
            error: error.map { String($0.prefix(500)) })
    }

    private func runOutcomes() async {
        while true {
            let batch = await outcomes.next(limit: 512)
            if batch.isEmpty { return }
            let lease = context.lease
            let now = context.clock()
            while true {
                do {
                    try await context.database.write(isPatient: true) {
                        try DeliveryStore($0).finish(batch, lease: lease, now: now)
                    }
                    metrics.recorded(batch.lazy.map(\.state))
                    break
                } catch {
                    // What was sent was sent: the record waits until the database is back.
                    context.logger.error("deliveries not recorded", metadata: ["error": "\(error)"])
                    if isStopping { break }
                    try? await Task.sleep(for: .milliseconds(250))
                }
            }
            state.withLock { $0.held -= batch.count }
        }
    }
}
