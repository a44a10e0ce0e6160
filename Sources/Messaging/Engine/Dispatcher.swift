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
    /// Messages that wait for the same way out.
    enum Lane: Hashable {
        case route(gateway: String, prefix: String)
        /// The connector of the channel that sends them; 0 where it has none.
        case connector(Int64)
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
        /// Whether the connector had it; not when it was refused before.
        var wasSubmitted = true
    }

    /// How many parts one transaction marks at the most.
    static let markLimit = 512

    let context: EngineContext
    let state = Mutex(State())
    let wakeUp = Signal()
    let pollWakeUp = Signal()
    private let handedOver = Signal()
    let outcomes = BatchQueue<Completion>()
    private let noConnector = NoConnector()

    init(context: EngineContext) {
        self.context = context
        noConnector.connect(self)
    }

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
        let directory = context.directory.current
        state.withLock { state in
            state.held -= reserved - messages.count
            for message in messages {
                let lane = Self.lane(of: message, directory)
                if let other = state.laneOf[message.key] {
                    guard state.lanes[other]?.step(of: message.key) != message.step else {
                        state.held -= 1
                        continue
                    }
                    // The message has gone on to its next channel.
                    Self.remove(message.key, from: &state)
                }
                state.laneOf[message.key] = lane
                state.lanes[lane, default: DispatchQueue()].add(message)
            }
        }
        if !messages.isEmpty { wakeUp.raise() }
    }

    private static func lane(of message: QueuedMessage, _ directory: Directory) -> Lane {
        guard message.kind.isRouted else {
            let channel = directory.channels[ChannelAddress(kind: message.kind, address: message.sender)]
            return .connector(channel?.connectorID ?? 0)
        }
        let route = directory.routes.route(gateway: message.gateway, recipient: message.recipient)
        return .route(gateway: message.gateway, prefix: route?.prefix ?? "")
    }

    /// There are jobs in the database that nobody holds, such as those for which memory had no room.
    func noteBacklog() { pollWakeUp.raise() }

    func capacityChanged() { wakeUp.raise() }

    /// Lets the loops look again: time has passed.
    func tick() { wakeUp.raise() }

    // MARK: Handing over

    func run() async {
        state.withLock { $0.isRunning = true }
        defer {
            state.withLock { $0.isRunning = false }
            handedOver.raise()
        }
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
        let windows = Self.windows(of: taken)
        let now = context.clock()
        let isMarked: [Bool]
        let closed: Set<Int>
        do {
            (isMarked, closed) = try await context.write(isPatient: true) { transaction in
                let closed = try ConversationStore(transaction).closed(windows, now: now)
                return (try MessageStore(transaction).markSubmitting(marks, lease: lease), closed)
            }
        } catch {
            context.logger.error("parts not marked", metadata: ["error": "\(error)", "count": "\(taken.count)"])
            putBack(taken)
            return false
        }
        refuse(closed.filter { isMarked[$0] }.map { taken[$0] }, as: Self.windowClosed)
        let open = taken.indices.filter { isMarked[$0] && !closed.contains($0) }.map { taken[$0] }
        for (connector, items) in Self.byConnector(open) { submit(items, to: connector) }
        let lost = zip(taken, isMarked).filter { !$0.1 }.map(\.0)
        for item in lost {
            // The message has ended, or another node has its job now.
            item.connector.release(1)
            forget([(item.message.key, item.message.step)])
        }
        return true
    }

    /// The conversations that have to be open for what was taken, by its index.
    private static func windows(of taken: [Taken]) -> [Int: ConversationStore.Window] {
        var windows: [Int: ConversationStore.Window] = [:]
        for (index, item) in taken.enumerated() where item.message.needsOpenWindow {
            windows[index] = ConversationStore.Window(
                companyID: item.message.key.companyID,
                channel: ChannelAddress(kind: item.message.kind, address: item.message.sender),
                recipient: item.message.recipient)
        }
        return windows
    }

    /// What the provider would answer: the customer has not written for a day.
    private static let windowClosed = SendOutcome.rejected(
        code: "whatsapp::error::131047",
        reason: "more than 24 hours have passed since the customer wrote last; only a template may be sent")

    /// Fails what was taken and is not handed over.
    private func refuse(_ items: [Taken], as outcome: SendOutcome) {
        guard !items.isEmpty else { return }
        for item in items { item.connector.release(1) }
        _ = outcomes.push(
            items.map {
                Completion(ticket: $0.ticket, outcome: outcome, connector: $0.connector, wasSubmitted: false)
            })
    }

    private func takeForConnectors(now: Milliseconds) -> [Taken] {
        let routes = context.directory.current.routes
        return state.withLock { state in
            guard !state.isStopping else { return [] }
            var taken: [Taken] = []
            // The queues are changed in place: a copy of each would cost more than all the rest.
            for lane in Array(state.lanes.keys) where taken.count < Self.markLimit {
                state.lanes[lane]?.wake(now: now)
                guard state.lanes[lane]?.hasReady == true, let connector = connector(for: lane, routes, in: state)
                else {
                    continue
                }
                let room = connector.reserve(Self.markLimit - taken.count)
                let items = state.lanes[lane]?.take(limit: room, now: now) ?? []
                connector.release(room - items.count)
                taken += items.map { Taken(message: $0.message, part: $0.part, connector: connector) }
            }
            return taken
        }
    }

    private func connector(for lane: Lane, _ routes: RouteTable, in state: State) -> (any Connector)? {
        switch lane {
        case .route(let gateway, let prefix):
            routes.route(gateway: gateway, recipient: prefix).flatMap { Self.firstUp(of: $0, in: state) }
        case .connector(0): noConnector
        case .connector(let id): state.connectors[id].flatMap { $0.isUp ? $0 : nil }
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

    private func submit(_ items: [Taken], to connector: any Connector) {
        var submissions: [Submission] = []
        var unreadable: [Taken] = []
        for item in items {
            if let submission = submission(of: item) { submissions.append(submission) } else { unreadable.append(item) }
        }
        connector.submit(submissions)
        context.metrics.dispatched(submissions.count, by: connector.id)
        // 0022 is systemFailure.
        refuse(unreadable, as: .rejected(code: "0022", reason: "the content cannot be opened with this master key"))
    }

    /// What is handed to the connector; nil for sealed content that cannot be opened.
    private func submission(of item: Taken) -> Submission? {
        let message = item.message
        guard var content = message.content else { return nil }
        if case .sealed(let sealed) = content {
            guard let opened = sealed.opened(of: message.key, kind: message.kind, with: context.directory.secrets)
            else { return nil }
            content = opened
        }
        return Submission(
            ticket: item.ticket, sender: message.sender, recipient: message.recipient, content: content,
            size: message.size, expiresAt: message.expiresAt, isPossibleDuplicate: item.part.isPossibleDuplicate)
    }

    /// Forgets messages that have ended by other means.
    func forget(_ keys: [MessageKey]) {
        guard !keys.isEmpty else { return }
        state.withLock { state in
            for key in keys { Self.remove(key, from: &state) }
        }
    }

    /// Forgets messages at these steps; one that has come in again for its next step stays.
    func forget(_ steps: [(key: MessageKey, step: Int)]) {
        state.withLock { state in
            for (key, step) in steps {
                guard let lane = state.laneOf[key], state.lanes[lane]?.step(of: key) == step else { continue }
                Self.remove(key, from: &state)
            }
        }
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
