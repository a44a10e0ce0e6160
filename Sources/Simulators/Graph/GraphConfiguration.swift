// SPDX-License-Identifier: Apache-2.0
// How a simulated WhatsApp Cloud API behaves: whose numbers it has, which templates are approved, when statuses come.

public import Wire

extension GraphSimulator {
    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; `start` returns the one taken.
        public var port = 0
        /// The bearer token that requests must carry.
        public var accessToken = "EAASimulated"
        /// Signs the webhooks.
        public var appSecret = "simulated-app-secret"
        public var accounts = [Account()]
        /// Where webhooks go; nil drops them. `subscribe` verifies a URL and sets it.
        public var callbackURL: String?

        /// From the answer to `sent`, from there to `delivered`, from there to `read`.
        public var sentDelay: Duration = .zero
        public var deliveredDelay: Duration = .zero
        public var readDelay: Duration = .zero
        /// Before the first status of `ChatOutcome.delayed`.
        public var lateness: Duration = .seconds(5)
        public var retries = CallbackRetries()
        /// How long a webhook may take to be answered.
        public var callbackTimeout: Duration = .seconds(10)
        /// Whether anything but templates fails with 131047 unless the customer has written in the last 24 hours.
        public var enforcesWindow = true
        /// Messages that one number may send in a second; more are refused with 130429. Nil takes any number.
        public var messagesPerSecond: Int?
        /// Whether webhooks name customers by business-scoped ids too.
        public var namesUserIDs = true

        /// From the recipient, digits or a business-scoped id, to what happens to the message.
        public var outcomeRule: @Sendable (String) -> ChatOutcome = ChatOutcome.byLastDigits
        public var faults = HTTPFaultChances()
        public var seed: UInt64 = 1
        /// Records kept in the journal, messages known for `customerDeletes` and `customerReads`, and media.
        public var journalLimit = 10_000
        public var mediaLimit = 1000
        /// Hears of everything that enters the journal; must not block.
        public var observer: (@Sendable (Record) -> Void)?

        public init() {}
    }

    /// A WhatsApp Business Account.
    public struct Account: Hashable, Sendable {
        public var id: String
        public var numbers: [PhoneNumber]
        public var templates: [Template]

        public init(
            id: String = "102290129340398", numbers: [PhoneNumber] = [PhoneNumber()],
            templates: [Template] = Template.samples
        ) {
            self.id = id
            self.numbers = numbers
            self.templates = templates
        }
    }

    public struct PhoneNumber: Hashable, Sendable {
        public var id: String
        /// Digits.
        public var number: String
        public var verifiedName: String

        public init(
            id: String = "106540352242922", number: String = "4915200000001", verifiedName: String = "Demo WABA"
        ) {
            self.id = id
            self.number = number
            self.verifiedName = verifiedName
        }
    }

    /// An approved template: what it wants to have filled in.
    public struct Template: Hashable, Sendable {
        public enum Header: Hashable, Sendable {
            /// With 0 or 1 variables.
            case text(variables: Int)
            case image, video, document, location
        }

        public enum Button: Hashable, Sendable {
            case quickReply
            /// Whether the end of the URL is a variable.
            case url(isVariable: Bool)
            case flow
            case phoneNumber
            case copyCode
        }

        public var name: String
        public var language: String
        /// `utility`, `marketing` or `authentication`: the category of its price.
        public var category: String
        public var header: Header?
        public var bodyVariables: Int
        public var buttons: [Button]
        /// The cards of a carousel.
        public var cards: [Card]

        public struct Card: Hashable, Sendable {
            public var header: Header
            public var bodyVariables: Int
            public var buttons: [Button]

            public init(header: Header, bodyVariables: Int = 0, buttons: [Button] = []) {
                self.header = header
                self.bodyVariables = bodyVariables
                self.buttons = buttons
            }
        }

        public init(
            _ name: String, language: String = "en", category: String = "utility", header: Header? = nil,
            bodyVariables: Int = 0, buttons: [Button] = [], cards: [Card] = []
        ) {
            self.name = name
            self.language = language
            self.category = category
            self.header = header
            self.bodyVariables = bodyVariables
            self.buttons = buttons
            self.cards = cards
        }

        /// One of each kind.
        public static let samples = [
            Template("hello_world", language: "en_US"),
            Template("order_update", bodyVariables: 2),
            Template("order_update", language: "de", bodyVariables: 2),
            Template(
                "appointment", header: .text(variables: 1), bodyVariables: 1, buttons: [.quickReply, .quickReply]),
            Template("shipping", header: .image, bodyVariables: 1, buttons: [.url(isVariable: true)]),
            Template("invoice", header: .document, bodyVariables: 1),
            Template("clip", category: "marketing", header: .video, bodyVariables: 0),
            Template("store", header: .location, bodyVariables: 1),
            Template("survey", category: "marketing", bodyVariables: 0, buttons: [.flow]),
            Template("one_time_code", category: "authentication", bodyVariables: 1, buttons: [.url(isVariable: true)]),
            Template(
                "summer_sale", category: "marketing", bodyVariables: 1,
                cards: Array(repeating: Card(header: .image, bodyVariables: 1, buttons: [.quickReply]), count: 2)),
        ]
    }

    /// Something that came in or went out.
    public struct Record: Sendable {
        public enum Kind: String, Sendable {
            /// A message was taken.
            case message
            /// A request was refused; `detail` is the code.
            case refusal
            /// A message was marked as read, perhaps with typing.
            case read
            case upload, download, deletion
            /// A webhook was answered 200 by the other side; `json` is its body.
            case webhook
            /// A webhook was given up.
            case lostWebhook
        }

        public var kind: Kind
        public var at: Milliseconds
        /// The id of the message or of the media.
        public var id: String
        public var phoneNumberID: String
        /// Digits or a business-scoped id; empty where there is none.
        public var recipient: String
        public var json: JSONValue
        public var detail: String
    }

    /// What has happened since the start.
    public struct Counters: Hashable, Sendable {
        public var requests = 0
        public var messages = 0
        public var refused = 0
        /// Webhooks posted and answered 200, and those given up.
        public var webhooks = 0
        public var lostWebhooks = 0

        public init() {}
    }
}
