// SPDX-License-Identifier: Apache-2.0
// The metrics of one process, by name. They are declared at the start and scraped in the order of their names, so that
// two scrapes differ only in their numbers.

import Synchronization

/// Declares metrics and writes them out.
public final class Registry: Sendable {
    /// The content type of `text()`.
    public static let contentType = "text/plain; version=0.0.4; charset=utf-8"

    private struct State {
        var collectors: [String: any Collector] = [:]
        var preparations: [@Sendable () async -> Void] = []
    }

    private let state = Mutex(State())

    public init() {}

    // MARK: Declaring

    /// A counter without labels; the name ends in `_total`.
    public func counter(_ name: String, _ help: String) -> Counter { counters(name, help, labels: []).with() }

    /// A counter with labels; the name ends in `_total`.
    public func counters(_ name: String, _ help: String, labels: [String]) -> Family<Counter> {
        precondition(name.hasSuffix("_total"), "the name of a counter ends in _total: \(name)")
        return declare(name, Family(help: help, labelNames: labels) { Counter() })
    }

    public func gauge(_ name: String, _ help: String) -> Gauge { gauges(name, help, labels: []).with() }

    public func gauges(_ name: String, _ help: String, labels: [String]) -> Family<Gauge> {
        declare(name, Family(help: help, labelNames: labels) { Gauge() })
    }

    /// A histogram without labels; `bounds` in the unit that the name ends in.
    public func histogram(_ name: String, _ help: String, bounds: [Double] = Histogram.latency) -> Histogram {
        histograms(name, help, labels: [], bounds: bounds).with()
    }

    /// A histogram with labels; `bounds` in the unit that the name ends in.
    public func histograms(
        _ name: String, _ help: String, labels: [String], bounds: [Double] = Histogram.latency
    ) -> Family<Histogram> {
        precondition(!labels.contains("le"), "the label le belongs to the histogram")
        return declare(name, Family(help: help, labelNames: labels) { Histogram(bounds: bounds) })
    }

    /// A metric that is read at each scrape; `read` must be quick. Declaring it again replaces the reader.
    public func observe(
        _ name: String, _ help: String, kind: MetricKind = .gauge, labels: [String] = [],
        _ read: @escaping @Sendable () -> [Sample]
    ) {
        Self.check(name, labels)
        let observation = Observation(kind: kind, help: help, labelNames: labels, read: read)
        state.withLock { $0.collectors[name] = observation }
    }

    /// What has to be asked for before the metrics that show it are read, such as the database.
    public func beforeScrape(_ prepare: @escaping @Sendable () async -> Void) {
        state.withLock { $0.preparations.append(prepare) }
    }

    /// A name that is declared again gives the family that is there; with another kind or other labels it is a mistake
    /// of the program.
    private func declare<Child>(_ name: String, _ family: Family<Child>) -> Family<Child> {
        Self.check(name, family.labelNames)
        return state.withLock { state in
            guard let known = state.collectors[name] else {
                state.collectors[name] = family
                return family
            }
            guard let same = known as? Family<Child>, same.labelNames == family.labelNames else {
                preconditionFailure("two different metrics are named \(name)")
            }
            return same
        }
    }

    private static func check(_ name: String, _ labels: [String]) {
        precondition(isName(name, mayHaveColons: true), "not a metric's name: \(name)")
        for label in labels {
            precondition(isName(label, mayHaveColons: false) && !label.hasPrefix("__"), "not a label's name: \(label)")
        }
        precondition(Set(labels).count == labels.count, "a label twice: \(labels)")
    }

    static func isName(_ text: String, mayHaveColons: Bool) -> Bool {
        guard let first = text.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first) else {
            return false
        }
        return text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "_"),
                UInt8(ascii: "0")...UInt8(ascii: "9"):
                true
            case UInt8(ascii: ":"): mayHaveColons
            default: false
            }
        }
    }

    // MARK: Scraping

    /// Every metric in the text format 0.0.4.
    public func scrape() async -> [UInt8] {
        for prepare in state.withLock({ $0.preparations }) { await prepare() }
        return text()
    }

    /// Every metric as it stands, without asking anybody first.
    public func text() -> [UInt8] {
        var text = ExpositionText()
        for (name, collector) in state.withLock({ $0.collectors }).sorted(by: { $0.key < $1.key }) {
            text.header(name, collector.kind, help: collector.help)
            collector.write(name: name, to: &text)
        }
        return text.bytes
    }
}
