// SPDX-License-Identifier: Apache-2.0
// The channel for trying an integration out: it takes every message at once, reports it delivered, and sends it back
// where that was asked for. Nothing leaves the machine.

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
        let now = clock()
        sink.completed(
            submissions.map { ($0.ticket, .submitted(providerID: Self.providerID(of: $0))) }, by: self)
        for submission in submissions {
            report(.receipt(receipt(for: submission, now: now)))
            if let reply = EchoReply.message(to: submission, connectorID: id, now: now) { report(.message(reply)) }
        }
    }

    /// Offers an event until it is stored, as a provider would; nobody else knows of it.
    private func report(_ event: ConnectorEvent) {
        sink.received(event) { [weak self] answer in
            guard answer == .unavailable, let self, isUp else { return }
            Task {
                try? await Task.sleep(for: Self.repetition)
                self.report(event)
            }
        }
    }

    public func start() {
        state.withLock { $0.isRunning = true }
        sink.capacityChanged(self)
    }

    public func stop() async { state.withLock { $0.isRunning = false } }

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
