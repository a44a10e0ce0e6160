// SPDX-License-Identifier: Apache-2.0
// What a company has set for its channels and for itself in the Conversations API: where events go, which of them, how
// they are signed. What a channel says wins, field by field, over what the company says.

/// The form of the events that a receiver expects.
public enum CallbackVersion: String, Sendable, Codable, CaseIterable, Comparable {
    case v2_11 = "2.11"
    case v2_12 = "2.12"
    case v2_13 = "2.13"

    public static let standard = CallbackVersion.v2_12

    public static func < (left: CallbackVersion, right: CallbackVersion) -> Bool { left.rawValue < right.rawValue }
}

public struct CallbackSettings: Sendable, Equatable, Codable {
    public struct Signature: Sendable, Equatable, Codable {
        public enum Method: String, Sendable, Codable, CaseIterable { case hs256 = "HS256", hs512 = "HS512" }

        public var secret: String
        public var method: Method

        public init(secret: String, method: Method) {
            self.secret = secret
            self.method = method
        }
    }

    /// One header that every event carries.
    public struct Header: Sendable, Equatable, Codable {
        public var key: String
        public var value: String

        public init(key: String, value: String) {
            self.key = key
            self.value = value
        }
    }

    public var callbackVersion: CallbackVersion?
    public var inboundMessageUrl: String?
    public var messageStatusUrl: String?
    /// Names of `MessageStatus::` events; nil or empty for all.
    public var eventFilter: [String]?
    /// The company's only.
    public var signature: Signature?
    public var header: Header?

    public init() {}

    /// These settings where they say something, else `account`'s.
    public func over(_ account: CallbackSettings?) -> CallbackSettings {
        var merged = account ?? CallbackSettings()
        merged.callbackVersion = callbackVersion ?? merged.callbackVersion
        merged.inboundMessageUrl = inboundMessageUrl ?? merged.inboundMessageUrl
        merged.messageStatusUrl = messageStatusUrl ?? merged.messageStatusUrl
        merged.eventFilter = eventFilter ?? merged.eventFilter
        merged.signature = signature ?? merged.signature
        merged.header = header ?? merged.header
        return merged
    }

    /// Whether receivers want to hear of a status event.
    public func wants(_ event: String) -> Bool { eventFilter.map { $0.isEmpty || $0.contains(event) } ?? true }
}

/// How Parley fetches a company's own media.
public enum MediaCredentials: Sendable, Equatable, Codable {
    /// Client credentials (RFC 6749 §4.4) at a token URL.
    case oauth2(clientID: String, clientSecret: String, url: String)
    case basic(username: String, password: String)
}

/// The edition of the Chat API whose event bodies a receiver expects.
public enum ChatEventVersion: String, Sendable, Codable, CaseIterable {
    case v2_3 = "2.3"
    case v2_6 = "2.6"

    public static let standard = ChatEventVersion.v2_6
}

/// What a company has set for itself. Stored sealed as a whole: it holds secrets.
public struct CompanySettings: Sendable, Equatable, Codable {
    /// Nil for all.
    public var scopes: [String]?
    public var callback: CallbackSettings?
    /// The Chat API's receivers: URLs, and which intermediate events they want. Signature and header are those of
    /// `callback`.
    public var chatCallback: CallbackSettings?
    /// The bodies of inbound messages of the Chat API; nil for the usual ones. A status has the body of the edition that
    /// sent the message.
    public var chatVersion: ChatEventVersion?
    public var mediaCredentials: MediaCredentials?
    /// Bytes of media that the company may keep; nil for the server's usual quota.
    public var mediaQuota: Int64?

    public init() {}
}

/// What is set for one channel.
public struct ChannelSettings: Sendable, Equatable, Codable {
    public enum ViberService: String, Sendable, Codable, CaseIterable {
        case session
        case twoWay = "two-way"
        case oneWay = "one-way"
    }

    /// Nil for all.
    public var scopes: [String]?
    public var callback: CallbackSettings?
    public var viberService: ViberService?
    /// WhatsApp: the provider's id of the phone number, and the account that it belongs to.
    public var phoneNumberID: String?
    public var accountName: String?
    /// Days for which content is kept; nil for as long as the message.
    public var dataRetentionInDays: Int?

    public init() {}
}
