// SPDX-License-Identifier: Apache-2.0
// What the engine counts. Every instrument is resolved when its object appears (a surface, a connector), so that
// counting a message costs a few atomic additions. Labels come from closed lists and the configuration; nothing of a company, a
// number or a URL is among them.

internal import Accounts
public import Prometheus
public import SQL
internal import Synchronization
internal import Wire

/// The counters and histograms of one node's engine.
public final class EngineMetrics: Sendable {
    /// Where they are declared; edges declare theirs beside them.
    public let registry: Registry
    private let acceptDuration: Histogram
    private let acceptBatch: Histogram
    private let accepted: PerCase<Surface>
    private let notAccepted: [(surface: Surface, reasons: PerCase<NotAccepted>)]
    private let final: [(kind: ChannelKind, statuses: PerCase<MessageStatus>)]
    private let inbound: PerCase<ChannelKind>
    let receipts: PerCase<ReceiptFate>
    private let connectors: ConnectorFamilies
    private let byConnector = Mutex<[Int64: ConnectorMetrics]>([:])
    private let commits: CommitMetrics

    /// Why a message was not stored as a new one.
    enum NotAccepted: String, CaseIterable {
        case repeated, keyReused = "key_reused", insufficientBalance = "insufficient_balance", unavailable, unknown
    }

    /// What became of a delivery receipt.
    enum ReceiptFate: String, CaseIterable {
        /// It was about one of our parts.
        case matched
        /// It is kept, in case its submission's outcome comes later.
        case parked
        /// An intermediate report about nothing we know.
        case ignored
    }

    public init(_ registry: Registry = Registry()) {
        self.registry = registry
        acceptDuration = registry.histogram(
            "parley_accept_duration_seconds", "From handing a message in to its durable answer, in seconds.")
        acceptBatch = registry.histogram(
            "parley_accept_batch_size", "Messages stored by one transaction of the acceptor.", bounds: Self.sizes)
        let accepted = registry.counters(
            "parley_messages_accepted_total", "Messages that were durably accepted.", labels: ["surface"])
        self.accepted = PerCase { accepted.with($0.rawValue) }
        let notAccepted = registry.counters(
            "parley_messages_not_accepted_total", "Messages that were handed in and not stored as new ones.",
            labels: ["surface", "reason"])
        self.notAccepted = Surface.allCases.map { surface in
            (surface, PerCase { notAccepted.with(surface.rawValue, $0.rawValue) })
        }
        let final = registry.counters(
            "parley_messages_final_total", "Outbound messages that reached a final status.", labels: ["kind", "status"])
        self.final = ChannelKind.allCases.map { kind in
            (kind, PerCase { $0.isTerminal ? final.with(kind.rawValue, "\($0)") : nil })
        }
        let inbound = registry.counters(
            "parley_inbound_messages_total", "Inbound messages that were stored.", labels: ["kind"])
        self.inbound = PerCase { inbound.with($0.rawValue) }
        let receipts = registry.counters(
            "parley_receipts_total", "Delivery receipts that were stored, by what they were found to be about.",
            labels: ["result"])
        self.receipts = PerCase { receipts.with($0.rawValue) }
        connectors = ConnectorFamilies(registry)
        commits = CommitMetrics(registry)
    }

    /// 1, 2, 4 … 512: the sizes of batches.
    static let sizes = (0...9).map { Double(1 << $0) }

    /// To be given to `Database.open`.
    public var writeObserver: WriteObserver { { [commits] in commits.record($0) } }

    // MARK: Counting

    func answered(_ surface: Surface, _ result: AcceptResult, after duration: Duration) {
        acceptDuration.observe(duration)
        let reason: NotAccepted
        switch result {
        case .accepted: return accepted.add(surface)
        case .repeated: reason = .repeated
        case .keyReused: reason = .keyReused
        case .insufficientBalance: reason = .insufficientBalance
        case .unavailable: reason = .unavailable
        case .unknown: reason = .unknown
        }
        notAccepted.first { $0.surface == surface }?.reasons.add(reason)
    }

    /// So many messages were stored by one transaction of the acceptor.
    func stored(_ count: Int) { acceptBatch.observe(Double(count)) }

    /// So many parts were handed to a connector.
    func dispatched(_ count: Int, by connectorID: Int64) { connector(connectorID)?.dispatched.add(count) }

    /// What a committed transaction of the progress writer came to.
    func committed(_ result: ProgressWriter.Result, now: Milliseconds) {
        for kind in result.received { inbound.add(kind) }
        for item in result.progress {
            let message = item.message
            if item.hasEnded { final.first { $0.kind == message.kind }?.statuses.add(message.status) }
            // Where a message has ended in another way, parts of earlier reports are among those that changed.
            guard message.status == .delivered || !message.status.isTerminal else { continue }
            for part in item.changed where part.state == .delivered {
                guard let submittedAt = part.submittedAt else { continue }
                connector(part.connectorID)?.delivery.observe(Self.seconds(from: submittedAt, to: now))
            }
        }
    }

    /// An outcome is stored. `message` is the one it belongs to, if it is still known.
    func settled(_ outcome: SendOutcome, of message: Message?, by connector: ConnectorMetrics, now: Milliseconds) {
        switch outcome {
        case .submitted:
            connector.submitted.add()
            guard let message else { return }
            connector.dispatch.observe(Self.seconds(from: max(message.createdAt, message.sendAt ?? 0), to: now))
        case .rejected: connector.rejected.add()
        case .retry: connector.retried.add()
        case .uncertain: connector.uncertain.add()
        }
    }

    private static func seconds(from start: Milliseconds, to end: Milliseconds) -> Double {
        Double(max(0, end - start)) / 1000
    }

    // MARK: Connectors

    /// The connectors are these from now on; what was counted for one that is gone is not reported any more.
    func set(_ connectors: [any Connector]) {
        self.connectors.keep(Set(connectors.map(\.name)))
        let all = connectors.map { ($0.id, self.connectors.metrics(of: $0.name)) }
        byConnector.withLock { $0 = Dictionary(all) { first, _ in first } }
    }

    /// The instruments of a connector; ask once per batch. Nil for one that is gone.
    func connector(_ id: Int64) -> ConnectorMetrics? { byConnector.withLock { $0[id] } }
}

/// A counter for each case of an enumeration; finding one is a walk over a few words.
struct PerCase<Key: CaseIterable & Equatable & Sendable>: Sendable {
    private let counters: [(key: Key, counter: Counter)]

    init(_ counter: (Key) -> Counter?) {
        counters = Key.allCases.compactMap { key in counter(key).map { (key, $0) } }
    }

    func add(_ key: Key, _ amount: Int = 1) { counters.first { $0.key == key }?.counter.add(amount) }
}

/// What is counted for one connector.
struct ConnectorMetrics: Sendable {
    let dispatched: Counter
    let submitted: Counter
    let rejected: Counter
    let retried: Counter
    let uncertain: Counter
    let dispatch: Histogram
    let delivery: Histogram
}

/// The metrics whose label is a connector's name.
private struct ConnectorFamilies: Sendable {
    let dispatched: Family<Counter>
    let outcomes: Family<Counter>
    let dispatch: Family<Histogram>
    let delivery: Family<Histogram>

    init(_ registry: Registry) {
        dispatched = registry.counters(
            "parley_parts_dispatched_total", "Parts of messages that were handed to a connector.",
            labels: ["connector"])
        outcomes = registry.counters(
            "parley_submissions_total", "Parts that a provider answered for, by outcome.",
            labels: ["connector", "outcome"])
        dispatch = registry.histograms(
            "parley_dispatch_duration_seconds",
            "From accepting a message, or the time at which it was to leave, to the provider's taking it, in seconds.",
            labels: ["connector"])
        delivery = registry.histograms(
            "parley_delivery_duration_seconds",
            "From the provider's taking a part to the receipt that says it was delivered, in seconds.",
            labels: ["connector"], bounds: [0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21_600, 86_400])
    }

    func metrics(of name: String) -> ConnectorMetrics {
        ConnectorMetrics(
            dispatched: dispatched.with(name), submitted: outcomes.with(name, "submitted"),
            rejected: outcomes.with(name, "rejected"), retried: outcomes.with(name, "retry"),
            uncertain: outcomes.with(name, "uncertain"), dispatch: dispatch.with(name), delivery: delivery.with(name))
    }

    func keep(_ names: Set<String>) {
        let isGone: ([String]) -> Bool = { !names.contains($0[0]) }
        dispatched.remove(where: isGone)
        outcomes.remove(where: isGone)
        dispatch.remove(where: isGone)
        delivery.remove(where: isGone)
    }
}

/// The database's commits.
private struct CommitMetrics: Sendable {
    let size: Histogram
    let commit: Histogram
    let total: Histogram
    let failed: Counter

    init(_ registry: Registry) {
        size = registry.histogram(
            "parley_database_commit_batch_size", "Writes that shared one commit.", bounds: EngineMetrics.sizes)
        commit = registry.histogram(
            "parley_database_commit_duration_seconds", "Time of a commit, mostly the disk's, in seconds.")
        total = registry.histogram(
            "parley_database_write_duration_seconds",
            "From the beginning of a writing transaction to the end of its "
                + "commit, in seconds.")
        failed = registry.counter("parley_database_failed_commits_total", "Commits that failed.")
    }

    func record(_ report: WriteReport) {
        size.observe(Double(report.writes))
        commit.observe(report.commit)
        total.observe(report.total)
        if !report.succeeded { failed.add() }
    }
}
