// SPDX-License-Identifier: Apache-2.0
// Carries messages by voice: calls the recipient over a SIP trunk, reads the text aloud and hangs up. `submitted` says
// that the INVITE is out, and the one receipt what became of the call.

internal import Logging
public import Messaging
internal import Synchronization
internal import Wire

/// A connector to a SIP trunk.
public final class SIPConnector: Connector {
    public let id: Int64
    public let name: String
    public let uncertainPolicy: UncertainPolicy
    public let exchanges: ExchangeLog?
    private let options: SIPOptions
    private let environment: ConnectorEnvironment
    private let speech: SpeechSynthesizer
    private let logger: Logger
    private let lines: Mutex<VoiceLines>
    private let agent: SIPAgent
    private let tasks = RequestTasks()
    private let opening = Mutex<Task<Void, Never>?>(nil)

    /// How long running calls may take when the connector stops.
    private static let drainLimit = Duration.seconds(20)
    private static let reopening = Duration.seconds(5)
    private static let repetition = Duration.milliseconds(200)
    private static let retryDelay: Milliseconds = 5000

    public init(settings: ConnectorSettings, environment: ConnectorEnvironment) throws(ConnectorOptionError) {
        id = settings.id
        name = settings.name
        uncertainPolicy = settings.uncertainPolicy
        exchanges = environment.exchanges
        options = try SIPOptions(settings)
        self.environment = environment
        speech = SpeechSynthesizer(options: options.speech)
        var logger = environment.logger
        logger[metadataKey: "connector"] = "\(settings.name)"
        self.logger = logger
        lines = Mutex(VoiceLines(size: options.concurrentCalls, registers: options.registers))
        let relay = Relay()
        let log = environment.exchanges
        let clock = environment.clock
        agent = SIPAgent(
            options: options,
            events: SIPAgent.Events(
                registered: { relay.connector?.registered($0) },
                traced: { log.record($0, $1, bind: nil, at: clock()) }))
        relay.set(self)
    }

    /// Lets the agent, which is made first, reach the connector.
    private final class Relay: Sendable {
        private struct Weak: Sendable { weak var connector: SIPConnector? }
        private let target = Mutex(Weak())

        var connector: SIPConnector? { target.withLock { $0.connector } }

        func set(_ connector: SIPConnector) { target.withLock { $0.connector = connector } }
    }

    // MARK: Connector

    public var isUp: Bool { lines.withLock { $0.isUp } }

    public var linkState: LinkState { lines.withLock { $0.linkState } }

    public func reserve(_ count: Int) -> Int { lines.withLock { $0.reserve(count) } }

    public func release(_ count: Int) { lines.withLock { $0.release(count) } }

    public func settled(_ count: Int) { lines.withLock { $0.settled(count) } }

    public func submit(_ submissions: [Submission]) {
        for submission in submissions {
            tasks.start { [self] in
                let receipt = await call(submission)
                lines.withLock { $0.hungUp() }
                environment.sink.capacityChanged(self)
                if let receipt { await report(receipt) }
            }
        }
    }

    public func start() {
        lines.withLock { $0.start() }
        opening.withLock { opening in
            opening?.cancel()
            opening = Task { [weak self] in
                while !Task.isCancelled, await self?.open() == false {
                    try? await Task.sleep(for: Self.reopening)
                }
            }
        }
    }

    public func stop() async {
        lines.withLock { $0.stop() }
        opening.withLock { $0.take() }?.cancel()
        let cutting = Task { [agent] in
            guard (try? await Task.sleep(for: Self.drainLimit)) != nil else { return }
            SIPLoop.shared.run { agent.cut() }
        }
        await tasks.drained()
        cutting.cancel()
        await withCheckedContinuation { continuation in
            SIPLoop.shared.run { [agent] in agent.close { continuation.resume() } }
        }
    }

    private var isRunning: Bool { lines.withLock { $0.isRunning } }

    // MARK: The trunk

    /// Whether the socket is bound.
    private func open() async -> Bool {
        let problem = await withCheckedContinuation { continuation in
            SIPLoop.shared.run { [self] in
                // `stop` may have closed the agent meanwhile.
                continuation.resume(returning: isRunning ? agent.open() : "it is stopped")
            }
        }
        lines.withLock { lines in
            if let problem { lines.failed(problem) } else { lines.opened() }
        }
        guard isRunning else { return true }
        if let problem {
            logger.warning("the SIP trunk cannot be used", metadata: ["reason": "\(problem)"])
        } else {
            environment.sink.capacityChanged(self)
        }
        return problem == nil
    }

    private func registered(_ problem: String?) {
        let (wasUp, isUp) = lines.withLock { lines in
            // The answer may come before `open` has heard that the socket is bound.
            lines.opened()
            let wasUp = lines.isUp
            lines.registered(problem)
            return (wasUp, lines.isUp)
        }
        if let problem { logger.warning("the SIP trunk did not register us", metadata: ["reason": "\(problem)"]) }
        if wasUp != isUp { environment.sink.capacityChanged(self) }
    }

    // MARK: A call

    /// Returns once the call is over: its receipt, or nil when it was not placed.
    private func call(_ submission: Submission) async -> Receipt? {
        guard case .speech(let content) = submission.content else {
            return complete(submission, .rejected(code: VoiceCode.rejected, reason: "only speech can be spoken"))
        }
        guard
            let parties = SIPParties(sender: submission.sender, recipient: submission.recipient, options)
        else {
            return complete(submission, .rejected(code: VoiceCode.unreachable, reason: "the recipient is no number"))
        }
        let announcement: Announcement
        do throws(SpeechError) {
            announcement = try await speech.announcement(content)
        } catch {
            logger.error("no speech could be made", metadata: ["reason": "\(error)"])
            return complete(
                submission,
                error.isLasting
                    ? .rejected(code: VoiceCode.rejected, reason: error.description)
                    : .retry(delay: Self.retryDelay, reason: error.description))
        }
        guard isRunning else {
            return complete(submission, .retry(delay: Self.retryDelay, reason: "the connector stops"))
        }
        return await place(submission, parties, announcement)
    }

    private func place(
        _ submission: Submission, _ parties: SIPParties, _ announcement: Announcement
    ) async -> Receipt? {
        let callID = Mutex("")
        let verdict: VoiceVerdict? = await withCheckedContinuation { continuation in
            let events = SIPCall.Events(
                submitted: { [self] id in
                    callID.withLock { $0 = id }
                    lines.withLock { $0.succeeded() }
                    _ = complete(submission, .submitted(providerID: id))
                },
                retry: { [self] reason in
                    lines.withLock { $0.failed(reason) }
                    _ = complete(submission, .retry(delay: Self.retryDelay, reason: reason))
                    continuation.resume(returning: nil)
                },
                ended: { continuation.resume(returning: $0) })
            SIPLoop.shared.run { [agent] in
                agent.place(SIPCall(parties: parties, announcement: announcement, events: events))
            }
        }
        return verdict.map { verdict in
            Receipt(
                connectorID: id, providerID: callID.withLock { $0 }, recipient: submission.recipient,
                state: verdict.code == nil ? .delivered : .undeliverable, errorCode: verdict.code,
                reason: verdict.reason, at: environment.clock())
        }
    }

    private func complete(_ submission: Submission, _ outcome: SendOutcome) -> Receipt? {
        environment.sink.completed([(ticket: submission.ticket, outcome: outcome)], by: self)
        return nil
    }

    /// Offers a receipt until it is stored: nobody says it again.
    private func report(_ receipt: Receipt) async {
        while true {
            let answer = await withCheckedContinuation { continuation in
                environment.sink.received(.receipt(receipt)) { continuation.resume(returning: $0) }
            }
            guard answer == .unavailable, isRunning else { return }
            try? await Task.sleep(for: Self.repetition)
        }
    }
}
