// SPDX-License-Identifier: Apache-2.0
// From a text to the samples of a call: voices, WAVE files, the way to 8,000 Hz, and espeak-ng itself.

import Foundation
import Messaging
import Testing
import Wire

@testable import Connectors

struct SpeechVoiceTests {
    static let listing = """
        Pty Language       Age/Gender VoiceName          File                 Other Languages
         5  cmn             --/M      Chinese_(Mandarin,_latin_as_English) sit/cmn              (zh-cmn 5)(zh 5)
         2  en-gb           --/M      English_(Great_Britain) gmw/en               (en 2)
         3  en-us           --/M      English_(America)  gmw/en-US            (en 3)
         5  nb              --/M      Norwegian_Bokmål  gmq/nb               (no 5)
         5  pt              --/M      Portuguese_(Portugal) roa/pt               (pt-pt 5)
         5  pt-br           --/M      Portuguese_(Brazil) roa/pt-BR            (pt 6)
         5  fr-be           --/M      French_(Belgium)   roa/fr-BE            (fr 8)
         5  fr-fr           --/M      French_(France)    roa/fr               (fr 5)
         5  yue             --/M      Chinese_(Cantonese) sit/yue              (zh-yue 5)(zh 8)
         x  broken
        """

    @Test(arguments: [
        ("en", "gmw/en"), ("EN", "gmw/en"), ("en-us", "gmw/en-US"), ("zh", "sit/cmn"), ("no", "gmq/nb"),
        ("nb", "gmq/nb"),
        ("pt", "roa/pt"), ("pt-br", "roa/pt-BR"), ("pt-AO", "roa/pt"), ("fr", "roa/fr"), ("xx", "gmw/en"),
        ("", "gmw/en"),
    ])
    func `a language is spoken by the voice that claims it first`(_ language: String, _ voice: String) {
        #expect(SpeechVoices(Self.listing).voice(for: language) == voice)
    }

    @Test
    func `no voices at all is nil`() {
        #expect(SpeechVoices("").voice(for: "de") == nil)
        #expect(SpeechVoices("Pty Language\nfoo bar (baz\n 5 ((( )))  a b c (x").voice(for: "de") == nil)
    }
}

struct WaveTests {
    static func wave(
        rate: Int = 22_050, channels: Int = 1, format: Int = 1, bits: Int = 16, samples: [Int16], length: Int? = nil,
        before: [UInt8] = []
    ) -> [UInt8] {
        func number(_ value: Int, _ count: Int) -> [UInt8] { (0..<count).map { UInt8(value >> (8 * $0) & 0xFF) } }
        let data = samples.flatMap { number(Int(UInt16(bitPattern: $0)), 2) }
        var bytes = Array("RIFF".utf8) + number(0x7FFF_FFFF, 4) + Array("WAVE".utf8) + before
        bytes += Array("fmt ".utf8) + number(16, 4) + number(format, 2) + number(channels, 2) + number(rate, 4)
        bytes += number(2 * rate, 4) + number(2 * channels, 2) + number(bits, 2)
        return bytes + Array("data".utf8) + number(length ?? data.count, 4) + data
    }

    @Test
    func `samples are read whatever the header says of their number`() {
        let samples: [Int16] = [0, 1, -1, .max, .min]
        for length in [10, 0x7FFF_F000, 11] {
            #expect(
                WaveSamples(Self.wave(samples: samples, length: length)) == WaveSamples(rate: 22_050, samples: samples))
        }
        #expect(WaveSamples(Self.wave(samples: samples, length: 4))?.samples == [0, 1])
    }

    @Test
    func `other chunks are passed over, and two channels become one`() {
        let list = Array("LIST".utf8) + [3, 0, 0, 0, 1, 2, 3, 0]
        #expect(WaveSamples(Self.wave(samples: [5], before: list))?.samples == [5])
        #expect(WaveSamples(Self.wave(channels: 2, samples: [100, 200, -3, -5]))?.samples == [150, -4])
    }

    @Test
    func `anything but 16-bit PCM is refused`() {
        #expect(WaveSamples([]) == nil)
        #expect(WaveSamples(Self.wave(format: 3, samples: [1])) == nil)
        #expect(WaveSamples(Self.wave(bits: 8, samples: [1])) == nil)
        #expect(WaveSamples(Self.wave(channels: 3, samples: [1])) == nil)
        #expect(WaveSamples(Self.wave(channels: 0, samples: [1])) == nil)
        #expect(WaveSamples(Self.wave(rate: 100, samples: [1])) == nil)
        #expect(WaveSamples(Array("RIFF\u{4}\0\0\0WAVE".utf8)) == nil)
    }

    @Test
    func `no bytes can break the reader`() {
        var random = SplitMix(seed: 2)
        let sample = Self.wave(samples: [1, 2, 3], before: Array("LIST".utf8) + [2, 0, 0, 0, 1, 2])
        for _ in 0..<20_000 {
            if let wave = WaveSamples(random.mutated(sample)) { #expect(WaveSamples.rates.contains(wave.rate)) }
        }
    }
}

struct ResamplerTests {
    static func sine(_ frequency: Double, rate: Int, seconds: Double = 0.5, amplitude: Double = 10_000) -> [Int16] {
        (0..<Int(seconds * Double(rate))).map {
            Int16((amplitude * sin(2 * .pi * frequency * Double($0) / Double(rate))).rounded())
        }
    }

    /// The amplitude of one frequency in the middle of the samples, of which all are at 8,000 Hz.
    static func amplitude(_ samples: [Int16], _ frequency: Double) -> Double {
        let middle = samples[400..<samples.count - 400]
        var real = 0.0
        var imaginary = 0.0
        for index in middle.indices {
            let angle = 2 * .pi * frequency * Double(index) / 8000
            real += Double(samples[index]) * cos(angle)
            imaginary += Double(samples[index]) * sin(angle)
        }
        return 2 * (real * real + imaginary * imaginary).squareRoot() / Double(middle.count)
    }

    @Test(arguments: [22_050, 16_000, 44_100, 48_000, 11_025], [300.0, 1000, 3000])
    func `a tone that a telephone carries stays what it is`(_ rate: Int, _ frequency: Double) {
        let samples = Resampler(inputRate: rate).resample(Self.sine(frequency, rate: rate))
        #expect(abs(samples.count - 4000) <= 1)
        #expect(abs(Self.amplitude(samples, frequency) - 10_000) < 60)
        // In phase, too: nothing is late.
        let expected = Self.sine(frequency, rate: 8000)
        let worst = samples.indices.dropFirst(400).dropLast(400).map { abs(Int(samples[$0]) - Int(expected[$0])) }.max()
        #expect((worst ?? .max) < 80)
    }

    @Test(arguments: [4200.0, 5000, 7000, 9000, 10_900])
    func `a tone above it does not fold back`(_ frequency: Double) {
        let samples = Resampler(inputRate: 22_050).resample(Self.sine(frequency, rate: 22_050))
        let loudest = samples.dropFirst(400).dropLast(400).map { abs(Int($0)) }.max()
        // 70 dB below what came in.
        #expect((loudest ?? .max) <= 4)
    }

    @Test
    func `loud stays within bounds, silence stays silent, and nothing comes of nothing`() {
        let square = (0..<22_050).map { Int16($0 / 20 % 2 == 0 ? 32_767 : -32_768) }
        #expect(Resampler(inputRate: 22_050).resample(square).allSatisfy { $0 >= -32_767 })
        #expect(Resampler(inputRate: 22_050).resample([Int16](repeating: 0, count: 999)).allSatisfy { $0 == 0 })
        #expect(Resampler(inputRate: 22_050).resample([]).isEmpty)
        #expect(Resampler(inputRate: 8000).resample([1, 2, 3]) == [1, 2, 3])
    }
}

struct AnnouncementTests {
    @Test
    func `a text is said as often as it is to be, with silence between`() {
        let announcement = Announcement(speech: [1, 2, 3], repetitions: 2, pause: 1000)
        #expect(announcement.firstReading == 4003)
        #expect(announcement.samples.count == 4000 + 3 + 8000 + 3 + 2400)
        #expect(Array(announcement.samples[4000..<4004]) == [1, 2, 3, 0])
        #expect(Array(announcement.samples[12_003..<12_006]) == [1, 2, 3])
    }
}

struct SpeechSynthesizerTests {
    static func synthesizer(_ json: String = #"{"host":"192.0.2.1"}"#) throws -> SpeechSynthesizer {
        SpeechSynthesizer(options: try SIPOptionTests.options(json).speech)
    }

    @Test
    func `a code becomes seconds of speech`() async throws {
        let speech = try await Self.synthesizer().announcement(SpeechContent(text: "1, 2, 3, 4", language: "en"))
        #expect((2...8).contains(speech.firstReading / 8000))
        #expect(speech.samples.map { abs(Int($0)) }.max() ?? 0 > 4000)
    }

    @Test
    func `languages sound different, and one that nobody speaks is English`() async throws {
        let synthesizer = try Self.synthesizer()
        var found: [String: Announcement] = [:]
        for language in ["en", "de", "zh", "no", "tlh", "xx"] {
            found[language] = try await synthesizer.announcement(SpeechContent(text: "1, 2, 3", language: language))
        }
        #expect(found["xx"] == found["en"])
        #expect(found["de"] != found["en"])
        #expect(found["zh"] != found["en"])
    }

    @Test
    func `many texts at once all get their speech`() async throws {
        let synthesizer = try Self.synthesizer()
        let lengths = try await withThrowingTaskGroup(of: Int.self) { group in
            for number in 0..<24 {
                group.addTask {
                    try await synthesizer.announcement(SpeechContent(text: "\(number % 3)", language: "en"))
                        .firstReading
                }
            }
            return try await group.reduce(into: [Int]()) { $0.append($1) }
        }
        #expect(lengths.count == 24)
        #expect(Set(lengths).count <= 3)
    }

    @Test
    func `a text that is too long, and one that has no sound, are refused`() async throws {
        let synthesizer = try Self.synthesizer()
        for text in [String(repeating: "1", count: 2001), ""] {
            await #expect {
                try await synthesizer.announcement(SpeechContent(text: text, language: "en"))
            } throws: {
                ($0 as? SpeechError)?.isLasting == true
            }
        }
    }
}

struct SpawnedProgramTests {
    static func run(_ script: String, input: String = "", limit: Int = 1000, timeout: Duration = .seconds(10))
        -> Result<
            String, SpawnError
        >
    {
        Result { () throws(SpawnError) in
            String(
                decoding: try SpawnedProgram.run(
                    "/bin/sh", ["-c", script], input: Array(input.utf8), outputLimit: limit, timeout: timeout),
                as: UTF8.self)
        }
    }

    @Test
    func `a program reads its input and is heard to its end`() {
        #expect(Self.run("cat; echo done", input: "text ") == .success("text done\n"))
        #expect(Self.run("echo \"$HOME|$1\"") == .success("|\n"))
    }

    @Test
    func `it inherits nothing that is open`() throws {
        let file = try #require(fopen("/etc/hostname", "r"))
        defer { fclose(file) }
        #expect(Self.run("ls /proc/self/fd | wc -l") == .success("4\n"))
    }

    @Test
    func `one that fails, talks too much or takes too long is an error`() {
        #expect(Self.run("exit 3") == .failure(.failed(status: 3)))
        #expect(Self.run("kill -9 $$") == .failure(.failed(status: -9)))
        #expect(Self.run("yes", limit: 10_000) == .failure(.tooMuch))
        #expect(Self.run("read x; read y; exec tail -f /dev/null", timeout: .milliseconds(300)) == .failure(.timedOut))
        let missing = Result { () throws(SpawnError) in
            try SpawnedProgram.run("/nowhere/program", [], input: [], outputLimit: 1, timeout: .seconds(1))
        }
        #expect(missing == .failure(.cannotStart("cannot be started: No such file or directory")))
    }
}
