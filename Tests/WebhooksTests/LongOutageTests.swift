// SPDX-License-Identifier: Apache-2.0
// A receiver that is down for a day, on a clock that the test turns: it is asked again all the time, by one node and then
// by its successor, and gets everything once it is back.

import EngineTestSupport
import Messaging
import SQL
import SQLTestSupport
import Synchronization
import Testing

@testable import Webhooks

struct LongOutageTests {
    private static let deliveries = 40
    private static let halfHour: Int64 = 1_800_000
    private static let tenSeconds: Int64 = 10_000

    @Test(arguments: Engine.allCases)
    func `a receiver that was down for a day gets everything, once`(_ engine: Engine) async throws {
        let isUp = Watched(false)
        let behaviour: LoopbackServer.Behaviour = { _ in .answer(isUp.current ? 200 : 503) }
        try await LoopbackServer.with(behaviour) { server in
            try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
                let clock = TestClock()
                var ids: [Int64] = []
                try await DispatcherNode.run(on: database, clock: clock) { node in
                    for number in 0..<Self.deliveries {
                        ids.append(try await node.add(server.url(), body: "{\"number\":\(number)}"))
                    }
                    try await Self.passHalfADay(node)
                }
                try await DispatcherNode.run(on: database, clock: clock) { node in
                    try await Self.passHalfADay(node)
                    let tries = server.received.count
                    isUp.update { $0 = true }
                    _ = try await eventually("everything delivered") {
                        clock.advance(by: Self.tenSeconds)
                        let states = try await Self.states(node)
                        return states.allSatisfy { $0 == .delivered } && states.count == ids.count ? true : nil
                    }
                    let bodies = server.received.dropFirst(tries).map(\.body)
                    #expect(bodies.count == Self.deliveries)
                    #expect(Set(bodies).count == Self.deliveries)
                }
            }
        }
    }

    /// Twelve hours, with a try in every half of one; the clock waits until it is recorded.
    private static func passHalfADay(_ node: DispatcherNode) async throws {
        for _ in 0..<24 {
            let before = try await tries(node)
            node.clock.advance(by: halfHour)
            _ = try await eventually("another try") { try await tries(node) > before ? true : nil }
        }
    }

    private static func states(_ node: DispatcherNode) async throws -> [DeliveryState?] {
        try await node.database.read { transaction in
            try transaction.query("SELECT state FROM deliveries").map { DeliveryState(rawValue: try $0.int64("state")) }
        }
    }

    private static func tries(_ node: DispatcherNode) async throws -> Int64 {
        try await node.database.read { transaction in
            try transaction.queryOne("SELECT CAST(SUM(attempts) AS BIGINT) AS tries FROM deliveries")?.int64("tries")
                ?? 0
        }
    }
}
