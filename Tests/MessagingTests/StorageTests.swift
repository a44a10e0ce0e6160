// SPDX-License-Identifier: Apache-2.0
// The stores of the core on both engines, and raced on PostgreSQL.

import Accounts
import EngineTestSupport
import SMSText
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct StorageTests {
    private static func message(_ number: UInt64, size: Int = 2) -> Message {
        Message(
            companyID: 1, id: MessageID(high: 7, low: number), surface: .sms, kind: .sms, sender: "Acme",
            recipient: "491701234567",
            content: .sms(SMSContent(text: "Hi", segmentation: SegmentationOptions(encoding: .gsm7))), size: size,
            gateway: "DEFAULT", createdAt: 1, expiresAt: 1000)
    }

    private static func ticket(_ message: Message, _ number: Int, attempt: Int = 1) -> PartTicket {
        PartTicket(key: message.key, step: 0, number: number, attempt: attempt)
    }

    @Test(arguments: Engine.allCases)
    func `a message comes back as it was stored`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            var message = Self.message(1)
            message.reference = "order \"7\" é"
            message.status = .scheduled
            message.sendAt = 500
            message.quote = Quote(
                amount: Money(micros: -5), currency: "EUR", effectiveFrom: 3, mccmnc: "26201", ttid: "77292")
            message.reporting = Reporting(url: "https://example.com/?a=b", method: .get)
            message.expectsConversion = true
            message.reserved = Money(micros: 10)
            let stored = message
            try await database.write { transaction in
                let store = MessageStore(transaction)
                try store.insert([stored, Self.message(2)])
                #expect(try store.find(stored.key)?.0 == stored)
                #expect(try store.find(Self.message(2).key)?.0 == Self.message(2))
                #expect(try store.find(stored.key, direction: .inbound) == nil)
                #expect(try store.find(MessageKey(companyID: 2, id: stored.id)) == nil)
                var changed = stored
                changed.status = .rejected
                changed.sentAt = 5
                changed.doneAt = 6
                changed.errorCode = "0001"
                changed.errorReason = "because"
                changed.isPossibleDuplicate = true
                changed.reserved = Money(micros: 0)
                changed.convertedAt = 9
                try store.update([changed])
                #expect(try store.find(stored.key)?.0 == changed)
                let locked = try store.lock([Self.message(9).key, stored.key])
                #expect(locked == [nil, changed])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a part keeps its provider's id until it gets another`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let store = MessageStore(transaction)
                let key = Self.message(1).key
                func keys() throws -> [String] {
                    try transaction.query("SELECT provider_key FROM parts ORDER BY number").map {
                        try $0.text("provider_key")
                    }
                }
                let sent = [1, 2].map {
                    Part(number: $0, attempt: 1, connectorID: 3, state: .sent, providerID: "00A\($0)", submittedAt: 5)
                }
                try store.save(sent.map { (key, $0, nil) })
                #expect(try store.parts(of: [key]) == [sent])
                var delivered = sent
                delivered[0].state = .delivered
                delivered[0].doneAt = 6
                delivered[0].errorCode = "0001"
                delivered[1].providerID = "00B2"
                delivered[1].isPossibleDuplicate = true
                try store.save(zip(delivered, sent).map { (key, $0, $1) })
                #expect(try store.parts(of: [key]) == [delivered])
                #expect(try keys() == ["a1", "b2"])
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a part is marked only under the job's lease and only while it waits`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            try await database.write { transaction in
                let store = MessageStore(transaction)
                let message = Self.message(1)
                try store.insert([message])
                try JobStore(transaction).insert([(message.key, 0, 5)])
                func mark(_ number: Int, attempt: Int = 1, lease: Lease = 5) throws -> Bool {
                    try store.markSubmitting(
                        [(Self.ticket(message, number, attempt: attempt), 3, false)], lease: lease)[0]
                }
                #expect(try !mark(1, lease: 6))
                #expect(try store.parts(of: [message.key]) == [[]])
                #expect(try mark(1))
                #expect(try !mark(1))
                #expect(try !mark(1, attempt: 2))
                let marked = Part(number: 1, attempt: 1, connectorID: 3, state: .submitting)
                #expect(try store.parts(of: [message.key]) == [[marked]])
                var part = marked
                part.state = .queued
                part.providerID = "00A1"
                try store.save([(message.key, part, marked)])
                #expect(try store.parts(of: [message.key]) == [[part]])
                #expect(try mark(1, attempt: 2))
                part = Part(number: 1, attempt: 2, connectorID: 3, state: .submitting)
                #expect(try store.parts(of: [message.key]) == [[part]], "an old try's id is gone")
                let results = try store.markSubmitting(
                    [
                        (Self.ticket(message, 2), 3, true), (Self.ticket(message, 1), 3, false),
                        (Self.ticket(Self.message(2), 1), 3, false),
                    ], lease: 5)
                #expect(results == [true, false, false])
                #expect(try store.parts(of: [message.key])[0][1].isPossibleDuplicate)
            }
        }
    }

    @Test(arguments: Engine.allCases)
    func `an event knows its place and, on PostgreSQL, its transaction`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            for _ in 0..<2 {
                try await database.write { transaction in
                    let key = Self.message(1).key
                    try MessageStore(transaction).appendEvents([
                        Event(key: key, kind: .accepted, at: 1), Event(key: key, kind: .sent, at: 2, detail: "x"),
                    ])
                }
            }
            let rows = try await database.read {
                try $0.query("SELECT id, kind, detail, transaction_id FROM events ORDER BY id")
            }
            let ids = try rows.map { try $0.int64("id") }
            let transactions = try rows.map { try $0.int64("transaction_id") }
            #expect(ids == ids.sorted() && Set(ids).count == 4)
            #expect(try rows.map { try $0.textOrNil("detail") } == [nil, "x", nil, "x"])
            if engine == .sqlite {
                #expect(transactions == [0, 0, 0, 0])
            } else {
                #expect(transactions[0] == transactions[1] && transactions[2] == transactions[3])
                #expect(transactions[0] > 0 && transactions[2] > transactions[0])
            }
        }
    }

    @Test
    func `outcomes, receipts and expiry raced on PostgreSQL leave every message with one end`() async throws {
        try await TestDatabase.with(.postgres, migrations: MessagingMigrations.all) { database in
            let messages = (0..<60).map { Self.message(UInt64($0)) }
            try await database.write { transaction in
                let store = MessageStore(transaction)
                try store.insert(messages)
                try JobStore(transaction).insert(messages.map { ($0.key, 0, 5) })
                _ = try store.markSubmitting(
                    messages.flatMap { [(Self.ticket($0, 1), 1, false), (Self.ticket($0, 2), 1, false)] }, lease: 5)
            }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<12 {
                    group.addTask {
                        var generator = SeededGenerator(seed: UInt64(worker))
                        for _ in 0..<10 {
                            let some = Array(messages.shuffled(using: &generator).prefix(20))
                            try await Self.race(worker % 4, some, database)
                        }
                    }
                }
                try await group.waitForAll()
            }
            try await Self.race(3, messages, database)
            let ends = try await database.read { transaction in
                try transaction.query(
                    """
                    SELECT m.status, m.done_at, COUNT(e.id) AS ends,
                        (SELECT COUNT(*) FROM parts p WHERE p.message_id = m.id AND p.state >= 10) AS parts
                    FROM messages m LEFT JOIN events e ON e.message_id = m.id
                        AND e.kind IN ('delivered', 'expired', 'undeliverable', 'rejected', 'failed')
                    GROUP BY m.company_id, m.id, m.direction, m.status, m.done_at
                    """
                ).map {
                    [try $0.int64("status"), try $0.int64("ends"), try $0.int64("parts"), try $0.int64("done_at")]
                }
            }
            #expect(ends.count == 60)
            #expect(ends.allSatisfy { $0[0] >= 50 && $0[1] == 1 && $0[2] == 2 })
            let jobs = try await database.read { try $0.query("SELECT 1 FROM jobs").count }
            #expect(jobs == 0)
        }
    }

    private static func race(_ kind: Int, _ messages: [Message], _ database: Database) async throws {
        try await database.write { transaction in
            let writer = ProgressWriter(
                transaction: transaction, renderers: [:], lease: 5, now: 100, deliveryRoom: 0)
            switch kind {
            case 0:
                _ = try writer.apply(
                    messages.map { message in
                        PartChange(
                            ticket: ticket(message, 1), fact: .submitted(providerID: "1-\(message.id.low)"), at: 3)
                    })
            case 1:
                _ = try writer.apply(
                    messages.flatMap { message in
                        [
                            PartChange(
                                ticket: ticket(message, 2), fact: .submitted(providerID: "2-\(message.id.low)"), at: 3),
                            PartChange(key: message.key, step: 0, number: 1, report: .delivered, errorCode: nil, at: 4),
                        ]
                    })
            case 2:
                _ = try MessageStore(transaction).markSubmitting(
                    messages.map { (ticket($0, 1, attempt: 2), 1, false) }, lease: 5)
            default:
                _ = try writer.end(Array(messages.map(\.key).prefix(2)), as: .expired, errorCode: nil, reason: nil)
                if messages.count == 60 {
                    _ = try writer.end(messages.map(\.key), as: .expired, errorCode: nil, reason: nil)
                }
            }
        }
    }
}
