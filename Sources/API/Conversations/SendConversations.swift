// SPDX-License-Identifier: Apache-2.0
// POST /conversations/v3/messages and /bulks: take one message, or 2 to 20 that reach their recipient in this order,
// and answer when all of it is on disk.

internal import Accounts
internal import Crypto
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct SendConversations: Sendable {
    let engine: MessagingEngine
    let options: APIOptions
    /// Whether a company has a medium of this id.
    let mediaExists: @Sendable (String, CompanyID) async throws -> Bool
    private let references = PartReferences()

    init(
        engine: MessagingEngine, options: APIOptions,
        mediaExists: @escaping @Sendable (String, CompanyID) async throws -> Bool
    ) {
        self.engine = engine
        self.options = options
        self.mediaExists = mediaExists
    }

    @Sendable func message(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await send(.message, request, context)
    }

    @Sendable func bulk(_ request: Request, context: APIRequestContext) async throws -> Response {
        try await send(.bulk, request, context)
    }

    private func send(
        _ form: ConversationsRequest.Form, _ request: Request, _ context: APIRequestContext
    ) async throws -> Response {
        let caller = try context.callerKey()
        let key = try IdempotencyKey.read(from: request)
        let body = try await BodyReader(request)
        let hash = key.map { _ in Self.hash(of: body, form: form) }
        let messages: [Message]
        do {
            messages = try await compose(body, form, caller: caller, trace: context.traceContext)
        } catch let problem as Problem {
            // A repetition is answered as the first time even if it would not be accepted any more.
            guard let key, let hash,
                let stored = try await engine.acceptor.storedAnswer(
                    key: key, requestHash: hash, companyID: caller.companyID)
            else { throw problem }
            return Response(status: .accepted, json: try stored.bytes([]))
        }
        let answer = Self.answer(for: messages, form: form)
        var claim: IdempotencyClaim?
        if let key, let hash { claim = IdempotencyClaim(key: key, requestHash: hash, answer: answer) }
        let result = await accept(messages, claim)
        return Response(status: .accepted, json: try result.bytes(answer))
    }

    private func accept(_ messages: [Message], _ claim: IdempotencyClaim?) async -> AcceptResult {
        if messages.count == 1 { return await engine.acceptor.accept(messages[0], idempotency: claim) }
        return await engine.acceptor.accept(bulk: messages, idempotency: claim)
    }

    private func compose(
        _ body: BodyReader, _ form: ConversationsRequest.Form, caller: APIKey, trace: TraceContext?
    ) async throws -> [Message] {
        let request = ConversationsRequest(body, form: form, callbackRefusal: options.callbackRefusal)
        let composer = ConversationsComposer(
            directory: engine.context.directory.current, caller: caller, now: engine.context.clock(),
            references: references, trace: trace)
        var messages = try composer.messages(for: request, body: body)
        for (place, id) in request.media.all where !(try await mediaExists(id, caller.companyID)) {
            place.refuse("is not the id of a medium that you have uploaded")
        }
        try body.check()
        for index in messages.indices { try await resolveReaction(in: &messages[index]) }
        return messages
    }

    /// A reaction to a message of ours names it by our id; its provider knows it by another.
    private func resolveReaction(in message: inout Message) async throws {
        guard case .rich(var content) = message.content, case .reaction(var reaction) = content.body,
            let id = MessageID(reaction.messageId)
        else { return }
        let key = MessageKey(companyID: message.companyID, id: id)
        let found = try await engine.context.database.read { try MessageStore($0).find(key) }
        guard let (target, parts) = found, target.kind == message.kind,
            let providerID = parts.last(where: { $0.providerID != nil })?.providerID
        else { return }
        reaction.messageId = providerID
        content.body = .reaction(reaction)
        message.content = .rich(content)
    }

    /// What the request asks for, however it is laid out.
    private static func hash(of body: BodyReader, form: ConversationsRequest.Form) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { writer in
            writer.string("conversations/v3/\(form.rawValue)")
            writer.value(body.value ?? .null)
        }
        return Array(SHA256.hash(data: writer.bytes))
    }

    private static func answer(for messages: [Message], form: ConversationsRequest.Form) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            if form.isBulk {
                writer.member("bulkId", messages.first?.extra?.bulkID)
                writer.member(
                    "messageIds", array: { writer in for message in messages { writer.string(message.id.description) } }
                )
            } else if let message = messages.first {
                writer.member("messageId", message.id.description)
                writer.member("timestamp", Timestamp.rfc3339(message.createdAt))
            }
        }
        return writer.bytes
    }
}
