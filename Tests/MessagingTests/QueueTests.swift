// SPDX-License-Identifier: Apache-2.0
// The queues between tasks, and the dispatcher's memory as a pure value.

import EngineTestSupport
import Testing
import Wire

@testable import Messaging

struct BatchQueueTests {
    @Test
    func `what many producers push comes out once and in each one's order`() async {
        let queue = BatchQueue<[Int]>()
        async let consumed: [[Int]] = {
            var all: [[Int]] = []
            while true {
                let batch = await queue.next(limit: 16)
                if batch.isEmpty { return all }
                all += batch
            }
        }()
        await withTaskGroup(of: Void.self) { group in
            for producer in 0..<8 {
                group.addTask { for number in 0..<200 { #expect(queue.push([[producer, number]])) } }
            }
        }
        queue.close()
        let all = await consumed
        #expect(all.count == 1600)
        for producer in 0..<8 { #expect(all.filter { $0[0] == producer }.map { $0[1] } == Array(0..<200)) }
    }

    @Test
    func `a push beyond the capacity is refused as a whole`() async {
        let queue = BatchQueue<Int>(capacity: 3)
        #expect(queue.push([1, 2]))
        #expect(!queue.push([3, 4]))
        #expect(queue.push([3]))
        #expect(await queue.next(limit: 2) == [1, 2])
        #expect(queue.push([4, 5]))
        #expect(await queue.next(limit: 9) == [3, 4, 5])
    }

    @Test
    func `a closed queue gives what waits and then nothing`() async {
        let queue = BatchQueue<Int>()
        #expect(queue.push([1]))
        queue.close()
        #expect(!queue.push([2]))
        #expect(await queue.next(limit: 5) == [1])
        #expect(await queue.next(limit: 5) == [])
        #expect(await queue.next(limit: 5) == [])
    }

    @Test
    func `closing wakes the consumer`() async {
        let queue = BatchQueue<Int>()
        async let batch = queue.next(limit: 1)
        await Task.yield()
        queue.close()
        #expect(await batch == [])
    }

    @Test
    func `a signal raised before, and raised twice, is one wake-up`() async throws {
        let signal = Signal()
        signal.raise()
        signal.raise()
        await signal.wait()
        let woken = Watched(false)
        let task = Task {
            await signal.wait()
            woken.update { $0 = true }
        }
        for _ in 0..<20 { await Task.yield() }
        #expect(!woken.current)
        signal.raise()
        await task.value
    }
}

struct TurnstileTests {
    @Test
    func `whoever comes first, one after the other passes in the order of the numbers`() async {
        let turnstile = Turnstile()
        let passed = Watched<[Int]>([])
        let inside = Watched(0)
        let numbers = Array(0..<400).shuffled()
        await withTaskGroup(of: Void.self) { group in
            for start in stride(from: 0, to: numbers.count, by: 20) {
                group.addTask {
                    for number in numbers[start..<start + 20] {
                        turnstile.pass(number) {
                            inside.update { $0 += 1 }
                            #expect(inside.current == 1)
                            passed.update { $0.append(number) }
                            inside.update { $0 -= 1 }
                        }
                    }
                }
            }
        }
        #expect(passed.current == Array(0..<400))
    }

    @Test
    func `a body may let others through`() {
        let turnstile = Turnstile()
        let passed = Watched<[Int]>([])
        turnstile.pass(0) {
            turnstile.pass(1) { passed.update { $0.append(1) } }
            passed.update { $0.append(0) }
        }
        #expect(passed.current == [0, 1])
    }
}

struct DispatchQueueTests {
    private func message(_ number: UInt64, size: Int) throws -> QueuedMessage {
        try #require(QueuedMessage(fresh: stored(number, size: size, content: .sms(SMSContent(inboundText: "x")))))
    }

    private func stored(_ number: UInt64, size: Int, content: MessageContent?) -> Message {
        Message(
            companyID: 1, id: MessageID(high: 0, low: number), surface: .sms, kind: .sms, sender: "A",
            recipient: "49", content: content, size: size, gateway: "DEFAULT", createdAt: 0, expiresAt: 0)
    }

    @Test func `a message whose content cannot be read is not queued`() {
        #expect(QueuedMessage(fresh: stored(1, size: 1, content: nil)) == nil)
    }

    private func take(_ queue: inout DispatchQueue, limit: Int, now: Int64) -> [String] {
        names(queue.take(limit: limit, now: now))
    }

    private func names(_ taken: [(message: QueuedMessage, part: QueuedPart)]) -> [String] {
        taken.map { "\($0.message.key.id.low):\($0.part.number)/\($0.part.attempt)" }
    }

    @Test
    func `parts are taken in order, up to the limit, across messages`() throws {
        var queue = DispatchQueue()
        queue.add(try message(1, size: 3))
        queue.add(try message(2, size: 1))
        let taken1 = take(&queue, limit: 2, now: 0)
        #expect(taken1 == ["1:1/1", "1:2/1"])
        let taken2 = take(&queue, limit: 9, now: 0)
        #expect(taken2 == ["1:3/1", "2:1/1"])
        let taken3 = take(&queue, limit: 9, now: 0)
        #expect(taken3 == [])
        #expect(queue.count == 2)
    }

    @Test
    func `a message leaves with its last part`() throws {
        var queue = DispatchQueue()
        let two = try message(1, size: 2)
        queue.add(two)
        _ = queue.take(limit: 1, now: 0)
        let isFirstLast = queue.finish(two.key)
        #expect(!isFirstLast)
        _ = queue.take(limit: 1, now: 0)
        let isSecondLast = queue.finish(two.key)
        #expect(isSecondLast)
        #expect(queue.count == 0)
        let isThereMore = queue.finish(two.key)
        #expect(!isThereMore)
    }

    @Test
    func `a delayed part holds its message back until its time`() throws {
        var queue = DispatchQueue()
        let message = try message(1, size: 3)
        queue.add(message)
        let taken = queue.take(limit: 1, now: 0)
        queue.requeue(message.key, QueuedPart(number: taken[0].part.number, attempt: 2), notBefore: 1000, now: 0)
        let taken4 = take(&queue, limit: 9, now: 0)
        #expect(taken4 == [])
        queue.wake(now: 999)
        let taken5 = take(&queue, limit: 9, now: 999)
        #expect(taken5 == [])
        queue.wake(now: 1000)
        let taken6 = take(&queue, limit: 9, now: 1000)
        #expect(taken6 == ["1:1/2", "1:2/1", "1:3/1"])
    }

    @Test
    func `a message that was removed is not taken, and can come back`() throws {
        var queue = DispatchQueue()
        let one = try message(1, size: 1)
        queue.add(one)
        let removals = [queue.remove(one.key), queue.remove(one.key)]
        #expect(removals == [true, false])
        let taken7 = take(&queue, limit: 9, now: 0)
        #expect(taken7 == [])
        queue.add(one)
        let taken8 = take(&queue, limit: 9, now: 0)
        #expect(taken8 == ["1:1/1"])
    }

    @Test
    func `under random traffic every part is taken until it is done and nothing stays behind`() throws {
        for seed in 1...500 {
            var generator = SeededGenerator(seed: UInt64(seed))
            var queue = DispatchQueue()
            var now: Int64 = 0
            var open: [(key: MessageKey, part: QueuedPart)] = []
            var done: [String: Int] = [:]
            var expected = 0
            for number in 1...10 {
                let size = Int.random(in: 1...4, using: &generator)
                expected += size
                queue.add(try message(UInt64(number), size: size))
            }
            var rounds = 0
            while queue.count > 0, rounds < 5000 {
                rounds += 1
                now += 10
                queue.wake(now: now)
                let limit = Int.random(in: 0...5, using: &generator)
                let taken = queue.take(limit: limit, now: now)
                #expect(taken.count <= limit)
                open += taken.map { ($0.message.key, $0.part) }
                guard let index = open.indices.randomElement(using: &generator) else { continue }
                let item = open.remove(at: index)
                if Int.random(in: 0..<3, using: &generator) == 0 {
                    let again = QueuedPart(number: item.part.number, attempt: item.part.attempt + 1)
                    let delay = Bool.random(using: &generator) ? 0 : Int64.random(in: 1...500, using: &generator)
                    queue.requeue(item.key, again, notBefore: now + delay, now: now)
                } else {
                    done["\(item.key.id.low):\(item.part.number)", default: 0] += 1
                    _ = queue.finish(item.key)
                }
            }
            #expect(queue.count == 0, "seed \(seed)")
            #expect(done.count == expected && done.values.allSatisfy { $0 == 1 }, "seed \(seed)")
        }
    }
}
