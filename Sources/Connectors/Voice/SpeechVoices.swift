// SPDX-License-Identifier: Apache-2.0
// Which of espeak-ng's voices speaks a language. What it lists decides; a language that it does not have is spoken in
// English.
//
//     Pty Language       Age/Gender VoiceName          File                 Other Languages
//      5  nb              --/M      Norwegian_Bokmål   gmq/nb               (no 5)

struct SpeechVoices: Sendable, Equatable {
    static let fallback = "en"

    private struct Claim: Equatable {
        var file: String
        /// Lower is better.
        var priority: Int
    }

    private var claims: [String: Claim] = [:]

    /// Reads what `espeak-ng --voices` prints; lines that look different say nothing.
    init(_ listing: String) {
        for line in listing.split(whereSeparator: \.isNewline) {
            let fields = line.split(separator: " ")
            guard fields.count >= 5, let priority = Int(fields[0]) else { continue }
            let file = String(fields[4])
            let language = fields[1].lowercased()
            claim(language, file, priority)
            // A regional voice stands in for its language, behind any voice that claims the language itself.
            if let region = language.firstIndex(of: "-") { claim(String(language[..<region]), file, priority + 100) }
            for (language, priority) in Self.others(fields[5...]) { claim(language, file, priority) }
        }
    }

    private mutating func claim(_ language: String, _ file: String, _ priority: Int) {
        if let best = claims[language], best.priority <= priority { return }
        claims[language] = Claim(file: file, priority: priority)
    }

    /// `(zh-cmn 5)(zh 5)`, cut at its spaces.
    private static func others(_ fields: some Sequence<Substring>) -> [(String, Int)] {
        let words = fields.joined(separator: " ").split(whereSeparator: { "() ".contains($0) })
        return stride(from: 0, to: words.count - 1, by: 2).compactMap { place in
            Int(words[place + 1]).map { (words[place].lowercased(), $0) }
        }
    }

    /// The voice's file, as `-v` takes it; nil when there is not even English.
    func voice(for language: String) -> String? {
        let language = language.lowercased()
        let base = language.split(separator: "-").first.map(String.init) ?? language
        return (claims[language] ?? claims[base] ?? claims[Self.fallback])?.file
    }
}
