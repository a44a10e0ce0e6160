// SPDX-License-Identifier: Apache-2.0
// What a message to a Viber customer carries along and their answer brings back: our id of the message, and what its
// buttons stand for. Viber keeps at most 4,000 characters; buttons that do not fit are left out, and choosing one of
// them then reads as typed words.
//
//     {"buttons":{"yes":"Yes, please"},"id":"0198c0de-…"}

internal import Messaging
internal import Wire

struct ViberTracking: Equatable {
    static let limit = 4000

    var messageID: String?
    /// Captions by payload.
    var buttons: [String: String] = [:]

    init(messageID: String, buttons: [ViberBotMessage.Button] = []) {
        self.messageID = messageID
        for button in buttons {
            guard case .reply(let payload) = button.action else { continue }
            self.buttons[payload] = button.caption
            if text.utf8.count > Self.limit { self.buttons[payload] = nil }
        }
    }

    /// Reads what `text` writes. Anything else, which somebody else's software may have left there, says nothing.
    init(_ text: String?) {
        guard let text, let value = try? JSONValue(parsing: text.utf8, depth: 3), value.object != nil else { return }
        messageID = value["id"]?.string
        buttons = (value["buttons"]?.object ?? [:]).compactMapValues(\.string)
    }

    var text: String {
        var members: [String: JSONValue] = [:]
        if let messageID { members["id"] = .string(messageID) }
        if !buttons.isEmpty { members["buttons"] = .object(buttons.mapValues { .string($0) }) }
        var writer = JSONWriter(capacity: 64)
        writer.value(.object(members))
        return writer.text
    }

    /// The button that these words are the payload of.
    func postback(for words: String) -> Postback? {
        buttons[words].map { Postback(origin: .button, data: words, text: $0) }
    }
}
