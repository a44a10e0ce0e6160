// SPDX-License-Identifier: Apache-2.0
// What an inbound message says, as the events of both API families write it; which of it a family or an edition knows
// is its own to say. What it does not know goes out as `unknown`, so that nothing is lost in silence.
//
//   {"contentType":"media","media":{"type":"image","url":"https://…/0197…","mediaId":"0197…","caption":"My cat"}}

internal import Accounts
internal import Foundation
internal import Messaging
internal import Wire

enum EventContent: Equatable {
    case text(String)
    case media(MediaBody, type: String)
    case location(Location)
    case contacts([ContactCard])
    case reaction(Reaction)
    case unknown

    init(_ content: MessageContent?) {
        switch content {
        case .sms(let content): self = .text(content.text)
        case .rich(let content): self.init(content.body)
        case .speech, .sealed, nil: self = .unknown
        }
    }

    private init(_ body: RichBody) {
        switch body {
        case .text(let body): self = .text(body.text)
        case .image(let media), .video(let media), .audio(let media), .voice(let media), .sticker(let media):
            self = .media(media, type: body.contentType)
        case .document(var media):
            media.caption = media.caption ?? media.filename
            self = .media(media, type: body.contentType)
        case .file(let file): self = .media(MediaBody(url: file.url, caption: file.filename), type: "document")
        case .location(let location): self = .location(location)
        case .contacts(let cards): self = .contacts(cards)
        case .reaction(let reaction): self = .reaction(reaction)
        case .template, .interactive, .components, .postback, .order, .unknown: self = .unknown
        }
    }

    /// `mediaBase` is what the URLs of our own media begin with; without it a medium of ours has only its id.
    func write(to writer: inout JSONWriter, mediaBase: String?) {
        switch self {
        case .text(let text):
            writer.member("contentType", "text")
            writer.member("text", text)
        case .media(let media, let type):
            writer.member("contentType", "media")
            writer.member("media", object: { Self.write(media, type: type, mediaBase: mediaBase, to: &$0) })
        case .location(let location):
            writer.member("contentType", "location")
            writer.member("location", object: { Self.write(location, to: &$0) })
        case .contacts(let cards):
            writer.member("contentType", "contacts")
            writer.member("contacts", array: { writer in for card in cards { writer.raw(Self.json(card)) } })
        case .reaction(let reaction):
            writer.member("contentType", "reaction")
            writer.member(
                "reaction",
                object: { writer in
                    writer.member("messageId", reaction.messageId)
                    writer.member("emoji", reaction.emoji)
                })
        case .unknown: writer.member("contentType", "unknown")
        }
    }

    private static func write(
        _ media: MediaBody, type: String, mediaBase: String?, to writer: inout JSONWriter
    ) {
        writer.member("type", type)
        if let id = media.mediaId {
            writer.member("url", mediaBase.map { $0 + id })
            writer.member("mediaId", id)
        } else {
            writer.member("url", media.url)
        }
        writer.member("caption", media.caption)
    }

    private static func write(_ location: Location, to writer: inout JSONWriter) {
        writer.member("longitude", value: .number(location.longitude))
        writer.member("latitude", value: .number(location.latitude))
        writer.member("name", location.name)
        writer.member("address", location.address)
    }

    /// The members are those of the requests.
    private static func json(_ card: ContactCard) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes, .sortedKeys]
        guard let data = try? encoder.encode(card) else { preconditionFailure("a card is made of JSON's own types") }
        return String(decoding: data, as: UTF8.self)
    }
}

/// What events say of the short messages that a text came in.
struct EventSMSFacts {
    /// A mobile country code always has three digits (ITU-T E.212); the network code follows.
    private static let countryCodeLength = 3

    let message: Message
    /// The parts that arrived, in their order.
    let contents: [InboundContent]

    func write(to writer: inout JSONWriter) {
        let quote = message.quote
        if let quote {
            writer.member(
                "origin",
                object: { writer in
                    writer.member("mcc", String(quote.mccmnc.prefix(Self.countryCodeLength)))
                    writer.member("mnc", String(quote.mccmnc.dropFirst(Self.countryCodeLength)))
                    writer.member("ttId", quote.ttid)
                })
        }
        writer.member("totalPrice", number: quote.map { ($0.amount * contents.count).description })
        writer.member("size", message.size)
        writer.member("missingParts", contents.count < message.size)
        writer.member(
            "parts",
            array: { writer in
                for content in contents { writer.object { write(content, quote, to: &$0) } }
            })
    }

    private func write(_ content: InboundContent, _ quote: Quote?, to writer: inout JSONWriter) {
        writer.member("messageId", content.id)
        writer.member("sentDate", Timestamp.rfc3339(content.sentAt))
        writer.member("price", number: quote?.amount.description)
        writer.member("currency", quote?.currency)
        writer.member("priceEffective", quote.map { Timestamp.rfc3339($0.effectiveFrom) })
        writer.member("sequenceNumber", content.number)
    }
}

extension Message {
    /// The id under which events show an inbound message: the provider's on chat channels, where answers and readings
    /// name it too, and ours where a message has come in parts.
    func eventID(_ contents: [InboundContent]) -> String {
        guard self.kind != .sms, let first = contents.first else { return self.id.description }
        return first.id
    }

    /// What came with an inbound message beside its body.
    var inboundFacts: InboundFacts? { if case .rich(let content) = content { content.inbound } else { nil } }
}
