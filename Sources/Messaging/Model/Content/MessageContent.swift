// SPDX-License-Identifier: Apache-2.0
// What a message says, per kind of channel, and its form in the database.

internal import Wire

/// The content of a message.
public enum MessageContent: Sendable, Equatable {
    case sms(SMSContent)
    /// On chat channels.
    case rich(RichContent)
    /// What a voice call says.
    case speech(SpeechContent)
    /// Any of the others, which nobody but the connector may read.
    case sealed(SealedContent)
}

extension MessageContent {
    /// The form in the `content` column.
    public var json: String {
        switch self {
        case .sms(let content): content.json
        case .rich(let content): content.json
        case .speech(let content): content.json
        case .sealed(let content): content.json
        }
    }

    /// Reads the `content` column of a message of `kind`; nil when it is not what `json` writes.
    public init?(json: String, kind: ChannelKind) {
        if let content = SealedContent(json: json) {
            self = .sealed(content)
            return
        }
        switch kind {
        case .sms:
            guard let value = try? JSONValue(parsing: json.utf8), let content = SMSContent(json: value) else {
                return nil
            }
            self = .sms(content)
        case .mms, .whatsapp, .viber, .echo:
            guard let content = RichContent(json: json) else { return nil }
            self = .rich(content)
        case .voice:
            guard let content = SpeechContent(json: json) else { return nil }
            self = .speech(content)
        }
    }
}
