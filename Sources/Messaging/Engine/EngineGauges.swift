// SPDX-License-Identifier: Apache-2.0
// What is not counted but looked at when somebody scrapes: the queues in the database, what this node has in memory,
// and the connectors' links.

internal import Prometheus
internal import SQL
internal import Wire

extension MessagingEngine {
    /// The queues of the whole deployment; at most some seconds old.
    public func queueFigures() async throws -> QueueFigures {
        try await queues.current(in: context.database, now: context.clock())
    }

    /// Declares the gauges. They vanish with the engine.
    func declareGauges() {
        let registry = context.metrics.registry
        registry.beforeScrape { [weak self] in _ = try? await self?.queueFigures() }
        declareQueues(in: registry)
        declareDatabase(in: registry)
        declareConnectors(in: registry)
    }

    private func declareQueues(in registry: Registry) {
        func gauge(_ name: String, _ help: String, _ value: @escaping @Sendable (QueueFigures) -> Double) {
            registry.observe(name, help) { [weak self] in self?.queues.last.map { [Sample(value($0))] } ?? [] }
        }
        gauge("parley_queue_messages", "Messages that wait to be handed to a provider.") { Double($0.queued) }
        gauge("parley_queue_scheduled_messages", "Messages that are to leave later.") { Double($0.scheduled) }
        gauge("parley_queue_oldest_age_seconds", "For how long the first message in the queue waits, in seconds.") {
            Double($0.queueAge) / 1000
        }
        gauge("parley_deliveries_pending", "Deliveries to customers that are to be made.") {
            Double($0.pendingDeliveries)
        }
        gauge("parley_deliveries_undelivered", "Deliveries to customers that were given up and are kept.") {
            Double($0.undeliveredDeliveries)
        }
        gauge(
            "parley_deliveries_oldest_due_age_seconds", "For how long the first pending delivery is due, in seconds."
        ) { Double($0.deliveryAge) / 1000 }
        gauge("parley_receipts_unmatched", "Delivery receipts that match no message.") { Double($0.parkedReceipts) }
        registry.observe("parley_dispatch_held_messages", "Messages in this node's memory.") { [weak self] in
            self.map { [Sample(Double($0.dispatcher.messagesHeld))] } ?? []
        }
    }

    private func declareDatabase(in registry: Registry) {
        registry.observe("parley_database_up", "Whether the database answered when it was last asked.") {
            [weak self] in self.map { [Sample($0.queues.last == nil ? 0 : 1)] } ?? []
        }
        let database = context.database
        registry.observe("parley_database_waiting_calls", "Transactions that wait for a database thread.") {
            [weak database] in database.map { [Sample(Double($0.waiting))] } ?? []
        }
    }

    private func declareConnectors(in registry: Registry) {
        func observe(
            _ name: String, _ help: String, kind: MetricKind = .gauge,
            _ value: @escaping @Sendable (any Connector) -> Double
        ) {
            registry.observe(name, help, kind: kind, labels: ["connector"]) { [weak self] in
                (self?.currentConnectors ?? []).map { Sample(value($0), labels: $0.name) }
            }
        }
        observe("parley_connector_up", "Whether a connector can be expected to take messages.") { $0.isUp ? 1 : 0 }
        observe("parley_connector_window_used", "Submissions without an answer.") { Double($0.linkState.windowUsed) }
        observe("parley_connector_window_size", "How many submissions may be without an answer; 0 for any number.") {
            Double($0.linkState.windowSize)
        }
        observe("parley_connector_paused", "Whether the provider asked to slow down.") {
            $0.linkState.isPaused ? 1 : 0
        }
        observe(
            "parley_connector_throttled_total", "Submissions that the provider refused for coming too fast.",
            kind: .counter
        ) { Double($0.linkState.throttled) }
        registry.observe(
            "parley_connector_binds", "Links of a connector by what they are at.", labels: ["connector", "state"]
        ) { [weak self] in
            (self?.currentConnectors ?? []).flatMap { connector in
                let phases = connector.linkState.phases
                return LinkState.Phase.allCases.map { phase in
                    Sample(Double(phases.count { $0 == phase }), labels: connector.name, phase.rawValue)
                }
            }
        }
    }
}
