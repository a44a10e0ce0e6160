// SPDX-License-Identifier: Apache-2.0
// A message as the database keeps it, for whichever channel and API family.

public import Accounts
internal import SQL
public import Wire

public typealias MessageID = UUIDv7

extension SQLValue {
    /// A BYTEA column with an id.
    static func id(_ id: UUIDv7) -> SQLValue { .block(high: id.high, low: id.low) }
}

/// Names one outbound message; ids are unique within a company.
public struct MessageKey: Sendable, Hashable, Comparable {
    public let companyID: CompanyID
    public let id: MessageID

    public init(companyID: CompanyID, id: MessageID) {
        self.companyID = companyID
        self.id = id
    }

    public static func < (left: MessageKey, right: MessageKey) -> Bool {
        (left.companyID, left.id) < (right.companyID, right.id)
    }
}

public enum Direction: Int64, Sendable {
    case outbound = 0
    case inbound = 1
}

/// The API family that sent a message, which is also the one that hears of its status.
public enum Surface: String, Sendable, CaseIterable {
    case sms
    /// Customers' own SMPP clients.
    case smpp
    case conversations
    /// Chat API v2.6.
    case chat
    /// Chat API v2.3.
    case chat23
    /// 2FA API: one-time passwords.
    case verification = "2fa"
    /// Messages that no API family has sent, such as inbound ones of chat channels.
    case none

    /// Whether the family's messages may go through several channels, so that what happens names the channel.
    var namesChannels: Bool {
        switch self {
        case .sms, .smpp, .verification: false
        case .conversations, .chat, .chat23, .none: true
        }
    }

    /// How long content is kept after the message's end; nil for as long as the message.
    var contentRetention: Milliseconds? {
        switch self {
        case .chat, .chat23: 48 * 3_600_000
        case .verification: 0
        case .sms, .smpp, .conversations, .none: nil
        }
    }
}

/// A kind of channel; the raw value is stored and appears in JIDs.
public enum ChannelKind: String, Sendable, CaseIterable, Codable {
    case sms
    case mms
    case whatsapp
    case viber
    case echo
    /// A call that speaks its message.
    case voice

    /// Whether messages take a route by their recipient's number; those of other kinds go through the connector of the
    /// channel that sends them.
    public var isRouted: Bool { self == .sms || self == .voice }

    /// The kinds of which a company can have channels: whoever calls has no address of its own.
    public static let ofChannels = allCases.filter { $0 != .voice }
}

/// Where to report the status of one message.
public struct Reporting: Sendable, Equatable {
    public enum Method: String, Sendable { case post = "POST", get = "GET" }

    public let url: String
    public let method: Method

    public init(url: String, method: Method) {
        self.url = url
        self.method = method
    }
}

/// What one part costs and the network it is priced for.
public struct Quote: Sendable, Equatable, Codable {
    public let amount: Money
    public let currency: String
    public let effectiveFrom: Milliseconds
    /// Mobile country and network code, concatenated.
    public let mccmnc: String
    public let ttid: String

    public init(amount: Money, currency: String, effectiveFrom: Milliseconds, mccmnc: String, ttid: String) {
        self.amount = amount
        self.currency = currency
        self.effectiveFrom = effectiveFrom
        self.mccmnc = mccmnc
        self.ttid = ttid
    }
}

/// A message, in either direction. Its fields stand in memory that copies share until one of them is changed: a message
/// has dozens, and passes through several hands at each step of its way.
@dynamicMemberLookup
public struct Message: Sendable, Equatable {
    public struct Fields: Sendable, Equatable {
        public var companyID: CompanyID
        public var id: MessageID
        public var direction: Direction = .outbound
        public var surface: Surface
        public var kind: ChannelKind
        /// Phone numbers as digits without `+`; an alphanumeric sender as it is.
        public var sender: String
        public var recipient: String
        /// What it says, read from its stored form only where somebody asks for it.
        var content: StoredContent
        /// The customer's own reference.
        public var reference: String?
        public var status: MessageStatus = .accepted
        /// How many parts.
        public var size: Int
        /// The name of the routes that it may take.
        public var gateway: String
        public var createdAt: Milliseconds
        /// When it is to leave; nil for at once.
        public var sendAt: Milliseconds?
        public var expiresAt: Milliseconds
        public var sentAt: Milliseconds?
        public var doneAt: Milliseconds?
        public var quote: Quote?
        public var reporting: Reporting?
        public var errorCode: String?
        public var errorReason: String?
        /// Whether the sender will report conversions, and what it reported.
        public var expectsConversion = false
        public var convertedAt: Milliseconds?
        /// Whether a part was sent again after its first fate was unknown, so that the recipient may have got it twice.
        public var isPossibleDuplicate = false
        /// Taken off a prepaid balance and not yet settled.
        public var reserved: Money = .zero
        /// The trace of the request that sent it; nil when that had none.
        public var trace: TraceContext?
        /// The place in its chain of channels, from 0.
        public var step = 0
        /// What only messages of a chain or a bulk have.
        public var extra: MessageExtra?
        /// The conversation that it belongs to, where it is kept.
        public var conversationID: Int64?
        /// When its content is to be erased; nil for no sooner than the message itself.
        public var eraseAt: Milliseconds?
    }

    /// Changed by a message only that is the one that refers to it.
    @usableFromInline
    final class Storage: @unchecked Sendable {
        @usableFromInline var fields: Fields

        @usableFromInline
        init(_ fields: Fields) { self.fields = fields }
    }

    @usableFromInline var storage: Storage

    public init(
        companyID: CompanyID, id: MessageID, surface: Surface, kind: ChannelKind, sender: String, recipient: String,
        content: MessageContent?, size: Int, gateway: String, createdAt: Milliseconds, expiresAt: Milliseconds
    ) {
        self.init(
            Fields(
                companyID: companyID, id: id, surface: surface, kind: kind, sender: sender, recipient: recipient,
                content: StoredContent(content), size: size, gateway: gateway, createdAt: createdAt,
                expiresAt: expiresAt))
    }

    init(_ fields: Fields) { storage = Storage(fields) }

    @inlinable
    public subscript<Value>(dynamicMember path: WritableKeyPath<Fields, Value>) -> Value {
        get { storage.fields[keyPath: path] }
        _modify {
            if !isKnownUniquelyReferenced(&storage) { storage = Storage(storage.fields) }
            yield &storage.fields[keyPath: path]
        }
    }

    /// Nil once retention has erased it, or when it cannot be read.
    public var content: MessageContent? {
        get { storage.fields.content.value }
        set { self[dynamicMember: \.content] = StoredContent(newValue) }
    }

    /// Whether the content is at hand without being read from its stored form.
    var isComposed: Bool { if case .composed = storage.fields.content { true } else { false } }

    /// The content as the database keeps it.
    var storedContent: String? { storage.fields.content.json }

    public var key: MessageKey { MessageKey(companyID: self.companyID, id: self.id) }

    public static func == (left: Message, right: Message) -> Bool {
        left.storage === right.storage || left.storage.fields == right.storage.fields
    }
}

/// A message's content as it was composed, or as the database has it.
enum StoredContent: Sendable, Equatable {
    case composed(MessageContent)
    case stored(json: String, kind: ChannelKind)
    case erased

    init(_ content: MessageContent?) { self = content.map { .composed($0) } ?? .erased }

    var value: MessageContent? {
        switch self {
        case .composed(let content): content
        case .stored(let json, let kind): MessageContent(json: json, kind: kind)
        case .erased: nil
        }
    }

    var json: String? {
        switch self {
        case .composed(let content): content.json
        case .stored(let json, _): json
        case .erased: nil
        }
    }

    static func == (left: StoredContent, right: StoredContent) -> Bool {
        if case .stored(let left, let leftKind) = left, case .stored(let right, let rightKind) = right, left == right {
            return leftKind == rightKind
        }
        return left.value == right.value
    }
}

/// One part of one message: what a provider takes, prices and reports on.
public struct Part: Sendable, Equatable {
    /// The place in a chain of channels, from 0.
    public var step: Int
    /// The part's number, from 1.
    public var number: Int
    /// How often it was marked for submission.
    public var attempt: Int
    public var connectorID: Int64
    public var state: PartState
    /// The provider's id as it gave it.
    public var providerID: String?
    public var errorCode: String?
    public var submittedAt: Milliseconds?
    public var doneAt: Milliseconds?
    public var isPossibleDuplicate: Bool
    /// WhatsApp's conversation, once it was told.
    public var conversation: ProviderConversation?

    public init(
        step: Int = 0, number: Int, attempt: Int, connectorID: Int64, state: PartState, providerID: String? = nil,
        errorCode: String? = nil, submittedAt: Milliseconds? = nil, doneAt: Milliseconds? = nil,
        isPossibleDuplicate: Bool = false
    ) {
        self.step = step
        self.number = number
        self.attempt = attempt
        self.connectorID = connectorID
        self.state = state
        self.providerID = providerID
        self.errorCode = errorCode
        self.submittedAt = submittedAt
        self.doneAt = doneAt
        self.isPossibleDuplicate = isPossibleDuplicate
    }
}

/// Names one try at one part.
public struct PartTicket: Sendable, Hashable {
    public let key: MessageKey
    public let step: Int
    public let number: Int
    public let attempt: Int

    public init(key: MessageKey, step: Int, number: Int, attempt: Int) {
        self.key = key
        self.step = step
        self.number = number
        self.attempt = attempt
    }
}
