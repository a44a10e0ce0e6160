// SPDX-License-Identifier: Apache-2.0
// How deliveries flow to one account, as a pure value: what is under way, and how long to wait after its client has asked
// for patience. And what an outcome means for the delivery itself.

internal import Messaging
internal import SMPP
internal import Wire

struct AccountFlow {
    private static let firstPause: Milliseconds = 1000
    private static let longestPause: Milliseconds = 60_000

    private(set) var inFlight = 0
    private var failures = 0
    private var notBefore: Milliseconds = .min

    /// Whether more may be sent now.
    func isOpen(now: Milliseconds) -> Bool { notBefore <= now }

    mutating func started(_ count: Int) { inFlight += count }

    mutating func ended(_ verdict: DeliveryVerdict, now: Milliseconds) {
        inFlight -= 1
        switch verdict {
        case .delivered: failures = 0
        case .later:
            // All of a window may fail at once: that is one failure.
            guard isOpen(now: now) else { return }
            notBefore = now + min(Self.longestPause, Self.firstPause << min(failures, 6))
            failures += 1
        case .again, .untried, .refused: break
        }
    }
}

/// What a client made of a delivery.
enum DeliveryVerdict: Equatable {
    case delivered
    /// Nothing was written; nothing counts as a try.
    case untried
    /// The session ended before the answer; another one may take it at once.
    case again
    /// The client asks for patience, or did not answer in time.
    case later(CommandStatus?)
    /// The client does not want it, or it cannot be written.
    case refused(String)

    init(_ result: DeliverResult) {
        switch result {
        case .response(.ok, _): self = .delivered
        case .response(let status, _):
            self = status.isPatience ? .later(status) : .refused(status.label)
        case .notSent: self = .untried
        case .uncertain(.responseTimeout): self = .later(nil)
        case .uncertain: self = .again
        case .invalid(let error): self = .refused("\(error)")
        }
    }

    /// The one that counts of several: a delivery of many parts is done when all are.
    func combined(with other: DeliveryVerdict) -> DeliveryVerdict { rank >= other.rank ? self : other }

    private var rank: Int {
        switch self {
        case .delivered: 0
        case .untried: 1
        case .again: 2
        case .later: 3
        case .refused: 4
        }
    }
}

extension DeliveryVerdict {
    /// How long deliveries are tried in all.
    static let span: Milliseconds = 7 * 86_400_000
    /// A refusal ends a delivery from this try on; before, the client may have been set up wrongly for a moment.
    static let refusalLimit = 5
    private static let firstDelay: Milliseconds = 5000
    private static let longestDelay: Milliseconds = 600_000

    /// What is to be stored of the delivery.
    func outcome(of delivery: Messaging.Delivery, now: Milliseconds) -> DeliveryStore.Outcome {
        let attempts = delivery.attempts + (self == .untried ? 0 : 1)
        let isOver = now - delivery.createdAt >= Self.span
        var state = isOver ? DeliveryState.undelivered : .pending
        var dueAt = now
        var error: String?
        switch self {
        case .delivered: state = .delivered
        case .untried: error = "no session could take it"
        case .again: error = "the session ended before its answer"
        case .later(let status):
            dueAt = now + Self.delay(after: attempts)
            error = status?.label ?? "no answer in time"
        case .refused(let reason):
            dueAt = now + Self.delay(after: attempts)
            error = reason
            if attempts >= Self.refusalLimit { state = .undelivered }
        }
        return DeliveryStore.Outcome(
            id: delivery.id, state: state, dueAt: dueAt, attempts: attempts, status: nil, error: error)
    }

    private static func delay(after attempts: Int) -> Milliseconds {
        min(longestDelay, firstDelay << min(max(0, attempts - 1), 7))
    }
}

extension CommandStatus {
    /// "Later", in the words that clients use for it.
    fileprivate var isPatience: Bool {
        switch self {
        case .temporaryReceiverError, .messageQueueFull, .throttled, .systemError: true
        default: false
        }
    }

    fileprivate var label: String { name ?? "command_status 0x" + String(rawValue, radix: 16) }
}
