// SPDX-License-Identifier: Apache-2.0
// A request of the Conversations API to send: who, to whom, over which channel, and one content or those of a bulk.
// What depends on the configuration (whose number it is, routes, prices) is `ConversationsComposer`'s part.

internal import Messaging
internal import Wire

/// A request that was read; what is wrong with it is in the violations of its reader, and members that were refused are
/// nil or missing.
struct ConversationsRequest {
    enum Form: String {
        case message, bulk

        /// Where the contents are: `content`, or `messages[…]`.
        var isBulk: Bool { self == .bulk }
    }

    enum Content {
        /// Of a short message, and where it stands.
        case short(String, place: BodyReader)
        case rich(RichContent, place: BodyReader)
    }

    static let kinds: [ChannelKind] = [.sms, .whatsapp, .viber, .mms, .echo]
    static let maximumContextLength = 125
    static let bulkCounts = 2...20

    let kind: ChannelKind?
    let recipient: String?
    let sender: String?
    /// The customer's own text, which comes back in events.
    let context: String?
    let reporting: Reporting?
    let contents: [Content]
    let media = MediaReferences()

    init(_ body: BodyReader, form: Form, callbackRefusal: (String) -> String?) {
        let kinds = form.isBulk ? Self.kinds.filter { $0 != .mms && $0 != .echo } : Self.kinds
        kind = body.requiredWord("channel", among: kinds.map(\.rawValue)).flatMap { ChannelKind(rawValue: $0) }
        recipient = Self.recipient(body, kind: kind)
        sender = Self.sender(body, kind: kind)
        context = body.text("context", length: 0...Self.maximumContextLength)
        reporting = Self.reporting(body, callbackRefusal: callbackRefusal)
        let places =
            form.isBulk
            ? body.requiredArray("messages", count: Self.bulkCounts).compactMap { $0.required() }
            : [body.requiredObject("content")].compactMap(\.self)
        guard let kind else {
            contents = []
            return
        }
        let purpose = kind == .viber ? ViberContentReader.purpose(body) : nil
        let whatsApp = WhatsAppContentReader(media: media)
        let viber = ViberContentReader(purpose: purpose)
        contents = places.compactMap { place in
            switch kind {
            case .sms:
                PlainContentReader.smsText(place).map { .short($0, place: place) }
            case .whatsapp:
                whatsApp.body(place, types: form.isBulk ? WhatsAppContentReader.bulkTypes : WhatsAppContentReader.types)
                    .map { .rich(RichContent($0), place: place) }
            case .viber:
                viber.body(place).map { .rich(RichContent($0, purpose: purpose), place: place) }
            case .mms:
                PlainContentReader.mmsBody(place).map { .rich(RichContent($0), place: place) }
            case .echo:
                PlainContentReader.echoBody(place).map { .rich(RichContent($0), place: place) }
            // Not among `kinds`.
            case .voice: nil
            }
        }
    }

    private static func recipient(_ body: BodyReader, kind: ChannelKind?) -> String? {
        let text = body.requiredText("to", length: 1...256)
        guard !text.isEmpty, let kind else { return nil }
        if let digits = SMSAddress.recipient(text) { return digits }
        switch kind {
        case .whatsapp where ProviderUserID.isWhatsApp(text): return text
        case .viber where ProviderUserID.isViber(text): return text
        case .whatsapp:
            body.refuse("to", "must be a phone number in international format, 7 to 15 digits, or a WhatsApp user id")
        case .viber:
            body.refuse("to", "must be a phone number in international format, 7 to 15 digits, or a Viber user id")
        default:
            body.refuse("to", "must be a phone number in international format, 7 to 15 digits")
        }
        return nil
    }

    private static func sender(_ body: BodyReader, kind: ChannelKind?) -> String? {
        let text = body.requiredText("from", length: 1...256, fromNumber: true)
        guard !text.isEmpty, let kind else { return nil }
        switch kind {
        case .sms:
            if let sender = SMSAddress.sender(text) { return sender }
            body.refuse("from", "must be a phone number of 3 to 15 digits or a name of 1 to 11 GSM-7 characters")
            return nil
        case .whatsapp, .mms:
            // What is no number cannot be one of the company's, and is refused as such.
            return SMSAddress.number(text, lengths: SMSAddress.senderNumberLengths) ?? text
        case .viber, .echo, .voice:
            return text
        }
    }

    /// The member has two names: the text of the API's document calls it otherwise than its schema.
    private static func reporting(_ body: BodyReader, callbackRefusal: (String) -> String?) -> Reporting? {
        guard let overrides = body.object("overrides") else { return nil }
        let name = overrides.firstName(of: "notificationCallbackUrl", "messageStatusUrl")
        guard let url = overrides.url(name) else { return nil }
        if let reason = callbackRefusal(url) {
            overrides.refuse(name, reason)
            return nil
        }
        return Reporting(url: url, method: .post)
    }
}

/// Ids by which providers know people without a phone number.
enum ProviderUserID {
    /// WhatsApp's business-scoped user ids: a country's two letters, a point, letters and digits
    /// (`US.13491208655302741918`, `US.ENT.11815799212886844830`).
    static func isWhatsApp(_ text: String) -> Bool {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0].utf8.count == 2, parts[0].utf8.allSatisfy({ (0x41...0x5A).contains($0) }) else {
            return false
        }
        parts.removeFirst()
        if parts.count == 2, parts[0] == "ENT" { parts.removeFirst() }
        return parts.count == 1 && (1...128).contains(parts[0].utf8.count) && parts[0].utf8.allSatisfy(isAlphanumeric)
    }

    /// Ids of a Viber bot's subscribers: Base64 with its padding (`01234567890A=`).
    static func isViber(_ text: String) -> Bool {
        let digits = text.utf8.prefix { $0 != UInt8(ascii: "=") }
        let padding = text.utf8.dropFirst(digits.count)
        return (8...64).contains(digits.count) && (1...2).contains(padding.count)
            && padding.allSatisfy { $0 == UInt8(ascii: "=") }
            && digits.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "+") || $0 == UInt8(ascii: "/") }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
