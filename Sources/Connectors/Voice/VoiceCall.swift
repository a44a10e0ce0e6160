// SPDX-License-Identifier: Apache-2.0
// One call from the INVITE to the hang-up, as a pure state machine: what happened goes in, what is to be done comes
// out.
//
//     placing ── INVITE sent ──▶ calling ── answered ──▶ speaking ── played, or the other side hung up ──▶ over
//        │                          └── refused, or the alarm went off ──▶ over
//        └── the INVITE cannot be sent, or the alarm went off ──▶ over, and a later try is safe
//
// Exactly one of `retry` and `ended` comes out, `submitted` always before `ended`, and nothing once it is over. Whoever
// hangs up after the speech has been heard once has heard it: it is said again only so that it can be written down.

/// What became of a call that was placed.
struct VoiceVerdict: Equatable {
    /// Nil: answered, and the speech was heard. Otherwise `voice::busy` and so on.
    var code: String?
    /// The SIP status with its phrase, or our words where there was none.
    var reason: String

    static let answered = VoiceVerdict(code: nil, reason: "answered")
}

struct VoiceCall {
    enum Phase: Equatable { case placing, calling, speaking, over }

    enum Action: Equatable {
        /// The provider has the call.
        case submitted
        /// Nobody has it.
        case retry(reason: String)
        case play
        case hangUp
        case ended(VoiceVerdict)
    }

    /// What the SIP stack says at the end of a call.
    struct Ending: Equatable {
        /// In words, where the stack has an error.
        var error: String?
        /// The final answer's; 0 where there was none, or the other side hung up.
        var status: Int
        var phrase: String
    }

    private(set) var phase = Phase.placing
    /// How many samples have to be sent for the speech to have been heard once.
    let firstReading: Int

    init(firstReading: Int) { self.firstReading = firstReading }

    mutating func invited() -> [Action] {
        guard phase == .placing else { return [] }
        phase = .calling
        return [.submitted]
    }

    /// The INVITE could not even be prepared.
    mutating func failed(_ reason: String) -> [Action] {
        guard phase == .placing else { return [] }
        phase = .over
        return [.retry(reason: reason)]
    }

    mutating func answered() -> [Action] {
        guard phase == .calling else { return [] }
        phase = .speaking
        return [.play]
    }

    mutating func played() -> [Action] {
        guard phase == .speaking else { return [] }
        return over(.answered)
    }

    /// The time for an answer is over.
    mutating func alarmed() -> [Action] {
        switch phase {
        case .placing:
            phase = .over
            return [.hangUp, .retry(reason: "the trunk could not be reached in time")]
        case .calling: return over(VoiceVerdict(code: VoiceCode.noAnswer, reason: "nobody answered in time"))
        case .speaking, .over: return []
        }
    }

    /// The call ended on its own; `position` samples had been sent.
    mutating func ended(_ ending: Ending, position: Int) -> [Action] {
        switch phase {
        case .placing:
            phase = .over
            return [.hangUp, .retry(reason: ending.error ?? "\(ending.status) \(ending.phrase)")]
        case .calling: return over(VoiceCode.verdict(ending))
        case .speaking: return over(heard(position, "hung up before the end"))
        case .over: return []
        }
    }

    /// The connector stops and cannot wait any longer.
    mutating func cut(position: Int) -> [Action] {
        switch phase {
        case .placing:
            phase = .over
            return [.hangUp, .retry(reason: "the connector stops")]
        case .calling: return over(VoiceVerdict(code: VoiceCode.noAnswer, reason: "given up: the connector stops"))
        case .speaking: return over(heard(position, "given up: the connector stops"))
        case .over: return []
        }
    }

    private func heard(_ position: Int, _ reason: String) -> VoiceVerdict {
        position >= firstReading ? .answered : VoiceVerdict(code: VoiceCode.hungUp, reason: reason)
    }

    private mutating func over(_ verdict: VoiceVerdict) -> [Action] {
        phase = .over
        return [.hangUp, .ended(verdict)]
    }
}

/// The error codes of calls.
enum VoiceCode {
    static let busy = "voice::busy"
    static let noAnswer = "voice::no-answer"
    static let rejected = "voice::rejected"
    static let unreachable = "voice::unreachable"
    static let hungUp = "voice::hung-up"

    /// The code of a final answer to an INVITE (RFC 3261 §21).
    static func code(ofStatus status: Int) -> String {
        switch status {
        case 486, 600: busy
        case 408, 480, 487: noAnswer
        case 404, 410, 416, 484, 485, 604: unreachable
        case 500...599: unreachable
        default: rejected
        }
    }

    static func verdict(_ ending: VoiceCall.Ending) -> VoiceVerdict {
        switch ending.status {
        case 0: VoiceVerdict(code: unreachable, reason: ending.error ?? "the trunk ended the call")
        case 200...299: VoiceVerdict(code: rejected, reason: "answered without a codec in common")
        default:
            VoiceVerdict(
                code: code(ofStatus: ending.status),
                reason: ending.phrase.isEmpty ? "\(ending.status)" : "\(ending.status) \(ending.phrase)")
        }
    }
}
