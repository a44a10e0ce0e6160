// SPDX-License-Identifier: Apache-2.0
// Drives a session on a clock of its own and writes down what it does: `>` is written, `!` is told to the owner.

import NIOCore
import Testing

@testable import SMPP

/// A session and the time.
struct Trace: ~Copyable {
    var session: SMPPSession<String>
    var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    var lastToken: InboundToken?

    init(
        _ role: SMPPSession<String>.Role, window: Int = 10, inboundWindow: Int = 10, inactivity: Int64? = nil,
        firstSequence: UInt32 = 1
    ) {
        let limits = SMPPSession<String>.Limits(
            window: window, inboundWindow: inboundWindow, responseTimeout: .seconds(10),
            enquireLinkInterval: .seconds(30), inactivityTimeout: inactivity.map { .seconds($0) },
            bindTimeout: .seconds(5))
        session = SMPPSession(role: role, limits: limits, now: now, firstSequence: firstSequence)
    }

    mutating func receive(_ body: PDU.Body, _ sequence: UInt32, _ status: CommandStatus = .ok) -> [String] {
        write(session.received(.pdu(PDU(body, sequence: sequence, status: status)), now: now))
    }

    mutating func receiveBad(_ command: CommandID, _ sequence: UInt32, _ status: CommandStatus) -> [String] {
        write(session.received(.bad(BadPDU(commandID: command, sequence: sequence, status: status)), now: now))
    }

    mutating func send(_ context: String, _ body: PDU.Body = .submit(SubmitSM())) -> [String] {
        write(session.send(body, context: context, now: now))
    }

    mutating func bind(_ mode: BindMode = .transceiver) -> [String] {
        write(session.bind(Bind(mode: mode), now: now))
    }

    mutating func respond(_ token: InboundToken, _ status: CommandStatus = .ok) -> [String] {
        write(session.respond(token, .deliverResponse(DeliverSMResponse()), status: status, now: now))
    }

    mutating func unbind() -> [String] { write(session.unbind(now: now)) }

    mutating func wait(_ seconds: Int64) -> [String] {
        now = now + .seconds(seconds)
        return write(session.timeout(now: now))
    }

    mutating func write(_ actions: [SMPPSession<String>.Action]) -> [String] {
        var lines: [String] = []
        for action in actions {
            switch action {
            case .write(let pdu):
                lines.append("> \(pdu.commandID) \(pdu.sequence)" + (pdu.status == .ok ? "" : " \(pdu.status)"))
            case .bindRequested(let bind): lines.append("! bind requested \(bind.mode)")
            case .outbindReceived(let outbind): lines.append("! outbind \(outbind.systemID)")
            case .bound(let mode, _): lines.append("! bound \(mode)")
            case .received(let pdu, let token):
                lastToken = token ?? lastToken
                lines.append("! received \(pdu.commandID) \(pdu.sequence)")
            case .completed(let context, let outcome): lines.append("! \(context) \(Self.word(outcome))")
            case .unexpected(let command, let sequence): lines.append("! unexpected \(command) \(sequence)")
            case .close(let reason, let unanswered): lines.append("! close: \(reason) \(unanswered)")
            }
        }
        return lines
    }

    /// The token of the last request received.
    func waitingToken() throws -> InboundToken {
        let token = lastToken
        return try #require(token)
    }

    static func word(_ outcome: RequestOutcome) -> String {
        switch outcome {
        case .response(let pdu): "answered \(pdu.status)"
        case .uncertain(let reason): "uncertain \(reason)"
        case .notSent: "not sent"
        case .invalid: "invalid"
        }
    }

    /// An ESME that is bound.
    static func esme(
        _ mode: BindMode = .transceiver, window: Int = 10, inboundWindow: Int = 10, inactivity: Int64? = nil
    )
        -> Trace
    {
        var trace = Trace(.esme, window: window, inboundWindow: inboundWindow, inactivity: inactivity)
        _ = trace.bind(mode)
        _ = trace.receive(.bindResponse(BindResponse(mode: mode)), 1)
        return trace
    }

    /// An SMSC with an ESME bound.
    static func smsc(_ mode: BindMode = .transceiver, inboundWindow: Int = 10) -> Trace {
        var trace = Trace(.smsc, inboundWindow: inboundWindow)
        _ = trace.receive(.bind(Bind(mode: mode)), 1)
        _ = trace.write(trace.session.decideBind(BindResponse(mode: mode), status: .ok, now: trace.now))
        return trace
    }
}

let submitOK = PDU.Body.submitResponse(SubmitSMResponse(messageID: "1"))
