// SPDX-License-Identifier: Apache-2.0
// A request of the Chat API to send: one recipient, and the channels that are tried in their order, each with its own
// content over the one that is for all. What depends on the configuration is `ChatComposer`'s part.

internal import Messaging
internal import Wire

/// A request that was read; what is wrong with it is in the violations of `body`, and members that were refused are nil
/// or missing.
struct ChatRequest {
    /// One channel of the chain.
    struct Step {
        let channel: ChatChannel
        let recipient: String?
        /// Nil for a short message that names none.
        let sender: String?
        let content: ChatContent?
        let fallbackAfter: Int?
        let successStatus: MessageStep.SuccessStatus?
        /// Where the channel's member is.
        let place: BodyReader
    }

    static let maximumContextLength = 255
    /// Seconds.
    static let fallbackTimes = 1...172_800

    /// The request, with what it says for all channels under what it says for each.
    let body: BodyReader
    let steps: [Step]
    /// The customer's own text, which comes back in events.
    let userContext: String?
    let reporting: Reporting?

    init(_ value: JSONValue, version: ChatVersion, callbackRefusal: (String) -> String?) {
        let channels = ChatDefaults.channels(in: value)
        let unused = ChatChannel.allCases.filter { channel in
            !channels.contains(channel) && (value[channel.rawValue] ?? .null) != .null
        }
        let body = BodyReader(ChatDefaults.merged(value, into: channels + unused))
        self.body = body
        _ = body.object("defaultContent")
        Self.checkChannels(body)
        let recipient = body.requiredText("to", length: 1...256, fromNumber: true)
        userContext = body.object("context")?.text("userContext", length: 0...Self.maximumContextLength)
        reporting = Self.reporting(body, callbackRefusal: callbackRefusal)
        steps = channels.map { Self.step($0, to: recipient, body, version: version) }
        // What is described must be right even if it is not used.
        for channel in unused { _ = Self.step(channel, to: "", body, version: version) }
    }

    private static func checkChannels(_ body: BodyReader) {
        var seen: Set<ChatChannel> = []
        for element in body.requiredArray("channels", count: 1...ChatChannel.allCases.count) {
            guard element.exists else {
                element.refuse("is required")
                continue
            }
            guard let name = element.text() else { continue }
            if let channel = ChatChannel(rawValue: name) {
                if !seen.insert(channel).inserted { element.refuse("must not be the same as before") }
            } else {
                element.refuse("must be one of \(ChatChannel.names)")
            }
        }
    }

    private static func step(
        _ channel: ChatChannel, to recipient: String, _ body: BodyReader, version: ChatVersion
    ) -> Step {
        let member = body.requiredObject(channel.rawValue)
        let place = body[channel.rawValue]
        return Step(
            channel: channel, recipient: self.recipient(recipient, of: channel, body),
            sender: member.flatMap { sender($0, of: channel) },
            content: member.flatMap { ChatContentReader(version: version).content($0, of: channel) },
            fallbackAfter: member?.integer("fallbackAfter", in: fallbackTimes),
            successStatus: member?.choice("successStatus"), place: place)
    }

    /// The digits of a number; on channels that have groups, also the id of a group.
    private static func recipient(_ text: String, of channel: ChatChannel, _ body: BodyReader) -> String? {
        guard !text.isEmpty else { return nil }
        if let digits = SMSAddress.recipient(text) { return digits }
        switch channel {
        case .sms:
            body.refuse(
                "to", "must be a phone number in international format, 7 to 15 digits, for the channel sms")
        case .whatsapp where ProviderUserID.isWhatsApp(text), .whatsapp where GroupID.isWhatsApp(text),
            .tyntecEcho where GroupID.isWhatsApp(text):
            return text
        case .whatsapp, .tyntecEcho:
            body.refuse("to", "must be a phone number in international format, 7 to 15 digits, or the id of a group")
        }
        return nil
    }

    private static func sender(_ member: BodyReader, of channel: ChatChannel) -> String? {
        switch channel {
        case .sms:
            guard let text = member.text("from", length: 1...256, fromNumber: true) else { return nil }
            if let sender = SMSAddress.sender(text) { return sender }
            member.refuse("from", "must be a phone number of 3 to 15 digits or a name of 1 to 11 GSM-7 characters")
            return nil
        case .whatsapp:
            let text = member.requiredText("from", length: 1...256, fromNumber: true)
            // What is no number cannot be one of the company's, and is refused as such.
            return text.isEmpty ? nil : SMSAddress.number(text, lengths: SMSAddress.senderNumberLengths) ?? text
        case .tyntecEcho:
            let text = member.requiredText("from", length: 1...256, fromNumber: true)
            return text.isEmpty ? nil : text
        }
    }

    private static func reporting(_ body: BodyReader, callbackRefusal: (String) -> String?) -> Reporting? {
        guard let overrides = body.object("overrides"), let url = overrides.url("notificationCallbackUrl") else {
            return nil
        }
        if let reason = callbackRefusal(url) {
            overrides.refuse("notificationCallbackUrl", reason)
            return nil
        }
        return Reporting(url: url, method: .post)
    }
}

/// Ids of groups.
enum GroupID {
    private static let creatorLengths = 7...15
    private static let maximumLength = 256
    /// `capi_group:` in Base64.
    private static let prefix = "Y2FwaV9ncm91cDo"

    /// Whether the text is a group's id at WhatsApp: its creator's number and the time in seconds
    /// (`4923147790717-1564131378`), or the Base64 text of newer ones.
    static func isWhatsApp(_ text: String) -> Bool {
        guard text.utf8.count <= maximumLength else { return false }
        if text.hasPrefix(prefix) {
            return text.utf8.allSatisfy { isDigit($0) || isLetter($0) || "+/=-_".utf8.contains($0) }
        }
        let halves = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        return halves.count == 2 && creatorLengths.contains(halves[0].count) && halves[1].count >= 9
            && halves.allSatisfy { $0.allSatisfy(isDigit) }
    }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
    }
}
