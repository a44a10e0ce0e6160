// SPDX-License-Identifier: Apache-2.0
// The life of a one-time password as traces: what is done to it, when, and what comes of it.

import EngineTestSupport
import Testing

@testable import Verification

struct OTPStateTests {
    enum Step: Sendable, Equatable {
        case right(Int64)
        case wrong(Int64)
        case delete(Int64)
        case time(Int64)
    }

    struct Trace: Sendable, CustomTestStringConvertible {
        let name: String
        let steps: [Step]
        /// What each step brings: the answer, and the events with their times.
        let results: [String]
        let status: OTPStatus
        let attempts: Int

        var testDescription: String { name }
    }

    /// Three attempts, expiring at 1000.
    static let traces = [
        Trace(
            name: "right at once", steps: [.right(10), .right(11), .wrong(12)],
            results: ["verified: CHECKED success@10, VERIFIED@10", "gone: ", "gone: "], status: .verified, attempts: 1),
        Trace(
            name: "right at the last attempt", steps: [.wrong(1), .wrong(2), .right(3)],
            results: ["wrong: CHECKED failed@1", "wrong: CHECKED failed@2", "verified: CHECKED success@3, VERIFIED@3"],
            status: .verified, attempts: 3),
        Trace(
            name: "attempts used up", steps: [.wrong(1), .wrong(2), .wrong(3), .right(4)],
            results: [
                "wrong: CHECKED failed@1", "wrong: CHECKED failed@2",
                "refused: CHECKED failed@3, TOO_MANY_ATTEMPTS@3", "refused: ",
            ], status: .tooManyAttempts, attempts: 3),
        Trace(
            name: "in time by a millisecond", steps: [.right(999)],
            results: ["verified: CHECKED success@999, VERIFIED@999"], status: .verified, attempts: 1),
        Trace(
            name: "late by nothing", steps: [.right(1000), .right(1001)],
            results: ["refused: EXPIRED@1000", "refused: "], status: .expired, attempts: 0),
        Trace(
            name: "noticed long after", steps: [.wrong(5), .right(90_000)],
            results: ["wrong: CHECKED failed@5", "refused: EXPIRED@1000"], status: .expired, attempts: 1),
        Trace(
            name: "time alone", steps: [.time(999), .time(1000), .time(1001), .delete(2000), .delete(2001)],
            results: ["", "EXPIRED@1000", "", "DELETED@2000", "nothing"], status: .expired, attempts: 0),
        Trace(
            name: "deleted while active", steps: [.delete(7), .right(8), .time(1000), .right(1001)],
            results: ["DELETED@7", "gone: ", "", "gone: "], status: .active, attempts: 0),
        Trace(
            name: "deleted after its time", steps: [.delete(1500)], results: ["EXPIRED@1000, DELETED@1500"],
            status: .expired, attempts: 0),
        Trace(
            name: "verified ones do not expire", steps: [.right(1), .time(5000), .delete(6000)],
            results: ["verified: CHECKED success@1, VERIFIED@1", "", "DELETED@6000"], status: .verified, attempts: 1),
    ]

    @Test(arguments: traces)
    func `a one-time password goes through its states`(_ trace: Trace) {
        var state = OTPState(limit: 3, expiresAt: 1000)
        let results = trace.steps.map { Self.apply($0, to: &state) }
        #expect(results == trace.results)
        #expect(state.status == trace.status)
        #expect(state.attempts == trace.attempts)
    }

    @Test(arguments: OTPStatus.allCases, [false, true])
    func `without its application everything is gone`(_ status: OTPStatus, _ isDeleted: Bool) {
        var state = OTPState(
            status: status, attempts: 1, limit: 3, expiresAt: 1000, isDeleted: isDeleted, isOrphaned: true)
        #expect(!state.isOpen(at: 1))
        #expect(state.check(isCorrect: true, at: 1).answer == .gone)
    }

    @Test
    func `whatever happens, attempts stay within the limit and an end stays an end`() {
        for seed in UInt64(0)..<500 {
            var generator = SeededGenerator(seed: seed)
            var state = OTPState(limit: Int.random(in: 1...5, using: &generator), expiresAt: 1000)
            var now: Int64 = 0
            var verified = 0
            for _ in 0..<40 {
                let before = state
                now += Int64.random(in: 0...120, using: &generator)
                let isCorrect = Int.random(in: 0..<4, using: &generator) == 0
                let answer = state.check(isCorrect: isCorrect, at: now).answer
                if answer == .verified { verified += 1 }
                #expect(state.attempts <= state.limit)
                #expect(before.isOpen(at: now) == (state.attempts == before.attempts + 1))
                if before.hasEnded { #expect(state == before) }
                if answer == .wrong { #expect(state.isOpen(at: now)) }
            }
            #expect(verified <= 1)
        }
    }

    private static func apply(_ step: Step, to state: inout OTPState) -> String {
        switch step {
        case .right(let now): text(state.check(isCorrect: true, at: now))
        case .wrong(let now): text(state.check(isCorrect: false, at: now))
        case .delete(let now): state.delete(at: now).map(text) ?? "nothing"
        case .time(let now): text(state.passTime(to: now))
        }
    }

    private static func text(_ verdict: OTPState.Verdict) -> String { "\(verdict.answer): \(text(verdict.events))" }

    private static func text(_ events: [OTPEvent]) -> String {
        events.map { "\($0.summary)@\($0.at)" }.joined(separator: ", ")
    }
}
