// SPDX-License-Identifier: Apache-2.0
// Receipts and handset messages over lost links and restarts: nothing that was not acknowledged is lost.

import Foundation
import NIOCore
import NIOPosix
import SMPP
import Synchronization
import Testing

@testable import Simulators

/// A journal's path in a folder of its own.
private func withJournalPath(_ body: (String) async throws -> Void) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("smsc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    try await body(folder.appendingPathComponent("smsc.journal").path)
}

@Suite struct SMSCRestartTests {
    @Test func `A receipt without an answer comes again on the next bind`() async throws {
        try await withSimulator {
            $0.retryDelay = .seconds(3600)
        } answer: {
            $0 == 0 ? nil : .ok
        } _: { simulator, esme in
            esme.submit(1, to: "491511234001")
            await esme.log.until("the receipt") { $0.deliveries.count == 1 && $0.ids.count == 1 }
            #expect(simulator.counters.receiptsPending == 1)
            simulator.dropLinks()
            await esme.log.until("the receipt again") { $0.binds == 2 && $0.deliveries.count == 2 }
            let deliveries = esme.log.value.deliveries
            #expect(deliveries[0] == deliveries[1])
            #expect(simulator.counters.receiptsSent == 2)
        }
    }

    @Test func `Receipts that become due while nobody is bound wait for the next bind`() async throws {
        let finished = Watched(0)
        let simulator = makeSimulator {
            $0.handsetObserver = { _ in finished.change { $0 += 1 } }
        }
        let port = try await simulator.start()
        let transmitter = ESME()
        await transmitter.bind(port: port) { $0.bindMode = .transmitter }
        for ticket in 1...25 { transmitter.submit(UInt64(ticket), to: "491511234001", text: "\(ticket)") }
        await transmitter.log.until("answers") { $0.results.count == 25 }
        let sent = transmitter.log.value.ids.count
        await finished.until("final states") { $0 == sent }
        #expect(simulator.counters.receiptsPending == sent)
        let receiver = ESME()
        await receiver.bind(port: port) { $0.bindMode = .receiver }
        await receiver.log.until("all receipts") { $0.receipts.count == sent }
        #expect(Set(receiver.log.value.receipts.compactMap(\.messageID)) == Set(transmitter.log.value.ids.values))
        await receiver.shutdown()
        await transmitter.shutdown()
        await simulator.shutdown()
    }

    @Test func `A killed simulator with a journal sends what is due, and only that`() async throws {
        try await withJournalPath { path in
            let copy = path + ".killed"
            var ids: [UInt64: String] = [:]
            // Two receipts are acknowledged, two are not; then the file is as a kill would leave it.
            try await withSimulator {
                $0.journalPath = path
            } answer: {
                $0 < 2 ? .ok : nil
            } _: { simulator, esme in
                for ticket in 1...4 {
                    esme.submit(UInt64(ticket), to: "49151123400\(ticket)")
                    await esme.log.until("receipt \(ticket)") {
                        $0.deliveries.count == ticket && $0.ids.count == ticket
                    }
                }
                esme.submit(5, to: "491511234007")
                await esme.log.until("all answers") { $0.ids.count == 5 }
                ids = esme.log.value.ids
                try FileManager.default.copyItem(atPath: path, toPath: copy)
                let half = try #require(JournalRecord.done(1).line.dropLast(3) as [UInt8]?)
                let handle = try #require(FileHandle(forWritingAtPath: copy))
                try handle.seekToEnd()
                try handle.write(contentsOf: Data(half))
                try handle.close()
            }
            try await withSimulator {
                $0.journalPath = copy
            } _: { simulator, esme in
                await esme.log.until("the other two") { $0.receipts.count == 2 }
                let receipts = esme.log.value.receipts
                #expect(receipts.map(\.messageID) == [ids[3], ids[4]])
                #expect(receipts.map(\.state) == [.expired, .rejected])
                esme.submit(9, to: "491511234007")
                await esme.log.until("an answer") { $0.ids.count == 1 }
                #expect(!ids.values.contains(esme.log.value.ids[9] ?? ""))
                #expect(simulator.counters.receiptsSent == 2)
            }
            let (journal, unfinished) = try Journal.open(path: copy)
            #expect(unfinished.allSatisfy { if case .done = $0 { true } else { false } })
            journal.close()
        }
    }

    @Test func `A handset's message is in the journal too`() async throws {
        try await withJournalPath { path in
            try await withSimulator {
                $0.journalPath = path
            } answer: { _ in
                .temporaryReceiverError
            } _: { simulator, _ in
                try await simulator.sendFromHandset(from: "491511234999", to: "49301234567", text: "Grüße")
            }
            try await withSimulator {
                $0.journalPath = path
            } _: { _, esme in
                await esme.log.until("the message") { $0.deliveries.count == 1 }
                #expect(esme.log.value.deliveries.first?.source.value == "491511234999")
            }
        }
    }

    @Test func `A journal that cannot be opened stops the start`() async throws {
        let simulator = makeSimulator { $0.journalPath = "/nonexistent/folder/smsc.journal" }
        await #expect(throws: JournalError.self) { try await simulator.start() }
    }

    @Test func `A port that is taken stops the start`() async throws {
        let simulator = makeSimulator()
        let port = try await simulator.start()
        let second = makeSimulator { $0.port = port }
        await #expect(throws: IOError.self) { try await second.start() }
        #expect(second.port == nil)
        await simulator.shutdown()
    }

    @Test func `A request that is never answered does not hold up the end`() async throws {
        let began = ContinuousClock.now
        try await withSimulator {
            $0.faults.keepsSilent = 1
            $0.responseTimeout = .seconds(3600)
        } _: { simulator, esme in
            esme.submit(1, to: "491511234001")
            await esme.log.until("its receipt all the same") { $0.receipts.count == 1 }
            #expect(simulator.counters.unanswered == 1)
            await simulator.shutdown()
        }
        #expect(ContinuousClock.now - began < .seconds(600))
    }
}

@Suite struct JournalTests {
    static let message = StoredMessage(
        key: 17, id: "1\"1", account: "parley", source: Address(ton: .alphanumeric, npi: .unknown, value: "A:B\\é"),
        destination: Address(ton: .international, npi: .isdn, value: "491511234001"),
        content: MessageContent(
            octets: [0, 255, 10], hasHeader: true, dataCoding: 8, sar: .init(reference: 65535, total: 3, sequence: 2)),
        registeredDelivery: 1, acceptedAt: 1_763_697_600_123, final: .init(.undeliverable, err: "001"))

    static let records: [JournalRecord] = [
        .accepted(message, due: 1_763_697_600_456), .done(9_000_000_000_000_000),
        .handset(
            key: 18, account: "b", DeliverSM(source: message.source, destination: message.destination, esmClass: 0x40)),
    ]

    @Test("A record reads back as it was written, in one line", arguments: records)
    func roundTrip(record: JournalRecord) {
        let line = record.line
        #expect(line.last == 0x0A)
        #expect(line.dropLast().allSatisfy { $0 != 0x0A })
        #expect(JournalRecord(line: line.dropLast()) == record)
        for count in 0..<(line.count - 2) { #expect(JournalRecord(line: line.prefix(count)) == nil) }
    }

    @Test func `Any octets as a line are a record or none`() {
        var generator = SeededGenerator(seed: 5)
        let lines = Self.records.map(\.line)
        for round in 0..<6000 {
            var line = lines[round % lines.count]
            for _ in 0...Int.random(in: 0...3, using: &generator) {
                let index = Int.random(in: 0..<line.count, using: &generator)
                switch Int.random(in: 0...2, using: &generator) {
                case 0: line[index] = UInt8.random(in: 0...255, using: &generator)
                case 1: line.remove(at: index)
                default: line.insert(UInt8.random(in: 0x20...0x7E, using: &generator), at: index)
                }
            }
            if let record = JournalRecord(line: line) { #expect(JournalRecord(line: record.line.dropLast()) == record) }
        }
    }

    @Test func `The last key of a journal stays known, so that no id is given twice`() async throws {
        try await withJournalPath { path in
            let (journal, _) = try Journal.open(path: path)
            for key in [500, 499] { try journal.append(.done(UInt64(key))) }
            journal.close()
            let (again, unfinished) = try Journal.open(path: path)
            again.close()
            #expect(unfinished == [.done(500)])
            var core = SMSCCoreTests.core()
            for record in unfinished { core.restore(record, now: SMSCCoreTests.at(0)) }
            #expect(SMSCCoreTests.submit(&core, "491007", 1) == ["respond 1 0 501"])
        }
    }

    @Test func `A journal is rewritten with what is unfinished when most of it is done`() async throws {
        try await withJournalPath { path in
            let (journal, _) = try Journal.open(path: path, rewriteThreshold: 100)
            for key in 1...99 { try journal.append(.done(UInt64(key))) }
            #expect(!journal.isOvergrown(unfinished: 1))
            try journal.append(.done(100))
            try journal.append(.done(101))
            #expect(journal.isOvergrown(unfinished: 1))
            #expect(!journal.isOvergrown(unfinished: 50))
            try journal.rewrite([Self.records[0]])
            #expect(!journal.isOvergrown(unfinished: 0))
            try journal.append(Self.records[2])
            journal.close()
            try journal.append(.done(17))
            let (again, unfinished) = try Journal.open(path: path)
            #expect(unfinished == [Self.records[0], Self.records[2]])
            again.close()
        }
    }
}
