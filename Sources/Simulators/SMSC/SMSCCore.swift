// SPDX-License-Identifier: Apache-2.0
// The SMSC as a pure state machine: events in, actions out, time as an argument.
//
//                 respond            receiptDelay over              wanted                deliver_sm_resp ok
//     submit ────────────▶ enroute ────────────────────▶ final ──────────────▶ receipt ready ──▶ in flight ──▶ retired
//        │                    │ cancel_sm                  │ not wanted           ▲                │
//        │ refused,           └──▶ final (deleted)         └──▶ retired           │    no answer,  │
//        ▼ throttled, dropped                                                     └── held ◀───────┘ other status
//     (nothing kept but how often, where the outcome counts)             retryDelay over, or a bind
//
// A receipt (or a handset's message) is in exactly one of: ready, in flight, held. It leaves them only when it was
// acknowledged, or, for a handset's message, refused for good. Retired messages are kept for query_sm, the newest of them.

internal import NIOCore
internal import SMPP
internal import Wire

struct SMSCCore<Request: Sendable>: Sendable {
    typealias Final = SMSCSimulator.Outcome.Final

    /// One moment on both clocks: `deadline` for waiting, `wall` for dates.
    struct Instant: Sendable {
        var deadline: NIODeadline
        var wall: Milliseconds
    }

    struct Answer: Hashable, Sendable {
        var status = CommandStatus.ok
        var messageID = ""
        var unsuccessful: [UnsuccessfulDestination] = []
    }

    /// What to do, in order. Journal records come before the answer or the delivery that relies on them.
    enum Action: Sendable {
        case journal(JournalRecord)
        case respond(Request, Answer)
        /// Never answered.
        case ignore(Request)
        case drop(Request)
        case deliver(key: UInt64, account: String, Delivery)
        case received(StoredMessage)
        case verdict(group: UInt64, HandsetVerdict)
    }

    enum HandsetVerdict: Hashable, Sendable {
        case delivered(SMSCSimulator.HandsetDelivery)
        case refused(CommandStatus)
    }

    enum Event: Sendable {
        case respond(Request, Answer)
        case finish(key: UInt64)
        case retry(key: UInt64)
        /// Answers a submit whose receipt went first and was not acknowledged in time.
        case stopWaiting(key: UInt64)
    }

    /// A deliver_sm or data_sm that has not been acknowledged.
    struct Pending: Sendable {
        enum Kind: Sendable {
            case receipt
            /// Of the receipt of that message, sent once and never again.
            case copy(of: UInt64)
            case handset(DeliverSM, group: UInt64)
        }

        let account: String
        let kind: Kind
    }

    struct AccountState: Sendable {
        var receivers = 0
        var inFlight = 0
        var ready = CircularBuffer<UInt64>()
        /// Waiting for a while or for a bind.
        var held: Set<UInt64> = []
    }

    let configuration: SMSCSimulator.Configuration
    let retryDelay: TimeAmount
    var ids: MessageIDs
    var rate: RateLimit
    var faultMemory: FaultMemory
    var chance: SeededGenerator
    var counters = SMSCSimulator.Counters()

    var messages: [UInt64: StoredMessage] = [:]
    var keys: [String: UInt64] = [:]
    var retired = CircularBuffer<UInt64>()
    var pending: [UInt64: Pending] = [:]
    var handsetPartsPending = 0
    var accounts: [String: AccountState] = [:]
    var timeline = Timeline<Event>()
    /// Submits that are answered when their receipt is.
    var overtaken: [UInt64: (request: Request, answer: Answer)] = [:]
    /// Parts of a handset's message that have no verdict yet.
    var groups: [UInt64: Int] = [:]
    var actions: [Action] = []

    /// How many deliveries of an account are handed to the server at once; the server queues more than this.
    static var inFlightLimit: Int { 1000 }

    init(configuration: SMSCSimulator.Configuration, now: Instant) {
        self.configuration = configuration
        retryDelay = TimeAmount(configuration.retryDelay)
        let microseconds = UInt64(max(1, now.wall)) * 1000
        ids = MessageIDs(form: configuration.messageIDForm, first: configuration.firstMessageNumber ?? microseconds)
        rate = RateLimit(perSecond: configuration.messagesPerSecond, now: now.deadline)
        faultMemory = FaultMemory(span: TimeAmount(configuration.faultMemory))
        chance = SeededGenerator(seed: configuration.seed)
    }

    /// What was decided since the last call.
    mutating func takeActions() -> [Action] {
        defer { actions = [] }
        return actions
    }

    // MARK: Time

    mutating func advance(now: Instant) {
        while let event = timeline.pop(now: now.deadline) {
            switch event {
            case .respond(let request, let answer): actions.append(.respond(request, answer))
            case .finish(let key): finish(key, now: now)
            case .retry(let key):
                guard let account = pending[key]?.account else { continue }
                unhold(key)
                pump(account, now: now)
            case .stopWaiting(let key): answerOvertaken(key)
            }
        }
    }

    /// Answers everything that still waits to be answered: the end is near.
    mutating func answerEverything() {
        for event in timeline.removeAll() {
            if case .respond(let request, let answer) = event { actions.append(.respond(request, answer)) }
        }
        for key in overtaken.keys.sorted() { answerOvertaken(key) }
    }

    // MARK: Life of a message

    /// Its final state: onto the handset, and the receipt where one is wanted.
    mutating func finish(_ key: UInt64, now: Instant) {
        guard var message = messages[key], message.finishedAt == nil, let final = message.final else { return }
        message.finishedAt = now.wall
        messages[key] = message
        counters.finished += 1
        if final.state == .delivered { actions.append(.received(message)) }
        guard message.wantsReceipt else { return retire(key) }
        counters.receiptsPending += 1
        enqueue(key, Pending(account: message.account, kind: .receipt))
        if chance.happens(configuration.faults.duplicatesReceipt) {
            enqueue(ids.takeNumber(), Pending(account: message.account, kind: .copy(of: key)))
        }
        pump(message.account, now: now)
    }

    /// Nothing more will happen to it unless it is cancelled: kept for queries, without its text.
    mutating func retire(_ key: UInt64) {
        messages[key]?.content.octets = []
        retired.append(key)
        while retired.count > max(0, configuration.recordLimit) {
            guard let old = messages.removeValue(forKey: retired.removeFirst()) else { continue }
            if keys[old.id] == old.key { keys[old.id] = nil }
        }
    }

    /// What a restart would have to take up.
    var unfinished: [JournalRecord] {
        let accepted = messages.values.filter { $0.wantsReceipt && ($0.finishedAt == nil || pending[$0.key] != nil) }
        var records = accepted.map { JournalRecord.accepted($0, due: $0.finishedAt ?? $0.acceptedAt) }
        for (key, entry) in pending {
            if case .handset(let part, _) = entry.kind {
                records.append(.handset(key: key, account: entry.account, part))
            }
        }
        return records.sorted { $0.key < $1.key }
    }

    mutating func store(_ message: StoredMessage) {
        messages[message.key] = message
        if keys[message.id] == nil { keys[message.id] = message.key }
    }

    /// Whether one more message would be too many.
    var isFull: Bool { messages.count - retired.count + handsetPartsPending >= configuration.pendingLimit }

    mutating func answerOvertaken(_ key: UInt64) {
        guard let (request, answer) = overtaken.removeValue(forKey: key) else { return }
        actions.append(.respond(request, answer))
    }
}
