// SPDX-License-Identifier: Apache-2.0
// POST …/messages of the Chat API: takes one message for a chain of channels, and answers when it is on disk.

internal import Accounts
internal import Crypto
internal import Hummingbird
internal import Messaging
internal import Wire

struct SendChat: Sendable {
    let version: ChatVersion
    let engine: MessagingEngine
    let options: APIOptions
    private let references = PartReferences()

    init(version: ChatVersion, engine: MessagingEngine, options: APIOptions) {
        self.version = version
        self.engine = engine
        self.options = options
    }

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        let key = try IdempotencyKey.read(from: request)
        let value = try await BodyReader(request).value ?? .null
        let hash = key.map { _ in Self.hash(of: value) }
        let message: Message
        do {
            message = try compose(value, caller: caller, trace: context.traceContext)
        } catch {
            // A repetition is answered as the first time even if it would not be accepted any more.
            guard let key, let hash,
                let stored = try await engine.acceptor.storedAnswer(
                    key: key, requestHash: hash, companyID: caller.companyID)
            else { throw error.namingRequest }
            return Response(status: .accepted, json: try stored.bytes([]))
        }
        let answer = Self.answer(for: message)
        var claim: IdempotencyClaim?
        if let key, let hash { claim = IdempotencyClaim(key: key, requestHash: hash, answer: answer) }
        let result = await engine.acceptor.accept(message, idempotency: claim)
        return Response(status: .accepted, json: try result.bytes(answer))
    }

    private func compose(_ value: JSONValue, caller: APIKey, trace: TraceContext?) throws(Problem) -> Message {
        let request = ChatRequest(value, version: version, callbackRefusal: options.callbackRefusal)
        let composer = ChatComposer(
            version: version, directory: engine.context.directory.current, caller: caller, now: engine.context.clock(),
            references: references, trace: trace)
        return try composer.message(for: request)
    }

    /// What the request asks for, however it is laid out.
    private static func hash(of value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.array { writer in
            writer.string("chat/v2/messages")
            writer.value(value)
        }
        return Array(SHA256.hash(data: writer.bytes))
    }

    private static func answer(for message: Message) -> [UInt8] {
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("messageId", message.id.description)
            writer.member("acceptedAt", Timestamp.rfc3339(message.createdAt))
        }
        return writer.bytes
    }
}

extension Problem {
    /// The problem with its fields named as the Chat API does: `validate.request.whatsapp.contentType`.
    fileprivate var namingRequest: Problem {
        guard let first = violations.first else { return self }
        let named = violations.map { violation in
            Violation(
                field: violation.field.isEmpty ? "validate.request" : "validate.request.\(violation.field)",
                message: violation.message)
        }
        switch status {
        case .badRequest: return .violations(named)
        case .forbidden: return .forbidden(named.first ?? first)
        default: return self
        }
    }
}
