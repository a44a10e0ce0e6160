// SPDX-License-Identifier: Apache-2.0
// Which deliveries go when, as a pure value: limits, failing and gone endpoints, and nobody in anybody's way.

import Messaging
import Testing
import Wire

@testable import Webhooks

struct DeliveryQueueTests {
    private static let slow = "https://slow.example/hook"
    private static let quick = "https://quick.example/hook"

    private static func deliveries(_ url: String, _ ids: ClosedRange<Int64>, company: Int64 = 1) -> [Delivery] {
        ids.map { id in
            Delivery(
                id: id, companyID: company, messageID: UUIDv7.next(now: 1), webhookID: "msg_\(id)",
                rendered: RenderedDelivery(
                    event: "status", promise: .everyTenSeconds, url: url, method: .post,
                    contentType: "application/json", body: []), attempts: 0, createdAt: 1)
        }
    }

    /// Lets deliveries fail until the endpoint counts as failing; returns when it may be asked again.
    private static func breakDown(_ queue: inout DeliveryQueue, _ url: String, now: Int64) {
        for id in Int64(1001)...1005 {
            queue.add(deliveries(url, id...id))
            let plan = queue.plan(now: now, limit: 512)
            #expect(plan.start.count == 1)
            for start in plan.start { queue.completed(start, .failure, retryAfter: nil, now: now) }
        }
    }

    @Test
    func `a healthy endpoint gets as many as its gate allows, and the next when one completes`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow, 1...40))
        var started = queue.plan(now: 0, limit: 512).start
        #expect(started.map(\.delivery.id) == Array(1...16))
        #expect(queue.inFlight == 16)
        #expect(queue.plan(now: 0, limit: 512).start.isEmpty)
        var order = started.map(\.delivery.id)
        while let first = started.first {
            started.removeFirst()
            queue.completed(first, .success, retryAfter: nil, now: 1)
            let next = queue.plan(now: 1, limit: 512).start
            #expect(next.count == (order.count < 40 ? 1 : 0))
            order += next.map(\.delivery.id)
            started += next
        }
        #expect(order == Array(1...40))
        #expect(queue.inFlight == 0)
        #expect(queue.health.isEmpty)
    }

    @Test
    func `a healthy endpoint at its limit is looked at again after one completes, whatever else is pending`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow, 1...20))
        let started = queue.plan(now: 0, limit: 512).start
        for number in Int64(0)..<50 {
            queue.add(Self.deliveries("https://host\(number).example/", (100 + number)...(100 + number)))
        }
        #expect(queue.plan(now: 0, limit: 512).start.count == 50)
        queue.completed(started[0], .success, retryAfter: nil, now: 1)
        #expect(queue.plan(now: 1, limit: 512).start.map(\.delivery.id) == [17])
    }

    @Test
    func `the limit over all endpoints holds, and what it holds back starts later without an event of its own`() {
        var queue = DeliveryQueue()
        for number in Int64(0)..<10 {
            queue.add(Self.deliveries("https://host\(number).example/", (number * 10)...(number * 10 + 9)))
        }
        var started = queue.plan(now: 0, limit: 30).start
        #expect(started.count == 30)
        #expect(queue.plan(now: 0, limit: 30).start.isEmpty)
        var total = 30
        while let first = started.first {
            started.removeFirst()
            queue.completed(first, .success, retryAfter: nil, now: 1)
            let next = queue.plan(now: 1, limit: 30).start
            #expect(queue.inFlight <= 30)
            total += next.count
            started += next
        }
        #expect(total == 100)
    }

    @Test
    func `a failing endpoint gets one probe, the others are put off with the tries they have`() {
        var queue = DeliveryQueue()
        Self.breakDown(&queue, Self.slow, now: 0)
        queue.add(Self.deliveries(Self.slow, 1...5) + Self.deliveries(Self.quick, 10...12))
        let early = queue.plan(now: 1, limit: 512)
        #expect(early.start.map(\.delivery.id) == [10, 11, 12])
        #expect(early.postpone.map(\.delivery.id) == Array(1...5))
        #expect(early.postpone.allSatisfy { $0.until > 1 && $0.until <= 10_000 })
        let later = early.postpone.map(\.until).max() ?? 0
        queue.add(Self.deliveries(Self.slow, 1...5))
        let plan = queue.plan(now: later, limit: 512)
        #expect(plan.start.map(\.delivery.id) == [1])
        #expect(plan.start.first?.permit.isProbe == true)
        #expect(plan.postpone.map(\.delivery.id) == Array(2...5))
        #expect(plan.postpone.allSatisfy { $0.delivery.attempts == 0 && $0.until == later + 1000 })
        if let probe = plan.start.first { queue.completed(probe, .success, retryAfter: nil, now: later) }
        queue.add(Self.deliveries(Self.slow, 2...5))
        // It recovers step by step: one at a time when it broke down, one more for a success.
        #expect(queue.plan(now: later, limit: 512).start.map(\.delivery.id) == [2, 3])
    }

    @Test
    func `Retry-After puts off everything for the endpoint`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow, 1...1))
        for start in queue.plan(now: 0, limit: 512).start {
            queue.completed(start, .failure, retryAfter: 120_000, now: 0)
        }
        queue.add(Self.deliveries(Self.slow, 2...3))
        #expect(queue.plan(now: 119_999, limit: 512).postpone.map(\.until) == [120_000, 120_000])
        queue.add(Self.deliveries(Self.slow, 2...3))
        #expect(queue.plan(now: 120_000, limit: 512).start.count == 2)
    }

    @Test
    func `410 stops all that wait and what comes later, of that endpoint alone, and is not for ever`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow, 1...20) + Self.deliveries(Self.quick, 30...30))
        let started = queue.plan(now: 0, limit: 512).start
        let first = started.first { $0.delivery.id == 1 }
        if let first { queue.completed(first, .gone, retryAfter: nil, now: 0) }
        let plan = queue.plan(now: 0, limit: 512)
        #expect(plan.stop.map(\.id) == [17, 18, 19, 20])
        #expect(plan.start.isEmpty)
        for start in started where start.delivery.id != 1 {
            queue.completed(start, .success, retryAfter: nil, now: 0)
        }
        queue.add(Self.deliveries(Self.slow, 40...40) + Self.deliveries(Self.quick, 41...41))
        let later = queue.plan(now: 1000, limit: 512)
        #expect(later.stop.map(\.id) == [40])
        #expect(later.start.map(\.delivery.id) == [41])
        queue.add(Self.deliveries(Self.slow, 50...50))
        #expect(queue.plan(now: DeliveryQueue.memory, limit: 512).start.map(\.delivery.id) == [50])
    }

    @Test
    func `companies and methods do not share a gate, queries do`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow + "?a=1", 1...16) + Self.deliveries(Self.slow + "?a=2", 17...20))
        queue.add(Self.deliveries(Self.slow, 100...115, company: 2))
        #expect(queue.plan(now: 0, limit: 512).start.count == 32)
    }

    @Test
    func `a slow endpoint does not fill the memory`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow, 1...2000))
        let plan = queue.plan(now: 5, limit: 512)
        #expect(plan.start.count == 16)
        #expect(plan.postpone.count == 2000 - 16 - DeliveryQueue.waitingLimit)
        #expect(plan.postpone.allSatisfy { $0.until == 5 + DeliveryQueue.overflowPause })
        // The oldest stay.
        #expect(Set(plan.postpone.map(\.delivery.id)) == Set(Int64(16 + DeliveryQueue.waitingLimit + 1)...2000))
    }

    @Test
    func `what waits is forgotten and what is under way still counts`() {
        var queue = DeliveryQueue()
        queue.add(Self.deliveries(Self.slow, 1...20))
        let started = queue.plan(now: 0, limit: 512).start
        #expect(queue.removeWaiting() == 4)
        #expect(queue.inFlight == 16)
        for start in started { queue.completed(start, .success, retryAfter: nil, now: 0) }
        #expect(queue.plan(now: 0, limit: 512).start.isEmpty)
        #expect(queue.inFlight == 0)
        #expect(queue.health.isEmpty)
    }

    @Test
    func `endpoints that nobody writes to any more are forgotten`() {
        var queue = DeliveryQueue()
        for number in Int64(1)...100 {
            queue.add(Self.deliveries("https://host.example/\(number)", number...number))
            for start in queue.plan(now: 0, limit: 512).start {
                queue.completed(start, .refused, retryAfter: nil, now: 0)
            }
        }
        #expect(queue.health.count == 100)
        _ = queue.plan(now: DeliveryQueue.memory + 60_000, limit: 512)
        #expect(queue.health.isEmpty)
    }
}
