// SPDX-License-Identifier: Apache-2.0
// A metric with labels: one instrument per combination of values. Callers resolve an instrument once and keep it.
// Invariant: the number of combinations is bounded, whatever values arrive.

import Synchronization

/// What a family is made of.
protocol Instrument: AnyObject, Sendable {
    static var kind: MetricKind { get }
    func write(name: String, labels: [Label], to text: inout ExpositionText)
}

/// What a registry asks at a scrape.
protocol Collector: AnyObject, Sendable {
    var kind: MetricKind { get }
    var help: String { get }
    var labelNames: [String] { get }
    func write(name: String, to text: inout ExpositionText)
}

/// The instruments of one labelled metric.
public final class Family<Child: Sendable>: Sendable {
    /// More combinations than any deployment has. Beyond them everything is counted together, with the value `other`.
    static var limit: Int { 2000 }

    let kind: MetricKind
    let help: String
    let labelNames: [String]
    private let make: @Sendable () -> Child
    private let emit: @Sendable (Child, String, [Label], inout ExpositionText) -> Void
    private let children = Mutex<[[String]: Child]>([:])

    init(help: String, labelNames: [String], make: @escaping @Sendable () -> Child) where Child: Instrument {
        kind = Child.kind
        self.help = help
        self.labelNames = labelNames
        self.make = make
        emit = { child, name, labels, text in child.write(name: name, labels: labels, to: &text) }
    }

    /// The instrument for these values, in the order of the label names; made when there is none yet.
    public func with(_ values: String...) -> Child { with(values) }

    /// The instrument for these values, in the order of the label names; made when there is none yet.
    public func with(_ values: [String]) -> Child {
        precondition(values.count == labelNames.count, "one value for each of \(labelNames)")
        return children.withLock { children in
            if let child = children[values] { return child }
            let key = children.count < Self.limit ? values : values.map { _ in "other" }
            let child = children[key] ?? make()
            children[key] = child
            return child
        }
    }

    /// Lets go of combinations whose object is gone, so that they are not reported for ever.
    public func remove(where isGone: ([String]) -> Bool) {
        children.withLock { children in children = children.filter { !isGone($0.key) } }
    }
}

extension Family: Collector {
    func write(name: String, to text: inout ExpositionText) {
        let all = children.withLock { $0 }.sorted { $0.key.lexicographicallyPrecedes($1.key) }
        for (values, child) in all {
            emit(child, name, zip(labelNames, values).map { Label(name: $0, value: $1) }, &text)
        }
    }
}

/// One value that is read at a scrape.
public struct Sample: Sendable {
    let labelValues: [String]
    let value: Double

    /// `labels` in the order of the label names.
    public init(_ value: Double, labels: String...) {
        labelValues = labels
        self.value = value
    }
}

/// A metric that nobody counts: its values are asked for at each scrape.
final class Observation: Collector {
    let kind: MetricKind
    let help: String
    let labelNames: [String]
    private let read: @Sendable () -> [Sample]

    init(kind: MetricKind, help: String, labelNames: [String], read: @escaping @Sendable () -> [Sample]) {
        self.kind = kind
        self.help = help
        self.labelNames = labelNames
        self.read = read
    }

    func write(name: String, to text: inout ExpositionText) {
        var seen: Set<[String]> = []
        let samples = read().filter { $0.labelValues.count == labelNames.count && seen.insert($0.labelValues).inserted }
        for sample in samples.sorted(by: { $0.labelValues.lexicographicallyPrecedes($1.labelValues) }) {
            let labels = zip(labelNames, sample.labelValues).map { Label(name: $0, value: $1) }
            text.sample(name, labels, value: sample.value)
        }
    }
}
