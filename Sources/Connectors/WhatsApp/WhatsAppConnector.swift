// SPDX-License-Identifier: Apache-2.0
// Carries messages of one business phone number over the WhatsApp Cloud API: one request for each message, its answer is
// the outcome, and webhooks bring statuses and what customers write.

internal import AsyncHTTPClient
internal import Logging
public import Messaging
internal import NIOCore
internal import Synchronization
internal import Wire

/// A connector to WhatsApp.
public final class WhatsAppConnector: WebhookConnector, MediaConnector, ReadMarkingConnector {
    public let id: Int64
    public let name: String
    public let uncertainPolicy: UncertainPolicy
    public let exchanges: ExchangeLog?
    public let options: WhatsAppOptions
    let environment: ConnectorEnvironment
    let logger: Logger
    let client: ProviderClient
    let uploads: MediaUploads
    private let window: Mutex<WhatsAppWindow>
    private let pairs: Mutex<PairLimits>
    private let tasks = RequestTasks()

    /// The members of requests and answers whose texts operators may read.
    private static let shown: Set<String> = [
        "messaging_product", "recipient_type", "to", "recipient", "type", "id", "message_id", "status", "input",
        "wa_id",
        "user_id", "message", "details", "fbtrace_id", "code", "name", "sub_type", "message_status", "mime_type",
        "recipient_id", "title", "field", "object", "phone_number_id", "display_phone_number", "pricing_model",
        "category", "timestamp", "from",
    ]

    public init(
        settings: ConnectorSettings, environment: ConnectorEnvironment
    ) throws(ConnectorOptionError) {
        id = settings.id
        name = settings.name
        uncertainPolicy = settings.uncertainPolicy
        self.environment = environment
        exchanges = environment.exchanges
        var logger = environment.logger
        logger[metadataKey: "connector"] = "\(settings.name)"
        self.logger = logger
        let options = try WhatsAppOptions(settings)
        self.options = options
        client = ProviderClient(
            environment, timeout: Milliseconds(options.responseTimeout * 1000), shown: Self.shown)
        uploads = MediaUploads(options: options, environment: environment, client: client)
        window = Mutex(
            WhatsAppWindow(
                size: options.window, messagesPerSecond: options.messagesPerSecond, now: environment.clock()))
        pairs = Mutex(PairLimits(interval: options.pairInterval, burst: options.pairBurst))
    }

    var authorization: [(String, String)] { [("authorization", "Bearer \(options.credentials.accessToken)")] }

    // MARK: Connector

    public var isUp: Bool { window.withLock { $0.isUp(at: environment.clock()) } }

    public var linkState: LinkState { window.withLock { $0.linkState(at: environment.clock()) } }

    public func reserve(_ count: Int) -> Int {
        let now = environment.clock()
        let (room, wake) = window.withLock { window in
            let room = window.reserve(count, now: now)
            return (room, room < count ? window.wakeTime(now: now) : nil)
        }
        if let wake { call(at: wake, now: now) }
        return room
    }

    public func release(_ count: Int) { window.withLock { $0.release(count) } }

    public func settled(_ count: Int) { window.withLock { $0.settled(count) } }

    public func submit(_ submissions: [Submission]) {
        let now = environment.clock()
        var held: [(ticket: PartTicket, outcome: SendOutcome)] = []
        for submission in submissions {
            if let delay = pairs.withLock({ $0.take(submission.recipient, now: now) }) {
                let reason = "one message in \(options.pairInterval) s to the same recipient"
                held.append((submission.ticket, .retry(delay: delay, reason: reason)))
            } else {
                tasks.start { [self] in await send(submission) }
            }
        }
        if !held.isEmpty { environment.sink.completed(held, by: self) }
    }

    public func start() {
        window.withLock { $0.start() }
        environment.sink.capacityChanged(self)
    }

    public func stop() async {
        window.withLock { $0.stop() }
        await tasks.drained()
    }

    /// Tells the core at `time` that there is room again.
    private func call(at time: Milliseconds, now: Milliseconds) {
        environment.group.next().scheduleTask(in: .milliseconds(max(1, time - now))) { [weak self] in
            guard let self else { return }
            environment.sink.capacityChanged(self)
        }
    }

    // MARK: Sending

    private func send(_ submission: Submission) async {
        let verdict = await verdict(on: submission)
        let now = environment.clock()
        let (wasUp, isUp, wake) = window.withLock { window in
            let wasUp = window.isUp(at: now)
            window.completed(verdict, now: now)
            return (wasUp, window.isUp(at: now), verdict.pause == nil ? nil : window.wakeTime(now: now))
        }
        if wasUp, !isUp {
            logger.error("WhatsApp refuses the access token", metadata: ["reason": "\(verdict.problem ?? "")"])
        }
        environment.sink.completed([(submission.ticket, verdict.outcome)], by: self)
        if let wake { call(at: wake, now: now) }
        if wasUp != isUp { environment.sink.capacityChanged(self) }
    }

    private func verdict(on submission: Submission) async -> GraphVerdict {
        guard case .rich(let content) = submission.content else {
            return GraphVerdict(GraphRefusal.unsupported("sms").outcome)
        }
        let attempt = submission.ticket.attempt
        let company = submission.ticket.key.companyID
        let found: MediaUploads.Found
        switch await uploads.find(content.body.mediaBodies, companyID: company, attempt: attempt) {
        case .success(let media): found = media
        case .failure(let failure): return failure.verdict
        }
        var verdict = await post(content.body, found, submission)
        if verdict.error?.code == GraphError.noTranslation, case .template(let template) = content.body,
            let other = template.inBaseLanguage
        {
            verdict = await post(.template(other), found, submission)
        }
        // An upload that WhatsApp no longer has is made anew once.
        if case .rejected(_, let reason) = verdict.outcome, verdict.error?.maySpeakOfMedia == true,
            uploads.forget(found.remembered)
        {
            return GraphVerdict(.retry(delay: 0, reason: reason))
        }
        return verdict
    }

    private func post(_ body: RichBody, _ found: MediaUploads.Found, _ submission: Submission) async -> GraphVerdict {
        let json: [UInt8]
        do {
            json = try GraphMessage(recipient: submission.recipient, body: body, media: found.media).json()
        } catch {
            return GraphVerdict(error.outcome)
        }
        let result = await client.post(
            options.url("\(options.phoneNumberID)/messages"), json: json, headers: authorization,
            what: "POST /messages")
        return GraphVerdict.message(result, attempt: submission.ticket.attempt)
    }
}
