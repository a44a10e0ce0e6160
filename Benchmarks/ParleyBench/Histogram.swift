// SPDX-License-Identifier: Apache-2.0
// Latencies counted in buckets whose width grows with the value, as HdrHistogram does it: every percentile is exact to
// within 1.6 %, and recording one is an addition.

struct Histogram: Sendable {
    /// Sub-buckets of each power of two.
    private static let precision = 64
    private static let precisionBits = 6

    private var counts = [UInt64](repeating: 0, count: 40 * precision)
    private(set) var count: UInt64 = 0

    /// Counts one latency, in microseconds.
    mutating func record(_ microseconds: Int64) {
        counts[min(Self.bucket(of: UInt64(max(0, microseconds))), counts.count - 1)] += 1
        count += 1
    }

    mutating func add(_ other: Histogram) {
        for index in counts.indices { counts[index] += other.counts[index] }
        count += other.count
    }

    /// The latency, in milliseconds, that the given share (0 to 1) of all stays within; 0 when nothing was recorded.
    func percentile(_ share: Double) -> Double {
        guard count > 0 else { return 0 }
        let rank = UInt64((Double(count) * share).rounded(.up))
        var seen: UInt64 = 0
        for (index, bucketCount) in counts.enumerated() {
            seen += bucketCount
            if seen >= max(1, rank) { return Double(Self.upperBound(of: index)) / 1000 }
        }
        return 0
    }

    private static func bucket(of value: UInt64) -> Int {
        guard value >= UInt64(precision) else { return Int(value) }
        let shift = (UInt64.bitWidth - value.leadingZeroBitCount) - precisionBits - 1
        return (shift + 1) * precision + Int(value >> UInt64(shift)) - precision
    }

    /// The greatest value that falls into a bucket.
    private static func upperBound(of bucket: Int) -> UInt64 {
        guard bucket >= precision else { return UInt64(bucket) }
        let shift = bucket / precision - 1
        return ((UInt64(bucket % precision + precision) + 1) << UInt64(shift)) - 1
    }
}
