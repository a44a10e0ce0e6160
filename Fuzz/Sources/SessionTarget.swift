// SPDX-License-Identifier: Apache-2.0
// A session under any order of events from its owner, its peer and its clock: every request has one outcome, no window is
// exceeded, and time never stands still.

import NIOCore

@testable import SMPP

enum SessionTarget {
    @Sendable static func run(_ input: [UInt8]) {
        var reader = InputReader(input)
        var driver = SessionDriver(&reader)
        while !reader.isEmpty { driver.step(&reader) }
        driver.finish()
    }
}

private struct SessionDriver: ~Copyable {
    private static let modes = BindMode.allCases
    private static let requests: [PDU.Body] = [
        .submit(SubmitSM()), .deliver(DeliverSM()), .data(DataSM()), .query(QuerySM()), .cancel(CancelSM()),
        .replace(ReplaceSM()), .submitMulti(SubmitMulti()), .alertNotification(AlertNotification()), .enquireLink,
        .unbind, .bind(Bind(mode: .transceiver)), .outbind(Outbind()), .submitResponse(SubmitSMResponse()),
        .enquireLinkResponse(), .unbindResponse, .genericNack,
    ]

    private var session: SMPPSession<Int>
    private var now = NIODeadline.uptimeNanoseconds(1_000_000_000_000)
    private var nextContext = 0
    /// Requests that have no outcome yet.
    private var pending: Set<Int> = []
    private var tokens: [InboundToken] = []
    /// What was written and may be answered.
    private var written: [PDU] = []
    private var isOver = false

    init(_ reader: inout InputReader) {
        var limits = SMPPSession<Int>.Limits()
        limits.window = Int(reader.octet() % 4) + 1
        limits.inboundWindow = Int(reader.octet() % 3) + 1
        limits.inactivityTimeout = reader.flag() ? .seconds(60) : nil
        let role: SMPPSession<Int>.Role = reader.flag() ? .esme : .smsc
        let first: UInt32 = reader.flag() ? 0x7FFF_FFFE : 1
        session = SMPPSession(role: role, limits: limits, now: now, firstSequence: first)
    }

    mutating func step(_ reader: inout InputReader) {
        let event = reader.octet() % 11
        let choice = Int(reader.octet())
        switch event {
        case 0: run(session.bind(Bind(mode: Self.modes[choice % 3]), now: now))
        case 1: send(Self.requests[choice % 8])
        case 2 where !tokens.isEmpty:
            let token = tokens.remove(at: choice % tokens.count)
            run(session.respond(token, .deliverResponse(DeliverSMResponse()), status: .ok, now: now))
        case 3: pass(.seconds(Int64(choice)))
        case 4: run(session.unbind(now: now))
        case 5 where !written.isEmpty: answer(written[choice % written.count], reader.flag() ? .ok : .systemError)
        case 6: receive(.pdu(PDU(Self.requests[choice % 16], sequence: UInt32(reader.octet() % 4))))
        case 7:
            let command = Self.requests[choice % 16].commandID
            receive(.bad(BadPDU(commandID: command, sequence: UInt32(reader.octet() % 4), status: .invalidSystemID)))
        case 8:
            let response = BindResponse(mode: Self.modes[choice % 3])
            run(session.decideBind(response, status: reader.flag() ? .ok : .invalidPassword, now: now))
        case 9: run(session.outbind(Outbind()))
        case 10 where choice > 250: receive(.broken(commandLength: 3))
        default: break
        }
    }

    /// However it was left: with time alone a session that nobody speaks on ends, and nothing is without its outcome.
    mutating func finish() {
        for _ in 0..<100 where !isOver { pass(.seconds(60)) }
        expect(isOver, "a silent session does not end")
        expect(session.nextDeadline == nil, "a session that is over waits for something")
    }

    private mutating func send(_ body: PDU.Body) {
        nextContext += 1
        pending.insert(nextContext)
        run(session.send(body, context: nextContext, now: now))
    }

    private mutating func answer(_ request: PDU, _ status: CommandStatus) {
        guard let body = PDU.Body.emptyResponse(to: request.commandID) else { return }
        receive(.pdu(PDU(body, sequence: request.sequence, status: status)))
    }

    private mutating func receive(_ frame: PDUFrame) { run(session.received(frame, now: now)) }

    /// Lets time pass, and every deadline in it. Of several at one instant the session may take one at a time.
    private mutating func pass(_ span: TimeAmount) {
        let end = now + span
        var turns = 0
        while let next = session.nextDeadline, next <= end {
            turns = next > now ? 0 : turns + 1
            expect(turns < 5, "the same deadline comes again and again")
            now = max(now, next)
            run(session.timeout(now: now))
        }
        now = max(now, end)
    }

    private mutating func run(_ actions: [SMPPSession<Int>.Action]) {
        for action in actions {
            if case .completed(let context, let outcome) = action {
                expect(pending.remove(context) != nil, "a request has two outcomes")
                expect(!isOver || outcome == .notSent, "an outcome after the end: \(outcome)")
                continue
            }
            expect(!isOver, "\(action) after the end")
            switch action {
            case .write(let pdu): write(pdu)
            case .received(_, let token?): tokens.append(token)
            case .close: isOver = true
            default: break
            }
        }
        expect(pending.count <= session.limits.window, "the window is exceeded")
        expect(!isOver || pending.isEmpty, "a request has no outcome at the end")
        expect(session.isClosed == isOver, "closed without saying so")
    }

    private mutating func write(_ pdu: PDU) {
        var buffer = ByteBuffer()
        do throws(PDUEncodingError) { try pdu.write(to: &buffer) } catch { expect(false, "\(error)") }
        if pdu.commandID.response != nil { written.append(pdu) }
        if written.count > 16 { written.removeFirst() }
    }
}
