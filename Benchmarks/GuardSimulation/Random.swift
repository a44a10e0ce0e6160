// SPDX-License-Identifier: Apache-2.0
// Chance that is the same in every run of a seed.

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// SplitMix64.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var value = state
        value = (value ^ (value >> 30)) &* 0xBF58_476D_1CE4_E5B9
        value = (value ^ (value >> 27)) &* 0x94D0_49BB_1331_11EB
        return value ^ (value >> 31)
    }
}

struct Random {
    var source: SplitMix

    init(seed: UInt64) { source = SplitMix(state: seed &* 0x2545_F491_4F6C_DD1D) }

    mutating func between(_ low: Double, _ high: Double) -> Double { Double.random(in: low..<high, using: &source) }
    mutating func whole(_ low: Int, _ high: Int) -> Int { Int.random(in: low...high, using: &source) }
    mutating func chance(_ probability: Double) -> Bool { between(0, 1) < probability }
    mutating func logarithmic(_ low: Double, _ high: Double) -> Double { exp(between(log(low), log(high))) }

    /// The time to the next of events that come at `rate`.
    mutating func interval(rate: Double) -> Double { -log(1 - between(0, 1)) / rate }

    /// A time around `median` that is sometimes much longer.
    mutating func delay(median: Double, spread: Double = 0.8) -> Double {
        let (first, second) = (1 - between(0, 1), between(0, 1))
        return median * exp(spread * (-2 * log(first)).squareRoot() * cos(2 * .pi * second))
    }

    /// The index of one of `cumulative`'s steps, in proportion to their heights.
    mutating func index(_ cumulative: [Double]) -> Int {
        let target = between(0, cumulative.last ?? 1)
        var (low, high) = (0, cumulative.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if cumulative[middle] > target { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
