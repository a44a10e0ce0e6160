// SPDX-License-Identifier: Apache-2.0
// Brings sound to telephone's 8,000 Hz: a low-pass filter that leaves what a telephone line carries (up to 3.2 kHz
// unchanged, from 4 kHz on 80 dB down, so that nothing folds back) as a windowed sinc, evaluated where the new samples
// lie between the old ones. For any two rates these places repeat, and each has its own row of coefficients.

internal import Glibc

struct Resampler {
    static let outputRate = 8000

    /// The filter reaches this far to both sides, in seconds: enough for the slope from 3.2 to 4 kHz.
    private static let reach = 64.0 / 22_050
    private static let cutoff = 3600.0
    /// Kaiser's window for 80 dB.
    private static let beta = 7.86

    private let inputRate: Int
    private let halfWidth: Int
    /// New samples until the places repeat, and old ones.
    private let up: Int
    private let down: Int
    private let rows: [[Float]]

    init(inputRate: Int) {
        self.inputRate = inputRate
        let common = Self.commonDivisor(inputRate, Self.outputRate)
        let up = Self.outputRate / common
        let halfWidth = Int((Self.reach * Double(inputRate)).rounded(.up))
        self.up = up
        self.halfWidth = halfWidth
        down = inputRate / common
        rows = (0..<up).map { row in
            Self.coefficients(fraction: Double(row) / Double(up), halfWidth: halfWidth, rate: Double(inputRate))
        }
    }

    private static func commonDivisor(_ a: Int, _ b: Int) -> Int { b == 0 ? a : commonDivisor(b, a % b) }

    /// For a new sample that lies `fraction` behind an old one. They sum to one: a constant stays what it is.
    private static func coefficients(fraction: Double, halfWidth: Int, rate: Double) -> [Float] {
        let row = (1 - halfWidth...halfWidth).map { offset -> Double in
            let distance = Double(offset) - fraction
            let position = distance / Double(halfWidth)
            guard abs(position) < 1 else { return 0 }
            let window = bessel(beta * (1 - position * position).squareRoot()) / bessel(beta)
            return sinc(2 * cutoff / rate * distance) * window
        }
        let sum = row.reduce(0, +)
        return row.map { Float($0 / sum) }
    }

    private static func sinc(_ x: Double) -> Double { abs(x) < 1e-9 ? 1 : sin(.pi * x) / (.pi * x) }

    /// The modified Bessel function of order 0.
    private static func bessel(_ x: Double) -> Double {
        var term = 1.0
        var sum = 1.0
        for k in 1...40 {
            term *= (x / 2 / Double(k)) * (x / 2 / Double(k))
            sum += term
        }
        return sum
    }

    func resample(_ samples: [Int16]) -> [Int16] {
        guard inputRate != Self.outputRate else { return samples }
        // Silence on both sides, so that the filter never reaches out of the array.
        var padded = [Float](repeating: 0, count: samples.count + 2 * halfWidth)
        for index in samples.indices { padded[halfWidth + index] = Float(samples[index]) }
        return (0..<samples.count * up / down).map { index in
            let place = index * down
            let row = rows[place % up]
            let first = place / up + 1
            var sum: Float = 0
            for tap in row.indices { sum += row[tap] * padded[first + tap] }
            return Int16(max(-32_767, min(32_767, sum.rounded())))
        }
    }
}
