// SPDX-License-Identifier: Apache-2.0
// How many rows to write at once, so that nothing else waits for the database's write lock for long: the next slice is
// made as large as what the last one took permits.

struct SliceSize: Sendable, Equatable {
    /// How long a slice is to hold the lock, its commit included, ms.
    static let target = 10.0
    static let bounds = 200...20_000

    private(set) var rows = 1000

    /// Learns from a slice of `count` rows.
    mutating func took(_ duration: Duration, rows count: Int) {
        guard count > 0 else { return }
        let milliseconds = max(
            0.01,
            Double(duration.components.attoseconds) / 1e15
                + Double(duration.components.seconds) * 1000)
        // A slice that the machine was slow with must not make the next tiny, nor a lucky one make it huge.
        let wanted = Double(count) * Self.target / milliseconds
        let next = min(max(wanted, Double(rows) / 4), Double(rows) * 1.5)
        rows = min(max(Int(next), Self.bounds.lowerBound), Self.bounds.upperBound)
    }
}
