// SPDX-License-Identifier: Apache-2.0
// Messaging in the Chat API v2, at the address of one of its editions: the handlers behind it.

internal import Accounts
internal import Hummingbird
internal import Messaging

struct ChatRoutes {
    let version: ChatVersion
    let engine: MessagingEngine
    let library: MediaLibrary
    let options: APIOptions

    func add(to router: Router<APIRequestContext>, authentication: APIKeyAuthentication) {
        let send = SendChat(version: version, engine: engine, options: options)
        let queries = ChatQueries(version: version, database: engine.context.database, clock: engine.context.clock)
        let medium = OneMedium(library: library, access: AccountAccess(directory: engine.context.directory))
        router.group("\(version.root)").add(middleware: authentication)
            .post("messages", use: send.handle)
            .get("messages/:messageId", use: queries.message)
            .get("messages/:messageId/status", use: queries.status)
            .get("messages/:messageId/history", use: queries.history)
            .get("media/:mediaId", use: medium.download)
    }
}
