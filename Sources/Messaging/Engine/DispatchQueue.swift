// SPDX-License-Identifier: Apache-2.0
// The messages of this node that still have parts to hand over, as a pure value: what waits, what is on its way, what
// has to wait for a while. Every message in it is a job that the node holds.
//
//   waiting ──take──▶ submitting ──taken or refused──▶ done
//      ▲                  │
//      └──── requeued ────┘        (a message leaves when all of its parts are done)

internal import Accounts
internal import DequeModule
internal import Wire

/// A message in the dispatcher's memory.
struct QueuedMessage: Sendable {
    let message: Message
    /// The parts still to be handed over, in their order.
    var waiting: [QueuedPart]
    /// How many parts are on their way.
    var submitting = 0
    /// Not before this instant.
    var notBefore: Milliseconds = 0

    /// A message that was just accepted: all of it waits.
    init?(fresh message: Message) {
        self.init(message, waiting: (1...max(1, message.size)).map { QueuedPart(number: $0, attempt: 1) })
    }

    /// Nil for a message whose stored content cannot be read: it is not sent as something else, and ends by its validity.
    init?(_ message: Message, waiting: [QueuedPart]) {
        guard let content = message.content else { return nil }
        var message = message
        // What was read from the database is read once, however many parts there are.
        if !message.isComposed { message.content = content }
        self.message = message
        self.waiting = waiting
    }

    var key: MessageKey { message.key }
    var kind: ChannelKind { message.kind }
    var gateway: String { message.gateway }
    var sender: String { message.sender }
    var recipient: String { message.recipient }
    var content: MessageContent? { message.content }
    var size: Int { message.size }
    var expiresAt: Milliseconds { message.expiresAt }
    var step: Int { message.step }

    /// Whether WhatsApp takes it only within a day of the customer's last message.
    var needsOpenWindow: Bool {
        guard kind == .whatsapp, case .rich(let content) = content else { return false }
        if case .template = content.body { return false }
        return true
    }
}

struct QueuedPart: Sendable, Equatable {
    let number: Int
    /// The try that comes next, from 1.
    let attempt: Int
    var isPossibleDuplicate = false
}

/// One lane's messages: those that share a route.
struct DispatchQueue: Sendable {
    private var messages: [MessageKey: QueuedMessage] = [:]
    private var ready: Deque<MessageKey> = []
    private var delayed: [(at: Milliseconds, key: MessageKey)] = []

    var count: Int { messages.count }
    var hasReady: Bool { !ready.isEmpty }
    /// When the first delayed message becomes ready.
    var nextDue: Milliseconds? { delayed.map(\.at).min() }

    mutating func add(_ message: QueuedMessage) {
        guard messages.updateValue(message, forKey: message.key) == nil else { return }
        ready.append(message.key)
    }

    /// The step at which a message is here; nil when it is not here.
    func step(of key: MessageKey) -> Int? { messages[key]?.step }

    /// Moves messages whose delay is over to where they can be taken.
    mutating func wake(now: Milliseconds) {
        guard !delayed.isEmpty else { return }
        for item in delayed where item.at <= now && messages[item.key] != nil { ready.append(item.key) }
        delayed.removeAll { $0.at <= now }
    }

    /// Takes up to `limit` parts, messages in order. They count as on their way until `finish` or `requeue`.
    mutating func take(limit: Int, now: Milliseconds) -> [(message: QueuedMessage, part: QueuedPart)] {
        var taken: [(message: QueuedMessage, part: QueuedPart)] = []
        while taken.count < limit, let key = ready.first {
            guard var message = messages[key], !message.waiting.isEmpty, message.notBefore <= now else {
                ready.removeFirst()
                continue
            }
            let count = min(limit - taken.count, message.waiting.count)
            let parts = message.waiting.prefix(count)
            message.waiting.removeFirst(count)
            message.submitting += count
            messages[key] = message
            taken += parts.map { (message, $0) }
            if message.waiting.isEmpty { ready.removeFirst() }
        }
        return taken
    }

    /// One part came to its end. True when its message has left the queue.
    mutating func finish(_ key: MessageKey) -> Bool {
        guard var message = messages[key] else { return false }
        message.submitting -= 1
        messages[key] = message
        return removeIfDone(key)
    }

    /// One part is to be tried again, at once or at `notBefore`; the message's other parts wait with it.
    mutating func requeue(_ key: MessageKey, _ part: QueuedPart, notBefore: Milliseconds, now: Milliseconds) {
        guard var message = messages[key] else { return }
        message.submitting -= 1
        let wasWaiting = !message.waiting.isEmpty
        message.waiting.append(part)
        message.waiting.sort { $0.number < $1.number }
        if notBefore > now {
            message.notBefore = max(message.notBefore, notBefore)
            delayed.append((message.notBefore, key))
        } else if !wasWaiting {
            ready.append(key)
        }
        messages[key] = message
    }

    /// Forgets a message that ended or that another node has now. True when it was there.
    mutating func remove(_ key: MessageKey) -> Bool { messages.removeValue(forKey: key) != nil }

    /// Forgets everything; returns how much that was.
    mutating func removeAll() -> [QueuedMessage] {
        defer { self = DispatchQueue() }
        return Array(messages.values)
    }

    private mutating func removeIfDone(_ key: MessageKey) -> Bool {
        guard let message = messages[key], message.submitting <= 0, message.waiting.isEmpty else { return false }
        messages[key] = nil
        return true
    }
}
