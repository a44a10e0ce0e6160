// SPDX-License-Identifier: Apache-2.0
// The simulated telephone: its messages, its state machine, its ear.

import Testing
import Wire

@testable import Simulators

struct VoiceLineTests {
    static let invite = SIPMessage(
        Array(
            """
            INVITE sip:+441632960960@127.0.0.1:5060 SIP/2.0\r
            v: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK1\r
            From: "X" <sip:+4930@127.0.0.1>;tag=a\r
            t: <sip:+441632960960@127.0.0.1>\r
            i: call\r
            CSeq: 1 INVITE\r
            m: <sip:parley@127.0.0.1:5070>\r
            Content-Length: 40\r
            \r
            v=0\r
            m=audio 4000 RTP/AVP 18 8 0\r

            """.utf8))

    static func line(_ outcome: VoiceOutcome) throws -> VoiceLine {
        VoiceLine(
            invite: try #require(invite), outcome: outcome, tag: "t", address: "127.0.0.1:5060", mediaPort: 4002)
    }

    static func statuses(_ actions: [VoiceLine.Action]) -> [Int] {
        actions.compactMap { action in
            guard case .send(let message) = action, case .response(let status, _) = message.start else { return nil }
            return status
        }
    }

    static func request(_ method: String) throws -> SIPMessage {
        var message = try #require(invite)
        message.start = .request(method: method, uri: "sip:telephone@127.0.0.1")
        return message
    }

    @Test
    func `a telephone rings, is answered, and is hung up on`() throws {
        var line = try Self.line(.answered)
        #expect(Self.statuses(line.begin()) == [100, 180])
        let answer = line.rung()
        #expect(Self.statuses(answer) == [200])
        #expect(answer.contains(.recordAnswer))
        guard case .send(let message) = answer[0] else { return }
        #expect(String(decoding: message.body, as: UTF8.self).contains("m=audio 4002 RTP/AVP 8\r\n"))
        #expect(message["to"] == "<sip:+441632960960@127.0.0.1>;tag=t")
        #expect(Self.statuses(line.unacknowledged(times: 3)) == [200])
        #expect(line.received(try Self.request("ACK")) == [])
        #expect(line.unacknowledged(times: 2) == [])
        let bye = line.received(try Self.request("BYE"))
        #expect(Self.statuses(bye) == [200])
        #expect(bye.last == .end)
        #expect(line.phase == .over)
        #expect(line.received(try Self.request("BYE")).contains(.end) == false)
    }

    @Test
    func `a repeated INVITE is answered as before, and a cancelled one ends`() throws {
        var line = try Self.line(.unanswered)
        _ = line.begin()
        #expect(Self.statuses(line.received(try Self.request("INVITE"))) == [180])
        #expect(line.rung() == [])
        #expect(Self.statuses(line.received(try Self.request("CANCEL"))) == [200, 487])
        #expect(Self.statuses(line.received(try Self.request("INVITE"))) == [487])
    }

    @Test(arguments: [
        (VoiceOutcome.busy, 486), (.unknown, 404), (.declined, 603), (.unavailable, 503), (.absent, 480),
    ])
    func `a refused call says why`(_ outcome: VoiceOutcome, _ status: Int) throws {
        var line = try Self.line(outcome)
        let actions = line.begin()
        #expect(Self.statuses(actions) == [100, status])
        #expect(actions.last == .end)
    }

    @Test
    func `whoever loses interest says goodbye to the right address`() throws {
        var line = try Self.line(.hungUp)
        _ = line.begin()
        _ = line.rung()
        #expect(line.received(try Self.request("ACK")) == [.loseInterest])
        guard case .send(let bye) = line.hangUp().first else {
            Issue.record("no BYE")
            return
        }
        #expect(bye.uri == "sip:parley@127.0.0.1:5070")
        #expect(bye["to"] == #""X" <sip:+4930@127.0.0.1>;tag=a"#)
        #expect(line.hangUp() == [])
    }

    @Test
    func `a silent network says nothing, and no codec in common is not acceptable`() throws {
        var silent = try Self.line(.silent)
        #expect(silent.begin() == [])
        var invite = try #require(Self.invite)
        invite.body = Array("m=audio 4000 RTP/AVP 18\r\n".utf8)
        var line = VoiceLine(invite: invite, outcome: .answered, tag: "t", address: "127.0.0.1:1", mediaPort: 2)
        _ = line.begin()
        #expect(Self.statuses(line.rung()) == [488])
    }

    @Test(
        arguments: zip(
            ["441632960001", "2", "002", "49003", "49009"],
            [
                VoiceOutcome.answered, .answered, .unknown, .unanswered, .absent,
            ]))
    func `the last digits choose`(_ number: String, _ outcome: VoiceOutcome) {
        #expect(VoiceOutcome.byLastDigits(number) == outcome)
    }

    @Test
    func `no bytes can break the parser`() throws {
        var random = SplitMix(seed: 3)
        let sample = try #require(Self.invite).bytes
        for _ in 0..<10_000 {
            guard let message = SIPMessage(random.mutated(sample)), message.method != nil else { continue }
            var line = VoiceLine(
                invite: message, outcome: .hungUp, tag: "t", address: "127.0.0.1:1", mediaPort: 2)
            _ = line.begin() + line.rung() + line.received(message) + line.hangUp()
            _ = SIPDigest.fields(message["authorization"] ?? message["from"] ?? "")
        }
    }
}

struct VoiceRecordingTests {
    static func packet(_ sequence: Int, type: UInt8 = 8, source: UInt8 = 1, payload: [UInt8]) -> [UInt8] {
        let stamp = UInt32(0xFFFF_FFF0) &+ UInt32(sequence * payload.count)
        return [0x80, type, 0, UInt8(sequence)] + (0..<4).map { UInt8(stamp >> (24 - 8 * UInt32($0)) & 0xFF) }
            + [0, 0, 0, source] + payload
    }

    @Test
    func `packets are put in their order, and what is lost is silence`() {
        var recording = VoiceRecording(seconds: 1)
        let loud = [UInt8](repeating: 0x2A, count: 160)
        for sequence in [0, 3, 1] { recording.receive(Self.packet(sequence, payload: loud)) }
        recording.receive(Self.packet(2, source: 9, payload: loud))
        #expect(recording.samples.count == 640)
        #expect(recording.samples[0] == G711.linear(alaw: 0x2A))
        #expect(recording.samples[200] == recording.samples[0])
        #expect(recording.samples[320..<480].allSatisfy { $0 == 0 })
        recording.receive(Self.packet(60, payload: loud))
        #expect(recording.samples.count == 640, "beyond the limit")
    }

    @Test(arguments: [
        (UInt8(0xFF), Int16(0)), (0x7F, 0), (0x80, 32_124), (0x00, -32_124), (0xF0, 120),
    ])
    func `PCMU is that of the recommendation`(_ code: UInt8, _ sample: Int16) {
        #expect(G711.linear(ulaw: code) == sample)
    }

    @Test(arguments: [(UInt8(0xD5), Int16(8)), (0x55, -8), (0xAA, 32_256), (0x2A, -32_256)])
    func `PCMA is that of the recommendation`(_ code: UInt8, _ sample: Int16) {
        #expect(G711.linear(alaw: code) == sample)
    }

    @Test
    func `no packet can break the ear`() {
        var random = SplitMix(seed: 4)
        let sample = Self.packet(1, payload: [UInt8](repeating: 7, count: 20))
        var recording = VoiceRecording(seconds: 1)
        for _ in 0..<20_000 { recording.receive(random.mutated(sample)) }
        #expect(recording.samples.count <= 8000)
    }
}
