// SPDX-License-Identifier: Apache-2.0
// The engine of one node: takes messages in, hands them over, takes in what comes back, and lets time pass. It enters the
// database under a lease and keeps it alive; when the lease is lost, everything in memory is somebody else's.

internal import Accounts
internal import Logging
internal import SQL
internal import Synchronization
internal import Wire

public final class MessagingEngine: ConnectorSink {
    public let context: EngineContext
    public let acceptor: Acceptor
    public let dispatcher: Dispatcher
    let intake: Intake
    let sweeper: Sweeper
    let queues = QueueFiguresCache()
    private let leaseWakeUp = Signal()
    private let connectors = Mutex<[any Connector]>([])
    private let isStopping = Mutex(false)

    public init(context: EngineContext) {
        self.context = context
        dispatcher = Dispatcher(context: context)
        acceptor = Acceptor(context: context, dispatcher: dispatcher)
        let dispatcher = dispatcher
        intake = Intake(context: context) { dispatcher.noteBacklog() }
        sweeper = Sweeper(context: context)
        declareGauges()
    }

    /// Those that messages may go to now.
    var currentConnectors: [any Connector] { connectors.withLock { $0 } }

    /// Enters the database: from here on this node's earlier run holds nothing any more.
    public func enter() async throws {
        let options = context.options
        let lease = Lease.random(in: 1...Lease.max)
        try await context.database.write { transaction in
            let nodes = NodeStore(transaction)
            try nodes.enter(name: options.nodeName, lease: lease, lifetime: options.leaseLifetime)
            _ = try nodes.rescue()
        }
        context.lease = lease
    }

    /// The connectors as they run now.
    public var runningConnectors: [any Connector] { connectors.withLock { $0 } }

    /// Replaces the connectors: starts the new ones and stops those that are gone.
    public func setConnectors(_ new: [any Connector]) async {
        let old = connectors.withLock { current in
            defer { current = new }
            return current
        }
        context.metrics.set(new)
        dispatcher.setConnectors(new)
        for connector in new where !old.contains(where: { $0 === connector }) { connector.start() }
        for connector in old where !new.contains(where: { $0 === connector }) { await connector.stop() }
    }

    /// Runs until `stop`. `enter` comes first.
    public func run() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.acceptor.run() }
            group.addTask { await self.dispatcher.run() }
            group.addTask { await self.dispatcher.runOutcomes() }
            group.addTask { await self.dispatcher.runPolling() }
            group.addTask { await self.intake.run() }
            group.addTask { await self.runClock() }
            group.addTask { await self.runLease() }
        }
    }

    /// Stops in the order in which work flows, so that nothing that was taken is dropped: no more requests, no more
    /// submissions, then the connectors finish, and what they still heard is stored.
    public func stop() async {
        acceptor.close()
        await dispatcher.stop()
        let all = connectors.withLock { $0 }
        await withTaskGroup(of: Void.self) { group in
            for connector in all { group.addTask { await connector.stop() } }
        }
        dispatcher.closeOutcomes()
        intake.close()
        isStopping.withLock { $0 = true }
        leaseWakeUp.raise()
    }

    /// Ends the lease, so that another node or the next start has the work at once.
    public func leave() async {
        let lease = context.lease
        let name = context.options.nodeName
        do {
            try await context.database.write { transaction in
                try NodeStore(transaction).leave(name: name, lease: lease)
                _ = try NodeStore(transaction).rescue()
            }
        } catch {
            context.logger.warning("the lease was not ended", metadata: ["error": "\(error)"])
        }
    }

    // MARK: ConnectorSink

    public func completed(
        _ outcomes: [(ticket: PartTicket, outcome: SendOutcome)], by connector: any Connector
    ) {
        dispatcher.completed(outcomes, by: connector)
    }

    public func received(_ event: ConnectorEvent, answer: @escaping @Sendable (IntakeAnswer) -> Void) {
        intake.received(event, answer: answer)
    }

    public func acknowledged(connectorID: Int64, fingerprints: [[UInt8]]) async {
        await intake.acknowledged(connectorID: connectorID, fingerprints: fingerprints)
    }

    public func capacityChanged(_ connector: any Connector) { dispatcher.capacityChanged() }

    // MARK: Time

    /// One task wakes all the others: each look at the clock is one interval apart.
    private func runClock() async {
        let options = context.options
        var ticks: Int64 = 0
        let perSecond = max(1, 1000 / options.pollInterval)
        let perRenewal = max(1, options.leaseLifetime / 4 / max(1, options.pollInterval))
        while !isStopping.withLock({ $0 }) {
            guard (try? await Task.sleep(for: .milliseconds(options.pollInterval))) != nil else { return }
            ticks += 1
            dispatcher.tick()
            dispatcher.poll()
            if context.doubts > 0 || ticks.isMultiple(of: perRenewal) { leaseWakeUp.raise() }
            guard ticks.isMultiple(of: perSecond) else { continue }
            await lookAtTime()
            let seconds = ticks / perSecond
            if seconds.isMultiple(of: 5) { await housekeep { try await self.sweeper.rescue() } }
            if seconds.isMultiple(of: 60) {
                await housekeep { while try await self.sweeper.eraseContents() {} }
                await housekeep { while try await self.sweeper.removeMedia() {} }
                await housekeep { while try await self.sweeper.removeOld() {} }
            }
        }
    }

    /// Ends and wakes what is due by the clock, and reads the configuration again if it was changed. The engine does so
    /// every second; a test that has turned the clock need not wait for that.
    public func lookAtTime() async {
        await housekeep { try await self.context.directory.reloadIfChanged() }
        await housekeep { while try await self.intake.matchParked() {} }
        await housekeep {
            while true {
                let (ended, isFull) = try await self.sweeper.endOverdue()
                self.dispatcher.forget(ended)
                if !isFull { return }
            }
        }
        await housekeep {
            while true {
                let (steps, isFull) = try await self.sweeper.fallBack()
                self.dispatcher.forget(steps)
                if !isFull { return }
            }
        }
        dispatcher.tick()
        dispatcher.poll()
    }

    /// One chore that fails keeps the others from nothing.
    private func housekeep(_ chore: () async throws -> Void) async {
        do {
            try await chore()
        } catch {
            context.logger.error("housekeeping failed", metadata: ["error": "\(error)"])
        }
    }

    /// Apart from the housekeeping: a long clean-up must not cost the lease.
    private func runLease() async {
        while true {
            await leaseWakeUp.wait()
            if isStopping.withLock({ $0 }) { return }
            await housekeep { try await self.keepLease() }
        }
    }

    private func keepLease() async throws {
        let lease = context.lease
        let options = context.options
        let doubts = context.doubts
        if doubts == 0 {
            let isAlive = try await context.database.write {
                try NodeStore($0).renew(name: options.nodeName, lease: lease, lifetime: options.leaseLifetime)
            }
            if isAlive { return }
        }
        context.logger.warning(
            "the lease is lost or in doubt", metadata: ["node": "\(options.nodeName)", "doubts": "\(doubts)"])
        dispatcher.forgetAll()
        context.deliveries?.forgetAll()
        context.accountDeliveries?.forgetAll()
        try await enter()
        context.settleDoubts(doubts)
    }
}
