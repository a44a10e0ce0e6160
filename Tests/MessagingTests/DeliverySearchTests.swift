// SPDX-License-Identifier: Apache-2.0
// The log of deliveries: filters, pages, and ranges that are made due again; and how endpoints do.

import Accounts
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

@Suite struct DeliverySearchTests {
    private static let start: Milliseconds = 1_768_478_400_000
    private static let count = 60

    /// Sixty deliveries of two companies, one a second; every third delivered, every third given up, the rest pending.
    private static func fill(_ transaction: Transaction) throws {
        let store = DeliveryStore(transaction)
        for index in 0..<count {
            let now = start + Milliseconds(index) * 1000
            let key = MessageKey(
                companyID: CompanyID(index % 2 + 1), id: MessageID(high: UInt64(index / 4) << 16, low: 1))
            let rendered = RenderedDelivery(
                event: index.isMultiple(of: 4) ? "sms.inbound" : "sms.status", promise: .everyTenSeconds,
                url: "https://example.com/\(index % 2)?text=secret\(index)", method: .get, contentType: "", body: [1])
            _ = try store.insert([(key, rendered)], leased: 1, lease: 7, now: now)
            let id = Int64(index + 1)
            switch index % 3 {
            case 0:
                try store.finish(
                    [.init(id: id, state: .delivered, dueAt: 0, attempts: 1, status: 200, error: nil)], lease: 7,
                    now: now + 500)
            case 1:
                try store.finish(
                    [.init(id: id, state: .undelivered, dueAt: 0, attempts: 4, status: 503, error: "busy")], lease: 7,
                    now: now + 172_800_000)
            default: break
            }
        }
    }

    private static func filters() -> [(DeliverySearch.Filter, @Sendable (DeliverySummary) -> Bool)] {
        func filter(_ change: (inout DeliverySearch.Filter) -> Void) -> DeliverySearch.Filter {
            var filter = DeliverySearch.Filter()
            change(&filter)
            return filter
        }
        return [
            (filter { _ in }, { _ in true }),
            (filter { $0.companyIDs = [2] }, { $0.companyID == 2 }),
            (filter { $0.companyIDs = [] }, { _ in false }),
            (filter { $0.state = .pending }, { $0.state == .pending }),
            (filter { $0.state = .undelivered }, { $0.state == .undelivered }),
            (
                filter {
                    $0.state = .undelivered
                    $0.companyIDs = [1]
                }, { $0.state == .undelivered && $0.companyID == 1 }
            ),
            (filter { $0.event = "sms.inbound" }, { $0.event == "sms.inbound" }),
            (
                filter {
                    $0.from = start + 10_000
                    $0.to = start + 20_000
                }, { (start + 10_000..<start + 20_000).contains($0.createdAt) }
            ),
        ]
    }

    @Test(arguments: Engine.allCases)
    func `pages one after another are what a look at every delivery finds`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
            try await database.write { try Self.fill($0) }
            let all = try await database.read {
                try DeliverySearch($0).list(DeliverySearch.Filter(), before: nil, limit: 500).deliveries
            }
            #expect(all.count == Self.count)
            for (filter, fits) in Self.filters() {
                var found: [Int64] = []
                var before: Int64?
                repeat {
                    let from = before
                    let page = try await database.read { try DeliverySearch($0).list(filter, before: from, limit: 7) }
                    found += page.deliveries.map(\.id)
                    before = page.next
                } while before != nil
                #expect(found == all.filter(fits).map(\.id))
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `the deliveries about a message are found whichever company's it is`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
            try await database.write { try Self.fill($0) }
            let id = MessageID(high: 2 << 16, low: 1)
            let keys = [1, 2].map { MessageKey(companyID: $0, id: id) }
            let page = try await database.read {
                try DeliverySearch($0).list(DeliverySearch.Filter(), of: keys, before: nil, limit: 3)
            }
            #expect(page.deliveries.map(\.id) == [12, 11, 10])
            let next = page.next
            let rest = try await database.read {
                try DeliverySearch($0).list(DeliverySearch.Filter(), of: keys, before: next, limit: 3)
            }
            #expect(rest.deliveries.map(\.id) == [9] && rest.next == nil)
        }
    }

    /// The range, and the numbers (from 0) of the deliveries in it.
    private static let ranges: [(DeliverySearch.Range, @Sendable (Int) -> Bool)] = [
        (range(company: 1, 0, 60, all: false), { $0 % 2 == 0 && $0 % 3 == 1 }),
        (range(company: 2, 10, 40, all: false), { $0 % 2 == 1 && $0 % 3 == 1 && (10..<40).contains($0) }),
        (range(company: 1, 10, 40, all: true), { $0 % 2 == 0 && $0 % 3 != 2 && (10..<40).contains($0) }),
        (range(company: 2, 0, 60, all: true, url: "https://example.com/1"), { $0 % 2 == 1 && $0 % 3 != 2 }),
        (range(company: 2, 0, 60, all: true, url: "https://other.example"), { _ in false }),
        (range(company: 3, 0, 60, all: true), { _ in false }),
    ]

    private static func range(
        company: CompanyID, _ from: Int, _ to: Int, all: Bool, url: String? = nil
    ) -> DeliverySearch.Range {
        DeliverySearch.Range(
            companyID: company, from: start + Milliseconds(from) * 1000, to: start + Milliseconds(to) * 1000,
            includesDelivered: all, urlPrefix: url)
    }

    @Test(arguments: Engine.allCases, [1, 3, 1000])
    func `a range is made due again in slices, each delivery once`(_ engine: Engine, _ slice: Int) async throws {
        for (range, fits) in Self.ranges {
            try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
                try await database.write { try Self.fill($0) }
                let before = try await database.read {
                    try DeliverySearch($0).list(DeliverySearch.Filter(), before: nil, limit: 500).deliveries
                }
                let now = Self.start + 200_000_000
                var cursor: DeliverySearch.Cursor? = DeliverySearch.Cursor()
                var total = 0
                while let from = cursor {
                    let result = try await database.write {
                        try DeliverySearch($0).replay(range, from: from, slice: slice, now: now)
                    }
                    #expect(result.replayed <= slice)
                    total += result.replayed
                    cursor = result.next
                }
                let after = try await database.read {
                    try DeliverySearch($0).list(DeliverySearch.Filter(), before: nil, limit: 500).deliveries
                }
                let replayed = Set(zip(before, after).filter { $0 != $1 }.map { Int($0.0.id) - 1 })
                #expect(replayed == Set((0..<Self.count).filter(fits)))
                #expect(total == replayed.count)
                #expect(
                    after.filter { replayed.contains(Int($0.id) - 1) }.allSatisfy {
                        $0.state == .pending && $0.dueAt == now && $0.attempts == 0
                    })
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `endpoints are counted without their queries`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
            try await database.write { try Self.fill($0) }
            let all = try await database.read { try EndpointStatistics.list($0, companyIDs: nil) }
            #expect(all.map(\.url) == ["https://example.com/0", "https://example.com/1"])
            #expect(all.map(\.companyID) == [1, 2])
            #expect(all.map(\.pending) == [10, 10] && all.map(\.undelivered) == [10, 10])
            #expect(all.map(\.delivered) == [10, 10])
            // The newest that was tried: number 58 of the first company was given up, 57 of the second delivered.
            #expect(all[0].lastStatus == 503 && all[0].lastError == "busy")
            #expect(all[1].lastStatus == 200 && all[1].lastError == nil)
            #expect(all[1].lastEndedAt == Self.start + 55_000 + 172_800_000)
            let one = try await database.read { try EndpointStatistics.list($0, companyIDs: [2]) }
            #expect(one == [all[1]])
            #expect(try await database.read { try EndpointStatistics.list($0, companyIDs: []) }.isEmpty)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the queues are counted up to a bound`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
            let (full, bounded) = try await database.write { transaction in
                try Self.fill(transaction)
                try JobStore(transaction).insert(
                    (1...5).map { number in
                        (
                            MessageKey(companyID: 1, id: MessageID(high: 1, low: number)),
                            Milliseconds(number) * 100, Lease(number % 2)
                        )
                    })
                return (try QueueStatistics(transaction), try QueueStatistics(transaction, bound: 3))
            }
            #expect(full.depth == 5 && full.oldestDueAt == 100)
            #expect(full.pendingDeliveries == 20 && full.undelivered == 20)
            #expect(bounded.depth == 3 && bounded.undelivered == 3)
        }
    }
}
