// SPDX-License-Identifier: Apache-2.0
// The rate of a number and of its pairs, and the window around both, on a clock of the test's.

import Messaging
import Testing
import Wire

@testable import Connectors

@Suite struct SendLimitsTests {
    @Test func aPairSendsABurstAndThenOneMessageInSixSeconds() {
        var limits = PairLimits(interval: 6, burst: 45)
        for _ in 0..<45 { #expect(limits.take("a", now: 0) == nil) }
        #expect(limits.take("a", now: 0) == 6000)
        #expect(limits.take("a", now: 5999) == 1)
        #expect(limits.take("a", now: 6000) == nil)
        #expect(limits.take("a", now: 6000) == 6000)
        #expect(limits.take("b", now: 6000) == nil)
    }

    @Test func inAnHourAPairSendsSixHundredBeyondItsBurst() {
        var limits = PairLimits(interval: 6, burst: 45)
        let sent = (0..<3_600_000 / 100).count { limits.take("a", now: Milliseconds($0) * 100) == nil }
        #expect((644...645).contains(sent))
    }

    @Test func pairsThatHaveRestedAreForgotten() {
        var limits = PairLimits(interval: 6, burst: 45)
        for number in 0..<5000 { _ = limits.take("\(number)", now: 0) }
        #expect(limits.count == 5000)
        for number in 0..<10_000 { _ = limits.take("x\(number % 7)", now: 1_000_000 + Milliseconds(number)) }
        for number in 0..<6000 { _ = limits.take("y\(number)", now: 2_000_000) }
        #expect(limits.count < 7000)
    }

    @Test func aClockThatIsSetBackGivesNothing() {
        var bucket = TokenBucket(interval: 1000, capacity: 1, now: 100_000)
        #expect(bucket.take(1, now: 100_000) == 1)
        #expect(bucket.take(1, now: 50_000) == 0)
        #expect(bucket.take(1, now: 50_999) == 0)
        #expect(bucket.take(1, now: 51_000) == 1)
    }

    @Test func aWindowGivesWhatTheRateAndItsSizeAllow() {
        var window = WhatsAppWindow(size: 10, messagesPerSecond: 4, now: 0)
        #expect(window.reserve(5, now: 0) == 0)
        window.start()
        #expect(window.reserve(5, now: 0) == 4)
        #expect(window.reserve(5, now: 0) == 0)
        #expect(window.wakeTime(now: 0) == 250)
        #expect(window.wakeTime(now: 0) == nil)
        #expect(window.reserve(5, now: 250) == 1)
        #expect(window.wakeTime(now: 250) == 500)
        #expect(window.reserve(9, now: 5000) == 4)
        #expect(window.reserve(9, now: 10_000) == 1)
        // It is full: outcomes will call.
        #expect(window.wakeTime(now: 10_000) == nil)
        window.settled(10)
        window.release(0)
        #expect(window.reserve(9, now: 10_000) == 3)
        window.release(3)
        #expect(window.reserve(9, now: 10_000) == 3)
    }

    @Test func aPauseHoldsAllAndAProblemTakesTheConnectorDown() {
        var window = WhatsAppWindow(size: 10, messagesPerSecond: 80, now: 0)
        window.start()
        #expect(window.isUp(at: 0))
        var refused = GraphVerdict(.retry(delay: 30_000, reason: "token"))
        refused.pause = 30_000
        refused.problem = "token"
        window.completed(refused, now: 0)
        #expect(!window.isUp(at: 0) && window.reserve(1, now: 0) == 0)
        #expect(window.linkState(at: 0).problem == "token" && window.linkState(at: 0).isPaused)
        #expect(window.wakeTime(now: 0) == 30_000)
        // The trial.
        #expect(window.isUp(at: 30_000) && window.reserve(1, now: 30_000) == 1)
        window.completed(GraphVerdict(.submitted(providerID: "1")), now: 30_000)
        #expect(window.linkState(at: 30_000).problem == nil)
        window.stop()
        #expect(!window.isUp(at: 30_000) && window.linkState(at: 30_000).phases == [.stopped])
    }
}
