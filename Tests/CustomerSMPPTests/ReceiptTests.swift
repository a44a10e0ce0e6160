// SPDX-License-Identifier: Apache-2.0
// Receipts and inbound messages on their way to an account: rendered, stored, written as deliver_sm.

import Accounts
import EngineTestSupport
import Messaging
import SMPP
import SMSText
import Testing
import Wire

@testable import CustomerSMPP

struct ReceiptTests {
    private static let receipt = ReceiptFacts(
        id: "18c2", source: Address(ton: .international, npi: .isdn, value: "491701234567"),
        destination: Address(ton: .alphanumeric, npi: .unknown, value: "Acme"), state: .delivered, error: 0, size: 1,
        submittedAt: TestClock.start, doneAt: TestClock.start + 65_000, text: "Hello", reference: 7)

    private static func delivery(_ body: DeliveryBody) -> Messaging.Delivery {
        let rendered = RenderedDelivery(
            event: "smpp", promise: .sevenDays, target: .smpp(accountID: 42), contentType: "application/json",
            body: body.json)
        return Messaging.Delivery(
            id: 1, companyID: 1, messageID: MessageID(high: 1, low: 2), webhookID: "msg_1", rendered: rendered,
            attempts: 0, createdAt: TestClock.start)
    }

    private static func pdus(
        _ body: DeliveryBody, _ settings: SMPPAccountSettings = SMPPAccountSettings()
    ) -> [DeliverSM]? {
        DeliverTranslation(settings: settings).pdus(of: delivery(body))
    }

    @Test
    func `a receipt has the text of the specification and the parameters`() throws {
        let pdu = try #require(Self.pdus(.receipt(Self.receipt))?.first)
        #expect(
            String(decoding: pdu.shortMessage, as: UTF8.self)
                == "id:18c2 sub:001 dlvrd:001 submit date:2601151200 done date:2601151201 stat:DELIVRD err:000 text:Hello"
        )
        #expect(pdu.esmClass.messageType == .deliveryReceipt)
        #expect(pdu.tlvs.receiptedMessageID == "18c2" && pdu.tlvs.messageState == .delivered)
        #expect(pdu.tlvs.networkErrorCode == nil && pdu.tlvs.userMessageReference == 7)
        #expect(pdu.source.value == "491701234567" && pdu.destination == Self.receipt.destination)
    }

    @Test(arguments: [
        (MessageState.undeliverable, 0x1b, "stat:UNDELIV err:027"), (.expired, 0, "stat:EXPIRED err:000"),
        (.rejected, 0x24, "stat:REJECTD err:036"), (.deleted, 0, "stat:DELETED err:000"),
        (.enroute, 0, "stat:ENROUTE err:000"),
    ])
    func `every state has its words`(state: MessageState, error: UInt16, words: String) throws {
        var facts = Self.receipt
        facts.state = state
        facts.error = error
        let pdu = try #require(Self.pdus(.receipt(facts))?.first)
        let text = String(decoding: pdu.shortMessage, as: UTF8.self)
        #expect(text.contains(words) && text.contains("dlvrd:000"))
        #expect(pdu.esmClass.messageType == (state == .enroute ? .intermediateNotification : .deliveryReceipt))
        #expect(pdu.tlvs.networkErrorCode == (error == 0 ? nil : NetworkErrorCode(network: 3, code: error)))
    }

    @Test
    func `what is stored is read as it was`() {
        for body in [
            DeliveryBody.receipt(Self.receipt),
            .message(
                InboundFacts(
                    id: MessageID(high: 5, low: 6), sender: "49170", recipient: "4930", text: "Я \"quoted\"\n")),
        ] {
            #expect(DeliveryBody(json: body.json) == body)
        }
        for text in ["", "{}", "[]", #"{"kind":"receipt"}"#, #"{"kind":"message","id":"x"}"#, #"{"kind":"else"}"#] {
            #expect(DeliveryBody(json: Array(text.utf8)) == nil)
        }
    }

    @Test(arguments: [
        ("Hi", Concatenation.userDataHeader, 1), (String(repeating: "a", count: 161), .userDataHeader, 2),
        (String(repeating: "Я", count: 140), .sar, 3), (String(repeating: "a", count: 400), .messagePayload, 1),
    ])
    func `a long message comes in parts, or in one piece`(text: String, form: Concatenation, count: Int) throws {
        var settings = SMPPAccountSettings()
        settings.concatenation = form
        let facts = InboundFacts(
            id: UUIDv7.next(now: TestClock.start), sender: "491701234567", recipient: "49301234567", text: text)
        let pdus = try #require(Self.pdus(.message(facts), settings))
        #expect(pdus.count == count)
        #expect(pdus.allSatisfy { $0.esmClass.hasUserDataHeader == (form == .userDataHeader && count > 1) })
        #expect((pdus[0].tlvs.sarTotalSegments == 3) == (form == .sar))
        #expect((pdus[0].tlvs.messagePayload != nil) == (form == .messagePayload))
        #expect(pdus == Self.pdus(.message(facts), settings), "every try writes the same parts")
        let parts = pdus.enumerated().map { index, pdu in
            let octets = pdu.tlvs.messagePayload ?? pdu.shortMessage
            let split = pdu.esmClass.hasUserDataHeader ? UserDataHeader.split(octets) : nil
            return Reassembly.Part(
                sequence: index + 1,
                content: .octets(split?.userData ?? octets, dataCoding: pdu.dataCoding, header: split?.header))
        }
        #expect(Reassembly.text(of: parts, total: count) == text)
    }

    @Test
    func `the origin of a submit is read as it was written`() {
        var origin = SubmitOrigin(accountID: 7, registeredDelivery: 0x11, idForm: .decimal)
        origin.sourceForm = AddressRules.Form(ton: .alphanumeric, npi: .unknown)
        origin.destinationForm = AddressRules.Form(ton: .international, npi: .isdn)
        #expect(SubmitOrigin(origin.reporting) == origin)
        origin.responseID = MessageID(high: 1, low: 2)
        #expect(SubmitOrigin(origin.reporting) == origin)
        for url in ["https://acme.example/reports", "smpp:", "smpp:x?form=uuid", "smpp:1"] {
            #expect(SubmitOrigin(Reporting(url: url, method: .post)) == nil)
        }
        #expect(SubmitOrigin(nil) == nil)
    }

    @Test(arguments: [SMPPAccountSettings.IDForm.uuid, .decimal, .hexadecimal])
    func `an id leads back to its message`(form: SMPPAccountSettings.IDForm) {
        let id = UUIDv7.next(now: TestClock.start)
        let expected: NamedMessage = form == .uuid ? .id(id) : .number(id.number)
        #expect(NamedMessage(form.text(of: id), form: form) == expected)
        #expect(NamedMessage(id.description, form: form) == .id(id), "the id of the other APIs is always understood")
        #expect(NamedMessage("", form: form) == nil && NamedMessage("zz", form: form) == nil)
    }
}
