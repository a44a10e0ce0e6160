// SPDX-License-Identifier: Apache-2.0
// What arrives on chat channels: whole messages of senders whom the provider names by one or several ids, of which the
// phone number may be missing.

public import Wire

/// A name under which a provider knows a person.
public struct Identity: Sendable, Hashable, Codable {
    public enum Kind: String, Sendable, Codable {
        /// Digits of an E.164 number, without `+`.
        case phone
        /// WhatsApp's id of an account; mostly, not always, the digits of its number.
        case whatsAppID = "wa_id"
        /// WhatsApp's id of a person for one business; there when the number is hidden.
        case businessScopedID = "bsuid"
        /// Viber's id of a subscriber for one bot.
        case viberID = "viber_id"
        case jid
        case email
    }

    public let kind: Kind
    public let value: String

    public init(_ kind: Kind, _ value: String) {
        self.kind = kind
        self.value = value
    }
}

/// One message of a customer's customer.
public struct InboundMessage: Sendable, Equatable {
    public let connectorID: Int64
    public let kind: ChannelKind
    /// The address of the channel it was sent to, such as the business's phone number.
    public let recipient: String
    /// Whom it is from, the most telling first; never empty. Answers go to the first.
    public let sender: [Identity]
    /// The provider's id of the message: a repetition has the same.
    public let providerID: String
    public let content: RichContent
    /// When it was sent, by the provider's clock.
    public let sentAt: Milliseconds
    /// Media of the message that the provider keeps for us: what to ask it for. The core gives the content's medium an
    /// id of ours.
    public let media: ProviderMedia?

    public init(
        connectorID: Int64, kind: ChannelKind, recipient: String, sender: [Identity], providerID: String,
        content: RichContent, sentAt: Milliseconds, media: ProviderMedia? = nil
    ) {
        precondition(!sender.isEmpty, "a message is from somebody")
        self.connectorID = connectorID
        self.kind = kind
        self.recipient = recipient
        self.sender = sender
        self.providerID = providerID
        self.content = content
        self.sentAt = sentAt
        self.media = media
    }
}

/// A medium that a provider keeps.
public struct ProviderMedia: Sendable, Equatable, Codable {
    /// What the connector needs to fetch it: the provider's id, or a URL.
    public let reference: String
    public let contentType: String?
    public let filename: String?
    /// Bytes, where the provider says.
    public let size: Int?

    public init(reference: String, contentType: String? = nil, filename: String? = nil, size: Int? = nil) {
        self.reference = reference
        self.contentType = contentType
        self.filename = filename
        self.size = size
    }
}

/// A customer's withdrawal of a message that they had sent.
public struct InboundDeletion: Sendable, Equatable {
    public let connectorID: Int64
    public let kind: ChannelKind
    public let recipient: String
    public let sender: [Identity]
    /// Of the message that was withdrawn.
    public let providerID: String
    public let at: Milliseconds

    public init(
        connectorID: Int64, kind: ChannelKind, recipient: String, sender: [Identity], providerID: String,
        at: Milliseconds
    ) {
        self.connectorID = connectorID
        self.kind = kind
        self.recipient = recipient
        self.sender = sender
        self.providerID = providerID
        self.at = at
    }
}

/// WhatsApp's conversation, by which it bills.
public struct ProviderConversation: Sendable, Equatable, Codable {
    public let id: String
    /// `business_initiated`, `user_initiated` or `referral_conversion`; the provider's own word where it is none of these.
    public let origin: String?

    public init(id: String, origin: String?) {
        self.id = id
        self.origin = origin
    }
}

extension ProviderConversation {
    /// The form in the database: the id, and behind a space the origin.
    var stored: String { origin.map { "\(id) \($0)" } ?? id }

    init(stored: String) {
        let fields = stored.split(separator: " ", maxSplits: 1).map(String.init)
        self.init(id: fields.first ?? "", origin: fields.count > 1 ? fields[1] : nil)
    }
}
