// SPDX-License-Identifier: Apache-2.0
// The token bucket and its retreat, on a clock of its own.

import NIOCore
import Testing

@testable import SMPP

private let start = NIODeadline.uptimeNanoseconds(5_000_000_000_000)

/// Sends whatever is allowed in steps of a millisecond and counts it.
private func run(_ governor: inout RateGovernor, from: NIODeadline, milliseconds: Int64) -> Int {
    var sent = 0
    for step in 0..<milliseconds {
        let now = from + .milliseconds(step)
        let count = min(governor.available(now: now), 1000)
        governor.take(count, now: now)
        sent += count
    }
    return sent
}

@Suite struct RateGovernorTests {
    @Test(arguments: [1, 5, 50, 333, 1000] as [Double])
    func `the rate is kept over ten seconds with a small burst`(_ rate: Double) {
        var governor = RateGovernor(messagesPerSecond: rate, now: start)
        let sent = run(&governor, from: start, milliseconds: 10_000)
        #expect(Double(sent) <= rate * 10 + max(1, rate / 50))
        #expect(Double(sent) >= rate * 10 * 0.97 - 1)
    }

    @Test func `nothing is saved up beyond the burst`() {
        var governor = RateGovernor(messagesPerSecond: 100, now: start)
        #expect(governor.available(now: start + .hours(1)) == 2)
    }

    @Test func `without a rate there is no limit`() {
        var governor = RateGovernor(messagesPerSecond: nil, now: start)
        governor.take(1_000_000, now: start)
        #expect(governor.available(now: start) == .max)
    }

    @Test func `the time of the next message is right`() {
        var governor = RateGovernor(messagesPerSecond: 10, now: start)
        governor.take(1, now: start)
        #expect(governor.available(now: start) == 0)
        let next = governor.nextAvailable(now: start)
        #expect(governor.available(now: next) == 1)
        #expect(next - start < .milliseconds(101))
    }

    @Test func `throttling pauses, halves the rate and recovers gently`() {
        var governor = RateGovernor(messagesPerSecond: 100, now: start)
        governor.throttled(now: start)
        #expect(governor.isPaused)
        #expect(governor.available(now: start + .milliseconds(249)) == 0)
        let resumed = start + .milliseconds(250)
        #expect(governor.nextAvailable(now: start) == resumed)
        #expect(governor.available(now: resumed) == 1)
        #expect(governor.rate == 50)
        var now = resumed
        var rates: [Double?] = []
        for _ in 0..<6 {
            now = now + .seconds(1)
            governor.accepted(now: now)
            rates.append(governor.rate)
        }
        #expect(rates == [60, 70, 80, 90, 100, 100])
    }

    @Test func `answers to what was already out do not lengthen a pause`() {
        var governor = RateGovernor(messagesPerSecond: 100, now: start)
        for step in 0..<10 { governor.throttled(now: start + .milliseconds(Int64(step))) }
        #expect(governor.available(now: start + .milliseconds(250)) == 1)
        #expect(governor.rate == 50)
    }

    @Test func `pauses grow while throttling goes on, up to ten seconds`() {
        var governor = RateGovernor(messagesPerSecond: 100, now: start)
        var now = start
        var pauses: [TimeAmount] = []
        for _ in 0..<8 {
            governor.throttled(now: now)
            let next = governor.nextAvailable(now: now)
            pauses.append(next - now)
            now = next
            _ = governor.available(now: now)
        }
        #expect(pauses.map(\.nanoseconds) == [250, 500, 1000, 2000, 4000, 8000, 10_000, 10_000].map { $0 * 1_000_000 })
        #expect(governor.rate == 1)
    }

    @Test func `an unlimited client learns its rate and is unlimited again later`() {
        var governor = RateGovernor(messagesPerSecond: nil, now: start)
        governor.take(80, now: start)
        governor.throttled(now: start + .milliseconds(900))
        #expect(governor.rate == 40)
        var now = start + .seconds(2)
        #expect(governor.available(now: now) == 1)
        var seconds = 0
        while governor.rate != nil, seconds < 100 {
            now = now + .seconds(1)
            governor.accepted(now: now)
            seconds += 1
        }
        #expect(seconds == 17)
    }

    @Test func `congestion_state slows before it hurts`() {
        var governor = RateGovernor(messagesPerSecond: 100, now: start)
        governor.congestion(79, now: start)
        #expect(governor.rate == 100)
        governor.congestion(85, now: start)
        #expect(governor.rate == 100)
        governor.congestion(92, now: start)
        governor.congestion(92, now: start + .milliseconds(10))
        #expect(governor.rate == 90)
        governor.congestion(92, now: start + .milliseconds(1100))
        #expect(governor.rate == 81)
        governor.accepted(now: start + .milliseconds(1200))
        #expect(governor.rate == 81)
        #expect(!governor.isPaused)
        governor.congestion(100, now: start + .seconds(3))
        #expect(governor.isPaused)
    }
}

@Suite struct ReconnectBackoffTests {
    @Test func `pauses double up to the maximum, each within the upper half of its step`() {
        var generator = SplitMix(seed: 5)
        for _ in 0..<200 {
            var backoff = ReconnectBackoff(minimum: .seconds(1), maximum: .seconds(60))
            for step: Int64 in [1, 2, 4, 8, 16, 32, 60, 60, 60] {
                let pause = backoff.next(using: &generator)
                #expect(pause >= .milliseconds(step * 500))
                #expect(pause <= .seconds(step))
            }
            backoff.succeeded()
            #expect(backoff.next(using: &generator) <= .seconds(1))
        }
    }
}
