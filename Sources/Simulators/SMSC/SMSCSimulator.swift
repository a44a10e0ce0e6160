// SPDX-License-Identifier: Apache-2.0
// A carrier's SMSC on loopback: a real SMPP server whose messages end as their recipients' last digits say, with faults
// and latency on demand. All decisions are made by `SMSCCore`; this is its socket, its timer and its journal.

public import Logging
public import NIOCore
internal import SMPP
internal import SMSText
internal import Synchronization
internal import Wire

/// The simulated SMSC. `start` and `shutdown` are called once each.
public final class SMSCSimulator: Sendable {
    typealias Core = SMSCCore<ServerRequest>

    public let configuration: Configuration
    private let group: any EventLoopGroup
    let logger: Logger
    let state: Mutex<State>
    private let inboxes: Mutex<HandsetInboxes>

    struct State {
        var core: Core
        var server: SMPPServer?
        var journal: Journal?
        var timer: (due: NIODeadline, task: Scheduled<Void>)?
        /// Sessions with a request that is never answered: they cannot end in order.
        var unanswered: [UInt64: SMPPServerSession] = [:]
        var verdicts: [UInt64: CheckedContinuation<HandsetDelivery, any Error>] = [:]
        var reference: UInt16 = 0
    }

    public init(configuration: Configuration, group: any EventLoopGroup, logger: Logger) {
        self.configuration = configuration
        self.group = group
        self.logger = logger
        state = Mutex(State(core: Core(configuration: configuration, now: .now)))
        inboxes = Mutex(
            HandsetInboxes(
                messageLimit: configuration.handsetMessageLimit, handsetLimit: configuration.handsetLimit,
                defaultAlphabet: configuration.defaultAlphabet))
    }

    // MARK: Life

    /// Reads the journal, if there is one, listens, and returns the port. Throws when either cannot be had.
    @discardableResult
    public func start() async throws -> Int {
        if let path = configuration.journalPath {
            let (journal, unfinished) = try Journal.open(
                path: path, rewriteThreshold: configuration.keepsJournal ? .max : Journal.usualRewriteThreshold)
            run { state in
                state.journal = journal
                for record in unfinished { state.core.restore(record, now: .now) }
            }
        }
        let server = SMPPServer(
            configuration: configuration.server, group: group, delegate: ServerDelegate(self), logger: logger)
        state.withLock { $0.server = server }
        do {
            try await server.start()
        } catch {
            await shutdown()
            throw error
        }
        let port = server.port ?? configuration.port
        logger.info("simulated SMSC listens", metadata: ["host": "\(configuration.host)", "port": "\(port)"])
        return port
    }

    /// Answers what is unanswered, unbinds and closes every session. Receipts still due stay in the journal.
    public func shutdown() async {
        run { $0.core.answerEverything() }
        let (server, stuck) = state.withLock { state in
            state.timer?.task.cancel()
            state.timer = nil
            return (state.server, Array(state.unanswered.values))
        }
        for session in stuck { session.drop() }
        await server?.shutdown()
        let (journal, waiting) = state.withLock { state in
            defer {
                state.server = nil
                state.journal = nil
                state.verdicts = [:]
            }
            return (state.journal, Array(state.verdicts.values))
        }
        journal?.close()
        for continuation in waiting { continuation.resume(throwing: SendError.nobodyBound) }
    }

    /// The port it listens on; nil before `start` and after `shutdown`.
    public var port: Int? { state.withLock { $0.server }?.port }

    public var counters: Counters { state.withLock { $0.core.counters } }

    /// How many sessions are bound.
    public var boundSessions: Int { state.withLock { $0.server }?.sessions.count ?? 0 }

    /// Cuts every link, without answering or unbinding. ESMEs may bind again at once.
    public func dropLinks() {
        for session in state.withLock({ $0.server })?.sessions ?? [] { session.drop() }
    }

    // MARK: Handsets

    /// What a handset has received whole, oldest first: the last `handsetMessageLimit` messages.
    public func messages(for handset: String) -> [HandsetMessage] {
        inboxes.withLock { $0.messages(for: handset) }
    }

    /// Writes as a handset: a deliver_sm to the ESME of the number, in parts with a user data header when long, in the
    /// default alphabet where it holds the text, else in UCS-2. Returns once every part has an answer or is to be tried
    /// again; throws `SendError`.
    @discardableResult
    public func sendFromHandset(from: String, to: String, text: String) async throws -> HandsetDelivery {
        let options = SegmentationOptions(defaultAlphabet: configuration.defaultAlphabet)
        guard case .success(let segmented) = Segmenter.segment(text, options: options) else { throw SendError.tooLong }
        let addresses = AddressRules()
        let (source, destination) = (addresses.destination(from), addresses.sender(to))
        guard max(source.value.utf8.count, destination.value.utf8.count) <= 20 else { throw SendError.invalidAddress }
        return try await withCheckedThrowingContinuation { continuation in
            let refusal: SendError? = run { state in
                guard state.server != nil, let account = state.core.account(for: HandsetInboxes.digits(to)) else {
                    return .nobodyBound
                }
                guard !state.core.isFull else { return .queueFull }
                state.reference &+= 1
                let parts = segmented.deliverSM(source, destination, reference: state.reference)
                state.verdicts[state.core.send(parts, to: account, now: .now)] = continuation
                return nil
            }
            if let refusal { continuation.resume(throwing: refusal) }
        }
    }

    // MARK: Running the core

    /// Lets the core decide under the lock, and does what it says outside of it.
    @discardableResult
    func run<Result>(_ body: (inout sending State) -> sending Result) -> Result {
        let (result, actions, server, journal) = state.withLock { state in
            let result = body(&state)
            arm(&state)
            return (result, state.core.takeActions(), state.server, state.journal)
        }
        for action in actions { perform(action, server, journal) }
        return result
    }

    private func perform(_ action: Core.Action, _ server: SMPPServer?, _ journal: Journal?) {
        switch action {
        case .journal(let record): write(record, to: journal)
        case .respond(let request, let answer): request.respond(answer)
        case .ignore(let request): state.withLock { $0.unanswered[request.session.id] = request.session }
        case .drop(let request): request.session.drop()
        case .received(let message):
            let whole = inboxes.withLock { $0.receive(message) }
            if let whole { configuration.handsetObserver?(whole) }
        case .verdict(let group, let verdict):
            let continuation = state.withLock { $0.verdicts.removeValue(forKey: group) }
            continuation?.resume(with: verdict.result)
        case .deliver(let key, let account, let delivery):
            server?.deliver(delivery, to: account) { [self] result in
                run { $0.core.delivered(key, account: account, result, now: .now) }
            }
        }
    }

    private func write(_ record: JournalRecord, to journal: Journal?) {
        guard let journal else { return }
        do {
            try journal.append(record)
            guard case .done = record, journal.isOvergrown(unfinished: 0) else { return }
            try state.withLock { state in
                let unfinished = state.core.unfinished
                if journal.isOvergrown(unfinished: unfinished.count) { try journal.rewrite(unfinished) }
            }
        } catch {
            logger.error("journal", metadata: ["error": "\(error)"])
        }
    }

    /// Sees to it that the timer fires when the core has something to do.
    private func arm(_ state: inout State) {
        guard let due = state.core.timeline.next else { return }
        if let timer = state.timer {
            guard due < timer.due else { return }
            timer.task.cancel()
        }
        let task = group.next().scheduleTask(deadline: due) { [weak self] in
            self?.run { state in
                state.timer = nil
                state.core.advance(now: .now)
            }
            return
        }
        state.timer = (due, task)
    }
}

extension SMSCCore.Instant {
    static var now: Self { Self(deadline: .now(), wall: Timestamp.now()) }
}

extension SMSCCore.HandsetVerdict {
    var result: Result<SMSCSimulator.HandsetDelivery, any Error> {
        switch self {
        case .delivered(let delivery): .success(delivery)
        case .refused(let status): .failure(SMSCSimulator.SendError.refused(status))
        }
    }
}

extension SegmentedText {
    /// The parts as deliver_sm.
    func deliverSM(_ source: Address, _ destination: Address, reference: UInt16) -> [DeliverSM] {
        parts.indices.map { index in
            var part = DeliverSM(source: source, destination: destination, dataCoding: dataCoding)
            part.esmClass.hasUserDataHeader = header(forPart: index, reference: reference) != nil
            part.shortMessage = octets(forPart: index, reference: reference)
            return part
        }
    }
}
