// SPDX-License-Identifier: Apache-2.0
// The routes of the simulated Viber, and what becomes of a message: refused at once, or taken and followed by statuses
// as its outcome says.

internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

extension ViberSimulator {
    func handle(_ request: LoopbackRequest, _ respond: @escaping Respond) {
        state.withLock { $0.counters.requests += 1 }
        switch (request.method, request.path) {
        case (.POST, ["vibersrvc", "1", "send_message"]): sendAsService(request, respond)
        case (.POST, let path) where path.count == 2 && path[0] == "pa": handleBot(request, path[1], respond)
        case (.GET, let path), (.HEAD, let path):
            guard path.count >= 2, path[0] == "media", let medium = state.withLock({ $0.media[path[1]] }) else {
                return respond(.respond(LoopbackResponse(.notFound)))
            }
            record(.download, id: medium.id)
            respond(.respond(LoopbackResponse(.ok, contentType: medium.mimeType, body: medium.bytes)))
        default: respond(.respond(LoopbackResponse(.notFound)))
        }
    }

    /// What a fault makes of a request: an answer instead of the usual one, or how the usual one is given.
    enum Weather {
        case instead(LoopbackReply)
        case usual(after: TimeAmount, isCut: Bool)
    }

    func weather(limited: LoopbackResponse, unauthorized: LoopbackResponse) -> Weather {
        switch state.withLock({ $0.faults.next() }) {
        case nil: .usual(after: .zero, isCut: false)
        case .serverError: .instead(.respond(LoopbackResponse(.internalServerError)))
        case .rateLimited, .pairLimited: .instead(.respond(limited))
        case .unauthorized: .instead(.respond(unauthorized))
        case .cut(isTaken: false): .instead(.cut)
        case .cut(isTaken: true): .usual(after: .zero, isCut: true)
        case .slow(let duration): .usual(after: TimeAmount(duration), isCut: false)
        }
    }

    /// Whether the outcome refuses this request, for now or for good.
    enum Suffering {
        case refused, throttled, dropped
    }

    func suffering(_ outcome: ChatOutcome, _ recipient: String) -> Suffering? {
        state.withLock { state in
            switch outcome {
            case .refused: .refused
            case .throttledThrice where state.memory.suffers(recipient, times: 3): .throttled
            case .droppedOnce where state.memory.suffers(recipient, times: 1): .dropped
            default: nil
            }
        }
    }

    /// Answers and follows up, in the order that the outcome wants.
    func take(
        _ sent: Sent, _ outcome: ChatOutcome, _ json: JSONValue, _ answer: JSONValue, after delay: TimeAmount,
        isCut: Bool, _ respond: @escaping Respond
    ) {
        state.withLock { $0.sent.add(sent, id: String(sent.token), limit: configuration.journalLimit) }
        record(.message, id: String(sent.token), sender: sent.line.id, recipient: sent.recipient, json: json)
        let reply = isCut ? LoopbackReply.cut : .respond(.json(answer), after: delay)
        let steps = self.steps(sent, outcome)
        guard outcome == .statusFirst else {
            respond(reply)
            return sender.run(steps)
        }
        sender.run(steps) { respond(reply) }
    }

    func refuse(
        _ answer: JSONValue, code: Int, _ line: String, recipient: String = "", json: JSONValue,
        after delay: TimeAmount = .zero, _ respond: Respond
    ) {
        record(.refusal, sender: line, recipient: recipient, json: json, detail: String(code))
        respond(.respond(.json(answer), after: delay))
    }

    // MARK: Statuses

    enum Status: Hashable, Sendable {
        case delivered, seen, expired
        /// By a status code of the service API.
        case failed(Int)
    }

    private func steps(_ sent: Sent, _ outcome: ChatOutcome) -> [CallbackSender.Step] {
        let delivered = step(.delivered, of: sent, after: configuration.deliveredDelay)
        let seen = step(.seen, of: sent, after: configuration.seenDelay)
        switch outcome {
        case .read, .throttledThrice, .statusFirst, .droppedOnce, .refused: return [delivered, seen]
        case .delivered: return [delivered]
        case .undeliverable: return [step(.failed(10), of: sent, after: configuration.deliveredDelay)]
        case .expired: return [step(.expired, of: sent, after: configuration.deliveredDelay)]
        case .rejected: return [step(.failed(8), of: sent, after: configuration.deliveredDelay)]
        case .silent: return []
        case .delayed: return [step(.delivered, of: sent, after: configuration.lateness), seen]
        case .duplicated: return [delivered, delivered, seen, seen]
        case .reordered: return [seen, delivered]
        }
    }

    func step(_ status: Status, of sent: Sent, after delay: Duration) -> CallbackSender.Step {
        step(after: delay, id: String(sent.token), sent.line, sent.recipient) {
            Self.json(status, of: sent, now: Timestamp.now())
        }
    }

    private static func json(_ status: Status, of sent: Sent, now: Milliseconds) -> JSONValue {
        switch sent.line {
        case .service(let service): serviceStatus(status, sent, service, now)
        case .bot: botStatus(status, sent, now)
        }
    }

    private static func serviceStatus(
        _ status: Status, _ sent: Sent, _ service: Service, _ now: Milliseconds
    ) -> JSONValue {
        var reason: JSONValue?
        let number: Int64
        switch status {
        case .delivered: number = 0
        case .seen: number = 1
        case .expired: number = 2
        case .failed(let code):
            number = 3
            reason = .integer(Int64(code))
        }
        return .members([
            "message_token": .string(String(sent.token)), "message_status": .integer(number),
            "message_time": .integer(now), "phone_number": .string(sent.recipient), "service_id": .integer(service.id),
            "reason": reason,
        ])
    }

    private static func botStatus(_ status: Status, _ sent: Sent, _ now: Milliseconds) -> JSONValue {
        var description: String?
        let event: String
        switch status {
        case .delivered: event = "delivered"
        case .seen: event = "seen"
        case .expired:
            event = "failed"
            description = "failure description: the message has expired"
        case .failed(let code):
            event = "failed"
            description = "failure description: status \(code)"
        }
        return .members([
            "event": .string(event), "timestamp": .integer(now), "message_token": .integer(sent.token),
            "user_id": .string(sent.recipient), "desc": .optional(description),
        ])
    }
}
