// SPDX-License-Identifier: Apache-2.0
// Content that is a secret between its sender and its recipient, such as a one-time password. It is encrypted wherever it
// rests and opened only when it is handed to a connector, so that no list, event or backup shows it.

public import Accounts

public struct SealedContent: Sendable, Equatable {
    /// What `SecretBox` made of the content's JSON, bound to its message.
    private let text: String

    private static let prefix = #"{"sealed":""#
    private static let suffix = #""}"#

    /// Seals the content of a message.
    public init(_ content: MessageContent, of key: MessageKey, with secrets: SecretBox) throws {
        text = try secrets.seal(content.json, purpose: Self.purpose(key))
    }

    /// The content; nil when it was sealed with another master key, or for another message.
    func opened(of key: MessageKey, kind: ChannelKind, with secrets: SecretBox) -> MessageContent? {
        guard let json = try? secrets.open(text, purpose: Self.purpose(key)) else { return nil }
        return MessageContent(json: json, kind: kind)
    }

    var json: String { Self.prefix + text + Self.suffix }

    /// Nil for content that is not sealed.
    init?(json: String) {
        guard json.hasPrefix(Self.prefix), json.hasSuffix(Self.suffix) else { return nil }
        text = String(json.dropFirst(Self.prefix.count).dropLast(Self.suffix.count))
    }

    private static func purpose(_ key: MessageKey) -> String { "message \(key.companyID) \(key.id)" }
}
