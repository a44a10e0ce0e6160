// SPDX-License-Identifier: Apache-2.0
// How a simulated Viber behaves: its business services, its bots, and when statuses come.

public import Wire

extension ViberSimulator {
    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; `start` returns the one taken.
        public var port = 0
        public var services = [Service()]
        public var bots: [Bot] = []

        /// From the answer to `delivered`, from there to `seen`.
        public var deliveredDelay: Duration = .zero
        public var seenDelay: Duration = .zero
        /// Before the first status of `ChatOutcome.delayed`.
        public var lateness: Duration = .seconds(5)
        public var retries = CallbackRetries()
        /// How long a callback may take to be answered.
        public var callbackTimeout: Duration = .seconds(10)
        /// Whether session messages need a customer who wrote in the last 24 hours, and end after ten.
        public var enforcesSessions = true

        /// From the recipient, digits or a Viber id, to what happens to the message.
        public var outcomeRule: @Sendable (String) -> ChatOutcome = ChatOutcome.byLastDigits
        public var faults = HTTPFaultChances()
        public var seed: UInt64 = 1
        /// Records kept in the journal, messages known for `customerSees`, and media.
        public var journalLimit = 10_000
        public var mediaLimit = 1000
        /// Hears of everything that enters the journal; must not block.
        public var observer: (@Sendable (Record) -> Void)?

        public init() {}
    }

    /// A service of Viber Business Messages.
    public struct Service: Hashable, Sendable {
        public var id: Int64
        /// Must come in `X-Viber-Auth-Token`, and signs the callbacks; nil lets anybody send, and signs nothing.
        public var token: String?
        /// Nil drops the callbacks.
        public var callbackURL: String?
        /// Whether customers can answer.
        public var isTwoWay: Bool

        public init(
            id: Int64 = 10001, token: String? = "simulated-viber-token", callbackURL: String? = nil,
            isTwoWay: Bool = true
        ) {
            self.id = id
            self.token = token
            self.callbackURL = callbackURL
            self.isTwoWay = isTwoWay
        }
    }

    /// A public chat bot. Its callback URL is set by `set_webhook`.
    public struct Bot: Hashable, Sendable {
        /// `pa:` and digits.
        public var id: String
        public var name: String
        public var token: String
        /// Who may be written to from the start, by Viber id.
        public var subscribers: Set<String>

        public init(
            id: String = "pa:75346594275468546724", name: String = "Demo bot",
            token: String = "445da6az1s345z78-dazcczb2542zv51a-e0vc5fva17480im9", subscribers: Set<String> = []
        ) {
            self.id = id
            self.name = name
            self.token = token
            self.subscribers = subscribers
        }
    }

    /// Something that came in or went out.
    public struct Record: Sendable {
        public enum Kind: String, Sendable {
            /// A message was taken.
            case message
            /// A request was refused; `detail` is the status code.
            case refusal
            /// A bot's webhook was set or removed.
            case webhookSet
            case download
            /// A callback was answered 200 by the other side; `json` is its body.
            case callback
            /// A callback was given up.
            case lostCallback
        }

        public var kind: Kind
        public var at: Milliseconds
        /// The message token.
        public var id: String
        /// The id of the service or the bot.
        public var sender: String
        public var recipient: String
        public var json: JSONValue
        public var detail: String
    }

    /// What has happened since the start.
    public struct Counters: Hashable, Sendable {
        public var requests = 0
        public var messages = 0
        public var refused = 0
        /// Callbacks posted and answered 200, and those given up.
        public var callbacks = 0
        public var lostCallbacks = 0

        public init() {}
    }
}
