// SPDX-License-Identifier: Apache-2.0
// Routes, ids, error codes and the stored form of content.

import EngineTestSupport
import SMSText
import Testing
import Wire

@testable import Messaging

struct ModelTests {
    @Test(arguments: [
        ("DEFAULT", "491701", Int64(2)), ("DEFAULT", "4930", 1), ("DEFAULT", "44", 3), ("DEFAULT", "", 3),
        ("PREMIUM", "4917", 4), ("PREMIUM", "49170", 4),
    ])
    func `the longest prefix of the gateway's routes wins`(_ gateway: String, _ number: String, _ id: Int64) {
        let table = RouteTable([
            Route(id: 1, gateway: "DEFAULT", prefix: "49", connectorIDs: [1]),
            Route(id: 2, gateway: "DEFAULT", prefix: "4917", connectorIDs: [2, 1]),
            Route(id: 3, gateway: "DEFAULT", prefix: "", connectorIDs: [1]),
            Route(id: 4, gateway: "PREMIUM", prefix: "4917", connectorIDs: [1]),
        ])
        #expect(table.route(gateway: gateway, recipient: number)?.id == id)
        #expect(table.route(gateway: "PREMIUM", recipient: "4930") == nil)
        #expect(table.route(gateway: "OTHER", recipient: number) == nil)
        #expect(table.hasGateway("PREMIUM") && !table.hasGateway("OTHER"))
    }

    @Test(arguments: [
        ("", ""), ("0", "0"), ("000", "0"), ("00Ab", "ab"), ("7", "7"), ("A-0", "a-0"),
    ])
    func `an id is stored without case and padding`(_ id: String, _ key: String) {
        #expect(ProviderID.key(of: id) == key)
    }

    @Test
    func `a receipt's id has at most three keys, the same digits first`() {
        for id in ["", "0", "26", "1a", "xyz", "18446744073709551616", "ffffffffffffffffff", "00000026"] {
            let candidates = ProviderID.candidates(forReceiptID: id)
            #expect((1...3).contains(candidates.count))
            #expect(candidates[0].form == .same)
            #expect(Set(candidates.map(\.key)).count == candidates.count)
        }
        #expect(ProviderID.candidates(forReceiptID: "26").map(\.key) == ["26", "1a", "38"])
        #expect(ProviderID.candidates(forReceiptID: "0").map(\.key) == ["0"])
    }

    @Test
    func `an error of the list has four digits and a name`() {
        #expect(GSMError.unknownSubscriber.code == "0001")
        #expect(GSMError.name(ofCode: "001b") == "absentSubscriber")
        #expect(GSMError.name(ofCode: "ffff") == nil)
        #expect(GSMError.all.count == 35)
        #expect(GSMError.all.values.allSatisfy { GSMError.name(ofCode: $0.code) == $0.name && $0.code.count == 4 })
    }

    @Test(arguments: [
        SMSContent(text: "", segmentation: SegmentationOptions(encoding: .gsm7)),
        SMSContent(text: "Hi \"you\"\n\0😀", segmentation: SegmentationOptions(encoding: .unicode), isFlash: true),
        SMSContent(
            text: "ş",
            segmentation: SegmentationOptions(
                encoding: .gsm7, referenceWidth: .sixteen, concatenation: .sar,
                permittedTables: [.singleShift(.turkish), .lockingShift(.turkish)], defaultAlphabet: .latin1),
            isFlash: false, concatenationReference: 65_535),
        SMSContent(
            text: "x", segmentation: SegmentationOptions(encoding: .gsm7, concatenation: .messagePayload)),
    ])
    func `content comes back as it was`(_ content: SMSContent) {
        #expect(MessageContent(json: MessageContent.sms(content).json, kind: .sms) == .sms(content))
    }

    @Test(arguments: ["", "{}", "[]", "{\"text\":5}", "{\"text\":\"a\""])
    func `what is no content is not read`(_ json: String) {
        #expect(MessageContent(json: json, kind: .sms) == nil)
    }

    @Test
    func `stored content is read or refused whatever became of it`() {
        var generator = SeededGenerator(seed: 9)
        let json =
            #"{"text":"aé","unicode":true,"flash":true,"ref":77,"ref16":true,"concat":"sar","tables":["turkish"]}"#
        for _ in 0..<5000 {
            var bytes = Array(json.utf8)
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = .random(in: 32...127, using: &generator)
            }
            if let content = MessageContent(json: String(decoding: bytes, as: UTF8.self), kind: .sms) {
                #expect(MessageContent(json: content.json, kind: .sms) == content)
            }
        }
    }

    @Test
    func `a connector's settings say how texts are cut`() throws {
        let options = try JSONValue(
            parsing: #"{"reference":16,"concatenation":"payload","nationalTables":["turkish","x"],"uncertain":"hold"}"#
                .utf8)
        let settings = ConnectorSettings(
            id: 1, name: "a", kind: "smpp", options: options, secret: "", isEnabled: true, receiptIDForm: nil)
        #expect(settings.segmentation.referenceWidth == .sixteen)
        #expect(settings.segmentation.concatenation == .messagePayload)
        #expect(settings.segmentation.permittedTables == [.singleShift(.turkish)])
        #expect(settings.uncertainPolicy == .hold)
        let plain = ConnectorSettings(
            id: 1, name: "a", kind: "smpp", options: .object([:]), secret: "", isEnabled: true, receiptIDForm: nil)
        #expect(plain.segmentation == SegmentationOptions())
        #expect(plain.uncertainPolicy == .resend)
    }
}

struct MessageCopyTests {
    private let message = Message(
        companyID: 1, id: MessageID(high: 1, low: 2), surface: .sms, kind: .sms, sender: "A", recipient: "49",
        content: .sms(SMSContent(inboundText: "Hi")), size: 1, gateway: "DEFAULT", createdAt: 0, expiresAt: 9)

    @Test func `a copy that is changed leaves the others as they are`() {
        var copy = message
        copy.status = .sent
        copy.content = nil
        #expect(message.status == .accepted)
        #expect(message.content == .sms(SMSContent(inboundText: "Hi")))
        #expect(copy != message)
        copy.status = .accepted
        copy.content = message.content
        #expect(copy == message)
    }

    @Test func `content is the same whether it was composed or stored`() throws {
        let content = try #require(message.content)
        let stored = StoredContent.stored(json: content.json, kind: .sms)
        #expect(stored == StoredContent(content))
        #expect(stored.json == content.json)
        #expect(stored == .stored(json: content.json, kind: .sms))
        #expect(stored != .erased)
        #expect(StoredContent.stored(json: "{", kind: .sms).value == nil)
    }
}
