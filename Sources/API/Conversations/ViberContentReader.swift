// SPDX-License-Identifier: Apache-2.0
// The content of a Viber message. What it is for decides what it may hold: a transaction is text alone.

internal import Messaging
internal import Wire

struct ViberContentReader {
    private static let types = ["text", "image", "file", "video", "components"]
    private static let textLengths = 1...3000
    private static let fileEndings = [
        "doc", "docx", "rtf", "dot", "dotx", "odt", "odf", "fodt", "txt", "info", "pdf", "xps", "pdax", "eps", "xls",
        "xlsx", "ods", "fods", "csv", "xlsm", "xltx",
    ]
    private static let videoEndings = ["3gp", "m4v", "mov", "mp4"]
    private static let maximumMegabytes = 200

    let purpose: MessagePurpose?

    /// The member `rateType`, also called `messagePurpose`; nil where it is refused.
    static func purpose(_ request: BodyReader) -> MessagePurpose? {
        let names = ["rateType", "messagePurpose"].filter { request.has($0) }
        guard let name = names.first else {
            request.refuse("rateType", "is required")
            return nil
        }
        let purpose = request.choice(name, as: MessagePurpose.self)
        if names.count == 2, let other = request.choice(names[1], as: MessagePurpose.self), let purpose,
            other != purpose
        {
            request.refuse(names[1], "must be the same as \(name)")
        }
        return purpose
    }

    /// The body; nil with what is wrong in the reader's violations.
    func body(_ content: BodyReader) -> RichBody? {
        let type =
            content.has("contentType") ? content.word("contentType", among: Self.types) : content.onlyMember(Self.types)
        if purpose == .transaction, let type, type != "text" {
            content.refuse("contentType", "must be text for the rate type transaction")
            return nil
        }
        switch type {
        case "text"?: return .text(TextBody(content.requiredText("text", length: Self.textLengths)))
        case "image"?: return image(content).map { .image($0) }
        case "file"?: return file(content).map { .file($0) }
        case "video"?: return video(content).map { .video($0) }
        case "components"?: return components(content).map { .components($0) }
        default: return nil
        }
    }

    private func image(_ content: BodyReader) -> MediaBody? {
        content.requiredObject("image").map { MediaBody(url: $0.requiredURL("url")) }
    }

    private func file(_ content: BodyReader) -> FileBody? {
        content.requiredObject("file").map { member in
            FileBody(
                url: member.requiredURL("url"), filename: member.requiredText("filename", length: 1...255),
                type: member.word("type", among: Self.fileEndings))
        }
    }

    private func video(_ content: BodyReader) -> MediaBody? {
        content.requiredObject("video").map { member in
            var video = MediaBody(url: member.requiredURL("url"))
            video.thumbnailUrl = member.requiredURL("thumbnailUrl")
            video.filesize = member.requiredInteger("filesize", in: 0...Self.maximumMegabytes)
            video.duration = member.requiredInteger("duration", in: 0...Int(Int32.max))
            video.type = member.word("type", among: Self.videoEndings)
            return video
        }
    }

    private func components(_ content: BodyReader) -> [RichComponent]? {
        guard let member = content.requiredObject("components") else { return nil }
        var kinds: [String] = []
        let components = member.requiredArray("body", count: 1...5).compactMap { element -> RichComponent? in
            guard let element = element.required() else { return nil }
            // Both names are in use for what an element is.
            let name = element.firstName(of: "type", "contentType")
            let kind = element.requiredWord(name, among: ["text", "image", "file", "video", "button"])
            if let kind { kinds.append(kind) }
            return component(element, kind)
        }
        if !kinds.contains("text") {
            member.refuse("body", "must have a text")
        } else if !Self.mixtures.contains(kinds.sorted()) {
            member.refuse(
                "body",
                "must be a text with a button, a text with a button and an image, or a text with a video, with or "
                    + "without a button")
        }
        return components
    }

    /// The mixtures that Viber has, each sorted.
    private static let mixtures: Set<[String]> = [
        ["button", "text"], ["button", "image", "text"], ["text", "video"], ["button", "text", "video"],
    ]

    private func component(_ element: BodyReader, _ kind: String?) -> RichComponent? {
        switch kind {
        case "text"?: .text(element.requiredText("text", length: Self.textLengths))
        case "image"?: image(element).map { .image($0) }
        case "file"?: file(element).map { .file($0) }
        case "video"?: video(element).map { .video($0) }
        case "button"?:
            element.requiredObject("button").map { button in
                .button(
                    caption: button.requiredText("caption", length: 1...30),
                    url: button.requiredURL(button.firstName(of: "url", "callback")))
            }
        default: nil
        }
    }
}
