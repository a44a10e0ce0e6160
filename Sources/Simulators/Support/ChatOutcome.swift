// SPDX-License-Identifier: Apache-2.0
// What a simulated chat provider does with a message, and the default rule that lets the last three digits of the
// recipient choose. The digits that the simulated SMSC knows too mean the same here.

/// The fate of one message.
public enum ChatOutcome: String, Hashable, Sendable, CaseIterable {
    /// Sent, delivered and read.
    case read
    /// Sent and delivered, never read.
    case delivered
    /// Taken, then failed: nobody there.
    case undeliverable
    /// Taken, and never delivered in its time.
    case expired
    /// Taken, then failed: the provider does not want to deliver it.
    case rejected
    /// Refused in the answer to the request.
    case refused
    /// Refused three times because of the rate, then read.
    case throttledThrice
    /// Taken, and never heard of again.
    case silent
    /// The statuses overtake the answer to the request.
    case statusFirst
    /// The connection is cut once instead of an answer, the message not taken; then read.
    case droppedOnce
    /// Everything that `read` gives, late.
    case delayed
    /// Every status comes twice.
    case duplicated
    /// The statuses come in reverse order.
    case reordered

    /// The default rule: `001` to `013` at the end of the recipient, anything else is read.
    public static func byLastDigits(_ recipient: String) -> ChatOutcome {
        switch recipient.suffix(3) {
        case "002": .undeliverable
        case "003": .expired
        case "004": .rejected
        case "005": .refused
        case "006": .throttledThrice
        case "007": .silent
        case "008": .statusFirst
        case "009": .droppedOnce
        case "010": .delivered
        case "011": .delayed
        case "012": .duplicated
        case "013": .reordered
        default: .read
        }
    }
}

/// How often a recipient was refused or dropped before the outcome came true.
struct OutcomeMemory: Sendable {
    /// Recipients remembered; the oldest are forgotten.
    static let limit = 10_000

    private var counts: [String: Int] = [:]
    private var order: [String] = []

    /// Whether this request still suffers; every `times` + 1st does not.
    mutating func suffers(_ recipient: String, times: Int) -> Bool {
        let count = counts[recipient] ?? 0
        guard count < times else {
            counts[recipient] = nil
            order.removeAll { $0 == recipient }
            return false
        }
        if count == 0 { order.append(recipient) }
        counts[recipient] = count + 1
        if order.count > Self.limit { counts[order.removeFirst()] = nil }
        return true
    }
}
