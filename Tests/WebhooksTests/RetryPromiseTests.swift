// SPDX-License-Identifier: Apache-2.0

// The promises played through to their end on a virtual clock.

import Testing
import Webhooks

private let second: Int64 = 1000
private let minute: Int64 = 60 * second
private let hour: Int64 = 60 * minute
private let start: Int64 = 1_790_000_000_000

/// The times of all tries, in milliseconds after the first, when each fails after `latency`; at most `limit` of them.
private func tries(_ promise: RetryPromise, latency: Int64 = 0, seed: UInt64 = 0, limit: Int = 50_000) -> [Int64] {
    var times: [Int64] = [0]
    var now = start
    while times.count < limit {
        now += latency
        guard
            case .at(let next) = promise.next(
                afterFailure: times.count, firstAttemptAt: start, now: now, jitterSeed: seed)
        else { break }
        now = next
        times.append(now - start)
    }
    return times
}

private func gaps(_ times: [Int64]) -> [Int64] { zip(times, times.dropFirst()).map { $1 - $0 } }

@Suite("Retry promises")
struct RetryPromiseTests {
    @Test func `a status event gets one try and two more`() {
        #expect(tries(.statusTwoMore) == [0, 10 * second, 70 * second])
        #expect(tries(.statusTwoMore, latency: 3 * second) == [0, 13 * second, 76 * second])
    }

    @Test func `ten second retries pause after each hundred failures and end after 48 hours`() {
        let times = tries(.everyTenSeconds)
        let gaps = gaps(times)
        #expect(gaps[0..<99].allSatisfy { $0 == 10 * second })
        #expect(gaps[99] == 10 * minute)
        #expect(gaps[199] == 10 * minute)
        #expect(gaps.count { $0 == 10 * minute } == gaps.count / 100)
        // A round of 100 failures takes 99 × 10 s and the pause, 1590 s; 48 h hold 108 rounds and 1080 s more, which is
        // 10 + 99 tries at offsets 0, 10 s … 990 s, and none in the pause of the last.
        #expect(times.count == 109 * 100)
        #expect(times.last == 108 * 1590 * second + 990 * second)
    }

    @Test func `number information follows its table and then the hour`() {
        let times = tries(.numberInformation)
        #expect(gaps(times).prefix(8) == [1, 5, 10, 20, 30, 60, 60, 60].map { $0 * minute }[...])
        #expect(times.last.map { $0 <= 48 * hour && $0 > 47 * hour } == true)
        // 66 minutes for the first five retries, then whole hours up to 48 h: 46 of them.
        #expect(times.count == 1 + 5 + 46)
    }

    @Test(arguments: [(RetryPromise.whatsAppInbound, 14 * 24 * hour), (.xms, 24 * hour)])
    func `exponential promises double up to the hour and end in time`(promise: RetryPromise, span: Int64) {
        let times = tries(promise)
        let gaps = gaps(times)
        #expect(gaps.prefix(9) == [10, 20, 40, 80, 160, 320, 640, 1280, 2560].map { $0 * second }[...])
        #expect(gaps.dropFirst(9).allSatisfy { $0 == hour })
        #expect(times.last.map { $0 <= span && $0 > span - hour } == true)
        #expect(times.count == 10 + Int((span - 5110 * second) / hour))
        #expect(promise.span == span)
    }

    @Test func `the inbox is retried for ever`() {
        let times = tries(.inbox, limit: 20_000)
        #expect(times.count == 20_000)
        #expect(gaps(times).suffix(19_000).allSatisfy { $0 == hour })
        #expect(
            RetryPromise.inbox.next(afterFailure: .max, firstAttemptAt: start, now: start + 1) == .at(start + 1 + hour))
    }

    @Test func `jitter is the same for the same seed and takes at most a fifth`() {
        let plain = gaps(tries(.xms))
        let one = gaps(tries(.xms, seed: 1))
        #expect(one == gaps(tries(.xms, seed: 1)))
        #expect(one != gaps(tries(.xms, seed: 2)))
        for (index, gap) in one.prefix(plain.count).enumerated() {
            #expect(gap <= plain[index] && gap > plain[index] * 4 / 5)
        }
        #expect(tries(.everyTenSeconds, seed: 7).prefix(50) == tries(.everyTenSeconds).prefix(50))
    }

    @Test func `Retry-After delays but never hastens`() {
        func next(_ retryAfter: Int64?) -> NextTry {
            RetryPromise.everyTenSeconds.next(
                afterFailure: 1, firstAttemptAt: start, now: start, retryAfter: retryAfter)
        }
        #expect(next(nil) == .at(start + 10 * second))
        #expect(next(second) == .at(start + 10 * second))
        #expect(next(-second) == .at(start + 10 * second))
        #expect(next(hour) == .at(start + hour))
    }

    @Test(arguments: RetryPromise.allCases)
    func `Retry-After never leads beyond the promise`(promise: RetryPromise) {
        for retryAfter in [Int64.max, 1000 * hour] {
            let next = promise.next(afterFailure: 1, firstAttemptAt: start, now: start, retryAfter: retryAfter)
            let bound = promise.span ?? (promise == .statusTwoMore ? hour : 24 * hour)
            #expect(next == .at(start + bound))
            // That was the last one of a promise bound by time.
            if promise.span != nil {
                let after = promise.next(
                    afterFailure: 2, firstAttemptAt: start, now: start + bound, retryAfter: retryAfter)
                #expect(after == .giveUp)
            }
        }
    }

    @Test(arguments: RetryPromise.allCases)
    func `no clock and no count upsets a promise`(promise: RetryPromise) {
        for now in [Int64.min / 2, 0, Int64.max] {
            for attempt in [Int.min, -1, 0, 1, 64, 100, Int.max] {
                for retryAfter in [nil, Int64.min, 0, Int64.max] {
                    let next = promise.next(
                        afterFailure: attempt, firstAttemptAt: start, now: now, retryAfter: retryAfter)
                    if case .at(let time) = next { #expect(time > now || now == .max) }
                }
            }
        }
    }

    @Test func `only number information has to be answered in two seconds`() {
        for promise in RetryPromise.allCases {
            #expect(promise.answerTimeout == (promise == .numberInformation ? 2000 : 10_000))
        }
    }

    @Test func `stored names stay`() {
        #expect(
            RetryPromise.allCases.map(\.rawValue) == [
                "status-two-more", "whatsapp-inbound", "every-ten-seconds", "number-information", "inbox", "xms",
            ])
    }
}
