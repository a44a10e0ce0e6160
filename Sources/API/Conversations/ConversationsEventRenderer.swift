// SPDX-License-Identifier: Apache-2.0
// What the Conversations API tells its customers' URLs. Statuses go to the URL that the message itself names, else to
// that of its channel, else to the company's; inbound messages to the channel's or the company's. All are signed with
// the company's secret where it has set one.

internal import Accounts
public import Messaging
public import Wire

public struct ConversationsEventRenderer: EventRenderer {
    private let directory: @Sendable () -> Directory
    private let mediaBase: String?
    private let clock: @Sendable () -> Milliseconds

    /// `publicBaseURL` is what the URLs of inbound media begin with; without it events give their ids alone.
    public init(
        directory: DirectoryCache, publicBaseURL: String? = nil,
        clock: @escaping @Sendable () -> Milliseconds = { Timestamp.now() }
    ) {
        self.init(directory: { directory.current }, publicBaseURL: publicBaseURL, clock: clock)
    }

    init(
        directory: @escaping @Sendable () -> Directory, publicBaseURL: String?,
        clock: @escaping @Sendable () -> Milliseconds
    ) {
        self.directory = directory
        mediaBase = publicBaseURL.map { $0 + "/conversations/v3/media/" }
        self.clock = clock
    }

    // MARK: Statuses

    public func acceptedReport(_ message: Message) -> RenderedDelivery? {
        report(.accepted, of: message, on: EventPlace(message, step: message.step), at: message.createdAt)
    }

    public func channelFailedReport(_ message: Message, failure: StepFailure) -> RenderedDelivery? {
        report(
            .channelFailed, of: message, on: EventPlace(message, step: failure.step), at: failure.at,
            failure: EventFailure(code: failure.code, reason: failure.reason))
    }

    public func statusReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        guard message.status.isTerminal else { return nil }
        let isFailure = message.status > .seen
        return report(
            ConversationsStatus(message.status), of: message, on: EventPlace(message, parts: parts), parts: parts,
            at: message.doneAt ?? clock(),
            failure: isFailure ? EventFailure(code: message.errorCode, reason: message.errorReason) : nil)
    }

    /// The time of its end is the delivery's, so that of the reading is now.
    public func seenReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        report(.seen, of: message, on: EventPlace(message, parts: parts), at: clock())
    }

    private func report(
        _ status: ConversationsStatus, of message: Message, on place: EventPlace, parts: [Part] = [],
        at instant: Milliseconds, failure: EventFailure? = nil
    ) -> RenderedDelivery? {
        let settings = directory().callback(of: place, companyID: message.companyID)
        guard let event = status.event, settings.wants(event),
            let url = message.reporting?.url ?? settings.messageStatusUrl
        else { return nil }
        var body = ConversationsStatusBody(event: event, message: message, place: place, at: instant)
        body.failure = failure
        if status == .delivered || status == .seen { body.from = place.recipient }
        if status == .delivered, place.kind == .whatsapp, settings.version >= .v2_12 {
            body.conversation = parts.last { $0.step == place.step }?.conversation
        }
        return delivery(event, body.json, to: url, promise: .twoMore)
    }

    // MARK: Inbound messages

    public func inboundMessage(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> RenderedDelivery? {
        let settings = directory().callback(of: channel)
        guard let url = settings.inboundMessageUrl else { return nil }
        let body = ConversationsInboundBody(
            message: message, contents: contents, version: settings.version, mediaBase: mediaBase)
        return delivery(body.event.rawValue, body.json, to: url, promise: .inbound(message.kind))
    }

    public func deletionReport(_ message: Message, channel: MessagingChannel) -> RenderedDelivery? {
        deletionReport(message, messageID: message.id.description, at: clock(), channel: channel)
    }

    public func deletionReport(
        _ message: Message, deletion: InboundDeletion, channel: MessagingChannel
    ) -> RenderedDelivery? {
        deletionReport(message, messageID: deletion.providerID, at: deletion.at, channel: channel)
    }

    private func deletionReport(
        _ message: Message, messageID: String, at instant: Milliseconds, channel: MessagingChannel
    ) -> RenderedDelivery? {
        let settings = directory().callback(of: channel)
        let event = ConversationsStatus.withdrawalEvent
        guard settings.wants(event), let url = settings.messageStatusUrl ?? settings.inboundMessageUrl else {
            return nil
        }
        let body = ConversationsDeletionBody(message: message, messageID: messageID, at: instant)
        return delivery(event, body.json, to: url, promise: .twoMore)
    }

    private func delivery(
        _ event: String, _ json: JSONWriter, to url: String, promise: DeliveryPromise
    ) -> RenderedDelivery {
        var rendered = RenderedDelivery(
            event: "conversations.\(event)", promise: promise, url: url, method: .post,
            contentType: "application/json", body: json.bytes)
        rendered.carriesAccountHeaders = true
        return rendered
    }
}

extension CallbackSettings {
    /// The version of the bodies.
    var version: CallbackVersion { callbackVersion ?? .standard }
}

extension DeliveryPromise {
    /// How long an inbound message of a channel is offered.
    static func inbound(_ kind: ChannelKind) -> DeliveryPromise {
        switch kind {
        case .whatsapp: .fortnight
        case .sms, .mms, .viber, .echo, .voice: .everyTenSeconds
        }
    }
}
