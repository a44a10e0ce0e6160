// SPDX-License-Identifier: Apache-2.0
// How a simulated SMSC behaves. The defaults are those of a good carrier: no delays, no faults, receipts in the usual form.

public import SMPP
public import SMSText

extension SMSCSimulator {
    /// What it listens on, who may bind, and how it treats what it is given.
    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; `start` returns the one taken.
        public var port = 2775
        /// The SMSC's own name in bind responses, at most 15 octets.
        public var name = "ParleySMSC"
        public var accounts = [Account(systemID: "parley", password: "parley")]
        public var tls: SMPPServerTLS?

        /// deliver_sm that may be unanswered per session.
        public var window = 10
        /// Requests of one session that may be unanswered; more are answered ESME_RTHROTTLED.
        public var inboundWindow = 5000
        /// How long to wait for a deliver_sm_resp before the delivery is tried again.
        public var responseTimeout: Duration = .seconds(10)
        public var enquireLinkInterval: Duration = .seconds(60)

        /// Before every submit_sm_resp.
        public var responseLatency: Duration = .zero
        /// At most this much is added to `responseLatency`, evenly distributed.
        public var responseJitter: Duration = .zero
        /// From the submit_sm_resp to the final state and its receipt.
        public var receiptDelay: Duration = .zero
        /// Before a delivery that got no answer or a temporary error is tried again on the same bind.
        public var retryDelay: Duration = .seconds(5)
        /// More submits than this in a second are answered ESME_RTHROTTLED; nil takes any number.
        public var messagesPerSecond: Double?

        public var messageIDForm: MessageIDForm = .decimal
        /// The first id is this number; nil takes the time in microseconds, so that no id returns after a restart.
        public var firstMessageNumber: UInt64?
        public var receiptIDForm = ReceiptIDForm()
        public var receiptPDU: ReceiptPDU = .deliverSM
        /// The `err:` field of receipts that report a failure; nil takes the one of the outcome.
        public var errText: String?
        /// What data_coding 0 means here, in both directions.
        public var defaultAlphabet: DefaultAlphabet = .gsm7

        /// From the recipient as it was submitted to what happens to the message.
        public var outcomeRule: @Sendable (String) -> Outcome = Outcome.byLastDigits
        public var faults = Faults()
        /// The faults and the jitter of two runs with one seed are alike.
        public var seed: UInt64 = 1

        /// An append-only file of what was accepted and which receipts were acknowledged. With one, a restart sends every
        /// receipt that is still due; without one a restart forgets them.
        public var journalPath: String?
        /// Whether the journal keeps what is done, and so tells of every message that was ever accepted.
        public var keepsJournal = false

        /// How long a throttled or dropped message is remembered until it is sent again.
        public var faultMemory: Duration = .seconds(600)
        /// Receipts and handset messages that may wait; submits beyond are answered ESME_RMSGQFUL.
        public var pendingLimit = 1_000_000
        /// Messages without a pending receipt that query_sm still finds.
        public var recordLimit = 10_000
        /// Messages kept per handset, and handsets kept.
        public var handsetMessageLimit = 50
        public var handsetLimit = 1000
        /// Hears of every message that a handset has received whole; must not block.
        public var handsetObserver: (@Sendable (HandsetMessage) -> Void)?

        public init() {}
    }

    /// An ESME that may bind.
    public struct Account: Hashable, Sendable {
        public var systemID: String
        public var password: String
        /// Numbers whose handset messages go to this account, as plain digits or names. A number that no account lists
        /// goes to the first account that is bound.
        public var numbers: Set<String>

        public init(systemID: String, password: String, numbers: Set<String> = []) {
            self.systemID = systemID
            self.password = password
            self.numbers = numbers
        }
    }

    /// How message ids look in submit responses.
    public enum MessageIDForm: String, Hashable, Sendable, CaseIterable {
        /// `1763697600000000`
        case decimal
        /// `643f8a3b1a000`, lower case
        case hexadecimal
        /// `019aa4b2-7c5e-7000-8000-1b2c3d4e5f60`
        case uuid
    }

    /// How receipts write the id that the submit response gave.
    public struct ReceiptIDForm: Hashable, Sendable {
        public enum Conversion: String, Hashable, Sendable, CaseIterable {
            case same
            /// The id is read as decimal and written as hexadecimal.
            case hexOfDecimal
            /// The id is read as hexadecimal and written as decimal.
            case decimalOfHex
        }

        public enum LetterCase: String, Hashable, Sendable, CaseIterable {
            case lower, upper
        }

        public enum Placement: String, Hashable, Sendable, CaseIterable {
            /// In the text alone, with no optional parameter at all, as before SMPP 3.4.
            case text
            /// In receipted_message_id alone; the `id:` field is empty.
            case parameter
            case both
        }

        public var conversion: Conversion
        public var letterCase: LetterCase
        /// Shorter ids get leading zeros up to this length.
        public var minimumLength: Int
        public var placement: Placement

        public init(
            conversion: Conversion = .same, letterCase: LetterCase = .lower, minimumLength: Int = 0,
            placement: Placement = .both
        ) {
            self.conversion = conversion
            self.letterCase = letterCase
            self.minimumLength = minimumLength
            self.placement = placement
        }
    }

    /// The PDU that carries receipts.
    public enum ReceiptPDU: String, Hashable, Sendable, CaseIterable {
        case deliverSM, dataSM
    }

    /// Chances from 0 to 1 that something goes wrong, drawn anew for each message.
    public struct Faults: Hashable, Sendable {
        /// The link is cut instead of an answer; the message is not accepted.
        public var dropsLink = 0.0
        /// Answered ESME_RSYSERR; the message is not accepted.
        public var refuses = 0.0
        /// Accepted, but never answered.
        public var keepsSilent = 0.0
        /// The receipt comes later by `receiptLateness`.
        public var delaysReceipt = 0.0
        /// The receipt is sent twice.
        public var duplicatesReceipt = 0.0
        public var receiptLateness: Duration = .seconds(2)

        public init() {}
    }
}
