// SPDX-License-Identifier: Apache-2.0
// PUT /conversations/v3/channels/whatsapp/messages/{messageId}: tells WhatsApp that an inbound message was read and,
// with `isTyping`, shows its sender that an answer is being written.

internal import Accounts
internal import Hummingbird
internal import Messaging
internal import Wire

struct MarkWhatsAppRead: Sendable {
    private static let maximumIDLength = 512

    let engine: MessagingEngine

    @Sendable func handle(_ request: Request, context: APIRequestContext) async throws -> Response {
        let companyID = try context.callerCompany()
        let body = try await BodyReader(request)
        _ = body.requiredWord("status", among: ["read"])
        let isTyping = body.flag("isTyping") ?? false
        try body.check()
        // WhatsApp's ids are Base64 at their end, whose characters clients may or may not escape.
        guard let id = context.parameters.get("messageId").flatMap({ FormText.segment($0) }),
            id.utf8.count <= Self.maximumIDLength, !id.utf8.contains(0)
        else { throw Problem.unknownInboundMessage }
        let failure = try await engine.markRead(
            providerID: id, kind: .whatsapp, companyID: companyID, isTyping: isTyping)
        if let failure { throw Self.problem(failure) }
        return Response(status: .ok)
    }

    private static func problem(_ failure: ReadMarkFailure) -> Problem {
        switch failure {
        case .unknownMessage: .unknownInboundMessage
        case .refused(let code, let reason): Problem(.badRequest, detail: "WhatsApp refuses it: \(reason) (\(code)).")
        case .unavailable(let reason):
            Problem(.serviceUnavailable, detail: "WhatsApp cannot be told at the moment: \(reason).")
                .with([.retryAfter: "5"])
        }
    }
}

extension Problem {
    static let unknownInboundMessage = Problem.notFound("There is no inbound message with this id.")
}
