// SPDX-License-Identifier: Apache-2.0

// The gate as traces: what happened, and what it answers next.

import Testing

@testable import Webhooks

/// A gate with a clock and the permits it gave out.
private struct Trace {
    var gate = EndpointGate()
    var now: Int64 = 1_000_000

    /// Admits until the gate says no; the permits and the no.
    mutating func fill() -> (permits: [EndpointGate.Permit], end: EndpointGate.Admission) {
        var permits: [EndpointGate.Permit] = []
        while true {
            let admission = gate.admit(now: now)
            guard case .go(let permit) = admission else { return (permits, admission) }
            permits.append(permit)
        }
    }

    mutating func end(_ permits: [EndpointGate.Permit], _ outcome: EndpointGate.Outcome) {
        for permit in permits { gate.completed(permit, outcome, now: now) }
    }

    /// Lets the endpoint fail until it counts as failing.
    mutating func fail() {
        while gate.health.phase == .healthy {
            guard case .go(let permit) = gate.admit(now: now) else { return }
            gate.completed(permit, .failure, now: now)
        }
    }
}

@Suite("Endpoint gate")
struct EndpointGateTests {
    @Test func `a new endpoint gets sixteen deliveries at a time`() {
        var trace = Trace()
        let (permits, end) = trace.fill()
        #expect(permits.count == 16)
        #expect(end == .full)
        trace.end([permits[0]], .success)
        #expect(trace.fill().permits.count == 1)
    }

    @Test func `sixteen failures at once halve the limit once`() {
        var limits = EndpointGate.Limits()
        limits.failureThreshold = 100
        var trace = Trace(gate: EndpointGate(limits: limits))
        trace.end(trace.fill().permits, .failure)
        #expect(trace.gate.concurrencyLimit == 8)
        trace.end(trace.fill().permits, .failure)
        #expect(trace.gate.concurrencyLimit == 4)
        for _ in 0..<5 { trace.end(trace.fill().permits, .failure) }
        #expect(trace.gate.concurrencyLimit == 1)
    }

    @Test func `each round of successes raises the limit by one up to the maximum`() {
        var limits = EndpointGate.Limits()
        limits.failureThreshold = 100
        limits.maximumConcurrency = 6
        var trace = Trace(gate: EndpointGate(limits: limits))
        trace.end(trace.fill().permits, .failure)
        #expect(trace.gate.concurrencyLimit == 3)
        trace.end(trace.fill().permits, .success)
        #expect(trace.gate.concurrencyLimit == 4)
        for _ in 0..<20 { trace.end(trace.fill().permits, .success) }
        #expect(trace.gate.concurrencyLimit == 6)
    }

    @Test func `refusals count as failures but cost no concurrency`() {
        var trace = Trace()
        let permits = trace.fill().permits
        trace.end(Array(permits.prefix(4)), .refused)
        #expect(trace.gate.concurrencyLimit == 16)
        #expect(trace.gate.health.consecutiveFailures == 4)
        trace.end([permits[4]], .success)
        #expect(trace.gate.health.consecutiveFailures == 0)
    }

    @Test func `a failing endpoint gets one probe at a time and its pauses double to ten seconds`() {
        var trace = Trace()
        trace.fail()
        #expect(trace.gate.health.phase == .failing)
        #expect(trace.gate.health.failingSince == 1_000_000)
        for pause: Int64 in [1000, 2000, 4000, 8000, 10_000, 10_000] {
            #expect(trace.gate.admit(now: trace.now) == .notBefore(trace.now + pause))
            trace.now += pause
            let (permits, end) = trace.fill()
            #expect(permits.map(\.isProbe) == [true])
            #expect(end == .full)
            trace.end(permits, .failure)
        }
    }

    @Test func `a successful probe closes the circuit`() {
        var trace = Trace()
        trace.fail()
        trace.now += 1000
        trace.end(trace.fill().permits, .success)
        #expect(trace.gate.health.phase == .healthy)
        #expect(trace.gate.health.failingSince == nil)
        #expect(trace.gate.health.lastSuccessAt == trace.now)
        // It fails again: the pauses begin anew.
        trace.fail()
        #expect(trace.gate.admit(now: trace.now) == .notBefore(trace.now + 1000))
    }

    @Test func `late failures of the time before do not move the probes`() {
        var trace = Trace()
        let permits = trace.fill().permits
        trace.end(Array(permits.prefix(5)), .failure)
        #expect(trace.gate.health.phase == .failing)
        trace.end(Array(permits.dropFirst(5)), .failure)
        #expect(trace.gate.admit(now: trace.now) == .notBefore(trace.now + 1000))
        #expect(trace.gate.inFlight == 0)
    }

    @Test func `a late success of the time before closes the circuit while a probe is out`() {
        var trace = Trace()
        let permits = trace.fill().permits
        trace.end(Array(permits.prefix(5)), .failure)
        trace.now += 1000
        let probe = trace.fill().permits
        trace.end([permits[5]], .success)
        #expect(trace.gate.health.phase == .healthy)
        trace.end(probe, .success)
        trace.end(Array(permits.dropFirst(6)), .success)
        #expect(trace.gate.inFlight == 0)
        #expect(trace.fill().permits.count == trace.gate.concurrencyLimit)
    }

    @Test func `an abandoned probe makes way for another`() {
        var trace = Trace()
        trace.fail()
        trace.now += 1000
        trace.end(trace.fill().permits, .abandoned)
        #expect(trace.fill().permits.count == 1)
    }

    @Test func `410 stops until somebody resumes`() {
        var trace = Trace()
        let permits = trace.fill().permits
        trace.end([permits[0]], .gone)
        trace.end([permits[1]], .success)
        trace.end([permits[2]], .failure)
        #expect(trace.gate.admit(now: trace.now + 1_000_000_000) == .stopped)
        #expect(!trace.gate.isIdle)
        trace.gate.resume()
        trace.end(Array(permits.dropFirst(3)), .success)
        #expect(trace.fill().permits.count == 16)
    }

    @Test func `Retry-After holds the whole endpoint back, within bounds`() {
        var trace = Trace()
        let permits = trace.fill().permits
        trace.gate.completed(permits[0], .failure, retryAfter: 30_000, now: trace.now)
        #expect(trace.gate.admit(now: trace.now + 29_999) == .notBefore(trace.now + 30_000))
        trace.gate.completed(permits[1], .failure, retryAfter: .max, now: trace.now)
        #expect(trace.gate.admit(now: trace.now) == .notBefore(trace.now + 3_600_000))
    }

    @Test func `no sequence of outcomes loses a permit or exceeds the limit`() {
        var generator = SeededGenerator(seed: 11)
        for _ in 0..<200 {
            var trace = Trace()
            var out: [EndpointGate.Permit] = []
            for _ in 0..<200 {
                if Bool.random(using: &generator), case .go(let permit) = trace.gate.admit(now: trace.now) {
                    out.append(permit)
                } else if let index = out.indices.randomElement(using: &generator) {
                    let outcomes: [EndpointGate.Outcome] = [.success, .success, .failure, .refused, .abandoned]
                    let outcome = outcomes.randomElement(using: &generator) ?? .success
                    trace.gate.completed(out.remove(at: index), outcome, now: trace.now)
                }
                trace.now += Int64.random(in: 0...500, using: &generator)
                #expect(trace.gate.inFlight == out.count)
                #expect((1...16).contains(trace.gate.concurrencyLimit))
                #expect(out.count <= 17)
            }
            trace.end(out, .success)
            trace.now += 3_600_000
            // One more success, a probe's if need be, and all is well again.
            if case .go(let permit) = trace.gate.admit(now: trace.now) { trace.end([permit], .success) }
            #expect(trace.gate.isIdle)
            #expect(trace.fill().permits.count == trace.gate.concurrencyLimit)
        }
    }
}

/// SplitMix64, so that random tests repeat.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
