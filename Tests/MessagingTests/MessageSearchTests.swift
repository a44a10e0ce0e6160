// SPDX-License-Identifier: Apache-2.0
// Searches through messages, compared with what a look at every one of them finds.

import Accounts
import EngineTestSupport
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

@Suite struct MessageSearchTests {
    private static let start = TestClock.start
    private static let companies: [CompanyID] = [1, 2, 3]

    /// Messages of three companies over ten seconds, many in one millisecond, some ids in both directions.
    private static func messages(_ count: Int) -> [Message] {
        var generator = SeededGenerator(seed: 20_260_116)
        let statuses = MessageStatus.allCases
        return (0..<count).flatMap { index -> [Message] in
            let instant = start + Milliseconds.random(in: 0..<10_000, using: &generator) / 10 * 10
            let id = UUIDv7(
                high: UInt64(instant) << 16 | 0x7000 | UInt64.random(in: 0..<8, using: &generator),
                low: 0x8000_0000_0000_0000 | UInt64(index))
            var message = Message(
                companyID: companies[index % 3], id: id, surface: .sms, kind: .sms,
                sender: "49301234\(index % 7)", recipient: "49170000\(index % 11)",
                content: .sms(SMSContent(text: "secret text", segmentation: SegmentationOptions(encoding: .gsm7))),
                size: 1, gateway: "default", createdAt: instant, expiresAt: instant + 1)
            message.status = statuses[index % statuses.count]
            message.reference = index.isMultiple(of: 5) ? "order-\(index % 20)" : nil
            if index.isMultiple(of: 9) { message.direction = .inbound }
            guard index.isMultiple(of: 10) else { return [message] }
            var other = message
            other.direction = message.direction == .outbound ? .inbound : .outbound
            return [message, other]
        }
    }

    private static func expected(
        _ messages: [Message], _ filter: MessageSearch.Filter, _ companyIDs: [CompanyID]
    ) -> [MessageSearch.Position] {
        messages.filter { message in
            companyIDs.contains(message.companyID)
                && (filter.direction == nil || filter.direction == message.direction)
                && (filter.sender == nil || filter.sender == message.sender)
                && (filter.recipient == nil || filter.recipient == message.recipient)
                && (filter.party == nil || [message.sender, message.recipient].contains(filter.party))
                && (filter.status == nil || filter.status == message.status)
                && (filter.reference == nil || filter.reference == message.reference)
                && (filter.from.map { message.createdAt >= $0 } ?? true)
                && (filter.to.map { message.createdAt < $0 } ?? true)
        }.map { MessageSearch.Position($0) }.sorted { MessageSearch.Position.isNewer($0, $1) }
    }

    private static func filters() -> [MessageSearch.Filter] {
        func filter(_ change: (inout MessageSearch.Filter) -> Void) -> MessageSearch.Filter {
            var filter = MessageSearch.Filter()
            change(&filter)
            return filter
        }
        return [
            filter { _ in }, filter { $0.direction = .inbound }, filter { $0.sender = "493012343" },
            filter { $0.recipient = "491700007" }, filter { $0.party = "491700003" },
            filter { $0.status = .failed }, filter { $0.reference = "order-5" }, filter { $0.sender = "nobody" },
            filter { $0.from = start + 4000 }, filter { $0.to = start + 4000 },
            filter {
                $0.from = start + 2000
                $0.to = start + 2010
            },
            filter {
                $0.from = start + 5000
                $0.to = start + 4000
            },
            filter { $0.to = .max },
        ]
    }

    @Test(arguments: Engine.allCases)
    func `pages one after another are what a look at every message finds`(_ engine: Engine) async throws {
        let messages = Self.messages(400)
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
            try await database.write { try MessageStore($0).insert(messages) }
            for filter in Self.filters() {
                for (companyIDs, budget, limit) in [
                    (Self.companies, MessageSearch.budget, 500), (Self.companies, 60, 7), ([2], 20, 3), ([1, 3], 2, 1),
                    ([], 10, 10),
                ] as [([CompanyID], Int, Int)] {
                    let expected = Self.expected(messages, filter, companyIDs)
                    var found: [MessageSearch.Position] = []
                    var position: MessageSearch.Position?
                    var pages = 0
                    repeat {
                        let from = position
                        let page = try await database.read { transaction in
                            try MessageSearch(transaction, budget: budget).list(
                                filter, companyIDs: companyIDs, after: from, limit: limit)
                        }
                        #expect(page.messages.count <= limit)
                        #expect(page.messages.allSatisfy { $0.content == nil })
                        found += page.messages.map { MessageSearch.Position($0) }
                        position = page.next
                        pages += 1
                        try #require(pages < 1500)
                    } while position != nil
                    #expect(found == expected)
                }
            }
        }
    }

    @Test func `one search looks at no more rows than its budget and says how far it came`() async throws {
        let messages = Self.messages(400)
        try await TestDatabase.with(.sqlite, migrations: MessagingMigrations.all) { database async throws in
            try await database.write { try MessageStore($0).insert(messages) }
            var filter = MessageSearch.Filter()
            filter.sender = "nobody"
            let fixed = filter
            let page = try await database.read { transaction in
                try MessageSearch(transaction, budget: 90).list(
                    fixed, companyIDs: Self.companies, after: nil, limit: 10)
            }
            #expect(page.messages.isEmpty)
            let scannedTo = try #require(page.scannedTo)
            let next = try #require(page.next)
            let passed = messages.filter { MessageSearch.Position.isNewer(MessageSearch.Position($0), next) }
            #expect((30..<90).contains(passed.count))
            #expect(scannedTo == next.id.milliseconds)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a message is found by its id in the companies that are asked`(_ engine: Engine) async throws {
        let messages = Self.messages(40)
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database async throws in
            try await database.write { try MessageStore($0).insert(messages) }
            let pair = messages[0]
            let found = try await database.read {
                try MessageSearch($0).find(pair.id, companyIDs: Self.companies)
            }
            #expect(Set(found.map(\.direction)) == [.inbound, .outbound])
            #expect(try await database.read { try MessageSearch($0).find(pair.id, companyIDs: [2, 3]) }.isEmpty)
        }
    }
}
