// SPDX-License-Identifier: Apache-2.0
// The bot REST API: its operations, and what its users do. A bot may write to those who wrote to it or subscribed.

internal import NIOCore
internal import NIOHTTP1
internal import Synchronization
internal import Wire

extension ViberSimulator {
    private static let events = [
        "subscribed", "unsubscribed", "webhook", "conversation_started", "delivered", "failed", "message", "seen",
    ]

    func handleBot(_ request: LoopbackRequest, _ operation: String, _ respond: @escaping Respond) {
        let json = request.json ?? .null
        let token = request.headers.first(name: "X-Viber-Auth-Token") ?? json["auth_token"]?.string
        guard let bot = configuration.bots.first(where: { $0.token == token }) else {
            return refuse(.invalidToken, "", json: json, respond)
        }
        switch operation {
        case "send_message": sendAsBot(json, bot, respond)
        case "set_webhook": setWebhook(json, bot, respond)
        case "get_account_info": respond(.respond(.json(accountInfo(bot))))
        case "get_user_details": userDetails(json, bot, respond)
        case "get_online": online(json, bot, respond)
        default: respond(.respond(LoopbackResponse(.notFound)))
        }
    }

    private func refuse(
        _ error: ViberBotError, _ line: String, recipient: String = "", json: JSONValue,
        after delay: TimeAmount = .zero, _ respond: Respond
    ) {
        refuse(error.answer, code: error.code, line, recipient: recipient, json: json, after: delay, respond)
    }

    // MARK: Operations

    private func sendAsBot(_ json: JSONValue, _ bot: Bot, _ respond: @escaping Respond) {
        let (delay, isCut): (TimeAmount, Bool)
        let limited = LoopbackResponse.json(ViberBotError.tooManyRequests.answer)
        switch weather(limited: limited, unauthorized: .json(ViberBotError.invalidToken.answer)) {
        case .instead(let reply):
            record(.refusal, sender: bot.id, json: json, detail: "fault")
            return respond(reply)
        case .usual(let after, let cut): (delay, isCut) = (after, cut)
        }
        do throws(ViberBotError) {
            let receiver = try ViberBotCheck(json: json).receiver()
            let (hasWebhook, isSubscribed) = state.withLock { state in
                (state.callbackURLs[bot.id] != nil, state.subscribers[bot.id]?.contains(receiver) ?? false)
            }
            guard hasWebhook else { throw .noWebhook }
            guard isSubscribed else { throw .notSubscribed }
            let outcome = configuration.outcomeRule(receiver)
            switch suffering(outcome, receiver) {
            case .refused: throw .unknownReceiver
            case .throttled: throw .tooManyRequests
            case .dropped: return respond(.cut)
            case nil: break
            }
            let sent = Sent(token: nextToken(), line: .bot(bot), recipient: receiver)
            if let tracking = json["tracking_data"]?.string {
                state.withLock { $0.talks["\(bot.id)/\(receiver)", default: Talk()].trackingData = tracking }
            }
            let answer = JSONValue.members([
                "status": .integer(0), "status_message": .string("ok"), "message_token": .integer(sent.token),
                "chat_hostname": .string("SIMULATOR"), "billing_status": .integer(1),
            ])
            take(sent, outcome, json, answer, after: delay, isCut: isCut, respond)
        } catch {
            refuse(
                error, bot.id, recipient: json["receiver"]?.string ?? "", json: json, after: delay, respond)
        }
    }

    /// Takes a URL only if it answers a `webhook` event with 200; an empty one removes the webhook.
    private func setWebhook(_ json: JSONValue, _ bot: Bot, _ respond: @escaping Respond) {
        guard let url = json["url"]?.string else {
            return refuse(.missing("url"), bot.id, json: json, respond)
        }
        let done: @Sendable (Bool) -> Void = { [self] isTaken in
            guard isTaken else { return refuse(.invalidURL, bot.id, json: json, respond) }
            state.withLock { $0.callbackURLs[bot.id] = url.isEmpty ? nil : url }
            record(.webhookSet, sender: bot.id, json: json)
            let events = json["event_types"] ?? .array(Self.events.map(JSONValue.string))
            respond(
                .respond(
                    .json(
                        .members([
                            "status": .integer(0), "status_message": .string("ok"),
                            "chat_hostname": .string("SIMULATOR"),
                            "event_types": url.isEmpty ? .array([]) : events,
                        ]))))
        }
        guard !url.isEmpty else { return done(true) }
        guard url.hasPrefix("http://") || url.hasPrefix("https://") else { return done(false) }
        let event = JSONValue.members([
            "event": .string("webhook"), "timestamp": .integer(Timestamp.now()),
            "message_token": .integer(nextToken()), "chat_hostname": .string("SIMULATOR"),
        ])
        sender.once(Self.callback(event, to: url, token: bot.token), done)
    }

    private func accountInfo(_ bot: Bot) -> JSONValue {
        let (url, subscribers) = state.withLock {
            ($0.callbackURLs[bot.id], $0.subscribers[bot.id]?.count ?? 0)
        }
        return .members([
            "status": .integer(0), "status_message": .string("ok"), "id": .string(bot.id), "name": .string(bot.name),
            "uri": .string("demobot"), "webhook": .optional(url), "subscribers_count": .integer(Int64(subscribers)),
            "event_types": .array(Self.events.map(JSONValue.string)),
        ])
    }

    private func userDetails(_ json: JSONValue, _ bot: Bot, _ respond: Respond) {
        guard let id = json["id"]?.string else { return refuse(.missing("id"), bot.id, json: json, respond) }
        guard state.withLock({ $0.subscribers[bot.id]?.contains(id) ?? false }) else {
            return refuse(.notSubscribed, bot.id, recipient: id, json: json, respond)
        }
        respond(
            .respond(
                .json(
                    .members([
                        "status": .integer(0), "status_message": .string("ok"),
                        "message_token": .integer(nextToken()), "user": User(id: id).json,
                    ]))))
    }

    private func online(_ json: JSONValue, _ bot: Bot, _ respond: Respond) {
        guard let ids = json["ids"]?.array, (1...100).contains(ids.count) else {
            return refuse(.missing("ids"), bot.id, json: json, respond)
        }
        let users = ids.compactMap(\.string).map {
            JSONValue.members([
                "id": .string($0), "online_status": .integer(0), "online_status_message": .string("online"),
            ])
        }
        respond(
            .respond(
                .json(
                    .members([
                        "status": .integer(0), "status_message": .string("ok"), "users": .array(users),
                    ]))))
    }

    // MARK: Users

    /// Writes to a bot, the first one when none is named, which subscribes the user.
    @discardableResult
    public func userWrites(
        from user: User, botID: String? = nil, _ message: CustomerMessage, trackingData: String? = nil
    ) async throws -> CustomerDelivery {
        let bot = try bot(botID)
        let token = nextToken()
        let known = state.withLock { state in
            state.subscribers[bot.id, default: []].insert(user.id)
            return state.talks["\(bot.id)/\(user.id)"]?.trackingData
        }
        return try await deliver(
            .members([
                "event": .string("message"), "timestamp": .integer(Timestamp.now()), "message_token": .integer(token),
                "sender": user.json, "silent": .bool(false),
                "message": message.json(forBot: true, trackingData: trackingData ?? known),
            ]), token: token, .bot(bot), user.id)
    }

    /// Subscribes to a bot.
    @discardableResult
    public func userSubscribes(_ user: User, botID: String? = nil) async throws -> CustomerDelivery {
        let bot = try bot(botID)
        state.withLock { _ = $0.subscribers[bot.id, default: []].insert(user.id) }
        return try await tell(bot, "subscribed", user.id, ["user": user.json])
    }

    /// Unsubscribes from a bot, which may not write to the user any more.
    @discardableResult
    public func userUnsubscribes(_ user: User, botID: String? = nil) async throws -> CustomerDelivery {
        let bot = try bot(botID)
        state.withLock { _ = $0.subscribers[bot.id]?.remove(user.id) }
        return try await tell(bot, "unsubscribed", user.id, ["user_id": .string(user.id)])
    }

    /// Opens the conversation with a bot, without writing.
    @discardableResult
    public func userOpens(_ user: User, botID: String? = nil, context: String? = nil) async throws -> CustomerDelivery {
        let bot = try bot(botID)
        let isSubscribed = state.withLock { $0.subscribers[bot.id]?.contains(user.id) ?? false }
        return try await tell(
            bot, "conversation_started", user.id,
            [
                "user": user.json, "type": .string("open"), "context": .optional(context),
                "subscribed": .bool(isSubscribed),
            ])
    }

    private func tell(
        _ bot: Bot, _ event: String, _ userID: String, _ members: KeyValuePairs<String, JSONValue?>
    ) async throws -> CustomerDelivery {
        let token = nextToken()
        var json: [String: JSONValue] = [
            "event": .string(event), "timestamp": .integer(Timestamp.now()), "message_token": .integer(token),
        ]
        for (name, member) in members { json[name] = member }
        return try await deliver(.object(json), token: token, .bot(bot), userID)
    }

    private func bot(_ id: String?) throws -> Bot {
        let bots = configuration.bots
        guard let bot = id == nil ? bots.first : bots.first(where: { $0.id == id }) else {
            throw CustomerError.unknownLine
        }
        return bot
    }
}
