// SPDX-License-Identifier: Apache-2.0
// How a message moves: a pure value that takes the outcomes and reports of its parts and says what changed.
//
//   part:   queued ─mark─▶ submitting ─taken─▶ sent ─receipt─▶ delivered | undeliverable | expired | rejected | …
//             ▲               │ │ └─refused─▶ rejected
//             └──retry/resend─┘ └─unknown, policy hold─▶ held ─operator─▶ queued | sent | failed
//
// A final part stays as it is; the message's status is computed from its parts and only rises. What comes after the
// message has ended is kept as a `late` event. If one part is refused while others have not left, those end with it:
// the recipient could never read the whole.

internal import Accounts
internal import Wire

/// Something that happened to one part.
struct PartChange: Sendable {
    enum Fact: Sendable {
        /// The provider took this try.
        case submitted(providerID: String)
        case refused(code: String, reason: String)
        /// This try is undone; the part waits for another.
        case requeued
        /// Nobody knows whether this try reached the provider.
        case uncertain(UncertainPolicy)
        case report(PartState, errorCode: String?)
        /// An operator's word on a held part.
        case released(HeldRelease)
    }

    /// What a provider's report says beside the state.
    struct ReportDetail: Sendable {
        var reason: String?
        var conversation: ProviderConversation?
    }

    let key: MessageKey
    let step: Int
    let number: Int
    /// The try that the fact belongs to; nil for a report, which counts for whichever try is current.
    let attempt: Int?
    let fact: Fact
    let at: Milliseconds
    var detail = ReportDetail()

    init(ticket: PartTicket, fact: Fact, at: Milliseconds) {
        key = ticket.key
        step = ticket.step
        number = ticket.number
        attempt = ticket.attempt
        self.fact = fact
        self.at = at
    }

    init(key: MessageKey, step: Int, number: Int, report state: PartState, errorCode: String?, at: Milliseconds) {
        self.key = key
        self.step = step
        self.number = number
        attempt = nil
        fact = .report(state, errorCode: errorCode)
        self.at = at
    }

    init(key: MessageKey, step: Int, number: Int, release: HeldRelease, at: Milliseconds) {
        self.key = key
        self.step = step
        self.number = number
        attempt = nil
        fact = .released(release)
        self.at = at
    }
}

struct MessageProgress: Sendable {
    var message: Message
    /// Of every channel that was tried.
    var parts: [Part]
    private(set) var changedParts: Set<Int> = []
    private(set) var events: [Event] = []
    /// The channels that have failed with this progress, in order.
    var failures: [StepFailure] = []
    let before: Message
    let partsBefore: [Part]
    /// Whether the whole message is being ended, so that no further channel is tried.
    private(set) var isEnding = false
    /// The step whose word the message's status is; the current one unless an earlier one has arrived late.
    var decidingStep: Int?
    private let wasDispatched: Bool

    init(message: Message, parts: [Part]) {
        self.message = message
        self.parts = parts
        before = message
        partsBefore = parts
        wasDispatched = Self.isDispatched(message, parts)
    }

    var hasChanged: Bool { message != before }
    /// Whether the times by which a message is looked for are what they were.
    var keepsItsTimes: Bool {
        message.doneAt == before.doneAt && message.eraseAt == before.eraseAt
            && message.convertedAt == before.convertedAt
    }
    /// Whether this progress took the message to its next channel.
    var hasAdvanced: Bool { message.step != before.step }
    /// Whether it is on its next channel now, of which nothing has left.
    var isUnderWayAgain: Bool { hasAdvanced && !message.status.isTerminal }
    /// Whether a message that was delivered has now been seen.
    var hasBecomeSeen: Bool { message.status == .seen && before.status == .delivered }
    /// The parts on the current channel.
    var currentParts: [Part] { Self.currentParts(message, parts) }

    private static func currentParts(_ message: Message, _ parts: [Part]) -> [Part] {
        message.extra == nil ? parts : parts.filter { $0.step == message.step }
    }
    /// Whether this progress brought the message to its end.
    var hasEnded: Bool { message.status.isTerminal && !before.status.isTerminal }
    /// Whether with this progress the provider has taken the last of the message, and nothing final is known yet.
    var hasBecomeSent: Bool { message.status == .sent && before.status < .sent }
    /// Whether nothing of the message is left to be handed to a provider.
    var isDispatched: Bool { Self.isDispatched(message, parts) }
    /// Whether this progress handed over the last of it.
    var hasBecomeDispatched: Bool { isDispatched && !wasDispatched }

    private static func isDispatched(_ message: Message, _ parts: [Part]) -> Bool {
        if message.status.isTerminal { return true }
        let parts = currentParts(message, parts)
        return parts.count >= message.size && parts.allSatisfy { $0.state >= .held }
    }

    var changed: [Part] { changedParts.sorted().map { parts[$0] } }

    /// What is to be stored of the parts.
    var partUpdates: [MessageStore.PartUpdate] {
        changed.map { part in
            (message.key, part, partsBefore.first { $0.step == part.step && $0.number == part.number })
        }
    }

    /// Applies one fact. Facts of a try that is no longer current, and reports on final parts, change nothing.
    mutating func apply(_ change: PartChange) {
        guard let index = parts.firstIndex(where: { $0.step == change.step && $0.number == change.number }) else {
            return
        }
        let part = parts[index]
        if case .report(.seen, _) = change.fact, part.state == .delivered || part.state == .sent {
            if !message.status.isTerminal || message.status == .delivered {
                becomeSeen(index, at: change.at)
                return
            }
        }
        if message.status.isTerminal {
            note(.late, at: change.at, detail: "part \(change.number): \(change.fact.name)")
            return
        }
        if let attempt = change.attempt {
            guard part.attempt == attempt, part.state == .submitting else { return }
        } else if part.state.isFinal {
            note(.late, at: change.at, detail: "part \(change.number): \(change.fact.name)")
            return
        }
        var next = part
        switch change.fact {
        case .submitted(let providerID):
            next.state = .sent
            next.providerID = providerID.isEmpty ? nil : providerID
            next.submittedAt = change.at
        case .refused(let code, let reason):
            next.state = .rejected
            next.errorCode = code
            next.doneAt = change.at
            message.errorReason = reason
        case .requeued: next.state = .queued
        case .uncertain(let policy): becomeUncertain(&next, policy: policy, at: change.at)
        case .report(let state, let errorCode):
            guard state > part.state else { return }
            next.state = state
            next.errorCode = errorCode ?? part.errorCode
            next.conversation = change.detail.conversation ?? part.conversation
            if let reason = change.detail.reason, errorCode != nil { message.errorReason = reason }
            if state.isFinal { next.doneAt = change.at }
        case .released(let release):
            guard part.state == .held else { return }
            becomeReleased(&next, as: release, at: change.at)
        }
        if next.isPossibleDuplicate { message.isPossibleDuplicate = true }
        guard next != part else { return }
        parts[index] = next
        changedParts.insert(index)
    }

    private mutating func becomeUncertain(_ part: inout Part, policy: UncertainPolicy, at: Milliseconds) {
        note(.uncertain, at: at, detail: "part \(part.number): \(policy.rawValue)")
        switch policy {
        case .resend:
            part.state = .queued
            part.isPossibleDuplicate = true
        case .hold: part.state = .held
        case .fail:
            part.state = .failed
            part.doneAt = at
            part.errorCode = GSMError.systemFailure.code
            message.errorReason = "the carrier's answer never came"
        }
    }

    private mutating func becomeReleased(_ part: inout Part, as release: HeldRelease, at: Milliseconds) {
        note(.released, at: at, detail: "part \(part.number): \(release.rawValue)")
        switch release {
        case .resend:
            part.state = .queued
            part.isPossibleDuplicate = true
        case .sent:
            part.state = .sent
            part.submittedAt = at
        case .failed:
            part.state = .failed
            part.doneAt = at
            part.errorCode = GSMError.systemFailure.code
            message.errorReason = "the carrier's answer never came"
        }
    }

    /// Ends every part that has not ended, sent or not.
    mutating func end(as state: PartState, errorCode: String?, reason: String?, at: Milliseconds) {
        guard !message.status.isTerminal else { return }
        isEnding = true
        endUnfinished(as: state, errorCode: errorCode, at: at) { !$0.state.isFinal }
        if let reason { message.errorReason = reason }
    }

    mutating func endUnfinished(
        as state: PartState, errorCode: String?, at: Milliseconds, where isMeant: (Part) -> Bool
    ) {
        let step = message.step
        for number in 1...max(1, message.size)
        where !parts.contains(where: { $0.step == step && $0.number == number }) {
            parts.append(Part(step: step, number: number, attempt: 0, connectorID: 0, state: .queued))
        }
        for index in parts.indices where isMeant(parts[index]) {
            parts[index].state = state
            parts[index].errorCode = errorCode
            parts[index].doneAt = at
            changedParts.insert(index)
        }
        parts.sort { ($0.step, $0.number) < ($1.step, $1.number) }
        changedParts = Set(parts.indices)
    }

    private mutating func becomeSeen(_ index: Int, at: Milliseconds) {
        parts[index].state = .seen
        parts[index].doneAt = parts[index].doneAt ?? at
        changedParts.insert(index)
    }

    /// Computes the message's status from its parts. To be called once, after the last fact.
    mutating func settle(at: Milliseconds) {
        if message.status == .delivered {
            // Nothing but this can follow.
            guard Self.status(of: currentParts, size: message.size, initial: .delivered) == .seen else { return }
            message.status = .seen
            note(.seen, at: at)
            return
        }
        guard !message.status.isTerminal else { return }
        if let refused = currentParts.first(where: { $0.state.isFinal && $0.submittedAt == nil && $0.state != .expired }
        ),
            !isDispatched
        {
            endUnfinished(as: refused.state, errorCode: refused.errorCode, at: at) {
                $0.state == .queued && $0.step == refused.step
            }
        }
        let status = settleChain(
            Self.status(of: currentParts, size: message.size, initial: message.status), at: at)
        guard status > message.status else { return }
        // A receipt that was here before the outcome is applied with it: it was taken first all the same.
        if status == .delivered || status == .seen, message.status < .sent { note(.sent, at: at) }
        message.status = status
        if status >= .sent { message.sentAt = message.sentAt ?? parts.compactMap(\.submittedAt).min() }
        if status.isTerminal { finish(status, at: at) }
        if let kind = EventKind(status) { note(kind, at: at, detail: message.errorCode) }
    }

    private mutating func finish(_ status: MessageStatus, at: Milliseconds) {
        message.doneAt = currentParts.compactMap(\.doneAt).max() ?? at
        message.errorCode = currentParts.max { $0.state < $1.state }?.errorCode
        if status <= .seen {
            message.errorReason = nil
        }
        message.eraseAt = [
            message.surface.contentRetention.map { at + $0 },
            message.extra?.retentionDays.map { max(at, message.createdAt + Int64($0) * 86_400_000) },
        ].compactMap(\.self).min()
    }

    static func status(of parts: [Part], size: Int, initial: MessageStatus) -> MessageStatus {
        MessageStatus.of(parts: parts.map(\.state), size: size, initial: initial)
    }

    /// What a prepaid company gets back: the price of every part that never left. Nil while that is not decided.
    mutating func settleReservation() -> Money? {
        guard message.reserved != .zero, isDispatched, !parts.contains(where: { $0.state == .held }) else { return nil }
        let unsent = currentParts.count { $0.submittedAt == nil }
        let price = message.quote?.amount ?? .zero
        message.reserved = .zero
        return price * unsent
    }

    /// The same for the channel that was given up, when the message has gone on to the next.
    mutating func settleStepReservation() -> Money? {
        guard message.reserved != .zero else { return nil }
        let sent = parts.count { $0.step == before.step && $0.submittedAt != nil }
        let refund = message.reserved - (before.quote?.amount ?? .zero) * sent
        message.reserved = .zero
        return refund
    }

    mutating func note(_ kind: EventKind, at: Milliseconds, detail: String? = nil, reason: String? = nil) {
        events.append(
            Event(
                key: message.key, kind: kind, at: at, detail: detail,
                channel: message.surface.namesChannels ? decidingKind : nil, reason: reason))
    }
}

extension PartChange.Fact {
    fileprivate var name: String {
        switch self {
        case .submitted: "submitted"
        case .refused(let code, _): "refused \(code)"
        case .requeued: "requeued"
        case .uncertain: "uncertain"
        case .report(let state, _): "\(state)"
        case .released(let release): "released as \(release.rawValue)"
        }
    }
}
