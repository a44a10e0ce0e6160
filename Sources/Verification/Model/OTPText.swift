// SPDX-License-Identifier: Apache-2.0
// What a message says: a template with the code and its validity put in, in one pass, so that neither can bring in
// placeholders of its own.

enum OTPText {
    /// The code.
    static let codePlaceholder = "{{OTP}}"
    /// The validity in seconds, as the application had it.
    static let validityPlaceholder = "{{SEC}}"
    /// What is said in English unless an application says otherwise.
    static let standard = "OTP code: {{OTP}}. Valid for {{SEC}} seconds."

    // Bytes are compared, not characters: an accent after a placeholder belongs to its last brace.

    static func hasCode(_ template: String) -> Bool {
        Array(template.utf8).firstRange(of: Array(codePlaceholder.utf8)) != nil
    }

    /// The template with everything in its place.
    static func rendered(_ template: String, code: String, validity: Int64) -> String {
        let values = [(codePlaceholder, code), (validityPlaceholder, String(validity))]
            .map { (Array($0.utf8), Array($1.utf8)) }
        var text: [UInt8] = []
        var rest = Array(template.utf8)[...]
        while let byte = rest.first {
            if let (placeholder, value) = values.first(where: { rest.starts(with: $0.0) }) {
                text += value
                rest = rest.dropFirst(placeholder.count)
            } else {
                text.append(byte)
                rest = rest.dropFirst()
            }
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The same for a voice, which spells the code, also where a text of the request has it without a placeholder.
    static func spoken(_ template: String, code: String, validity: Int64) -> String {
        let spelled = OTPCode.spelled(code)
        guard hasCode(template) else {
            return rendered(template.replacing(code, with: spelled), code: "", validity: validity)
        }
        return rendered(template, code: spelled, validity: validity)
    }
}

extension VerificationApplication {
    /// The template for a language and a channel, and the language that it is in: the channel's own before the general
    /// one, English where the language has none.
    func template(_ language: String, _ channel: OTPChannel) -> (text: String, language: String) {
        for language in [language, TemplateKey.fallback.language] {
            for channel in [channel, nil] {
                if let text = templates[TemplateKey(language: language, channel: channel)] { return (text, language) }
            }
        }
        return (OTPText.standard, TemplateKey.fallback.language)
    }
}
