// SPDX-License-Identifier: Apache-2.0
// What the configuration makes of a request: the stored content is cut into the parts that were priced, whatever the
// carrier's rules, and only tables that every carrier of the route permits are used.

import Accounts
import EngineTestSupport
import HTTPTypes
import Messaging
import SMSText
import SQL
import Testing
import Wire

@testable import API

@Suite struct ComposerTests {
    private static func directory(_ connectors: [(options: [String: JSONValue], isEnabled: Bool)]) -> Directory {
        var directory = Directory()
        directory.companies[1] = Company(id: 1, draft: CompanyDraft(name: "Acme", isPrepaid: true))
        for (index, connector) in connectors.enumerated() {
            let id = Int64(index + 1)
            directory.connectors[id] = ConnectorSettings(
                id: id, name: "c\(id)", kind: "smpp", options: .object(connector.options), secret: "",
                isEnabled: connector.isEnabled, receiptIDForm: nil)
        }
        let ids = directory.connectors.keys.sorted()
        directory.routes = RouteTable([Route(id: 1, gateway: "DEFAULT", prefix: "", connectorIDs: ids)])
        directory.prices = PriceTable([
            Price(
                id: 1, companyID: nil, direction: .outbound, prefix: "", mcc: "262", mnc: "01", ttid: "1",
                currency: "EUR", amount: Money(micros: 10_000), effectiveFrom: 0)
        ])
        return directory
    }

    private static func compose(
        _ parameters: [String: JSONValue], _ connectors: [(options: [String: JSONValue], isEnabled: Bool)]
    ) -> (message: Message?, violations: [Violation]) {
        var reader = ParameterReader(["to": "49170123456", "from": "A"].merging(parameters) { $1 })
        let request = SMSRequest(reader: &reader, usualTrate: 0, now: 1000, callbackRefusal: { _ in nil })
        let composer = SMSComposer(
            directory: directory(connectors), companyID: 1, now: 1000, concatenationReference: 515)
        let message = composer.message(for: request, reader: &reader)
        return (message, reader.violations)
    }

    private static let turkish = "İstanbul'da güneşli bir gün, ağaçların gölgesi çok güzel. "

    @Test(
        arguments: [
            [:], ["reference": 16], ["concatenation": "sar"], ["nationalTables": ["turkish"]],
            ["nationalTables": ["turkish", "turkish-locking"]], ["alphabet": "latin1"], ["alphabet": "gsm7Packed"],
        ] as [[String: JSONValue]])
    func `cutting the stored content again gives the parts that were priced`(_ options: [String: JSONValue]) throws {
        let texts = [
            "Hi", turkishText(1), turkishText(4), String(repeating: "[x] ", count: 100),
            String(repeating: "Привет 😀 ", count: 20), String(repeating: "é€", count: 120),
        ]
        for text in texts {
            for encoding in ["AUTO", "UNICODE"] {
                let (message, violations) = Self.compose(
                    ["message": .string(text), "encoding": .string(encoding), "partLimit": 20], [(options, true)])
                #expect(violations.isEmpty)
                let composed = try #require(message)
                let content = try #require(composed.smsContent)
                let again = try Segmenter.segment(content.text, options: content.segmentation).get()
                #expect(again.parts.count == composed.size, "\(text.prefix(20)) \(options)")
                #expect(composed.reserved == Money(micros: 10_000) * composed.size)
                #expect(content.concatenationReference == (composed.size > 1 ? 515 : 0))
                let stored = try #require(MessageContent(json: MessageContent.sms(content).json, kind: .sms))
                #expect(stored == .sms(content))
            }
        }
    }

    private func turkishText(_ count: Int) -> String { String(repeating: Self.turkish, count: count) }

    @Test func `national tables are used where every carrier of the route permits them`() throws {
        let permitting: [String: JSONValue] = ["nationalTables": ["turkish", "turkish-locking"]]
        let text = JSONValue.string(turkishText(2))
        let both = try #require(Self.compose(["message": text], [(permitting, true), (permitting, true)]).message)
        #expect(both.smsContent?.segmentation.encoding == .gsm7)
        #expect(both.smsContent?.segmentation.permittedTables.isEmpty == false)
        let one = try #require(Self.compose(["message": text], [(permitting, true), ([:], true)]).message)
        #expect(one.smsContent?.segmentation.encoding == .unicode)
        #expect(one.smsContent?.segmentation.permittedTables == [])
        let disabled = try #require(Self.compose(["message": text], [(permitting, true), ([:], false)]).message)
        #expect(disabled.smsContent?.segmentation.encoding == .gsm7)
    }

    @Test func `a route without an enabled connector is no route`() {
        let (message, violations) = Self.compose(["message": "Hi"], [([:], false)])
        #expect(message == nil)
        #expect(violations.map(\.field) == ["to"])
    }

    @Test func `where the carrier cuts the text one part costs as much as all messages`() throws {
        let long = JSONValue.string(String(repeating: "x", count: 307))
        let message = try #require(
            Self.compose(["message": long], [(["concatenation": "payload"], true)]).message)
        #expect(message.size == 1)
        #expect(message.quote?.amount == Money(micros: 30_000))
        #expect(message.reserved == Money(micros: 30_000))
    }

    @Test func `a price is taken from the longest prefix`() throws {
        let message = try #require(Self.compose(["message": "Hi"], [([:], true)]).message)
        #expect(message.quote?.mccmnc == "26201")
        #expect(message.reserved == Money(micros: 10_000))
    }
}
