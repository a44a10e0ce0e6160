// SPDX-License-Identifier: Apache-2.0
// What is played to the person who answers: the speech, said as often as the options say, with silence around it.

struct Announcement: Sendable, Equatable {
    static let rate = 8000
    /// Milliseconds before the first word, while the telephone is still on its way to the ear.
    static let lead = 500
    static let tail = 300

    /// 8,000 a second.
    let samples: [Int16]
    /// How many of them are over when everything has been said once.
    let firstReading: Int

    /// `pause` in milliseconds.
    init(speech: [Int16], repetitions: Int, pause: Int) {
        let silence = { (milliseconds: Int) in [Int16](repeating: 0, count: milliseconds * Self.rate / 1000) }
        var samples = silence(Self.lead)
        for repetition in 0..<repetitions {
            if repetition > 0 { samples += silence(pause) }
            samples += speech
        }
        firstReading = Self.lead * Self.rate / 1000 + speech.count
        self.samples = samples + silence(Self.tail)
    }
}
