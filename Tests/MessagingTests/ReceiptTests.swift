// SPDX-License-Identifier: Apache-2.0
// Receipts in every order that carriers send them: before the outcome, twice, after the end, about nothing we know, and
// with the id in another form than the submit response gave it.

import EngineTestSupport
import SQL
import SQLTestSupport
import Testing
import Wire

@testable import Messaging

struct ReceiptTests {
    private func receipt(_ node: TestNode, _ id: String, _ state: PartState = .delivered) -> ConnectorEvent {
        .receipt(
            Receipt(
                connectorID: node.connector.id, providerID: id, recipient: "491701234567", state: state,
                errorCode: nil, at: node.clock.now))
    }

    @Test(arguments: Engine.allCases)
    func `a receipt that fits no message is listed for the operator`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node async throws in
            let receipt = Receipt(
                connectorID: node.connector.id, providerID: "nobody", recipient: "491701234567", state: .undeliverable,
                errorCode: "0001", at: 5)
            let answer = await node.receive(.receipt(receipt))
            #expect(answer == .stored)
            let listed = try await node.database.read { try UnmatchedReceipt.list($0, limit: 10) }
            #expect(listed.count == 1)
            #expect(listed.first?.connector == node.connector.name)
            #expect(listed.first?.providerID == "nobody")
            #expect(listed.first?.recipient == "491701234567")
            #expect(listed.first?.state == .undeliverable)
            #expect(listed.first?.errorCode == "0001")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a receipt that overtakes its outcome is applied with it`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.answerByHand()
            let key = try await node.send()
            let submission = try await node.connector.submissions(count: 1)[0]
            #expect(await node.receive(receipt(node, "0000a7")) == .stored)
            #expect(try await node.count("receipts") == 1)
            node.connector.complete(submission.ticket, .submitted(providerID: "A7"))
            try await node.wait(for: .delivered, of: key)
            #expect(try await node.count("receipts") == 0)
            #expect(try await node.inbox.deliveries(count: 1).count == 1)
            #expect(try await node.events(of: key) == ["accepted", "sent", "delivered"])
        }
    }

    @Test(arguments: Engine.allCases)
    func `of parked receipts the one with the same digits goes first`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.answerByHand()
            let first = try await node.send()
            let submissions = try await node.connector.submissions(count: 1)
            // 26 is 1a in hexadecimal: this receipt is about the second message, not about the first.
            await _ = node.receive(receipt(node, "1a", .undeliverable))
            await _ = node.receive(receipt(node, "26", .delivered))
            node.connector.complete(submissions[0].ticket, .submitted(providerID: "26"))
            let done = try await node.wait(for: .delivered, of: first)
            #expect(done.parts[0].providerID == "26")
        }
    }

    @Test(arguments: Engine.allCases)
    func `a provider that gives no id gets no other's receipt`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.answer { _ in .submitted(providerID: "") }
            _ = await node.receive(receipt(node, ""))
            let key = try await node.send()
            let sent = try await node.wait(for: .sent, of: key)
            #expect(sent.parts[0].providerID == nil)
            #expect(try await node.count("receipts") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a repeated receipt and one after the end are events and nothing more`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send()
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: key)
            await node.report(submission)
            let before = try await node.stored(key)
            node.clock.advance(by: 60_000)
            await node.report(submission)
            await node.report(submission, .undeliverable, errorCode: "0001")
            let after = try await node.stored(key)
            #expect(after.message == before.message)
            #expect(after.parts == before.parts)
            #expect(try await node.events(of: key) == ["accepted", "sent", "delivered", "late", "late"])
            #expect(try await node.count("deliveries") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `an intermediate receipt changes nothing and is not kept`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send()
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: key)
            await node.report(submission, .sent)
            #expect(await node.receive(receipt(node, "nowhere", .sent)) == .stored)
            #expect(try await node.stored(key).message.status == .sent)
            #expect(try await node.count("receipts") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a receipt that was parked beside its outcome is found by the next look`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send()
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: key)
            // What two transactions leave that ran side by side.
            let receipts = [node.connector.receipt(for: submission), node.connector.receipt(for: submission)]
            try await node.database.write { try ReceiptStore($0).park(receipts, now: TestClock.start) }
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .delivered)
            #expect(try await node.inbox.deliveries(count: 1).count == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a reading that was parked beside the outcome is found after the delivery`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let key = try await node.send()
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: key)
            await node.report(submission)
            #expect(try await node.stored(key).message.status == .delivered)
            // The delivery was there when the outcome was stored, the reading came at the same instant.
            let reading = node.connector.receipt(for: submission, .seen)
            try await node.database.write { try ReceiptStore($0).park([reading], now: TestClock.start) }
            await node.engine.lookAtTime()
            #expect(try await node.stored(key).message.status == .seen)
            #expect(try await node.count("receipts") == 0)
        }
    }

    @Test(arguments: Engine.allCases)
    func `a receipt about nothing is kept for the operator`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            #expect(await node.receive(receipt(node, "nowhere")) == .stored)
            let kept = try await node.count("receipts", where: "provider_id = 'nowhere' AND state = 10")
            #expect(kept == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `the form of a carrier's ids is learnt after three receipts`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            let next = Watched(0)
            node.connector.answer { _ in .submitted(providerID: "00F\(next.update { $0 += 1; return $0 })") }
            for number in 1...3 {
                let key = try await node.send()
                try await node.wait(for: .sent, of: key)
                #expect(node.directory.current.connectors[node.connector.id]?.receiptIDForm == nil)
                _ = await node.receive(receipt(node, "000000\(0xF0 + number)"))
                #expect(try await node.stored(key).message.status == .delivered)
            }
            let learnt = try await eventually("a learnt form") {
                node.directory.current.connectors[node.connector.id]?.receiptIDForm
            }
            #expect(learnt == .decimalOfHex)
            let stored = try await node.count("connectors", where: "receipt_id_form = 'decimal'")
            #expect(stored == 1)
            // A receipt in another form is about the part that it fits all the same.
            node.connector.answer { _ in .submitted(providerID: "5000") }
            let key = try await node.send()
            try await node.wait(for: .sent, of: key)
            _ = await node.receive(receipt(node, "5000"))
            #expect(try await node.stored(key).message.status == .delivered)
        }
    }

    @Test(arguments: Engine.allCases)
    func `receipts that fit two open parts are not guessed`(_ engine: Engine) async throws {
        try await TestNode.run(engine) { node in
            node.connector.answer { _ in .submitted(providerID: "77") }
            let keys = [try await node.send(), try await node.send()]
            for key in keys { try await node.wait(for: .sent, of: key) }
            #expect(await node.receive(receipt(node, "77")) == .stored)
            for key in keys { #expect(try await node.stored(key).message.status == .sent) }
            #expect(try await node.count("receipts") == 1)
        }
    }

    @Test(arguments: Engine.allCases)
    func `another connector's receipt of the same id is another message's`(_ engine: Engine) async throws {
        var setup = TestSetup()
        setup.connectors = ["fake", "backup"]
        try await TestNode.run(engine, setup) { node in
            let key = try await node.send()
            let submission = try await node.connector.submissions(count: 1)[0]
            try await node.wait(for: .sent, of: key)
            let own = node.connector.receipt(for: submission)
            let foreign = Receipt(
                connectorID: node.connectors[1].id, providerID: own.providerID, recipient: own.recipient,
                state: .undeliverable, errorCode: nil, at: own.at)
            #expect(await node.receive(.receipt(foreign)) == .stored)
            #expect(try await node.stored(key).message.status == .sent)
        }
    }
}

/// The matching by itself.
struct ReceiptMatchTests {
    private static let key = MessageKey(companyID: 1, id: MessageID(high: 1, low: 2))

    private func candidate(
        _ providerID: String, number: Int = 1, recipient: String = "491701234567", final: Bool = false
    ) -> ReceiptCandidate {
        ReceiptCandidate(
            key: Self.key, step: 0, number: number, recipient: recipient, providerKey: ProviderID.key(of: providerID),
            isFinal: final)
    }

    private func receipt(_ id: String, to recipient: String = "491701234567") -> Receipt {
        Receipt(connectorID: 1, providerID: id, recipient: recipient, state: .delivered, errorCode: nil, at: 0)
    }

    @Test(arguments: [
        ("1a2b", "1a2b", ReceiptIDForm.same), ("1A2B", "00001a2b", .same), ("0001a2b", "1A2B", .same),
        ("1A2B", "6699", .decimalOfHex), ("00001A2B", "0000006699", .decimalOfHex), ("6699", "1a2b", .hexOfDecimal),
        ("6699", "00001A2B", .hexOfDecimal), ("6699", "6699", .same), ("0", "00", .same),
        ("550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000", .same),
        ("ffffffffffffffff", "18446744073709551615", .decimalOfHex),
    ])
    func `an id is recognised in every form`(_ response: String, _ receiptID: String, _ form: ReceiptIDForm) {
        let found = receipt(receiptID).match([candidate(response)], learnt: nil)
        #expect(found == .part(candidate(response), form: form))
    }

    @Test(arguments: [("1a2b", "1a2c"), ("6699", "6698"), ("", "5"), ("12", "")])
    func `other ids are other parts`(_ response: String, _ receiptID: String) {
        #expect(receipt(receiptID).match([candidate(response)], learnt: nil) == .none)
    }

    @Test(arguments: [
        ("491701234567", "491701234567", true), ("1701234567", "491701234567", true),
        ("00491701234567", "491701234567", true), ("", "491701234567", true), ("234567", "491701234567", false),
        ("491701234568", "491701234567", false),
    ])
    func `the destination has to agree`(_ inReceipt: String, _ inMessage: String, _ agrees: Bool) {
        #expect(Receipt.isSameNumber(inReceipt, inMessage) == agrees)
    }

    @Test
    func `the learnt form decides between two candidates`() {
        let same = candidate("26")
        let converted = candidate("1a", number: 2)
        #expect(receipt("26").match([same, converted], learnt: nil) == .ambiguous)
        #expect(receipt("26").match([same, converted], learnt: .same) == .part(same, form: .same))
        #expect(
            receipt("26").match([same, converted], learnt: .decimalOfHex) == .part(converted, form: .decimalOfHex))
    }

    @Test
    func `of several parts only a single unfinished one will do`() {
        let open = candidate("5")
        let closed = candidate("5", number: 2, final: true)
        #expect(receipt("5").match([closed, open], learnt: nil) == .part(open, form: .same))
        #expect(receipt("5").match([closed], learnt: nil) == .part(closed, form: .same))
        #expect(receipt("5").match([closed, closed], learnt: nil) == .ambiguous)
        #expect(receipt("5").match([open, open], learnt: nil) == .ambiguous)
    }
}
