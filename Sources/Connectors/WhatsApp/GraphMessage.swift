// SPDX-License-Identifier: Apache-2.0
// A message as the Cloud API takes it:
//
//     POST /v23.0/106540352242922/messages
//     {"messaging_product": "whatsapp", "recipient_type": "individual", "to": "4915212345678", "type": "text",
//      "text": {"body": "Hello"}}
//
// Members that WhatsApp would fill in by itself are left out.

internal import Messaging
internal import Wire

struct GraphMessage {
    let recipient: String
    let body: RichBody
    /// For each medium of the body where WhatsApp finds it.
    var media: [MediaSource: GraphMedia] = [:]

    /// The request's body.
    func json() throws(GraphRefusal) -> [UInt8] {
        let content = try content()
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("messaging_product", "whatsapp")
            writer.member("recipient_type", "individual")
            if Self.isBusinessScoped(recipient) {
                writer.member("recipient", recipient)
            } else {
                writer.member("to", recipient)
            }
            writer.member("type", content.type)
            content.write(&writer)
        }
        return writer.bytes
    }

    /// Whether it is WhatsApp's id of a person for one business: a country, a dot, letters and digits; that of a group
    /// of businesses has `ENT.` in between.
    static func isBusinessScoped(_ recipient: String) -> Bool {
        let fields = recipient.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard fields.count == 2 || fields.count == 3 && fields[1].elementsEqual("ENT".utf8), let id = fields.last else {
            return false
        }
        return fields[0].count == 2 && fields[0].allSatisfy { (0x41...0x5A).contains($0) }
            && (1...128).contains(id.count)
            && id.allSatisfy { (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
    }

    /// A kind of content, and its member.
    private struct Content {
        let type: String
        let write: (inout JSONWriter) -> Void
    }

    private func content() throws(GraphRefusal) -> Content {
        switch body {
        case .text(let text):
            return Content(type: "text") { writer in
                writer.member(
                    "text",
                    object: { writer in
                        writer.member("body", text.text)
                        if text.renderUrlPreview == true { writer.member("preview_url", true) }
                    })
            }
        case .image(let image): return try medium("image", image, hasCaption: true)
        case .video(let video): return try medium("video", video, hasCaption: true)
        case .document(let document): return try medium("document", document, hasCaption: true, hasFilename: true)
        case .audio(let audio): return try medium("audio", audio)
        case .sticker(let sticker): return try medium("sticker", sticker)
        case .location(let location):
            return Content(type: "location") { writer in
                writer.member("location", object: { location.writeGraph(to: &$0) })
            }
        case .reaction(let reaction):
            return Content(type: "reaction") { writer in
                writer.member(
                    "reaction",
                    object: { writer in
                        writer.member("message_id", reaction.messageId)
                        writer.member("emoji", reaction.emoji)
                    })
            }
        case .contacts(let cards):
            return Content(type: "contacts") { writer in
                writer.member("contacts", array: { writer in for card in cards { card.writeGraph(to: &writer) } })
            }
        case .template(let template):
            let json = try GraphTemplate(template: template, media: media).json()
            return Content(type: "template") { writer in writer.member("template", value: json) }
        case .interactive(let interactive):
            let json = try GraphInteractive(body: interactive, media: media).json()
            return Content(type: "interactive") { writer in writer.member("interactive", value: json) }
        case .file, .components, .voice, .postback, .order, .unknown: throw .unsupported(body.contentType)
        }
    }

    private func medium(
        _ type: StaticString, _ body: MediaBody, hasCaption: Bool = false, hasFilename: Bool = false
    ) throws(GraphRefusal) -> Content {
        guard let reference = MediaSource(body).flatMap({ media[$0] }) else { throw .noMedium }
        return Content(type: "\(type)") { writer in
            writer.member(
                type,
                object: { writer in
                    reference.write(to: &writer)
                    if hasCaption { writer.member("caption", body.caption.nonEmpty) }
                    if hasFilename { writer.member("filename", body.filename.nonEmpty) }
                })
        }
    }
}

extension Optional<String> {
    /// Nil also for an empty text.
    var nonEmpty: String? { flatMap { $0.isEmpty ? nil : $0 } }
}

extension Location {
    func writeGraph(to writer: inout JSONWriter) {
        writer.member("latitude", number: "\(latitude)")
        writer.member("longitude", number: "\(longitude)")
        writer.member("name", name.nonEmpty)
        writer.member("address", address.nonEmpty)
    }
}
