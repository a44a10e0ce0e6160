// SPDX-License-Identifier: Apache-2.0
// The pauses between attempts to bind: doubling from a minimum to a maximum, each drawn from the upper half of its step,
// so that the binds of many clients do not come back in the same instant.

internal import NIOCore

struct ReconnectBackoff {
    let minimum: TimeAmount
    let maximum: TimeAmount
    private var failures = 0

    init(minimum: TimeAmount, maximum: TimeAmount) {
        self.minimum = min(minimum, maximum)
        self.maximum = max(minimum, maximum)
    }

    /// The pause after one more failure.
    mutating func next(using generator: inout some RandomNumberGenerator) -> TimeAmount {
        let factor = Int64(1) << min(failures, 30)
        failures += 1
        let (product, overflows) = minimum.nanoseconds.multipliedReportingOverflow(by: factor)
        let step = overflows ? maximum.nanoseconds : min(product, maximum.nanoseconds)
        return .nanoseconds(Int64.random(in: (step / 2)...max(step, step / 2), using: &generator))
    }

    /// A bind came up.
    mutating func succeeded() {
        failures = 0
    }
}
