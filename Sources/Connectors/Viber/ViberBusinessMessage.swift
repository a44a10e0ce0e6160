// SPDX-License-Identifier: Apache-2.0
// A message as Viber Business Messages takes it. What a message holds and what it is for decide its numeric type; a
// combination that has no type is refused here, with the code that Viber would give.
//
//     POST /vibersrvc/1/send_message
//     {"service_id": 10001, "dest": "4915212345678", "seq": 7, "type": 208, "label": "promotion", "ttl": 1209600,
//      "message": {"#txt": "Sale", "#img": "https://…/a.png", "#caption": "Open", "#action": "https://…",
//                  "#tracking_data": "0198c0de-…"}}

internal import Messaging
internal import Wire

/// What a message for Viber Business Messages is made of, whatever the order its components came in.
struct ViberBusinessMessage: Equatable {
    /// Viber's `label`, with the types that it allows.
    let purpose: MessagePurpose
    private(set) var text: String?
    private(set) var image: String?
    private(set) var button: Button?
    private(set) var file: FileBody?
    private(set) var video: MediaBody?

    struct Button: Equatable {
        let caption: String
        let url: String
    }

    /// Throws the reason why Viber has no such message.
    init(_ content: RichContent) throws(ViberRefusal) {
        // A message that does not say what it is for is a conversation's.
        purpose = content.purpose ?? .session
        switch content.body {
        case .text(let body): text = body.text
        case .image(let body): try add(.image(body))
        case .video(let body): try add(.video(body))
        case .file(let body): try add(.file(body))
        case .components(let components): for component in components { try add(component) }
        default: throw ViberRefusal(ViberBusinessStatus.badType, "\(content.body.contentType) is not for Viber")
        }
        _ = try type()
    }

    private mutating func add(_ component: RichComponent) throws(ViberRefusal) {
        switch component {
        case .text(let words):
            try single(text == nil)
            text = words
        case .image(let body):
            try single(image == nil)
            image = try Self.url(of: body)
            if let caption = body.caption, !caption.isEmpty, text == nil { text = caption }
        case .file(let body):
            try single(file == nil)
            file = body
        case .video(let body):
            try single(video == nil)
            video = body
            _ = try Self.url(of: body)
        case .button(let caption, let url):
            try single(button == nil)
            button = Button(caption: caption, url: url)
        }
    }

    private func single(_ isFirst: Bool) throws(ViberRefusal) {
        guard isFirst else { throw ViberRefusal(ViberBusinessStatus.badType, "two components of one kind") }
    }

    private static func url(of body: MediaBody) throws(ViberRefusal) -> String {
        guard let url = body.url, !url.isEmpty else {
            throw ViberRefusal(ViberBusinessStatus.badParameters, "Viber fetches media itself and needs their URL")
        }
        return url
    }

    /// The numeric type. The label's column: transaction, promotion, session; 0 where there is none.
    private func type() throws(ViberRefusal) -> Int64 {
        let types: (transaction: Int64, promotion: Int64, session: Int64) =
            switch (text != nil, image != nil, button != nil, file != nil, video != nil) {
            case (true, false, false, false, false): (206, 225, 306)
            case (false, true, false, false, false): (0, 207, 307)
            // Without a button its caption and action are empty, which hides it.
            case (true, true, _, false, false): (0, 208, 308)
            case (true, false, true, false, false): (0, 209, 309)
            case (false, false, false, true, false): (220, 220, 221)
            case (false, false, false, false, true): (0, 230, 230)
            case (true, false, false, false, true): (0, 231, 231)
            case (true, false, true, false, true): (0, 233, 233)
            default: (0, 0, 0)
            }
        let type =
            switch purpose {
            case .transaction: types.transaction
            case .promotion: types.promotion
            case .session: types.session
            }
        guard type > 0 else {
            throw ViberRefusal(ViberBusinessStatus.badType, "Viber has no such combination for \(purpose.rawValue)")
        }
        return type
    }

    /// Where a message goes and how it is told apart.
    struct Envelope {
        var serviceID: Int64
        /// Digits.
        var recipient: String
        /// Comes back in the answer.
        var sequence: Int64
        /// Seconds for which Viber tries.
        var timeToLive: Int64
        /// Comes back with the customer's answer.
        var trackingData: String
    }

    /// The request's body.
    func json(_ envelope: Envelope) throws(ViberRefusal) -> [UInt8] {
        let type = try type()
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("service_id", envelope.serviceID)
            writer.member("dest", envelope.recipient)
            writer.member("seq", envelope.sequence)
            writer.member("type", type)
            writer.member("label", purpose.rawValue)
            writer.member("ttl", envelope.timeToLive)
            if let file { writer.member("file_type", file.type ?? Self.ending(of: file.filename)) }
            if let video {
                writer.member("file_size", video.filesize.map { Int64($0) })
                writer.member("duration", video.duration.map { Int64($0) })
            }
            writer.member("message", object: { writeMessage(envelope, to: &$0) })
        }
        return writer.bytes
    }

    private func writeMessage(_ envelope: Envelope, to writer: inout JSONWriter) {
        writer.member("#txt", text)
        writer.member("#img", image)
        if let file {
            writer.member("#action", file.url)
            writer.member("#fileName", file.filename)
        }
        if let video {
            // With a button the action is the button's.
            if button != nil { writer.member("#media", video.url) } else { writer.member("#action", video.url) }
            writer.member("#thumbnail", video.thumbnailUrl ?? "")
        }
        if let button {
            writer.member("#caption", button.caption)
            writer.member("#action", button.url)
        } else if text != nil, image != nil {
            writer.member("#caption", "")
            writer.member("#action", "")
        }
        writer.member("#tracking_data", envelope.trackingData)
    }

    private static func ending(of filename: String) -> String? {
        guard let dot = filename.lastIndex(of: ".") else { return nil }
        let ending = filename[filename.index(after: dot)...].lowercased()
        return ending.isEmpty ? nil : ending
    }
}

/// Why a message cannot be put into Viber's form.
struct ViberRefusal: Error, Equatable {
    /// Of the API that refused it.
    let status: Int64
    let reason: String

    init(_ status: Int64, _ reason: String) {
        self.status = status
        self.reason = reason
    }

    var outcome: SendOutcome { .rejected(code: ViberError.code(status), reason: reason) }
}

enum ViberError {
    /// A status of Viber's as the APIs report it.
    static func code(_ status: Int64) -> String { "viber::error::\(status)" }
}
