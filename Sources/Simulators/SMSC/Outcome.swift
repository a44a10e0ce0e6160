// SPDX-License-Identifier: Apache-2.0
// What a simulated SMSC does with a message, and the default rule that lets the last three digits of the recipient choose.

public import SMPP

extension SMSCSimulator {
    /// The fate of one message (of each part of a long one).
    public struct Outcome: Hashable, Sendable {
        /// A final state as receipts report it.
        public struct Final: Hashable, Sendable {
            public var state: MessageState
            /// The `err:` field.
            public var err: String

            public init(_ state: MessageState, err: String = "000") {
                self.state = state
                self.err = err
            }
        }

        /// Refused at submit with this status.
        public var refusal: CommandStatus?
        /// How many times it is answered ESME_RTHROTTLED before anything else happens.
        public var throttles = 0
        /// How many times the link is cut instead of an answer before anything else happens.
        public var drops = 0
        /// Nil: the message stays on its way for ever and no receipt is sent.
        public var final: Final?
        /// The receipt goes out, and is answered, before the submit response.
        public var isReceiptFirst = false

        public init(_ final: Final?) {
            self.final = final
        }

        /// Delivered at once.
        public static let delivered = Outcome(Final(.delivered))
        /// Unknown subscriber (GSM error 1).
        public static let undeliverable = Outcome(Final(.undeliverable, err: "001"))
        /// Absent subscriber until the validity was over (GSM error 6).
        public static let expired = Outcome(Final(.expired, err: "006"))
        /// Call barred (GSM error 13).
        public static let rejected = Outcome(Final(.rejected, err: "013"))
        /// ESME_RINVDSTADR.
        public static let refused = Outcome(Final(.rejected)).with { $0.refusal = .invalidDestinationAddress }
        /// ESME_RTHROTTLED three times, then delivered.
        public static let throttledThrice = delivered.with { $0.throttles = 3 }
        /// On its way for ever.
        public static let silent = Outcome(nil)
        /// The receipt overtakes the submit response.
        public static let receiptFirst = delivered.with { $0.isReceiptFirst = true }
        /// The link is cut once instead of an answer, then delivered.
        public static let droppedOnce = delivered.with { $0.drops = 1 }

        /// The default rule: `001` to `009` at the end of the recipient, anything else is delivered.
        public static func byLastDigits(_ recipient: String) -> Outcome {
            switch recipient.suffix(3) {
            case "002": undeliverable
            case "003": expired
            case "004": rejected
            case "005": refused
            case "006": throttledThrice
            case "007": silent
            case "008": receiptFirst
            case "009": droppedOnce
            default: delivered
            }
        }

        private func with(_ change: (inout Outcome) -> Void) -> Outcome {
            var outcome = self
            change(&outcome)
            return outcome
        }
    }
}
