// SPDX-License-Identifier: Apache-2.0
// What a session does with what it receives, and with the passing of time.

internal import NIOCore

extension SMPPSession {
    mutating func received(_ frame: PDUFrame, now: NIODeadline) -> [Action] {
        guard phase != .closed else { return [] }
        lastReceived = now
        enquireLinkSent = nil
        switch frame {
        case .broken(let length):
            let nack = PDU(.genericNack, sequence: 0, status: .invalidCommandLength)
            return [.write(nack)] + close(.brokenFraming(commandLength: length))
        case .bad(let bad):
            return receivedBad(bad, now: now)
        case .pdu(let pdu):
            return pdu.commandID.isResponse ? receivedResponse(pdu, now: now) : receivedRequest(pdu, now: now)
        }
    }

    private mutating func receivedBad(_ bad: BadPDU, now: NIODeadline) -> [Action] {
        if let answer = bad.answer { return [.write(answer)] }
        guard let waiting = outstanding[bad.sequence], waiting.command.response == bad.commandID else {
            return [.unexpected(bad.commandID, sequence: bad.sequence)]
        }
        return finish(bad.sequence, waiting, outcome: .uncertain(.malformedResponse), status: bad.status, now: now)
    }

    // MARK: Responses

    private mutating func receivedResponse(_ pdu: PDU, now: NIODeadline) -> [Action] {
        guard let waiting = outstanding[pdu.sequence],
            pdu.commandID == .genericNack || waiting.command.response == pdu.commandID
        else { return [.unexpected(pdu.commandID, sequence: pdu.sequence)] }
        if case .bind = waiting.purpose { return bindAnswered(pdu, now: now) }
        return finish(pdu.sequence, waiting, outcome: .response(pdu), status: pdu.status, now: now)
    }

    private mutating func finish(
        _ sequence: UInt32, _ waiting: Waiting, outcome: RequestOutcome, status: CommandStatus, now: NIODeadline
    ) -> [Action] {
        settle(sequence)
        switch waiting.purpose {
        case .request(let context):
            lastMessage = now
            return [.completed(context, outcome)] + advanceEnding(now: now)
        case .bind: return close(.bindRefused(status))
        case .unbind: return close(.unbound)
        case .enquireLink: return []
        }
    }

    private mutating func bindAnswered(_ pdu: PDU, now: NIODeadline) -> [Action] {
        settle(pdu.sequence)
        guard case .binding(let mode) = phase, case .bindResponse(let response) = pdu.body, pdu.status == .ok else {
            // A generic_nack that says "ok" refuses all the same.
            return close(.bindRefused(pdu.status == .ok ? .bindFailed : pdu.status))
        }
        return enterBound(mode, response, now: now)
    }

    // MARK: Requests

    private mutating func receivedRequest(_ pdu: PDU, now: NIODeadline) -> [Action] {
        switch pdu.body {
        case .enquireLink:
            return [.write(PDU(.enquireLinkResponse(), sequence: pdu.sequence))]
        case .unbind:
            return receivedUnbind(pdu, now: now)
        case .bind(let bind) where role == .smsc:
            return receivedBind(bind, sequence: pdu.sequence)
        case .outbind(let outbind) where role == .esme && phase == .open:
            return [.outbindReceived(outbind)]
        default:
            return receivedOperation(pdu, now: now)
        }
    }

    private mutating func receivedBind(_ bind: Bind, sequence: UInt32) -> [Action] {
        guard phase == .open || phase == .outbound else {
            let refusal = BindResponse(mode: bind.mode)
            return [.write(PDU(.bindResponse(refusal), sequence: sequence, status: .alreadyBound))]
        }
        phase = .binding(bind.mode)
        bindSequence = sequence
        return [.bindRequested(bind)]
    }

    private mutating func receivedUnbind(_ pdu: PDU, now: NIODeadline) -> [Action] {
        switch phase {
        case .bound(let mode), .draining(let mode):
            phase = .leaving(mode)
            peerUnbindSequence = pdu.sequence
            phaseDeadline = now + limits.responseTimeout
            return advanceEnding(now: now)
        case .unbinding:
            // Both sides unbind at once: each answers, and that is the end.
            return [.write(PDU(.unbindResponse, sequence: pdu.sequence))] + close(.unbound)
        case .open, .outbound, .binding, .leaving, .closed:
            return [.write(PDU(.unbindResponse, sequence: pdu.sequence, status: .incorrectBindStatus))]
        }
    }

    private mutating func receivedOperation(_ pdu: PDU, now: NIODeadline) -> [Action] {
        let sender: Role = role == .esme ? .smsc : .esme
        guard let mode = boundMode, Self.isAllowed(pdu.commandID, from: sender, mode: mode) else {
            return refuse(pdu, .incorrectBindStatus)
        }
        lastMessage = now
        guard pdu.commandID.response != nil else { return [.received(pdu, nil)] }
        guard inbound[pdu.sequence] == nil else { return refuse(pdu, .systemError) }
        guard case .bound = phase, inbound.count < limits.inboundWindow else { return refuse(pdu, busyStatus) }
        inboundSerial += 1
        inbound[pdu.sequence] = inboundSerial
        return [.received(pdu, InboundToken(sequence: pdu.sequence, serial: inboundSerial))]
    }

    /// "Later" in the words of each role; both make the peer try again.
    private var busyStatus: CommandStatus { role == .esme ? .temporaryReceiverError : .throttled }

    private func refuse(_ pdu: PDU, _ status: CommandStatus) -> [Action] {
        guard let body = PDU.Body.emptyResponse(to: pdu.commandID) else {
            return [.unexpected(pdu.commandID, sequence: pdu.sequence)]
        }
        return [.write(PDU(body, sequence: pdu.sequence, status: status))]
    }

    // MARK: Time

    /// When `timeout` has something to do next.
    var nextDeadline: NIODeadline? {
        guard phase != .closed else { return nil }
        var next = phaseDeadline ?? .distantFuture
        if let first = deadlines.first { next = min(next, first.deadline) }
        if let sent = enquireLinkSent {
            next = min(next, sent + limits.responseTimeout)
        } else if boundMode != nil {
            next = min(next, lastReceived + limits.enquireLinkInterval)
        }
        if let inactivity = limits.inactivityTimeout, case .bound = phase { next = min(next, lastMessage + inactivity) }
        return next
    }

    /// Time has passed. Harmless when nothing is due.
    mutating func timeout(now: NIODeadline) -> [Action] {
        guard phase != .closed else { return [] }
        if let deadline = phaseDeadline, deadline <= now { return phaseTimedOut(now: now) }
        if let sent = enquireLinkSent, sent + limits.responseTimeout <= now { return close(.enquireLinkTimeout) }
        var actions = timedOutRequests(now: now)
        if let inactivity = limits.inactivityTimeout, case .bound = phase, lastMessage + inactivity <= now {
            return actions + close(.inactive)
        }
        if boundMode != nil, enquireLinkSent == nil, lastReceived + limits.enquireLinkInterval <= now {
            enquireLinkSent = now
            actions.append(.write(request(.enquireLink, .enquireLink, now: now)))
        }
        return actions
    }

    private mutating func phaseTimedOut(now: NIODeadline) -> [Action] {
        switch phase {
        case .open, .outbound, .binding: return close(.bindTimeout)
        case .draining, .leaving: return advanceEnding(now: now, forced: true)
        case .unbinding: return close(.unbound)
        case .bound, .closed: return []
        }
    }

    private mutating func timedOutRequests(now: NIODeadline) -> [Action] {
        var actions: [Action] = []
        while let first = deadlines.first, first.deadline <= now {
            deadlines.removeFirst()
            guard let waiting = outstanding[first.sequence], waiting.deadline == first.deadline else { continue }
            settle(first.sequence)
            if case .request(let context) = waiting.purpose {
                actions.append(.completed(context, .uncertain(.responseTimeout)))
            }
        }
        return actions + (actions.isEmpty ? [] : advanceEnding(now: now))
    }
}
