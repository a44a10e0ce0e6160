// SPDX-License-Identifier: Apache-2.0
// GET /messaging/v1/messages/{requestId}: where a message stands. A message of another company does not exist.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import SQL
internal import Wire

struct GetMessage: Sendable {
    /// Whose messages are short messages: those that a customer's SMPP client submitted are shown like those of the API.
    private static let surfaces: Set<Surface> = [.sms, .smpp]

    let database: Database
    let options: APIOptions

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let caller = try context.callerKey()
        guard let text = context.parameters.get("requestId"), let id = MessageID(text) else {
            throw Problem.unknownMessage
        }
        let key = MessageKey(companyID: caller.companyID, id: id)
        guard let (message, parts) = try await database.read({ try MessageStore($0).find(key) }),
            Self.surfaces.contains(message.surface), caller.covers(message)
        else { throw Problem.unknownMessage }
        return Response(
            json: SMSMessageBody(message: message, parts: parts, baseURL: options.baseURL(for: request)).json)
    }
}

extension Problem {
    static let unknownMessage = Problem.notFound("There is no message with this requestId.")
}

extension APIOptions {
    /// What links in the answer to `request` begin with: the configured address, else the one that was asked.
    func baseURL(for request: Request) -> String? {
        if let publicBaseURL { return publicBaseURL }
        guard let host = request.head.authority, !host.isEmpty else { return nil }
        return "\(request.head.scheme ?? "http")://\(host)"
    }
}
