// SPDX-License-Identifier: Apache-2.0
// The channel for trying an integration out: it takes every message at once, reports it delivered, and sends it back
// where that was asked for. Nothing leaves the machine:
//
//   submitted ─▶ reply and receipt offered ─both stored─▶ outcome: taken ─▶ with it, the receipt: delivered
//
// There is no provider that would say again what was lost in a crash. So the outcome, after which the core does not come
// back to a message, is last: before it the message is handed over once more, and what is stored already is known by its
// id.

public import Messaging
internal import Synchronization
public import Wire

/// A connector without a provider.
public final class EchoConnector: Connector {
    private struct State {
        var isRunning = false
        /// Set aside or handed over, and their outcome not on disk yet.
        var unsettled = 0
    }

    /// How many submissions may be without a stored outcome.
    static let window = 1000
    private static let repetition = Duration.milliseconds(200)
    /// An echo connector has no options of its own.
    public static let optionNames: Set<String> = ["uncertain"]

    public let id: Int64
    public let name: String
    public let uncertainPolicy: UncertainPolicy
    private let sink: any ConnectorSink
    private let clock: @Sendable () -> Milliseconds
    private let state = Mutex(State())
    private let tasks = RequestTasks()

    public init(
        settings: ConnectorSettings, sink: any ConnectorSink, clock: @escaping @Sendable () -> Milliseconds
    ) throws(ConnectorOptionError) {
        try Self.check(settings)
        id = settings.id
        name = settings.name
        uncertainPolicy = settings.uncertainPolicy
        self.sink = sink
        self.clock = clock
    }

    /// Refuses settings of which no connector can be made.
    public static func check(_ settings: ConnectorSettings) throws(ConnectorOptionError) {
        let members = settings.options.object ?? [:]
        if let name = members.keys.sorted().first(where: { !optionNames.contains($0) }) {
            throw ConnectorOptionError(option: name, reason: "is not an option; an echo connector has none")
        }
    }

    public var isUp: Bool { state.withLock { $0.isRunning } }

    public var linkState: LinkState {
        let state = state.withLock { ($0.isRunning, $0.unsettled) }
        return LinkState(phases: [state.0 ? .bound : .stopped], windowUsed: state.1, windowSize: Self.window)
    }

    public func reserve(_ count: Int) -> Int {
        state.withLock { state in
            guard state.isRunning else { return 0 }
            let room = max(0, min(count, Self.window - state.unsettled))
            state.unsettled += room
            return room
        }
    }

    public func release(_ count: Int) { state.withLock { $0.unsettled -= count } }

    public func settled(_ count: Int) { state.withLock { $0.unsettled -= count } }

    public func submit(_ submissions: [Submission]) {
        for submission in submissions {
            tasks.start { [self] in
                let outcome = await outcome(of: submission)
                sink.completed([(submission.ticket, outcome)], by: self)
            }
        }
    }

    private func outcome(of submission: Submission) async -> SendOutcome {
        let now = clock()
        var events = [ConnectorEvent.receipt(receipt(for: submission, now: now))]
        if let reply = EchoReply.message(to: submission, connectorID: id, now: now) {
            events.insert(.message(reply), at: 0)
        }
        for event in events {
            guard await isStored(event) else { return .retry(delay: 0, reason: "the echo connector was stopped") }
        }
        return .submitted(providerID: Self.providerID(of: submission))
    }

    /// Offers an event until it is stored, as a provider would; false when the connector is stopped before that.
    private func isStored(_ event: ConnectorEvent) async -> Bool {
        while true {
            let answer = await withCheckedContinuation { continuation in
                sink.received(event) { continuation.resume(returning: $0) }
            }
            if answer != .unavailable { return true }
            guard isUp else { return false }
            try? await Task.sleep(for: Self.repetition)
        }
    }

    public func start() {
        state.withLock { $0.isRunning = true }
        sink.capacityChanged(self)
    }

    public func stop() async {
        state.withLock { $0.isRunning = false }
        await tasks.drained()
    }

    /// Another one for each step of a chain.
    private static func providerID(of submission: Submission) -> String {
        let ticket = submission.ticket
        return ticket.step == 0 ? ticket.key.id.description : "\(ticket.key.id)-\(ticket.step)"
    }

    private func receipt(for submission: Submission, now: Milliseconds) -> Receipt {
        Receipt(
            connectorID: id, providerID: Self.providerID(of: submission), recipient: submission.recipient,
            state: .delivered, errorCode: nil, at: now)
    }
}
