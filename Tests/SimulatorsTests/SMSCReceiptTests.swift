// SPDX-License-Identifier: Apache-2.0
// How ids, errors and PDUs of receipts look under each setting.

import SMPP
import Synchronization
import Testing

@testable import Simulators

@Suite struct SMSCReceiptTests {
    struct Row: Sendable, CustomTestStringConvertible {
        var id: SMSCSimulator.MessageIDForm
        var form: SMSCSimulator.ReceiptIDForm
        var submitted: String
        var text: String?
        var parameter: String?
        var testDescription: String { "\(id) \(form.conversion) \(form.letterCase) \(form.placement)" }
    }

    static let rows: [Row] = [
        Row(id: .decimal, form: .init(), submitted: "48879", text: "48879", parameter: "48879"),
        Row(id: .decimal, form: .init(placement: .text), submitted: "48879", text: "48879", parameter: nil),
        Row(id: .decimal, form: .init(placement: .parameter), submitted: "48879", text: nil, parameter: "48879"),
        Row(id: .decimal, form: .init(conversion: .hexOfDecimal), submitted: "48879", text: "beef", parameter: "beef"),
        Row(
            id: .decimal, form: .init(conversion: .hexOfDecimal, letterCase: .upper, minimumLength: 8),
            submitted: "48879", text: "0000BEEF", parameter: "0000BEEF"),
        Row(
            id: .hexadecimal, form: .init(conversion: .decimalOfHex, minimumLength: 10, placement: .text),
            submitted: "beef", text: "0000048879", parameter: nil),
        Row(id: .hexadecimal, form: .init(letterCase: .upper), submitted: "beef", text: "BEEF", parameter: "BEEF"),
        Row(id: .hexadecimal, form: .init(minimumLength: 2), submitted: "beef", text: "beef", parameter: "beef"),
    ]

    @Test("Receipts write the id in the form that is configured", arguments: rows)
    func idForms(row: Row) async throws {
        try await withSimulator {
            $0.firstMessageNumber = 48879
            $0.messageIDForm = row.id
            $0.receiptIDForm = row.form
        } _: { _, esme in
            esme.submit(1, to: "491511234001")
            await esme.log.until("a receipt") { $0.receipts.count == 1 && $0.ids.count == 1 }
            #expect(esme.log.value.ids[1] == row.submitted)
            let receipt = try #require(esme.log.value.receipts.first)
            #expect(receipt.textID == row.text)
            #expect(receipt.receiptedMessageID == row.parameter)
            #expect((receipt.messageState == nil) == (row.form.placement == .text))
            #expect(receipt.state == .delivered)
        }
    }

    @Test func `UUIDs are ids that differ, and no conversion touches them`() async throws {
        try await withSimulator {
            $0.messageIDForm = .uuid
            $0.receiptIDForm.conversion = .hexOfDecimal
        } _: { _, esme in
            esme.submit(1, to: "491511234001")
            esme.submit(2, to: "491511234001")
            await esme.log.until("two receipts") { $0.receipts.count == 2 && $0.ids.count == 2 }
            let ids = Set(esme.log.value.ids.values)
            #expect(ids.count == 2)
            #expect(ids.allSatisfy { $0.count == 36 })
            #expect(Set(esme.log.value.receipts.compactMap(\.messageID)) == ids)
        }
    }

    @Test func `Receipts come as data_sm where that is configured`() async throws {
        try await withSimulator {
            $0.receiptPDU = .dataSM
        } _: { _, esme in
            esme.submit(1, to: "491511234003")
            await esme.log.until("a receipt") { $0.receipts.count == 1 && $0.ids.count == 1 }
            #expect(esme.log.value.deliveries.isEmpty)
            #expect(esme.log.value.receipts.first?.textID == esme.log.value.ids[1])
            #expect(esme.log.value.receipts.first?.state == .expired)
        }
    }

    @Test(
        "The err text can be set for failures", arguments: [("12B", nil), ("027", 27), ("0", 0)] as [(String, UInt16?)])
    func errText(text: String, code: UInt16?) async throws {
        try await withSimulator {
            $0.errText = text
        } _: { _, esme in
            esme.submit(1, to: "491511234002", text: "failed")
            esme.submit(2, to: "491511234001", text: "fine")
            await esme.log.until("two receipts") { $0.receipts.count == 2 }
            let receipts = esme.log.value.receipts
            let failed = try #require(receipts.first { $0.text == "failed" })
            #expect(failed.err == text)
            #expect(failed.networkErrorCode?.code == code)
            #expect(receipts.first { $0.text == "fine" }?.err == "000")
        }
    }

    @Test func `A rule of one's own decides instead of the last digits`() async throws {
        try await withSimulator {
            $0.outcomeRule = { $0.hasPrefix("44") ? .rejected : .delivered }
        } _: { _, esme in
            esme.submit(1, to: "447700900002")
            await esme.log.until("a receipt") { $0.receipts.count == 1 }
            #expect(esme.log.value.receipts.first?.state == .rejected)
        }
    }

    @Test func `A text that is not ASCII is not quoted`() async throws {
        try await withSimulator { _, esme in
            esme.submit(1, to: "491511234001") {
                $0.dataCoding = 8
                $0.shortMessage = [0x04, 0x1F, 0x04, 0x40]
            }
            await esme.log.until("a receipt") { $0.receipts.count == 1 }
            #expect(esme.log.value.receipts.first?.text == "")
        }
    }

    // MARK: query_sm, cancel_sm, replace_sm

    @Test func `Final messages can be queried, and neither cancelled nor replaced`() async throws {
        try await withSimulator { _, esme in
            esme.submit(1, to: "491511234002")
            await esme.log.until("a receipt") { $0.receipts.count == 1 && $0.ids.count == 1 }
            let client = try #require(esme.client.withLock { $0 })
            let source = Address(ton: .international, npi: .isdn, value: "49301234567")
            let id = try #require(esme.log.value.ids[1])
            let response = try await client.query(QuerySM(messageID: id, source: source))
            #expect(response.messageState == MessageState.undeliverable.rawValue)
            #expect(response.errorCode == 1)
            #expect(SMPPTime(response.finalDate) != nil)
            await #expect(throws: SMPPRequestError.refused(.cancelFailed)) {
                try await client.cancel(CancelSM(messageID: id, source: source))
            }
            await #expect(throws: SMPPRequestError.refused(.replaceFailed)) {
                try await client.replace(ReplaceSM(messageID: id, source: source))
            }
            await #expect(throws: SMPPRequestError.refused(.invalidMessageID)) {
                try await client.query(QuerySM(messageID: "nonsense", source: source))
            }
            await #expect(throws: SMPPRequestError.refused(.invalidMessageID)) {
                try await client.query(QuerySM(messageID: id, source: Address(value: "1")))
            }
        }
    }

    @Test func `A message on its way can be replaced and cancelled, and a cancelled one is reported deleted`()
        async throws
    {
        try await withSimulator {
            $0.receiptDelay = .seconds(3600)
        } _: { simulator, esme in
            esme.submit(1, to: "491511234001")
            esme.submit(2, to: "491511234007")
            await esme.log.until("answers") { $0.ids.count == 2 }
            let client = try #require(esme.client.withLock { $0 })
            let source = Address(ton: .international, npi: .isdn, value: "49301234567")
            let ids = esme.log.value.ids
            let replacement = ReplaceSM(
                messageID: ids[1] ?? "", source: source, registeredDelivery: 1, shortMessage: Array("New".utf8))
            try await client.replace(replacement)
            try await client.cancel(CancelSM(messageID: ids[1] ?? "", source: source))
            await esme.log.until("a receipt") { $0.receipts.count == 1 }
            let receipt = try #require(esme.log.value.receipts.first)
            #expect(receipt.state == .deleted)
            #expect(receipt.text == "New")
            try await client.cancel(
                CancelSM(source: source, destination: Address(ton: .international, npi: .isdn, value: "491511234007")))
            let response = try await client.query(QuerySM(messageID: ids[2] ?? "", source: source))
            #expect(response.messageState == MessageState.deleted.rawValue)
            #expect(simulator.messages(for: "491511234001").isEmpty)
        }
    }
}
