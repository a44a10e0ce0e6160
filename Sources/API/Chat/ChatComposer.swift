// SPDX-License-Identifier: Apache-2.0
// Makes the message of a Chat API request: checks that each channel's sender may be used, composes short messages as the
// SMS API does, and puts the channels into a chain. Pure: the configuration comes in as a snapshot.

internal import Accounts
internal import Messaging
internal import Wire

struct ChatComposer {
    /// What a channel must have to send.
    static let scope = "messages:write"

    private struct ComposedStep {
        let step: MessageStep
        let content: MessageContent
        var reserved = Money.zero
    }

    let version: ChatVersion
    let directory: Directory
    let caller: APIKey
    let now: Milliseconds
    let references: PartReferences
    var trace: TraceContext?

    /// The message on the first of its channels. Throws 403 for a sender that the company or its key may not use, and
    /// everything that is wrong with the request as violations.
    func message(for request: ChatRequest) throws(Problem) -> Message {
        let steps = request.steps.compactMap { compose($0, request.body) }
        try request.body.check()
        for step in request.steps { try check(step, sender: sender(of: step)) }
        guard let first = steps.first, steps.count == request.steps.count else {
            throw .violations([Violation(field: "channels", message: "must name a channel")])
        }
        return message(first, steps.map(\.step), request)
    }

    private func message(_ first: ComposedStep, _ chain: [MessageStep], _ request: ChatRequest) -> Message {
        // Each channel has the time that its messages usually have.
        let validity = chain.reduce(0) { $0 + $1.kind.usualValidity }
        var message = Message(
            companyID: caller.companyID, id: MessageID.next(now: now), surface: version.surface, kind: first.step.kind,
            sender: first.step.sender, recipient: first.step.recipient, content: first.content, size: first.step.size,
            gateway: first.step.gateway, createdAt: now, expiresAt: now + validity)
        message.reference = request.userContext
        message.reporting = request.reporting
        message.quote = first.step.quote
        message.reserved = first.reserved
        message.trace = trace
        var extra = MessageExtra()
        extra.request = ChatStoredMessage.json(request, id: message.id)
        if chain.count > 1 {
            extra.chain = chain
            extra.isPrepaid = directory.companies[caller.companyID]?.isPrepaid == true ? true : nil
        }
        message.extra = extra
        return message
    }

    /// One channel's message; nil with what is wrong in the violations of `body`.
    private func compose(_ step: ChatRequest.Step, _ body: BodyReader) -> ComposedStep? {
        let short = step.shortText.flatMap { shortMessage($0, step, body) }
        let sender = sender(of: step)
        if sender == nil, step.channel == .sms, step.place.value?.object != nil, !step.place.has("from") {
            step.place.refuse("from", "is required, as you have no number for short messages")
        }
        guard let recipient = step.recipient, let sender else { return nil }
        let content: MessageContent
        switch step.content {
        case .short?:
            guard let short else { return nil }
            content = .sms(short.content)
        case .rich(let rich)?: content = .rich(rich)
        case nil: return nil
        }
        var composed = MessageStep(
            kind: step.channel.kind, sender: sender, recipient: recipient, content: content, size: short?.size ?? 1,
            gateway: short?.gateway ?? "", fallbackAfter: step.fallbackAfter, successStatus: step.successStatus)
        composed.quote = short?.quote
        return ComposedStep(step: composed, content: content, reserved: short?.reserved ?? .zero)
    }

    private func shortMessage(_ text: String, _ step: ChatRequest.Step, _ body: BodyReader) -> ShortMessage? {
        let composer = ShortMessageComposer(
            directory: directory, companyID: caller.companyID, now: now, concatenationReference: references.next())
        do throws(ShortMessageRefusal) {
            return try composer.compose(ShortMessageDraft(recipient: step.recipient, text: text))
        } catch {
            switch error {
            case .unknownGateway, .noRoute: body.refuse("to", ShortMessageRefusal.noRoute.message)
            case .noPrice: body.refuse("to", error.message)
            case .notRepresentable, .tooManyParts:
                step.place.refuse(step.place["contentType"].value?.string ?? "text", "is too long for one message")
            }
            return nil
        }
    }

    /// The sender that a step names, else the company's first number for short messages that the key is for.
    private func sender(of step: ChatRequest.Step) -> String? {
        guard step.sender == nil, step.channel == .sms, !step.place.has("from") else { return step.sender }
        let own = directory.channels.values.filter {
            $0.kind == .sms && $0.companyID == caller.companyID
                && caller.covers(kind: $0.kind.rawValue, address: $0.address)
        }
        return own.min { $0.id < $1.id }?.address
    }

    /// Foreign senders are refused without a word about whose they are. A short message may have a sender that is
    /// nobody's channel, such as a name; carriers decide about those.
    private func check(_ step: ChatRequest.Step, sender: String?) throws(Problem) {
        guard let sender else { return }
        let kind = step.channel.kind
        let channel = directory.channels[ChannelAddress(kind: kind, address: sender)]
        let isAllowed = channel.map { $0.companyID == caller.companyID } ?? (kind == .sms)
        guard isAllowed, caller.covers(kind: kind.rawValue, address: sender) else {
            throw .forbidden(
                Violation(field: "\(step.channel.rawValue).from", message: "is not assigned to your account"))
        }
        if let scopes = channel?.settings.scopes, !scopes.contains(Self.scope) {
            throw .missing(scope: Self.scope, of: sender)
        }
    }
}

extension ChatRequest.Step {
    fileprivate var shortText: String? {
        if case .short(let text)? = content { text } else { nil }
    }
}
