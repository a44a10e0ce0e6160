// SPDX-License-Identifier: Apache-2.0
// Carries messages over one of Viber's two APIs: each is one request, Viber's word on it is the outcome, and what
// becomes of it later comes by callback.

internal import AsyncHTTPClient
internal import Logging
public import Messaging
internal import Synchronization
internal import Wire

/// A connector to a Viber service, or to a Viber bot.
public final class ViberConnector: WebhookConnector, MediaConnector {
    public let id: Int64
    public let name: String
    public let uncertainPolicy: UncertainPolicy
    public let exchanges: ExchangeLog?
    /// What the connector was made of; another value means another connector.
    public let settings: ConnectorSettings
    let options: ViberOptions
    let environment: ConnectorEnvironment
    let client: ProviderClient
    let logger: Logger
    private let window: Mutex<ViberWindow>
    private let tasks = RequestTasks()
    private let registration = Mutex<Task<Void, Never>?>(nil)

    /// The members of requests and answers whose texts operators may read.
    private static let shown: Set<String> = [
        "dest", "label", "file_type", "seq", "message_token", "receiver", "type", "status_message", "event_types",
        "url", "ActionType",
    ]

    /// `settings` are of kind `viber` or `viber-bot`.
    public init(settings: ConnectorSettings, environment: ConnectorEnvironment) throws(ConnectorOptionError) {
        id = settings.id
        name = settings.name
        uncertainPolicy = settings.uncertainPolicy
        exchanges = environment.exchanges
        self.settings = settings
        self.environment = environment
        options = try ViberOptions(settings)
        window = Mutex(ViberWindow(size: options.window))
        client = ProviderClient(
            environment, timeout: Int64(options.timeout / .milliseconds(1)), shown: Self.shown)
        var logger = environment.logger
        logger[metadataKey: "connector"] = "\(settings.name)"
        self.logger = logger
    }

    private var now: Milliseconds { environment.clock() }

    // MARK: Connector

    public var isUp: Bool { window.withLock { $0.isUp(at: now) } }

    public var linkState: LinkState { window.withLock { $0.linkState(at: now) } }

    public func reserve(_ count: Int) -> Int { window.withLock { $0.reserve(count, now: now) } }

    public func release(_ count: Int) { window.withLock { $0.settled(count) } }

    public func settled(_ count: Int) { window.withLock { $0.settled(count) } }

    public func submit(_ submissions: [Submission]) {
        window.withLock { $0.submitted(submissions.count) }
        for submission in submissions {
            tasks.start { [self] in
                let verdict = await verdict(on: submission)
                let pausedUntil = window.withLock { $0.completed(verdict, now: now) }
                sink.completed([(ticket: submission.ticket, outcome: verdict.outcome)], by: self)
                if let pausedUntil { resume(at: pausedUntil) }
            }
        }
    }

    public func start() {
        window.withLock { $0.start() }
        sink.capacityChanged(self)
        guard case .bot(let bot) = options.service, let publicURL = bot.publicURL else { return }
        registration.withLock { registration in
            registration?.cancel()
            registration = Task { [weak self, name] in
                await self?.setWebhook("\(publicURL)/connectors/\(name)")
            }
        }
    }

    public func stop() async {
        window.withLock { $0.stop() }
        registration.withLock { $0.take() }?.cancel()
        await tasks.drained()
    }

    private var sink: any ConnectorSink { environment.sink }

    /// Tells the core when a pause is over.
    private func resume(at instant: Milliseconds) {
        sink.capacityChanged(self)
        let pause = instant - now
        Task { [weak self] in
            try? await Task.sleep(for: .milliseconds(pause))
            guard let self else { return }
            sink.capacityChanged(self)
        }
    }

    // MARK: Sending

    private func verdict(on submission: Submission) async -> ViberVerdict {
        let body: [UInt8]
        do throws(ViberRefusal) {
            body = try request(for: submission)
        } catch {
            return ViberVerdict(error.outcome)
        }
        switch await post(options.messagesURL, body, what: "send_message") {
        case .notSent(let reason): return ViberVerdict(.retry(delay: 2000, reason: reason))
        case .unanswered(let reason): return ViberVerdict(.uncertain(reason: reason))
        case .answered(let reply):
            if let verdict = ViberVerdict.ofHTTP(reply.status, retryAfter: reply.retryAfter) { return verdict }
            let attempt = submission.ticket.attempt
            return switch options.service {
            case .business: ViberBusinessStatus.verdict(reply.body, attempt: attempt)
            case .bot: ViberBotStatus.verdict(reply.body, attempt: attempt)
            }
        }
    }

    /// The body of the request that sends a message.
    func request(for submission: Submission) throws(ViberRefusal) -> [UInt8] {
        guard case .rich(let content) = submission.content else {
            throw ViberRefusal(ViberBotStatus.badData, "a short message is not for Viber")
        }
        let messageID = submission.ticket.key.id
        switch options.service {
        case .business(let business):
            guard let service = Int64(business.serviceID ?? submission.sender) else {
                throw ViberRefusal(ViberBusinessStatus.badServiceID, "the sender is not a service id")
            }
            return try ViberBusinessMessage(content).json(
                ViberBusinessMessage.Envelope(
                    serviceID: service, recipient: submission.recipient,
                    // The same for each try: Viber can tell that it has the message already.
                    sequence: Int64(messageID.low & 0x7FFF_FFFF),
                    timeToLive: Self.timeToLive(until: submission.expiresAt, now: now),
                    trackingData: ViberTracking(messageID: messageID.description).text))
        case .bot(let bot):
            return try ViberBotMessage(content).json(
                ViberBotMessage.Envelope(
                    receiver: submission.recipient, senderName: bot.senderName, senderAvatar: bot.senderAvatar,
                    messageID: messageID.description))
        }
    }

    /// Seconds, between Viber's limits.
    static func timeToLive(until end: Milliseconds, now: Milliseconds) -> Int64 {
        min(max((end - now) / 1000, 30), 1_209_600)
    }

    func post(_ url: String, _ body: [UInt8], what: String) async -> ProviderResult {
        let headers = options.token.isEmpty ? [] : [("x-viber-auth-token", options.token)]
        return await client.post(url, json: body, headers: headers, what: what)
    }
}
