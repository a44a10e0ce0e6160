// SPDX-License-Identifier: Apache-2.0
// GET …/messages/{messageId} of the Chat API, and its /status and /history: what was sent, where it stands, and what
// happened to it. A message of another company, or of another API, does not exist.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct ChatQueries: Sendable {
    private struct Found {
        let message: Message
        let parts: [Part]
        let events: [StoredEvent]
    }

    let version: ChatVersion
    let database: Database
    let clock: @Sendable () -> Milliseconds

    /// The message as it was sent, for as long as its content is kept.
    @Sendable func message(_ request: Request, context: APIRequestContext) async throws -> Response {
        let message = try await find(context).message
        guard let stored = message.extra?.request, (message.eraseAt ?? .max) > clock() else {
            throw Problem.unknownChatMessage
        }
        return Response(json: Array(stored.utf8))
    }

    @Sendable func status(_ request: Request, context: APIRequestContext) async throws -> Response {
        let found = try await find(context)
        let message = found.message
        let place = EventPlace(message, parts: found.parts)
        let status = ChatStatus(message.status)
        // What the status stands for has happened; while it is on its way there is nothing but the acceptance.
        let entered = found.events.last { ChatStatus($0.kind) == status }?.at
        var body = ChatStatusBody(
            version: version, status: status, messageID: message.id.description, channel: ChatChannel(place.kind),
            at: entered ?? message.doneAt ?? message.createdAt)
        body.userContext = message.reference
        if status == .delivered || status == .seen { body.from = place.recipient }
        if status == .failed { body.failure = body.channel.map { ChatFailure(after: $0) } }
        return Response(json: body.json)
    }

    @Sendable func history(_ request: Request, context: APIRequestContext) async throws -> Response {
        let found = try await find(context)
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("messageId", found.message.id.description)
            writer.member("userContext", found.message.reference)
            writer.member(
                "history",
                array: { writer in
                    for event in found.events { write(event, of: found, to: &writer) }
                })
        }
        return Response(json: writer)
    }

    private func write(_ event: StoredEvent, of found: Found, to writer: inout JSONWriter) {
        guard let state = ChatHistoryState(event.kind) else { return }
        let channel = ChatChannel(event.channel ?? found.message.kind)
        writer.object { writer in
            writer.member("deliveryChannel", channel?.rawValue)
            if version == .v2_6 { writer.member("channel", channel?.rawValue) }
            writer.member("happendAt", Timestamp.rfc3339(event.at))
            writer.member("state", state.rawValue)
            switch state {
            case .dispatchingFailed:
                writer.member("details", object: ChatFailure(code: event.code, reason: event.reason).write)
            case .failed:
                if let channel { writer.member("details", object: ChatFailure(after: channel).write) }
            case .accepted, .dispatched, .success, .unknown: return
            }
        }
    }

    private func find(_ context: APIRequestContext) async throws -> Found {
        let caller = try context.callerKey()
        guard let text = context.parameters.get("messageId"), let id = MessageID(text) else {
            throw Problem.unknownChatMessage
        }
        let key = MessageKey(companyID: caller.companyID, id: id)
        let found = try await database.read { transaction -> Found? in
            let store = MessageStore(transaction)
            guard let (message, parts) = try store.find(key), ChatVersion.surfaces.contains(message.surface) else {
                return nil
            }
            return Found(message: message, parts: parts, events: try store.events(of: key))
        }
        guard let found, caller.covers(found.message) else { throw Problem.unknownChatMessage }
        return found
    }
}

extension ChatFailure {
    func write(to writer: inout JSONWriter) {
        writer.member("code", code)
        writer.member("message", message)
    }
}

extension Problem {
    static let unknownChatMessage = Problem.notFound("There is no message with this messageId.")
}
