// SPDX-License-Identifier: Apache-2.0
// What the Chat API tells its customers' URLs: one renderer for each edition. A status goes to the URL that the message
// itself names, else to the company's. Ends are always told; that a message was accepted, or that one of its channels
// has failed, only in the newer edition and only to a company whose filter names it. Inbound messages are told once, in
// the edition that the company has chosen.

internal import Accounts
public import Messaging
public import Wire

public struct ChatEventRenderer: EventRenderer {
    private let version: ChatVersion
    private let directory: @Sendable () -> Directory
    private let mediaBase: String?
    private let clock: @Sendable () -> Milliseconds

    /// `publicBaseURL` is what the URLs of inbound media begin with; without it events give their ids alone.
    public init(
        version: ChatVersion, directory: DirectoryCache, publicBaseURL: String? = nil,
        clock: @escaping @Sendable () -> Milliseconds = { Timestamp.now() }
    ) {
        self.init(version: version, directory: { directory.current }, publicBaseURL: publicBaseURL, clock: clock)
    }

    init(
        version: ChatVersion, directory: @escaping @Sendable () -> Directory, publicBaseURL: String?,
        clock: @escaping @Sendable () -> Milliseconds
    ) {
        self.version = version
        self.directory = directory
        mediaBase = publicBaseURL.map { "\($0)/\(version.root)/media/" }
        self.clock = clock
    }

    // MARK: Statuses

    public func acceptedReport(_ message: Message) -> RenderedDelivery? {
        guard isOptedIn(.accepted, companyID: message.companyID) else { return nil }
        return report(.accepted, of: message, on: EventPlace(message, step: message.step), at: message.createdAt)
    }

    public func channelFailedReport(_ message: Message, failure: StepFailure) -> RenderedDelivery? {
        guard isOptedIn(.channelFailed, companyID: message.companyID) else { return nil }
        return report(
            .channelFailed, of: message, on: EventPlace(message, step: failure.step), at: failure.at,
            failure: ChatFailure(code: failure.code, reason: failure.reason))
    }

    public func statusReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        guard message.status.isTerminal else { return nil }
        let place = EventPlace(message, parts: parts)
        let status = ChatStatus(message.status)
        let failure = status == .failed ? ChatChannel(place.kind).map { ChatFailure(after: $0) } : nil
        return report(status, of: message, on: place, at: message.doneAt ?? clock(), failure: failure)
    }

    /// The time of its end is the delivery's, so that of the reading is now.
    public func seenReport(_ message: Message, parts: [Part]) -> RenderedDelivery? {
        report(.seen, of: message, on: EventPlace(message, parts: parts), at: clock())
    }

    /// Whether the company wants to hear of a state that is not an end.
    private func isOptedIn(_ status: ChatStatus, companyID: CompanyID) -> Bool {
        version == .v2_6 && callback(of: companyID)?.eventFilter?.contains(status.event) == true
    }

    private func report(
        _ status: ChatStatus, of message: Message, on place: EventPlace, at instant: Milliseconds,
        failure: ChatFailure? = nil
    ) -> RenderedDelivery? {
        guard let url = message.reporting?.url ?? callback(of: message.companyID)?.messageStatusUrl else { return nil }
        var body = ChatStatusBody(
            version: version, status: status, messageID: message.id.description, channel: ChatChannel(place.kind),
            at: instant)
        body.userContext = message.reference
        if status == .delivered || status == .seen { body.from = place.recipient }
        body.failure = failure
        return delivery(status.event, body.json, to: url, promise: .twoMore)
    }

    // MARK: Inbound messages

    public func inboundMessage(
        _ message: Message, contents: [InboundContent], channel: MessagingChannel
    ) -> RenderedDelivery? {
        guard let settings = inboundSettings(of: channel), let url = settings.inboundMessageUrl,
            let kind = ChatChannel(message.kind)
        else { return nil }
        let body = ChatInboundBody(
            version: version, message: message, contents: contents, channel: kind, mediaBase: mediaBase)
        return delivery(ChatInboundBody.event, body.json, to: url, promise: .inbound(message.kind))
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
        guard let settings = inboundSettings(of: channel), let kind = ChatChannel(message.kind),
            let url = settings.messageStatusUrl ?? settings.inboundMessageUrl
        else { return nil }
        var body = ChatStatusBody(
            version: version, status: .deleted, messageID: messageID, channel: kind, at: instant)
        body.from = message.sender
        body.to = message.recipient
        return delivery(ChatStatus.deleted.event, body.json, to: url, promise: .twoMore)
    }

    private func callback(of companyID: CompanyID) -> CallbackSettings? {
        directory().companySettings[companyID]?.chatCallback
    }

    /// Nil where inbound messages are told in the other edition, or not at all.
    private func inboundSettings(of channel: MessagingChannel) -> CallbackSettings? {
        let settings = directory().companySettings[channel.companyID]
        guard (settings?.chatVersion ?? .standard) == version.events else { return nil }
        return settings?.chatCallback
    }

    private func delivery(
        _ event: String, _ json: JSONWriter, to url: String, promise: DeliveryPromise
    ) -> RenderedDelivery {
        var rendered = RenderedDelivery(
            event: "chat.\(event)", promise: promise, url: url, method: .post, contentType: "application/json",
            body: json.bytes)
        rendered.carriesAccountHeaders = true
        return rendered
    }
}

extension ChatVersion {
    /// The edition as settings name it.
    fileprivate var events: ChatEventVersion {
        switch self {
        case .v2_6: .v2_6
        case .v2_3: .v2_3
        }
    }
}
