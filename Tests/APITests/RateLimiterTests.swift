// SPDX-License-Identifier: Apache-2.0
// Buckets on a clock that the tests turn, and the table of them under many tasks and many strangers.

import Testing
import Wire

@testable import API

@Suite struct RateLimiterTests {
    private static let now: Milliseconds = 1_768_478_400_000

    @Test(arguments: [(1, 1), (3, 3), (50, 50), (100_000, 100_000)])
    func `one second's worth passes at once and no more`(_ rate: Int, _ expected: Int) {
        let allowance = Allowance(perSecond: rate)
        var bucket: Int64?
        let passed = (0..<expected + 5).count { _ in allowance.take(&bucket, now: Self.now).isAllowed }
        #expect(passed == expected)
    }

    @Test func `a verdict tells the rest and how long to wait`() {
        let allowance = Allowance(perSecond: 2)
        var bucket: Int64?
        #expect(allowance.take(&bucket, now: 0) == Verdict(isAllowed: true, limit: 2, remaining: 1, wait: 500))
        #expect(allowance.take(&bucket, now: 0) == Verdict(isAllowed: true, limit: 2, remaining: 0, wait: 1000))
        #expect(allowance.take(&bucket, now: 100) == Verdict(isAllowed: false, limit: 2, remaining: 0, wait: 400))
        #expect(allowance.take(&bucket, now: 499) == Verdict(isAllowed: false, limit: 2, remaining: 0, wait: 1))
        #expect(allowance.take(&bucket, now: 500).isAllowed)
        #expect(!allowance.take(&bucket, now: 500).isAllowed)
        #expect(allowance.take(&bucket, now: 5000) == Verdict(isAllowed: true, limit: 2, remaining: 1, wait: 500))
    }

    @Test func `over a long time the rate is what passes`() {
        let allowance = Allowance(perSecond: 10)
        var bucket: Int64?
        let passed = (0..<60_000).count { allowance.take(&bucket, now: Self.now + Milliseconds($0)).isAllowed }
        #expect((600...610).contains(passed))
    }

    @Test func `a clock that steps back locks nobody out for longer than a second`() {
        let allowance = Allowance(perSecond: 5)
        var bucket: Int64?
        for _ in 0..<5 { _ = allowance.take(&bucket, now: Self.now) }
        let dayBefore = Self.now - 86_400_000
        #expect(allowance.take(&bucket, now: dayBefore).wait <= 1000)
        #expect(allowance.peek(bucket, now: dayBefore).wait <= 1000)
    }

    @Test func `buckets that are full again are forgotten`() {
        let table = BucketTable<Int>(capacity: .max)
        let allowance = Allowance(perSecond: 1)
        for key in 0..<100_000 { _ = table.take(key, allowance, now: Self.now + Milliseconds(key)) }
        #expect(table.count < 5000)
    }

    @Test func `a table that is full of busy buckets makes the strangers share one`() {
        let table = BucketTable<Int>(capacity: 10)
        let allowance = Allowance(perMinute: 2)
        for key in 0..<10 { #expect(table.take(key, allowance, now: Self.now).isAllowed) }
        let strangers = (10..<1000).count { table.take($0, allowance, now: Self.now).isAllowed }
        #expect(strangers == 2)
        #expect(table.count == 10)
        #expect(table.take(3, allowance, now: Self.now).isAllowed, "who has a bucket keeps it")
        #expect(table.take(2000, allowance, now: Self.now + 120_000).isAllowed)
        #expect(table.count == 1, "the busy ones of two minutes ago are gone")
    }

    @Test func `many tasks together get no more than one would`() async {
        let table = BucketTable<Int64>(capacity: .max)
        let allowance = Allowance(perSecond: 500)
        let passed = await withTaskGroup(of: Int.self) { group in
            for _ in 0..<8 {
                group.addTask { (0..<1000).count { _ in table.take(7, allowance, now: Self.now).isAllowed } }
            }
            return await group.reduce(0, +)
        }
        #expect(passed == 500)
    }
}
