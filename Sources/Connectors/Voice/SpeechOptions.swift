// SPDX-License-Identifier: Apache-2.0
// How messages are read aloud: the options that voice connectors have in common.

internal import Wire

public struct SpeechOptions: Sendable, Equatable {
    /// Where espeak-ng is.
    public var program: String
    /// espeak-ng voices for languages, before its own choice.
    public var voices: [String: String]
    /// How often a text is said.
    public var repetitions: Int
    /// Milliseconds between two times.
    public var pause: Int
    public var wordsPerMinute: Int

    init(_ reader: OptionReader, voices value: JSONValue?) throws(ConnectorOptionError) {
        let name = try reader.optionalString("espeak") ?? "espeak-ng"
        guard let path = PosixFile.executable(name) else {
            throw reader.failure("espeak", "\(name) is not on this machine; Debian's package is espeak-ng")
        }
        program = path
        repetitions = try reader.integer("repeat", in: 1...5) ?? 2
        let seconds = try reader.number("pause") ?? 1.5
        guard seconds <= 10 else { throw reader.failure("pause", "must be at most 10 seconds") }
        pause = Int(seconds * 1000)
        wordsPerMinute = try reader.integer("wordsPerMinute", in: 80...300) ?? 140
        voices = try Self.voices(value)
    }

    private static func voices(_ value: JSONValue?) throws(ConnectorOptionError) -> [String: String] {
        guard let value, value != .null else { return [:] }
        guard let members = value.object else {
            throw ConnectorOptionError(option: "voices", reason: "must be a mapping of languages to voices")
        }
        let reader = OptionReader(value, path: "voices.")
        var voices: [String: String] = [:]
        for language in members.keys.sorted() {
            let voice = try reader.string(language)
            let isName = voice.utf8.allSatisfy { byte in
                (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
                    || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || "-_+/".utf8.contains(byte)
            }
            guard isName, !voice.hasPrefix("-"), !voice.hasPrefix("/") else {
                throw reader.failure(language, "must be a voice of espeak-ng --voices, such as gmw/en-US")
            }
            voices[language.lowercased()] = voice
        }
        return voices
    }
}
