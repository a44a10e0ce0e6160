// SPDX-License-Identifier: Apache-2.0
// What the parts of the engine share.

internal import Accounts
public import Logging
public import SQL
internal import Synchronization
public import Wire

/// The database, the configuration and the node's identity.
public final class EngineContext: Sendable {
    public let database: Database
    public let directory: DirectoryCache
    public let renderers: [Surface: any EventRenderer]
    public let logger: Logger
    /// The wall clock; tests turn it.
    public let clock: @Sendable () -> Milliseconds
    public let options: EngineOptions
    public let metrics: EngineMetrics
    private let leaseState = Mutex<Lease>(0)
    private let leaseDoubts = Mutex(0)
    private let deliveryInbox = Mutex<(any DeliveryInbox)?>(nil)
    private let accountInbox = Mutex<(any AccountDeliveryInbox)?>(nil)

    public init(
        database: Database, directory: DirectoryCache, renderers: [Surface: any EventRenderer], logger: Logger,
        options: EngineOptions = EngineOptions(), metrics: EngineMetrics = EngineMetrics(),
        clock: @escaping @Sendable () -> Milliseconds = Timestamp.now
    ) {
        self.database = database
        self.directory = directory
        self.renderers = renderers
        self.logger = logger
        self.options = options
        self.metrics = metrics
        self.clock = clock
    }

    /// The lease under which this node holds work; 0 before it has entered.
    public internal(set) var lease: Lease {
        get { leaseState.withLock { $0 } }
        set { leaseState.withLock { $0 = newValue } }
    }

    /// Says who sends deliveries on this node.
    public func connect(_ inbox: any DeliveryInbox) { deliveryInbox.withLock { $0 = inbox } }

    var deliveries: (any DeliveryInbox)? { deliveryInbox.withLock { $0 } }

    /// Says who sends to SMPP accounts on this node.
    public func connect(accounts inbox: (any AccountDeliveryInbox)?) { accountInbox.withLock { $0 = inbox } }

    var accountDeliveries: (any AccountDeliveryInbox)? { accountInbox.withLock { $0 } }

    /// Runs a transaction that takes work under the lease. When nobody knows whether it was committed, work may be held
    /// that is in nobody's memory: the lease is then in doubt and has to be replaced.
    public func write<T: Sendable>(
        isPatient: Bool = false, _ body: @escaping @Sendable (Transaction) throws -> T
    ) async throws -> T {
        try await withCheckedThrowingContinuation { continuation in
            write(isPatient: isPatient, body) { continuation.resume(with: $0) }
        }
    }

    /// The same for who has no task to wait in: `completion` is called once, as a rule on a database's thread, which does
    /// nothing else until it returns.
    func write<T: Sendable>(
        isPatient: Bool = false, _ body: @escaping @Sendable (Transaction) throws -> T,
        completion: @escaping @Sendable (Result<T, any Error>) -> Void
    ) {
        database.write(isPatient: isPatient, body) { [self] result in
            if case .failure(DatabaseError.commitUnknown) = result { doubtLease() }
            completion(result)
        }
    }

    func doubtLease() { leaseDoubts.withLock { $0 += 1 } }

    /// How many doubts about the lease there are.
    var doubts: Int { leaseDoubts.withLock { $0 } }

    /// The lease was replaced: so many doubts are gone.
    func settleDoubts(_ count: Int) { leaseDoubts.withLock { $0 -= count } }

    /// Runs a transaction that stores deliveries which are of no message, and hands them on. `body` names what each is
    /// about; at most `count` are held by this node, and the rest are found by polling.
    public func deliver(
        expecting count: Int,
        _ body: @escaping @Sendable (Transaction) throws -> [(key: MessageKey, rendered: RenderedDelivery)]
    ) async throws {
        let inbox = deliveries
        let room = inbox?.reserve(count) ?? 0
        let lease = lease
        let now = clock()
        do {
            let fresh = try await write { transaction in
                try DeliveryStore(transaction).insert(try body(transaction), leased: room, lease: lease, now: now)
            }
            inbox?.take(fresh, reserved: room)
        } catch {
            inbox?.take([], reserved: room)
            throw error
        }
    }

    /// Runs a transaction of the progress writer and hands its fresh deliveries on. `body` returns, beside the writer's
    /// result, whatever its caller wants to know.
    func writeProgress<T: Sendable>(
        expecting count: Int, isPatient: Bool = false,
        _ body: @escaping @Sendable (ProgressWriter) throws -> (ProgressWriter.Result, T)
    ) async throws -> (ProgressWriter.Result, T) {
        let inbox = deliveries
        let room = inbox?.reserve(count) ?? 0
        let lease = lease
        let now = clock()
        let renderers = renderers
        do {
            let result = try await write(isPatient: isPatient) { transaction in
                try body(
                    ProgressWriter(
                        transaction: transaction, renderers: renderers, lease: lease, now: now, deliveryRoom: room))
            }
            inbox?.take(result.0.deliveries, reserved: room)
            if !result.0.accounts.isEmpty { accountDeliveries?.stored(forAccounts: result.0.accounts) }
            metrics.committed(result.0, now: now)
            return result
        } catch {
            inbox?.take([], reserved: room)
            throw error
        }
    }
}

/// The times and bounds of the engine.
public struct EngineOptions: Sendable {
    /// Unique among the nodes that share a database; a restarted node keeps its name.
    public var nodeName = "parley"
    /// How long a node that stopped keeps its work from others, ms.
    public var leaseLifetime: Milliseconds = 15_000
    /// How many messages may wait in memory for dispatch.
    public var dispatchCapacity = 10_000
    /// How many requests may wait for the next commit.
    public var acceptCapacity = 20_000
    /// How often due work is looked for, ms.
    public var pollInterval: Milliseconds = 200
    /// How long after the end of its validity a message that was sent waits for the carrier's own word, ms.
    public var expiryGrace: Milliseconds = 60_000
    /// How long the parts of an inbound message are waited for, ms.
    public var reassemblyWindow: Milliseconds = 600_000
    /// How long a message is kept after its end, ms; three months by the SMS API.
    public var retention: Milliseconds = 92 * 86_400_000
    /// How long a delivery that was made is kept for replay, ms. Those that were given up stay as long as messages.
    public var deliveryRetention: Milliseconds = 7 * 86_400_000

    public init() {}
}

/// Takes deliveries that were stored under this node's lease.
public protocol DeliveryInbox: AnyObject, Sendable {
    /// Sets aside room for up to `count` deliveries; returns for how many there is some.
    func reserve(_ count: Int) -> Int
    /// Takes deliveries and gives back what of the room was not used.
    func take(_ deliveries: [Delivery], reserved: Int)
    /// The lease is lost: what waits is another node's now.
    func forgetAll()
}
