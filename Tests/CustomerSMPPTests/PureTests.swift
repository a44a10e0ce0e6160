// SPDX-License-Identifier: Apache-2.0
// The values behind binds, rates and deliveries, with time as an argument.

import EngineTestSupport
import Messaging
import SMPP
import Testing
import Wire

@testable import CustomerSMPP

struct PureTests {
    @Test
    func `a name is locked for an address after five failures, and let in again in time`() {
        var guesses = GuessGuard()
        for attempt in 0..<GuessGuard.limit {
            #expect(!guesses.isLocked("10.0.0.1", as: "esme", now: Int64(attempt)))
            guesses.failed("10.0.0.1", as: "esme", now: Int64(attempt))
        }
        #expect(guesses.isLocked("10.0.0.1", as: "esme", now: 10))
        #expect(!guesses.isLocked("10.0.0.2", as: "esme", now: 10), "other addresses are not")
        #expect(!guesses.isLocked("10.0.0.1", as: "other", now: 10), "other names are not")
        #expect(guesses.isLocked("10.0.0.1", as: "esme", now: GuessGuard.window))
        #expect(!guesses.isLocked("10.0.0.1", as: "esme", now: GuessGuard.window + 10))
        guesses.failed("10.0.0.1", as: "esme", now: GuessGuard.window + 20)
        #expect(!guesses.isLocked("10.0.0.1", as: "esme", now: GuessGuard.window + 20), "it starts from nothing again")
    }

    @Test
    func `an address that tries many names is locked out altogether`() {
        var guesses = GuessGuard()
        for number in 0..<GuessGuard.addressLimit {
            #expect(!guesses.isLocked("10.0.0.1", now: 1))
            guesses.failed("10.0.0.1", as: "name\(number)", now: 0)
        }
        #expect(guesses.isLocked("10.0.0.1", now: 1) && guesses.isLocked("10.0.0.1", as: "esme", now: 1))
    }

    @Test
    func `a success forgets failures, and memory is bounded`() {
        var guesses = GuessGuard()
        for _ in 1..<GuessGuard.limit { guesses.failed("10.0.0.1", as: "esme", now: 0) }
        guesses.succeeded("10.0.0.1", as: "esme")
        guesses.failed("10.0.0.1", as: "esme", now: 1)
        #expect(!guesses.isLocked("10.0.0.1", as: "esme", now: 2))
        for _ in 0..<GuessGuard.limit { guesses.failed("first", as: "esme", now: 10) }
        for number in 0..<(GuessGuard.capacity / 2) { guesses.failed("a\(number)", as: "esme", now: 11) }
        for _ in 0..<GuessGuard.limit { guesses.failed("last", as: "esme", now: 12) }
        #expect(!guesses.isLocked("first", as: "esme", now: 100), "the first are forgotten")
        #expect(guesses.isLocked("last", as: "esme", now: 100))
    }

    @Test
    func `a rate allows a second's worth at once and then an even flow`() {
        var rate = AccountRate()
        /// How many of `tries` submits go through at `instant`, in tenths of a second.
        func taken(_ tries: Int, of count: Int = 1, at instant: UInt64) -> Int {
            (0..<tries).count { _ in rate.take(count, perSecond: 10, now: instant * 100_000_000) }
        }
        #expect(taken(12, at: 50) == 10)
        #expect(taken(2, at: 51) == 1)
        #expect(taken(30, at: 600) == 10, "no more is saved up")
        #expect(taken(1, of: 30, at: 700) == 1, "what is more than a second's worth goes through once")
        #expect(taken(1, at: 710) == 0)
        #expect(taken(1, at: 722) == 1)
        #expect(taken(3, at: 1) == 1, "a clock that goes back gives nothing")
    }

    private static func delivery(attempts: Int, age: Milliseconds) -> Messaging.Delivery {
        let rendered = RenderedDelivery(
            event: "smpp.receipt", promise: .sevenDays, target: .smpp(accountID: 1), contentType: "", body: [])
        return Messaging.Delivery(
            id: 9, companyID: 1, messageID: MessageID(high: 0, low: 0), webhookID: "", rendered: rendered,
            attempts: attempts, createdAt: TestClock.start - age)
    }

    struct Row: Sendable {
        let result: DeliverResult
        var attempts = 0
        var age: Milliseconds = 0
        let state: DeliveryState
        let delay: Milliseconds
        let tries: Int
    }

    static let rows = [
        Row(result: .response(.ok, []), state: .delivered, delay: 0, tries: 1),
        Row(result: .response(.temporaryReceiverError, []), state: .pending, delay: 5000, tries: 1),
        Row(result: .response(.throttled, []), attempts: 3, state: .pending, delay: 40_000, tries: 4),
        Row(result: .response(.messageQueueFull, []), attempts: 50, state: .pending, delay: 600_000, tries: 51),
        Row(result: .response(.permanentReceiverError, []), state: .pending, delay: 5000, tries: 1),
        Row(result: .response(.permanentReceiverError, []), attempts: 4, state: .undelivered, delay: 80_000, tries: 5),
        Row(result: .notSent, attempts: 2, state: .pending, delay: 0, tries: 2),
        Row(result: .uncertain(.sessionClosed), state: .pending, delay: 0, tries: 1),
        Row(result: .uncertain(.responseTimeout), state: .pending, delay: 5000, tries: 1),
        Row(
            result: .response(.temporaryReceiverError, []), age: 7 * 86_400_000, state: .undelivered, delay: 5000,
            tries: 1),
        Row(result: .response(.ok, []), age: 8 * 86_400_000, state: .delivered, delay: 0, tries: 1),
    ]

    @Test(arguments: rows)
    func `what a client answers decides about a delivery`(_ row: Row) {
        let verdict = DeliveryVerdict(row.result)
        let outcome = verdict.outcome(of: Self.delivery(attempts: row.attempts, age: row.age), now: TestClock.start)
        #expect(outcome.state == row.state)
        #expect(outcome.dueAt - TestClock.start == row.delay)
        #expect(outcome.attempts == row.tries)
    }

    @Test
    func `a client that asks for patience is left alone for longer and longer`() {
        var flow = AccountFlow()
        flow.started(3)
        flow.ended(.later(.throttled), now: 0)
        flow.ended(.later(.throttled), now: 0)
        #expect(flow.inFlight == 1)
        #expect(!flow.isOpen(now: 999) && flow.isOpen(now: 1000), "a window that fails at once is one failure")
        flow.ended(.later(nil), now: 1000)
        #expect(!flow.isOpen(now: 2999) && flow.isOpen(now: 3000))
        flow.started(1)
        flow.ended(.delivered, now: 3000)
        flow.started(1)
        flow.ended(.later(nil), now: 4000)
        #expect(flow.isOpen(now: 5000), "a success begins anew")
    }

    @Test
    func `the worst part decides about a delivery of several`() {
        #expect(DeliveryVerdict.delivered.combined(with: .again) == .again)
        #expect(DeliveryVerdict.refused("x").combined(with: .later(nil)) == .refused("x"))
        #expect(DeliveryVerdict.untried.combined(with: .delivered) == .untried)
    }
}
