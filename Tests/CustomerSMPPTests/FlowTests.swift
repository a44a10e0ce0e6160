// SPDX-License-Identifier: Apache-2.0
// A customer's messages all the way: submitted, handed to a carrier, reported; and the company's inbound messages.

import Accounts
import EngineTestSupport
import Messaging
import SMPP
import SMSText
import SQLTestSupport
import Testing
import Wire

@testable import CustomerSMPP

struct FlowTests {
    static let forms = Engine.allCases.flatMap { engine in
        SMPPAccountSettings.IDForm.allCases.map { (engine, $0) }
    }

    @Test(arguments: forms)
    func `a message is taken, carried and reported`(_ engine: Engine, form: SMPPAccountSettings.IDForm) async throws {
        var settings = SMPPAccountSettings()
        settings.messageIDs = form
        settings.receiptIDs = form
        try await AccountNode.run(engine, settings: settings) { account in
            let client = try await account.boundClient()
            let response = try await client.submit(submitSM())
            #expect(response.status == .ok)
            let submission = try await account.node.connector.submissions(count: 1)[0]
            #expect(form.text(of: submission.ticket.key.id) == response.messageID)
            #expect(submission.sender == "Acme" && submission.recipient == "491701234567")
            try await account.node.wait(for: .sent, of: submission.ticket.key)
            await account.node.report(submission)
            let receipt = try #require(DeliveryReceipt(try await client.deliveries(count: 1)[0]))
            #expect(receipt.textID == response.messageID && receipt.receiptedMessageID == response.messageID)
            #expect(receipt.state == .delivered && receipt.text == "Hello")
            _ = try await eventually("a recorded delivery") {
                try await account.node.count("deliveries", where: "state = 1 AND attempts = 1") == 1 ? true : nil
            }
            #expect(account.node.inbox.deliveries.isEmpty, "nothing of it is for a URL")
            let query = try #require(client.smpp)
            let state = try await query.query(QuerySM(messageID: response.messageID))
            #expect(state.messageState == MessageState.delivered.rawValue && state.finalDate.count == 16)
            await client.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `receipts are for those who want them`(_ engine: Engine) async throws {
        try await AccountNode.run(engine) { account in
            let client = try await account.boundClient()
            // None, failures only, and the word that it was taken besides the final one.
            for (index, registered) in [UInt8(0), 2, 0x11].enumerated() {
                try await client.submit(submitSM(to: "49170123456\(index)", registered: registered))
            }
            let submissions = try await account.node.connector.submissions(count: 3)
            for submission in submissions {
                try await account.node.wait(for: .sent, of: submission.ticket.key)
                await account.node.report(submission)
            }
            let receipts = try await client.deliveries(count: 2).compactMap { DeliveryReceipt($0) }
            #expect(receipts.map(\.state) == [.enroute, .delivered])
            try await client.submit(submitSM(to: "491701234569", registered: 2))
            let last = try await account.node.connector.submissions(count: 4)[3]
            try await account.node.wait(for: .sent, of: last.ticket.key)
            await account.node.report(last, .undeliverable, errorCode: "001b")
            let failure = try #require(DeliveryReceipt(try await client.deliveries(count: 3)[2]))
            #expect(failure.state == .undeliverable && failure.err == "027")
            await client.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `an inbound message goes to the account and to the number's URL`(_ engine: Engine) async throws {
        try await AccountNode.run(engine) { account in
            let client = try await account.boundClient(mode: .receiver)
            let text = ReceivedText(octets: Array("Hi".utf8), dataCoding: 0, header: nil, alphabet: .gsm7)
            let part = InboundPart(
                connectorID: account.node.connector.id, kind: .sms, sender: "491701234567",
                recipient: TestSetup.number, content: text, concatenation: nil, sentAt: nil, fingerprint: [1],
                bind: "1")
            #expect(await account.node.receive(.inbound(part)) == .stored)
            let pdu = try await client.deliveries(count: 1)[0]
            #expect(pdu.source.value == "491701234567" && pdu.destination.value == TestSetup.number)
            #expect(pdu.shortMessage == Array("Hi".utf8) && pdu.esmClass == 0)
            #expect(try await account.node.inbox.bodies(count: 1) == ["491701234567 Hi"])
            await client.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `what is above the rate is throttled`(_ engine: Engine) async throws {
        var settings = SMPPAccountSettings()
        settings.messagesPerSecond = 5
        try await AccountNode.run(engine, settings: settings) { account in
            let client = try await account.boundClient(window: 20)
            let tickets = (0..<20).map { client.post(submitSM(to: "4917012345\(10 + $0)")) }
            let results = try await client.heard.wait(for: "20 responses") { $0.results.count == 20 }.results
            let statuses = tickets.compactMap { ticket -> CommandStatus? in
                if case .response(let response)? = results[ticket] { response.status } else { nil }
            }
            #expect(statuses.count == 20)
            #expect(statuses.contains(.throttled) && statuses.count { $0 == .ok } >= 5)
            await client.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a prepaid company sends what its balance covers`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.balance = Money("0.01")
        try await AccountNode.run(engine, setup) { account in
            let client = try await account.boundClient()
            #expect(try await client.submit(submitSM()).status == .ok)
            #expect(try await client.submit(submitSM()).status == .submitFailed)
            await client.close()
        }
    }

    @Test(arguments: Engine.allCases)
    func `a scheduled message can be withdrawn, one that has left cannot`(_ engine: Engine) async throws {
        try await AccountNode.run(engine) { account in
            let client = try await account.boundClient()
            let smpp = try #require(client.smpp)
            let scheduled = try await client.submit(submitSM { $0.scheduleDeliveryTime = "000001000000000R" })
            let source = Address(ton: .alphanumeric, npi: .unknown, value: "Acme")
            try await smpp.cancel(CancelSM(messageID: scheduled.messageID, source: source))
            let receipt = try #require(DeliveryReceipt(try await client.deliveries(count: 1)[0]))
            #expect(receipt.state == .deleted && receipt.messageID == scheduled.messageID)
            #expect(try await account.node.count("jobs") == 0)

            let sent = try await client.submit(submitSM())
            _ = try await account.node.connector.submissions(count: 1)
            for (id, status) in [
                (sent.messageID, CommandStatus.cancelFailed), (scheduled.messageID, .cancelFailed),
                (MessageID(high: 1, low: 2).description, .invalidMessageID), ("x", .invalidMessageID),
                ("", .cancelFailed),
            ] {
                await #expect(throws: SMPPRequestError.refused(status)) {
                    try await smpp.cancel(CancelSM(messageID: id, source: source))
                }
            }
            await #expect(throws: SMPPRequestError.refused(.replaceFailed)) {
                try await smpp.replace(ReplaceSM(messageID: sent.messageID, source: source))
            }
            await client.close()
        }
    }

    @Test
    func `a message waits in the queue until it is withdrawn, and its price comes back`() async throws {
        var setup = TestSetup()
        setup.balance = Money("0.01")
        try await AccountNode.run(.sqlite, setup) { account in
            account.node.connector.setUp(false)
            let client = try await account.boundClient()
            let smpp = try #require(client.smpp)
            let response = try await client.submit(submitSM())
            try await smpp.cancel(CancelSM(messageID: response.messageID))
            account.node.connector.setUp(true)
            #expect(try await client.submit(submitSM()).status == .ok, "the balance covers one message")
            let submissions = try await account.node.connector.submissions(count: 1)
            #expect(submissions.map(\.ticket.key.id.description) != [response.messageID])
            await client.close()
        }
    }

    @Test
    func `one message to several numbers is as many messages with one id`() async throws {
        try await AccountNode.run(.sqlite) { account in
            let client = try await account.boundClient()
            var multi = SubmitMulti(registeredDelivery: 1, shortMessage: Array("Hello".utf8))
            multi.source = Address(ton: .alphanumeric, npi: .unknown, value: "Acme")
            multi.destinations = [
                .address(Address(value: "491701234567")), .address(Address(value: "x")),
                .distributionList("friends"), .address(Address(value: "491701234568")),
            ]
            let response = try #require(try await client.smpp?.submitMulti(multi))
            #expect(response.unsuccessful.map(\.status) == [.invalidDestinationAddress, .invalidDistributionListName])
            let submissions = try await account.node.connector.submissions(count: 2)
            for submission in submissions {
                try await account.node.wait(for: .sent, of: submission.ticket.key)
                await account.node.report(submission)
            }
            let receipts = try await client.deliveries(count: 2)
            #expect(receipts.allSatisfy { $0.tlvs.receiptedMessageID == response.messageID })
            #expect(Set(receipts.map(\.source.value)) == ["491701234567", "491701234568"])
            await client.close()
        }
    }

    @Test(arguments: [UInt8(0x33), 0x34, 0x50])
    func `optional parameters are for clients that know them`(version: UInt8) async throws {
        try await AccountNode.run(.sqlite) { account in
            let client = try account.client(interfaceVersion: version)
            try await client.waitUntilBound()
            let response = try await client.submit(submitSM())
            let submission = try await account.node.connector.submissions(count: 1)[0]
            try await account.node.wait(for: .sent, of: submission.ticket.key)
            await account.node.report(submission)
            let pdu = try await client.deliveries(count: 1)[0]
            #expect(DeliveryReceipt(pdu)?.textID == response.messageID)
            #expect(pdu.tlvs.isEmpty == (version < 0x34))
            await client.close()
        }
    }

    @Test
    func `one account knows nothing of another's messages`() async throws {
        try await AccountNode.run(.sqlite) { account in
            let other = account.node.other
            try await account.node.directory.provision(as: AccountNode.actor, now: TestClock.start) {
                _ = try $0.createSMPPAccount(
                    companyID: other, systemID: "other", passwordHash: AccountNode.passwordHash,
                    settings: SMPPAccountSettings())
            }
            let client = try await account.boundClient()
            let stranger = try account.client(systemID: "other")
            try await stranger.waitUntilBound()
            let response = try await client.submit(submitSM { $0.scheduleDeliveryTime = "000001000000000R" })
            let smpp = try #require(stranger.smpp)
            await #expect(throws: SMPPRequestError.refused(.invalidMessageID)) {
                _ = try await smpp.query(QuerySM(messageID: response.messageID))
            }
            await #expect(throws: SMPPRequestError.refused(.invalidMessageID)) {
                try await smpp.cancel(CancelSM(messageID: response.messageID))
            }
            for client in [client, stranger] { await client.close() }
        }
    }
}
