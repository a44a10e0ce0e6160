// SPDX-License-Identifier: Apache-2.0
// Turns a text into sound with espeak-ng. It is a program of its own, under its own licence, and talked to as such: the
// text goes to its standard input, because the list of processes is for everybody to read and the text holds a code.
// Nothing is kept of it.

internal import Messaging
internal import NIOPosix
internal import Synchronization

/// Why a text cannot be spoken.
enum SpeechError: Error, CustomStringConvertible {
    case tooLong
    case noVoice
    case program(SpawnError)
    case unreadable

    /// Whether another try would end the same.
    var isLasting: Bool {
        switch self {
        case .tooLong, .unreadable: true
        case .noVoice, .program: false
        }
    }

    var description: String {
        switch self {
        case .tooLong: "the text is too long to be spoken"
        case .noVoice: "espeak-ng has no voices"
        case .program(let error): "espeak-ng \(error)"
        case .unreadable: "the text has no sound"
        }
    }
}

final class SpeechSynthesizer: Sendable {
    /// UTF-8 bytes of a text: about two minutes.
    static let textLimit = 2000
    /// Bytes of sound: two minutes of what espeak-ng makes.
    private static let soundLimit = 6_000_000
    private static let timeout = Duration.seconds(10)
    /// Texts that are spoken at once, over all connectors.
    private static let slots = SpeechSlots(4)

    private let options: SpeechOptions
    private let voices = Mutex<SpeechVoices?>(nil)

    init(options: SpeechOptions) { self.options = options }

    func announcement(_ content: SpeechContent) async throws(SpeechError) -> Announcement {
        guard content.text.utf8.count <= Self.textLimit else { throw .tooLong }
        await Self.slots.enter()
        // A thread of its own: what it does is wait for another process.
        let result: Result<Announcement, SpeechError>
        do {
            result = try await NIOThreadPool.singleton.runIfActive { [self] in
                do throws(SpeechError) {
                    return .success(try speak(content))
                } catch {
                    return .failure(error)
                }
            }
        } catch {
            result = .failure(.program(.cannotStart("cannot be started")))
        }
        Self.slots.leave()
        return try result.get()
    }

    private func speak(_ content: SpeechContent) throws(SpeechError) -> Announcement {
        let voice = try voice(for: content.language)
        let sound = try run(
            ["-v", voice, "-s", String(options.wordsPerMinute), "-b", "1", "--stdin", "--stdout"],
            input: Array(Self.plain(content.text).utf8))
        guard let wave = WaveSamples(sound), !wave.samples.isEmpty else { throw .unreadable }
        return Announcement(
            speech: Resampler(inputRate: wave.rate).resample(wave.samples), repetitions: options.repetitions,
            pause: options.pause)
    }

    /// Two brackets would begin phonemes instead of words.
    private static func plain(_ text: String) -> String {
        var plain = ""
        for character in text {
            if character == "[", plain.last == "[" { plain.append(" ") }
            plain.append(character)
        }
        return plain
    }

    private func voice(for language: String) throws(SpeechError) -> String {
        if let voice = options.voices[language.lowercased()] { return voice }
        var known = voices.withLock { $0 }
        if known == nil {
            let found = SpeechVoices(String(decoding: try run(["--voices"], input: []), as: UTF8.self))
            voices.withLock { $0 = found }
            known = found
        }
        guard let voice = known?.voice(for: language) else { throw .noVoice }
        return voice
    }

    private func run(_ arguments: [String], input: [UInt8]) throws(SpeechError) -> [UInt8] {
        do throws(SpawnError) {
            return try SpawnedProgram.run(
                options.program, arguments, input: input, outputLimit: Self.soundLimit, timeout: Self.timeout)
        } catch {
            throw .program(error)
        }
    }
}

/// Lets a number of tasks in at a time, in the order in which they came.
final class SpeechSlots: Sendable {
    private struct State {
        var free: Int
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state: Mutex<State>

    init(_ count: Int) { state = Mutex(State(free: count)) }

    func enter() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                guard state.free > 0 else {
                    state.waiting.append(continuation)
                    return false
                }
                state.free -= 1
                return true
            }
            if isFree { continuation.resume() }
        }
    }

    func leave() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard !state.waiting.isEmpty else {
                state.free += 1
                return nil
            }
            return state.waiting.removeFirst()
        }
        next?.resume()
    }
}
