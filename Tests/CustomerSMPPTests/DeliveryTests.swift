// SPDX-License-Identifier: Apache-2.0
// Deliveries to clients that are away, slow, unwilling or cut off: nothing is lost, and at most a window comes twice.

import EngineTestSupport
import Messaging
import SMPP
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import CustomerSMPP

struct DeliveryTests {
    /// Sends `count` messages and has them delivered; returns the ids of the responses.
    private static func sendAndReport(_ count: Int, _ account: AccountNode, _ client: ESME) async throws -> [String] {
        var ids: [String] = []
        let before = account.node.connector.submissions.count
        for number in 0..<count {
            ids.append(try await client.submit(submitSM(to: "4917012345\(10 + number)")).messageID)
        }
        for submission in try await account.node.connector.submissions(count: before + count).dropFirst(before) {
            try await account.node.wait(for: .sent, of: submission.ticket.key)
            await account.node.report(submission)
        }
        return ids
    }

    private static func ids(_ deliveries: [DeliverSM]) -> [String] {
        deliveries.compactMap { $0.tlvs.receiptedMessageID }
    }

    @Test(arguments: Engine.allCases)
    func `receipts wait for a session that receives, over a restart`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let first = try await AccountNode.start(on: database)
            let client = try await first.boundClient(mode: .transmitter)
            let ids = try await Self.sendAndReport(5, first, client)
            #expect(try await first.node.count("deliveries", where: "state = 0 AND smpp_account_id IS NOT NULL") == 5)
            await client.close()
            await first.stop()

            let second = try await AccountNode.start(on: database)
            let receiver = try await second.boundClient(mode: .receiver)
            #expect(Self.ids(try await receiver.deliveries(count: 5)) == ids, "in their order")
            _ = try await eventually("nothing left") {
                try await second.node.count("deliveries", where: "state <> 1") == 0 ? true : nil
            }
            await receiver.close()
            await second.stop()
        }
    }

    @Test(arguments: Engine.allCases)
    func `what a lost session has not answered comes again on the next`(_ engine: Engine) async throws {
        var settings = SMPPAccountSettings()
        settings.window = 4
        try await AccountNode.run(engine, settings: settings) { account in
            let transmitter = try await account.boundClient(mode: .transmitter)
            let receiver = try await account.boundClient(mode: .receiver)
            receiver.answer { _ in nil }
            let ids = try await Self.sendAndReport(10, account, transmitter)
            let seen = try await receiver.deliveries(count: 4)
            #expect(seen.count == 4, "no more than the window")
            receiver.answer { _ in .ok }
            for item in account.server.bound.sessions(accountID: account.accountID) { item.session.drop() }
            let heard = try await receiver.heard.wait(for: "all of them") { Set(Self.ids($0.deliveries)).count == 10 }
            #expect(Set(Self.ids(heard.deliveries)) == Set(ids))
            #expect(heard.binds == 2)
            _ = try await eventually("nothing left") {
                try await account.node.count("deliveries", where: "state = 1") == 10 ? true : nil
            }
            #expect(try await account.node.count("deliveries", where: "attempts = 2") == 4)
            #expect(receiver.heard.current.deliveries.count == 14)
            for client in [transmitter, receiver] { await client.close() }
        }
    }

    @Test
    func `the node with the session delivers what another has stored`() async throws {
        try await TestDatabase.with(.postgres, migrations: MessagingMigrations.all) { database in
            let first = try await AccountNode.start(on: database)
            var setup = TestSetup()
            setup.options.nodeName = "second"
            let second = try await AccountNode.start(on: database, setup)
            let transmitter = try await first.boundClient(mode: .transmitter)
            let receiver = try await second.boundClient(mode: .receiver)
            let ids = try await Self.sendAndReport(5, first, transmitter)
            let deliveries = try await receiver.deliveries(count: 5)
            #expect(Set(Self.ids(deliveries)) == Set(ids) && deliveries.count == 5)
            for client in [transmitter, receiver] { await client.close() }
            await second.stop()
            await first.stop()
        }
    }

    @Test
    func `two sessions share an account's deliveries`() async throws {
        var settings = SMPPAccountSettings()
        settings.window = 1
        settings.maximumBinds = 3
        try await AccountNode.run(.sqlite, settings: settings) { account in
            let transmitter = try await account.boundClient(mode: .transmitter)
            let receivers = [
                try await account.boundClient(mode: .receiver), try await account.boundClient(mode: .receiver),
            ]
            for receiver in receivers { receiver.answer { _ in nil } }
            _ = try await Self.sendAndReport(2, account, transmitter)
            for receiver in receivers { _ = try await receiver.deliveries(count: 1) }
            #expect(account.server.sessions(accountID: account.accountID).map(\.outstanding) == [0, 1, 1])
            for receiver in receivers { receiver.answerOpen() }
            for client in receivers + [transmitter] { await client.close() }
        }
    }

    @Test(arguments: Engine.allCases)
    func `a client that asks for patience gets it`(_ engine: Engine) async throws {
        try await AccountNode.run(engine) { account in
            let client = try await account.boundClient()
            client.answer { _ in .temporaryReceiverError }
            _ = try await Self.sendAndReport(1, account, client)
            _ = try await client.deliveries(count: 1)
            _ = try await eventually("a recorded refusal") {
                try await account.node.count(
                    "deliveries", where: "state = 0 AND attempts = 1 AND lease = 0 AND last_error = 'ESME_RX_T_APPN'")
                    == 1
                    ? true : nil
            }
            client.answer { _ in .ok }
            account.node.clock.advance(by: 5000)
            _ = try await client.deliveries(count: 2)
            _ = try await eventually("a recorded delivery") {
                try await account.node.count("deliveries", where: "state = 1 AND attempts = 2") == 1 ? true : nil
            }
            await client.close()
        }
    }

    @Test
    func `a client that refuses for good is left alone after the fifth try, and replay tries again`() async throws {
        try await AccountNode.run(.sqlite) { account in
            let client = try await account.boundClient()
            client.answer { _ in .permanentReceiverError }
            _ = try await Self.sendAndReport(1, account, client)
            for attempt in 1...DeliveryVerdict.refusalLimit {
                _ = try await client.deliveries(count: attempt)
                let state = attempt == DeliveryVerdict.refusalLimit ? 2 : 0
                _ = try await eventually("try \(attempt) is recorded") {
                    try await account.node.count(
                        "deliveries", where: "state = \(state) AND attempts = \(attempt)") == 1 ? true : nil
                }
                account.node.clock.advance(by: 600_000)
            }
            client.answer { _ in .ok }
            let (acme, now) = (account.node.acme, account.node.clock.now)
            let replayed = try await account.node.database.write { transaction in
                let rows = try transaction.query("SELECT id FROM deliveries")
                return try DeliveryStore(transaction).replay(
                    companyID: acme, ids: try rows.map { try $0.int64("id") }, now: now)
            }
            #expect(replayed == 1)
            _ = try await client.deliveries(count: DeliveryVerdict.refusalLimit + 1)
            await client.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `what nobody came for in seven days is given up, and so is what is for nobody`(_ engine: Engine) async throws {
        try await TestDatabase.with(engine, migrations: MessagingMigrations.all) { database in
            let account = try await AccountNode.start(on: database)
            let key = MessageKey(companyID: account.node.acme, id: MessageID(high: 1, low: 2))
            let accountID = account.accountID
            let week = DeliveryVerdict.span
            let counts = try await database.write { transaction in
                let deliveries = DeliveryStore(transaction)
                for (index, target) in [accountID, accountID, accountID + 1].enumerated() {
                    let rendered = RenderedDelivery(
                        event: "smpp.receipt", promise: .sevenDays, target: .smpp(accountID: target),
                        contentType: "application/json", body: [])
                    let held = try deliveries.insert(
                        [(key, rendered)], leased: 1, lease: 7, now: TestClock.start + Int64(index))
                    #expect(held.isEmpty, "none of them is held for a URL")
                }
                #expect(try deliveries.claim(limit: 10, now: TestClock.start + 10, lease: 7).isEmpty)
                let store = AccountDeliveryStore(transaction)
                #expect(try store.waitingAccounts() == [accountID, accountID + 1])
                let first = try store.giveUp(
                    createdBefore: TestClock.start + 1, slice: 10, now: TestClock.start + week + 1)
                let left = try store.claim(
                    accountID: accountID, limit: 10, now: TestClock.start + week, lease: 7)
                return (first, left.count)
            }
            #expect(counts == (2, 1))
            await account.stop()
        }
    }
}
