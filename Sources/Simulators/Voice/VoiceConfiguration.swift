// SPDX-License-Identifier: Apache-2.0
// How a simulated telephone network behaves, and what it keeps of a call.

public import Wire

/// The fate of one call.
public enum VoiceOutcome: String, Hashable, Sendable, CaseIterable {
    /// Rings, is answered and listened to.
    case answered
    /// 404 Not Found.
    case unknown
    /// Rings until the caller gives up.
    case unanswered
    /// 603 Decline.
    case declined
    /// 486 Busy Here.
    case busy
    /// 503 Service Unavailable.
    case unavailable
    /// Not a word.
    case silent
    /// Answered, and hung up half a second later.
    case hungUp
    /// 480 Temporarily Unavailable.
    case absent

    /// The default rule: `002` to `009` at the end of the number called, anything else is answered.
    public static func byLastDigits(_ number: String) -> VoiceOutcome {
        switch number.suffix(3) {
        case "002": .unknown
        case "003": .unanswered
        case "004": .declined
        case "005": .busy
        case "006": .unavailable
        case "007": .silent
        case "008": .hungUp
        case "009": .absent
        default: .answered
        }
    }

    /// The final response with which the call is refused; nil where it is not.
    var refusal: (status: Int, phrase: String)? {
        switch self {
        case .answered, .unanswered, .silent, .hungUp: nil
        case .unknown: (404, "Not Found")
        case .declined: (603, "Decline")
        case .busy: (486, "Busy Here")
        case .unavailable: (503, "Service Unavailable")
        case .absent: (480, "Temporarily Unavailable")
        }
    }
}

extension VoiceSimulator {
    public struct Configuration: Sendable {
        public var host = "127.0.0.1"
        /// 0 takes a free port; `start` returns the one taken.
        public var port = 0
        /// Who may call and register, by digest authentication; nil lets everybody.
        public var credentials: Credentials?
        /// How long a telephone rings before it is answered.
        public var ringing: Duration = .milliseconds(200)
        /// How long whoever hangs up at once listens.
        public var patience: Duration = .milliseconds(500)
        /// From the number called, as digits, to what happens.
        public var outcomeRule: @Sendable (String) -> VoiceOutcome = VoiceOutcome.byLastDigits
        /// Calls kept of each number, numbers, and seconds recorded of each call.
        public var callLimit = 20
        public var numberLimit = 1000
        public var recordingLimit = 120

        public init() {}
    }

    public struct Credentials: Hashable, Sendable {
        public var username: String
        public var password: String

        public init(username: String, password: String) {
            self.username = username
            self.password = password
        }
    }
}

/// A call as the telephone called knows it.
public struct SimulatedCall: Sendable, Equatable {
    public let callID: String
    /// As it is displayed: the user part of From.
    public let caller: String
    /// The URI of P-Asserted-Identity; nil when there is none.
    public let assertedIdentity: String?
    /// The number called, as digits.
    public let recipient: String
    public let outcome: VoiceOutcome
    public let startedAt: Milliseconds
    public internal(set) var answeredAt: Milliseconds?
    public internal(set) var endedAt: Milliseconds?
    /// What was heard: 16-bit samples, 8,000 a second.
    public internal(set) var samples: [Int16] = []

    /// How long something was heard.
    public var audioLength: Milliseconds { Int64(samples.count) * 1000 / Int64(VoiceRecording.rate) }

    /// The recording as a WAVE file.
    public var wav: [UInt8] { VoiceRecording.wav(samples) }
}
