// SPDX-License-Identifier: Apache-2.0
// What the webhooks count. How a try ended is one of a closed list; whose URL it was is not a label.

internal import Messaging
internal import Prometheus

struct WebhookMetrics: Sendable {
    /// How a try ended.
    enum TryOutcome: String, CaseIterable {
        case delivered, redirected, gone
        case clientError = "client_error"
        case serverError = "server_error"
        case refusedByGuard = "refused_by_guard"
        case dns, connect, tls, timeout
        case protocolViolation = "protocol"
        case cancelled

        init(_ result: WebhookResult) {
            switch result {
            case .answered(let answer):
                switch answer.status {
                case 200...299: self = .delivered
                case 300...399: self = .redirected
                case 410: self = .gone
                case 500...: self = .serverError
                default: self = .clientError
                }
            case .failed(let failure, _):
                switch failure {
                case .refusedByGuard: self = .refusedByGuard
                case .dns: self = .dns
                case .connect: self = .connect
                case .tls: self = .tls
                case .timeout: self = .timeout
                case .protocolViolation: self = .protocolViolation
                case .cancelled: self = .cancelled
                }
            }
        }
    }

    private let tries: [(outcome: TryOutcome, counter: Counter)]
    private let duration: Histogram
    private let lag: Histogram
    private let delivered: Counter
    private let undelivered: Counter

    init(_ registry: Registry) {
        let tries = registry.counters(
            "parley_webhook_tries_total", "Tries to deliver to a customer's URL, by how they ended.",
            labels: ["outcome"])
        self.tries = TryOutcome.allCases.map { ($0, tries.with($0.rawValue)) }
        duration = registry.histogram(
            "parley_webhook_try_duration_seconds", "Time of one try, with the lookup of its name, in seconds.")
        lag = registry.histogram(
            "parley_webhook_lag_seconds", "From the event to its delivery, in seconds.",
            bounds: Histogram.latency + [300, 1800, 3600, 21_600, 86_400])
        let ended = registry.counters(
            "parley_webhook_deliveries_total", "Deliveries that came to their end.", labels: ["result"])
        delivered = ended.with("delivered")
        undelivered = ended.with("undelivered")
    }

    /// A try has ended `lag` ms after its event.
    func tried(_ result: WebhookResult, took: Duration, lag milliseconds: Int64) {
        let outcome = TryOutcome(result)
        tries.first { $0.outcome == outcome }?.counter.add()
        duration.observe(took)
        if outcome == .delivered { lag.observe(Double(max(0, milliseconds)) / 1000) }
    }

    /// What tries came to is on disk.
    func recorded(_ states: some Sequence<DeliveryState>) {
        for state in states {
            switch state {
            case .pending: break
            case .delivered: delivered.add()
            case .undelivered: undelivered.add()
            }
        }
    }
}

extension WebhookDispatcher {
    /// Declares what is looked at at a scrape: the endpoints of this node, and what it has in memory.
    func declareGauges(in registry: Registry) {
        registry.observe(
            "parley_webhook_endpoints",
            "URLs that something was sent to lately, by health; those that fail or are stopped are held back.",
            labels: ["state"]
        ) { [weak self] in
            guard let phases = self?.endpoints.map(\.health.phase) else { return [] }
            return [EndpointHealth.Phase.healthy, .failing, .stopped].map { phase in
                Sample(Double(phases.count { $0 == phase }), labels: phase.rawValue)
            }
        }
        registry.observe("parley_webhook_held_deliveries", "Deliveries in this node's memory.") { [weak self] in
            self.map { [Sample(Double($0.deliveriesHeld))] } ?? []
        }
    }
}
