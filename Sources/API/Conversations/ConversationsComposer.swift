// SPDX-License-Identifier: Apache-2.0
// Makes the messages of a request of the Conversations API: checks that the sender is a channel of the company which
// may send, composes short messages as the SMS API does, and strings a bulk together. Pure: the configuration comes in
// as a snapshot.

internal import Accounts
internal import HTTPTypes
internal import Messaging
internal import Wire

struct ConversationsComposer {
    /// What a channel must have to send.
    static let scope = "messages:write"

    let directory: Directory
    let caller: APIKey
    let now: Milliseconds
    let references: PartReferences
    var trace: TraceContext?

    /// The messages, in their order. Throws 403 for a sender that the company or its key may not use, and everything
    /// that is wrong with the request as violations of `body`.
    func messages(for request: ConversationsRequest, body: BodyReader) throws(Problem) -> [Message] {
        guard let kind = request.kind, let sender = request.sender else { throw .violations(body.violations) }
        var contents: [ComposedContent] = []
        for content in request.contents {
            if let composed = try compose(content, request, body) { contents.append(composed) }
        }
        try body.check()
        try check(sender: sender, kind: kind)
        guard let recipient = request.recipient else { throw .violations(body.violations) }
        var messages = contents.map { content in
            message(content, request, kind: kind, sender: sender, recipient: recipient)
        }
        if messages.count > 1 { Self.string(&messages, bulkID: UUIDv7.next(now: now).description) }
        return messages
    }

    private struct ComposedContent {
        let content: MessageContent
        var short: ShortMessage?
    }

    private func compose(
        _ content: ConversationsRequest.Content, _ request: ConversationsRequest, _ body: BodyReader
    ) throws(Problem) -> ComposedContent? {
        switch content {
        case .rich(let content, _):
            return ComposedContent(content: .rich(content))
        case .short(let text, let place):
            let composer = ShortMessageComposer(
                directory: directory, companyID: caller.companyID, now: now, concatenationReference: references.next())
            do throws(ShortMessageRefusal) {
                let draft = ShortMessageDraft(recipient: request.recipient, text: text)
                guard let short = try composer.compose(draft) else { return nil }
                return ComposedContent(content: .sms(short.content), short: short)
            } catch {
                switch error {
                case .unknownGateway, .noRoute: body.refuse("to", ShortMessageRefusal.noRoute.message)
                case .noPrice: body.refuse("to", error.message)
                case .notRepresentable, .tooManyParts: place.refuse("text", "is too long for one message")
                }
                // The other messages of a bulk go to the same number.
                throw .violations(body.violations)
            }
        }
    }

    /// Foreign senders are refused without a word about whose they are. A short message may have a sender that is
    /// nobody's channel, such as a name; carriers decide about those.
    private func check(sender: String, kind: ChannelKind) throws(Problem) {
        let channel = directory.channels[ChannelAddress(kind: kind, address: sender)]
        let isAllowed = channel.map { $0.companyID == caller.companyID } ?? (kind == .sms)
        guard isAllowed, caller.covers(kind: kind.rawValue, address: sender) else {
            throw .forbidden(Violation(field: "from", message: "is not assigned to your account"))
        }
        if let channel, !channel.settings.allows(Self.scope) {
            throw Problem(.forbidden, detail: "The channel does not have the scope \(Self.scope).")
        }
    }

    private func message(
        _ composed: ComposedContent, _ request: ConversationsRequest, kind: ChannelKind, sender: String,
        recipient: String
    ) -> Message {
        var message = Message(
            companyID: caller.companyID, id: MessageID.next(now: now), surface: .conversations, kind: kind,
            sender: sender, recipient: recipient, content: composed.content, size: composed.short?.size ?? 1,
            gateway: composed.short?.gateway ?? "", createdAt: now, expiresAt: now + kind.usualValidity)
        message.reference = request.context
        message.reporting = request.reporting
        message.quote = composed.short?.quote
        message.reserved = composed.short?.reserved ?? .zero
        message.trace = trace
        return message
    }

    /// Each message of a bulk knows the one that may leave after it.
    private static func string(_ messages: inout [Message], bulkID: String) {
        for index in messages.indices {
            var extra = MessageExtra()
            extra.bulkID = bulkID
            extra.waitsForBulk = index > 0 ? true : nil
            extra.bulkNext = index + 1 < messages.count ? messages[index + 1].id : nil
            messages[index].extra = extra
        }
    }
}

extension ChannelKind {
    private static let day: Milliseconds = 86_400_000

    /// For how long a message may wait for its final report: as long as the channel's own servers keep it.
    var usualValidity: Milliseconds {
        switch self {
        case .sms, .mms, .echo, .voice: 2 * Self.day
        case .viber: 14 * Self.day
        case .whatsapp: 30 * Self.day
        }
    }
}
