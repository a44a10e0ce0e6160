// SPDX-License-Identifier: Apache-2.0
// What a voice call says to the person who answers it.

internal import Wire

public struct SpeechContent: Sendable, Equatable {
    /// As it is to be spoken: a code is spelled, with commas between its characters.
    public var text: String
    /// ISO 639-1 code of the language, in lower case.
    public var language: String

    public init(text: String, language: String) {
        self.text = text
        self.language = language
    }

    var json: String {
        var writer = JSONWriter(capacity: text.utf8.count + 48)
        writer.object { writer in
            writer.member("text", text)
            writer.member("language", language)
        }
        return writer.text
    }

    init?(json: String) {
        guard let value = try? JSONValue(parsing: json.utf8), let text = value["text"]?.string,
            let language = value["language"]?.string
        else { return nil }
        self.init(text: text, language: language)
    }
}
