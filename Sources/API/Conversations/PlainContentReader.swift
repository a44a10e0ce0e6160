// SPDX-License-Identifier: Apache-2.0
// The content of messages of the plainer channels: SMS, MMS and echo.

internal import Messaging
internal import Wire

enum PlainContentReader {
    private static let smsLengths = 1...3000
    private static let mmsLengths = 1...800
    private static let captionLengths = 0...1024
    private static let echoLengths = 1...4096

    /// The text of a short message; nil where it is refused.
    static func smsText(_ content: BodyReader) -> String? {
        _ = content.word("contentType", among: ["text"])
        let text = content.requiredText("text", length: smsLengths)
        return text.isEmpty ? nil : text
    }

    static func mmsBody(_ content: BodyReader) -> RichBody? {
        let types = ["text", "image"]
        let type = content.has("contentType") ? content.word("contentType", among: types) : content.onlyMember(types)
        switch type {
        case "text"?:
            return .text(TextBody(content.requiredText("text", length: mmsLengths)))
        case "image"?:
            return content.requiredObject("image").map { member in
                var image = MediaBody(url: member.requiredURL("url"))
                image.caption = member.text("caption", length: captionLengths)
                return .image(image)
            }
        default:
            return nil
        }
    }

    static func echoBody(_ content: BodyReader) -> RichBody? {
        _ = content.word("contentType", among: ["text"])
        return .text(TextBody(content.requiredText("text", length: echoLengths)))
    }
}

extension BodyReader {
    /// Which of the names the object has a member of, where exactly one; for contents that do not say their type. Of
    /// none or several the first name, so that what is missing is named.
    func onlyMember(_ names: [String]) -> String {
        let present = names.filter { has($0) }
        return present.count == 1 ? present[0] : names[0]
    }
}
