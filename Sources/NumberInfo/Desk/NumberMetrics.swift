// SPDX-License-Identifier: Apache-2.0
// What look-ups count. Labels are names of questions and of configured sources, never a number or a company.

internal import Prometheus

final class NumberMetrics: Sendable {
    private let lookups: Family<Counter>
    private let durations: Family<Histogram>
    private let cache: Family<Counter>
    private let sources: Family<Counter>
    private let sourceDurations: Family<Histogram>
    private let slices: Histogram

    /// How a look-up ended.
    enum Result: String {
        case answered
        /// A source failed, or no number plan has such a number.
        case failed
        /// The balance was too small.
        case refused
    }

    init(_ registry: Registry) {
        lookups = registry.counters(
            "parley_number_lookups_total", "Look-ups by question and how they ended.", labels: ["question", "result"])
        durations = registry.histograms(
            "parley_number_lookup_duration_seconds", "From a look-up's request to its facts, in seconds.",
            labels: ["question"])
        cache = registry.counters(
            "parley_number_cache_total", "Look-ups by whether the answer was kept from an earlier one.",
            labels: ["question", "result"])
        sources = registry.counters(
            "parley_number_source_lookups_total", "What the sources were asked and how they answered.",
            labels: ["source", "result"])
        sourceDurations = registry.histograms(
            "parley_number_source_duration_seconds", "How long the sources took, in seconds.", labels: ["source"])
        slices = registry.histogram(
            "parley_number_table_slice_seconds",
            "How long one slice of an import of ported numbers kept others from writing, in seconds.")
    }

    func ended(_ question: NumberQuestion, _ result: Result) { lookups.with(question.label, result.rawValue).add() }

    func found(_ question: NumberQuestion, after duration: Duration) {
        durations.with(question.label).observe(duration)
    }

    func cached(_ question: NumberQuestion, isHit: Bool) { cache.with(question.label, isHit ? "hit" : "miss").add() }

    func asked(_ report: SourceReport) {
        let result =
            switch report.outcome {
            case .answer: "answer"
            case .nothing: "nothing"
            case .failed: "failed"
            }
        sources.with(report.source, result).add()
        sourceDurations.with(report.source).observe(report.duration)
    }

    func slice(_ duration: Duration) { slices.observe(duration) }
}

extension NumberQuestion {
    /// `gnp`, `gnv`.
    var label: String { self == .portability ? "gnp" : "gnv" }
}
