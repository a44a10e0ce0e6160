// SPDX-License-Identifier: Apache-2.0
// What becomes of a message: refused at once, or taken and followed by statuses as its outcome says.

internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

extension GraphSimulator {
    /// `POST /{phone-number-id}/messages`: a message, or a mark that one was read.
    func post(_ request: LoopbackRequest, _ webhooks: GraphWebhooks, _ respond: @escaping Respond) {
        let id = webhooks.number.id
        guard let json = request.json else {
            return refuse(.parameter("The request body is not valid JSON"), phoneNumberID: id, respond)
        }
        if json["status"] != nil { return markRead(json, phoneNumberID: id, respond) }
        var delay = TimeAmount.zero
        var isCut = false
        switch state.withLock({ $0.faults.next() }) {
        case nil: break
        case .serverError: return refuse(.serverError, phoneNumberID: id, json: json, respond)
        case .rateLimited: return refuse(.rateLimited, phoneNumberID: id, json: json, respond)
        case .pairLimited: return refuse(.pairLimited, phoneNumberID: id, json: json, respond)
        case .unauthorized: return refuse(.unauthorized, phoneNumberID: id, json: json, respond)
        case .cut(isTaken: false): return respond(.cut)
        case .cut(isTaken: true): isCut = true
        case .slow(let duration): delay = TimeAmount(duration)
        }
        let check = GraphMessageCheck(
            json: json, templates: webhooks.account.templates,
            hasMedia: { [self] id in state.withLock { $0.media[id] != nil } })
        do throws(GraphError) {
            let message = try check.message()
            guard message.recipient != webhooks.number.number else {
                throw GraphError(131021, "Recipient cannot be sender", "Sender and recipient are the same number")
            }
            take(message, json, webhooks, delay: delay, isCut: isCut, respond)
        } catch {
            refuse(error, phoneNumberID: id, json: json, after: delay, respond)
        }
    }

    private func take(
        _ message: GraphMessage, _ json: JSONValue, _ webhooks: GraphWebhooks, delay: TimeAmount, isCut: Bool,
        _ respond: @escaping Respond
    ) {
        let numberID = webhooks.number.id
        let outcome = configuration.outcomeRule(message.recipient)
        let now = Timestamp.now()
        if let reply = suffering(outcome, message.recipient, numberID, now: now) {
            switch reply {
            case .failure(let error):
                return refuse(
                    error, phoneNumberID: numberID, recipient: message.recipient, json: json, after: delay, respond)
            case .success: return respond(.cut)
            }
        }
        let sent = GraphSent(
            id: "wamid.\(Hex.encode(UUIDv7.next(now: now).bytes).uppercased())", phoneNumberID: numberID,
            message: message, takenAt: now,
            windowEnd: state.withLock { $0.customers.windowEnd(numberID, message.recipient, now: now) },
            namesUserIDs: configuration.namesUserIDs)
        state.withLock { $0.sent.add(sent, id: sent.id, limit: configuration.journalLimit) }
        record(.message, id: sent.id, phoneNumberID: numberID, recipient: message.recipient, json: json)
        let answer = LoopbackReply.respond(.json(Self.answer(sent, json)), after: delay)
        let steps = self.steps(sent, outcome, webhooks)
        guard outcome == .statusFirst else {
            respond(isCut ? .cut : answer)
            return sender.run(steps)
        }
        sender.run(steps) { respond(isCut ? .cut : answer) }
    }

    /// What is in the way of this message: an error, or a connection to be cut.
    private func suffering(
        _ outcome: ChatOutcome, _ recipient: String, _ numberID: String, now: Milliseconds
    ) -> Result<Void, GraphError>? {
        state.withLock { state in
            switch outcome {
            case .refused: return .failure(.refused)
            case .throttledThrice where state.memory.suffers(recipient, times: 3): return .failure(.rateLimited)
            case .droppedOnce where state.memory.suffers(recipient, times: 1): return .success(())
            default: break
            }
            guard let limit = configuration.messagesPerSecond else { return nil }
            var rate = state.rates[numberID] ?? (now / 1000, 0)
            if rate.second != now / 1000 { rate = (now / 1000, 0) }
            rate.count += 1
            state.rates[numberID] = rate
            return rate.count > limit ? .failure(.rateLimited) : nil
        }
    }

    private static func answer(_ sent: GraphSent, _ json: JSONValue) -> JSONValue {
        let recipient = JSONValue.string(sent.message.recipient)
        return .members([
            "messaging_product": .string("whatsapp"),
            "contacts": .array([
                .members([
                    "input": json["to"] ?? json["recipient"], "wa_id": sent.message.isUserID ? nil : recipient,
                    "user_id": sent.message.isUserID ? recipient : nil,
                ])
            ]),
            "messages": .array([
                .members([
                    "id": .string(sent.id), "message_status": sent.message.isTemplate ? .string("accepted") : nil,
                ])
            ]),
        ])
    }

    // MARK: Statuses

    private func steps(
        _ sent: GraphSent, _ outcome: ChatOutcome, _ webhooks: GraphWebhooks
    ) -> [CallbackSender.Step] {
        let configuration = configuration
        func step(_ status: GraphStatus, _ delay: Duration) -> CallbackSender.Step {
            statusStep(status, of: sent, webhooks, after: delay)
        }
        let sentStep = step(.sent, configuration.sentDelay)
        let delivered = step(.delivered, configuration.deliveredDelay)
        let read = step(.read, configuration.readDelay)
        guard sent.windowEnd != nil || sent.message.isTemplate || !configuration.enforcesWindow else {
            return [step(.failed(.reengagement), configuration.sentDelay)]
        }
        switch outcome {
        case .read, .throttledThrice, .statusFirst, .droppedOnce, .refused: return [sentStep, delivered, read]
        case .delivered: return [sentStep, delivered]
        case .undeliverable: return [step(.failed(.undeliverable), configuration.sentDelay)]
        case .expired: return [sentStep, step(.failed(.expired), configuration.deliveredDelay)]
        case .rejected: return [sentStep, step(.failed(.ecosystem), configuration.deliveredDelay)]
        case .silent: return []
        case .delayed: return [step(.sent, configuration.lateness), delivered, read]
        case .duplicated: return [sentStep, sentStep, delivered, delivered, read, read]
        case .reordered: return [read, delivered, sentStep]
        }
    }

    func statusStep(
        _ status: GraphStatus, of sent: GraphSent, _ webhooks: GraphWebhooks, after delay: Duration
    ) -> CallbackSender.Step {
        step(after: delay, id: sent.id, sent.message.recipient, webhooks) {
            webhooks.status(status, of: sent, now: Timestamp.now())
        }
    }

    /// A webhook that the journal will tell of.
    func step(
        after delay: Duration, id: String, _ recipient: String, _ webhooks: GraphWebhooks,
        _ body: @escaping @Sendable () -> JSONValue
    ) -> CallbackSender.Step {
        CallbackSender.Step(delay: delay) { [weak self] in
            guard let self else { return nil }
            let json = body()
            guard var callback = callback(json) else { return nil }
            callback.settled = { [weak self] isTaken in
                self?.record(
                    isTaken ? .webhook : .lostWebhook, id: id, phoneNumberID: webhooks.number.id, recipient: recipient,
                    json: json)
            }
            return callback
        }
    }

    // MARK: Reading

    private func markRead(_ json: JSONValue, phoneNumberID: String, _ respond: @escaping Respond) {
        do throws(GraphError) {
            try GraphMessageCheck.product(json)
            guard json["status"]?.string == "read" else { throw .value("status must be read") }
            let id = try GraphMessageCheck.text(json["message_id"], "message_id", 1...512)
            if let typing = json["typing_indicator"], typing["type"]?.string != "text" {
                throw .value("typing_indicator.type must be text")
            }
            guard let written = state.withLock({ $0.written[id] }), written.phoneNumberID == phoneNumberID else {
                throw .parameter("Message with id '\(id)' does not exist")
            }
            record(
                .read, id: id, phoneNumberID: phoneNumberID,
                recipient: written.customer.waID ?? written.customer.userID ?? "", json: json,
                detail: json["typing_indicator"] == nil ? "" : "typing")
            respond(.respond(.json(.members(["success": .bool(true)]))))
        } catch {
            refuse(error, phoneNumberID: phoneNumberID, json: json, respond)
        }
    }
}
