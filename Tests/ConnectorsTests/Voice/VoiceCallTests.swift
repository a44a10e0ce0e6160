// SPDX-License-Identifier: Apache-2.0
// The course of a call, what its ending means, and the lines that calls take.

import Messaging
import Testing

@testable import Connectors

struct VoiceCallTests {
    static func call(_ phase: VoiceCall.Phase) -> VoiceCall {
        var call = VoiceCall(firstReading: 1000)
        if phase == .calling || phase == .speaking { _ = call.invited() }
        if phase == .speaking { _ = call.answered() }
        return call
    }

    static func ending(_ status: Int, _ phrase: String = "", error: String? = nil) -> VoiceCall.Ending {
        VoiceCall.Ending(error: error, status: status, phrase: phrase)
    }

    @Test
    func `a call that is listened to is submitted, answered and over`() {
        var call = VoiceCall(firstReading: 1000)
        #expect(call.invited() == [.submitted])
        #expect(call.answered() == [.play])
        #expect(call.played() == [.hangUp, .ended(.answered)])
        #expect(call.phase == .over)
    }

    @Test
    func `nothing happens twice, nor after the end`() {
        var call = Self.call(.speaking)
        #expect(call.invited() == [])
        #expect(call.answered() == [])
        #expect(call.alarmed() == [])
        _ = call.played()
        #expect(call.played() == [])
        #expect(call.ended(Self.ending(486), position: 0) == [])
        #expect(call.cut(position: 0) == [])
        #expect(call.alarmed() == [])
        #expect(call.failed("late") == [])
    }

    @Test
    func `before the INVITE is out a later try is safe`() {
        var call = VoiceCall(firstReading: 1000)
        #expect(call.ended(Self.ending(0, error: "refused"), position: 0) == [.hangUp, .retry(reason: "refused")])
        call = VoiceCall(firstReading: 1000)
        #expect(call.alarmed() == [.hangUp, .retry(reason: "the trunk could not be reached in time")])
        call = VoiceCall(firstReading: 1000)
        #expect(call.failed("no port") == [.retry(reason: "no port")])
        call = VoiceCall(firstReading: 1000)
        #expect(call.cut(position: 0) == [.hangUp, .retry(reason: "the connector stops")])
    }

    @Test(arguments: [(999, VoiceCode.hungUp as String?), (1000, nil), (5000, nil)])
    func `whoever hangs up after the first reading has heard it`(_ position: Int, _ code: String?) {
        var call = Self.call(.speaking)
        let actions = call.ended(Self.ending(0), position: position)
        #expect(actions.count == 2)
        guard case .ended(let verdict) = actions.last else {
            Issue.record("no verdict")
            return
        }
        #expect(verdict.code == code)
        var other = Self.call(.speaking)
        guard case .ended(let cut) = other.cut(position: position).last else {
            Issue.record("no verdict")
            return
        }
        #expect(cut.code == code)
    }

    @Test
    func `nobody answering is its own code, whoever gives up`() {
        var call = Self.call(.calling)
        #expect(
            call.alarmed()
                == [.hangUp, .ended(VoiceVerdict(code: "voice::no-answer", reason: "nobody answered in time"))])
    }

    @Test(arguments: [
        (486, "voice::busy"), (600, "voice::busy"), (408, "voice::no-answer"), (480, "voice::no-answer"),
        (487, "voice::no-answer"), (404, "voice::unreachable"), (410, "voice::unreachable"),
        (484, "voice::unreachable"), (604, "voice::unreachable"), (500, "voice::unreachable"),
        (503, "voice::unreachable"), (504, "voice::unreachable"), (603, "voice::rejected"), (403, "voice::rejected"),
        (401, "voice::rejected"), (407, "voice::rejected"), (302, "voice::rejected"), (488, "voice::rejected"),
        (606, "voice::rejected"),
    ])
    func `a final answer has a code, and is its own reason`(_ status: Int, _ code: String) {
        var call = Self.call(.calling)
        #expect(
            call.ended(Self.ending(status, "Phrase"), position: 0)
                == [.hangUp, .ended(VoiceVerdict(code: code, reason: "\(status) Phrase"))])
    }

    @Test
    func `an end without an answer is unreachable, and an answer without a codec is refused`() {
        #expect(
            VoiceCode.verdict(Self.ending(0, error: "Connection timed out"))
                == VoiceVerdict(code: "voice::unreachable", reason: "Connection timed out"))
        #expect(VoiceCode.verdict(Self.ending(0)).code == "voice::unreachable")
        #expect(VoiceCode.verdict(Self.ending(200, "OK", error: "x")).code == "voice::rejected")
        #expect(VoiceCode.verdict(Self.ending(486)).reason == "486")
    }
}

struct VoiceLinesTests {
    @Test
    func `a line is taken until its call is over and its outcome is on disk`() {
        var lines = VoiceLines(size: 3, registers: false)
        #expect(lines.reserve(1) == 0)
        lines.start()
        #expect(lines.linkState.phases == [.connecting])
        lines.opened()
        #expect(lines.reserve(2) == 2)
        #expect(lines.reserve(5) == 1)
        lines.settled(3)
        #expect(lines.reserve(1) == 0)
        lines.hungUp()
        #expect(lines.reserve(5) == 1)
        lines.release(1)
        lines.hungUp()
        lines.hungUp()
        #expect(lines.reserve(5) == 3)
        #expect(lines.linkState.windowUsed == 3)
    }

    @Test
    func `a trunk that wants us registered takes no calls before`() {
        var lines = VoiceLines(size: 3, registers: true)
        lines.start()
        lines.opened()
        #expect(!lines.isUp)
        #expect(lines.linkState.phases == [.binding])
        lines.registered("403 Forbidden")
        #expect(lines.linkState.phases == [.waiting])
        #expect(lines.linkState.problem == "403 Forbidden")
        lines.registered(nil)
        #expect(lines.isUp)
        #expect(lines.linkState.problem == nil)
        lines.registered("503 Service Unavailable")
        #expect(!lines.isUp)
        #expect(lines.reserve(1) == 0)
        lines.stop()
        lines.registered(nil)
        #expect(lines.linkState.phases == [.stopped])
    }

    @Test
    func `a socket that cannot be bound is said, until it is`() {
        var lines = VoiceLines(size: 3, registers: false)
        lines.start()
        lines.failed("Address already in use")
        #expect(lines.linkState.problem == "Address already in use")
        lines.opened()
        #expect(lines.isUp)
        #expect(lines.linkState.problem == nil)
    }
}
