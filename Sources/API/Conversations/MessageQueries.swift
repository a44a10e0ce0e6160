// SPDX-License-Identifier: Apache-2.0
// GET /conversations/v3/messages/{messageId}/status and /events: where a message stands, and what happened to it. A
// message of another company, or of another API, does not exist.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct MessageQueries: Sendable {
    let database: Database

    @Sendable func status(_ request: Request, context: APIRequestContext) async throws -> Response {
        let found = try await find(context)
        let status = ConversationsStatus(found.message.status)
        // What the status stands for has happened; while it is on its way there is nothing but the acceptance.
        let entered = found.events.last { ConversationsStatus($0.kind) == status }?.at
        var writer = JSONWriter(capacity: 128)
        writer.object { writer in
            writer.member("messageId", found.message.id.description)
            writer.member("status", status.rawValue)
            writer.member("timestamp", Timestamp.rfc3339(entered ?? found.message.sentAt ?? found.message.createdAt))
        }
        return Response(json: writer)
    }

    @Sendable func events(_ request: Request, context: APIRequestContext) async throws -> Response {
        let found = try await find(context)
        var writer = JSONWriter(capacity: 1024)
        writer.object { writer in
            writer.member("messageId", found.message.id.description)
            writer.member(
                "events",
                array: { writer in
                    for event in found.events { Self.write(event, of: found.message, to: &writer) }
                })
        }
        return Response(json: writer)
    }

    private func find(_ context: APIRequestContext) async throws -> (message: Message, events: [StoredEvent]) {
        let caller = try context.callerKey()
        guard let text = context.parameters.get("messageId"), let id = MessageID(text) else {
            throw Problem.unknownConversationsMessage
        }
        let key = MessageKey(companyID: caller.companyID, id: id)
        let found = try await database.read { transaction -> (message: Message, events: [StoredEvent])? in
            let store = MessageStore(transaction)
            guard let (message, _) = try store.find(key), message.surface == .conversations else { return nil }
            return (message, try store.events(of: key))
        }
        guard let found, caller.covers(found.message) else { throw Problem.unknownConversationsMessage }
        return found
    }

    private static func write(_ event: StoredEvent, of message: Message, to writer: inout JSONWriter) {
        guard let status = ConversationsStatus(event.kind) else { return }
        writer.object { writer in
            writer.member("timestamp", Timestamp.rfc3339(event.at))
            writer.member("event", "MessageStatus::\(status.rawValue)")
            writer.member("channel", (event.channel ?? message.kind).rawValue)
            guard status.isFailure, let code = event.code ?? message.errorCode else { return }
            writer.member(
                "details",
                object: { writer in
                    writer.member("code", code)
                    writer.member("message", event.reason ?? message.errorReason ?? GSMError.name(ofCode: code) ?? code)
                })
        }
    }
}

/// The words of the Conversations API for where a message stands, which are also those of its delivery events.
enum ConversationsStatus: String {
    case accepted, dispatched, delivered, seen, channelFailed, failed, deleted

    var isFailure: Bool { self == .failed || self == .channelFailed }

    init(_ status: MessageStatus) {
        switch status {
        case .accepted, .scheduled: self = .accepted
        case .dispatched, .sent: self = .dispatched
        case .delivered: self = .delivered
        case .seen: self = .seen
        case .expired, .undeliverable, .failed, .rejected: self = .failed
        case .deleted: self = .deleted
        }
    }

    /// Nil for what customers are not told.
    init?(_ event: EventKind) {
        switch event {
        case .accepted, .scheduled: self = .accepted
        case .sent: self = .dispatched
        case .delivered: self = .delivered
        case .seen: self = .seen
        case .channelFailed: self = .channelFailed
        case .expired, .undeliverable, .failed, .rejected: self = .failed
        case .deleted: self = .deleted
        case .late, .uncertain, .released, .received, .converted, .withdrawn, .read: return nil
        }
    }
}

extension Problem {
    static let unknownConversationsMessage = Problem.notFound("There is no message with this messageId.")
}
