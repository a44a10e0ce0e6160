// SPDX-License-Identifier: Apache-2.0
// The telephone's side of one call, as a pure state machine:
//
//     ringing ── answered ──▶ answering ── ACK ──▶ talking ── BYE of either side ──▶ over
//        ├── CANCEL ──▶ over (487)
//        └── refused ──▶ over
//
// A repeated request gets the answer that it got before.

struct VoiceLine: Sendable {
    enum Phase: Sendable, Equatable { case ringing, answering, talking, over }

    enum Action: Equatable {
        case send(SIPMessage)
        /// Answer when it has rung long enough.
        case ring
        /// Send the last response again when no ACK has come meanwhile, `times` more times.
        case expectACK(times: Int)
        case recordAnswer
        /// Hang up in a while.
        case loseInterest
        case end
    }

    let invite: SIPMessage
    let outcome: VoiceOutcome
    let tag: String
    /// `host:port` of the telephone.
    let address: String
    /// The port on which it listens to RTP.
    let mediaPort: Int
    private(set) var phase = Phase.ringing
    private var last: SIPMessage?

    static let retransmissions = 10

    init(invite: SIPMessage, outcome: VoiceOutcome, tag: String, address: String, mediaPort: Int) {
        self.invite = invite
        self.outcome = outcome
        self.tag = tag
        self.address = address
        self.mediaPort = mediaPort
    }

    private var contact: (name: String, value: String) { (name: "Contact", value: "<sip:telephone@\(address)>") }

    mutating func begin() -> [Action] {
        if outcome == .silent { return [] }
        let trying = invite.response(100, "Trying", tag: tag)
        if let refusal = outcome.refusal {
            phase = .over
            return [.send(trying), respond(refusal.status, refusal.phrase), .end]
        }
        return [.send(trying), respond(180, "Ringing", headers: [contact]), .ring]
    }

    private mutating func respond(
        _ status: Int, _ phrase: String, headers: [(name: String, value: String)] = [], body: [UInt8] = []
    ) -> Action {
        let response = invite.response(status, phrase, tag: tag, headers: headers, body: body)
        last = response
        return .send(response)
    }

    /// It has rung long enough.
    mutating func rung() -> [Action] {
        guard phase == .ringing, outcome == .answered || outcome == .hungUp else { return [] }
        guard let codec = SessionDescription.codec(offered: invite.body) else {
            phase = .over
            return [respond(488, "Not Acceptable Here"), .end]
        }
        phase = .answering
        let host = String(address.prefix { $0 != ":" })
        let response = respond(
            200, "OK", headers: [contact, (name: "Content-Type", value: "application/sdp")],
            body: SessionDescription.answer(host: host, port: mediaPort, codec: codec))
        return [response, .recordAnswer, .expectACK(times: Self.retransmissions)]
    }

    /// No ACK has come for the time being.
    func unacknowledged(times: Int) -> [Action] {
        guard phase == .answering, times > 0, let last else { return [] }
        return [.send(last), .expectACK(times: times - 1)]
    }

    /// A request of the same call.
    mutating func received(_ request: SIPMessage) -> [Action] {
        switch request.method {
        case "INVITE": return last.map { [.send($0)] } ?? []
        case "ACK":
            guard phase == .answering else { return [] }
            phase = .talking
            return outcome == .hungUp ? [.loseInterest] : []
        case "CANCEL":
            let accepted = Action.send(request.response(200, "OK", tag: tag))
            guard phase == .ringing else { return [accepted] }
            phase = .over
            return [accepted, respond(487, "Request Terminated"), .end]
        case "BYE":
            let accepted = Action.send(request.response(200, "OK", tag: tag))
            guard phase != .over else { return [accepted] }
            phase = .over
            return [accepted, .end]
        default: return [.send(request.response(405, "Method Not Allowed", tag: tag))]
        }
    }

    /// Whoever answered has heard enough.
    mutating func hangUp() -> [Action] {
        guard phase == .talking else { return [] }
        phase = .over
        let headers = [
            (name: "Via", value: "SIP/2.0/UDP \(address);branch=z9hG4bK\(tag)"),
            (name: "Max-Forwards", value: "70"),
            (name: "From", value: "\(invite["to"] ?? "");tag=\(tag)"),
            (name: "To", value: invite["from"] ?? ""),
            (name: "Call-ID", value: invite["call-id"] ?? ""),
            (name: "CSeq", value: "1 BYE"),
        ]
        let target = invite["contact"].map(SIPMessage.uri) ?? ""
        return [.send(SIPMessage(.request(method: "BYE", uri: target), headers: headers)), .end]
    }
}

/// Offer and answer of one audio stream (RFC 4566, RFC 3264).
enum SessionDescription {
    /// The first payload type that is offered and known: PCMU or PCMA.
    static func codec(offered body: [UInt8]) -> Int? {
        for line in String(decoding: body, as: UTF8.self).split(whereSeparator: \.isNewline)
        where line.hasPrefix("m=audio ") {
            return line.split(separator: " ").dropFirst(3).compactMap { Int($0) }.first { $0 == 0 || $0 == 8 }
        }
        return nil
    }

    static func answer(host: String, port: Int, codec: Int) -> [UInt8] {
        let name = codec == 0 ? "PCMU" : "PCMA"
        let lines = [
            "v=0", "o=- 1 1 IN IP4 \(host)", "s=-", "c=IN IP4 \(host)", "t=0 0", "m=audio \(port) RTP/AVP \(codec)",
            "a=rtpmap:\(codec) \(name)/8000", "a=recvonly",
        ]
        return Array((lines.joined(separator: "\r\n") + "\r\n").utf8)
    }
}
