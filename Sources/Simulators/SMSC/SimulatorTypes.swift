// SPDX-License-Identifier: Apache-2.0
// The values that a simulated SMSC hands out: messages on handsets, counters, errors.

public import SMPP
public import Wire

extension SMSCSimulator {
    /// A message as a handset shows it, all parts joined.
    public struct HandsetMessage: Hashable, Sendable {
        /// As it was submitted: digits, or a name.
        public var sender: String
        /// The handset's number as plain digits.
        public var recipient: String
        public var text: String
        /// How many short messages it came in.
        public var parts: Int
        public var dataCoding: UInt8
        public var receivedAt: Milliseconds

        public init(
            sender: String, recipient: String, text: String, parts: Int, dataCoding: UInt8, receivedAt: Milliseconds
        ) {
            self.sender = sender
            self.recipient = recipient
            self.text = text
            self.parts = parts
            self.dataCoding = dataCoding
            self.receivedAt = receivedAt
        }
    }

    /// What has become of a handset's message by the time `sendFromHandset` returns.
    public enum HandsetDelivery: Hashable, Sendable {
        /// The ESME has acknowledged every part.
        case acknowledged
        /// A part got no answer or a temporary error; the SMSC keeps trying.
        case retrying
    }

    /// Why a handset's message could not be delivered.
    public enum SendError: Error, Hashable, Sendable, CustomStringConvertible {
        /// No ESME that receives is bound, or the simulator is not running.
        case nobodyBound
        /// More than 255 parts.
        case tooLong
        /// The ESME refused a part for good.
        case refused(CommandStatus)
        /// An address has more than 20 octets.
        case invalidAddress
        /// As many messages wait as may.
        case queueFull

        public var description: String {
            switch self {
            case .nobodyBound: "no receiver is bound"
            case .tooLong: "the text needs more than 255 parts"
            case .refused(let status): "the ESME refused the message: \(status)"
            case .invalidAddress: "an address is longer than 20 octets"
            case .queueFull: "too many messages wait"
            }
        }
    }

    /// What has happened since the start.
    public struct Counters: Hashable, Sendable {
        /// Requests to send a message, one for each destination.
        public var submitted = 0
        public var accepted = 0
        /// Answered with an error other than ESME_RTHROTTLED.
        public var refused = 0
        public var throttled = 0
        public var linksDropped = 0
        /// Accepted, and never answered because a fault said so.
        public var unanswered = 0
        /// Messages that have reached their final state.
        public var finished = 0
        /// Receipts written to a bind, repetitions included.
        public var receiptsSent = 0
        public var receiptsAcknowledged = 0
        /// Receipts that wait to be sent or acknowledged.
        public var receiptsPending = 0
        /// Parts of handset messages.
        public var handsetPartsSent = 0
        public var handsetPartsAcknowledged = 0

        public init() {}
    }
}
