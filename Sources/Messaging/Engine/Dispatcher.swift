// SPDX-License-Identifier: Apache-2.0
// Hands messages to connectors. One transaction marks as many parts `submitting` as the connectors have room for, and only
// then are they written to a provider: after a crash exactly the marked parts are of unknown fate, never more than the
// windows hold. Outcomes come back in batches and are committed before anything else is done with them.

internal import Accounts
internal import Logging
internal import SQL
internal import Synchronization
internal import Wire

public final class Dispatcher: Sendable {
    struct Lane: Hashable {
        let gateway: String
        let prefix: String
    }

    struct State {
        var lanes: [Lane: DispatchQueue] = [:]
        var laneOf: [MessageKey: Lane] = [:]
        var connectors: [Int64: any Connector] = [:]
        /// Messages in memory and room set aside for some.
        var held = 0
        var isRunning = false
        var isStopping = false
    }

    private struct Taken {
        let message: QueuedMessage
        let part: QueuedPart
        let connector: any Connector

        var ticket: PartTicket {
            PartTicket(key: message.key, step: message.step, number: part.number, attempt: part.attempt)
        }
    }

    struct Completion: Sendable {
        let ticket: PartTicket
        let outcome: SendOutcome
        let connector: any Connector
    }

    /// How many parts one transaction marks at the most.
    static let markLimit = 512

    let context: EngineContext
    let state = Mutex(State())
    let wakeUp = Signal()
    let pollWakeUp = Signal()
    private let handedOver = Signal()
    let outcomes = BatchQueue<Completion>()

    init(context: EngineContext) { self.context = context }

    /// Replaces the connectors that messages may go to.
    func setConnectors(_ connectors: [any Connector]) {
        state.withLock { state in
            state.connectors = Dictionary(uniqueKeysWithValues: connectors.map { ($0.id, $0) })
        }
        wakeUp.raise()
    }

    /// How many messages are in this node's memory.
    public var held: Int { state.withLock { $0.held } }

    /// How many of those are messages, and not room set aside for some.
    var messagesHeld: Int { state.withLock { $0.laneOf.count } }

    /// The names of the connectors that have no link, sorted.
    public var connectorsDown: [String] {
        state.withLock { state in state.connectors.values.filter { !$0.isUp }.map(\.name).sorted() }
    }

    // MARK: Taking messages in

    /// Sets aside room for up to `count` messages; returns for how many there is some.
    func reserve(_ count: Int) -> Int {
        state.withLock { state in
            let room = state.isStopping ? 0 : min(count, max(0, context.options.dispatchCapacity - state.held))
            state.held += room
            return room
        }
    }

    /// Takes messages whose jobs this node holds, and gives back the room that they do not need.
    func take(_ messages: [QueuedMessage], reserved: Int) {
        let routes = context.directory.current.routes
        state.withLock { state in
            state.held -= reserved - messages.count
            for message in messages {
                let prefix = routes.route(gateway: message.gateway, recipient: message.recipient)?.prefix ?? ""
                let lane = Lane(gateway: message.gateway, prefix: prefix)
                guard state.laneOf[message.key] == nil else {
                    state.held -= 1
                    continue
                }
                state.laneOf[message.key] = lane
                state.lanes[lane, default: DispatchQueue()].add(message)
            }
        }
        if !messages.isEmpty { wakeUp.raise() }
    }

    /// There are jobs in the database for which memory had no room.
    func noteBacklog() { pollWakeUp.raise() }

    func capacityChanged() { wakeUp.raise() }

    /// Lets the loops look again: time has passed.
    func tick() { wakeUp.raise() }

    // MARK: Handing over

    func run() async {
        state.withLock { $0.isRunning = true }
        defer { handedOver.raise() }
        while true {
            await wakeUp.wait()
            if state.withLock({ $0.isStopping }) { return }
            while await handOver() {}
        }
    }

    /// Marks and submits one round; false when there was nothing to do or it could not be done now.
    private func handOver() async -> Bool {
        let taken = takeForConnectors(now: context.clock())
        guard !taken.isEmpty else { return false }
        let lease = context.lease
        let marks = taken.map { ($0.ticket, $0.connector.id, $0.part.isPossibleDuplicate) }
        let isMarked: [Bool]
        do {
            isMarked = try await context.write {
                try MessageStore($0).markSubmitting(marks, lease: lease)
            }
        } catch {
            context.logger.error("parts not marked", metadata: ["error": "\(error)", "count": "\(taken.count)"])
            putBack(taken)
            return false
        }
        for (connector, items) in Self.byConnector(zip(taken, isMarked).filter(\.1).map(\.0)) {
            connector.submit(items.map(Self.submission(of:)))
            context.metrics.dispatched(items.count, by: connector.id)
        }
        let lost = zip(taken, isMarked).filter { !$0.1 }.map(\.0)
        for item in lost {
            // The message has ended, or another node has its job now.
            item.connector.release(1)
            remove(item.message.key)
        }
        return true
    }

    private func takeForConnectors(now: Milliseconds) -> [Taken] {
        let routes = context.directory.current.routes
        return state.withLock { state in
            guard !state.isStopping else { return [] }
            var taken: [Taken] = []
            // The queues are changed in place: a copy of each would cost more than all the rest.
            for lane in Array(state.lanes.keys) where taken.count < Self.markLimit {
                state.lanes[lane]?.wake(now: now)
                guard state.lanes[lane]?.hasReady == true,
                    let route = routes.route(gateway: lane.gateway, recipient: lane.prefix),
                    let connector = Self.firstUp(of: route, in: state)
                else { continue }
                let room = connector.reserve(Self.markLimit - taken.count)
                let items = state.lanes[lane]?.take(limit: room, now: now) ?? []
                connector.release(room - items.count)
                taken += items.map { Taken(message: $0.message, part: $0.part, connector: connector) }
            }
            return taken
        }
    }

    private static func firstUp(of route: Route, in state: State) -> (any Connector)? {
        for id in route.connectorIDs {
            if let connector = state.connectors[id], connector.isUp { return connector }
        }
        return nil
    }

    private func putBack(_ taken: [Taken]) {
        let now = context.clock()
        state.withLock { state in
            for item in taken {
                item.connector.release(1)
                guard let lane = state.laneOf[item.message.key] else { continue }
                state.lanes[lane]?.requeue(item.message.key, item.part, notBefore: now + 500, now: now)
            }
        }
    }

    private static func byConnector(_ taken: [Taken]) -> [(any Connector, [Taken])] {
        Dictionary(grouping: taken) { $0.connector.id }.values.compactMap { items in
            items.first.map { ($0.connector, items) }
        }
    }

    private static func submission(of item: Taken) -> Submission {
        Submission(
            ticket: item.ticket, sender: item.message.sender, recipient: item.message.recipient,
            content: item.message.content, size: item.message.size, expiresAt: item.message.expiresAt,
            isPossibleDuplicate: item.part.isPossibleDuplicate)
    }

    /// Forgets messages that have ended by other means.
    func forget(_ keys: [MessageKey]) {
        guard !keys.isEmpty else { return }
        state.withLock { state in
            for key in keys { Self.remove(key, from: &state) }
        }
    }

    func remove(_ key: MessageKey) {
        state.withLock { state in Self.remove(key, from: &state) }
    }

    static func remove(_ key: MessageKey, from state: inout State) {
        guard let lane = state.laneOf.removeValue(forKey: key) else { return }
        if state.lanes[lane]?.remove(key) == true { state.held -= 1 }
        if state.lanes[lane]?.count == 0 { state.lanes[lane] = nil }
    }

    /// Forgets every message: their leases are lost, other nodes have them.
    func forgetAll() {
        state.withLock { state in
            for key in state.laneOf.keys { Self.remove(key, from: &state) }
        }
    }

    /// Stops handing over; what is marked still gets its outcome. Returns when the last of it was handed over.
    func stop() async {
        let isRunning = state.withLock { state in
            state.isStopping = true
            return state.isRunning
        }
        wakeUp.raise()
        pollWakeUp.raise()
        if isRunning { await handedOver.wait() }
    }
}
