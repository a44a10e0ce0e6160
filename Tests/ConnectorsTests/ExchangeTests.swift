// SPDX-License-Identifier: Apache-2.0
// The exchange log of an SMPP connector: every PDU in words, no password and no text among them.

import EngineTestSupport
import Messaging
import SMPP
import SMSText
import SQLTestSupport
import Testing
import Wire

@testable import Connectors

@Suite struct ExchangeTests {
    @Test func `a message's way can be read, but not what it says`() async throws {
        try await CarrierNode.run { carrier async throws in
            let key = try await carrier.node.send(to: "491701234001", "A secret text")
            try await carrier.wait(for: .delivered, of: key)
            let log = try #require(carrier.connector.exchanges)
            let entries = try await eventually("the answer to the receipt") {
                let entries = log.entries()
                return entries.contains { $0.text.what == "deliver_sm_resp" } ? entries : nil
            }
            let words = entries.map(\.text.what).filter { !$0.hasPrefix("enquire_link") }
            #expect(
                words == [
                    "bind_transceiver", "bind_transceiver_resp", "submit_sm", "submit_sm_resp", "deliver_sm",
                    "deliver_sm_resp",
                ])
            let submit = try #require(entries.first { $0.text.what == "submit_sm" })
            #expect(submit.direction == .sent && submit.bind == 0 && submit.text.status == nil)
            #expect(submit.text.fields["destination_addr"] == .string("491701234001"))
            #expect(submit.text.fields["source_addr"] == .string("Acme"))
            #expect(submit.text.fields["sm_length"] == .integer(13))
            let response = try #require(entries.first { $0.text.what == "submit_sm_resp" })
            #expect(response.direction == .received && response.text.status == "ESME_ROK")
            let id = try #require(response.text.fields["message_id"])
            let receipt = try #require(entries.first { $0.text.what == "deliver_sm" })
            #expect(receipt.text.fields["receipt_id"] == id)
            #expect(receipt.text.fields["receipt_state"] == .string("DELIVRD"))
            var writer = JSONWriter()
            for entry in entries { entry.write(to: &writer) }
            #expect(!writer.text.contains("secret"))
        }
    }

    private static let secret = Array("a secret".utf8)
    private static let bodies: [PDU.Body] = [
        .bind(Bind(mode: .receiver, systemID: "id", password: "secret", systemType: "t")),
        .outbind(Outbind(systemID: "id", password: "secret")),
        .submit(SubmitSM(shortMessage: secret)), .submitMulti(SubmitMulti(shortMessage: secret)),
        .deliver(DeliverSM(shortMessage: secret)),
        .deliver(DeliverSM(esmClass: 4, shortMessage: Array("id:7 stat:DELIVRD err:000 text:a secret".utf8))),
        .data(DataSM(tlvs: [TLV(.messagePayload, secret)])),
        .data(DataSM(esmClass: 4, tlvs: [TLV(.messagePayload, secret), TLV(.receiptedMessageID, [55, 0])])),
        .replace(ReplaceSM(messageID: "7", shortMessage: secret)),
        .query(QuerySM(messageID: "7")), .queryResponse(QuerySMResponse(messageID: "7")),
        .cancel(CancelSM(messageID: "7")), .alertNotification(AlertNotification()), .enquireLink, .genericNack,
    ]

    @Test(arguments: bodies.indices)
    func `no PDU shows a password or a text`(_ index: Int) {
        let text = SMPPExchange(PDU(Self.bodies[index], sequence: 9)).described
        var writer = JSONWriter()
        writer.value(.object(text.fields))
        #expect(!writer.text.contains("secret"))
        #expect(text.fields["sequence_number"] == .integer(9))
        #expect((text.status == nil) == !Self.bodies[index].commandID.isResponse)
    }

    @Test func `a status without a name is shown as a number`() {
        let pdu = PDU(.submitResponse(SubmitSMResponse()), sequence: 1, status: CommandStatus(rawValue: 0x4FF))
        #expect(SMPPExchange(pdu).described.status == "0x4ff")
    }
}
