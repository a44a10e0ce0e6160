// SPDX-License-Identifier: Apache-2.0
// The deliveries' queue in the database.

import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct DeliveryStoreTests {
    private static let key = MessageKey(companyID: 1, id: MessageID(high: 1, low: 2))

    private static func rendered(_ number: Int) -> RenderedDelivery {
        RenderedDelivery(
            event: "status", promise: .everyTenSeconds, url: "https://example.com/\(number)", method: .get,
            contentType: "text/plain", body: [UInt8(number)])
    }

    private static func insert(
        _ count: Int, leased: Int, lease: Lease, _ transaction: Transaction
    ) throws -> [Delivery] {
        try DeliveryStore(transaction).insert(
            (1...count).map { (key, rendered($0)) }, leased: leased, lease: lease, now: 1000)
    }

    @Test(arguments: Engine.allCases)
    func `what is not leased at once can be claimed, once`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let (held, early, claimed, again) = try await database.write { transaction in
                let store = DeliveryStore(transaction)
                let held = try Self.insert(5, leased: 2, lease: 7, transaction)
                return (
                    held, try store.claim(limit: 10, now: 999, lease: 8),
                    try store.claim(limit: 10, now: 1000, lease: 8),
                    try store.claim(limit: 10, now: 5000, lease: 9)
                )
            }
            #expect(held.map(\.rendered) == [Self.rendered(1), Self.rendered(2)])
            #expect(early.isEmpty)
            #expect(claimed.sorted { $0.id < $1.id }.map(\.rendered) == (3...5).map(Self.rendered))
            #expect(again.isEmpty)
            let all = held + claimed
            #expect(Set(all.map(\.webhookID)).count == 5)
            #expect(all.allSatisfy { $0.webhookID.hasPrefix("msg_") && $0.messageID == Self.key.id })
            #expect(all.allSatisfy { $0.companyID == 1 && $0.attempts == 0 && $0.createdAt == 1000 })
        }
    }

    @Test(arguments: Engine.allCases)
    func `an outcome ends a delivery or makes it due later`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let store = DeliveryStore(transaction)
                let held = try Self.insert(3, leased: 3, lease: 7, transaction)
                try store.finish(
                    [
                        .init(id: held[0].id, state: .delivered, dueAt: 0, attempts: 1, status: 200, error: nil),
                        .init(id: held[1].id, state: .pending, dueAt: 11_000, attempts: 1, status: 503, error: "busy"),
                        .init(id: held[2].id, state: .undelivered, dueAt: 0, attempts: 4, status: nil, error: "gone"),
                    ], lease: 7, now: 2000)
                #expect(try store.claim(limit: 9, now: 10_999, lease: 8).isEmpty)
                let due = try store.claim(limit: 9, now: 11_000, lease: 8)
                #expect(due.map(\.id) == [held[1].id])
                #expect(due.map(\.attempts) == [1])
                #expect(due.map(\.webhookID) == [held[1].webhookID])
                let rows = try transaction.query(
                    "SELECT state, done_at, last_status, last_error FROM deliveries ORDER BY id")
                #expect(try rows.map { try $0.int64("state") } == [1, 0, 2])
                #expect(try rows.map { try $0.int64OrNil("done_at") } == [2000, nil, 2000])
                #expect(try rows.map { try $0.intOrNil("last_status") } == [200, 503, nil])
                #expect(try rows.map { try $0.textOrNil("last_error") } == [nil, "busy", "gone"])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `an outcome under a lost lease changes nothing`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let held = try Self.insert(1, leased: 1, lease: 7, transaction)
                try DeliveryStore(transaction).finish(
                    [.init(id: held[0].id, state: .delivered, dueAt: 0, attempts: 1, status: 200, error: nil)],
                    lease: 6, now: 2000)
                let row = try transaction.queryOne("SELECT state, lease FROM deliveries")
                #expect(try row?.int64("state") == 0)
                #expect(try row?.int64("lease") == 7)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a delivery that was given up can be replayed by its company`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let store = DeliveryStore(transaction)
                let held = try Self.insert(2, leased: 2, lease: 7, transaction)
                try store.finish(
                    [.init(id: held[0].id, state: .undelivered, dueAt: 0, attempts: 9, status: 500, error: nil)],
                    lease: 7, now: 2000)
                #expect(try store.replay(companyID: 2, ids: [held[0].id], now: 3000) == 0)
                #expect(try store.replay(companyID: 1, ids: held.map(\.id), now: 3000) == 1)
                let due = try store.claim(limit: 9, now: 3000, lease: 8)
                #expect(due.map(\.id) == [held[0].id])
                #expect(due.map(\.attempts) == [0])
                #expect(due.map(\.createdAt) == [3000])
                #expect(due.map(\.webhookID) == [held[0].webhookID])
            }
        }
    }
}
