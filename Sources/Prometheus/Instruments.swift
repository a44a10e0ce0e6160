// SPDX-License-Identifier: Apache-2.0
// What is counted with. Each instrument is resolved once and kept; using it costs an atomic addition or one short lock,
// never a look-up, and any thread may use it.

import Synchronization

/// A number that only rises.
public final class Counter: Sendable, Instrument {
    private let count = Atomic<Int>(0)

    init() {}

    public var value: Int { count.load(ordering: .relaxed) }

    /// Adds `amount`; a negative one is ignored, because a counter that falls is taken for a restart.
    public func add(_ amount: Int = 1) {
        if amount > 0 { count.wrappingAdd(amount, ordering: .relaxed) }
    }

    static let kind = MetricKind.counter

    func write(name: String, labels: [Label], to text: inout ExpositionText) {
        text.sample(name, labels, value: Double(value))
    }
}

/// A number that goes up and down.
public final class Gauge: Sendable, Instrument {
    private let bits = Atomic<UInt64>(Double.zero.bitPattern)

    init() {}

    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    public func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (isDone, current) = bits.compareExchange(expected: old, desired: new, ordering: .relaxed)
            if isDone { return }
            old = current
        }
    }

    static let kind = MetricKind.gauge

    func write(name: String, labels: [Label], to text: inout ExpositionText) {
        text.sample(name, labels, value: value)
    }
}

/// How often a value fell below each of some bounds, and the sum of all values.
public final class Histogram: Sendable, Instrument {
    /// From half a millisecond, a commit on a fast disk, to a minute, a carrier in trouble; seconds.
    public static let latency: [Double] = [
        0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
    ]

    private struct State {
        var counts: [Int]
        var sum = 0.0
    }

    private let bounds: [Double]
    private let state: Mutex<State>

    /// `bounds` rise; what lies above the last falls into `+Inf`.
    init(bounds: [Double]) {
        precondition(zip(bounds, bounds.dropFirst()).allSatisfy { $0 < $1 }, "bounds of a histogram must rise")
        self.bounds = bounds
        state = Mutex(State(counts: [Int](repeating: 0, count: bounds.count + 1)))
    }

    /// How many values were observed.
    public var count: Int { state.withLock { $0.counts.reduce(0, +) } }
    public var sum: Double { state.withLock { $0.sum } }

    public func observe(_ value: Double) {
        guard value.isFinite else { return }
        let index = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock { state in
            state.counts[index] += 1
            state.sum += value
        }
    }

    /// Observes seconds.
    public func observe(_ duration: Duration) { observe(duration.inSeconds) }

    static let kind = MetricKind.histogram

    func write(name: String, labels: [Label], to text: inout ExpositionText) {
        let (counts, sum) = state.withLock { ($0.counts, $0.sum) }
        var running = 0
        for (bound, count) in zip(bounds + [.infinity], counts) {
            running += count
            let bucket = labels + [Label(name: "le", value: ExpositionText.number(bound))]
            text.sample(name + "_bucket", bucket, value: Double(running))
        }
        text.sample(name + "_sum", labels, value: sum)
        text.sample(name + "_count", labels, value: Double(running))
    }
}

extension Duration {
    /// Seconds with their fraction.
    public var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
