// SPDX-License-Identifier: Apache-2.0
// Messaging in the Conversations API v3: its addresses and the handlers behind them.

internal import Accounts
internal import Hummingbird
internal import Messaging

struct ConversationsRoutes {
    /// Where the whole API is.
    static let root = "conversations/v3"

    let engine: MessagingEngine
    let options: APIOptions
    /// Whether a company has a medium of this id.
    let mediaExists: @Sendable (String, CompanyID) async throws -> Bool

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let send = SendConversations(engine: engine, options: options, mediaExists: mediaExists)
        let queries = MessageQueries(database: engine.context.database)
        let read = MarkWhatsAppRead(engine: engine)
        router.group("\(Self.root)").add(middleware: authentication)
            .post("messages", use: send.message)
            .post("bulks", use: send.bulk)
            .get("messages/:messageId/status", use: queries.status)
            .get("messages/:messageId/events", use: queries.events)
            .put("channels/whatsapp/messages/:messageId", use: read.handle)
    }
}
